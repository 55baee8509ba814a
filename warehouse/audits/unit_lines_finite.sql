-- Every quantity is missing or a finite number below 1e22, so that sums of it are exact.
select line_id, provider_line_id, consumed_quantity
from core.usage
where unit_id = $unit_id and not abs(consumed_quantity) < 1e22
order by line_id
