-- One hour of each machine: watts by part at the lane's load and at the load of the default model, and embodied carbon.
-- Grain: basis, as machine_input. Reads: machine_input, core.machine, factors.cpu_power, lane_host_cpu, boavizta_profile,
-- boavizta_constant.
with constant as (
    select
        max(value) filter (key = 'default_load') as default_load,
        max(value) filter (key = 'ram_w_per_gb') as ram_w_per_gb,
        max(value) filter (key = 'other_consumption_ratio') as other_consumption_ratio,
        max(value) filter (key = 'case_kg') + max(value) filter (key = 'motherboard_kg') + max(value) filter (key = 'assembly_kg')
        + max(value) filter (key = 'power_supplies') * max(value) filter (key = 'power_supply_weight_kg')
        * max(value) filter (key = 'power_supply_kg_per_kg') as chassis_kg,
        max(value) filter (key = 'cpu_base_kg') as cpu_base_kg,
        max(value) filter (key = 'cpu_die_kg_per_cm2') as cpu_die_kg_per_cm2,
        max(value) filter (key = 'cpu_die_extra_cm2') as cpu_die_extra_cm2,
        max(value) filter (key = 'cpu_die_cm2_per_core') as cpu_die_cm2_per_core,
        max(value) filter (key = 'ram_base_kg') / max(value) filter (key = 'ram_strip_gb')
        + max(value) filter (key = 'ram_die_kg_per_cm2') / max(value) filter (key = 'ram_gb_per_cm2') as ram_kg_per_gb,
        max(value) filter (key = 'ssd_die_kg_per_cm2') / max(value) filter (key = 'ssd_gb_per_cm2') as ssd_kg_per_gb,
        max(value) filter (key = 'life_hours') as life_hours
    from boavizta_constant
),

profile as (
    select
        max(value) filter (key = 'a') as a,
        max(value) filter (key = 'c') as c,
        max(value) filter (key = 'd') as d
    from boavizta_profile
),

found as (
    select
        m.*,
        coalesce(o.tdp_w, p.tdp_w) as tdp_w,
        m.host_sockets * coalesce(o.tdp_w, p.tdp_w) * m.vcpu / m.host_vcpu as share_tdp_w,
        p.cores_per_chip,
        case when m.usage_state = 'reserved_idle' then 0e0 else coalesce(m.cpu_load_pct / 100e0, k.default_load) end as load,
        k.*
    from machine_input as m
    inner join core.machine as h on h.factor_id = m.instance_ref
    inner join factors.cpu_power as p on p.microarch = m.microarch
    left join lane_host_cpu as o on o.provider = h.provider and o.family = h.family
    cross join constant as k
),

powered as (
    select
        f.*,
        r.a * ln(100e0 * f.load + r.c) + r.d as package_per_tdp,
        r.a * ln(100e0 * f.utilization + r.c) + r.d as package_per_tdp_at_default
    from found as f
    cross join profile as r
)

select
    p.basis,
    p.load,
    p.usage_state = 'used' and p.cpu_load_pct is not null as is_observed,
    p.tdp_w,
    p.accelerators,
    p.share_tdp_w,
    p.memory_gib,
    p.package_per_tdp,
    p.ram_w_per_gb,
    p.other_consumption_ratio,
    p.share_tdp_w * p.package_per_tdp * (1e0 + p.other_consumption_ratio) as compute_w,
    p.memory_gib * p.ram_w_per_gb * (1e0 + p.other_consumption_ratio) as memory_w,
    (p.share_tdp_w * p.package_per_tdp_at_default + p.memory_gib * p.ram_w_per_gb) * (1e0 + p.other_consumption_ratio)
        as w_at_default_utilization,
    (
        p.vcpu / p.host_vcpu * (
            p.chassis_kg
            + p.host_sockets * (
                (p.cores_per_chip * p.cpu_die_cm2_per_core + p.cpu_die_extra_cm2) * p.cpu_die_kg_per_cm2 + p.cpu_base_kg
            )
        )
        + p.memory_gib * p.ram_kg_per_gb
        + p.local_ssd_gb * p.ssd_kg_per_gb
    ) / p.life_hours as embodied_kg_co2e
from powered as p
