-- Cost beside carbon by day, from the daily rows and the rate card. Every sum is exact, whatever the order.
-- Grain: usage_date x accounts x service x region x resource kind x usage state x disposition x currency.
with in_force as (
    select
        max(case when key = 'model' then value end) as model,
        max(case when key = 'factor_set' then value end) as factor_set
    from core.setting
),

priced as (
    select
        d.usage_date,
        d.charge_month,
        s.provider,
        d.billing_account_id,
        d.sub_account_id,
        s.service_name,
        s.region_id,
        r.resource_kind,
        r.usage_state,
        case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
        d.billing_currency,
        d.lines,
        d.billed_cost,
        d.effective_cost,
        /* figures of d */
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    cross join in_force as f
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
)

select
    p.usage_date,
    p.charge_month,
    p.provider,
    p.billing_account_id,
    p.sub_account_id,
    p.service_name,
    p.region_id,
    p.resource_kind,
    p.usage_state,
    p.disposition,
    p.billing_currency,
    sum(p.lines)::bigint as lines,
    sum(p.billed_cost)::decimal(38, 12) as billed_cost,
    sum(p.effective_cost)::decimal(38, 12) as effective_cost,
    sum(p.compute_it_energy_kwh::decimal(38, 15))::double as compute_it_energy_kwh,
    sum(p.accelerator_it_energy_kwh::decimal(38, 15))::double as accelerator_it_energy_kwh,
    sum(p.memory_it_energy_kwh::decimal(38, 15))::double as memory_it_energy_kwh,
    sum(p.storage_it_energy_kwh::decimal(38, 15))::double as storage_it_energy_kwh,
    sum(p.network_it_energy_kwh::decimal(38, 15))::double as network_it_energy_kwh,
    sum(p.it_energy_kwh::decimal(38, 15))::double as it_energy_kwh,
    sum(p.it_energy_kwh_low::decimal(38, 15))::double as it_energy_kwh_low,
    sum(p.it_energy_kwh_high::decimal(38, 15))::double as it_energy_kwh_high,
    sum(p.energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(p.energy_kwh_low::decimal(38, 15))::double as energy_kwh_low,
    sum(p.energy_kwh_high::decimal(38, 15))::double as energy_kwh_high,
    sum(p.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(p.location_based_kg_co2e_low::decimal(38, 15))::double as location_based_kg_co2e_low,
    sum(p.location_based_kg_co2e_high::decimal(38, 15))::double as location_based_kg_co2e_high,
    sum(p.market_based_kg_co2e::decimal(38, 15))::double as market_based_kg_co2e,
    sum(p.market_based_kg_co2e_low::decimal(38, 15))::double as market_based_kg_co2e_low,
    sum(p.market_based_kg_co2e_high::decimal(38, 15))::double as market_based_kg_co2e_high,
    sum(p.td_loss_kg_co2e::decimal(38, 15))::double as td_loss_kg_co2e,
    sum(p.td_loss_kg_co2e_low::decimal(38, 15))::double as td_loss_kg_co2e_low,
    sum(p.td_loss_kg_co2e_high::decimal(38, 15))::double as td_loss_kg_co2e_high,
    sum(p.embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    sum(p.embodied_kg_co2e_low::decimal(38, 15))::double as embodied_kg_co2e_low,
    sum(p.embodied_kg_co2e_high::decimal(38, 15))::double as embodied_kg_co2e_high,
    sum(p.water_onsite_l::decimal(38, 15))::double as water_onsite_l,
    sum(p.water_offsite_l::decimal(38, 15))::double as water_offsite_l,
    sum(p.water_l::decimal(38, 15))::double as water_l,
    sum(p.water_l_low::decimal(38, 15))::double as water_l_low,
    sum(p.water_l_high::decimal(38, 15))::double as water_l_high
from priced as p
group by
    p.usage_date, p.charge_month, p.provider, p.billing_account_id, p.sub_account_id, p.service_name,
    p.region_id, p.resource_kind, p.usage_state, p.disposition, p.billing_currency
