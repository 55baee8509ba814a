-- The runs into the warehouse, in the order that people read them.
insert into core.reconciliation_run by name
from run_row
order by overlap_start nulls last, tool, run_id
