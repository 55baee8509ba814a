"""What sets two factor sets apart: rows added, removed and changed, field by field.

A set is its rows with those of its layers over them; a file of own factors, the set in force with its rows over that.
"""

from collections.abc import Mapping
from decimal import Decimal

import duckdb

from models.factor_set import SETTING
from models.layers import resolve
from models.own_factors import PARTS, VALUES, OwnFactors
from wattledger.tables import Table

_ORIGIN = ("source", "source_release", "licence", "verification", "note")
_TEXTS = (*_ORIGIN, "vcpu_is", "microarch", "accelerator", "currency")
# Table -> field as it is shown -> its column.
_COLUMNS_OF: Mapping[str, Mapping[str, str]] = {
    "electricity_price": {name: name for name in ("price_per_kwh", "currency", *_ORIGIN)},
    **{
        table: dict(zip(("low", "central", "high", *_ORIGIN), (*ends, *_ORIGIN), strict=True))
        for table, ends in VALUES.items()
    },
    "instance": {name: name for name in (*PARTS, *_ORIGIN)},
}
_COLUMNS = ("change", "factor_id", "field", "from", "to")

# factor_id -> field -> value.
Fields = Mapping[str, object]
Values = Mapping[str, Fields]


def set_in_force(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the label of the set in force."""
    return str(connection.execute("select value from core.setting where key = ?", [SETTING]).fetchall()[0][0])


def factor_diff(connection: duckdb.DuckDBPyConnection, before: str | OwnFactors, after: str | OwnFactors) -> Table:
    """Return what ``after`` has other than ``before``; each is the label of a set or a checked file of own factors."""
    old, new = _values(connection, before), _values(connection, after)
    rows = []
    for key in sorted({*old, *new}):
        change = "added" if key not in old else "removed" if key not in new else "changed"
        was, now = old.get(key, {}), new.get(key, {})
        rows += [
            (change, key, field, was.get(field), now.get(field))
            for field in was or now
            if was.get(field) != now.get(field)
        ]
    counts = {change: len({row[1] for row in rows if row[0] == change}) for change in ("added", "removed", "changed")}
    note = ", ".join(f"{count} {change}" for change, count in counts.items())
    title = f"From {_name(before)} to {_name(after)}"
    return Table("diff", title, _COLUMNS, rows, [f"rows: {note}"])


def _name(given: str | OwnFactors) -> str:
    return given if isinstance(given, str) else given.file


def _values(connection: duckdb.DuckDBPyConnection, given: str | OwnFactors) -> Values:
    label = resolve(connection, given if isinstance(given, str) else set_in_force(connection))
    found: dict[str, Fields] = {}
    for layer in (None, *label.split("+")[1:]):  # a later layer goes before an earlier one
        for table in _COLUMNS_OF:
            found.update(_stored(connection, table, layer))
    if isinstance(given, OwnFactors):
        names = _COLUMNS_OF[given.table]
        for row in given.rows:
            texts = {field: row.get(column) or None for field, column in names.items()}
            found[row["factor_id"]] = {
                field: text if field in _TEXTS or text is None else float(text) for field, text in texts.items()
            }
    return found


def _stored(connection: duckdb.DuckDBPyConnection, table: str, layer: str | None) -> Values:
    names = _COLUMNS_OF[table]
    where = f"factors.layer_{table} where layer = $layer" if layer else f"factors.{table}"
    rows = connection.execute(
        f"select factor_id, {', '.join(names.values())} from {where}",  # noqa: S608
        {"layer": layer} if layer else {},
    ).fetchall()
    return {
        row[0]: {
            field: float(value) if isinstance(value, Decimal) else value
            for field, value in zip(names, row[1:], strict=True)
        }
        for row in rows
    }
