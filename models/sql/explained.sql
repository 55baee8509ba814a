-- One rate of the model and factor set in force with everything that it rests on. Grain: one row or none.
-- Parameters: sku_id, charge_month. Reads: core.rate, core.sku, core.sku_class, core.rate_input,
-- core.lane_input, core.site_factor.
select
    r.model,
    r.factor_set,
    r.rule_id,
    r.disposition,
    r.gap_reason,
    r.physical_unit,
    c.machines,
    c.unit_quantity,
    c.unit_per,
    s.consumed_unit,
    i.inputs,
    i.factor_refs,
    to_json(f) as site,
    case when l.sku_id is not null then to_json(l) end as lane, -- what another tool's lane assumed; null for the default model
    r.pue, r.grid_g_co2e_per_kwh, r.grid_boundary,
    r.it_energy_kwh, r.it_energy_kwh_low, r.it_energy_kwh_high,
    r.energy_kwh, r.energy_kwh_low, r.energy_kwh_high,
    r.location_based_kg_co2e, r.location_based_kg_co2e_low, r.location_based_kg_co2e_high,
    r.location_based_gap_reason,
    r.market_based_kg_co2e, r.market_based_kg_co2e_low, r.market_based_kg_co2e_high,
    r.market_based_gap_reason,
    r.td_loss_kg_co2e, r.td_loss_kg_co2e_low, r.td_loss_kg_co2e_high,
    r.embodied_kg_co2e, r.embodied_kg_co2e_low, r.embodied_kg_co2e_high,
    r.water_onsite_l, r.water_onsite_l_low, r.water_onsite_l_high,
    r.water_offsite_l, r.water_offsite_l_low, r.water_offsite_l_high,
    r.water_l, r.water_l_low, r.water_l_high,
    r.water_gap_reason
from core.rate as r
inner join core.setting as m on m.key = 'model' and m.value = r.model
inner join core.setting as v on v.key = 'factor_set' and v.value = r.factor_set
inner join core.sku as s on s.sku_id = r.sku_id
inner join core.sku_class as c on c.sku_id = r.sku_id
left join core.rate_input as i on i.model = r.model and i.factor_set = r.factor_set and i.basis = r.basis
left join core.lane_input as l
    on l.model = r.model and l.factor_set = r.factor_set and l.sku_id = r.sku_id and l.charge_month = r.charge_month
left join core.site_factor as f
    on f.factor_set = r.factor_set
    and f.provider = s.provider
    and f.region_id = s.region_id
    and f.charge_month = r.charge_month
where r.sku_id = $sku_id and r.charge_month = $charge_month
