-- Users' own factors, in named layers over the installed set. Filled by `models/layers.py`; the set itself is never touched.
-- A layer is put in force by its name in the setting `factor_set`, e.g. core@2026.11.0+acme@1; of several the later goes first.

-- Grain: one row per version of a layer, which is one imported file. New content under the same name is a new version.
create table factors.layer (
    name varchar not null,
    version integer not null,
    table_name varchar not null,        -- site_metric or grid_intensity
    file varchar not null,              -- its name as it was imported
    sha256 varchar not null,            -- of its bytes
    row_count bigint not null,
    imported_at timestamp not null,
    primary key (name, version),
    check (table_name in ('site_metric', 'grid_intensity'))
);

-- Measured PUE of a region and year. Columns as factors.site_metric. Grain: layer x factor_id.
create table factors.layer_site_metric (
    layer varchar not null,             -- NAME@VERSION
    factor_id varchar not null,
    provider varchar not null,
    region_id varchar not null,
    year integer not null,
    metric varchar not null,            -- pue
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- ratio
    basis varchar not null,             -- measured, region
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,           -- the user's own affair: it may bind, it may not be blank
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (metric = 'pue' and unit = 'ratio' and 1 <= low and low <= central and central <= high and high <= 2),
    check (licence not in ('', 'unknown'))
);

-- Grid intensity of a zone and year, or of one region (zone scheme `region`). Columns as factors.grid_intensity.
-- Grain: layer x factor_id.
create table factors.layer_grid_intensity (
    layer varchar not null,
    factor_id varchar not null,
    zone_scheme varchar not null,
    zone varchar not null,
    country_iso3 varchar not null,
    covers varchar not null,
    year integer not null,
    low_g_co2e_per_kwh double not null,
    central_g_co2e_per_kwh double not null,
    high_g_co2e_per_kwh double not null,
    boundary varchar not null,
    flow varchar not null,
    accounting varchar not null,        -- location_average; market_based (a contract), residual_mix
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (boundary in ('lifecycle', 'direct') and accounting in ('location_average', 'market_based', 'residual_mix')),
    check (low_g_co2e_per_kwh <= central_g_co2e_per_kwh and central_g_co2e_per_kwh <= high_g_co2e_per_kwh),
    check (0 <= low_g_co2e_per_kwh and central_g_co2e_per_kwh <= 1400 and high_g_co2e_per_kwh <= 2000),
    check (licence not in ('', 'unknown'))
);

-- The layers in force. Grain: one row per layer; a higher position goes before a lower one.
create view factors.layer_in_force as
select
    concat(l.name, '@', l.version) as layer,
    list_position(string_split(s.value, '+'), concat(l.name, '@', l.version)) as position
from factors.layer as l
inner join core.setting as s on s.key = 'factor_set'
where list_contains(string_split(s.value, '+'), concat(l.name, '@', l.version));

-- Their rows. factor_id names the layer, so that no reference can mean a row of the set: pue/aws:us-east-1/2023+acme@1
create view factors.own_site_metric as
select
    concat(m.factor_id, '+', m.layer) as factor_id, f.position,
    m.provider, m.region_id, m.year, m.metric, m.low, m.central, m.high, m.unit, m.basis,
    m.source, m.source_release, m.licence, m.verification, m.note
from factors.layer_site_metric as m
inner join factors.layer_in_force as f on f.layer = m.layer;

create view factors.own_grid_intensity as
select
    concat(g.factor_id, '+', g.layer) as factor_id, f.position,
    g.zone_scheme, g.zone, g.country_iso3, g.covers, g.year,
    g.low_g_co2e_per_kwh, g.central_g_co2e_per_kwh, g.high_g_co2e_per_kwh, g.boundary, g.flow, g.accounting,
    g.source, g.source_release, g.licence, g.verification, g.note
from factors.layer_grid_intensity as g
inner join factors.layer_in_force as f on f.layer = g.layer;

-- What the user's contracts say of a region and month; null with a reason where no layer in force has such a row.
alter table core.site_factor add column market_g_co2e_per_kwh double;
alter table core.site_factor add column market_boundary varchar;
alter table core.site_factor add column market_accounting varchar;  -- market_based, residual_mix
alter table core.site_factor add column market_ref varchar;
alter table core.site_factor add column market_gap_reason varchar;

alter table core.generation_sum add column market_based_kg_co2e double;
