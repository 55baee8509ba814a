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
