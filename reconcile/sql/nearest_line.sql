-- The line whose number is nearest. Grain: one row, none in an empty warehouse. Parameter: line.
select line_id
from core.usage
order by abs(line_id::hugeint - $line::hugeint), line_id
limit 1
