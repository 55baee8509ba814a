-- In every dimension of owners each line has one owner, is shared or unowned: lines and costs sum exactly, energy and emissions to 1e-9.
-- Only where core.owner_rule has rows.
with daily as (
    select
        charge_month, billing_currency,
        sum(lines)::bigint as lines,
        sum(billed_cost)::decimal(38, 12) as billed_cost,
        sum(effective_cost)::decimal(38, 12) as effective_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
        sum(embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e
    from ledger.footprint_daily
    group by charge_month, billing_currency
),

owned as (
    select
        dimension, charge_month, billing_currency,
        sum(lines)::bigint as lines,
        sum(billed_cost)::decimal(38, 12) as billed_cost,
        sum(effective_cost)::decimal(38, 12) as effective_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
        sum(embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e
    from ledger.footprint_owners
    group by dimension, charge_month, billing_currency
)

select
    m.dimension, d.charge_month, d.billing_currency,
    d.lines, o.lines as owned_lines, d.billed_cost, o.billed_cost as owned_billed_cost, d.energy_kwh, o.energy_kwh as owned_energy_kwh
from daily as d
cross join (select distinct dimension from core.owner_rule) as m
left join owned as o
    on o.dimension = m.dimension
    and o.charge_month is not distinct from d.charge_month
    and o.billing_currency is not distinct from d.billing_currency
where
    o.lines is distinct from d.lines
    or o.billed_cost is distinct from d.billed_cost
    or o.effective_cost is distinct from d.effective_cost
    or not coalesce(abs(o.energy_kwh - d.energy_kwh) <= 1e-9 * abs(d.energy_kwh) + 1e-12, d.energy_kwh is null and o.energy_kwh is null)
    or not coalesce(
        abs(o.location_based_kg_co2e - d.location_based_kg_co2e) <= 1e-9 * abs(d.location_based_kg_co2e) + 1e-12,
        d.location_based_kg_co2e is null and o.location_based_kg_co2e is null
    )
    or not coalesce(
        abs(o.embodied_kg_co2e - d.embodied_kg_co2e) <= 1e-9 * abs(d.embodied_kg_co2e) + 1e-12,
        d.embodied_kg_co2e is null and o.embodied_kg_co2e is null
    )
order by m.dimension, d.charge_month, d.billing_currency
