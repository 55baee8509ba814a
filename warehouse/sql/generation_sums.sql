-- What the generation about to be replaced sums to. Grain: month x accounts x service x region x unit x currency.
insert into core.generation_sum
select
    d.unit_id,
    n.generation,
    $recorded_at::timestamp as recorded_at,
    $cause as cause,
    d.charge_month,
    d.billing_account_id,
    d.sub_account_id,
    s.service_name,
    s.region_id,
    s.consumed_unit,
    d.billing_currency,
    sum(d.lines)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e
from core.usage_daily as d
inner join core.unit as n on n.unit_id = d.unit_id
inner join core.sku as s on s.sku_id = d.sku_id
left join core.rate as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and r.model = (select value from core.setting where key = 'model')
    and r.factor_set = (select value from core.setting where key = 'factor_set')
    and coalesce(r.usage_state, 'used') = 'used'
where d.unit_id = $unit_id
group by all
order by all
