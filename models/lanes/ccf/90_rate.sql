-- The rates of ccf per billed unit. Grain: SKU and charge month, what ccf reads. Reads: energy, ccf_verdict, ccf_error,
-- ccf_pue, ccf_grid, lane_wanted, core.sku_class, core.site_factor, core.setting. Embodied carbon is no energy here:
-- what its kWh holds of it is in embodied_energy_kwh. An error that leaves energy alone is among the inputs. Regions without a grid factor of ccf's have ours.
with judged as (
    select
        e.*,
        v.gap_reason,
        e.verdict = 'estimated' as is_formula,
        coalesce(own_pue.pue, any_pue.pue) as pue,
        coalesce(own_grid.g_co2e_per_kwh, any_grid.g_co2e_per_kwh, site.grid_g_co2e_per_kwh) as grid_g,
        coalesce(own_grid.boundary, any_grid.boundary, case when site.grid_g_co2e_per_kwh is not null then site.grid_boundary end)
            as grid_boundary,
        (
            select string_agg(t.text, '; ' order by t.error)
            from ccf_error as t
            where t.concerns = 'energy' and (list_contains(e.errors, t.error) or t.error = v.error)
        ) as known_error,
        (
            select string_agg(t.text, '; ' order by t.error)
            from ccf_error as t
            where t.concerns <> 'energy' and list_contains(e.errors, t.error)
        ) as other_error
    from ccf_energy as e
    inner join lane_wanted as w on w.sku_id = e.sku_id and w.charge_month = e.charge_month
    inner join core.sku_class as c on c.sku_id = e.sku_id
    inner join ccf_verdict as v on v.verdict = e.verdict
    inner join ccf_pue as any_pue on any_pue.provider = e.provider and any_pue.region_id = '*'
    left join ccf_pue as own_pue on own_pue.provider = e.provider and own_pue.region_id = w.region_id
    left join ccf_grid as own_grid on own_grid.provider = e.provider and own_grid.region_id = w.region_id
    left join ccf_grid as any_grid on any_grid.provider = e.provider and any_grid.region_id = '*'
    left join core.site_factor as site
        on site.factor_set = (select value from core.setting where key = 'factor_set')
        and site.provider = e.provider
        and site.region_id = w.region_id
        and site.charge_month = e.charge_month
    where e.verdict = 'estimated' or c.disposition <> 'out_of_scope'
),

parts as (
    select
        *,
        case when gap_reason is null then case when is_formula then compute_kwh else 0e0 end end as compute_it_energy_kwh,
        case when gap_reason is null then case when is_formula then board_kwh else 0e0 end end as accelerator_it_energy_kwh,
        case when gap_reason is null then case when is_formula then memory_kwh else 0e0 end end as memory_it_energy_kwh,
        case when gap_reason is null then case when is_formula then storage_kwh else 0e0 end end as storage_it_energy_kwh,
        case when gap_reason is null then case when is_formula then network_kwh else 0e0 end end as network_it_energy_kwh
    from judged
),

whole as (
    select
        *,
        compute_it_energy_kwh + accelerator_it_energy_kwh + memory_it_energy_kwh + storage_it_energy_kwh
        + network_it_energy_kwh as it_energy_kwh,
        case when gap_reason is null then case when is_formula then coalesce(embodied_kg, 0e0) else 0e0 end end
            as embodied_kg_co2e
    from parts
)

select
    sku_id,
    charge_month,
    concat('ccf.', provider, '.', case when is_formula then rule else verdict end) as rule_id,
    case when gap_reason is null then 'estimated' else 'unmodelled' end as disposition,
    gap_reason,
    case when gap_reason is null then coalesce(usage_state, 'used') end as usage_state,
    case when gap_reason is null then
        coalesce(resource_kind, case
            when starts_with(rule, 'storage') then 'storage'
            when rule = 'network' then 'network'
            when rule = 'board' then 'accelerator'
            else 'compute'
        end)
    end as resource_kind,
    case when gap_reason is null then case when has_utilization and is_formula then 'instance_curve' else 'coefficient' end end
        as method,
    compute_it_energy_kwh,
    accelerator_it_energy_kwh,
    memory_it_energy_kwh,
    storage_it_energy_kwh,
    network_it_energy_kwh,
    it_energy_kwh,
    case when gap_reason is null then pue end as pue,
    it_energy_kwh * pue as energy_kwh,
    case when gap_reason is null then grid_g end as grid_g_co2e_per_kwh,
    case when gap_reason is null then grid_boundary end as grid_boundary,
    it_energy_kwh * pue * grid_g / 1000e0 as location_based_kg_co2e,
    embodied_kg_co2e,
    cast(null as double) as water_onsite_l,
    cast(null as double) as water_offsite_l,
    cast(null as double) as water_l,
    case when has_utilization and is_formula then utilization end as utilization,
    case when has_utilization and is_formula then
        compute_kwh_at_default + board_kwh_at_default + memory_kwh + storage_kwh + network_kwh
    end as it_energy_kwh_at_default_utilization,
    case when is_formula and rule <> 'network' then copies end as copies,
    1e0 as uplift,
    case when is_formula then json_merge_patch(inputs, json_object('other_error', other_error)) end as inputs,
    case when embodied_kg_co2e > 0e0 then embodied_kg_co2e / grid_g * 1000e0 end as embodied_energy_kwh,
    known_error
from whole
