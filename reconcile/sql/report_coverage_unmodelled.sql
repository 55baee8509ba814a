-- Which services carry no estimate and why, the dearest first. Grain: service x reason x currency. Parameters: since, until.
select
    s.provider,
    s.service_name,
    case
        when r.sku_id is not null then r.gap_reason
        when d.charge_month is null then 'no charge period'
        when d.consumed_quantity is null then 'no quantity'
        else 'not rated: run `wattledger estimate`'
    end as gap_reason,
    sum(d.lines)::bigint as lines,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    d.billing_currency
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
    coalesce(r.disposition, 'unmodelled') = 'unmodelled'
    and p.sku_id is null
    and coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
    and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
group by all
order by sum(d.billed_cost) desc nulls last, sum(d.lines) desc, s.provider, s.service_name, gap_reason, d.billing_currency
