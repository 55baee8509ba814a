-- Intensity of grids by hour or month, from files: what the annual factor is held against. It moves no figure of a bill.

-- Grain: zone x signal x boundary x interval of a delivery. A replaced file replaces its intervals.
create table core.grid_interval (
    unit_id bigint not null,
    row_number bigint not null,
    zone varchar not null,              -- scheme:zone, as the grid chain of a region; region:provider:region_id
    interval_start timestamp not null,  -- UTC
    interval_end timestamp not null,
    signal varchar not null,            -- average, marginal: never added, never in one column
    boundary varchar not null,          -- lifecycle, direct
    g_co2e_per_kwh double not null,
    low double,                         -- g CO2e per kWh
    high double,
    source varchar,
    licence varchar
);

-- The balancing areas of a region as Electricity Maps names them, the likeliest first, separated by |.
alter table factors.region add column electricity_maps_zones varchar;

-- The zones of each place and month, best known first: the region itself, its grid chain, and before the country the balancing
-- areas of Electricity Maps. Several regions at once have none. Grain: provider x place as delivered x month x position.
create view core.grid_link as
with place as (
    select
        f.provider, f.region_id, f.charge_month,
        p.provider as known_provider,
        split_part(p.region_id, '@', 1) as known_region_id,
        string_split(p.grid_chain, '>') as links,
        r.electricity_maps_zones
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
    inner join core.place as p on p.factor_id = f.region_ref
    left join factors.region as r on r.factor_id = f.region_ref
),

chain as (
    select *, unnest(links) as zone, unnest(range(1, len(links) + 1)) as position
    from place
),

area as (
    select *, unnest(string_split(electricity_maps_zones, '|')) as area_zone
    from place
)

select provider, region_id, charge_month, concat('region:', known_provider, ':', known_region_id) as zone, 0e0 as position
from place
union all
select provider, region_id, charge_month, zone, position::double
from chain
union all
select
    provider, region_id, charge_month,
    concat('electricity_maps:', area_zone),
    coalesce(list_position(list_transform(links, lambda link: starts_with(link, 'iso3:')), true), len(links) + 1)::double
    - 1e0 / (1e0 + list_position(string_split(electricity_maps_zones, '|'), area_zone))
from area;

-- Which zone's hours, and of which boundary, each place takes in a month: the boundary in force first (with lifecycle in force a
-- direct series serves, beside the direct annual factor; the other way round none does), then the nearest zone that has hours.
-- Grain: provider x place as delivered x month x signal.
create view core.grid_hour_choice as
with described as (
    select distinct zone, signal, boundary, date_trunc('month', interval_start)::date as charge_month
    from core.grid_interval
    where interval_end <= interval_start + interval 1 hour
),

in_force as (
    select coalesce(max(case when key = 'grid_boundary' then value end), 'lifecycle') as grid_boundary from core.setting
)

select l.provider, l.region_id, l.charge_month, d.signal, d.boundary, d.zone
from core.grid_link as l
cross join in_force as f
inner join described as d on d.zone = l.zone and d.charge_month = l.charge_month
where d.boundary = f.grid_boundary or f.grid_boundary = 'lifecycle'
qualify row_number() over (
    partition by l.provider, l.region_id, l.charge_month, d.signal order by d.boundary <> f.grid_boundary, l.position
) = 1;
