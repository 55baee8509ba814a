"""What the business did with the bill, by day: requests, users, jobs, from a small csv.

Columns: ``date``, ``metric``, ``quantity``; any of ``provider``, ``account``, ``service``, ``region``, ``tag_key`` and
``tag_value``, and ``owner`` (``dimension:glob``) says of which part of the bill. They are globs, and blank is
everything; a tag's key is a name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

from connectors.dcim.site_csv import Row, read_table
from connectors.local import LocalSource, list_files
from connectors.trackers.staging import stage_rows
from wattledger.contracts import LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

_REQUIRED = ("date", "metric", "quantity")
_SCOPE = ("provider", "account", "service", "region", "tag_key", "tag_value", "owner")
_SUFFIXES = (".csv", ".csv.gz")
_OWNER = re.compile(r"[a-z][a-z0-9_]*:.+", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class BusinessMetrics(LocalSource):
    """Quantities of business metrics. A unit is one file."""

    table: ClassVar[str] = "business_metric"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List every file, by path. A listing cannot tell what days a file covers, so all are listed."""
        for file in list_files(self.settings.location, self.settings.include, self.settings.exclude, _SUFFIXES):
            yield Unit(self.name, file.key, "", file.version, (str(file.path),), file.problem)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write one row per line. A quantity that is not stated is null, never 0.

        Raises BrokenInputError for a column that nobody knows, for what is no day or quantity, and for a day that
        one metric and scope has twice.
        """
        (file,) = files
        table = read_table(file, _REQUIRED, (*_REQUIRED, *_SCOPE).__contains__, scratch)
        if table.unknown:
            raise BrokenInputError(
                f"{file.path}: unknown column {', '.join(repr(name) for name in table.unknown)}. The columns are "
                f"{', '.join((*_REQUIRED, *_SCOPE))}. Nothing of this file was loaded. A scope that is not understood "
                "would count the whole bill: rename the column or take it out."
            )
        rows: dict[tuple[object, ...], Mapping[str, object]] = {}
        first_line: dict[tuple[object, ...], int] = {}
        for row in table.rows:
            staged_row = _metric(row)
            key = tuple(value for name, value in staged_row.items() if name != "quantity")
            if key in rows:
                raise row.refuse(f"the metric has that day and scope in line {first_line[key]} already")
            rows[key], first_line[key] = staged_row, row.line
        count = stage_rows(self.table, rows.values(), staged, scratch)
        missing = sum(row["quantity"] is None for row in rows.values())
        return ReadReport(count, (f"no quantity, so null: {missing} of {count} rows",) if missing else ())


def _metric(row: Row) -> dict[str, object]:
    quantity = row.number("quantity")
    if quantity is not None and quantity < 0:
        raise row.refuse(f"quantity is {quantity:g}: no metric is below 0")
    scope = {name: row.text(name) or None for name in _SCOPE}
    if scope["tag_value"] and not scope["tag_key"]:
        raise row.refuse("tag_value without tag_key: name the tag")
    if scope["owner"] and not _OWNER.fullmatch(scope["owner"]):
        raise row.refuse("owner is not like team:web, a dimension of [owners] and a glob over its owners")
    return {"usage_date": _day(row), "metric": row.required("metric"), "quantity": quantity, **scope}


def _day(row: Row) -> date:
    text = row.required("date")
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2199:
        raise row.refuse(f"date holds {text[:40]!r} where a UTC day like 2025-06-01 belongs")
    return found
