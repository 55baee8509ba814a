"""Names and hierarchy of accounts from a CSV, whatever listed them: Organizations, management groups, folders.

Columns: ``provider`` and ``account_id`` as the bill spells them; ``name``; ``kind`` (account, folder, ...); and where
it hangs: ``parent_id``, whose row the same file or another one may hold, or ``path``, names from the root down, parted
by ``/``. Units and folders are rows like accounts. Messages name lines, never ids: those may be hashed.
"""

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

_REQUIRED = ("provider", "account_id")
_KNOWN = frozenset((*_REQUIRED, "name", "kind", "parent_id", "path"))
_SUFFIXES = (".csv", ".csv.gz")
_SHOWN = 5


@dataclass(frozen=True)
class AccountsCsv(LocalSource):
    """What accounts are called and where they hang. A unit is one file; of two, the one that sorts last counts."""

    table: ClassVar[str] = "account"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the files, sorted by path. Reads no data."""
        for file in list_files(self.settings.location, self.settings.include, self.settings.exclude, _SUFFIXES):
            yield Unit(self.name, file.key, "", file.version, (str(file.path),), file.problem)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write one row per account, unit or folder.

        Raises BrokenInputError for an account that stands twice or whose parents lead back to itself.
        """
        table = read_table(files[0], _REQUIRED, _KNOWN.__contains__, scratch)
        rows: dict[tuple[str, str], dict[str, str | None]] = {}
        lines: dict[tuple[str, str], int] = {}
        for row in table.rows:
            staged_row = _account(row)
            key = (str(staged_row["provider"]), str(staged_row["account_id"]))
            if key in rows:
                raise row.refuse(f"the account stands in line {lines[key]} already")
            rows[key], lines[key] = staged_row, row.line
        _refuse_cycles(files[0].path, rows, lines)
        count = stage_rows(self.table, rows.values(), staged, scratch)
        return ReadReport(count, tuple(_notes(rows)), table.unknown)


def _account(row: Row) -> dict[str, str | None]:
    if row.text("parent_id") and row.text("path"):
        raise row.refuse("both parent_id and path say where it hangs; one does")
    steps = [step.strip() for step in row.text("path").split("/") if step.strip()]
    return {
        "provider": row.required("provider").lower(),
        "account_id": row.required("account_id"),
        "account_name": row.text("name") or None,
        "account_kind": row.text("kind") or None,
        "parent_id": row.text("parent_id") or None,
        "path": " / ".join(steps) or None,
    }


def _refuse_cycles(
    path: Path, rows: Mapping[tuple[str, str], Mapping[str, str | None]], lines: Mapping[tuple[str, str], int]
) -> None:
    """Raise BrokenInputError that names a circle of parents by its lines; each row is passed once."""
    sound: set[tuple[str, str]] = set()
    for start in rows:
        branch: dict[tuple[str, str], None] = {}
        key = start
        while key in rows and key not in sound:
            if key in branch:
                circle = [lines[account] for account in branch]
                circle = [*circle[circle.index(lines[key]) :], lines[key]]
                raise BrokenInputError(
                    f"{path}: the parents of the account in line {lines[key]} lead back to itself "
                    f"({' > '.join(map(str, circle[:_SHOWN]))}). "
                    "Nothing of this file was loaded. Correct one parent_id."
                )
            branch[key] = None
            key = (key[0], rows[key]["parent_id"] or "")
        sound |= branch.keys()


def _notes(rows: Mapping[tuple[str, str], Mapping[str, str | None]]) -> Iterator[str]:
    parents = {(provider, str(row["parent_id"])) for (provider, _), row in rows.items() if row["parent_id"] is not None}
    if unknown := parents - rows.keys():
        yield f"{len(unknown)} parents have no row in this file: `finding` in ledger.accounts names those of no file"
