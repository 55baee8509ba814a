-- What the bill needs and the lane's card lacks: every column of the SKU. Grain: one row per SKU and charge month.
-- Parameters: model, factor_set. Reads: core.usage_daily, core.sku, core.rate.
select
    s.*,
    d.charge_month
from (select distinct sku_id, charge_month from core.usage_daily where charge_month is not null) as d
inner join core.sku as s on s.sku_id = d.sku_id
left join core.rate as r
    on r.model = $model
    and r.factor_set = $factor_set
    and r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
where r.sku_id is null
order by s.sku_id, d.charge_month
