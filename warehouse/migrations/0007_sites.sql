-- The switches of [estimate] that the rate card was made with, as the configuration writes them. Rates of before know these.
insert into core.setting values
    ('grid_boundary', 'lifecycle'),     -- or direct: Scope 2 alone, without the upstream of the fuels
    ('internet_transfer', 'false'),     -- true: transfer over the internet is estimated
    ('spend_proxy', 'false');           -- true: what nothing else covers is estimated by its cost

-- Places that are several regions: multi-regions, dual-regions, billing geographies, global. Grain: provider x group x member.
-- factor_id: region_group/gcp:nam4/us-central1
create table factors.region_group (
    factor_id varchar primary key,
    provider varchar not null,
    group_id varchar not null,
    aliases varchar,                    -- separated by |; scoped to the provider, exact match without case
    kind varchar not null,              -- multi-region, dual-region, edge geography, billing geography, bandwidth zone, global
    member_region_id varchar not null,  -- factors.region.region_id
    weight double not null,             -- in the mean, relative to the others of its group
    source varchar not null,
    licence varchar not null,
    note varchar,
    check (weight > 0 and weight <= 1),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Of a place that is several regions: each member with its weight and figures, and the factor rows of all; null for one region.
-- Its pue and grid figures are the weighted means, grid_basis is `mean`.
alter table core.site_factor add column group_members json;
alter table core.site_factor add column group_refs varchar[];

-- What another publisher says of the grid at the same place: shown beside ours, never used. Grain: provider x region x year.
-- factor_id: grid_alternative/aws:us-east-1/2023
create table factors.grid_alternative (
    factor_id varchar primary key,
    provider varchar not null,
    region_id varchar not null,
    year integer not null,
    stated_for varchar not null,        -- provider:region that the publisher states it for
    distance_km double not null,        -- from there to this region
    g_co2e_per_kwh double not null,
    boundary varchar not null,          -- lifecycle or direct
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    check (boundary in ('lifecycle', 'direct') and g_co2e_per_kwh > 0 and g_co2e_per_kwh <= 1400),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Such a figure of the year and boundary of ours, which of ours it is held against, and what it is of it; null where none exists.
alter table core.site_factor add column grid_alternative_g_co2e_per_kwh double;
alter table core.site_factor add column grid_alternative_beside_g_co2e_per_kwh double;
alter table core.site_factor add column grid_alternative_ratio double;
alter table core.site_factor add column grid_alternative_note varchar;
alter table core.site_factor add column grid_alternative_ref varchar;

-- Marginal intensity: what leaving off or moving a load would change. No inventory reads it. Grain: country x year x margin.
-- Comes with the share-alike set, whose averages stand in factors.layer_grid_intensity. factor_id: grid_marginal/DEU/2021/operating
create table factors.grid_marginal (
    factor_id varchar primary key,
    country_iso3 varchar not null,
    year integer not null,
    margin varchar not null,            -- operating, combined
    g_co2e_per_kwh double not null,
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    check (margin in ('operating', 'combined') and g_co2e_per_kwh >= 0 and g_co2e_per_kwh <= 2000)
);

-- The layers in force: users' own, and a set of the program that stands over the core set.
create or replace view factors.layer_in_force as
with known as (
    select concat(name, '@', version) as layer from factors.layer
    union
    select concat(name, '@', version) from factors.factor_set
)

select
    k.layer,
    list_position(string_split(s.value, '+'), k.layer) as position
from known as k
inner join core.setting as s on s.key = 'factor_set'
where list_position(string_split(s.value, '+'), k.layer) > 1; -- the first is the core set
