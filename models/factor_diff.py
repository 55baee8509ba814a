"""What sets two factor sets apart: rows added, removed and changed, field by field.

A set is its rows with those of its layers over them; a file of own factors, the set in force with its rows over that.
"""

from collections.abc import Mapping, Sequence

import duckdb

from models.factor_set import SETTING
from models.layers import resolve
from models.own_factors import VALUES, OwnFactors
from models.resources import sql
from wattledger.tables import Table

_FIELDS = ("low", "central", "high", "source", "source_release", "licence", "verification", "note")
_COLUMNS = ("change", "factor_id", "field", "from", "to")

# factor_id -> the fields, in their order.
Values = Mapping[str, Sequence[object]]


def set_in_force(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the label of the set in force."""
    return str(connection.execute("select value from core.setting where key = ?", [SETTING]).fetchall()[0][0])


def factor_diff(connection: duckdb.DuckDBPyConnection, before: str | OwnFactors, after: str | OwnFactors) -> Table:
    """Return what ``after`` has other than ``before``; each is the label of a set or a checked file of own factors."""
    old, new = _values(connection, before), _values(connection, after)
    rows = []
    for key in sorted({*old, *new}):
        change = "added" if key not in old else "removed" if key not in new else "changed"
        none = [None] * len(_FIELDS)
        pairs = zip(_FIELDS, old.get(key, none), new.get(key, none), strict=True)
        rows += [(change, key, field, was, now) for field, was, now in pairs if was != now]
    counts = {change: len({row[1] for row in rows if row[0] == change}) for change in ("added", "removed", "changed")}
    note = ", ".join(f"{count} {change}" for change, count in counts.items())
    title = f"From {_name(before)} to {_name(after)}"
    return Table("diff", title, _COLUMNS, rows, [f"rows: {note}"])


def _name(given: str | OwnFactors) -> str:
    return given if isinstance(given, str) else given.file


def _values(connection: duckdb.DuckDBPyConnection, given: str | OwnFactors) -> Values:
    label = resolve(connection, given if isinstance(given, str) else set_in_force(connection))
    found: dict[str, Sequence[object]] = {}
    for layer in (None, *label.split("+")[1:]):  # a later layer goes before an earlier one
        rows = connection.execute(sql("layer_values"), {"layer": layer}).fetchall()
        found.update({row[0]: row[1:] for row in rows})
    if isinstance(given, OwnFactors):
        low, central, high = VALUES[given.table]
        for row in given.rows:
            texts = [row.get(field) or None for field in _FIELDS[3:]]
            found[row["factor_id"]] = (float(row[low]), float(row[central]), float(row[high]), *texts)
    return found
