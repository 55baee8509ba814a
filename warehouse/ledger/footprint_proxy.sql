-- The lines of use that no model covers, by their cost: the spend proxy. Grain: one row per such line; none unless [estimate] spend_proxy is on.
-- A bucket of its own: no part of ledger.footprint, of any total or of any comparison. Energy is effective cost times
-- what the provider's estimated lines of that charge month come to per US dollar; nothing stands for other currencies.
select
    u.line_id,
    u.unit_id,
    s.provider,
    cast(date_trunc('month', u.charge_period_start) as date) as charge_month,
    case
        when r.sku_id is not null then r.gap_reason
        when u.charge_period_start is null then 'no charge period'
        when u.consumed_quantity is null then 'no quantity'
        else 'not rated: run `wattledger estimate`'
    end as gap_reason,
    case
        when u.effective_cost is null then 'no cost'
        when u.billing_currency is null then 'no currency'
        when u.billing_currency <> 'USD' then concat('cost in ', u.billing_currency, ': the ratio is of USD')
        when u.charge_period_start is null then 'no charge period'
        when p.sku_id is null then 'the provider has no estimated cost in USD in this month'
    end as proxy_gap_reason,
    u.effective_cost,
    u.billing_currency,
    p.estimated_effective_cost,
    p.estimated_energy_kwh,
    p.estimated_location_based_kg_co2e,
    cast(u.effective_cost as double) * p.energy_kwh_per_usd as energy_kwh,
    cast(u.effective_cost as double) * p.location_based_kg_co2e_per_usd as location_based_kg_co2e
from core.usage as u
inner join core.setting as f on f.key = 'spend_proxy' and f.value = 'true'
inner join core.sku as s on s.sku_id = u.sku_id and s.charge_category = 'Usage'
left join core.rate_in_force as r
    on r.sku_id = u.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and (u.consumed_quantity is not null or r.it_energy_kwh is null)
left join core.spend_rate as p
    on p.sku_id = u.sku_id
    and p.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and p.billing_currency = u.billing_currency
where coalesce(r.disposition, 'unmodelled') = 'unmodelled'
