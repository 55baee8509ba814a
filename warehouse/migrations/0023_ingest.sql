-- Second reading of what is read: keys of tags compare alike everywhere, metrics may be of an owner, and the newest file of a grid counts.

-- Of which owner a metric is, as `dimension:glob`; null: of all.
alter table core.business_metric add column owner varchar;

-- Made by 0016; a file that had gone further has none to keep.
create table if not exists core.kept_sum as select * from core.current_sum limit 0;
