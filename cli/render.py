"""How results are printed: a table for people, csv and json for programs. Foreign text is made harmless on the way."""

import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from wattledger.tables import Table

SCHEMA_VERSION = 1  # of the JSON documents; a change that can break a reader raises it
# What a spreadsheet takes for a formula when a cell begins with it, full-width forms included.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def to_json(tables: Sequence[Table]) -> str:
    """Return tables as one JSON object; decimals are numbers with their exact digits, missing values null."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tables": [
            {
                "name": table.name,
                "title": table.title,
                "columns": list(table.columns),
                "rows": [list(row) for row in table.rows],
                "notes": list(table.notes),
            }
            for table in tables
        ],
    }
    return _json(document) + "\n"


def to_records(table: Table) -> str:
    """Return one table as a JSON list of objects, one row a line; a repeated column name gets a number."""
    names: list[str] = []
    for column in table.columns:
        taken = sum(1 for name in table.columns[: len(names)] if name == column)
        names.append(f"{column}_{taken}" if taken else column)
    rows = ",\n".join(_json(dict(zip(names, row, strict=True))) for row in table.rows)
    return f"[{rows}]\n"


def _json(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"  # JSON has no such number
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    return json.dumps(_text(value))


def to_csv(tables: Sequence[Table]) -> str:
    """Return tables as csv; several follow one another, each with its name in a first column."""
    blocks = []
    for table in tables:
        several = len(tables) > 1
        lines = [_csv_line(["section", *table.columns] if several else table.columns)]
        lines += [_csv_line([table.name, *row] if several else row) for row in table.rows]
        blocks.append("".join(lines))
    return "\n".join(blocks)


def _csv_line(values: Sequence[object]) -> str:
    line = ",".join(_csv_cell(value) for value in values)
    return (line or '""') + "\n"  # readers skip an empty line, and this one is a row


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        value = _json(value)
    text = _text(value)
    if isinstance(value, str) and text.startswith(_FORMULA_START) and not _NUMBER.fullmatch(text):
        text = "'" + text
    # The csv module of Python before 3.13 leaves a lone carriage return unquoted: half a row for most readers.
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _text(value: object) -> str:
    """A value with all its digits, as csv and json print it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():.10g}S"
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def to_terminal(tables: Sequence[Table], width: int, color: bool) -> str:
    """Return tables for people: aligned numbers with sensible digits, units in the header, notes below."""
    from rich.console import Console

    from cli.layout import lay_out

    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, no_color=not color, force_terminal=color, highlight=False, markup=False, emoji=False
    )
    for position, table in enumerate(tables):
        if position:
            console.print()
        for part in lay_out(table, width):
            console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
