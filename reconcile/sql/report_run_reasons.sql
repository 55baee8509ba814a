-- Why runs have no verdict. Grain: reason, the most frequent first. Parameters: since, until.
select m.reason, count(*) as runs, min(m.run_id) as run_id
from ledger.reconciliation_runs as m
left join ledger.tracker_runs as t on t.tool = m.tool and t.run_id = m.run_id
where
    m.verdict = 'not_comparable'
    and coalesce(t.started_at >= $since::date, true)
    and coalesce(t.started_at < $until::date, true)
group by m.reason
order by runs desc, m.reason
