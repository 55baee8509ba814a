"""Observed load of machines from a csv or parquet file: one row per machine and sample, whatever metered it.

Columns: ``resource_id`` as the bill spells it, ``time``, ``utilization`` (0 to 1) or ``utilization_pct`` (0 to 100),
and ``metric``: cpu, which it is where the column is missing, or gpu. Samples of an hour become their mean.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.bill import NUMBER, TEXT, TIME, expression
from connectors.exports import list_units
from connectors.local import LocalSource
from connectors.tabular import Column, Part, broken_input, open_tabular, reader
from wattledger.contracts import STAGED_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

_METRICS = ("cpu", "gpu")
_SHARE, _PERCENT = "utilization", "utilization_pct"
_KNOWN = ("resource_id", "time", "metric", _SHARE, _PERCENT)
_HIGHEST = 1.01  # meters round upwards; what is a little above 1 is full load
_NOTHING = "Nothing of this unit was loaded."


@dataclass(frozen=True)
class UtilizationCsv(LocalSource):
    """Utilisation of machines in files of one form. A unit is one file."""

    table: ClassVar[str] = "utilization"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the files, sorted by path. Reads no data."""
        return list_units(self.settings, since)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write one row per machine, hour and metric: the mean of its samples. A sample without a value is no 0.

        Raises BrokenInputError where a column is missing or a value is not what its column says.
        """
        with reader(scratch) as connection:
            parts = open_tabular(connection, files, scratch)
            connection.execute(
                "create table sample (name varchar, row_number bigint, resource_id varchar, text varchar, "
                "time timestamp, metric varchar, given varchar, utilization double)"
            )
            with broken_input(parts):
                for part in parts:
                    connection.execute(_samples_sql(part), [part.names[0]])
            _refuse_bad(connection)
            columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in STAGED_COLUMNS[self.table].items())
            connection.execute(
                f"copy (select {columns} from ("  # noqa: S608
                "select resource_id, date_trunc('hour', time) as hour_start, metric, "
                "least(sum(utilization::decimal(38, 15))::double / count(*), 1e0) as utilization "
                "from sample where utilization is not null and metric in ('cpu', 'gpu') "
                "group by all order by all)) to $staged (format parquet)",
                {"staged": str(staged)},
            )
            rows = connection.execute("select count(*) from read_parquet(?)", [str(staged)]).fetchall()[0][0]
            unknown = {column.name for part in parts for column in part.columns if column.name.lower() not in _KNOWN}
            return ReadReport(rows, tuple(_notes(connection)), tuple(sorted(unknown)))


def _samples_sql(part: Part) -> str:
    taken: dict[str, Column] = {column.name.lower(): column for column in part.columns}
    values = [name for name in (_SHARE, _PERCENT) if name in taken]
    missing = [name for name in ("resource_id", "time") if name not in taken]
    if missing or len(values) != 1:
        lacks = ", ".join(missing) if missing else f"one of {_SHARE} (0 to 1) and {_PERCENT} (0 to 100)"
        raise BrokenInputError(f"{part.names[0]}: needs the column {lacks}. {_NOTHING} Add it to the file.")
    text = {name: expression(column, TEXT, ("",)) for name, column in taken.items() if name in _KNOWN}
    value = expression(taken[values[0]], NUMBER, ("",), "try_cast")
    return (
        f"insert into sample select ?, row_number() over (), {text['resource_id']}, {text['time']}, "  # noqa: S608
        f"{expression(taken['time'], TIME, ('',), 'try_cast')}, lower(coalesce({text.get('metric', 'null')}, 'cpu')), "
        f"{text[values[0]]}, {value}{' / 100e0' if values[0] == _PERCENT else ''} from {part.table}"
    )


def _refuse_bad(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise BrokenInputError that names file, row and value of the first cell that cannot be trusted."""
    wrong: Mapping[str, tuple[str, str]] = {
        "resource_id is null": ("resource_id", "the id of a machine"),
        "time is null": ("text", "a time"),
        f"given is not null and not coalesce(utilization between 0e0 and {_HIGHEST}, false)": (
            "given",
            f"a share of the hour (0 to 1; 0 to 100 in a column {_PERCENT})",
        ),
    }
    for condition, (column, belongs) in wrong.items():
        rows = connection.execute(
            f"select name, row_number, {column} from sample where {condition} order by name, row_number limit 1"  # noqa: S608
        ).fetchall()
        if rows:
            name, row, found = rows[0]
            raise BrokenInputError(f"{name}: row {row} holds {found!r} where {belongs} belongs. {_NOTHING}")


def _notes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    empty, other = connection.execute(
        "select count(*) filter (utilization is null), count(*) filter (metric not in ('cpu', 'gpu')) from sample"
    ).fetchall()[0]
    if empty:
        yield f"{empty} samples without a value were left out"
    if other:
        yield f"{other} samples of another metric than {' and '.join(_METRICS)} were left out"
