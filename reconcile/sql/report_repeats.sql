-- What runs on a machine that another run already measures would add again. Grain: one row. Parameters: since, until.
select
    count(*) as runs,
    count(distinct m.run_group) as machines,
    sum(m.tracker_it_energy_kwh::decimal(38, 15))::double as it_energy_kwh
from ledger.reconciliation_runs as m
left join ledger.tracker_runs as t on t.tool = m.tool and t.run_id = m.run_id
where
    m.run_group is not null
    and not m.is_counted
    and m.verdict <> 'not_comparable'
    and coalesce(t.started_at >= $since::date, true)
    and coalesce(t.started_at < $until::date, true)
