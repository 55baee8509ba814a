-- Every SKU and month of the unit has one rate.
select distinct d.sku_id, d.charge_month
from core.usage_daily as d
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
where d.unit_id = $unit_id and d.charge_month is not null and r.sku_id is null
order by all
