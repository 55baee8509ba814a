-- Intensity of every grid zone and year that the set can give, by boundary.
-- Grain: zone_scheme x zone x year x boundary; of a country's direct intensity each publisher's once. Reads: factors.grid_intensity, factors.own_grid_intensity; recalled rows are left out.
-- A zone known by its direct emissions only gets the lifecycle-to-direct ratio of its country in that year: `derived`.
-- Users' own rows stand beside those of the set, told apart by their layer_position (0: the set); they move no ratio.
with usable as (
    select * from factors.grid_intensity where accounting = 'location_average' and verification <> 'recalled'
),

national as ( -- of each country and year; the statistical office of the region goes before a national one
    select
        country_iso3,
        year,
        max(case when boundary = 'lifecycle' and zone_scheme = 'iso3' then factor_id end) as lifecycle_ref,
        max(case when boundary = 'lifecycle' and zone_scheme = 'iso3' then central_g_co2e_per_kwh end) as lifecycle_g,
        coalesce(
            max(case when boundary = 'direct' and zone_scheme = 'iso3' then factor_id end),
            max(case when boundary = 'direct' then factor_id end)
        ) as direct_ref
    from usable
    where covers = 'country'
    group by country_iso3, year
),

ratio as ( -- never below 1: a life cycle holds its direct part, and what says otherwise are two definitions of the year
    select
        n.country_iso3, n.year, n.lifecycle_ref, n.lifecycle_g, n.direct_ref, d.central_g_co2e_per_kwh as direct_g,
        greatest(n.lifecycle_g / nullif(d.central_g_co2e_per_kwh, 0e0), 1e0) as lifecycle_per_direct
    from national as n
    inner join usable as d on d.factor_id = n.direct_ref
),

direct as (
    select u.*, r.lifecycle_per_direct, r.lifecycle_ref, r.lifecycle_g, r.direct_ref, r.direct_g
    from usable as u
    left join ratio as r on r.country_iso3 = u.country_iso3 and r.year = u.year
    where u.boundary = 'direct'
)

select
    u.zone_scheme, u.zone, u.country_iso3, u.year,
    u.low_g_co2e_per_kwh as low_g, u.central_g_co2e_per_kwh as central_g, u.high_g_co2e_per_kwh as high_g,
    u.factor_id, u.verification, u.central_g_co2e_per_kwh as stated_g,
    'published' as basis,
    cast(null as double) as lifecycle_per_direct,
    cast(null as varchar) as ratio_lifecycle_ref, cast(null as double) as ratio_lifecycle_g,
    cast(null as varchar) as ratio_direct_ref, cast(null as double) as ratio_direct_g,
    0 as layer_position,
    'lifecycle' as boundary
from usable as u
where u.boundary = 'lifecycle'
union all
select
    case when u.covers = 'country' then 'iso3' else u.zone_scheme end, -- a country's, whichever scheme states it
    case when u.covers = 'country' then u.country_iso3 else u.zone end,
    u.country_iso3, u.year,
    u.low_g_co2e_per_kwh, u.central_g_co2e_per_kwh, u.high_g_co2e_per_kwh,
    u.factor_id, u.verification, u.central_g_co2e_per_kwh,
    'published',
    null, null, null, null, null,
    0,
    'direct'
from usable as u
where u.boundary = 'direct'
union all
select
    d.zone_scheme, d.zone, d.country_iso3, d.year,
    d.low_g_co2e_per_kwh * d.lifecycle_per_direct,
    d.central_g_co2e_per_kwh * d.lifecycle_per_direct,
    d.high_g_co2e_per_kwh * d.lifecycle_per_direct,
    d.factor_id, d.verification, d.central_g_co2e_per_kwh,
    'derived',
    d.lifecycle_per_direct, d.lifecycle_ref, d.lifecycle_g, d.direct_ref, d.direct_g,
    0,
    'lifecycle'
from direct as d
left join usable as u
    on u.zone_scheme = d.zone_scheme and u.zone = d.zone and u.year = d.year and u.boundary = 'lifecycle'
where d.covers = 'part' and d.lifecycle_per_direct is not null and u.factor_id is null
union all
select
    o.zone_scheme, o.zone, o.country_iso3, o.year,
    o.low_g_co2e_per_kwh, o.central_g_co2e_per_kwh, o.high_g_co2e_per_kwh,
    o.factor_id, o.verification, o.central_g_co2e_per_kwh,
    'published',
    null, null, null, null, null,
    o.position,
    'lifecycle'
from factors.own_grid_intensity as o
where o.accounting = 'location_average' and o.boundary = 'lifecycle'
union all
select
    o.zone_scheme, o.zone, o.country_iso3, o.year,
    o.low_g_co2e_per_kwh * r.lifecycle_per_direct,
    o.central_g_co2e_per_kwh * r.lifecycle_per_direct,
    o.high_g_co2e_per_kwh * r.lifecycle_per_direct,
    o.factor_id, o.verification, o.central_g_co2e_per_kwh,
    'derived',
    r.lifecycle_per_direct, r.lifecycle_ref, r.lifecycle_g, r.direct_ref, r.direct_g,
    o.position,
    'lifecycle'
from factors.own_grid_intensity as o
inner join ratio as r on r.country_iso3 = o.country_iso3 and r.year = o.year
where o.accounting = 'location_average' and o.boundary = 'direct' and r.lifecycle_per_direct is not null
union all
select
    case when o.covers = 'country' then 'iso3' else o.zone_scheme end,
    case when o.covers = 'country' then o.country_iso3 else o.zone end,
    o.country_iso3, o.year,
    o.low_g_co2e_per_kwh, o.central_g_co2e_per_kwh, o.high_g_co2e_per_kwh,
    o.factor_id, o.verification, o.central_g_co2e_per_kwh,
    'published',
    null, null, null, null, null,
    o.position,
    'direct'
from factors.own_grid_intensity as o
where o.accounting = 'location_average' and o.boundary = 'direct'
