-- The distinct SKU keys of the staged rows, numbered by their content alone. Grain: one row per key.
create or replace temp table staged_sku as
select
    (md5_number_lower(to_json([/* keys as text */])::varchar) >> 1)::bigint as sku_id,
    /* keys */
from (select distinct /* keys */ from temp.staged) as k
