-- From rows as given to intervals in UTC. Reads: given. Each step is a table that the next one reads.

-- A time of an hour that the clock repeats in autumn (twin): the earlier row is the first of the two.
create table placed as
with parsed as (
    select
        g.* replace (
            case
                when regexp_matches(trim(g.zone), '^(aws|azure|gcp|own):') then concat('region:', trim(g.zone))
                else trim(g.zone)
            end as zone,
            coalesce(lower(trim(g.signal)), 'average') as signal,
            lower(trim(g.boundary)) as boundary
        ),
        regexp_replace(trim(g.start), '^(\d{4}-\d{2})$', '\1-01') as start_text,
        regexp_replace(trim(g."end"), '^(\d{4}-\d{2})$', '\1-01') as end_text,
        not regexp_matches(start_text, '\d:\d{2}(:\d{2}([.]\d+)?)? ?(z|utc|[+-]\d{2}(:?\d{2})?)$', 'i') as is_naive,
        not regexp_matches(end_text, '\d:\d{2}(:\d{2}([.]\d+)?)? ?(z|utc|[+-]\d{2}(:?\d{2})?)$', 'i') as is_naive_end
    from given as g
),

cast_times as (
    select
        *,
        try_cast(case when is_naive then start_text end as timestamp) as local_start,
        try_cast(case when is_naive_end then end_text end as timestamp) as local_end,
        case
            when is_naive then timezone(coalesce(clock, 'UTC'), local_start)::timestamp
            else try_cast(start_text as timestamptz)::timestamp
        end as utc,
        case
            when is_naive_end then timezone(coalesce(clock, 'UTC'), local_end)::timestamp
            else try_cast(end_text as timestamptz)::timestamp
        end as utc_end
    from parsed
),

twinned as (
    select
        *,
        case when clock is not null and clock <> 'UTC' then
            list_filter(
                [utc - interval 1 hour, utc - interval 30 minutes, utc + interval 30 minutes, utc + interval 1 hour],
                lambda moment: timezone(clock, moment::timestamptz) = local_start
            )[1]
        end as twin,
        case when clock is not null and clock <> 'UTC' then
            list_filter(
                [utc_end - interval 1 hour, utc_end - interval 30 minutes, utc_end + interval 30 minutes, utc_end + interval 1 hour],
                lambda moment: timezone(clock, moment::timestamptz) = local_end
            )[1]
        end as twin_end
    from cast_times
),

counted as (
    select
        *,
        case when twin is not null then
            row_number() over (partition by zone, signal, boundary, local_start order by row_number)
        end as occurrence,
        case when twin is not null then count(*) over (partition by zone, signal, boundary, local_start) end as occurrences
    from twinned
)

select
    * exclude (utc, twin, twin_end, utc_end, start_text, end_text),
    case when twin is null then utc when occurrence = 1 then least(utc, twin) else greatest(utc, twin) end as interval_start,
    case
        when twin is null and twin_end is null then utc_end
        else interval_start + (local_end - local_start)
    end as stated_end,
    coalesce(occurrences = 1, false) as is_alone,
    is_naive and clock is null and local_start is not null as has_no_clock,
    is_naive and clock is not null and timezone(clock, utc::timestamptz) <> local_start as is_skipped,
    not coalesce(utc between timestamp '1990-01-01' and timestamp '2199-12-31', false) as start_problem,
    end_text is not null and not coalesce(utc_end between timestamp '1990-01-01' and timestamp '2199-12-31', false) as end_problem
from counted;

-- How far apart the rows of a series stand, for those that do not say when they end: the most frequent distance.
create table spacing as
with gap as (
    select
        zone, signal, boundary,
        epoch(lead(interval_start) over (partition by zone, signal, boundary order by interval_start) - interval_start) as seconds
    from (select distinct zone, signal, boundary, interval_start from placed where stated_end is null)
)

select
    zone, signal, boundary,
    case
        when seconds in (300, 600, 900, 1800, 3600) then to_seconds(seconds::bigint)
        when seconds between 82800 and 90000 then interval 1 day
        when seconds between 28 * 86400 - 3600 and 31 * 86400 + 3600 then interval 1 month
    end as step
from gap
where step is not null
group by zone, signal, boundary, step
qualify row_number() over (partition by zone, signal, boundary order by count(*) desc, step) = 1;

create table timed as
select
    p.*,
    case
        when p.stated_end is not null then p.stated_end
        when s.step <= interval 1 hour then p.interval_start + s.step
        else -- a day and a month are those of the clock
            timezone(coalesce(p.clock, 'UTC'), timezone(coalesce(p.clock, 'UTC'), p.interval_start::timestamptz) + s.step)::timestamp
    end as interval_end
from placed as p
left join spacing as s on s.zone = p.zone and s.signal = p.signal and s.boundary = p.boundary
where p.g_co2e_per_kwh is not null and not p.is_alone;

-- Rows that speak of the same interval once more; copy 0 is the one that is kept.
create table repeated as
with again as (
    select
        zone, signal, boundary, interval_start,
        min(g_co2e_per_kwh) <> max(g_co2e_per_kwh) or min(interval_end) <> max(interval_end) as differing
    from timed
    group by zone, signal, boundary, interval_start
    having count(*) > 1
)

select
    t.*,
    a.differing,
    row_number() over (
        partition by t.zone, t.signal, t.boundary, t.interval_start order by t.name, t.row_number
    ) - 1 as copy
from timed as t
inner join again as a
    on a.zone = t.zone and a.signal = t.signal and a.boundary = t.boundary and a.interval_start = t.interval_start;

create table series as
select t.*
from timed as t
left join repeated as r
    on r.copy > 0 and r.name = t.name and r.row_number = t.row_number and r.boundary = t.boundary
where r.name is null;

create table span as
select
    zone, signal, boundary,
    min(interval_start) as first_start,
    max(interval_end) as last_end,
    (epoch(max(interval_end) - min(interval_start)) - sum(epoch(interval_end - interval_start)::decimal(38, 3))::double) / 3600e0 as missing_h
from series
group by zone, signal, boundary
;
create table reaching as
select * from series
qualify interval_start < lag(interval_end) over (partition by zone, signal, boundary order by interval_start);

create table highest as
select zone, signal, boundary, max(g_co2e_per_kwh) as top, arg_max(name, g_co2e_per_kwh) as name, arg_max(row_number, g_co2e_per_kwh) as row_number
from series
group by zone, signal, boundary
