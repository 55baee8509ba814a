-- The tables of the sync: what was listed, loaded and refused, and the rows themselves.
-- Money is DECIMAL(38,12), physics DOUBLE, time UTC.
create schema if not exists core;
create schema if not exists ledger;
create schema if not exists factors;
create schema if not exists ops;

create table core.setting (key varchar primary key, value varchar not null);

create table core.run (
    run_id varchar primary key,
    command varchar not null,
    program_version varchar not null,
    pid integer not null,
    started_at timestamp not null,
    finished_at timestamp,
    exit_code integer,
    units_listed bigint,
    units_loaded bigint,
    units_unchanged bigint,
    units_shadowed bigint,
    units_refused bigint
);

-- The manifest: one row per unit, as last seen.
create table core.unit (
    unit_id bigint primary key,
    source varchar not null,
    kind varchar not null,
    table_name varchar not null,
    scope varchar not null,
    period varchar not null,
    version varchar not null,           -- the listing's mark, compared without reading
    digest varchar,                     -- SHA-256 over the files' own SHA-256
    generation integer not null,        -- how many times its content was loaded
    status varchar not null,            -- loaded, delivered_empty, shadowed, refused, source_missing
    reason varchar,
    refused_version varchar,            -- a newer delivery that could not be read; what was loaded stays
    refused_reason varchar,
    row_count bigint not null,
    size_bytes bigint not null,
    notes varchar[] not null,
    unknown_columns varchar[] not null,
    loaded_at timestamp,
    run_id varchar not null
);

create table core.unit_file (
    unit_id bigint not null,
    position integer not null,
    location varchar not null,
    size_bytes bigint not null,
    sha256 varchar not null
);

create table core.refusal (
    run_id varchar not null,
    source varchar not null,
    scope varchar not null,
    period varchar not null,
    message varchar not null,
    refused_at timestamp not null
);

-- Which unit owns a bill: one bill, one source.
create table core.bill_period (
    unit_id bigint not null,
    provider varchar not null,
    billing_account_id varchar not null,
    billing_month date not null
);

create table core.sku (
    sku_id bigint primary key,          -- function of the columns below only
    provider varchar,
    service_name varchar,
    service_code varchar,
    region_id varchar,
    sku_meter varchar,
    operation varchar,
    consumed_unit varchar,
    instance_type varchar,
    product_family varchar,
    charge_category varchar,
    line_type varchar,
    is_split boolean,
    capacity_status varchar
);

create table core.tag_set (tag_set_id bigint primary key, tags map(varchar, varchar));

create table core.usage (
    line_id bigint not null,
    unit_id bigint not null,
    sku_id bigint not null,
    tag_set_id bigint,
    provider_line_id varchar,
    billing_account_id varchar,
    sub_account_id varchar,
    resource_id varchar,
    charge_period_start timestamp,
    charge_period_end timestamp,
    billing_month date,
    consumed_quantity double,
    billed_cost decimal(38, 12),
    effective_cost decimal(38, 12),
    cost_basis varchar,
    billing_currency varchar
);

create table core.usage_daily (
    unit_id bigint not null,
    usage_date date,
    charge_month date,
    billing_month date,
    billing_account_id varchar,
    sub_account_id varchar,
    sku_id bigint not null,
    tag_set_id bigint,
    billing_currency varchar,
    cost_basis varchar,
    lines bigint not null,
    consumed_quantity double,
    billed_cost decimal(38, 12),
    effective_cost decimal(38, 12)
);

-- What a replaced generation summed to, kept so that history can be read later.
create table core.generation_sum (
    unit_id bigint not null,
    generation integer not null,
    recorded_at timestamp not null,     -- when this generation was replaced
    cause varchar not null,             -- activity, factors, method
    charge_month date,
    billing_account_id varchar,
    sub_account_id varchar,
    service_name varchar,
    region_id varchar,
    consumed_unit varchar,
    billing_currency varchar,
    lines bigint not null,
    consumed_quantity double,
    billed_cost decimal(38, 12),
    effective_cost decimal(38, 12),
    energy_kwh double,
    location_based_kg_co2e double,
    embodied_kg_co2e double
);

create table core.provider_footprint (
    unit_id bigint not null,
    row_number bigint not null,
    usage_month date,
    provider varchar,
    billing_account_id varchar,
    sub_account_id varchar,
    service_name varchar,
    region_id varchar,
    model_version varchar,
    model_version_key varchar,
    scope varchar,
    method varchar,
    kg_co2e double,
    null_reason varchar,
    refreshed_at timestamp,
    source_kind varchar
);

create table core.tracker_run (
    unit_id bigint not null,
    row_number bigint not null,
    tool varchar,
    tool_version varchar,
    run_id varchar,
    row_kind varchar,
    task_name varchar,
    project_name varchar,
    experiment_id varchar,
    started_at timestamp,
    ended_at timestamp,
    timezone varchar,
    duration_s double,
    cpu_it_energy_kwh double,
    gpu_it_energy_kwh double,
    ram_it_energy_kwh double,
    it_energy_kwh double,
    tracker_pue double,
    tracker_kg_co2e double,
    provider varchar,
    region_id varchar,
    country_iso3 varchar,
    resource_id varchar,
    tags map(varchar, varchar),
    os varchar,
    cpu_model varchar,
    cpu_count integer,
    ram_total_gib double,
    gpu_model varchar,
    gpu_count integer,
    tracking_mode varchar,
    grade varchar,
    grade_reason varchar,
    flags varchar[]
);
