-- What the bill calls its accounts. Grain: one row per provider, account and name of the unit.
insert into core.account_seen
select distinct $unit_id::bigint as unit_id, provider, sub_account_id, sub_account_name
from temp.staged
where sub_account_id is not null and sub_account_name is not null
order by all
