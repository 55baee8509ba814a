-- How far market-based emissions reach, and the reason that most of the rest has. Grain: one row. Parameters: since, until.
select
    sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as kg,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15)) filter (r.market_based_kg_co2e is not null)::double as energy_kwh,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15)) filter (r.market_based_kg_co2e is null)::double as energy_without_kwh,
    arg_max(r.market_based_gap_reason, (d.consumed_quantity * r.energy_kwh, r.market_based_gap_reason))
        filter (r.market_based_kg_co2e is null) as reason
from core.usage_daily as d
inner join core.rate_in_force as r on r.sku_id = d.sku_id and r.charge_month = d.charge_month
where
    r.usage_state = 'used'
    and coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
    and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
