-- Cost beside carbon by day, from the daily rows and the rate card. Every sum is exact, whatever the order.
-- Grain: usage_date x accounts x service x region x resource kind x usage state x disposition x currency.
select
    d.usage_date,
    d.charge_month,
    d.provider,
    d.billing_account_id,
    d.sub_account_id,
    d.service_name,
    d.region_id,
    d.resource_kind,
    d.usage_state,
    case when p.sku_id is not null then 'proxy' else d.disposition end as disposition,
    d.billing_currency,
    sum(d.lines)::bigint as lines,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum(d.compute_it_energy_kwh::decimal(38, 15))::double as compute_it_energy_kwh,
    sum(d.accelerator_it_energy_kwh::decimal(38, 15))::double as accelerator_it_energy_kwh,
    sum(d.memory_it_energy_kwh::decimal(38, 15))::double as memory_it_energy_kwh,
    sum(d.storage_it_energy_kwh::decimal(38, 15))::double as storage_it_energy_kwh,
    sum(d.network_it_energy_kwh::decimal(38, 15))::double as network_it_energy_kwh,
    sum(d.it_energy_kwh::decimal(38, 15))::double as it_energy_kwh,
    sum(d.it_energy_kwh_low::decimal(38, 15))::double as it_energy_kwh_low,
    sum(d.it_energy_kwh_high::decimal(38, 15))::double as it_energy_kwh_high,
    sum(d.energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(d.energy_kwh_low::decimal(38, 15))::double as energy_kwh_low,
    sum(d.energy_kwh_high::decimal(38, 15))::double as energy_kwh_high,
    sum(d.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(d.location_based_kg_co2e_low::decimal(38, 15))::double as location_based_kg_co2e_low,
    sum(d.location_based_kg_co2e_high::decimal(38, 15))::double as location_based_kg_co2e_high,
    sum(d.market_based_kg_co2e::decimal(38, 15))::double as market_based_kg_co2e,
    sum(d.market_based_kg_co2e_low::decimal(38, 15))::double as market_based_kg_co2e_low,
    sum(d.market_based_kg_co2e_high::decimal(38, 15))::double as market_based_kg_co2e_high,
    sum(d.td_loss_kg_co2e::decimal(38, 15))::double as td_loss_kg_co2e,
    sum(d.td_loss_kg_co2e_low::decimal(38, 15))::double as td_loss_kg_co2e_low,
    sum(d.td_loss_kg_co2e_high::decimal(38, 15))::double as td_loss_kg_co2e_high,
    sum(d.embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    sum(d.embodied_kg_co2e_low::decimal(38, 15))::double as embodied_kg_co2e_low,
    sum(d.embodied_kg_co2e_high::decimal(38, 15))::double as embodied_kg_co2e_high,
    sum(d.water_onsite_l::decimal(38, 15))::double as water_onsite_l,
    sum(d.water_offsite_l::decimal(38, 15))::double as water_offsite_l,
    sum(d.water_l::decimal(38, 15))::double as water_l,
    sum(d.water_l_low::decimal(38, 15))::double as water_l_low,
    sum(d.water_l_high::decimal(38, 15))::double as water_l_high
from core.daily_footprint as d
left join core.spend_rate as p -- the last rung, by cost
    on p.sku_id = d.sku_id
    and p.charge_month = d.charge_month
    and p.billing_currency = d.billing_currency
    and d.effective_cost is not null
    and d.disposition = 'unmodelled'
group by
    d.usage_date, d.charge_month, d.provider, d.billing_account_id, d.sub_account_id, d.service_name, d.region_id, d.resource_kind,
    d.usage_state, case when p.sku_id is not null then 'proxy' else d.disposition end, d.billing_currency
