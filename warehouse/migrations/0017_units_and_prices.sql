-- What the business made of the energy, and what electricity costs: quantities by day, and prices by place and period.

-- A quantity of one metric on one UTC day, for the part of the bill that its scope names. Grain: row of a file.
create table core.business_metric (
    unit_id bigint not null,
    row_number bigint not null,
    usage_date date not null,
    metric varchar not null,
    quantity double,                    -- null: not stated, which is not 0
    provider varchar,                   -- globs; null: the whole bill
    account varchar,
    service varchar,
    region varchar,
    tag_key varchar,                    -- a name, no glob
    tag_value varchar                   -- a glob
);

-- Grain: zone x period. factor_id: electricity_price/iso3166-2:US-VA/2023
create table factors.electricity_price (
    factor_id varchar primary key,
    zone_scheme varchar not null,       -- region (PROVIDER:REGION), a scheme of the grid zones, provider (all its regions)
    zone varchar not null,
    period varchar not null,            -- a year, or a month, which goes before its year
    price_per_kwh decimal(18, 9) not null,
    currency varchar not null,          -- ISO 4217
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    check (price_per_kwh > 0 and length(currency) = 3),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- A user's own. Columns as factors.electricity_price. Grain: layer x factor_id.
create table factors.layer_electricity_price (
    layer varchar not null,             -- NAME@VERSION
    factor_id varchar not null,
    zone_scheme varchar not null,
    zone varchar not null,
    period varchar not null,
    price_per_kwh decimal(18, 9) not null,
    currency varchar not null,
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    primary key (layer, factor_id),
    check (price_per_kwh >= 0 and length(currency) = 3),
    check (licence not in ('', 'unknown'))
);

create view factors.own_electricity_price as
select
    concat(p.factor_id, '+', p.layer) as factor_id, f.position,
    p.zone_scheme, p.zone, p.period, p.price_per_kwh, p.currency,
    p.source, p.source_release, p.licence, p.verification, p.note
from factors.layer_electricity_price as p
inner join factors.layer_in_force as f on f.layer = p.layer;

-- A layer is of whatever table the program can read (models/own_factors.py): the list stands there alone. A check cannot be
-- taken away in place, so the table is made again.
create temp table kept_layer as select * from factors.layer;
drop table factors.layer;
create table factors.layer (
    name varchar not null,
    version integer not null,
    table_name varchar not null,        -- site_metric, grid_intensity, coefficient, instance, electricity_price, ...
    file varchar not null,              -- its name as it was imported
    sha256 varchar not null,            -- of its bytes
    row_count bigint not null,
    imported_at timestamp not null,
    primary key (name, version)
);
insert into factors.layer by name select * from kept_layer;
drop table kept_layer;
