-- What the content in force of each unit of a bill sums to, with the rates in force; energy and emissions of lines in use. As long as an
-- upgrade has taken the rates away and none have come in their place, what was kept of it then.
-- Grain: unit x month x accounts x provider x service x region x unit of quantity x currency. A unit without rows
-- (delivered empty, or shadowed after it was loaded) has one row of 0 lines; one that was never loaded has none.
select * from core.kept_sum
union all by name
select
    n.unit_id,
    n.generation,
    d.charge_month,
    d.billing_account_id,
    d.sub_account_id,
    s.provider,
    s.service_name,
    s.region_id,
    s.consumed_unit,
    d.billing_currency,
    coalesce(sum(d.lines), 0)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum(least(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_low,
    sum(greatest(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_high,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum(
        least(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_low,
    sum(
        greatest(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_high,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e
from core.unit as n
left join core.usage_daily as d on d.unit_id = n.unit_id
left join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and coalesce(r.usage_state, 'used') = 'used'
where n.table_name = 'usage' and n.generation > 0 and n.unit_id not in (select unit_id from core.kept_sum)
group by all
