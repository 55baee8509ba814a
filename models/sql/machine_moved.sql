-- IT energy and embodied carbon of one hour of each machine, and with one number at a time at its low or high end.
-- Grain: basis x leg x side, as machine_case. Reads: machine_case. Energy in kWh, embodied in kg CO2e; ratios are over the
-- central result. The formulas are models/power.py.
with loaded as ( -- the share of the span from idle to full power
    select
        c.*,
        case
            when c.utilization <= 0.1e0 then c.utilization / 0.1e0 * c.curve_f10
            when c.utilization <= 0.5e0 then c.curve_f10 + (c.utilization - 0.1e0) / 0.4e0 * (c.curve_f50 - c.curve_f10)
            else c.curve_f50 + (c.utilization - 0.5e0) / 0.5e0 * (1e0 - c.curve_f50)
        end as load_share
    from machine_case as c
),

powered as (
    select
        l.basis, l.leg, l.side,
        case
            when l.method = 'cpu_surplus' then l.vcpu * (l.full_w_per_vcpu - l.idle_w_per_vcpu) * l.host_overhead
            else l.vcpu * (l.idle_w_per_vcpu + l.load_share * (l.full_w_per_vcpu - l.idle_w_per_vcpu)) * l.host_overhead
        end / 1000e0 as compute_kwh,
        greatest(l.memory_gib - l.included_gib, 0e0)
        * (l.memory_idle_w_per_gib + l.utilization * (l.memory_full_w_per_gib - l.memory_idle_w_per_gib))
        * l.host_overhead / 1000e0 as memory_kwh,
        l.accelerators * (
            l.accelerator_idle_w + l.accelerator_utilization * (l.accelerator_busy_w - l.accelerator_idle_w)
            + l.node_overhead_w
        ) / 1000e0 as accelerator_kwh,
        case
            when l.method = 'cpu_surplus' then 0e0
            else (
                l.vcpu / l.host_vcpu
                * (l.server_base_kg + (l.host_sockets - 1e0) * l.extra_socket_kg)
                + l.memory_gib * l.dram_kg_per_gib
                + l.local_ssd_gb * l.ssd_kg_per_gb
                + l.accelerators * l.accelerator_kg
            ) / (l.lifetime_years * 8760e0)
        end as embodied_kg_co2e
    from loaded as l
)

select
    p.basis, p.leg, p.side,
    c.compute_kwh, c.memory_kwh, c.accelerator_kwh,
    c.compute_kwh + c.memory_kwh + c.accelerator_kwh as it_energy_kwh,
    c.embodied_kg_co2e,
    (p.compute_kwh + p.memory_kwh + p.accelerator_kwh)
    / nullif(c.compute_kwh + c.memory_kwh + c.accelerator_kwh, 0e0) as it_ratio,
    p.embodied_kg_co2e / nullif(c.embodied_kg_co2e, 0e0) as embodied_ratio
from powered as p
inner join powered as c on c.basis = p.basis and c.leg = 'central'
