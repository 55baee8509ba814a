-- Observed utilisation. Grain: resource x hour. Empty until a utilisation source is read.
select
    null::varchar as resource_id,
    null::timestamp as hour_start,
    null::varchar as metric,
    null::double as utilization,
    null::double as coverage_share
where false
