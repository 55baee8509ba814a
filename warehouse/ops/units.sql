-- What each unit last was. Grain: one row per unit.
select
    u.unit_id, source, kind, scope, period, generation, status, reason, refused_version, refused_reason,
    row_count, coalesce(left_out_lines, 0) as left_out_lines, size_bytes, notes, unknown_columns, version, digest, loaded_at, run_id
from core.unit as u
left join (select unit_id, sum(lines)::bigint as left_out_lines from core.left_out group by unit_id) as o on o.unit_id = u.unit_id
