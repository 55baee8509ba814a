-- The SKUs of a service in a charge month, the largest emissions first. Grain: SKU. Parameters: service, month.
select
    s.sku_id,
    s.region_id,
    s.sku_meter,
    case when p.sku_id is not null then 'proxy' else d.disposition end as disposition,
    case when d.is_rated then d.gap_reason else 'no quantity, or not rated' end as gap_reason,
    d.usage_state,
    sum(d.lines)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    s.consumed_unit,
    any_value(d.energy_kwh_per_unit) as energy_kwh_per_unit,
    sum(d.energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(d.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(d.embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e
from core.daily_footprint as d
inner join core.sku as s on s.sku_id = d.sku_id
left join core.spend_rate as p -- the last rung, by cost
    on p.sku_id = d.sku_id
    and p.charge_month = d.charge_month
    and p.billing_currency = d.billing_currency
    and d.effective_cost is not null
    and d.disposition = 'unmodelled'
where d.charge_month = $month and (lower(s.service_name) = lower($service) or lower(s.service_code) = lower($service))
group by s.sku_id, s.region_id, s.sku_meter, s.consumed_unit, d.is_rated, d.disposition, d.gap_reason, d.usage_state, p.sku_id
order by location_based_kg_co2e desc nulls last, lines desc, s.sku_id
