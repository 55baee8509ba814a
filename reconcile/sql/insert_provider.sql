-- The comparison into the warehouse, in the order that people read it.
insert into core.reconciliation_provider by name
from provider_row
order by usage_month, provider, sub_account_id, region_id, grain, service_group
