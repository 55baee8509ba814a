"""Writes the rows of one small log as the staged Parquet file of a table."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from wattledger.contracts import STAGED_COLUMNS


def stage_rows(table: str, rows: Iterable[Mapping[str, object]], staged: Path, scratch: Path) -> int:
    """Write ``rows`` to ``staged`` with exactly the columns and types of ``table`` and return their number.

    A row maps column names to values; a column it does not name is null. The order of the rows is kept.
    """
    columns = STAGED_COLUMNS[table]
    lines = scratch / "rows.jsonl"
    count = 0
    with lines.open("w", encoding="utf-8") as out:
        for row in rows:
            # A float keeps its shortest exact text, so it comes back bit for bit.
            out.write(json.dumps({name: row.get(name) for name in columns}, default=str, allow_nan=False) + "\n")
            count += 1
    # The names and types come from our own contract, never from foreign bytes.
    spec = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    query = (
        f"copy (select * from read_json($lines, format = 'newline_delimited', columns = {{{spec}}})) "  # noqa: S608
        "to $staged (format parquet)"
    )
    with duckdb.connect() as connection:
        connection.execute(query, {"lines": str(lines), "staged": str(staged)})
    return count
