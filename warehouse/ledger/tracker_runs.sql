-- Runs as trackers logged them, after de-duplication. Grain: one row per tool and run_id.
-- flush() and stop() write cumulative rows under one run_id: the longest stands, they are never summed.
-- A run row in task mode carries the last task's duration only: the sum of its tasks takes its place.
with ranked as (
    select
        r.*,
        coalesce(r.run_id, 'unit-' || r.unit_id || '-row-' || r.row_number) as run_key,
        row_number() over (
            partition by r.tool, coalesce(r.run_id, 'unit-' || r.unit_id || '-row-' || r.row_number), r.row_kind
            order by r.duration_s desc nulls last, r.it_energy_kwh desc nulls last, r.unit_id, r.row_number
        ) as rank_in_run,
        count(*) over (
            partition by r.tool, coalesce(r.run_id, 'unit-' || r.unit_id || '-row-' || r.row_number), r.row_kind
        ) as rows_of_run
    from core.tracker_run as r
),

tasks as (
    select
        tool,
        run_id,
        sum(duration_s::decimal(38, 15))::double as duration_s,
        count(*) as tasks
    from (
        select distinct tool, run_id, task_name, duration_s, ended_at
        from core.tracker_run
        where row_kind = 'task'
    ) as distinct_tasks
    group by all
)

select
    r.tool,
    r.tool_version,
    r.run_key as run_id,
    r.project_name,
    r.experiment_id,
    r.ended_at - to_microseconds((greatest(r.duration_s, coalesce(t.duration_s, r.duration_s)) * 1e6)::bigint) as started_at,
    r.ended_at,
    greatest(r.duration_s, coalesce(t.duration_s, r.duration_s)) as duration_s,
    r.cpu_it_energy_kwh,
    r.gpu_it_energy_kwh,
    r.ram_it_energy_kwh,
    r.it_energy_kwh,
    r.tracker_pue,
    r.tracker_kg_co2e,
    r.provider,
    r.region_id,
    r.country_iso3,
    r.resource_id,
    r.tags,
    r.os,
    r.cpu_model,
    r.cpu_count,
    r.ram_total_gib,
    r.gpu_model,
    r.gpu_count,
    r.tracking_mode,
    r.grade,
    r.grade_reason,
    r.flags,
    r.rows_of_run::integer as rows_collapsed,
    coalesce(t.tasks, 0)::integer as tasks,
    r.timezone,
    r.unit_id
from ranked as r
left join tasks as t on t.tool = r.tool and t.run_id = r.run_id
where r.row_kind = 'run' and r.rank_in_run = 1
