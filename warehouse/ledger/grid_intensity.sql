-- Intensity of grids as imported files state it, by interval. Grain: zone x signal x boundary x interval of a file.
-- Average says what a kWh emitted, marginal what one more would have caused: two questions, never added.
select
    i.zone as grid_zone,
    i.interval_start,
    i.interval_end,
    epoch(i.interval_end - i.interval_start) / 3600e0 as interval_hours,
    i.signal,
    i.boundary as grid_boundary,
    i.g_co2e_per_kwh as grid_g_co2e_per_kwh,
    i.low as grid_g_co2e_per_kwh_low,
    i.high as grid_g_co2e_per_kwh_high,
    i.source,
    i.licence,
    u.source as delivered_by,
    u.scope as file,
    i.unit_id
from core.grid_interval as i
inner join core.unit as u on u.unit_id = i.unit_id
