"""Foreign tables made safe before DuckDB sees them: csv, csv.gz, zip of csv, parquet.

The kind is decided by the first bytes, not by the name. Packed text is unpacked here, by Python, because
DuckDB accepts a gzip with a wrong CRC; text is checked as a stream for what makes a reader fall over
(NUL bytes, other encodings, endless lines). DuckDB then reads text without guessing: every column VARCHAR,
every line with as many fields as the header. Foreign names never reach SQL: columns are c0, c1, ... by position.
"""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, cast

import duckdb

from wattledger.contracts import LocalFile
from wattledger.errors import BrokenInputError

TABLE_SUFFIXES = (".csv", ".gz", ".zip", ".parquet")

MEMORY_LIMIT = "1GB"
THREADS = 2
MAX_LINE_BYTES = 16 << 20
MAX_COLUMNS = 2_000
MAX_UNPACKED_BYTES = 64 << 30  # of one unit
MAX_RATIO = 300  # real bills pack 10 to 60 times
RATIO_FROM_BYTES = 64 << 20  # below this a high ratio is only a small file
MAX_ROWS = 1 << 28  # of one unit: the positions a line_id can hold
MAX_ROWS_PER_BYTE = 10  # of a parquet file; real bills have 0.01 to 0.2
ROWS_FROM = 1_000_000  # below this many rows the density does not matter

_CHUNK_BYTES = 1 << 20
_FETCH_AGAIN = "Nothing of this unit was loaded. Fetch the file again."
_UNPACK_FIRST = "Nothing of this unit was loaded. Unpack it and give the csv instead."
_CHECK_EXPORT = "Nothing of this unit was loaded. Check the export, then fetch the file again."


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


@dataclass(frozen=True)
class _Checked:
    name: str
    path: Path
    is_text: bool
    columns: tuple[tuple[str, str], ...]
    claimed_rows: int | None = None


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


def open_tabular(connection: duckdb.DuckDBPyConnection, files: Sequence[LocalFile], scratch: Path) -> list[Part]:
    """Check every file of a unit and return its tables in reading order.

    Files without any content (0 bytes, gzip of nothing, blank lines) are left out: an empty list is an empty
    delivery. A header without rows and a parquet file of 0 rows are tables without rows.
    Raises BrokenInputError naming the file and the next step.
    """
    checked: list[_Checked] = []
    budget = _Budget()
    for file in files:
        checked += _check(connection, file, scratch, budget)
    return _join(connection, checked)


def refuse_lost_rows(parts: Sequence[Part], rows: int) -> None:
    """Raise BrokenInputError when damaged parquet files give another number of rows than they claim."""
    claims = [part.claimed_rows for part in parts if part.claimed_rows is not None]
    if len(claims) == len(parts) and sum(claims) != rows:
        names = ", ".join(name for part in parts for name in part.names)
        raise BrokenInputError(f"{names}: claims {sum(claims)} rows and gives {rows}. {_FETCH_AGAIN}")


def run(connection: duckdb.DuckDBPyConnection, statement: str, parts: Sequence[Part]) -> list[tuple[Any, ...]]:
    """Run a statement that reads ``parts``.

    Two threads cannot always cut a csv apart that has line ends inside quotes; DuckDB refuses then. One thread can,
    and names the same line every time where the csv really is broken.
    """
    try:
        return connection.execute(statement).fetchall()
    except (duckdb.InvalidInputException, duckdb.NotSupportedError):
        if not any(part.is_text for part in parts):
            raise
        connection.execute("set variable csv_in_parallel = false")
        return connection.execute(statement).fetchall()


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


class _Budget:
    """What is left of the text that one unit may unpack to, and of its rows."""

    def __init__(self) -> None:
        self.unpacked_bytes = MAX_UNPACKED_BYTES
        self.rows = MAX_ROWS
        self.numbers = count()


def _check(connection: duckdb.DuckDBPyConnection, file: LocalFile, scratch: Path, budget: _Budget) -> list[_Checked]:
    name = str(file.path)
    with file.path.open("rb") as stream:
        magic = stream.read(4)
    if not magic:
        return []
    if magic == b"PAR1":
        return [_check_parquet(connection, file.path, budget)]
    if magic == b"PARE":
        raise BrokenInputError(f"{name}: is an encrypted parquet file. Nothing of this unit was loaded. Decrypt it.")
    if magic[:2] == b"\x1f\x8b":
        return _unpack(name, lambda: cast(IO[bytes], gzip.open(file.path, "rb")), file.size_bytes, scratch, budget)
    if magic in (b"PK\x03\x04", b"PK\x05\x06"):
        return _check_zip(file, scratch, budget)
    with file.path.open("rb") as stream:
        header = _check_text(name, stream)
    return [] if header is None else [_Checked(name, file.path, True, header)]


def _check_zip(file: LocalFile, scratch: Path, budget: _Budget) -> list[_Checked]:
    """Every member of a zip is a csv; names of members are never used as paths."""
    name = str(file.path)
    found: list[_Checked] = []
    try:
        with zipfile.ZipFile(file.path) as archive:
            for member in sorted(archive.infolist(), key=lambda info: info.filename):
                if member.is_dir() or member.filename.startswith("__MACOSX/"):
                    continue
                label = f"{name}, member {member.filename!r}"
                if member.flag_bits & 1:
                    raise BrokenInputError(f"{label}: is encrypted. {_UNPACK_FIRST}")
                if not member.filename.lower().endswith(".csv"):
                    raise BrokenInputError(f"{label}: is not a csv. {_CHECK_EXPORT}")
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BrokenInputError(f"{label}: is packed in an unusual way. {_UNPACK_FIRST}")

                def opened(member: zipfile.ZipInfo = member) -> IO[bytes]:
                    return archive.open(member)

                found += _unpack(label, opened, member.compress_size, scratch, budget)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BrokenInputError(f"{name}: is not a whole zip file ({error}). {_FETCH_AGAIN}") from None
    return found


def _unpack(name: str, opened: Callable[[], IO[bytes]], packed: int, scratch: Path, budget: _Budget) -> list[_Checked]:
    """Unpack text into ``scratch``, checking length, ratio and CRC on the way."""
    target = scratch / f"part-{next(budget.numbers):05}.csv"
    try:
        with opened() as stream, target.open("wb") as sink:
            header = _check_text(name, stream, sink, packed, budget)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenInputError(f"{name}: is truncated or damaged ({error}). {_FETCH_AGAIN}") from None
    if header is None:
        target.unlink()
        return []
    return [_Checked(name, target, True, header)]


def _check_text(
    name: str,
    stream: IO[bytes],
    sink: IO[bytes] | None = None,
    packed: int = 0,
    budget: _Budget | None = None,
) -> tuple[tuple[str, str], ...] | None:
    """Read the stream once; return the header's columns, or None when there is nothing but blanks."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    total = 0
    line = 0
    head = b""
    blank = True
    while chunk := stream.read(_CHUNK_BYTES):
        total += len(chunk)
        if budget is not None:
            _check_bomb(name, total, packed, budget)
        if b"\0" in chunk:
            raise BrokenInputError(
                f"{name}: holds NUL bytes: it is a binary file or UTF-16, not UTF-8 text. {_CHECK_EXPORT}"
            )
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise BrokenInputError(
                f"{name}: is not UTF-8 text (byte {error.object[error.start]:#04x} before position {total}). "
                f"{_CHECK_EXPORT}"
            ) from None
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if line + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
            raise BrokenInputError(
                f"{name}: a line is longer than {MAX_LINE_BYTES >> 20} MiB; no bill has such lines. {_CHECK_EXPORT}"
            )
        line = line + len(chunk) if last < 0 else len(chunk) - last - 1
        blank = blank and not chunk.strip(b"\xef\xbb\xbf \t\r\n")
        if len(head) < _CHUNK_BYTES:
            head += chunk
        if sink is not None:
            sink.write(chunk)
    if decoder.getstate()[0]:
        raise BrokenInputError(f"{name}: ends in the middle of a character. {_FETCH_AGAIN}")
    if budget is not None:
        budget.unpacked_bytes -= total
    return None if blank else _header(name, head)


def _check_bomb(name: str, total: int, packed: int, budget: _Budget) -> None:
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * packed:
        raise BrokenInputError(
            f"{name}: unpacks to more than {MAX_RATIO} times its size, which no bill does. {_CHECK_EXPORT}"
        )
    if total > budget.unpacked_bytes:
        raise BrokenInputError(
            f"{name}: the unit unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB. Nothing of it was loaded. "
            "Split the delivery by day or month."
        )


def _header(name: str, head: bytes) -> tuple[tuple[str, str], ...]:
    text = head.decode("utf-8-sig", "ignore")
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), strict=True), [])
    except csv.Error as error:
        raise BrokenInputError(f"{name}: its first line is no csv header ({error}). {_CHECK_EXPORT}") from None
    if not names:
        raise BrokenInputError(f"{name}: its first line is blank; a csv starts with its header. {_CHECK_EXPORT}")
    if len(names) > MAX_COLUMNS:
        raise BrokenInputError(f"{name}: has {len(names)} columns; no bill has over {MAX_COLUMNS}. {_CHECK_EXPORT}")
    return tuple((column, "VARCHAR") for column in names)


def _check_parquet(connection: duckdb.DuckDBPyConnection, path: Path, budget: _Budget) -> _Checked:
    size = path.stat().st_size
    connection.execute("set variable checked_file = ?", [str(path)])
    try:
        rows = connection.execute("select num_rows from parquet_file_metadata(getvariable('checked_file'))").fetchall()[
            0
        ][0]
        if rows > budget.rows or (rows > ROWS_FROM and rows > MAX_ROWS_PER_BYTE * size):
            raise BrokenInputError(
                f"{path}: claims {rows} rows in {size} bytes, more than a bill can hold. {_CHECK_EXPORT}"
            )
        budget.rows -= rows
        described = connection.execute(
            "describe select * from read_parquet(getvariable('checked_file'), hive_partitioning = false)"
        ).fetchall()
        schema = connection.execute(
            "select name, coalesce(num_children, 0) from parquet_schema(getvariable('checked_file'))"
        ).fetchall()
    except duckdb.Error as error:
        raise BrokenInputError(
            f"{path}: is truncated or not a parquet file ({_first_line(str(error))}). {_FETCH_AGAIN}"
        ) from None
    if len(described) > MAX_COLUMNS:
        raise BrokenInputError(f"{path}: has {len(described)} columns; no bill has over {MAX_COLUMNS}. {_CHECK_EXPORT}")
    columns = tuple(zip(_delivered_names(schema), (row[1] for row in described), strict=False))
    if len(columns) != len(described):
        raise BrokenInputError(f"{path}: its schema contradicts itself. {_FETCH_AGAIN}")
    return _Checked(str(path), path, False, columns, rows)


def _delivered_names(schema: Sequence[tuple[str, int]]) -> list[str]:
    """The names of the columns as written: DuckDB renames those that differ in case only or not at all.

    ``schema`` is the tree below the root, depth first: name and number of children.
    """
    names: list[str] = []
    below = 0  # nodes still to come that belong to the last column
    for name, children in schema[1:]:
        if below:
            below -= 1
        else:
            names.append(name)
        below += children
    return names


def _join(connection: duckdb.DuckDBPyConnection, checked: Sequence[_Checked]) -> list[Part]:
    groups: list[list[_Checked]] = []
    for file in checked:
        last = groups[-1][0] if groups else None
        if last is not None and (last.is_text, last.columns) == (file.is_text, file.columns):
            groups[-1].append(file)
        else:
            groups.append([file])
    return [_part(connection, number, group) for number, group in enumerate(groups)]


def _part(connection: duckdb.DuckDBPyConnection, number: int, group: Sequence[_Checked]) -> Part:
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
        return f"{where}: line {line[1]} has {widths[2]} fields, the header has {widths[1]}. {_FETCH_AGAIN}"
    if line and "unterminated quote" in message:
        return f"{where}: line {line[1]} has a quote that does not end with its field. {_FETCH_AGAIN}"
    if "state machine reached an invalid state" in message:
        return f"{where}: mixes line ends or holds a carriage return outside of quotes. {_CHECK_EXPORT}"
    return f"{where}: cannot be read ({_first_line(message)}). {_FETCH_AGAIN}"


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0][:300] if message.strip() else "no reason given"
