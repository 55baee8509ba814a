-- Trackers against the bill, run by run. Grain: run. Parameters: since, until (start of the run).
select
    m.run_id,
    m.match_level,
    m.resource_id,
    m.overlap_h,
    m.run_it_energy_kwh,
    m.tracker_it_energy_kwh,
    m.model_it_energy_kwh,
    m.ratio,
    m.grade,
    m.is_counted,
    m.verdict
from ledger.reconciliation_runs as m
left join ledger.tracker_runs as t on t.tool = m.tool and t.run_id = m.run_id
where
    coalesce(t.started_at >= $since::date, true)
    and coalesce(t.started_at < $until::date, true)
order by t.started_at nulls last, m.run_id
