-- Deliveries that could not be read or are gone. What was loaded of them before is still in the figures. Grain: unit.
select
    source,
    scope,
    period,
    status,
    coalesce(refused_reason, reason) as reason
from ops.units
where status in ('refused', 'source_missing') or refused_reason is not null
order by source, period, scope
