-- The distinct tags of the staged rows, numbered by their sorted entries alone. Grain: one row per map as delivered.
create or replace temp table staged_tag_set as
select
    tags as tags,
    list_sort(map_entries(tags)) as entries,
    (md5_number_lower(to_json(list_sort(map_entries(tags)))::varchar) >> 1)::bigint as tag_set_id
from (select distinct tags from temp.staged where cardinality(tags) > 0) as t
