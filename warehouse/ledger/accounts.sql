-- Accounts seen on bills or in a file of names, and where they hang. Grain: provider x payer x account; what is on no bill has no payer.
with billed as (
    select distinct s.provider, d.billing_account_id, d.sub_account_id
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    where d.sub_account_id is not null
)

select
    coalesce(b.provider, p.provider) as provider,
    b.billing_account_id,
    coalesce(b.sub_account_id, p.account_id) as sub_account_id,
    p.account_name,
    p.account_kind,
    p.parent_id,
    p.parent_name,
    p.account_path,
    p.depth,
    b.sub_account_id is not null as is_billed,
    p.name_source,
    p.finding
from billed as b
full join core.account_place as p on p.provider = b.provider and p.account_id = b.sub_account_id
