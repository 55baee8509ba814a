-- Power by load: between the published points on a straight line. Grain: utilization, each that a wanted machine is asked at.
-- Reads: machine_input, teads_load, teads_constant.
with point as (
    select load_pct / 100e0 as utilization, package_per_tdp, ram_w_per_gb from teads_load
),

segment as (
    select
        utilization as from_utilization,
        lead(utilization) over (order by utilization) as to_utilization,
        package_per_tdp as from_package,
        lead(package_per_tdp) over (order by utilization) as to_package,
        ram_w_per_gb as from_ram,
        lead(ram_w_per_gb) over (order by utilization) as to_ram
    from point
),

asked as (
    select value as utilization from teads_constant where key = 'default_load'
    union
    select utilization from point
    union
    select utilization from machine_input
    union
    select accelerator_utilization from machine_input
)

select
    a.utilization,
    s.from_package + (a.utilization - s.from_utilization) / (s.to_utilization - s.from_utilization)
    * (s.to_package - s.from_package) as package_per_tdp,
    s.from_ram + (a.utilization - s.from_utilization) / (s.to_utilization - s.from_utilization)
    * (s.to_ram - s.from_ram) as ram_w_per_gb
from asked as a
inner join segment as s
    on a.utilization >= s.from_utilization
    and (a.utilization < s.to_utilization or (a.utilization = 1e0 and s.to_utilization = 1e0))
