-- Hourly and monthly energy and annual emissions are those of the estimated lines, to 1e-9.
-- Only where core.grid_interval has rows.
with line as (
    select
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e
    from ledger.footprint
    where energy_kwh is not null
),

summed as (
    select
        'hourly' as grain,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e
    from ledger.footprint_hourly
    union all
    select
        'monthly',
        sum(energy_kwh::decimal(38, 15))::double,
        sum(location_based_kg_co2e::decimal(38, 15))::double
    from ledger.footprint_monthly
)

select s.grain, l.energy_kwh, s.energy_kwh as summed_energy_kwh, l.location_based_kg_co2e, s.location_based_kg_co2e as summed_kg_co2e
from summed as s
cross join line as l
where
    not coalesce(abs(s.energy_kwh - l.energy_kwh) <= 1e-9 * abs(l.energy_kwh) + 1e-12, l.energy_kwh is null and s.energy_kwh is null)
    or not coalesce(
        abs(s.location_based_kg_co2e - l.location_based_kg_co2e) <= 1e-9 * abs(l.location_based_kg_co2e) + 1e-12,
        l.location_based_kg_co2e is null and s.location_based_kg_co2e is null
    )
order by s.grain
