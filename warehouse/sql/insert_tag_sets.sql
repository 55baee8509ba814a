-- Every distinct set of tags once. Maps of the same entries in another order are the same set.
insert into core.tag_set
select distinct on (tag_set_id) tag_set_id, map_from_entries(entries) as tags
from temp.staged_tag_set
order by tag_set_id
on conflict do nothing
