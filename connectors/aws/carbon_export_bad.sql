-- The first cell of an export that cannot be what its column says: row, column, text. The world emits 6e10 t a year.
-- Grain: at most one row. Reads: delivered. Parameter: the unit AWS documents.
with cell as (
    unpivot (select * exclude (part, absent) from delivered)
    on columns(* exclude (n))
    into name column_name value cell
)

select n, column_name, cell
from cell
where
    case
        when column_name like '%_emissions_value' then not coalesce(abs(try_cast(cell as double)) < 1e12, false)
        when column_name like '%_emissions_unit' then lower(cell) <> lower($unit)
        when column_name in ('usage_period_start', 'last_refresh_timestamp') then
            not coalesce(try_cast(cell as timestamptz) between timestamp '1990-01-01' and timestamp '2199-12-31', false)
        else false
    end
order by n, column_name
limit 1
