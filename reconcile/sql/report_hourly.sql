-- What the intensity of the hour changes, by month and region, and in all. Grain: month x provider x region that takes a series;
-- the last row is over everything, its share over the energy of all regions. What is held idle is left out.
-- timing: the same hours weighted by the load over the plain mean of the zone's hours in that month; the rest of the difference is
-- that series and annual factor are of other publishers or years.
-- Reads: ledger.footprint_hourly, core.grid_hour. Parameters: since, until (months that they touch).
with flat as (
    select
        zone, boundary,
        date_trunc('month', hour_start)::date as charge_month,
        sum(g_co2e_per_kwh::decimal(38, 15))::double / count(*) as mean_g_co2e_per_kwh
    from core.grid_hour
    where signal = 'average'
    group by all
),

beside as (
    select
        h.*,
        h.difference_kg_co2e is not null as is_held,
        h.energy_kwh * f.mean_g_co2e_per_kwh / 1000e0 as flat_kg_co2e
    from ledger.footprint_hourly as h
    left join flat as f on f.zone = h.grid_zone and f.boundary = h.grid_boundary and f.charge_month = h.charge_month
    where
        h.usage_state = 'used'
        and coalesce(h.charge_month >= date_trunc('month', $since::date), true)
        and coalesce(h.charge_month < $until::date, true)
),

summed as (
    select
        charge_month, provider, region_id,
        grouping(charge_month) = 1 as is_total,
        max(grid_zone) as grid_zone,
        max(grid_boundary) as grid_boundary,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(energy_kwh::decimal(38, 15)) filter (is_held)::double as hourly_energy_kwh,
        sum(annual_location_based_kg_co2e::decimal(38, 15)) filter (is_held)::double as annual_kg_co2e,
        sum(hourly_location_based_kg_co2e::decimal(38, 15)) filter (is_held)::double as hourly_kg_co2e,
        sum(flat_kg_co2e::decimal(38, 15)) filter (is_held)::double as flat_kg_co2e,
        count(distinct concat_ws(' ', provider, region_id, hour_start)) filter (hourly_gap_reason = 'no value for this hour')
            as hours_missing
    from beside
    group by grouping sets ((charge_month, provider, region_id), ())
)

select
    case when is_total then 'total' else strftime(charge_month, '%Y-%m') end as charge_month,
    provider,
    region_id,
    case when not is_total then grid_zone end as grid_zone,
    case when not is_total then grid_boundary end as grid_boundary,
    energy_kwh,
    hourly_energy_kwh,
    100e0 * hourly_energy_kwh / nullif(energy_kwh, 0e0) as hourly_share_pct,
    annual_kg_co2e,
    hourly_kg_co2e,
    100e0 * (hourly_kg_co2e - annual_kg_co2e) / nullif(abs(annual_kg_co2e), 0e0) as difference_pct,
    round(100e0 * (hourly_kg_co2e - flat_kg_co2e) / nullif(abs(flat_kg_co2e), 0e0), 9) + 0e0 as timing_pct, -- no noise of doubles
    hours_missing
from summed
where is_total or grid_zone is not null
order by is_total, summed.charge_month, provider, region_id
