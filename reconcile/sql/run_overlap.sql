-- What was billed of the matched resource while each run lasted. Grain: one row per matched run with an overlap.
-- Run and slot meet by day, so that a year of hours is never held against a run of one. A slot of which only part was used
-- (20 minutes of an hour, 8 hours of a day) counts as used while the tracker ran: the tracker is the proof of it.
with run_day as (
    select
        m.tool, m.run_id, m.provider, m.resource_id, r.started_at, r.ended_at,
        unnest(generate_series(date_trunc('day', r.started_at), r.ended_at - interval 1 microsecond, interval 1 day)) as day
    from run_match as m
    inner join run as r on r.tool = m.tool and r.run_id = m.run_id
    where m.resource_id is not null and r.ended_at > r.started_at
),

slot_day as (
    select
        s.*,
        unnest(generate_series(date_trunc('day', s.slot_start), s.slot_end - interval 1 microsecond, interval 1 day)) as day
    from slot as s
),

piece as (
    select
        r.tool, r.run_id, r.provider, r.resource_id, s.slot_start, s.slot_end,
        s.machine_h, s.host_kwh, s.accelerator_kwh, s.low_kwh, s.high_kwh, s.effective_cost, s.billing_currency,
        greatest(r.started_at, s.slot_start, r.day) as piece_start,
        least(r.ended_at, s.slot_end, r.day + interval 1 day) as piece_end
    from run_day as r
    inner join slot_day as s on s.provider = r.provider and s.resource_id = r.resource_id and s.day = r.day
    where r.started_at < s.slot_end and r.ended_at > s.slot_start
),

met as ( -- run x slot
    select
        tool, run_id, provider, resource_id, slot_start, machine_h, host_kwh, accelerator_kwh, low_kwh, high_kwh,
        effective_cost, billing_currency,
        min(piece_start) as met_start,
        max(piece_end) as met_end,
        sum(date_diff('microsecond', piece_start, piece_end))::double / 3600e6 as met_h,
        date_diff('microsecond', slot_start, slot_end)::double / 3600e6 as slot_h
    from piece
    group by all
),

shared as (
    select
        *,
        least(met_h, machine_h) as used_h,
        least(met_h / least(slot_h, machine_h), 1e0) as share
    from met
)

select
    tool,
    run_id,
    provider,
    resource_id,
    min(met_start) as overlap_start,
    max(met_end) as overlap_end,
    sum(used_h::decimal(38, 15))::double as overlap_h,
    sum((host_kwh * share)::decimal(38, 15))::double as host_kwh,
    sum((accelerator_kwh * share)::decimal(38, 15))::double as accelerator_kwh,
    sum((low_kwh * share)::decimal(38, 15))::double as low_kwh,
    sum((high_kwh * share)::decimal(38, 15))::double as high_kwh,
    case
        when count(distinct billing_currency) = 1 and count(*) = count(billing_currency)
            then sum((effective_cost::decimal(24, 12) * share::decimal(14, 13))::decimal(38, 12))::decimal(38, 12)
    end as effective_cost,
    case when count(distinct billing_currency) = 1 and count(*) = count(billing_currency) then max(billing_currency) end
        as billing_currency
from shared
group by tool, run_id, provider, resource_id
