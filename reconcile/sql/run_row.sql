-- Tracker and model side by side, with the verdict. Grain: one row per run.
-- What is compared is IT energy of the same parts: without a GPU part in the log the accelerators are left out.
with resource as (
    select
        provider,
        resource_id,
        date_trunc('month', slot_start) as month,
        max(sub_account_id) as sub_account_id,
        max(region_id) as region_id,
        max(instance_type) as instance_type,
        sum(machine_h::decimal(38, 15))::double as billed_h
    from slot
    group by provider, resource_id, date_trunc('month', slot_start)
),

joined as (
    select
        r.*,
        m.match_level,
        m.match_reason,
        m.provider as billed_provider,
        m.resource_id as billed_resource_id,
        s.sub_account_id,
        s.region_id as billed_region_id,
        s.instance_type,
        s.billed_h,
        o.overlap_start,
        o.overlap_end,
        o.overlap_h,
        o.effective_cost,
        o.billing_currency,
        o.accelerator_kwh > 0e0 and r.gpu_it_energy_kwh <= 0e0 as is_without_boards,
        o.host_kwh + case when r.gpu_it_energy_kwh > 0e0 then o.accelerator_kwh else 0e0 end as model_kwh,
        o.host_kwh + o.accelerator_kwh as all_kwh,
        o.low_kwh,
        o.high_kwh,
        r.it_energy_kwh * o.overlap_h / nullif(r.run_h, 0e0) as tracker_kwh,
        b.low as band_low,
        b.high as band_high,
        case
            when m.match_level not in ('L1', 'L2', 'L3') then m.match_reason
            when o.overlap_h is null then 'the run has no length'
            when r.tracking_mode = 'process' then 'process mode measures one process, the bill a whole machine'
            when coalesce(r.it_energy_kwh, 0e0) <= 0e0 then 'the log has no energy'
            when list_contains(r.flags, 'duration_of_last_task') and r.tasks = 0
                then 'the log has the length of the last task only, and no task file'
            when r.cpu_count > i.vcpu
                then concat('the tracker saw ', r.cpu_count, ' processors, the billed ', s.instance_type, ' has ', i.vcpu::integer, ': it measured a host beyond the bill')
            when r.ram_total_gib > 1.1e0 * i.memory_gib
                then concat('the tracker saw ', round(r.ram_total_gib, 1), ' GiB of memory, the billed ', s.instance_type, ' has ', round(i.memory_gib, 1), ': it measured a host beyond the bill')
            when r.gpu_it_energy_kwh > 0e0 and o.accelerator_kwh = 0e0
                then concat('the tracker measured a GPU, and the billed ', s.instance_type, ' has none')
            when o.host_kwh <= 0e0 then 'the model has no energy over the overlap'
            when b.grade is null then concat('grade ', coalesce(r.grade, '(none)'), ': ', coalesce(r.grade_reason, 'how the tracker measured is not known'))
        end as why_not
    from run as r
    inner join run_match as m on m.tool = r.tool and m.run_id = r.run_id
    left join run_overlap as o on o.tool = r.tool and o.run_id = r.run_id
    left join resource as s
        on s.provider = m.provider and s.resource_id = m.resource_id and s.month = date_trunc('month', o.overlap_start)
    left join core.machine as i on i.provider = m.provider and i.instance_type = s.instance_type
    left join verdict_bands as b on b.comparison = 'run' and b.grade = r.grade
),

marked as ( -- whole-host runs that overlap on one resource
    select
        *,
        billed_resource_id is not null and tracking_mode = 'machine' and overlap_h is not null as is_whole_host,
        max(ended_at) over same_host as busy_until
    from joined
    window same_host as (
        partition by billed_provider, billed_resource_id, tracking_mode
        order by started_at, ended_at, run_id rows between unbounded preceding and 1 preceding
    )
),

numbered as (
    select
        *,
        sum(case when started_at < busy_until then 0 else 1 end) over (
            partition by billed_provider, billed_resource_id, tracking_mode
            order by started_at, ended_at, run_id rows unbounded preceding
        ) as island
    from marked
),

grouped as (
    select
        *,
        case when is_whole_host then count(*) over island_runs end as runs_in_group,
        first_value(run_id) over (island_runs order by started_at, ended_at, run_id) as first_run_id,
        row_number() over (island_runs order by why_not is not null, grade, overlap_h desc, run_id) as place_in_group,
        first_value(run_id) over (island_runs order by why_not is not null, grade, overlap_h desc, run_id) as counted_run_id
    from numbered
    window island_runs as (partition by billed_provider, billed_resource_id, tracking_mode, is_whole_host, island)
),

judged as (
    select
        g.*,
        g.tracker_kwh / nullif(g.model_kwh, 0e0) as raw_ratio,
        g.model_kwh * g.low_kwh / nullif(g.all_kwh, 0e0) as model_low,
        g.model_kwh * g.high_kwh / nullif(g.all_kwh, 0e0) as model_high
    from grouped as g
)

select
    tool,
    run_id,
    match_level,
    match_reason,
    billed_provider as provider,
    sub_account_id,
    billed_region_id as region_id,
    billed_resource_id as resource_id,
    instance_type,
    overlap_start,
    overlap_end,
    overlap_h,
    run_h,
    billed_h,
    it_energy_kwh as run_it_energy_kwh,
    tracker_kwh as tracker_it_energy_kwh,
    model_kwh as model_it_energy_kwh,
    model_low as model_it_energy_kwh_low,
    model_high as model_it_energy_kwh_high,
    case
        when model_kwh is null then null
        when is_without_boards then 'processor and memory'
        when gpu_it_energy_kwh > 0e0 then 'processor, memory and GPU'
        else 'processor and memory'
    end as compared_parts,
    case when why_not is null then raw_ratio end as ratio,
    case when why_not is null then band_low end as band_low,
    case when why_not is null then band_high end as band_high,
    effective_cost,
    billing_currency,
    grade,
    case when runs_in_group > 1 then first_run_id end as run_group,
    coalesce(is_whole_host and place_in_group = 1 and why_not is null, false) as is_counted,
    case
        when why_not is not null then 'not_comparable'
        when raw_ratio < band_low then 'tracker_low'
        when raw_ratio > band_high then 'tracker_high'
        else 'consistent'
    end as verdict,
    concat_ws(
        '; ',
        coalesce(
            why_not,
            concat(
                'tracker over model ', round(raw_ratio, 2), ', expected ', band_low, ' to ', band_high, ' for grade ', grade,
                case when tracker_kwh between model_low and model_high then ', inside' else ', outside' end,
                ' the model''s own 90 % interval'
            )
        ),
        case when is_without_boards then 'the log has no GPU part, so the accelerators are left out' end,
        case when overlap_h < 0.999e0 * run_h then concat(round(run_h - overlap_h, 2), ' of ', round(run_h, 2), ' h of the run are not billed') end,
        case when run_h is not null and tracker_pue is null then 'the log has no PUE, so its energy is taken as IT energy' end,
        case when overlap_h is not null and billing_currency is null then 'cost over several currencies is not summed' end,
        case when runs_in_group > 1 and place_in_group > 1 and why_not is null then concat('measured the same machine as ', counted_run_id, ', which counts in sums') end
    ) as reason
from judged
