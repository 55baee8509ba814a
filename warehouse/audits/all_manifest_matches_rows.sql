-- Every unit holds the number of rows that its manifest row says.
select u.source, u.scope, u.row_count, coalesce(n.found, 0) as found
from core.unit as u
left join (
    select unit_id, count(*) as found from core.usage group by unit_id
    union all
    select unit_id, count(*) from core.provider_footprint group by unit_id
    union all
    select unit_id, count(*) from core.tracker_run group by unit_id
) as n on n.unit_id = u.unit_id
where u.row_count <> coalesce(n.found, 0)
order by all
