-- Cost beside carbon by day and owner: the daily rows and the rate card, once for each dimension of [owners].
-- Grain: dimension x state x owner x usage_date x account x service x region x usage state x currency.
-- Every dimension holds all lines: filter one, or sums count double. Every sum is exact, whatever the order.
select
    o.dimension,
    o.state,
    o.owner,
    d.usage_date,
    d.charge_month,
    d.provider,
    d.sub_account_id,
    d.service_name,
    d.region_id,
    d.usage_state,
    d.billing_currency,
    sum(d.lines)::bigint as lines,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum(d.it_energy_kwh::decimal(38, 15))::double as it_energy_kwh,
    sum(d.energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(d.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(d.market_based_kg_co2e::decimal(38, 15))::double as market_based_kg_co2e,
    sum(d.embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    sum(d.water_l::decimal(38, 15))::double as water_l
from core.daily_footprint as d
inner join core.owner as o
    on o.provider is not distinct from d.provider
    and o.billing_account_id is not distinct from d.billing_account_id
    and o.sub_account_id is not distinct from d.sub_account_id
    and o.tag_set_id is not distinct from d.tag_set_id
group by
    o.dimension, o.state, o.owner, d.usage_date, d.charge_month, d.provider, d.sub_account_id, d.service_name,
    d.region_id, d.usage_state, d.billing_currency
