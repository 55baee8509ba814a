-- Every version of every layer of own factors. Grain: one row per layer and version. Reads: factors.layer, factors.layer_in_force.
select
    concat(l.name, '@', l.version) as layer,
    l.table_name as "table",
    l.row_count as "rows",
    f.layer is not null as is_in_force,
    l.file,
    l.imported_at,
    l.sha256
from factors.layer as l
left join factors.layer_in_force as f on f.layer = concat(l.name, '@', l.version)
order by l.name, l.version
