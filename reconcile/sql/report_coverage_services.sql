-- How much of each service's usage carries an estimate. Grain: service x currency, usage lines only: what is out of scope
-- (tax, fees, credits, split rows) is money or a second view and never had energy of its own. Parameters: since, until.
with daily as (
    select
        s.provider,
        s.service_name,
        case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
        d.billing_currency,
        d.lines,
        d.billed_cost
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
    where
        coalesce(r.disposition, 'unmodelled') <> 'out_of_scope'
        and coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
        and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
)

select
    case when grouping(service_name) = 1 then 'total' else service_name end as service_name,
    provider,
    sum(lines)::bigint as usage_lines,
    coalesce(sum(lines) filter (where disposition = 'estimated'), 0)::double / nullif(sum(lines), 0)::double as estimated_lines_share,
    sum(billed_cost)::decimal(38, 12) as usage_cost,
    coalesce(sum(billed_cost) filter (where disposition = 'estimated'), 0)::double / nullif(sum(billed_cost)::double, 0e0)
        as estimated_cost_share,
    coalesce(sum(billed_cost) filter (where disposition = 'proxy'), 0)::double / nullif(sum(billed_cost)::double, 0e0) as proxy_cost_share,
    billing_currency
from daily
group by grouping sets ((provider, service_name, billing_currency), (billing_currency))
order by grouping(service_name) desc, billing_currency, sum(billed_cost) desc nulls last, provider, service_name
