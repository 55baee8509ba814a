-- What became of every line. Grain: disposition x reason x currency. Parameters: since, until.
with daily as (
    select
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
        d.effective_cost::double * p.energy_kwh_per_usd as proxy_energy_kwh
    from core.usage_daily as d
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
    where
        coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
        and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
)

select
    disposition,
    gap_reason,
    sum(lines)::bigint as lines,
    sum(lines)::double / sum(sum(lines)) over ()::double as lines_share,
    sum(billed_cost)::decimal(38, 12) as billed_cost,
    sum(billed_cost)::double / nullif(sum(sum(billed_cost)) over (partition by billing_currency)::double, 0e0) as billed_cost_share,
    billing_currency,
    sum(proxy_energy_kwh::decimal(38, 15))::double as proxy_energy_kwh
from daily
group by disposition, gap_reason, billing_currency
order by disposition, lines desc, gap_reason, billing_currency
