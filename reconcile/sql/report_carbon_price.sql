-- Emissions of lines in use at an internal price of carbon. Grain: provider x service, then the total.
-- Parameters: since, until, price_per_t, currency. Money is exact: kg as DECIMAL x price per t x 0.001 t/kg.
with summed as (
    select
        case when grouping(provider) = 1 then 'total' else provider end as provider,
        service_name,
        grouping(provider) as is_total,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
        sum(embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
        sum((coalesce(location_based_kg_co2e_low, 0e0) + coalesce(embodied_kg_co2e_low, 0e0))::decimal(38, 15))::double as kg_co2e_low,
        sum((coalesce(location_based_kg_co2e_high, 0e0) + coalesce(embodied_kg_co2e_high, 0e0))::decimal(38, 15))::double as kg_co2e_high
    from ledger.footprint_daily
    where
        usage_state = 'used'
        and coalesce(location_based_kg_co2e, embodied_kg_co2e) is not null
        and coalesce(usage_date >= $since::date, true)
        and coalesce(usage_date < $until::date, true)
    group by grouping sets ((provider, service_name), ())
    having count(*) > 0
),

priced as (
    select
        *,
        (location_based_kg_co2e::decimal(28, 9) * $price_per_t::decimal(16, 6) * 0.001)::decimal(38, 12) as location_based_carbon_cost,
        (embodied_kg_co2e::decimal(28, 9) * $price_per_t::decimal(16, 6) * 0.001)::decimal(38, 12) as embodied_carbon_cost,
        (kg_co2e_low::decimal(28, 9) * $price_per_t::decimal(16, 6) * 0.001)::decimal(38, 12) as carbon_cost_low,
        (kg_co2e_high::decimal(28, 9) * $price_per_t::decimal(16, 6) * 0.001)::decimal(38, 12) as carbon_cost_high
    from summed
)

select
    provider,
    service_name,
    location_based_kg_co2e,
    embodied_kg_co2e,
    location_based_carbon_cost,
    embodied_carbon_cost,
    (coalesce(location_based_carbon_cost, 0) + coalesce(embodied_carbon_cost, 0))::decimal(38, 12) as carbon_cost,
    carbon_cost_low,
    carbon_cost_high,
    $currency::varchar as currency
from priced
order by is_total, carbon_cost desc, provider, service_name
