-- The daily rows hold the lines and the cost of the bill lines, exactly, per unit, service, month and currency.
with lines as (
    select
        u.unit_id, s.service_name, u.billing_month, u.billing_currency,
        count(*) as lines, sum(u.billed_cost) as billed_cost, sum(u.effective_cost) as effective_cost
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    group by all
),

daily as (
    select
        d.unit_id, s.service_name, d.billing_month, d.billing_currency,
        sum(d.lines) as lines, sum(d.billed_cost) as billed_cost, sum(d.effective_cost) as effective_cost
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    group by all
)

(select * from lines except all select * from daily)
union all
(select * from daily except all select * from lines)
order by all
