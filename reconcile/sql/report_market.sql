-- How far market-based emissions reach, and the reason that most of the rest has. Grain: one row. Parameters: since, until.
select
    sum(market_based_kg_co2e::decimal(38, 15))::double as kg,
    sum(energy_kwh::decimal(38, 15)) filter (market_based_kg_co2e is not null)::double as energy_kwh,
    sum(energy_kwh::decimal(38, 15)) filter (market_based_kg_co2e is null)::double as energy_without_kwh,
    arg_max(market_based_gap_reason, (energy_kwh, market_based_gap_reason)) filter (market_based_kg_co2e is null) as reason
from core.daily_footprint
where
    usage_state = 'used'
    and coalesce(period_date >= $since::date, true)
    and coalesce(period_date < $until::date, true)
