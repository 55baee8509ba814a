"""JSON Lines checked and laid out as a table, for the formats that come with one JSON object per line.

The bytes are checked as a csv's are. Then DuckDB reads the keys as text, without guessing types, into a parquet file
of the unit's scratch folder: objects that the format knows are spread over columns (``service.id``), lists stay
JSON text. From there on the file is a table like any other.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

import duckdb

from connectors.checked import (
    CHECK_EXPORT,
    MAX_COLUMNS,
    MAX_LINE_BYTES,
    Budget,
    Checked,
    check,
    check_text,
    first_line,
    unpack_text,
)
from wattledger.contracts import LocalFile
from wattledger.errors import BrokenInputError

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_GZIP = b"\x1f\x8b"
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_PEEK_BYTES = 1 << 16
_TABLE = f"(getvariable('json_file'), format = 'newline_delimited', maximum_object_size = {MAX_LINE_BYTES}"


@dataclass(frozen=True)
class TableOrLines:
    """Checks a file of a format that comes as a table or as JSON Lines.

    ``paths`` are the names that the format knows below an object of the line: ``service.id``. A list is no object.
    """

    paths: tuple[str, ...]

    def __call__(
        self, connection: duckdb.DuckDBPyConnection, file: LocalFile, scratch: Path, budget: Budget
    ) -> list[Checked]:
        """Return the tables in the file: one for JSON Lines, none when they hold nothing."""
        first = _first_byte(file.path)
        if first == b"[":
            raise BrokenInputError(
                f"{file.path}: is one JSON array. Nothing of this unit was loaded. "
                "Export newline-delimited JSON: one object per line."
            )
        if first != b"{":
            return check(connection, file, scratch, budget)
        plain = _plain(file, scratch, budget)
        target = scratch / f"part-{next(budget.numbers):05}.parquet"
        columns, rows = _lay_out(connection, str(file.path), plain, target, self.paths)
        if rows > budget.rows:
            raise BrokenInputError(f"{file.path}: has {rows} rows, more than a unit can hold. {CHECK_EXPORT}")
        budget.rows -= rows
        if plain != file.path:
            plain.unlink()
        return [Checked(str(file.path), target, False, columns, rows)]


def _first_byte(path: Path) -> bytes:
    """The first byte of the text that is no blank, also inside a gzip; nothing where there is none."""
    with path.open("rb") as stream:
        head = stream.read(_PEEK_BYTES)
    if head[:2] == _GZIP:
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _PEEK_BYTES)
        except zlib.error:
            return b""
    return head.lstrip(_BLANKS)[:1]


def _plain(file: LocalFile, scratch: Path, budget: Budget) -> Path:
    """The checked text: the file itself, or what it unpacks to."""
    with file.path.open("rb") as stream:
        if stream.read(2) != _GZIP:
            stream.seek(0)
            check_text(str(file.path), stream)
            return file.path
    target = scratch / f"part-{next(budget.numbers):05}.jsonl"
    opened = cast(Callable[[], IO[bytes]], partial(gzip.open, file.path, "rb"))
    unpack_text(str(file.path), opened, file.size_bytes, target, budget)
    return target


def _lay_out(
    connection: duckdb.DuckDBPyConnection, name: str, plain: Path, target: Path, paths: Sequence[str]
) -> tuple[tuple[tuple[str, str], ...], int]:
    """Write the lines to ``target``, a parquet file of text columns; return the columns and the number of rows.

    Keys of the file reach DuckDB in variables only; columns are numbered.
    """
    parents = sorted({path.partition(".")[0] for path in paths})
    connection.execute("set variable json_file = ?", [str(plain)])
    try:
        kinds, delivered = _columns(name, _keys(connection, name, parents), paths)
        connection.execute("set variable json_columns = ?", [kinds])
        inner = ", ".join(f"j{n}" for n in range(len(kinds)))
        items = ", ".join(f"{value} as c{n}" for n, (_, value) in enumerate(delivered))
        quoted = str(target).replace("'", "''")
        rows = connection.execute(
            f"copy (select {items} from read_json{_TABLE}, columns = getvariable('json_columns')) as t({inner})) "  # noqa: S608
            f"to '{quoted}' (format parquet)"
        ).fetchall()[0][0]
    except duckdb.InvalidInputException as error:
        reason = _first_broken(plain, parents) or first_line(str(error))
        raise BrokenInputError(f"{name}: {reason}. {CHECK_EXPORT}") from None
    return tuple((column, "VARCHAR") for column, _ in delivered), int(rows)


def _keys(connection: duckdb.DuckDBPyConnection, name: str, parents: Sequence[str]) -> list[tuple[str, str]]:
    """Every key in the file, with the known object that it stands in, or an empty text; sorted."""
    names = ", ".join(f"'{parent}'" for parent in ("", *parents))
    places = ", ".join(f"'$.\"{parent}\"'" for parent in parents)
    found = connection.execute(
        f"select distinct parent, unnest(keys) as key from (select unnest([{names}]) as parent, "  # noqa: S608
        f"unnest([json_keys(json)] || json_keys(json, [{places}])) as keys from read_json_objects{_TABLE})) "
        f"limit {MAX_COLUMNS + 1}"
    ).fetchall()
    if len(found) > MAX_COLUMNS:
        raise BrokenInputError(f"{name}: has over {MAX_COLUMNS} keys; no bill has so many. {CHECK_EXPORT}")
    return sorted(found)


def _columns(
    name: str, keys: Sequence[tuple[str, str]], paths: Sequence[str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The types to read each key as, and the columns to write: name as delivered and SQL over j0, j1, ..."""
    inside: dict[str, list[str]] = {}
    for parent, key in keys:
        if parent:
            inside.setdefault(parent, []).append(key)
    kinds: dict[str, str] = {}
    delivered: list[tuple[str, str]] = []
    for parent, key in keys:
        if parent:
            continue
        ref = f"j{len(kinds)}"
        known = [leaf for leaf in inside.get(key, ()) if f"{key}.{leaf}" in paths]
        fields = ", ".join(f'"{leaf}" VARCHAR' for leaf in known)
        kinds[key] = f"STRUCT({fields})" if known else "VARCHAR"
        if key in inside:
            delivered += [
                (f"{key}.{leaf}", f"struct_extract({ref}, '{leaf}')" if leaf in known else "null::varchar")
                for leaf in inside[key]
            ]
        else:
            delivered.append((key, ref))
    if not delivered:
        raise BrokenInputError(f"{name}: its objects hold nothing. {CHECK_EXPORT}")
    return kinds, delivered


def _first_broken(plain: Path, parents: Iterable[str]) -> str | None:
    """What is wrong with the first line that is no object as the format has it, by its number."""
    with plain.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line, object_pairs_hook=_without_repeats)
            except (ValueError, RecursionError) as error:
                return f"line {number} is no whole JSON object ({error})"
            if not isinstance(found, dict):
                return f"line {number} is no JSON object"
            for parent in parents:
                if not isinstance(found.get(parent), dict | None):
                    return f"line {number} has no object where {parent} belongs"
    return None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found
