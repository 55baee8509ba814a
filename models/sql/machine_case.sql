-- The numbers of each machine as the central case takes them, and again with one group of them at its low or high end.
-- Grain: basis x leg x side; leg 'central' once. Reads: machine_input.
with leg as (
    select 'central' as leg, 'central' as side
    union all
    select l.leg, s.side
    from (
        select 'cpu' as leg
        union all select 'curve'
        union all select 'utilization'
        union all select 'memory'
        union all select 'host_overhead'
        union all select 'accelerator'
        union all select 'accelerator_utilization'
        union all select 'node_overhead'
        union all select 'server_base'
        union all select 'extra_socket'
        union all select 'dram'
        union all select 'ssd'
        union all select 'accelerator_kg'
        union all select 'lifetime'
    ) as l
    cross join (select 'low' as side union all select 'high') as s
)

select
    m.basis, m.method, l.leg, l.side,
    m.vcpu, m.memory_gib, m.included_gib, m.accelerators, m.local_ssd_gb, m.host_vcpu, m.host_sockets,
    case
        when l.leg = 'cpu' and l.side = 'low' then m.idle_w_per_vcpu_low
        when l.leg = 'cpu' and l.side = 'high' then m.idle_w_per_vcpu_high
        else m.idle_w_per_vcpu
    end as idle_w_per_vcpu,
    case
        when l.leg = 'cpu' and l.side = 'low' then m.full_w_per_vcpu_low
        when l.leg = 'cpu' and l.side = 'high' then m.full_w_per_vcpu_high
        else m.full_w_per_vcpu
    end as full_w_per_vcpu,
    case
        when l.leg = 'curve' and l.side = 'low' then m.curve_f10_low
        when l.leg = 'curve' and l.side = 'high' then m.curve_f10_high
        else m.curve_f10
    end as curve_f10,
    case
        when l.leg = 'curve' and l.side = 'low' then m.curve_f50_low
        when l.leg = 'curve' and l.side = 'high' then m.curve_f50_high
        else m.curve_f50
    end as curve_f50,
    case
        when l.leg = 'utilization' and l.side = 'low' then m.utilization_low
        when l.leg = 'utilization' and l.side = 'high' then m.utilization_high
        else m.utilization
    end as utilization,
    case
        when l.leg = 'memory' and l.side = 'low' then m.memory_idle_w_per_gib_low
        when l.leg = 'memory' and l.side = 'high' then m.memory_idle_w_per_gib_high
        else m.memory_idle_w_per_gib
    end as memory_idle_w_per_gib,
    case
        when l.leg = 'memory' and l.side = 'low' then m.memory_full_w_per_gib_low
        when l.leg = 'memory' and l.side = 'high' then m.memory_full_w_per_gib_high
        else m.memory_full_w_per_gib
    end as memory_full_w_per_gib,
    case
        when l.leg = 'host_overhead' and l.side = 'low' then m.host_overhead_low
        when l.leg = 'host_overhead' and l.side = 'high' then m.host_overhead_high
        else m.host_overhead
    end as host_overhead,
    case
        when l.leg = 'accelerator' and l.side = 'low' then m.accelerator_idle_w_low
        when l.leg = 'accelerator' and l.side = 'high' then m.accelerator_idle_w_high
        else m.accelerator_idle_w
    end as accelerator_idle_w,
    case
        when l.leg = 'accelerator' and l.side = 'low' then m.accelerator_busy_w_low
        when l.leg = 'accelerator' and l.side = 'high' then m.accelerator_busy_w_high
        else m.accelerator_busy_w
    end as accelerator_busy_w,
    case
        when l.leg = 'accelerator_utilization' and l.side = 'low' then m.accelerator_utilization_low
        when l.leg = 'accelerator_utilization' and l.side = 'high' then m.accelerator_utilization_high
        else m.accelerator_utilization
    end as accelerator_utilization,
    case
        when l.leg = 'node_overhead' and l.side = 'low' then m.node_overhead_w_low
        when l.leg = 'node_overhead' and l.side = 'high' then m.node_overhead_w_high
        else m.node_overhead_w
    end as node_overhead_w,
    case
        when l.leg = 'server_base' and l.side = 'low' then m.server_base_kg_low
        when l.leg = 'server_base' and l.side = 'high' then m.server_base_kg_high
        else m.server_base_kg
    end as server_base_kg,
    case
        when l.leg = 'extra_socket' and l.side = 'low' then m.extra_socket_kg_low
        when l.leg = 'extra_socket' and l.side = 'high' then m.extra_socket_kg_high
        else m.extra_socket_kg
    end as extra_socket_kg,
    case
        when l.leg = 'dram' and l.side = 'low' then m.dram_kg_per_gib_low
        when l.leg = 'dram' and l.side = 'high' then m.dram_kg_per_gib_high
        else m.dram_kg_per_gib
    end as dram_kg_per_gib,
    case
        when l.leg = 'ssd' and l.side = 'low' then m.ssd_kg_per_gb_low
        when l.leg = 'ssd' and l.side = 'high' then m.ssd_kg_per_gb_high
        else m.ssd_kg_per_gb
    end as ssd_kg_per_gb,
    case
        when l.leg = 'accelerator_kg' and l.side = 'low' then m.accelerator_kg_low
        when l.leg = 'accelerator_kg' and l.side = 'high' then m.accelerator_kg_high
        else m.accelerator_kg
    end as accelerator_kg,
    case
        when l.leg = 'lifetime' and l.side = 'low' then m.lifetime_years_low
        when l.leg = 'lifetime' and l.side = 'high' then m.lifetime_years_high
        else m.lifetime_years
    end as lifetime_years
from machine_input as m
cross join leg as l
