-- Intensity of every whole hour, of the zones that some place takes. Shorter intervals, and those that begin within an hour, count by their share of it; an hour
-- that is covered in part has no value. Of two files of a source the one that sorts last counts, as dated
-- names sort by age; of two sources the first by name.
-- Grain: zone x signal x boundary x hour.
with taken as (
    select * from core.grid_interval
    where interval_end <= interval_start + interval 1 hour and zone in (select zone from core.grid_hour_choice)
),

piece as (
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        date_trunc('hour', interval_start) as hour_start,
        epoch(least(interval_end, date_trunc('hour', interval_start) + interval 1 hour) - interval_start) / 3600e0 as share
    from taken
    union all
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        date_trunc('hour', interval_end),
        epoch(interval_end - date_trunc('hour', interval_end)) / 3600e0
    from taken
    where date_trunc('hour', interval_end) > interval_start and interval_end > date_trunc('hour', interval_end)
),

whole as (
    select
        unit_id, zone, signal, boundary, hour_start,
        sum((g_co2e_per_kwh * share)::decimal(38, 15))::double as g_co2e_per_kwh
    from piece
    group by unit_id, zone, signal, boundary, hour_start
    having sum(share::decimal(38, 15)) > 0.999999 -- twelve twelfths
)

select w.zone, w.signal, w.boundary, w.hour_start, w.g_co2e_per_kwh, w.unit_id
from whole as w
inner join core.unit as u on u.unit_id = w.unit_id
qualify row_number() over (
    partition by w.zone, w.signal, w.boundary, w.hour_start order by u.source, u.scope desc, w.unit_id
) = 1
