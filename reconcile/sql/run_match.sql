-- The billed resource of each run, or why there is none. Grain: one row per run.
with fitting as (
    select *, 1 as level from run_by_id
    union all
    select *, 2 from run_by_tags
    union all
    select *, 3 from run_by_hardware
),

billed as (
    select distinct regexp_extract(resource_id, '[^/:]+$') as resource_tail
    from core.usage
    where regexp_extract(resource_id, '[^/:]+$') in (select resource_tail from run where resource_id is not null)
)

select
    r.tool,
    r.run_id,
    case
        when c.is_single then concat('L', c.level)
        when c.level is not null then 'L4'
        else 'L5'
    end as match_level,
    case when c.is_single then c.provider end as provider,
    case when c.is_single then c.resource_id end as resource_id,
    case
        when not c.is_single then
            concat(
                'several billed resources fit by ', ['resource id', 'tags', 'hardware and place'][c.level], ': ',
                array_to_string(c.shown[1:5], ', '), case when len(c.shown) > 5 then ' and more' else '' end
            )
        when c.level = 1 then 'the log names the resource, and its billed time overlaps'
        when c.level = 2 then 'every tag of the run is on the resource''s lines, and the billed time overlaps'
        when c.level = 3 then 'one billed resource has this hardware in this place at this time'
        when r.started_at is null then 'the log has no usable start, so nothing can overlap'
        when b.resource_tail is not null then concat(r.resource_id, ' is on a bill, but not as a machine in these hours')
        when r.resource_id is not null then concat(r.resource_id, ' is on no bill that is loaded')
        when not exists (select 1 from resource_span) then 'no bill with resource ids and machine hours overlaps any run'
        when r.region_id is null and r.country_iso3 is null then 'no resource id, no tag of a billed resource, and no place to look for the hardware'
        else 'no resource id, no tag of a billed resource, and no billed machine with this hardware in this place and time'
    end as match_reason
from run as r
left join fitting as c on c.tool = r.tool and c.run_id = r.run_id
left join billed as b on b.resource_tail = r.resource_tail
