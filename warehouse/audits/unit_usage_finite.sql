-- Every quantity is a finite number or missing.
select line_id, consumed_quantity
from core.usage
where unit_id = $unit_id and not isfinite(consumed_quantity)
order by line_id
