"""Foreign files checked, and unpacked where they are packed, before anything else reads them.

The kind is decided by the first bytes, not by the name. Packed text is unpacked here, by Python, because
DuckDB accepts a gzip with a wrong CRC; text is checked as a stream for what makes a reader fall over
(NUL bytes, other encodings, endless lines). Every refusal names the file and the next step.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, cast

import duckdb

from wattledger.contracts import LocalFile
from wattledger.errors import BrokenInputError

MAX_LINE_BYTES = 16 << 20
MAX_COLUMNS = 2_000
MAX_UNPACKED_BYTES = 64 << 30  # of one unit
MAX_RATIO = 300  # real bills pack 10 to 60 times
RATIO_FROM_BYTES = 64 << 20  # below this a high ratio is only a small file
MAX_ROWS = 1 << 28  # of one unit: the positions a line_id can hold
MAX_ROWS_PER_BYTE = 10  # of a parquet file; real bills have 0.01 to 0.2
ROWS_FROM = 1_000_000  # below this many rows the density does not matter

_CHUNK_BYTES = 1 << 20
FETCH_AGAIN = "Nothing of this unit was loaded. Fetch the file again."
CHECK_EXPORT = "Nothing of this unit was loaded. Check the export, then fetch the file again."
UNPACK_FIRST = "Nothing of this unit was loaded. Unpack it and give the csv instead."


@dataclass(frozen=True)
class Checked:
    """A file that may be read: ``path`` is what is opened instead of ``name``; columns are name and DuckDB type."""

    name: str
    path: Path
    is_text: bool
    columns: tuple[tuple[str, str], ...]
    claimed_rows: int | None = None


class Budget:
    """What is left of the text that one unit may unpack to, and of its rows."""

    def __init__(self) -> None:
        self.unpacked_bytes = MAX_UNPACKED_BYTES
        self.rows = MAX_ROWS
        self.numbers = count()


def check(connection: duckdb.DuckDBPyConnection, file: LocalFile, scratch: Path, budget: Budget) -> list[Checked]:
    """Return the tables in one file: none for a file without content, several for a zip."""
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
        head = check_text(name, stream)
    return [] if head is None else [Checked(name, file.path, True, _header(name, head))]


def _check_zip(file: LocalFile, scratch: Path, budget: Budget) -> list[Checked]:
    """Every member of a zip is a csv; names of members are never used as paths."""
    name = str(file.path)
    found: list[Checked] = []
    try:
        with zipfile.ZipFile(file.path) as archive:
            for member in sorted(archive.infolist(), key=lambda info: info.filename):
                if (member.is_dir() and not member.file_size) or member.filename.startswith("__MACOSX/"):
                    continue
                label = f"{name}, member {member.filename!r}"
                if member.flag_bits & 1:
                    raise BrokenInputError(f"{label}: is encrypted. {UNPACK_FIRST}")
                if not member.filename.lower().endswith(".csv"):
                    raise BrokenInputError(f"{label}: is not a csv. {CHECK_EXPORT}")
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BrokenInputError(f"{label}: is packed in an unusual way. {UNPACK_FIRST}")

                def opened(member: zipfile.ZipInfo = member) -> IO[bytes]:
                    return archive.open(member)

                packed = min(member.compress_size, file.size_bytes)
                found += _unpack(label, opened, packed, scratch, budget, size=member.file_size)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BrokenInputError(f"{name}: is not a whole zip file ({error}). {FETCH_AGAIN}") from None
    return found


def _unpack(
    name: str,
    opened: Callable[[], IO[bytes]],
    packed: int,
    scratch: Path,
    budget: Budget,
    *,
    size: int | None = None,
) -> list[Checked]:
    """Unpack a csv into ``scratch``, checking length, ratio and CRC on the way."""
    target = scratch / f"part-{next(budget.numbers):05}.csv"
    head = unpack_text(name, opened, packed, target, budget, size=size)
    return [] if head is None else [Checked(name, target, True, _header(name, head))]


def unpack_text(
    name: str,
    opened: Callable[[], IO[bytes]],
    packed: int,
    target: Path,
    budget: Budget,
    *,
    size: int | None = None,
) -> bytes | None:
    """Unpack text to ``target``, checking length, ratio and CRC; return its start, or None for nothing but blanks."""
    try:
        with opened() as stream, target.open("wb") as sink:
            head = check_text(name, stream, sink, packed, budget)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenInputError(f"{name}: is truncated or damaged ({error}). {FETCH_AGAIN}") from None
    unpacked = target.stat().st_size
    if size is not None and unpacked != size:
        raise BrokenInputError(f"{name}: unpacks to {unpacked} bytes where {size} are promised. {FETCH_AGAIN}")
    if head is None:
        target.unlink()
    return head


def check_text(
    name: str,
    stream: IO[bytes],
    sink: IO[bytes] | None = None,
    packed: int = 0,
    budget: Budget | None = None,
) -> bytes | None:
    """Read the stream once; return its first MiB or so, or None when there is nothing but blanks."""
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
                f"{name}: holds NUL bytes: it is a binary file or UTF-16, not UTF-8 text. {CHECK_EXPORT}"
            )
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise BrokenInputError(
                f"{name}: is not UTF-8 text (byte {error.object[error.start]:#04x} before position {total}). "
                f"{CHECK_EXPORT}"
            ) from None
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if line + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
            raise BrokenInputError(
                f"{name}: a line is longer than {MAX_LINE_BYTES >> 20} MiB; no bill has such lines. {CHECK_EXPORT}"
            )
        line = line + len(chunk) if last < 0 else len(chunk) - last - 1
        blank = blank and not chunk.strip(b"\xef\xbb\xbf \t\r\n")
        if len(head) < _CHUNK_BYTES:
            head += chunk
        if sink is not None:
            sink.write(chunk)
    if decoder.getstate()[0]:
        raise BrokenInputError(f"{name}: ends in the middle of a character. {FETCH_AGAIN}")
    if budget is not None:
        budget.unpacked_bytes -= total
    return None if blank else head


def _check_bomb(name: str, total: int, packed: int, budget: Budget) -> None:
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * packed:
        raise BrokenInputError(
            f"{name}: unpacks to more than {MAX_RATIO} times its size, which no bill does. {CHECK_EXPORT}"
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
        raise BrokenInputError(f"{name}: its first line is no csv header ({error}). {CHECK_EXPORT}") from None
    if not names:
        raise BrokenInputError(f"{name}: its first line is blank; a csv starts with its header. {CHECK_EXPORT}")
    if len(names) > MAX_COLUMNS:
        raise BrokenInputError(f"{name}: has {len(names)} columns; no bill has over {MAX_COLUMNS}. {CHECK_EXPORT}")
    return tuple((column, "VARCHAR") for column in names)


def _check_parquet(connection: duckdb.DuckDBPyConnection, path: Path, budget: Budget) -> Checked:
    size = path.stat().st_size
    connection.execute("set variable checked_file = ?", [str(path)])
    try:
        rows = connection.execute("select num_rows from parquet_file_metadata(getvariable('checked_file'))").fetchall()[
            0
        ][0]
        if rows > budget.rows or (rows > ROWS_FROM and rows > MAX_ROWS_PER_BYTE * size):
            raise BrokenInputError(
                f"{path}: claims {rows} rows in {size} bytes, more than a bill can hold. {CHECK_EXPORT}"
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
            f"{path}: is truncated or not a parquet file ({first_line(str(error))}). {FETCH_AGAIN}"
        ) from None
    if len(described) > MAX_COLUMNS:
        raise BrokenInputError(f"{path}: has {len(described)} columns; no bill has over {MAX_COLUMNS}. {CHECK_EXPORT}")
    columns = tuple(zip(_delivered_names(schema), (row[1] for row in described), strict=False))
    if len(columns) != len(described):
        raise BrokenInputError(f"{path}: its schema contradicts itself. {FETCH_AGAIN}")
    return Checked(str(path), path, False, columns, rows)


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


def first_line(message: str) -> str:
    """The first line of what DuckDB says, short enough for a message."""
    return message.strip().splitlines()[0][:300] if message.strip() else "no reason given"
