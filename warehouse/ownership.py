"""One bill, one source: which source a month of a bill belongs to, and which file a line.

A bill and month belong to the first source in the configuration that delivers them; so do a provider's own figures for
them. Rows whose files are gone from their source still count: they are in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from warehouse.history import retire, sql
from wattledger.contracts import Unit
from wattledger.errors import UnsettledInputError

_IN_FORCE = "('loaded', 'source_missing')"


# The month of a staged row in the tables whose months have one source. Tracker runs are de-duplicated instead.
_MONTH = {"usage": "billing_month", "provider_footprint": "usage_month"}


@dataclass(frozen=True)
class BillPeriod:
    """One month of one bill, or of the provider's figures for it: what exactly one source may own."""

    provider: str
    billing_account_id: str
    billing_month: date

    def __str__(self) -> str:
        return f"{self.provider} {self.billing_account_id} {self.billing_month:%Y-%m}"


def bill_periods(connection: duckdb.DuckDBPyConnection, table: str) -> list[BillPeriod]:
    """Return the bills and months that the rows staged for ``table`` belong to."""
    if table not in _MONTH:
        return []
    rows = connection.execute(
        f"select distinct coalesce(provider, ''), coalesce(billing_account_id, ''), {_MONTH[table]} "  # noqa: S608
        f"from temp.staged where {_MONTH[table]} is not null order by all"
    ).fetchall()
    return [BillPeriod(*row) for row in rows]


def write_periods(connection: duckdb.DuckDBPyConnection, unit: Unit, periods: Sequence[BillPeriod]) -> None:
    """Record the bills and months that the unit holds, or would hold if it were not shadowed."""
    connection.execute("delete from core.bill_period where unit_id = ?", [unit.unit_id])
    for period in periods:
        connection.execute(
            "insert into core.bill_period values (?, ?, ?, ?)",
            [unit.unit_id, period.provider, period.billing_account_id, period.billing_month],
        )


def owner_of(
    connection: duckdb.DuckDBPyConnection, period: BillPeriod, unit: Unit, table: str, earlier_sources: Sequence[str]
) -> str | None:
    """Return the earlier source that owns this month in ``table``, or None."""
    rows = connection.execute(
        "select distinct u.source from core.bill_period as b inner join core.unit as u on u.unit_id = b.unit_id "  # noqa: S608
        f"where u.status in {_IN_FORCE} and u.unit_id <> ? and u.table_name = ? and b.provider = ? "
        "and b.billing_account_id = ? and b.billing_month = ? and u.source in (select unnest(?::varchar[])) order by 1",
        [
            unit.unit_id,
            table,
            period.provider,
            period.billing_account_id,
            period.billing_month,
            list(earlier_sources),
        ],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def is_still_shadowed(
    connection: duckdb.DuckDBPyConnection, unit: Unit, table: str, earlier_sources: Sequence[str]
) -> bool:
    """Whether an earlier source has a bill and month of this unit, as far as the last reading of it says."""
    return any(owner_of(connection, held, unit, table, earlier_sources) for held in _held(connection, unit.unit_id))


def _held(connection: duckdb.DuckDBPyConnection, unit_id: int) -> list[BillPeriod]:
    rows = connection.execute(
        "select provider, billing_account_id, billing_month from core.bill_period where unit_id = ? order by all",
        [unit_id],
    ).fetchall()
    return [BillPeriod(*row) for row in rows]


def shadowed_by(unit: Unit, owners: Mapping[BillPeriod, str | None]) -> str:
    """Return why the unit is listed and not loaded.

    Raises UnsettledInputError when only a part of it is owned: loading the rest alone would split a unit.
    """
    owned = [period for period, owner in owners.items() if owner]
    free = [period for period, owner in owners.items() if not owner]
    owner = owners[owned[0]]
    if free:
        raise UnsettledInputError(
            f"{unit.label} ({unit.scope}): holds {', '.join(map(str, owned))}, which {owner} delivers, and "
            f"{', '.join(map(str, free))}, which nobody else does. One bill has one source: nothing of this unit was "
            "loaded. Split the file by billing month, or remove one of the two sources."
        )
    return f"{owner} delivers {', '.join(map(str, owned))}"


def displace_others(
    connection: duckdb.DuckDBPyConnection, unit: Unit, table: str, periods: Sequence[BillPeriod], now: datetime
) -> list[str]:
    """Take over bills that a later source in the configuration had loaded; return what was displaced.

    Raises UnsettledInputError when a displaced unit holds more than this one brings: the rest would be lost.
    """
    displaced = []
    for period in periods:
        rows = connection.execute(
            "select u.unit_id, u.source, u.scope from core.bill_period as b "  # noqa: S608
            "inner join core.unit as u on u.unit_id = b.unit_id "
            f"where u.status in {_IN_FORCE} and u.source <> ? and u.table_name = ? and b.provider = ? "
            "and b.billing_account_id = ? and b.billing_month = ? order by 1",
            [unit.source, table, period.provider, period.billing_account_id, period.billing_month],
        ).fetchall()
        for unit_id, source, scope in rows:
            lost = [str(held) for held in _held(connection, unit_id) if held not in periods]
            if lost:
                raise UnsettledInputError(
                    f"{unit.label} ({unit.scope}): delivers {period}, which is loaded from {source} ({scope}) together "
                    f"with {', '.join(lost)}. One bill has one source: nothing of this unit was loaded. "
                    "Split that file by billing month, or remove one of the two sources."
                )
            retire(connection, unit_id, now)
            connection.execute(
                "update core.unit set status = 'shadowed', row_count = 0, generation = generation + 1, reason = ? "
                "where unit_id = ?",
                [f"{unit.source} delivers {period}", unit_id],
            )
            displaced.append(f"{source}: {scope}")
    return displaced


def refuse_repeats(connection: duckdb.DuckDBPyConnection, unit: Unit, digest: str, rows: int) -> None:
    """Refuse a bill that repeats another unit of its source: the same bytes, or the same lines of a month.

    Raises UnsettledInputError: the other unit may go or be rewritten.
    """
    if not rows:
        return
    same_bytes = connection.execute(
        f"select scope from core.unit where source = ? and unit_id <> ? and status in {_IN_FORCE} and digest = ? "  # noqa: S608
        "order by scope",
        [unit.source, unit.unit_id, digest],
    ).fetchall()
    repeats = [(row[0], "holds the same bytes as") for row in same_bytes]
    if not repeats:
        same_lines = connection.execute(
            sql("repeated_lines.sql"), {"unit_id": unit.unit_id, "source": unit.source}
        ).fetchall()
        repeats = [(row[0], f"repeats {row[1]} line ids of the same billing month of") for row in same_lines]
    if repeats:
        scope, how = repeats[0]
        raise UnsettledInputError(
            f"{unit.label}: {unit.scope} {how} {scope}. Nothing of it was loaded. "
            "Remove one of the two files, or keep only the newest delivery."
        )
