-- Accounts seen on bills. Grain: provider x sub account. Names are null until a source of names is read.
select distinct
    s.provider,
    d.billing_account_id,
    d.sub_account_id,
    null::varchar as account_name
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
where d.sub_account_id is not null
