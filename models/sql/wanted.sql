-- The rates that the bill needs and the default card lacks, for the factor set in force.
-- Grain: one row per SKU and charge month. Reads: core.usage_daily, core.rate, core.setting.
with in_force as (
    select 'default' as model, value as factor_set from core.setting where key = 'factor_set'
)

select
    f.model,
    f.factor_set,
    d.sku_id,
    d.charge_month
from (select distinct sku_id, charge_month from core.usage_daily where charge_month is not null) as d
cross join in_force as f
left join core.rate as r
    on r.model = f.model
    and r.factor_set = f.factor_set
    and r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
where r.sku_id is null
