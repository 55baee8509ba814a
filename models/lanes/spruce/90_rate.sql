-- The rates. Grain: one row per SKU and charge month of lane_wanted that SPRUCE gives energy. Reads: the steps before, lane_wanted, spruce_error.
-- Of several modules that give energy the last one counts, as in SPRUCE: storage, flat, machine, tokens.
with found as (
    select
        l.sku_id,
        l.provider,
        l.region_id,
        l.service_code,
        l.meter,
        l.machine,
        coalesce(case when t.sku_id is not null then 'tokens' end, m.rule, f.rule, s.rule) as rule,
        coalesce(m.has_boards, false) as has_boards,
        case
            when t.sku_id is not null then 0e0
            when m.sku_id is not null then m.compute_kwh
            when starts_with(f.rule, 'serverless.vcpu') then f.kwh
            else 0e0
        end as compute_kwh,
        case when t.sku_id is not null then t.kwh when m.sku_id is not null then m.accelerator_kwh else 0e0 end as accelerator_kwh,
        case
            when t.sku_id is null and m.sku_id is null and f.rule = 'serverless.memory' then f.kwh else 0e0
        end as memory_kwh,
        case
            when coalesce(t.sku_id, m.sku_id, f.sku_id) is null then s.storage_kwh else 0e0
        end as storage_kwh,
        case
            when t.sku_id is null and m.sku_id is null and starts_with(f.rule, 'network') then f.kwh else 0e0
        end as network_kwh,
        coalesce(t.embodied_kg, m.embodied_kg) as embodied_kg,
        case when t.sku_id is null then m.boards end as boards,
        m.idle_w,
        m.full_w,
        m.board_utilization,
        case when coalesce(t.sku_id, m.sku_id, f.sku_id) is null then s.gb_hours end as gb_hours,
        s.wh_per_tb_hour,
        coalesce(t.kilotokens, case when m.sku_id is null and f.sku_id is not null then 1e0 end) as units,
        coalesce(t.energy_kwh_per_kilotoken, f.kwh) as kwh_per_unit,
        case when t.sku_id is null then m.kwh_at_default end as kwh_at_default,
        case when coalesce(t.sku_id, m.sku_id, f.sku_id) is null then s.copies end as copies
    from spruce_line as l
    left join spruce_storage_rate as s on s.sku_id = l.sku_id
    left join spruce_flat_rate as f on f.sku_id = l.sku_id
    left join spruce_machine as m on m.sku_id = l.sku_id
    left join spruce_tokens as t on t.sku_id = l.sku_id
    where coalesce(t.sku_id, m.sku_id, f.sku_id, s.sku_id) is not null
),

wrong as ( -- what the figure is known to get wrong, in its IT energy and beside it
    select
        f.sku_id,
        string_agg(e.error, '; ' order by e.place) filter (e.concerns = 'energy') as known_error,
        string_agg(e.error, '; ' order by e.place) filter (e.concerns <> 'energy') as other_error
    from found as f
    inner join spruce_error as e
        on f.rule like e.rule_like
        and coalesce(e.provider, f.provider) = f.provider
        and coalesce(e.region_id, f.region_id) = f.region_id
        and coalesce(e.service_code, f.service_code, '') = coalesce(f.service_code, '')
        and f.meter like e.meter_like
        and coalesce(f.machine, '') like e.machine_like
        and coalesce(e.has_boards, f.has_boards) = f.has_boards
    group by f.sku_id
),

drawn as (
    select
        *,
        compute_kwh + accelerator_kwh + memory_kwh + storage_kwh + network_kwh as it_kwh
    from found
)

select
    w.sku_id,
    w.charge_month,
    concat('spruce/', d.provider, '/', d.rule) as rule_id,
    'estimated' as disposition,
    null as gap_reason,
    'used' as usage_state, -- capacity that nobody used counts as used
    case split_part(d.rule, '.', 1)
        when 'disk' then 'storage'
        when 'machine' then case when d.service_code = 'AmazonRDS' then 'database' else 'compute' end
        when 'board' then 'compute'
        when 'tokens' then 'serverless'
        else split_part(d.rule, '.', 1)
    end as resource_kind,
    d.rule as method,
    d.compute_kwh as compute_it_energy_kwh,
    d.accelerator_kwh as accelerator_it_energy_kwh,
    d.memory_kwh as memory_it_energy_kwh,
    d.storage_kwh as storage_it_energy_kwh,
    d.network_kwh as network_it_energy_kwh,
    d.it_kwh as it_energy_kwh,
    s.pue,
    d.it_kwh * s.pue as energy_kwh,
    s.grid_g_co2e_per_kwh,
    case when s.grid_g_co2e_per_kwh is not null then 'lifecycle' end as grid_boundary,
    d.it_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * p.value * t.value as location_based_kg_co2e,
    d.embodied_kg as embodied_kg_co2e,
    d.it_kwh * s.pue * s.wue_l_per_kwh as water_onsite_l,
    d.it_kwh * s.pue * s.wcf_l_per_kwh as water_offsite_l,
    d.it_kwh * s.pue * (s.wue_l_per_kwh + s.wcf_l_per_kwh) as water_l,
    case
        when d.rule = 'board' then b.value when starts_with(d.rule, 'machine') then u.value
    end as utilization,
    d.kwh_at_default as it_energy_kwh_at_default_utilization,
    d.copies,
    p.value * t.value as uplift,
    null::double as embodied_energy_kwh,
    x.known_error,
    json_merge_patch(to_json({
        'machine_kwh': case when d.rule like 'machine%' then d.compute_kwh else 0e0 end,
        'boards': coalesce(d.boards, 0), 'board_idle_w': coalesce(d.idle_w, 0), 'board_full_w': coalesce(d.full_w, 0),
        'board_load': coalesce(d.board_utilization, 0e0),
        'gb_hours': coalesce(d.gb_hours, 0e0), 'wh_per_tb_hour': coalesce(d.wh_per_tb_hour, 0e0), 'copies': coalesce(d.copies, 1e0),
        'units': coalesce(d.units, 0e0), 'kwh_per_unit': coalesce(d.kwh_per_unit, 0e0)
    }), json_object('other_error', x.other_error)) as inputs
from lane_wanted as w
inner join drawn as d on d.sku_id = w.sku_id
inner join spruce_place as s on s.provider = d.provider and s.region_id = d.region_id
inner join spruce_coefficient as p on p.key = 'power_supply'
inner join spruce_coefficient as t on t.key = 'transmission'
inner join spruce_coefficient as u on u.key = 'machine.utilization'
inner join spruce_coefficient as b on b.key = 'board.utilization'
left join wrong as x on x.sku_id = d.sku_id
