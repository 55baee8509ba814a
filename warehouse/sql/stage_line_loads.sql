-- How the observed hours of the lines of some bills mix the nodes of the power curves.
-- Grain: line x load of CPU x load of accelerators. Reads: core.usage, core.sku, core.utilization. Parameter: unit_ids.
-- An hour counts as one of the hours that the line bills; where the unit is an hour these can be fewer than its period has.
-- An hour delivered several times counts with its mean. Lines that are not billed by time have no load.
create or replace temp table staged_line_load as
with observed as (
    select
        resource_id,
        hour_start,
        (sum(utilization::decimal(38, 15)) filter (metric = 'cpu')::double / count(*) filter (metric = 'cpu')) as cpu,
        (sum(utilization::decimal(38, 15)) filter (metric = 'gpu')::double / count(*) filter (metric = 'gpu')) as accelerator
    from core.utilization
    group by resource_id, hour_start
),

line as (
    select
        u.line_id, u.unit_id, u.sku_id, u.resource_id,
        generate_series(
            date_trunc('hour', u.charge_period_start),
            coalesce(u.charge_period_end, u.charge_period_start + interval 1 hour) - interval 1 microsecond,
            interval 1 hour
        ) as hours,
        case
            when regexp_full_match(lower(s.consumed_unit), '(1 )?(h|hrs?|hours?)')
                then least(abs(u.consumed_quantity), len(hours)::double)
            else len(hours)::double
        end as billed_h
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    where
        u.unit_id in (select unnest($unit_ids::bigint[]))
        and u.resource_id in (select resource_id from core.utilization)
        and u.consumed_quantity <> 0e0
        and coalesce(regexp_matches(lower(s.consumed_unit), 'hr|hour|second|^h$'), true)
),

line_hour as (
    select
        l.line_id, l.unit_id, l.sku_id, l.billed_h, o.cpu, o.accelerator,
        count(*) over (partition by l.line_id) as observed_h
    from (select *, unnest(hours) as hour_start from line) as l
    inner join observed as o on o.resource_id = l.resource_id and o.hour_start = l.hour_start
),

weighed as ( -- each hour between the two nodes beside its load
    select
        l.*, c.pct as cpu_load_pct, a.pct as accelerator_load_pct,
        case
            when l.cpu is null then 1e0
            when c.pct = 0 then greatest(1e0 - l.cpu / 0.1e0, 0e0)
            when c.pct = 10 then case when l.cpu <= 0.1e0 then l.cpu / 0.1e0 else greatest((0.5e0 - l.cpu) / 0.4e0, 0e0) end
            when c.pct = 50 then
                case when l.cpu <= 0.5e0 then greatest((l.cpu - 0.1e0) / 0.4e0, 0e0) else (1e0 - l.cpu) / 0.5e0 end
            else greatest((l.cpu - 0.5e0) / 0.5e0, 0e0)
        end as cpu_weight,
        case when l.accelerator is null then 1e0 when a.pct = 0 then 1e0 - l.accelerator else l.accelerator end as accelerator_weight
    from line_hour as l
    inner join (values (null), (0), (10), (50), (100)) as c (pct) on (c.pct is null) = (l.cpu is null)
    inner join (values (null), (0), (100)) as a (pct) on (a.pct is null) = (l.accelerator is null)
)

select
    line_id,
    unit_id,
    sku_id as base_sku_id,
    (md5_number_lower(concat(sku_id, '/', coalesce(cpu_load_pct, -1), '/', coalesce(accelerator_load_pct, -1))) >> 1)::bigint
        as sku_id,
    cpu_load_pct,
    accelerator_load_pct,
    sum((cpu_weight * accelerator_weight)::decimal(38, 15))::double / greatest(billed_h, observed_h::double) as share
from weighed
where cpu_weight * accelerator_weight > 0e0
group by line_id, unit_id, base_sku_id, cpu_load_pct, accelerator_load_pct, billed_h, observed_h
