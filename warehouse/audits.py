"""Audits: each a query that returns what breaks a promise. No row, no finding.

Those in `audits/unit_*.sql` run inside the transaction of a load (`unit_lines_` before the daily rows are made,
`unit_<table>_` at its end); those in `audits/all_*.sql` on command. The first line of a file is the promise; a second
one `-- Only where core.TABLE has rows.` spares a costly query where there is nothing to break.
"""

import re
from dataclasses import dataclass
from importlib import resources

import duckdb

from wattledger.contracts import Unit
from wattledger.errors import BrokenInputError
from wattledger.tables import Table

_SHOWN = 3
_ONLY_WHERE = re.compile(r"^-- Only where (core\.\w+) has rows\.$", re.MULTILINE)


@dataclass(frozen=True)
class Audit:
    """One promise and the query that looks for what breaks it."""

    name: str
    promise: str
    sql: str

    def findings(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
        """Return the first rows that break the promise over the whole warehouse."""
        table = _ONLY_WHERE.search(self.sql)
        if table and not connection.execute(f"select 1 from {table[1]} limit 1").fetchall():  # noqa: S608
            return []
        return connection.execute(self.sql).fetchmany(_SHOWN)


def audits(prefix: str) -> list[Audit]:
    """Return the audits whose file name starts with ``prefix``, by name."""
    folder = resources.files("warehouse") / "audits"
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(prefix) and entry.name.endswith(".sql"):
            text = entry.read_text(encoding="utf-8")
            promise = text.splitlines()[0].removeprefix("--").strip()
            found.append(Audit(entry.name.removesuffix(".sql").removeprefix(prefix), promise, text))
    return found


def audit_unit(connection: duckdb.DuckDBPyConnection, unit: Unit, what: str) -> None:
    """Check a unit inside its transaction; BrokenInputError rolls it back and says which line."""
    for audit in audits(f"unit_{what}_"):
        rows = connection.execute(audit.sql, {"unit_id": unit.unit_id}).fetchmany(_SHOWN)
        if rows:
            raise BrokenInputError(
                f"{unit.label}: audit `{audit.name}` failed: {audit.promise} Found: {_show(rows)}. "
                "Nothing of this unit was loaded. If the delivery is right, this is a fault of the program: report it."
            )


def audit_all(connection: duckdb.DuckDBPyConnection) -> tuple[Table, bool]:
    """Run every audit over the whole warehouse; return one row per audit and whether all held."""
    rows = []
    for audit in audits("all_"):
        found = audit.findings(connection)
        rows.append((audit.name, "failed" if found else "held", audit.promise, _show(found) if found else None))
    held = all(row[1] == "held" for row in rows)
    return Table("audit", "Audits", ("audit", "outcome", "promise", "found"), rows), held


def _show(rows: list[tuple[object, ...]]) -> str:
    return "; ".join(", ".join(str(value) for value in row) for row in rows)
