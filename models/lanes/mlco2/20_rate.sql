-- Hours of accelerators x TDP x grid, without PUE, host or embodied carbon. Grain: one row per SKU and charge month.
-- Reads: lane_billed, mlco2_board_power, mlco2_region. What has no board has no row.
with judged as (
    select
        l.sku_id, l.charge_month, l.usage_state, l.resource_kind, l.hours,
        case when b.page_name is not null then 'mlco2:page' else 'mlco2:own-tdp' end as rule_id,
        b.accelerators, b.tdp_w, b.known_error,
        b.accelerators * b.tdp_w * l.hours / 1000e0 as energy_kwh,
        coalesce(g.impact_g_per_kwh, l.grid_g_co2e_per_kwh) as grid_g_co2e_per_kwh,
        case when g.impact_g_per_kwh is not null then 'as_published' when l.grid_g_co2e_per_kwh is not null then l.grid_boundary end
            as grid_boundary,
        case
            when b.usage_state = 'reserved_idle' then 'mlco2 counts hours of use, not of reservation'
            when b.tdp_w is null then concat('no TDP of ', b.accelerator)
        end as gap
    from lane_billed as l
    inner join mlco2_board_power as b on b.basis = l.basis
    left join mlco2_region as g
        on g.provider = l.provider
        and g.region_id = coalesce(replace(l.region_ref, concat('region/', l.provider, ':'), ''), l.region_id)
    where l.disposition = 'estimated'
)

select
    j.sku_id,
    j.charge_month,
    j.rule_id,
    case when j.gap is null then 'estimated' else 'unmodelled' end as disposition,
    j.gap as gap_reason,
    e.usage_state,
    e.resource_kind,
    case when e.sku_id is not null then 'tdp_hours' end as method,
    0e0 * e.energy_kwh as compute_it_energy_kwh,
    e.energy_kwh as accelerator_it_energy_kwh,
    0e0 * e.energy_kwh as memory_it_energy_kwh,
    0e0 * e.energy_kwh as storage_it_energy_kwh,
    0e0 * e.energy_kwh as network_it_energy_kwh,
    e.energy_kwh as it_energy_kwh,
    case when e.sku_id is not null then 1e0 end as pue,
    e.energy_kwh,
    e.grid_g_co2e_per_kwh,
    e.grid_boundary,
    e.energy_kwh * e.grid_g_co2e_per_kwh / 1000e0 as location_based_kg_co2e,
    null::double as embodied_kg_co2e,
    null::double as water_onsite_l,
    null::double as water_offsite_l,
    null::double as water_l,
    case when e.sku_id is not null then 1e0 end as utilization,
    null::double as it_energy_kwh_at_default_utilization,
    null::double as copies,
    1e0 as uplift,
    null::double as embodied_energy_kwh,
    e.known_error,
    case when e.sku_id is not null then to_json({'hours': e.hours, 'accelerators': e.accelerators, 'tdp_w': e.tdp_w}) end as inputs
from judged as j
left join judged as e on e.sku_id = j.sku_id and e.charge_month = j.charge_month and j.gap is null
