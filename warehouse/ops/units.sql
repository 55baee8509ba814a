-- What each unit last was. Grain: one row per unit.
select
    unit_id, source, kind, scope, period, generation, status, reason, refused_version, refused_reason,
    row_count, size_bytes, notes, unknown_columns, version, digest, loaded_at, run_id
from core.unit
