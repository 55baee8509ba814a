-- Layers of own factors hold coefficients and machine types, too; a site can have a WUE. Checks cannot be changed in place:
-- the two tables are made again. What a value may be is checked when a file is read (models/own_rules.py).
create temp table kept_layer as select * from factors.layer;
create temp table kept_site_metric as select * from factors.layer_site_metric;
drop table factors.layer;
drop table factors.layer_site_metric;

-- Grain: one row per version of a layer, which is one imported file. New content under the same name is a new version.
create table factors.layer (
    name varchar not null,
    version integer not null,
    table_name varchar not null,        -- site_metric, grid_intensity, coefficient, instance
    file varchar not null,              -- its name as it was imported
    sha256 varchar not null,            -- of its bytes
    row_count bigint not null,
    imported_at timestamp not null,
    primary key (name, version),
    check (table_name in ('site_metric', 'grid_intensity', 'coefficient', 'instance'))
);
insert into factors.layer by name select * from kept_layer;
drop table kept_layer;

-- Measured PUE and WUE of a region, or of a site of one's own, and year. Columns as factors.site_metric. Grain: layer x factor_id.
create table factors.layer_site_metric (
    layer varchar not null,             -- NAME@VERSION
    factor_id varchar not null,
    provider varchar not null,          -- own: region_id is the site's name in the inventory
    region_id varchar not null,
    year integer not null,
    metric varchar not null,            -- pue, wue
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- ratio, l/kwh_it
    basis varchar not null,             -- measured, region
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,           -- the user's own affair: it may bind, it may not be blank
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (metric in ('pue', 'wue') and unit = case metric when 'pue' then 'ratio' else 'l/kwh_it' end),
    check (low <= central and central <= high and low >= case metric when 'pue' then 1 else 0 end),
    check (high <= case metric when 'pue' then 2 else 10 end),
    check (licence not in ('', 'unknown'))
);
insert into factors.layer_site_metric by name select * from kept_site_metric;
drop table kept_site_metric;

-- Columns as factors.coefficient. Grain: layer x factor_id.
create table factors.layer_coefficient (
    layer varchar not null,
    factor_id varchar not null,
    key varchar not null,
    scope varchar not null,
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- that of the key, or of the keys that begin alike
    distribution varchar not null,
    year integer not null,
    source_low varchar,
    source varchar not null,
    source_high varchar,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (0 <= low and low <= central and central <= high and central > 0),
    check (licence not in ('', 'unknown'))
);

-- Columns as factors.instance. Grain: layer x factor_id.
create table factors.layer_instance (
    layer varchar not null,
    factor_id varchar not null,
    provider varchar not null,
    instance_type varchar not null,
    family varchar not null,
    category varchar not null,
    vcpu double not null,
    memory_gib double not null,
    isa varchar not null,
    vcpu_is varchar not null,
    microarch varchar not null,
    host_vcpu double not null,
    host_memory_gib double not null,
    host_sockets double not null,
    accelerator varchar,
    accelerator_count double not null,
    local_ssd_gb double not null,
    year integer not null,
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (0 < vcpu and vcpu <= host_vcpu and 0 < memory_gib and memory_gib <= host_memory_gib and host_sockets >= 1),
    check (vcpu_is in ('thread', 'core') and (accelerator is null) = (accelerator_count = 0) and local_ssd_gb >= 0),
    check (licence not in ('', 'unknown'))
);

-- The rows of the layers in force; factor_id names the layer: coefficient/storage.ssd+acme@1
create view factors.own_coefficient as
select
    concat(c.factor_id, '+', c.layer) as factor_id, f.position,
    c.key, c.scope, c.low, c.central, c.high, c.unit, c.distribution,
    c.year, c.source_low, c.source, c.source_high, c.source_release, c.licence, c.verification, c.note
from factors.layer_coefficient as c
inner join factors.layer_in_force as f on f.layer = c.layer;

create view factors.own_instance as
select
    concat(i.factor_id, '+', i.layer) as factor_id, f.position,
    i.provider, i.instance_type, i.family, i.category, i.vcpu, i.memory_gib, i.isa, i.vcpu_is, i.microarch, i.host_vcpu,
    i.host_memory_gib, i.host_sockets, i.accelerator, i.accelerator_count, i.local_ssd_gb,
    i.year, i.source, i.source_release, i.licence, i.verification, i.note
from factors.layer_instance as i
inner join factors.layer_in_force as f on f.layer = i.layer;

-- The coefficient that counts of each key: that of the last layer which has it, else the set's. Grain: key.
create view core.coefficient_in_force as
with known as (
    select 1 as position, * from factors.coefficient
    union all by name
    select * from factors.own_coefficient
),

own as (
    select key, max(position) as position from factors.own_coefficient group by all
)

select k.* exclude (position)
from known as k
left join own as o on o.key = k.key
where k.position = coalesce(o.position, 1);

-- Every machine that is known: of the set, of the inventories, of the layers in force. Grain: provider x instance_type x position.
alter view core.machine rename to machine_unlayered;
create view core.machine_known as
select 1 as position, * from core.machine_unlayered
union all by name
select * from factors.own_instance;

-- The row that counts of each machine type, as core.coefficient_in_force. Grain: provider x instance_type, names as compared.
create view core.machine as
with own as (
    select provider, replace(lower(instance_type), 'standard_', '') as name, max(position) as position
    from factors.own_instance
    group by all
)

select m.* exclude (position)
from core.machine_known as m
left join own as o on o.provider = m.provider and o.name = replace(lower(m.instance_type), 'standard_', '')
where m.position = coalesce(o.position, 1);
