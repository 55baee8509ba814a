-- How much of each service's usage carries an estimate. Grain: service x currency, usage lines only: what is out of scope
-- (tax, fees, credits, split rows) is money or a second view and never had energy of its own. Parameters: since, until.
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
from core.daily_disposition
where
    disposition <> 'out_of_scope'
    and coalesce(coalesce(usage_date, billing_month) >= $since::date, true)
    and coalesce(coalesce(usage_date, billing_month) < $until::date, true)
group by grouping sets ((provider, service_name, billing_currency), (billing_currency))
order by grouping(service_name) desc, billing_currency, sum(billed_cost) desc nulls last, provider, service_name
