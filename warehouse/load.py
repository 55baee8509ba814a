"""One unit into the warehouse, in one transaction: twice is the same as once, a failure changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import duckdb

from warehouse.audits import audit_unit
from wattledger.contracts import SKU_COLUMNS, STAGED_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError
from wattledger.faults import point

# Fills what must exist when the transaction commits (rates, site factors); handed in by the composition root.
FillRates = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True)
class Delivery:
    """A unit that was read: its files, the staged rows and what the reader said."""

    unit: Unit
    kind: str
    table: str
    files: Sequence[LocalFile]
    digest: str
    staged: Path
    report: ReadReport


@dataclass(frozen=True)
class Surroundings:
    """What a load needs to know beside the delivery.

    ``earlier_sources`` are those that stand before this one in the configuration: a bill they own is theirs.
    """

    fill_rates: FillRates
    earlier_sources: Sequence[str]
    run_id: str
    now: datetime


@dataclass(frozen=True)
class BillPeriod:
    """One month of one bill: what exactly one source may own."""

    provider: str
    billing_account_id: str
    billing_month: date

    def __str__(self) -> str:
        return f"{self.provider} {self.billing_account_id} {self.billing_month:%Y-%m}"


@dataclass(frozen=True)
class Loaded:
    """What a load did to the unit."""

    status: str
    rows: int
    reason: str | None = None
    displaced: Sequence[str] = field(default=())


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("warehouse") / "sql" / name).read_text(encoding="utf-8")


def load(connection: duckdb.DuckDBPyConnection, delivery: Delivery, around: Surroundings) -> Loaded:
    """Replace the unit's rows, its daily rows, its manifest row, and keep what the old ones summed to.

    Raises BrokenInputError when the staged rows break a promise; nothing is changed then.
    """
    connection.begin()
    try:
        point("begin")
        loaded = _replace(connection, delivery, around)
        point("before_commit")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute("drop view if exists temp.staged")
        connection.execute("drop table if exists temp.staged_sku")
    point("after_commit")
    return loaded


def _replace(connection: duckdb.DuckDBPyConnection, delivery: Delivery, around: Surroundings) -> Loaded:
    unit = delivery.unit
    _check_identity(connection, unit)
    _open_staged(connection, delivery)
    periods = bill_periods(connection) if delivery.table == "usage" else []
    owners = {period: owner_of(connection, period, unit, around.earlier_sources) for period in periods}
    if any(owners.values()):
        loaded = _shadow(connection, unit, owners)
    else:
        if delivery.table == "usage":
            refuse_repeats(connection, delivery)
        displaced = _displace_others(connection, unit, periods)
        _keep_sums(connection, unit, around.now)
        delete_rows(connection, unit.unit_id)
        point("deleted")
        _insert(connection, delivery)
        status = "loaded" if delivery.report.rows else "delivered_empty"
        loaded = Loaded(status, delivery.report.rows, displaced=displaced)
    _write_manifest(connection, delivery, loaded, around)
    _write_periods(connection, unit, periods)
    point("manifest")
    if loaded.status != "shadowed":
        around.fill_rates(connection)
        point("rates")
        audit_unit(connection, unit.unit_id, delivery.table)
        point("audited")
    return loaded


def _check_identity(connection: duckdb.DuckDBPyConnection, unit: Unit) -> None:
    rows = connection.execute(
        "select source, scope, period from core.unit where unit_id = ?", [unit.unit_id]
    ).fetchall()
    if rows and rows[0] != (unit.source, unit.scope, unit.period):
        raise BrokenInputError(
            f"{unit.label}: its number {unit.unit_id} is already that of {'/'.join(rows[0])}. "
            "Rename the source in the configuration; nothing of this unit was loaded."
        )


def _open_staged(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    wanted = STAGED_COLUMNS[delivery.table]
    location = str(delivery.staged).replace("'", "''")
    connection.execute(
        f"create or replace temp view staged as select * from read_parquet('{location}', file_row_number = true)"  # noqa: S608
    )
    found = {row[0]: row[1] for row in connection.execute("describe temp.staged").fetchall()}
    found.pop("file_row_number")
    if found != dict(wanted):
        differing = sorted(set(found.items()) ^ set(wanted.items()))
        raise TypeError(f"{delivery.kind} staged other columns than the contract of {delivery.table}: {differing}")
    rows = connection.execute("select count(*) from temp.staged").fetchall()[0][0]
    if rows != delivery.report.rows:
        raise BrokenInputError(
            f"{delivery.unit.label}: {delivery.report.rows} rows were read and {rows} staged. "
            "Nothing of this unit was loaded. Run `sync` again."
        )


def bill_periods(connection: duckdb.DuckDBPyConnection) -> list[BillPeriod]:
    """Return the bills and months that the staged rows belong to."""
    rows = connection.execute(
        "select distinct coalesce(provider, ''), coalesce(billing_account_id, ''), billing_month "
        "from temp.staged where billing_month is not null order by all"
    ).fetchall()
    return [BillPeriod(*row) for row in rows]


def owner_of(
    connection: duckdb.DuckDBPyConnection, period: BillPeriod, unit: Unit, earlier_sources: Sequence[str]
) -> str | None:
    """Return the earlier source that owns this bill and month, or None."""
    rows = connection.execute(
        "select distinct u.source from core.bill_period as b inner join core.unit as u on u.unit_id = b.unit_id "
        "where u.status = 'loaded' and u.unit_id <> ? and b.provider = ? and b.billing_account_id = ? "
        "and b.billing_month = ? and u.source in (select unnest(?::varchar[])) order by 1",
        [
            unit.unit_id,
            period.provider,
            period.billing_account_id,
            period.billing_month,
            list(earlier_sources),
        ],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _shadow(connection: duckdb.DuckDBPyConnection, unit: Unit, owners: Mapping[BillPeriod, str | None]) -> Loaded:
    owned = [period for period, owner in owners.items() if owner]
    free = [period for period, owner in owners.items() if not owner]
    owner = owners[owned[0]]
    if free:
        raise BrokenInputError(
            f"{unit.label} ({unit.scope}): holds {', '.join(map(str, owned))}, which {owner} delivers, and "
            f"{', '.join(map(str, free))}, which nobody else does. One bill has one source: nothing of this unit was "
            "loaded. Split the file by billing month, or remove one of the two sources."
        )
    delete_rows(connection, unit.unit_id)
    return Loaded("shadowed", 0, reason=f"{owner} delivers {', '.join(map(str, owned))}")


def _displace_others(connection: duckdb.DuckDBPyConnection, unit: Unit, periods: Sequence[BillPeriod]) -> list[str]:
    """Take over bills that a later source in the configuration had loaded; return what was displaced."""
    displaced = []
    for period in periods:
        rows = connection.execute(
            "select u.unit_id, u.source, u.scope from core.bill_period as b "
            "inner join core.unit as u on u.unit_id = b.unit_id "
            "where u.status = 'loaded' and u.source <> ? and b.provider = ? and b.billing_account_id = ? "
            "and b.billing_month = ? order by 1",
            [unit.source, period.provider, period.billing_account_id, period.billing_month],
        ).fetchall()
        for unit_id, source, scope in rows:
            delete_rows(connection, unit_id)
            connection.execute(
                "update core.unit set status = 'shadowed', row_count = 0, reason = ? where unit_id = ?",
                [f"{unit.source} delivers {period}", unit_id],
            )
            displaced.append(f"{source}: {scope}")
    return displaced


def refuse_repeats(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Refuse a bill that repeats another unit of its source: the same bytes, or the same lines of a month."""
    unit = delivery.unit
    repeats: list[tuple[str, str]] = []
    if delivery.report.rows:
        same_bytes = connection.execute(
            "select scope from core.unit where source = ? and unit_id <> ? and status = 'loaded' and digest = ? "
            "order by scope",
            [unit.source, unit.unit_id, delivery.digest],
        ).fetchall()
        repeats += [(row[0], "holds the same bytes as") for row in same_bytes]
    if not repeats:
        same_lines = connection.execute(
            sql("repeated_lines.sql"), {"unit_id": unit.unit_id, "source": unit.source}
        ).fetchall()
        repeats += [(row[0], f"repeats {row[1]} line ids of the same billing month of") for row in same_lines]
    if repeats:
        scope, how = repeats[0]
        raise BrokenInputError(
            f"{unit.label}: {unit.scope} {how} {scope}. Nothing of it was loaded. "
            "Remove one of the two files, or keep only the newest delivery."
        )


def _keep_sums(connection: duckdb.DuckDBPyConnection, unit: Unit, now: datetime) -> None:
    connection.execute(sql("keep_sums.sql"), {"unit_id": unit.unit_id, "recorded_at": now, "cause": "activity"})


def delete_rows(connection: duckdb.DuckDBPyConnection, unit_id: int) -> None:
    """Remove every row that the unit brought; its kept sums stay."""
    for table in ("core.usage", "core.usage_daily", "core.provider_footprint", "core.tracker_run"):
        connection.execute(f"delete from {table} where unit_id = ?", [unit_id])  # noqa: S608


def _insert(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    unit = delivery.unit
    if delivery.table == "usage":
        keys = ", ".join(SKU_COLUMNS)
        same = " and ".join(f"k.{column} is not distinct from s.{column}" for column in SKU_COLUMNS)
        text = " || chr(31) || ".join(f"coalesce({column}::varchar, chr(30))" for column in SKU_COLUMNS)
        connection.execute(
            "create or replace temp table staged_sku as "  # noqa: S608
            f"select (md5_number_lower({text}) >> 1)::bigint as sku_id, {keys} "
            f"from (select distinct {keys} from temp.staged)"
        )
        connection.execute(
            f"insert into core.sku select sku_id, {keys} from temp.staged_sku order by sku_id "  # noqa: S608
            "on conflict do nothing"
        )
        connection.execute(sql("insert_tag_sets.sql"))
        connection.execute(
            sql("insert_usage.sql").replace("/* same sku */", same),
            {"unit_id": unit.unit_id, "first_line_id": unit.first_line_id},
        )
        point("lines")
        connection.execute(sql("insert_daily.sql"), {"unit_id": unit.unit_id})
        point("daily")
    else:
        columns = ", ".join(STAGED_COLUMNS[delivery.table])
        connection.execute(
            f"insert into core.{delivery.table} select ?, file_row_number, {columns} "  # noqa: S608
            "from temp.staged order by file_row_number",
            [unit.unit_id],
        )
        point("lines")


def _write_manifest(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, loaded: Loaded, around: Surroundings
) -> None:
    unit = delivery.unit
    known = connection.execute("select generation from core.unit where unit_id = ?", [unit.unit_id]).fetchall()
    generation = (known[0][0] if known else 0) + (loaded.status != "shadowed")
    connection.execute("delete from core.unit where unit_id = ?", [unit.unit_id])
    connection.execute(
        "insert into core.unit by name select ? as unit_id, ? as source, ? as kind, ? as table_name, ? as scope, "
        "? as period, ? as version, ? as digest, ? as generation, ? as status, ? as reason, ? as row_count, "
        "? as size_bytes, ?::varchar[] as notes, ?::varchar[] as unknown_columns, ? as loaded_at, ? as run_id",
        [
            unit.unit_id, unit.source, delivery.kind, delivery.table, unit.scope,
            unit.period, unit.version, delivery.digest, generation, loaded.status, loaded.reason, loaded.rows,
            sum(file.size_bytes for file in delivery.files),
            list(delivery.report.notes), list(delivery.report.unknown_columns), around.now, around.run_id,
        ],
    )  # fmt: skip
    connection.execute("delete from core.unit_file where unit_id = ?", [unit.unit_id])
    for position, file in enumerate(delivery.files):
        connection.execute(
            "insert into core.unit_file values (?, ?, ?, ?, ?)",
            [unit.unit_id, position, str(file.path), file.size_bytes, file.sha256],
        )


def _write_periods(connection: duckdb.DuckDBPyConnection, unit: Unit, periods: Sequence[BillPeriod]) -> None:
    connection.execute("delete from core.bill_period where unit_id = ?", [unit.unit_id])
    for period in periods:
        connection.execute(
            "insert into core.bill_period values (?, ?, ?, ?)",
            [unit.unit_id, period.provider, period.billing_account_id, period.billing_month],
        )


def carry_history(connection: duckdb.DuckDBPyConnection, old: Path) -> None:
    """Take the kept sums of replaced generations over from an older file of the same warehouse."""
    location = str(old).replace("'", "''")
    connection.execute(f"attach '{location}' as old (read_only)")
    try:
        connection.execute("insert into core.generation_sum by name select * from old.core.generation_sum")
        connection.execute(
            "update core.unit set generation = o.generation from old.core.unit as o where o.unit_id = core.unit.unit_id"
        )
    finally:
        connection.execute("detach old")
