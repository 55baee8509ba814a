"""Azure's units of measure, which its own exports and its FOCUS bills share: what they count, in blocks of how many."""

import duckdb

from connectors.bill import read_data


def set_units(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer units.csv to SQL as the maps ``unit_of`` and ``block_size_of``, by unit of measure."""
    rows = read_data("connectors.azure", "units.csv")
    names = [row["unit_of_measure"] for row in rows]
    connection.execute("set variable unit_of = map(?::varchar[], ?::varchar[])", [names, [row["unit"] for row in rows]])
    connection.execute(
        "set variable block_size_of = map(?::varchar[], ?::double[])",
        [names, [float(row["block_size"]) for row in rows]],
    )


def measure_sql(text: str) -> str:
    """Return the SQL of a unit of measure as units.csv spells it: single blanks, none at the ends."""
    return f"regexp_replace(trim(replace({text}, chr(160), ' ')), ' +', ' ', 'g')"
