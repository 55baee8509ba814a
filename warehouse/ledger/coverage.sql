-- What became of every line. Grain: month x provider x service x disposition x reason x currency.
with daily as (
    select
        coalesce(d.charge_month, d.billing_month) as month,
        s.provider,
        s.service_name,
        case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
        case
            when r.sku_id is not null then r.gap_reason
            when d.charge_month is null then 'no charge period'
            when d.consumed_quantity is null then 'no quantity'
            else 'not rated: run `wattledger estimate`'
        end as gap_reason,
        d.billing_currency,
        d.lines,
        d.billed_cost,
        d.effective_cost::double * p.energy_kwh_per_usd as proxy_energy_kwh,
        d.effective_cost::double * p.location_based_kg_co2e_per_usd as proxy_location_based_kg_co2e
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
),

grouped as (
    select
        month, provider, service_name, disposition, gap_reason, billing_currency,
        sum(lines)::bigint as lines,
        sum(billed_cost)::decimal(38, 12) as billed_cost,
        sum(proxy_energy_kwh::decimal(38, 15))::double as proxy_energy_kwh,
        sum(proxy_location_based_kg_co2e::decimal(38, 15))::double as proxy_location_based_kg_co2e
    from daily
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
