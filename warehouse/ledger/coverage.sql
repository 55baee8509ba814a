-- What became of every line. Grain: month x provider x service x disposition x reason x currency.
with grouped as (
    select
        month, provider, service_name, disposition, gap_reason, billing_currency,
        sum(lines)::bigint as lines,
        sum(billed_cost)::decimal(38, 12) as billed_cost,
        sum(proxy_energy_kwh::decimal(38, 15))::double as proxy_energy_kwh,
        sum(proxy_location_based_kg_co2e::decimal(38, 15))::double as proxy_location_based_kg_co2e
    from core.daily_disposition
    group by all
)

select
    month,
    provider,
    service_name,
    disposition,
    gap_reason,
    billing_currency,
    lines,
    billed_cost,
    lines::double / sum(lines) over (partition by month, provider, billing_currency)::double as lines_share,
    billed_cost::double / nullif(sum(billed_cost) over (partition by month, provider, billing_currency)::double, 0e0)
        as billed_cost_share,
    proxy_energy_kwh,
    proxy_location_based_kg_co2e
from grouped
