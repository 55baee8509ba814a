-- What the business did by day, for the part of the bill that the scope names. Globs as in a shell, upper and lower case alike;
-- a null column of the scope is everything. Files that agree count once; where they differ there is no quantity.
-- Grain: usage_date x metric x scope.
select
    m.usage_date,
    m.metric,
    m.provider,
    m.account,
    m.service,
    m.region,
    m.tag_key,
    m.tag_value,
    m.owner,
    case when min(m.quantity) = max(m.quantity) then max(m.quantity) end as quantity,
    case
        when count(m.quantity) = 0 then 'no quantity'
        when min(m.quantity) < max(m.quantity) then 'files state different quantities'
    end as gap_reason,
    list_sort(list(distinct u.source)) as sources
from core.business_metric as m
inner join core.unit as u on u.unit_id = m.unit_id
group by m.usage_date, m.metric, m.provider, m.account, m.service, m.region, m.tag_key, m.tag_value, m.owner
