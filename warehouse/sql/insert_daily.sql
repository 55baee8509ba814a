-- Grain: unit x UTC day x accounts x SKU x tags x currency x cost basis; lines without a quantity or without a cost
-- apart, as they get no estimate, or none by cost. Sums are exact, whatever the order. The quantity of observed hours is on rows of SKUs at a load, which hold
-- no line and no cost: those stay with the line's own SKU.
insert into core.usage_daily
with observed as (
    select line_id, sum(share::decimal(38, 15))::double as share
    from core.line_load
    where unit_id = $unit_id
    group by line_id
),

part as (
    select
        u.* replace (u.consumed_quantity * (1e0 - coalesce(o.share, 0e0)) as consumed_quantity),
        1 as lines
    from core.usage as u
    left join observed as o on o.line_id = u.line_id
    where u.unit_id = $unit_id
    union all
    select
        u.* replace (
            l.sku_id as sku_id, u.consumed_quantity * l.share as consumed_quantity, null as billed_cost, null as effective_cost
        ),
        0 as lines
    from core.line_load as l
    inner join core.usage as u on u.line_id = l.line_id
    where l.unit_id = $unit_id
)

select
    unit_id,
    charge_period_start::date as usage_date,
    date_trunc('month', charge_period_start)::date as charge_month,
    billing_month,
    billing_account_id,
    sub_account_id,
    sku_id,
    tag_set_id,
    billing_currency,
    cost_basis,
    sum(lines)::bigint as lines,
    sum(consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(billed_cost)::decimal(38, 12) as billed_cost,
    sum(effective_cost)::decimal(38, 12) as effective_cost
from part
group by
    unit_id, usage_date, charge_month, billing_month, billing_account_id, sub_account_id, sku_id, tag_set_id,
    billing_currency, cost_basis, consumed_quantity is null, effective_cost is null
order by all
