-- Which services carry no estimate and why, the dearest first. Grain: service x reason x currency. Parameters: since, until.
select
    provider,
    service_name,
    gap_reason,
    sum(lines)::bigint as lines,
    sum(billed_cost)::decimal(38, 12) as billed_cost,
    billing_currency
from core.daily_disposition
where
    disposition = 'unmodelled'
    and coalesce(coalesce(usage_date, billing_month) >= $since::date, true)
    and coalesce(coalesce(usage_date, billing_month) < $until::date, true)
group by provider, service_name, gap_reason, billing_currency
order by sum(billed_cost) desc nulls last, sum(lines) desc, provider, service_name, gap_reason, billing_currency
