-- Power as meters logged it. Grain: device x interval. Empty until a power log is read.
select
    null::varchar as host,
    null::varchar as device,
    null::timestamp as interval_start,
    null::timestamp as interval_end,
    null::double as mean_power_w,
    null::double as energy_kwh
where false
