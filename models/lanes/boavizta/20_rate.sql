-- The rates of the machines on the bill, per unit of consumed_quantity. Grain: one row per SKU and charge month.
-- Reads: lane_billed, boavizta_machine. What is no machine has no row.
with judged as (
    select
        b.*,
        m.* exclude (basis),
        case
            when m.basis is null
                then concat('unknown hardware ', coalesce(b.hardware, '(none named)'), ': neither it nor its family is in the factor set')
            when m.tdp_w is null then concat('no TDP of ', b.hardware)
            when b.pue is null then b.site_gap
        end as gap
    from lane_billed as b
    left join boavizta_machine as m on m.basis = b.basis
    where b.disposition = 'estimated' and b.method not in ('coefficient', 'cpu_surplus', 'instance_accelerator')
)

select
    j.sku_id,
    j.charge_month,
    concat('boavizta:', j.method) as rule_id,
    case when j.gap is null then 'estimated' else 'unmodelled' end as disposition,
    j.gap as gap_reason,
    e.usage_state,
    e.resource_kind,
    case when e.sku_id is not null then 'tdp_profile' end as method,
    e.compute_w * e.hours / 1000e0 as compute_it_energy_kwh,
    0e0 * e.hours as accelerator_it_energy_kwh,
    e.memory_w * e.hours / 1000e0 as memory_it_energy_kwh,
    0e0 * e.hours as storage_it_energy_kwh,
    0e0 * e.hours as network_it_energy_kwh,
    (e.compute_w + e.memory_w) * e.hours / 1000e0 as it_energy_kwh,
    e.pue,
    (e.compute_w + e.memory_w) * e.hours / 1000e0 * e.pue as energy_kwh,
    e.grid_g_co2e_per_kwh,
    case when e.grid_g_co2e_per_kwh is not null then e.grid_boundary end as grid_boundary,
    (e.compute_w + e.memory_w) * e.hours / 1000e0 * e.pue * e.grid_g_co2e_per_kwh / 1000e0 as location_based_kg_co2e,
    e.embodied_kg_co2e * e.hours as embodied_kg_co2e,
    null::double as water_onsite_l,
    null::double as water_offsite_l,
    null::double as water_l,
    case when e.is_observed then 2 end as quality,
    e.load as utilization,
    e.w_at_default_utilization * e.hours / 1000e0 as it_energy_kwh_at_default_utilization,
    null::double as copies,
    1e0 as uplift,
    null::double as embodied_energy_kwh,
    case when e.accelerators > 0e0 then 'the boards of a machine draw nothing' end as known_error,
    case when e.sku_id is not null then to_json({
        'hours': e.hours, 'share_tdp_w': e.share_tdp_w, 'package_per_tdp': e.package_per_tdp, 'memory_gib': e.memory_gib,
        'ram_w_per_gb': e.ram_w_per_gb, 'other_consumption_ratio': e.other_consumption_ratio
    }) end as inputs
from judged as j
left join judged as e on e.sku_id = j.sku_id and e.charge_month = j.charge_month and j.gap is null
