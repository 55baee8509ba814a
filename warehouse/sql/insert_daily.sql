-- Grain: unit x UTC day x accounts x SKU x tags x currency x cost basis; lines without a quantity apart, as they get no
-- estimate. Sums are exact, whatever the order.
insert into core.usage_daily
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
    count(*) as lines,
    sum(consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(billed_cost)::decimal(38, 12) as billed_cost,
    sum(effective_cost)::decimal(38, 12) as effective_cost
from core.usage
where unit_id = $unit_id
group by
    unit_id, usage_date, charge_month, billing_month, billing_account_id, sub_account_id, sku_id, tag_set_id,
    billing_currency, cost_basis, consumed_quantity is null
order by all
