"""The report as of an earlier moment: what was known then, and what changed since."""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from reconcile.resources import sql
from wattledger.errors import ConfigError
from wattledger.tables import Table

# What figures of the past can be grouped by: the name asked for -> column of ledger.history.
GROUPS = {
    "month": "charge_month",
    "provider": "provider",
    "account": "sub_account_id",
    "service": "service_name",
    "region": "region_id",
    "currency": "billing_currency",
}


def sections_as_of(
    connection: duckdb.DuckDBPyConnection,
    moment: datetime,
    since: date | None,
    until: date | None,
    group_by: Sequence[str] = (),
) -> list[Table]:
    """Return figures of whole charge months as they were in force at ``moment`` (UTC), and how they became today's.

    Raises ConfigError for a group that replaced figures do not keep.
    """
    period = {"moment": moment, "since": since, "until": until}
    return [_services(connection, period, group_by or ("service",)), _changes(connection, period)]


def _services(connection: duckdb.DuckDBPyConnection, period: dict[str, date | None], group_by: Sequence[str]) -> Table:
    names = list(dict.fromkeys(group_by))
    known = {**GROUPS, **{column: column for column in GROUPS.values()}}
    for name in names:
        if name not in known:
            raise ConfigError(f"Figures of the past cannot be grouped by {name!r}. Choose from {', '.join(GROUPS)}.")
    columns = [known[name] for name in names]
    keys = [f"key_{number}" for number in range(len(columns))]
    query = (
        sql("as_of_services")
        .replace("/* dimensions */", ", ".join(f"h.{c} as {key}" for c, key in zip(columns, keys, strict=True)))
        .replace("/* first key */", keys[0])
        .replace("/* keys */", ", ".join(keys))
    )
    result = connection.execute(query, period)
    figures = [column[0] for column in result.description or ()][len(keys) : -1]
    rows = [("total", *row[1:-1]) if row[-1] else row[:-1] for row in result.fetchall()]
    notes = ["Sums of whole charge months with the rates that were in force. Ends are summed as fully correlated."]
    if not rows:
        notes.append(_nothing_yet(connection))
    moment = f"{period['moment']:%Y-%m-%d %H:%M:%S}"
    return Table("services", f"Energy, emissions and cost as known at {moment} UTC", [*columns, *figures], rows, notes)


def _nothing_yet(connection: duckdb.DuckDBPyConnection) -> str:
    first = connection.execute("select min(first_loaded_at) from core.unit").fetchall()[0][0]
    return (
        f"Nothing of this period was loaded then; the first load was at {first:%Y-%m-%d %H:%M:%S} UTC."
        if first
        else "Nothing is loaded."
    )


def _changes(connection: duckdb.DuckDBPyConnection, period: dict[str, date | None]) -> Table:
    result = connection.execute(sql("as_of_changes"), period)
    columns = [column[0] for column in result.description or ()]
    notes = [
        "Then, plus what was first loaded since, plus what other bills (activity), other factors and another method "
        "changed, is now. `ledger.restatements` has every change with its figures from and to."
    ]
    return Table("changes", "From then to now, by cause", columns, result.fetchall(), notes)
