-- Every SKU and month of the unit has one rate.
select distinct d.sku_id, d.charge_month
from core.usage_daily as d
left join core.rate as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and r.model = (select value from core.setting where key = 'model')
    and r.factor_set = (select value from core.setting where key = 'factor_set')
where d.unit_id = $unit_id and d.charge_month is not null and r.sku_id is null
order by all
