-- L3: the processors, memory and accelerators that the tracker saw are those of a machine type, and a resource of such a
-- type is billed in the run's region (or country, where the log has no region) while it ran. Only runs that nothing else places.
-- Grain: one row per run that fits any, with whether it is only one. Trackers see GPUs and no other accelerators.
with open_run as (
    select r.*
    from run as r
    left join run_by_tags as t on t.tool = r.tool and t.run_id = r.run_id
    where r.resource_id is null and t.run_id is null and r.cpu_count > 0 and r.ram_total_gib > 0e0
),

fingerprint as (
    select distinct cpu_count, ram_total_gib, gpu_model, gpu_count
    from open_run
),

machine as (
    select
        i.provider,
        i.instance_type,
        i.vcpu,
        i.memory_gib,
        case when a.kind = 'gpu' then i.accelerator_count else 0e0 end as gpus,
        case when a.kind = 'gpu' then regexp_extract(upper(i.accelerator), '\b[A-Z]*[0-9]+[A-Z]*\b') end as gpu_chip -- A100, T4, H200
    from core.machine as i
    left join factors.accelerator_power as a on a.accelerator = i.accelerator
),

fitting_type as (
    select f.cpu_count, f.ram_total_gib, f.gpu_model, f.gpu_count, m.provider, m.instance_type
    from fingerprint as f
    inner join machine as m
        on m.vcpu = f.cpu_count
        and f.ram_total_gib between 0.9e0 * m.memory_gib and 1.1e0 * m.memory_gib
        and m.gpus = f.gpu_count
        and (
            f.gpu_count = 0
            or list_contains(string_split_regex(upper(f.gpu_model), '[^A-Z0-9]+'), m.gpu_chip)
        )
)

select
    r.tool,
    r.run_id,
    min(s.provider) as provider,
    min(s.resource_id) as resource_id,
    min(s.resource_id) = max(s.resource_id) and min(s.provider) = max(s.provider) as is_single,
    list_sort(list_distinct(min(s.resource_id, 10))) as shown
from open_run as r
inner join fitting_type as f
    on f.cpu_count = r.cpu_count
    and f.ram_total_gib = r.ram_total_gib
    and f.gpu_model is not distinct from r.gpu_model
    and f.gpu_count = r.gpu_count
inner join resource_span as s on s.provider = f.provider and s.instance_type = f.instance_type
left join factors.region as g on g.provider = s.provider and g.region_id = s.region_id
where
    s.span_start < r.ended_at
    and s.span_end > r.started_at
    and coalesce(r.provider = s.provider, true)
    and case when r.region_id is null then g.country_iso3 = r.country_iso3 else s.region_id = r.region_id end
group by r.tool, r.run_id
