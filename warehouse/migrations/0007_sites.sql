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
