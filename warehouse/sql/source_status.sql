-- What is loaded of each source. Grain: source x kind. Reads: core.unit.
select
    source,
    kind,
    count(*) filter (status in ('loaded', 'delivered_empty')) as loaded,
    count(*) filter (status = 'shadowed') as shadowed,
    count(*) filter (status = 'refused' or refused_reason is not null) as refused,
    count(*) filter (status = 'source_missing') as missing,
    sum(row_count)::bigint as rows,
    nullif(max(period), '') as newest_period,
    max(loaded_at) as loaded_at
from core.unit
group by all
order by all
