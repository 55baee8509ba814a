-- Energy and emissions of every bill line by the model and factor set in force. Grain: one row per line_id.
-- Usage times rate: no copy of the bill. A line without a figure keeps nulls and says why; low and high keep their order
-- where the quantity is negative.
with in_force as (
    select
        max(case when key = 'model' then value end) as model,
        max(case when key = 'factor_set' then value end) as factor_set
    from core.setting
)

select
    u.line_id,
    u.unit_id,
    coalesce(r.disposition, 'unmodelled') as disposition,
    case
        when r.sku_id is not null then r.gap_reason
        when u.charge_period_start is null then 'no charge period'
        when u.consumed_quantity is null then 'no quantity'
        else 'not rated: run `wattledger estimate`'
    end as gap_reason,
    r.usage_state,
    r.resource_kind,
    r.method,
    r.quality,
    f.factor_set,
    r.factor_resolution,
    f.model,
    u.consumed_quantity * r.compute_it_energy_kwh as compute_it_energy_kwh,
    u.consumed_quantity * r.accelerator_it_energy_kwh as accelerator_it_energy_kwh,
    u.consumed_quantity * r.memory_it_energy_kwh as memory_it_energy_kwh,
    u.consumed_quantity * r.storage_it_energy_kwh as storage_it_energy_kwh,
    u.consumed_quantity * r.network_it_energy_kwh as network_it_energy_kwh,
    u.consumed_quantity * r.it_energy_kwh as it_energy_kwh,
    least(u.consumed_quantity * r.it_energy_kwh_low, u.consumed_quantity * r.it_energy_kwh_high) as it_energy_kwh_low,
    greatest(u.consumed_quantity * r.it_energy_kwh_low, u.consumed_quantity * r.it_energy_kwh_high) as it_energy_kwh_high,
    r.pue,
    u.consumed_quantity * r.energy_kwh as energy_kwh,
    least(u.consumed_quantity * r.energy_kwh_low, u.consumed_quantity * r.energy_kwh_high) as energy_kwh_low,
    greatest(u.consumed_quantity * r.energy_kwh_low, u.consumed_quantity * r.energy_kwh_high) as energy_kwh_high,
    r.grid_g_co2e_per_kwh,
    r.grid_boundary,
    u.consumed_quantity * r.location_based_kg_co2e as location_based_kg_co2e,
    least(u.consumed_quantity * r.location_based_kg_co2e_low, u.consumed_quantity * r.location_based_kg_co2e_high) as location_based_kg_co2e_low,
    greatest(u.consumed_quantity * r.location_based_kg_co2e_low, u.consumed_quantity * r.location_based_kg_co2e_high) as location_based_kg_co2e_high,
    u.consumed_quantity * r.market_based_kg_co2e as market_based_kg_co2e,
    u.consumed_quantity * r.embodied_kg_co2e as embodied_kg_co2e,
    least(u.consumed_quantity * r.embodied_kg_co2e_low, u.consumed_quantity * r.embodied_kg_co2e_high) as embodied_kg_co2e_low,
    greatest(u.consumed_quantity * r.embodied_kg_co2e_low, u.consumed_quantity * r.embodied_kg_co2e_high) as embodied_kg_co2e_high,
    u.consumed_quantity * r.water_l as water_l
from core.usage as u
cross join in_force as f
left join core.rate as r
    on r.sku_id = u.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and r.model = f.model
    and r.factor_set = f.factor_set
    and (u.consumed_quantity is not null or r.it_energy_kwh is null)
