-- Machines at half load, and the boards of those that have some. Grain: one row per SKU of spruce_line with a machine whose energy is known.
-- A type's figures come from the user's own rows of SPRUCE's table (kind peer_instance). Where there are none for a provider, they come
-- from the formula behind that table with our own hosts, the energy times the table's error of unit.
-- Reads: spruce_line, spruce_board, spruce_coefficient, core.sku_class, core.coefficient_in_force, machine_input, boavizta_machine,
-- boavizta_profile.
with stated as (
    select
        max(case key when 'machine.utilization' then value end) as utilization,
        max(case key when 'board.utilization' then value end) as board_utilization,
        max(case key when 'machine.kwh_per_mj' then value end) as kwh_per_mj
    from spruce_coefficient
),

profile as (
    select
        max(case key when 'a' then value end) as a,
        max(case key when 'c' then value end) as c,
        max(case key when 'd' then value end) as d
    from boavizta_profile
),

listed as ( -- the user's rows of the table
    select
        replace(e.key, 'peer_instance.it_energy.', '') as name,
        split_part(replace(e.key, 'peer_instance.it_energy.', ''), ':', 1) as provider,
        e.central as compute_kwh,
        m.central as embodied_kg
    from core.coefficient_in_force as e
    left join core.coefficient_in_force as m on m.key = replace(e.key, '.it_energy.', '.embodied.')
    where starts_with(e.key, 'peer_instance.it_energy.')
),

host as ( -- of the formula, whatever load was observed
    select
        h.basis,
        (h.share_tdp_w * (p.a * ln(100e0 * k.utilization + p.c) + p.d) + h.memory_gib * h.ram_w_per_gb)
        * (1e0 + h.other_consumption_ratio) * k.kwh_per_mj / 1000e0 as compute_kwh,
        h.w_at_default_utilization * k.kwh_per_mj / 1000e0 as compute_kwh_at_default,
        h.embodied_kg_co2e as embodied_kg
    from boavizta_machine as h
    inner join machine_input as i on i.basis = h.basis
    cross join stated as k
    cross join profile as p
    where i.rung = 'type' and i.method = 'instance_curve' and i.provider not in (select provider from listed)
)

select
    l.sku_id,
    case when t.name is not null then 'machine' when h.basis is not null then 'machine.formula' else 'board' end as rule,
    coalesce(t.compute_kwh, h.compute_kwh, 0e0) as compute_kwh,
    case when b.boards is null then 0e0 else
        b.boards * (b.idle_w + k.board_utilization * (b.full_w - b.idle_w)) / 1000e0
    end as accelerator_kwh,
    case when t.name is null then -- a figure of the table is of no formula
        coalesce(h.compute_kwh_at_default, 0e0) + case when b.boards is null then 0e0 else
            b.boards * (b.idle_w + i.accelerator_utilization * (b.full_w - b.idle_w)) / 1000e0
        end
    end as kwh_at_default,
    b.boards,
    b.idle_w,
    b.full_w,
    k.board_utilization,
    b.boards is not null as has_boards,
    coalesce(t.embodied_kg, h.embodied_kg) as embodied_kg
from spruce_line as l
cross join stated as k
left join core.sku_class as c on c.sku_id = l.sku_id
left join machine_input as i on i.basis = c.basis
left join listed as t on t.name = concat(l.provider, ':', l.machine)
left join host as h on h.basis = c.basis
left join spruce_board as b on l.is_ec2 and b.instance_type = l.machine
where l.machine is not null and coalesce(t.name, h.basis, b.instance_type) is not null
