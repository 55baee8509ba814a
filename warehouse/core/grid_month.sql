-- Intensity of every month: as a file states it, else the mean of a file's intervals of a day and more that cover it whole,
-- weighted by their length. A month of another clock is the one that holds its middle, an interval likewise. Of files as in grid_hour.
-- Grain: zone x signal x boundary x month.
with placed as (
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        interval_end > interval_start + interval 27 days as is_month,
        date_trunc('month', interval_start + (interval_end - interval_start) / 2)::date as charge_month,
        epoch(interval_end - interval_start) / 3600e0 as hours
    from core.grid_interval
    where interval_end > interval_start + interval 1 hour
),

stated as (
    select
        unit_id, zone, signal, boundary, charge_month, is_month,
        sum((g_co2e_per_kwh * hours)::decimal(38, 15))::double / sum(hours::decimal(38, 15))::double as g_co2e_per_kwh
    from placed
    group by unit_id, zone, signal, boundary, charge_month, is_month
    -- every day of it; days of a clock that changes between summer and winter are an hour longer or shorter together
    having is_month or sum(hours::decimal(38, 15))::double >= epoch(charge_month + interval 1 month - charge_month::timestamp) / 3600e0 - 1.000001
)

select s.zone, s.signal, s.boundary, s.charge_month, s.g_co2e_per_kwh, s.unit_id
from stated as s
inner join core.unit as u on u.unit_id = s.unit_id
qualify row_number() over (
    partition by s.zone, s.signal, s.boundary, s.charge_month order by not s.is_month, u.source, u.scope desc, s.unit_id
) = 1
