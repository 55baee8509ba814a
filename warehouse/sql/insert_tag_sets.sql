-- Every distinct set of tags once. Its number depends on the sorted entries only.
insert into core.tag_set
select
    (md5_number_lower(list_sort(map_entries(tags))::varchar) >> 1)::bigint as tag_set_id,
    any_value(tags order by tags::varchar) as tags
from (select distinct tags from temp.staged where cardinality(tags) > 0)
group by 1
order by 1
on conflict do nothing
