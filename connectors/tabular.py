"""Checked files of a unit as tables of DuckDB, which reads text without guessing.

Every column of a csv is VARCHAR and every line has as many fields as the header. Foreign names never reach SQL:
columns are c0, c1, ... by position.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.checked import CHECK_EXPORT, FETCH_AGAIN, MAX_LINE_BYTES, Budget, Checked, check, first_line
from wattledger.contracts import LocalFile
from wattledger.errors import BrokenInputError

TABLE_SUFFIXES = (".csv", ".gz", ".zip", ".parquet")

MEMORY_LIMIT = "1GB"
THREADS = 2


@dataclass(frozen=True)
class Column:
    """A column as delivered: ``name`` is foreign text; ``ref`` is how SQL calls it."""

    name: str
    kind: str  # DuckDB type; VARCHAR for every column of a csv
    ref: str


@dataclass(frozen=True)
class Part:
    """Consecutive files of a unit that have the same columns, as one table.

    ``table`` is the SQL of a FROM item with the columns ``ref`` and none of the foreign names. Rows come in
    the order of the files and of the rows in them. ``names`` are the files as the user knows them, ``paths``
    what DuckDB opens instead of them.
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]
    columns: tuple[Column, ...]
    table: str
    is_text: bool  # csv: every column VARCHAR
    claimed_rows: int | None  # what parquet files say of themselves; a csv says nothing


@contextmanager
def reader(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB for one unit: bounded, in UTC, in order, without extensions from elsewhere."""
    with duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": THREADS,
            "temp_directory": str(scratch),
            "preserve_insertion_order": True,
            # A long IN becomes a join otherwise, and a join on two threads loses the order of the lines.
            "disabled_optimizers": "in_clause",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    ) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set variable csv_in_parallel = true")
        yield connection


Checker = Callable[[duckdb.DuckDBPyConnection, LocalFile, Path, Budget], list[Checked]]


def open_tabular(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LocalFile], scratch: Path, check: Checker = check
) -> list[Part]:
    """Check every file of a unit and return its tables in reading order.

    Files without any content (0 bytes, gzip of nothing, blank lines) are left out: an empty list is an empty
    delivery. A header without rows and a parquet file of 0 rows are tables without rows.
    Raises BrokenInputError naming the file and the next step.
    """
    checked: list[Checked] = []
    budget = Budget()
    for file in files:
        checked += check(connection, file, scratch, budget)
    return _join(connection, checked)


def refuse_lost_rows(parts: Sequence[Part], rows: int) -> None:
    """Raise BrokenInputError when damaged parquet files give another number of rows than they claim."""
    claims = [part.claimed_rows for part in parts if part.claimed_rows is not None]
    if len(claims) == len(parts) and sum(claims) != rows:
        names = ", ".join(name for part in parts for name in part.names)
        raise BrokenInputError(f"{names}: claims {sum(claims)} rows and gives {rows}. {FETCH_AGAIN}")


def copy_rows(connection: duckdb.DuckDBPyConnection, statement: str, parts: Sequence[Part]) -> int:
    """Run a COPY that reads ``parts`` and return the number of its rows.

    Two threads cannot always cut a csv apart that has line ends inside quotes; DuckDB refuses then, and one thread
    reads it. As one thread drops a last line whose quote does not end, the lines are counted beforehand.
    """
    try:
        return int(connection.execute(statement).fetchall()[0][0])
    except (duckdb.InvalidInputException, duckdb.NotSupportedError):
        lines = _count_lines(parts)
        if lines is None:
            raise
    connection.execute("set variable csv_in_parallel = false")
    rows = int(connection.execute(statement).fetchall()[0][0])
    if rows != lines:
        names = ", ".join(name for part in parts for name in part.names)
        raise BrokenInputError(f"{names}: has {lines} lines, of which {rows} can be read. {CHECK_EXPORT}")
    return rows


def _count_lines(parts: Sequence[Part]) -> int | None:
    """The lines below the headers, by Python's own csv reader; None when it finds the text broken, too."""
    if not any(part.is_text for part in parts):
        return None
    csv.field_size_limit(MAX_LINE_BYTES)
    lines = sum(part.claimed_rows or 0 for part in parts)
    for path in (path for part in parts if part.is_text for path in part.paths):
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            try:
                lines += sum(1 for row in csv.reader(stream, strict=True) if row) - 1
            except csv.Error:
                return None
    return lines


@contextmanager
def broken_input(parts: Sequence[Part]) -> Iterator[None]:
    """Turn what DuckDB says about the bytes of ``parts`` into a BrokenInputError that names the file.

    Errors of the machine (disk, memory) pass through.
    """
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.SerializationException, duckdb.InternalException) as error:
        raise BrokenInputError(_explain(str(error), parts)) from None
    except duckdb.IOException:
        raise
    except duckdb.Error as error:
        if type(error) is duckdb.Error:  # how the parquet reader reports damaged pages
            raise BrokenInputError(_explain(str(error), parts)) from None
        raise


def _join(connection: duckdb.DuckDBPyConnection, checked: Sequence[Checked]) -> list[Part]:
    groups: list[list[Checked]] = []
    for file in checked:
        last = groups[-1][0] if groups else None
        if last is not None and (last.is_text, last.columns) == (file.is_text, file.columns):
            groups[-1].append(file)
        else:
            groups.append([file])
    return [_part(connection, number, group) for number, group in enumerate(groups)]


def _part(connection: duckdb.DuckDBPyConnection, number: int, group: Sequence[Checked]) -> Part:
    """A part over files of the same columns; their paths travel in a variable, never in SQL text."""
    variable = f"part_{number}_files"
    paths = [str(file.path) for file in group]
    connection.execute(f"set variable {variable} = ?::varchar[]", [paths])
    columns = tuple(Column(name, kind, f"c{n}") for n, (name, kind) in enumerate(group[0].columns))
    table = table_sql(variable, columns, group[0].is_text)
    claims = [file.claimed_rows for file in group if file.claimed_rows is not None]
    claimed_rows = sum(claims) if len(claims) == len(group) else None
    return Part(tuple(file.name for file in group), tuple(paths), columns, table, group[0].is_text, claimed_rows)


def table_sql(variable: str, columns: Sequence[Column], is_text: bool) -> str:
    """Return the FROM item that reads the files named in the session variable ``variable``."""
    if not is_text:
        aliases = ", ".join(column.ref for column in columns)
        return f"read_parquet(getvariable('{variable}'), hive_partitioning = false) as t({aliases})"
    fields = ", ".join(f"'{column.ref}': 'VARCHAR'" for column in columns)
    return (
        f"read_csv(getvariable('{variable}'), auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', strict_mode = true, null_padding = false, parallel = getvariable('csv_in_parallel'), "
        f"max_line_size = {MAX_LINE_BYTES}, buffer_size = {2 * MAX_LINE_BYTES}, "
        f"hive_partitioning = false, columns = {{{fields}}})"
    )


def _explain(message: str, parts: Sequence[Part]) -> str:
    named = [name for part in parts for name, path in zip(part.names, part.paths, strict=True) if path in message]
    where = named[0] if len(named) == 1 else ", ".join(name for part in parts for name in part.names)
    line = re.search(r"CSV Error on Line: (\d+)", message)
    widths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if line and widths:
        return f"{where}: line {line[1]} has {widths[2]} fields, the header has {widths[1]}. {FETCH_AGAIN}"
    if line and "unterminated quote" in message:
        return f"{where}: line {line[1]} has a quote that does not end with its field. {FETCH_AGAIN}"
    if "state machine reached an invalid state" in message:
        return f"{where}: mixes line ends or holds a carriage return outside of quotes. {CHECK_EXPORT}"
    return f"{where}: cannot be read ({first_line(message)}). {FETCH_AGAIN}"
