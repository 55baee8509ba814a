-- L2: every key=value of the run is among the tags of the resource's lines, and the billed time overlaps.
-- Grain: one row per run that fits any, with whether it is only one. Only runs that name no resource. Keys are compared without case and without the prefix that AWS
-- gives to user-defined tags (user: or user_).
with run_tag as (
    select tool, run_id, count(*) over (partition by tool, run_id) as pairs, tag.key as key, tag.value as value
    from (
        select tool, run_id, unnest(map_entries(tags)) as tag
        from run
        where resource_id is null and cardinality(tags) > 0
    ) as entry
),

set_tag as (
    select distinct tag_set_id, regexp_replace(lower(tag.key), '^user[:_]', '') as key, tag.value as value
    from (select tag_set_id, unnest(map_entries(tags)) as tag from core.tag_set) as entry
),

fitting_set as (
    select r.tool, r.run_id, t.tag_set_id
    from run_tag as r
    inner join set_tag as t on t.key = regexp_replace(lower(r.key), '^user[:_]', '') and t.value = r.value
    group by r.tool, r.run_id, r.pairs, t.tag_set_id
    having count(distinct t.key) = r.pairs
),

tagged as (
    select distinct s.provider, u.resource_id, u.tag_set_id
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    where u.resource_id is not null and u.tag_set_id in (select tag_set_id from fitting_set)
)

select
    r.tool,
    r.run_id,
    min(s.provider) as provider,
    min(s.resource_id) as resource_id,
    min(s.resource_id) = max(s.resource_id) and min(s.provider) = max(s.provider) as is_single,
    list_sort(list_distinct(min(s.resource_id, 10))) as shown
from fitting_set as f
inner join run as r on r.tool = f.tool and r.run_id = f.run_id
inner join tagged as t on t.tag_set_id = f.tag_set_id
inner join resource_span as s on s.provider = t.provider and s.resource_id = t.resource_id
where
    s.span_start < r.ended_at
    and s.span_end > r.started_at
    and coalesce(s.region_id = r.region_id, true)
group by r.tool, r.run_id
