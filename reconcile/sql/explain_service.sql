-- The SKUs of a service in a charge month, the largest emissions first. Grain: SKU. Parameters: service, month.
select
    s.sku_id,
    s.region_id,
    s.sku_meter,
    case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
    case when r.sku_id is null then 'no quantity, or not rated' else r.gap_reason end as gap_reason,
    r.usage_state,
    sum(d.lines)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    s.consumed_unit,
    any_value(r.energy_kwh) as energy_kwh_per_unit,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and (d.consumed_quantity is not null or r.it_energy_kwh is null)
left join core.spend_rate as p -- the last rung, by cost
    on p.sku_id = d.sku_id
    and p.charge_month = d.charge_month
    and p.billing_currency = d.billing_currency
    and d.effective_cost is not null
    and coalesce(r.disposition, 'unmodelled') = 'unmodelled'
where d.charge_month = $month and (lower(s.service_name) = lower($service) or lower(s.service_code) = lower($service))
group by s.sku_id, s.region_id, s.sku_meter, s.consumed_unit, r.sku_id, r.disposition, r.gap_reason, r.usage_state, p.sku_id
order by location_based_kg_co2e desc nulls last, lines desc, s.sku_id
