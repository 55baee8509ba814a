-- Runs as trackers logged them, after de-duplication. Grain: one row per tool and run_id.
-- flush() and stop() write cumulative rows under one run_id: the longest stands, they are never summed.
-- A run row in task mode carries the last task's duration only: the sum of its tasks takes its place. A run of which only
-- the task file is there is the sum of its tasks.
with keyed as (
    select
        r.*,
        coalesce(r.run_id, 'unit-' || r.unit_id || '-row-' || r.row_number) as run_key
    from core.tracker_run as r
),

ranked as (
    select
        k.*,
        row_number() over (
            partition by k.tool, k.run_key
            order by
                k.row_kind <> 'run',
                case when k.row_kind = 'run' then k.duration_s end desc nulls last,
                case when k.row_kind = 'run' then k.it_energy_kwh end desc nulls last,
                k.ended_at desc nulls last,
                k.unit_id,
                k.row_number
        ) as rank_in_run,
        count(*) over (partition by k.tool, k.run_key, k.row_kind) as rows_of_run
    from keyed as k
),

tasks as (
    select
        tool,
        run_key,
        count(*) as tasks,
        sum(duration_s::decimal(38, 15))::double as duration_s,
        sum(cpu_it_energy_kwh::decimal(38, 15))::double as cpu_it_energy_kwh,
        sum(gpu_it_energy_kwh::decimal(38, 15))::double as gpu_it_energy_kwh,
        sum(ram_it_energy_kwh::decimal(38, 15))::double as ram_it_energy_kwh,
        sum(it_energy_kwh::decimal(38, 15))::double as it_energy_kwh,
        sum(tracker_kg_co2e::decimal(38, 15))::double as tracker_kg_co2e
    from ( -- copies of a task file and rows rewritten at a flush count once
        select
            tool, run_key, task_name, duration_s, ended_at,
            cpu_it_energy_kwh, gpu_it_energy_kwh, ram_it_energy_kwh, it_energy_kwh, tracker_kg_co2e
        from keyed
        where row_kind = 'task'
        group by all
    ) as distinct_tasks
    group by tool, run_key
),

run as (
    select
        r.tool,
        r.tool_version,
        r.run_key as run_id,
        r.project_name,
        r.experiment_id,
        r.ended_at - to_microseconds((greatest(r.duration_s, coalesce(t.duration_s, r.duration_s)) * 1e6)::bigint) as started_at,
        r.ended_at,
        greatest(r.duration_s, coalesce(t.duration_s, r.duration_s)) as duration_s,
        case when r.row_kind = 'run' then r.cpu_it_energy_kwh else t.cpu_it_energy_kwh end as cpu_it_energy_kwh,
        case when r.row_kind = 'run' then r.gpu_it_energy_kwh else t.gpu_it_energy_kwh end as gpu_it_energy_kwh,
        case when r.row_kind = 'run' then r.ram_it_energy_kwh else t.ram_it_energy_kwh end as ram_it_energy_kwh,
        case when r.row_kind = 'run' then r.it_energy_kwh else t.it_energy_kwh end as it_energy_kwh,
        r.tracker_pue,
        case when r.row_kind = 'run' then r.tracker_kg_co2e else t.tracker_kg_co2e end as tracker_kg_co2e,
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
        r.unit_id,
        coalesce(
            r.resource_id,
            concat_ws(' ', r.os, r.cpu_model, r.cpu_count, round(r.ram_total_gib, 1), r.gpu_model, r.gpu_count)
        ) as host
    from ranked as r
    left join tasks as t on t.tool = r.tool and t.run_key = r.run_key
    where r.rank_in_run = 1
),

marked as ( -- a run that starts before all earlier ones of its host have ended overlaps one of them
    select
        *,
        tracking_mode = 'machine' and started_at is not null and host <> '' as is_whole_host,
        max(ended_at) over (
            partition by host, tracking_mode
            order by started_at, ended_at, run_id rows between unbounded preceding and 1 preceding
        ) as busy_until
    from run
),

numbered as (
    select
        *,
        sum(case when started_at < busy_until then 0 else 1 end) over (
            partition by host, tracking_mode
            order by started_at, ended_at, run_id rows unbounded preceding
        ) as island
    from marked
)

select
    tool,
    tool_version,
    run_id,
    project_name,
    experiment_id,
    started_at,
    ended_at,
    duration_s,
    cpu_it_energy_kwh,
    gpu_it_energy_kwh,
    ram_it_energy_kwh,
    it_energy_kwh,
    tracker_pue,
    tracker_kg_co2e,
    provider,
    region_id,
    country_iso3,
    resource_id,
    tags,
    os,
    cpu_model,
    cpu_count,
    ram_total_gib,
    gpu_model,
    gpu_count,
    tracking_mode,
    grade,
    grade_reason,
    flags,
    rows_collapsed,
    tasks,
    case
        when is_whole_host and count(*) over (partition by host, tracking_mode, island) > 1
            then first_value(run_id) over (partition by host, tracking_mode, island order by started_at, ended_at, run_id)
    end as run_group,
    timezone,
    unit_id
from numbered
