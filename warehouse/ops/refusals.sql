-- What was refused, by name, with the next step. Grain: one row per refusal and run.
select refused_at, run_id, source, scope, period, message from core.refusal
