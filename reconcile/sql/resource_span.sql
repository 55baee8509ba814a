-- Unbroken billed time of each resource: slots that touch or overlap are one span. Grain: resource x span.
-- Hours become intervals here, so that a run meets one row a resource and not one an hour.
with marked as (
    select
        *,
        max(slot_end) over (
            partition by provider, resource_id
            order by slot_start, slot_end rows between unbounded preceding and 1 preceding
        ) as busy_until
    from slot
),

numbered as (
    select
        *,
        sum(case when slot_start <= busy_until then 0 else 1 end) over (
            partition by provider, resource_id
            order by slot_start, slot_end rows unbounded preceding
        ) as island
    from marked
)

select
    provider,
    resource_id,
    regexp_extract(resource_id, '[^/:]+$') as resource_tail,
    min(slot_start) as span_start,
    max(slot_end) as span_end,
    max(region_id) as region_id,
    max(instance_type) as instance_type
from numbered
group by provider, resource_id, island
