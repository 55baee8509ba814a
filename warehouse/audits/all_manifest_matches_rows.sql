-- Every unit holds the number of rows that its manifest row says, and no row is without a unit.
with found as (
    select unit_id, count(*) as row_count from core.usage group by unit_id
    union all
    select unit_id, count(*) from core.utilization group by unit_id
    union all
    select unit_id, count(*) from core.provider_footprint group by unit_id
    union all
    select unit_id, count(*) from core.tracker_run group by unit_id
    union all
    select unit_id, count(*) from core.pue_reading group by unit_id
    union all
    select unit_id, count(*) from core.business_metric group by unit_id
    union all
    select unit_id, count(*) from core.grid_interval group by unit_id
    union all
    select unit_id, count(*) from core.account group by unit_id
)

select u.source, u.scope, u.row_count as said, coalesce(f.row_count, 0) as found
from core.unit as u
full join found as f on f.unit_id = u.unit_id
where u.row_count is distinct from coalesce(f.row_count, 0)
order by all
