-- Where the factor rows come from. Grain: one row per factor_id asked for. Parameter: ids.
select factor_id, source, source_release, licence, verification
from (
    select factor_id, source, source_release, licence, verification from factors.site_metric
    union all
    select factor_id, source, source_release, licence, verification from factors.grid_intensity
    union all
    select factor_id, source, source_release, licence, verification from factors.cpu_power
    union all
    select factor_id, source, source_release, licence, verification from factors.accelerator_power
    union all
    select factor_id, source, source_release, licence, verification from factors.instance
    union all
    select factor_id, source, source_release, licence, verification from factors.coefficient
)
where list_contains($ids::varchar[], factor_id)
order by factor_id
