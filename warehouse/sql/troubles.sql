-- What keeps a unit from being current, with the next step. Grain: source x outcome x unit. Reads: core.unit.
select source, 'refused' as outcome, refused_reason as reason
from core.unit
where refused_reason is not null
union all
select source, 'missing at its source', reason
from core.unit
where status = 'source_missing'
order by all
