-- The first cell of an export that cannot be what its column says: row, column, text.
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
        when column_name like '%_emissions_value' then not coalesce(isfinite(try_cast(cell as double)), false)
        when column_name like '%_emissions_unit' then lower(cell) <> lower($unit)
        when column_name in ('usage_period_start', 'last_refresh_timestamp') then try_cast(cell as timestamptz) is null
        else false
    end
order by n, column_name
limit 1
