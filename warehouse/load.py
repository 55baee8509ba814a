"""One unit into the warehouse, in one transaction: twice is the same as once, a failure changes nothing."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.audits import audit_unit
from warehouse.database import first_line
from warehouse.history import move, restated, retire, sql
from warehouse.intake import Intake, note_left_out, refuse_hashed_globs
from warehouse.observed_load import note_observed, put_loads, renew_loads
from warehouse.ownership import bill_periods, displace_others, owner_of, refuse_repeats, shadowed_by, write_periods
from warehouse.transaction import transaction
from wattledger.contracts import SKU_COLUMNS, STAGED_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError
from wattledger.faults import point

# Fills what must exist when the transaction commits (rates, site factors); handed in by the composition root.
FillRates = Callable[[duckdb.DuckDBPyConnection], None]
# Tables whose rows move the figures of bills that are loaded already, and the cause of the restatement that this is.
MOVES_OTHERS = {"pue_reading": "factors", "provider_footprint": "factors", "utilization": "activity"}
# Tables that rates rest on; of a tracker's log, a name or a metric none can be missing.
RATED = {"usage", *MOVES_OTHERS}


@dataclass(frozen=True)
class Delivery:
    """A unit that was read: its files, the staged rows and what the reader said.

    ``moved_from`` is the unit that it was before its file was renamed.
    """

    unit: Unit
    kind: str
    table: str
    files: Sequence[LocalFile]
    digest: str
    staged: Path
    report: ReadReport
    moved_from: int | None = None


@dataclass(frozen=True)
class Surroundings:
    """What a load needs to know beside the delivery.

    ``earlier_sources`` are those that stand before this one in the configuration: a bill they own is theirs.
    """

    fill_rates: FillRates
    earlier_sources: Sequence[str]
    run_id: str
    now: datetime
    intake: Intake = field(default_factory=Intake)


@dataclass(frozen=True)
class Loaded:
    """What a load did to the unit."""

    status: str
    rows: int
    reason: str | None = None
    displaced: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())
    fitting: AbstractSet[str] = frozenset()  # globs of include and exclude that some row fits


def load(connection: duckdb.DuckDBPyConnection, delivery: Delivery, around: Surroundings) -> Loaded:
    """Replace the unit's rows, its daily rows, its manifest row, and keep what the old ones summed to.

    Raises BrokenInputError when the staged rows break a promise; nothing is changed then.
    """
    with transaction(connection):
        point("begin")
        cause = MOVES_OTHERS.get(delivery.table)
        if cause is not None:
            with restated(connection, cause, around.now):
                loaded = _replace(connection, delivery, around)
        else:
            loaded = _replace(connection, delivery, around)
        point("before_commit")
    point("after_commit")
    return loaded


def _replace(connection: duckdb.DuckDBPyConnection, delivery: Delivery, around: Surroundings) -> Loaded:
    unit = delivery.unit
    _check_identity(connection, unit)
    rows = _open_staged(connection, delivery, around.intake)
    table = delivery.table
    periods = bill_periods(connection, table)
    owners = {period: owner_of(connection, period, unit, table, around.earlier_sources) for period in periods}
    if any(owners.values()):
        loaded = Loaded("shadowed", 0, shadowed_by(unit, owners))
        if not _is_shadowed(connection, unit):  # once, or its way back would be told once for each delivery meanwhile
            retire(connection, unit.unit_id, around.now)
    else:
        if table == "utilization":
            note_observed(connection, [unit.unit_id, delivery.moved_from or unit.unit_id])
        if delivery.moved_from is not None:
            move(connection, delivery.moved_from, unit.unit_id)
        if table == "usage":
            refuse_repeats(connection, unit, delivery.digest, rows)
        displaced = displace_others(connection, unit, table, periods, around.now)
        if delivery.moved_from is None:
            retire(connection, unit.unit_id, around.now)
        point("deleted")
        _insert(connection, delivery)
        if table == "utilization":
            renew_loads(connection)
        notes = note_left_out(connection, unit.unit_id, delivery.report.rows - rows, around.intake, table)
        status = "loaded" if rows else "delivered_empty"
        loaded = Loaded(status, rows, displaced=displaced, notes=notes)
    _write_manifest(connection, delivery, loaded, around)
    write_periods(connection, unit, periods)
    point("manifest")
    if loaded.status != "shadowed":
        if table in RATED:
            around.fill_rates(connection)
        point("rates")
        audit_unit(connection, unit, table)
        point("audited")
    loaded = replace(loaded, fitting=around.intake.fitting(connection, table))
    connection.execute("drop view temp.staged")
    connection.execute("drop view temp.delivered")
    for name in ("staged_sku", "staged_tag_set"):
        connection.execute(f"drop table if exists temp.{name}")
    return loaded


def _is_shadowed(connection: duckdb.DuckDBPyConnection, unit: Unit) -> bool:
    rows = connection.execute("select status from core.unit where unit_id = ?", [unit.unit_id]).fetchall()
    return rows == [("shadowed",)]


def _check_identity(connection: duckdb.DuckDBPyConnection, unit: Unit) -> None:
    rows = connection.execute(
        "select source, scope, period from core.unit where unit_id = ?", [unit.unit_id]
    ).fetchall()
    if rows and rows[0] != (unit.source, unit.scope, unit.period):
        raise BrokenInputError(
            f"{unit.label}: its number {unit.unit_id} is already that of {'/'.join(rows[0])}. "
            "Rename the source in the configuration; nothing of this unit was loaded."
        )


def _open_staged(connection: duckdb.DuckDBPyConnection, delivery: Delivery, intake: Intake) -> int:
    """Open what was delivered and, of it, what is loaded; return the rows of that."""
    wanted = STAGED_COLUMNS[delivery.table]
    location = str(delivery.staged).replace("'", "''")
    connection.execute(
        f"create or replace temp view delivered as select * from read_parquet('{location}', file_row_number = true)"  # noqa: S608
    )
    found = {row[0]: row[1] for row in connection.execute("describe temp.delivered").fetchall()}
    found.pop("file_row_number")
    if found != dict(wanted):
        differing = sorted(set(found.items()) ^ set(wanted.items()))
        raise TypeError(f"{delivery.kind} staged other columns than the contract of {delivery.table}: {differing}")
    rows = connection.execute("select count(*) from temp.delivered").fetchall()[0][0]
    if rows != delivery.report.rows:
        raise BrokenInputError(
            f"{delivery.unit.label}: {delivery.report.rows} rows were read and {rows} staged. "
            "Nothing of this unit was loaded. Run `sync` again."
        )
    refuse_hashed_globs(connection, delivery.unit.label, intake, delivery.table)
    kept = intake.keeps(delivery.table)
    connection.execute(
        f"create or replace temp view staged as select {intake.as_loaded(delivery.table)} "  # noqa: S608
        f"from (select * from temp.delivered where {kept})"
    )
    if not intake.selection:
        return delivery.report.rows
    return int(connection.execute(f"select count(*) from temp.delivered where {kept}").fetchall()[0][0])  # noqa: S608


def _insert(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    if delivery.table == "usage":
        _insert_bill(connection, delivery.unit)
    else:
        columns = ", ".join(STAGED_COLUMNS[delivery.table])
        connection.execute(
            f"insert into core.{delivery.table} select ?, file_row_number, {columns} "  # noqa: S608
            "from temp.staged order by file_row_number",
            [delivery.unit.unit_id],
        )
        point("lines")


def _insert_bill(connection: duckdb.DuckDBPyConnection, unit: Unit) -> None:
    keys = ", ".join(SKU_COLUMNS)
    as_text = ", ".join(f"{column}::varchar" for column in SKU_COLUMNS)
    same = " and ".join(f"k.{column} is not distinct from s.{column}" for column in SKU_COLUMNS)
    connection.execute(sql("stage_skus.sql").replace("/* keys as text */", as_text).replace("/* keys */", keys))
    connection.execute(
        f"insert into core.sku (sku_id, {keys}) select sku_id, {keys} from temp.staged_sku "  # noqa: S608
        "order by sku_id on conflict do nothing"
    )
    connection.execute(sql("stage_tag_sets.sql"))
    connection.execute(sql("insert_tag_sets.sql"))
    connection.execute(
        sql("insert_usage.sql").replace("/* same sku */", same),
        {"unit_id": unit.unit_id, "first_line_id": unit.first_line_id},
    )
    connection.execute(sql("insert_allocation.sql"), {"unit_id": unit.unit_id, "first_line_id": unit.first_line_id})
    connection.execute(sql("insert_account_names.sql"), {"unit_id": unit.unit_id})
    point("lines")
    audit_unit(connection, unit, "lines")
    put_loads(connection, [unit.unit_id])
    try:
        connection.execute(sql("insert_daily.sql"), {"unit_id": unit.unit_id})
    except duckdb.OutOfRangeException as error:
        raise BrokenInputError(
            f"{unit.label}: the quantities of one day are too large to be summed exactly ({first_line(error)}). "
            "Nothing of this unit was loaded. Check the quantities and their unit in the export."
        ) from error
    point("daily")


def _write_manifest(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, loaded: Loaded, around: Surroundings
) -> None:
    unit = delivery.unit
    known = connection.execute(
        "select generation, status, first_loaded_at from core.unit where unit_id = ?", [unit.unit_id]
    ).fetchall()
    generation, status, first_loaded_at = known[0] if known else (0, "", None)
    # Content that comes is one more; so is its going, when another source takes the bill over.
    generation += loaded.status != "shadowed" or (generation > 0 and status != "shadowed")
    if generation and first_loaded_at is None:
        first_loaded_at = around.now
    connection.execute("delete from core.unit where unit_id = ?", [unit.unit_id])
    connection.execute(
        "insert into core.unit by name select ? as unit_id, ? as source, ? as kind, ? as table_name, ? as scope, "
        "? as period, ? as version, ? as digest, ? as generation, ? as status, ? as reason, ? as row_count, "
        "? as size_bytes, ?::varchar[] as notes, ?::varchar[] as unknown_columns, ? as loaded_at, ? as run_id, "
        "? as first_loaded_at",
        [
            unit.unit_id, unit.source, delivery.kind, delivery.table, unit.scope,
            unit.period, unit.version, delivery.digest, generation, loaded.status, loaded.reason, loaded.rows,
            sum(file.size_bytes for file in delivery.files),
            [*delivery.report.notes, *loaded.notes], list(delivery.report.unknown_columns), around.now, around.run_id,
            first_loaded_at,
        ],
    )  # fmt: skip
    write_files(connection, unit, delivery.files)


def write_files(connection: duckdb.DuckDBPyConnection, unit: Unit, files: Sequence[LocalFile]) -> None:
    """Record which files the unit was made of."""
    connection.execute("delete from core.unit_file where unit_id = ?", [unit.unit_id])
    for position, file in enumerate(files):
        connection.execute(
            "insert into core.unit_file values (?, ?, ?, ?, ?)",
            [unit.unit_id, position, str(file.path), file.size_bytes, file.sha256],
        )
