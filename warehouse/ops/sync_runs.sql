-- What each run that writes did. Grain: one row per run.
select
    run_id, command, program_version, pid, started_at, finished_at, exit_code,
    units_listed, units_loaded, units_unchanged, units_shadowed, units_refused
from core.run
