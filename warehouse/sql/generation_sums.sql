-- What the content in force of units sums to, as a row of core.generation_sum. Grain: that of core.current_sum.
-- Parameters: recorded_at, cause; /* of */ is a condition on unit_id.
select
    unit_id,
    generation,
    $recorded_at::timestamp as recorded_at,
    $cause as cause,
    * exclude (unit_id, generation)
from core.current_sum
where /* of */
order by all
