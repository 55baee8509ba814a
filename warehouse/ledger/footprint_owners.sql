-- Cost beside carbon by day and owner: the daily rows and the rate card, once for each dimension of [owners].
-- Grain: dimension x state x owner x usage_date x account x service x region x usage state x currency.
-- Every dimension holds all lines: filter one, or sums count double. Every sum is exact, whatever the order.
select
    o.dimension,
    o.state,
    o.owner,
    d.usage_date,
    d.charge_month,
    s.provider,
    d.sub_account_id,
    s.service_name,
    s.region_id,
    r.usage_state,
    d.billing_currency,
    sum(d.lines)::bigint as lines,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum((d.consumed_quantity * r.it_energy_kwh)::decimal(38, 15))::double as it_energy_kwh,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((d.consumed_quantity * r.water_l)::decimal(38, 15))::double as water_l
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
inner join core.owner as o
    on o.provider is not distinct from s.provider
    and o.billing_account_id is not distinct from d.billing_account_id
    and o.sub_account_id is not distinct from d.sub_account_id
    and o.tag_set_id is not distinct from d.tag_set_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and (d.consumed_quantity is not null or r.it_energy_kwh is null)
group by
    o.dimension, o.state, o.owner, d.usage_date, d.charge_month, s.provider, d.sub_account_id, s.service_name,
    s.region_id, r.usage_state, d.billing_currency
