-- L1: the log or a mapping names the resource, and the billed time overlaps. Grain: one row per run that fits any, with whether it is only one.
-- An ARN or a path and the bare id at its end are the same resource; the whole id stands before the end of one.
with named as (
    select r.tool, r.run_id, s.provider, s.resource_id, s.span_start, s.span_end, r.started_at, r.ended_at, 1 as place
    from run as r
    inner join resource_span as s on s.resource_id = r.resource_id
    union all
    select r.tool, r.run_id, s.provider, s.resource_id, s.span_start, s.span_end, r.started_at, r.ended_at, 2
    from run as r
    inner join resource_span as s on s.resource_tail = r.resource_id and s.resource_id <> r.resource_id
    union all
    select r.tool, r.run_id, s.provider, s.resource_id, s.span_start, s.span_end, r.started_at, r.ended_at, 2
    from run as r
    inner join resource_span as s on s.resource_id = r.resource_tail and s.resource_id <> r.resource_id
),

first_place as (
    select *
    from named
    where span_start < ended_at and span_end > started_at
    qualify place = min(place) over (partition by tool, run_id)
)

select
    tool,
    run_id,
    min(provider) as provider,
    min(resource_id) as resource_id,
    min(resource_id) = max(resource_id) and min(provider) = max(provider) as is_single,
    list_sort(list_distinct(min(resource_id, 10))) as shown
from first_place
group by tool, run_id
