-- Sites and machines outside the cloud: meter readings, and what the lines of provider `own` say about themselves.

-- Energy of a facility beside that of its IT. Grain: reading of a file. A replaced file replaces its readings.
create table core.pue_reading (
    unit_id bigint not null,
    row_number bigint not null,
    site varchar not null,
    provider varchar not null,          -- of the region whose PUE the site measures; own: the site is its own region
    region_id varchar not null,
    interval_start timestamp not null,  -- UTC
    interval_end timestamp not null,
    facility_energy_kwh double,
    it_energy_kwh double,
    reason varchar                      -- why the reading is left out of every PUE; null where it is sound
);

-- The sums of the sound readings by month. A reading over the end of a month is divided by its hours; of readings of one
-- site in two files that overlap, the one that begins first counts. Grain: provider x region x month.
create view core.pue_month as
with ordered as (
    select
        r.*,
        max(r.interval_end) over (
            partition by r.provider, r.region_id, r.site
            order by r.interval_start, r.interval_end, r.unit_id, r.row_number
            rows between unbounded preceding and 1 preceding
        ) as before
    from core.pue_reading as r
    where r.reason is null
),

monthly as (
    select
        o.*,
        unnest(range(date_trunc('month', o.interval_start)::timestamp, o.interval_end, interval 1 month)) as month_start
    from ordered as o
    where o.before is null or o.before <= o.interval_start
),

part as (
    select
        m.*,
        epoch(least(m.interval_end, m.month_start + interval 1 month) - greatest(m.interval_start, m.month_start)) as seconds,
        epoch(m.interval_end - m.interval_start) as all_seconds
    from monthly as m
),

summed as (
    select
        p.provider,
        p.region_id,
        p.month_start::date as charge_month,
        sum((p.facility_energy_kwh * (p.seconds / p.all_seconds))::decimal(38, 15))::double as facility_energy_kwh,
        sum((p.it_energy_kwh * (p.seconds / p.all_seconds))::decimal(38, 15))::double as it_energy_kwh,
        sum(p.seconds::decimal(38, 6))::double as seconds,
        count(distinct p.site) as sites,
        string_agg(distinct concat(u.source, '/', p.site), ',' order by concat(u.source, '/', p.site)) as meters
    from part as p
    inner join core.unit as u on u.unit_id = p.unit_id
    group by all
)

select
    provider,
    region_id,
    charge_month,
    facility_energy_kwh,
    it_energy_kwh,
    least(seconds / (sites * extract(day from last_day(charge_month)) * 86400e0), 1e0) as hours_share, -- of the month, over its meters
    meters,
    concat('pue/', provider, ':', region_id, '/', strftime(charge_month, '%Y-%m'), '+', meters) as pue_ref
from summed;

-- The grid zone that the lines of an own site name. Grain: site x month. Null where they name several.
create view core.own_site_month as
select
    s.region_id,
    d.charge_month,
    case when count(distinct s.operation) = 1 then concat(s.region_id, '@', max(s.operation)) end as place_id
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
where s.provider = 'own' and d.charge_month is not null
group by s.region_id, d.charge_month;

-- Every place that has a grid: the regions of the factor set, and own sites at their zone, then its country.
-- Grain: provider x region_id. factor_id: region/own:fra-1@iso3:DEU
create view core.place as
select provider, region_id, country_iso3, geography, grid_chain, factor_id, source, licence, confidence, status
from factors.region
union all
select
    'own',
    concat(o.site, '@', o.grid_zone),
    z.country_iso3,
    null,
    case when z.country_iso3 is null or starts_with(o.grid_zone, 'iso3:') then o.grid_zone
        else concat(o.grid_zone, '>iso3:', z.country_iso3)
    end,
    concat('region/own:', o.site, '@', o.grid_zone),
    'mapping file of the inventory',
    'own',
    'high',
    'open'
from (select distinct region_id as site, operation as grid_zone from core.sku where provider = 'own' and operation is not null) as o
left join (
    select concat(zone_scheme, ':', zone) as grid_zone, max(country_iso3) as country_iso3
    from factors.grid_intensity
    group by all
) as z on z.grid_zone = o.grid_zone;

-- Every machine that is known: those of the factor set, and own ones by the name that tells their hardware:
-- CORESc/SOCKETSs/MEMORYgib/SSDgb/CPU+Nx ACCELERATOR. A CPU that the set does not know is of its class, as `*` names no provider.
-- Grain: provider x instance_type.
create view core.machine as
select
    factor_id, provider, instance_type, family, category, vcpu, memory_gib, isa, vcpu_is, microarch, host_vcpu,
    host_memory_gib, host_sockets, accelerator, accelerator_count, local_ssd_gb,
    year, source, source_release, licence, verification, note
from factors.instance
union all
select
    concat('instance/own:', o.name),
    case when p.microarch is null then '*' else 'own' end,
    o.name,
    o.name,
    'own',
    o.cores,
    o.memory_gib,
    coalesce(p.isa, 'x86_64'),
    'core',
    coalesce(p.microarch, 'generic-x86'),
    o.cores,
    o.memory_gib,
    o.sockets,
    a.accelerator,
    case when a.accelerator is null then 0e0 else o.accelerator_count end,
    o.local_ssd_gb,
    null,
    'machine inventory',
    null,
    'own',
    'own',
    case when p.microarch is null then concat('CPU ', o.cpu, ' is not in the factor set: generic-x86') end
from (
    select
        s.name,
        try_cast(regexp_extract(s.name, '^([0-9.]+)c/', 1) as double) as cores,
        try_cast(regexp_extract(s.name, '/([0-9.]+)s/', 1) as double) as sockets,
        try_cast(regexp_extract(s.name, '/([0-9.]+)gib/', 1) as double) as memory_gib,
        try_cast(regexp_extract(s.name, '/([0-9.]+)gb/', 1) as double) as local_ssd_gb,
        regexp_extract(s.name, 'gb/([^+]+)', 1) as cpu,
        coalesce(try_cast(regexp_extract(s.name, '\+([0-9.]+)x ', 1) as double), 0e0) as accelerator_count,
        regexp_extract(s.name, '\+[0-9.]+x (.+)$', 1) as accelerator
    from (select distinct instance_type as name from core.sku where provider = 'own' and instance_type is not null) as s
) as o
left join factors.cpu_power as p on p.microarch = o.cpu
left join factors.accelerator_power as a on lower(a.accelerator) = o.accelerator
where a.accelerator is not null or o.accelerator = ''; -- a board that nobody knows leaves the machine unknown

-- Sites and rates are derived: they are made again by the next sync or estimate.
delete from core.rate;
delete from core.site_factor;
alter table core.site_factor add column placed_as varchar; -- region, local_zone, unknown; null for several regions
-- What a measured PUE rests on; null where it is a published one.
alter table core.site_factor add column pue_facility_energy_kwh double;
alter table core.site_factor add column pue_it_energy_kwh double;
alter table core.site_factor add column pue_hours_share double;
alter table core.site_factor add column pue_note varchar;
