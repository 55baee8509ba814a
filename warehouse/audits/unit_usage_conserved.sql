-- Lines in are lines out, and billed cost in is billed cost out, exactly.
select 'staged, loaded, daily', s.lines, u.lines, d.lines, s.billed_cost, u.billed_cost, d.billed_cost
from
    (select count(*) as lines, coalesce(sum(billed_cost), 0) as billed_cost from temp.staged) as s,
    (select count(*) as lines, coalesce(sum(billed_cost), 0) as billed_cost from core.usage where unit_id = $unit_id) as u,
    (
        select coalesce(sum(lines), 0) as lines, coalesce(sum(billed_cost), 0) as billed_cost
        from core.usage_daily where unit_id = $unit_id
    ) as d
where s.lines <> u.lines or u.lines <> d.lines or s.billed_cost <> u.billed_cost or u.billed_cost <> d.billed_cost
