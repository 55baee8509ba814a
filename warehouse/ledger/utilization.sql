-- Observed load of machines. Grain: resource x hour x metric; an hour that was delivered several times counts with its mean.
select
    resource_id,
    hour_start,
    metric,
    sum(utilization::decimal(38, 15))::double / count(*) as utilization,
    count(*) over (partition by resource_id, metric, hour_start::date)::double / 24e0 as coverage_share
from core.utilization
group by resource_id, hour_start, metric
