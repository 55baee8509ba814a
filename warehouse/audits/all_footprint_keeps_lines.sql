-- The footprint has one row for every bill line, each with one disposition.
select 'lines, rows, distinct, undisposed', u.lines, f.lines, f.distinct_lines, f.undisposed
from
    (select count(*) as lines from core.usage) as u,
    (
        select
            count(*) as lines,
            count(distinct line_id) as distinct_lines,
            count(*) filter (
                disposition is null or disposition not in ('estimated', 'proxy', 'out_of_scope', 'unmodelled')
            ) as undisposed
        from ledger.footprint
    ) as f
where u.lines <> f.lines or f.lines <> f.distinct_lines or f.undisposed > 0
