-- One hour of each machine: watts by part at the lane's load and at the load of the default model, and embodied carbon.
-- Grain: basis, as machine_input. Reads: machine_input, core.machine, factors.cpu_power, factors.accelerator_power,
-- lane_host_cpu, teads_curve, teads_constant.
with constant as (
    select
        max(value) filter (key = 'default_load') as default_load,
        max(value) filter (key = 'host_delta_per_tdp') as host_delta_per_tdp,
        max(value) filter (key = 'server_base_kg') as server_base_kg,
        max(value) filter (key = 'base_memory_gb') as base_memory_gb,
        max(value) filter (key = 'dram_kg') / max(value) filter (key = 'dram_gb') as dram_kg_per_gb,
        max(value) filter (key = 'extra_cpu_kg') as extra_cpu_kg,
        max(value) filter (key = 'gpu_kg') as gpu_kg,
        max(value) filter (key = 'life_hours') as life_hours
    from teads_constant
),

found as (
    select
        m.*,
        coalesce(o.tdp_w, p.tdp_w) as tdp_w,
        m.host_sockets * coalesce(o.tdp_w, p.tdp_w) * m.vcpu / m.host_vcpu as share_tdp_w,
        coalesce(m.accelerators * a.tdp_w, 0e0) as boards_tdp_w,
        h.host_memory_gib,
        case when m.usage_state = 'reserved_idle' then 0e0 else coalesce(m.cpu_load_pct / 100e0, k.default_load) end as load,
        case when m.usage_state = 'reserved_idle' then 0e0 else coalesce(m.accelerator_load_pct / 100e0, k.default_load) end
            as board_load,
        k.*
    from machine_input as m
    inner join core.machine as h on h.factor_id = m.instance_ref
    inner join factors.cpu_power as p on p.microarch = m.microarch
    left join factors.accelerator_power as a on a.accelerator = m.accelerator
    left join lane_host_cpu as o on o.provider = h.provider and o.family = h.family
    cross join constant as k
)

select
    f.basis,
    f.load,
    f.usage_state = 'used' and f.cpu_load_pct is not null and (f.accelerators = 0e0 or f.accelerator_load_pct is not null) as is_observed,
    f.tdp_w,
    f.share_tdp_w,
    f.boards_tdp_w,
    f.memory_gib,
    c.package_per_tdp,
    c.ram_w_per_gb,
    b.package_per_tdp as board_per_tdp,
    f.host_delta_per_tdp,
    f.share_tdp_w * (c.package_per_tdp + f.host_delta_per_tdp) as compute_w,
    f.memory_gib * c.ram_w_per_gb as memory_w,
    f.boards_tdp_w * b.package_per_tdp as accelerator_w,
    f.share_tdp_w * (dc.package_per_tdp + f.host_delta_per_tdp) + f.memory_gib * dc.ram_w_per_gb
    + f.boards_tdp_w * db.package_per_tdp as w_at_default_utilization,
    (
        f.vcpu / f.host_vcpu * (
            f.server_base_kg
            + (f.host_sockets - 1e0) * f.extra_cpu_kg
            + greatest(f.host_memory_gib - f.base_memory_gb, 0e0) * f.dram_kg_per_gb
        )
        + f.accelerators * f.gpu_kg
    ) / f.life_hours as embodied_kg_co2e
from found as f
left join teads_curve as c on c.utilization = f.load
left join teads_curve as b on b.utilization = f.board_load
left join teads_curve as dc on dc.utilization = f.utilization
left join teads_curve as db on db.utilization = f.accelerator_utilization
