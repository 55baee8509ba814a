-- What ran on the machines of the bill: the pods that shared them.

-- Split rows of a bill: which share of a parent machine a pod or task had. Grain: one row per split line of core.usage,
-- which holds the pod's resource_id and its charge period.
create table core.allocation (
    line_id bigint not null,
    unit_id bigint not null,
    parent_resource_id varchar not null,
    part varchar not null,              -- compute, memory, accelerator: what the share is of
    split_usage double,                 -- vCPU-hours, GB-hours or accelerator-hours
    split_usage_ratio double,           -- of all that the parent has, 0 to 1
    cluster_name varchar,
    namespace varchar,
    workload varchar
);

-- Observed load of machines. Grain: one row per observed hour of a delivery; several deliveries may hold the same hour.
create table core.utilization (
    unit_id bigint not null,
    row_number bigint not null,
    resource_id varchar not null,       -- as the bill spells it
    hour_start timestamp not null,
    metric varchar not null,            -- cpu, gpu
    utilization double not null         -- mean share of the hour, 0 to 1
);

-- A SKU at a fixed load: the same key, and a rate of its own. Null: the default load. Loads are the nodes of the power
-- curves, so that any load is a mix of two of them, exactly.
alter table core.sku add column cpu_load_pct smallint;          -- 0, 10, 50, 100
alter table core.sku add column accelerator_load_pct smallint;  -- 0, 100

-- How the observed hours of a line mix these loads; what is missing to 1 takes the line's own SKU.
-- Grain: line x SKU at a load. Read by core.usage_daily, whose rows of such a SKU hold quantity and no line or cost.
create table core.line_load (
    line_id bigint not null,
    unit_id bigint not null,
    sku_id bigint not null,             -- the SKU at the load
    share double not null               -- of the line's quantity, 0 to 1
);

-- The figures of the observed share of lines. Grain: line x model x factor set; only lines with observed hours.
create view core.observed_figure as
select
    l.line_id,
    r.model,
    r.factor_set,
    1e0 - sum(l.share::decimal(38, 15))::double as default_share,
    sum(l.share::decimal(38, 15)) filter (r.it_energy_kwh is not null)::double as observed_share,
    coalesce(sum(l.share::decimal(38, 15)) filter (r.quality = 2)::double, 0e0) as measured_share,
    sum((u.consumed_quantity * l.share * r.compute_it_energy_kwh)::decimal(38, 15))::double as compute_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.accelerator_it_energy_kwh)::decimal(38, 15))::double as accelerator_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.memory_it_energy_kwh)::decimal(38, 15))::double as memory_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.storage_it_energy_kwh)::decimal(38, 15))::double as storage_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.network_it_energy_kwh)::decimal(38, 15))::double as network_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh)::decimal(38, 15))::double as it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh_low)::decimal(38, 15))::double as it_energy_kwh_low,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh_high)::decimal(38, 15))::double as it_energy_kwh_high,
    sum((u.consumed_quantity * l.share * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((u.consumed_quantity * l.share * r.energy_kwh_low)::decimal(38, 15))::double as energy_kwh_low,
    sum((u.consumed_quantity * l.share * r.energy_kwh_high)::decimal(38, 15))::double as energy_kwh_high,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e_low)::decimal(38, 15))::double as location_based_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e_high)::decimal(38, 15))::double as location_based_kg_co2e_high,
    sum((u.consumed_quantity * l.share * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e_low)::decimal(38, 15))::double as embodied_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e_high)::decimal(38, 15))::double as embodied_kg_co2e_high,
    sum((u.consumed_quantity * l.share * r.water_l)::decimal(38, 15))::double as water_l
from core.line_load as l
inner join core.usage as u on u.line_id = l.line_id
inner join core.rate as r
    on r.sku_id = l.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
group by l.line_id, r.model, r.factor_set;
