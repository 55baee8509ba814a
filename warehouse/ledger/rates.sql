-- The rate card: energy and emissions per unit of consumed_quantity. Grain: SKU x charge month x model x factor set.
select
    r.sku_id,
    r.charge_month,
    r.model,
    r.factor_set,
    s.provider,
    s.service_name,
    s.service_code,
    s.region_id,
    s.sku_meter,
    s.operation,
    s.consumed_unit,
    s.instance_type,
    s.product_family,
    s.charge_category,
    s.line_type,
    s.is_split,
    s.capacity_status,
    s.cpu_load_pct,
    s.accelerator_load_pct,
    r.rule_id,
    r.disposition,
    r.gap_reason,
    r.usage_state,
    r.resource_kind,
    r.method,
    r.quality,
    r.factor_resolution,
    r.hardware_rung,
    r.physical_unit,
    r.physical_per_unit,
    r.compute_it_energy_kwh,
    r.accelerator_it_energy_kwh,
    r.memory_it_energy_kwh,
    r.storage_it_energy_kwh,
    r.network_it_energy_kwh,
    r.it_energy_kwh,
    r.it_energy_kwh_low,
    r.it_energy_kwh_high,
    r.pue,
    r.pue_low,
    r.pue_high,
    r.energy_kwh,
    r.energy_kwh_low,
    r.energy_kwh_high,
    r.grid_g_co2e_per_kwh,
    r.grid_g_co2e_per_kwh_low,
    r.grid_g_co2e_per_kwh_high,
    r.grid_boundary,
    r.grid_direct_g_co2e_per_kwh,
    r.location_based_kg_co2e,
    r.location_based_kg_co2e_low,
    r.location_based_kg_co2e_high,
    r.location_based_gap_reason,
    r.market_based_kg_co2e,
    r.market_based_kg_co2e_low,
    r.market_based_kg_co2e_high,
    r.market_based_gap_reason,
    r.td_loss_kg_co2e,
    r.td_loss_kg_co2e_low,
    r.td_loss_kg_co2e_high,
    r.embodied_kg_co2e,
    r.embodied_kg_co2e_low,
    r.embodied_kg_co2e_high,
    r.water_onsite_l,
    r.water_onsite_l_low,
    r.water_onsite_l_high,
    r.water_offsite_l,
    r.water_offsite_l_low,
    r.water_offsite_l_high,
    r.water_l,
    r.water_l_low,
    r.water_l_high,
    r.water_resolution,
    f.water_stress_category,
    r.water_gap_reason,
    r.machines,
    i.inputs,
    case when i.basis is not null then
        list_sort(list_distinct(list_filter(
            list_concat(
                i.factor_refs,
                [f.region_ref, f.pue_ref, f.grid_ref, f.grid_ratio_lifecycle_ref, f.grid_ratio_direct_ref, f.market_ref,
                 f.wue_ref, f.wcf_ref, f.td_loss_ref, f.water_stress_ref],
                f.group_refs
            ),
            lambda ref: ref is not null
        )))
        when r.disposition = 'estimated' then -- of a lane: the rows of the site whose value it has
            list_sort(list_distinct(list_filter(
                list_concat(
                    case when r.pue = f.pue then [f.region_ref, f.pue_ref] else [] end,
                    case when r.grid_g_co2e_per_kwh = f.grid_g_co2e_per_kwh
                        then [f.region_ref, f.grid_ref, f.grid_ratio_lifecycle_ref, f.grid_ratio_direct_ref] else [] end,
                    case when coalesce(r.pue = f.pue, r.grid_g_co2e_per_kwh = f.grid_g_co2e_per_kwh, false) then f.group_refs end
                ),
                lambda ref: ref is not null
            )))
    end as factor_refs
from core.rate as r
inner join core.sku as s on s.sku_id = r.sku_id
left join core.rate_input as i on i.model = r.model and i.factor_set = r.factor_set and i.basis = r.basis
left join core.site_factor as f
    on f.factor_set = r.factor_set
    and f.provider = s.provider
    and f.region_id = s.region_id
    and f.charge_month = r.charge_month
