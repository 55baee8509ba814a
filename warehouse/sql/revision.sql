-- What the content of a warehouse is, short: two files with the same rows here hold the same figures.
-- Grain: one row per table. Bill lines follow from the units' digests and generations; runs are no content.
-- Not portable: hash() is DuckDB's own and compared within one process only.
select 'setting' as name, count(*) as row_count, bit_xor(hash(t)) as mark from (select * from core.setting) as t
union all
select 'unit', count(*), bit_xor(hash(t)) from (select * exclude (version, run_id) from core.unit) as t
union all
select 'factor_set', count(*), bit_xor(hash(t)) from factors.factor_set as t
union all
select 'factor_layer', count(*), bit_xor(hash(t)) from factors.layer as t
union all
select 'site_factor', count(*), bit_xor(hash(t)) from core.site_factor as t
union all
select 'sku_class', count(*), bit_xor(hash(t)) from core.sku_class as t
union all
select 'rate', count(*), bit_xor(hash(t)) from core.rate as t
union all
select 'reconciliation_provider', count(*), bit_xor(hash(t)) from core.reconciliation_provider as t
union all
select 'reconciliation_run', count(*), bit_xor(hash(t)) from core.reconciliation_run as t
order by name
