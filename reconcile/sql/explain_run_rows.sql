-- The rows that a tracker wrote for a run, before they become one. Grain: row. Parameter: run.
select
    u.source, u.scope, r.row_kind, r.task_name, r.started_at, r.ended_at, r.duration_s,
    r.cpu_it_energy_kwh, r.gpu_it_energy_kwh, r.ram_it_energy_kwh, r.it_energy_kwh, r.tracker_pue
from core.tracker_run as r
left join core.unit as u on u.unit_id = r.unit_id
where coalesce(r.run_id, 'unit-' || r.unit_id || '-row-' || r.row_number) = $run
order by r.ended_at, r.unit_id, r.row_number
