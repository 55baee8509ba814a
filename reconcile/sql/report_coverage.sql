-- What became of every line. Grain: disposition x reason x currency. Parameters: since, until.
select
    disposition,
    gap_reason,
    sum(lines)::bigint as lines,
    sum(lines)::double / sum(sum(lines)) over ()::double as lines_share,
    sum(billed_cost)::decimal(38, 12) as billed_cost,
    sum(billed_cost)::double / nullif(sum(sum(billed_cost)) over (partition by billing_currency)::double, 0e0) as billed_cost_share,
    billing_currency,
    sum(proxy_energy_kwh::decimal(38, 15))::double as proxy_energy_kwh
from core.daily_disposition
where
    coalesce(coalesce(usage_date, billing_month) >= $since::date, true)
    and coalesce(coalesce(usage_date, billing_month) < $until::date, true)
group by disposition, gap_reason, billing_currency
order by disposition, lines desc, gap_reason, billing_currency
