-- Lines in are lines out or left out by include and exclude, and so are costs, exactly, per service, month and currency of the unit.
with entry as (
    select
        'delivered' as part, service_name, billing_month, billing_currency,
        count(*) as lines, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost
    from temp.delivered
    group by all
    union all
    select
        'loaded', s.service_name, u.billing_month, u.billing_currency,
        count(*), sum(u.billed_cost), sum(u.effective_cost)
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    where u.unit_id = $unit_id
    group by all
    union all
    select
        'daily', s.service_name, d.billing_month, d.billing_currency,
        sum(d.lines), sum(d.billed_cost), sum(d.effective_cost)
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    where d.unit_id = $unit_id
    group by all
    union all
    select p.part, o.service_name, o.billing_month, o.billing_currency, o.lines, o.billed_cost, o.effective_cost
    from core.left_out as o
    cross join (values ('loaded'), ('daily')) as p (part)
    where o.unit_id = $unit_id
),

counted as (
    select
        part, service_name, billing_month, billing_currency,
        sum(lines) as lines, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost
    from entry
    group by all
)

select service_name, billing_month, billing_currency, list(concat_ws(' ', part, lines, billed_cost, effective_cost) order by part) as found
from counted
group by service_name, billing_month, billing_currency
having
    count(*) <> 3
    or count(distinct lines) > 1
    or count(distinct coalesce(billed_cost::varchar, '')) > 1
    or count(distinct coalesce(effective_cost::varchar, '')) > 1
order by service_name, billing_month, billing_currency
