-- What the intensity of the month changes, by month and region, and in all. Grain: month x provider x region that takes a series;
-- the last row is over everything, its share over the energy of all regions. What is held idle is left out.
-- Reads: ledger.footprint_monthly. Parameters: since, until (months that they touch).
with summed as (
    select
        charge_month, provider, region_id,
        grouping(charge_month) = 1 as is_total,
        max(grid_zone) as grid_zone,
        max(grid_boundary) as grid_boundary,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(energy_kwh::decimal(38, 15)) filter (difference_kg_co2e is not null)::double as monthly_energy_kwh,
        sum(annual_location_based_kg_co2e::decimal(38, 15)) filter (difference_kg_co2e is not null)::double as annual_kg_co2e,
        sum(monthly_location_based_kg_co2e::decimal(38, 15)) filter (difference_kg_co2e is not null)::double as monthly_kg_co2e
    from ledger.footprint_monthly
    where
        usage_state = 'used'
        and coalesce(charge_month >= date_trunc('month', $since::date), true)
        and coalesce(charge_month < $until::date, true)
    group by grouping sets ((charge_month, provider, region_id), ())
)

select
    case when is_total then 'total' else strftime(charge_month, '%Y-%m') end as charge_month,
    provider,
    region_id,
    case when not is_total then grid_zone end as grid_zone,
    case when not is_total then grid_boundary end as grid_boundary,
    energy_kwh,
    100e0 * monthly_energy_kwh / nullif(energy_kwh, 0e0) as monthly_share_pct,
    annual_kg_co2e,
    monthly_kg_co2e,
    100e0 * (monthly_kg_co2e - annual_kg_co2e) / nullif(abs(annual_kg_co2e), 0e0) as difference_pct
from summed
where is_total or grid_zone is not null
order by is_total, summed.charge_month, provider, region_id
