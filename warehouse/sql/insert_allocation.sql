-- The shares that the unit's split rows state. Grain: one row per split line, by its line_id.
insert into core.allocation
select
    $first_line_id::bigint + file_row_number as line_id,
    $unit_id::bigint as unit_id,
    split.parent_resource_id,
    split.part,
    split.split_usage,
    split.split_usage_ratio,
    split.cluster_name,
    split.namespace,
    split.workload
from temp.staged
where split is not null
order by line_id
