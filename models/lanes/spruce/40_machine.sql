-- Machines at half load, and the boards of those that have some. Grain: one row per SKU of spruce_line with a machine whose energy is known.
-- A type's figures come from the user's own rows of SPRUCE's table (kind peer_instance). Where there are none for a provider, energy
-- comes from the formula behind that table with our own hosts, a third and some of it by the table's error of unit.
-- Reads: lane_wanted, spruce_line, spruce_board, spruce_coefficient, core.sku_class, core.machine, core.coefficient_in_force,
-- factors.cpu_power, machine_input.
with stated as (
    select
        max(case key when 'machine.utilization' then value end) as utilization,
        max(case key when 'board.utilization' then value end) as board_utilization,
        max(case key when 'machine.tdp_share_0' then value end) as share_0,
        max(case key when 'machine.tdp_share_10' then value end) as share_10,
        max(case key when 'machine.tdp_share_50' then value end) as share_50,
        max(case key when 'machine.tdp_share_100' then value end) as share_100,
        max(case key when 'machine.memory' then value end) as memory_w_per_gb,
        max(case key when 'machine.rest_of_host' then value end) as rest_of_host,
        max(case key when 'machine.kwh_per_mj' then value end) as kwh_per_mj
    from spruce_coefficient
),

asked as ( -- with the load that the default model takes
    select
        l.sku_id,
        l.provider,
        l.is_ec2,
        l.machine,
        i.utilization as default_utilization,
        i.accelerator_utilization as default_board_utilization
    from spruce_line as l
    left join core.sku_class as c on c.sku_id = l.sku_id
    left join machine_input as i on i.basis = c.basis
    where l.machine is not null
),

listed as ( -- the user's rows of the table
    select
        split_part(replace(e.key, 'peer_instance.it_energy.', ''), ':', 1) as provider,
        replace(e.key, 'peer_instance.it_energy.', '') as name,
        e.central as compute_kwh,
        m.central as embodied_kg
    from core.coefficient_in_force as e
    left join core.coefficient_in_force as m on m.key = replace(e.key, 'it_energy', 'embodied')
    where starts_with(e.key, 'peer_instance.it_energy.')
),

host as ( -- (sockets x TDP x share of TDP + memory) x rest of the host, by vCPU
    select
        h.provider,
        replace(lower(h.instance_type), 'standard_', '') as machine,
        h.vcpu / h.host_vcpu * k.rest_of_host * k.kwh_per_mj / 1000e0 as part,
        h.host_sockets * p.tdp_w as tdp_w,
        h.host_memory_gib * k.memory_w_per_gb as memory_w
    from core.machine as h
    inner join factors.cpu_power as p on p.microarch = h.microarch
    cross join stated as k
    where h.provider not in (select provider from listed)
),

found as (
    select
        a.sku_id,
        case
            when t.name is not null then 'machine' when h.machine is not null then 'machine.formula' else 'board'
        end as rule,
        coalesce(t.compute_kwh, h.part * (h.tdp_w * k.share_50 + h.memory_w)) as compute_kwh,
        h.part * h.memory_w + h.part * h.tdp_w * case
            when a.default_utilization < 0.1e0 then k.share_0 + a.default_utilization / 0.1e0 * (k.share_10 - k.share_0)
            when a.default_utilization < 0.5e0
                then k.share_10 + (a.default_utilization - 0.1e0) / 0.4e0 * (k.share_50 - k.share_10)
            else k.share_50 + (a.default_utilization - 0.5e0) / 0.5e0 * (k.share_100 - k.share_50)
        end as compute_kwh_at_default,
        coalesce(b.boards * (b.idle_w + k.board_utilization * (b.full_w - b.idle_w)) / 1000e0, 0e0) as accelerator_kwh,
        case when b.boards is null then 0e0 else
            b.boards * (b.idle_w + a.default_board_utilization * (b.full_w - b.idle_w)) / 1000e0
        end as accelerator_kwh_at_default,
        b.boards is not null as has_boards,
        t.embodied_kg,
        coalesce(t.name, h.machine, b.instance_type) as known
    from asked as a
    cross join stated as k
    left join listed as t on t.name = concat(a.provider, ':', a.machine)
    left join host as h on h.provider = a.provider and h.machine = a.machine
    left join spruce_board as b on a.is_ec2 and b.instance_type = a.machine
)

select
    f.sku_id,
    f.rule,
    coalesce(f.compute_kwh, 0e0) as compute_kwh,
    f.accelerator_kwh,
    case f.rule
        when 'machine.formula' then f.compute_kwh_at_default + f.accelerator_kwh_at_default
        when 'board' then f.accelerator_kwh_at_default
    end as kwh_at_default,
    f.has_boards,
    f.embodied_kg
from found as f
where f.known is not null
