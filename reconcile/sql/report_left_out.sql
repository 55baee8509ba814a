-- What include and exclude left out of the bills of a period, by billing month. Grain: currency. Parameters: since, until.
select sum(lines)::bigint as lines, sum(billed_cost)::decimal(38, 2) as billed_cost, billing_currency
from core.left_out
where coalesce(billing_month >= date_trunc('month', $since::date), true) and coalesce(billing_month < $until::date, true)
group by billing_currency
order by billing_currency
