-- Every number of the machine model, with its low and high. Grain: as machine_found, those with a machine.
-- Watts are per vCPU as sold: a vCPU that is a whole core draws what its threads draw together. Utilization is a share.
-- Reads: wanted, core.sku, core.sku_class, machine_found, factors.cpu_power, factors.accelerator_power, core.coefficient_in_force,
-- core.setting.
with coefficient as (
    select key, factor_id, low, central, high from core.coefficient_in_force
),

found as (
    select
        f.*,
        case when f.vcpu_is = 'core' then p.threads_per_core else 1e0 end as threads, -- per vCPU
        case when f.usage_state = 'reserved_idle' then 0e0 else 1e0 end as active
    from machine_found as f
    inner join factors.cpu_power as p on p.microarch = f.microarch
),

seen as ( -- the load of each basis, where it is of observed hours
    select distinct c.basis, s.cpu_load_pct, s.accelerator_load_pct
    from wanted as w
    inner join core.sku_class as c on c.sku_id = w.sku_id
    inner join core.sku as s on s.sku_id = w.sku_id
    where c.method <> 'coefficient'
)

select
    m.basis,
    m.provider,
    m.method,
    m.hardware,
    m.resolved_as,
    m.rung,
    m.usage_state,
    seen.cpu_load_pct,
    seen.accelerator_load_pct,
    m.microarch,
    m.scale,
    m.instance_vcpu,
    m.instance_memory_gib,
    m.vcpu,
    m.memory_gib,
    m.threads,
    p.gb_per_chip / (p.cores_per_chip * p.threads_per_core) as gib_per_thread,
    case when m.method = 'instance_memory' then m.instance_vcpu / m.instance_memory_gib else m.vcpu end
    * m.threads * p.gb_per_chip / (p.cores_per_chip * p.threads_per_core) as included_gib,
    m.accelerator,
    m.accelerators,
    m.local_ssd_gb,
    m.host_vcpu,
    m.host_sockets,
    p.idle_w_per_thread,
    p.full_w_per_thread,
    m.threads * p.idle_w_per_thread_low as idle_w_per_vcpu_low,
    m.threads * p.idle_w_per_thread as idle_w_per_vcpu,
    m.threads * p.idle_w_per_thread_high as idle_w_per_vcpu_high,
    m.threads * p.full_w_per_thread_low as full_w_per_vcpu_low,
    m.threads * p.full_w_per_thread as full_w_per_vcpu,
    m.threads * p.full_w_per_thread_high as full_w_per_vcpu_high,
    f10.low as curve_f10_low,
    p.curve_f10,
    f10.high as curve_f10_high,
    f50.low as curve_f50_low,
    p.curve_f50,
    f50.high as curve_f50_high,
    m.active * coalesce(seen.cpu_load_pct, burst.low, load.low) / 100e0 as utilization_low,
    m.active * coalesce(seen.cpu_load_pct, burst.central, load.central) / 100e0 as utilization,
    m.active * coalesce(seen.cpu_load_pct, burst.high, load.high) / 100e0 as utilization_high,
    memory_idle.low as memory_idle_w_per_gib_low,
    memory_idle.central as memory_idle_w_per_gib,
    memory_idle.high as memory_idle_w_per_gib_high,
    memory_full.low as memory_full_w_per_gib_low,
    memory_full.central as memory_full_w_per_gib,
    memory_full.high as memory_full_w_per_gib_high,
    uplift.low as host_overhead_low,
    uplift.central as host_overhead,
    uplift.high as host_overhead_high,
    case when m.accelerators > 0e0 then a.idle_w_low else 0e0 end as accelerator_idle_w_low,
    case when m.accelerators > 0e0 then a.idle_w else 0e0 end as accelerator_idle_w,
    case when m.accelerators > 0e0 then a.idle_w_high else 0e0 end as accelerator_idle_w_high,
    case when m.accelerators > 0e0 then a.busy_w_low else 0e0 end as accelerator_busy_w_low,
    case when m.accelerators > 0e0 then a.busy_w else 0e0 end as accelerator_busy_w,
    case when m.accelerators > 0e0 then a.busy_w_high else 0e0 end as accelerator_busy_w_high,
    m.active * coalesce(seen.accelerator_load_pct, board_load.low) / 100e0 as accelerator_utilization_low,
    m.active * coalesce(seen.accelerator_load_pct, board_load.central) / 100e0 as accelerator_utilization,
    m.active * coalesce(seen.accelerator_load_pct, board_load.high) / 100e0 as accelerator_utilization_high,
    case when m.accelerators > 0e0 then node.low else 0e0 end as node_overhead_w_low,
    case when m.accelerators > 0e0 then node.central else 0e0 end as node_overhead_w,
    case when m.accelerators > 0e0 then node.high else 0e0 end as node_overhead_w_high,
    base.low as server_base_kg_low,
    base.central as server_base_kg,
    base.high as server_base_kg_high,
    socket.low as extra_socket_kg_low,
    socket.central as extra_socket_kg,
    socket.high as extra_socket_kg_high,
    dram.low as dram_kg_per_gib_low,
    dram.central as dram_kg_per_gib,
    dram.high as dram_kg_per_gib_high,
    ssd.low as ssd_kg_per_gb_low,
    ssd.central as ssd_kg_per_gb,
    ssd.high as ssd_kg_per_gb_high,
    case when m.accelerators > 0e0 then a.embodied_kg_co2e_low else 0e0 end as accelerator_kg_low,
    case when m.accelerators > 0e0 then a.embodied_kg_co2e else 0e0 end as accelerator_kg,
    case when m.accelerators > 0e0 then a.embodied_kg_co2e_high else 0e0 end as accelerator_kg_high,
    -- a life of one's own choice is the central value; the ends stay those of the set, and hold it
    least(life.low, coalesce(try_cast(chosen.value as double), life.low)) as lifetime_years_low,
    coalesce(try_cast(chosen.value as double), life.central) as lifetime_years,
    greatest(life.high, coalesce(try_cast(chosen.value as double), life.high)) as lifetime_years_high,
    try_cast(chosen.value as double) is not null as lifetime_is_configured,
    m.instance_ref,
    p.factor_id as cpu_ref,
    a.factor_id as accelerator_ref,
    node.factor_id as node_ref,
    f10.factor_id as f10_ref,
    f50.factor_id as f50_ref,
    case when m.active > 0e0 and seen.cpu_load_pct is null then coalesce(burst.factor_id, load.factor_id) end as utilization_ref,
    case when m.active > 0e0 and m.accelerators > 0e0 and seen.accelerator_load_pct is null then board_load.factor_id end as accelerator_utilization_ref,
    memory_idle.factor_id as memory_idle_ref,
    memory_full.factor_id as memory_full_ref,
    uplift.factor_id as host_overhead_ref,
    base.factor_id as server_base_ref,
    case when m.host_sockets > 1e0 then socket.factor_id end as extra_socket_ref,
    dram.factor_id as dram_ref,
    case when m.local_ssd_gb > 0e0 then ssd.factor_id end as ssd_ref,
    life.factor_id as lifetime_ref
from found as m
inner join seen on seen.basis = m.basis
inner join factors.cpu_power as p on p.microarch = m.microarch
left join factors.accelerator_power as a on a.accelerator = m.accelerator
left join coefficient as node on node.key = a.node_overhead_key
left join coefficient as f10 on f10.key = 'compute.curve_f10'
left join coefficient as f50 on f50.key = 'compute.curve_f50'
left join coefficient as load on load.key = 'compute.cpu_utilisation_unknown'
left join coefficient as burst on burst.key = concat('compute.burst_baseline.', m.resolved_as)
left join coefficient as board_load on board_load.key = 'compute.gpu_utilisation_unknown'
left join coefficient as memory_idle on memory_idle.key = 'memory.power_idle'
left join coefficient as memory_full on memory_full.key = 'memory.power_heavy'
left join coefficient as uplift on uplift.key = 'compute.host_overhead_uplift'
left join coefficient as base on base.key = 'embodied.server_base'
left join coefficient as socket on socket.key = 'embodied.cpu_extra'
left join coefficient as dram on dram.key = 'embodied.dram'
left join coefficient as ssd on ssd.key = 'embodied.ssd'
left join coefficient as life
    on life.key = case when m.accelerators > 0 then 'embodied.lifetime_ai' else 'embodied.lifetime' end
left join core.setting as chosen
    on chosen.key = case when m.accelerators > 0 then 'accelerated_server_life_years' else 'server_life_years' end
