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
