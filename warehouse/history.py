"""What a unit held before: the sums of replaced generations, kept so that history can be read later."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources

import duckdb

from wattledger.tables import Table

# Every table that holds rows of units.
ROW_TABLES = (
    "core.usage",
    "core.allocation",
    "core.line_load",
    "core.usage_daily",
    "core.utilization",
    "core.provider_footprint",
    "core.tracker_run",
    "core.pue_reading",
    "core.business_metric",
    "core.grid_interval",
    "core.account",
    "core.account_seen",
    "core.left_out",
    "core.kept_sum",
)


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("warehouse") / "sql" / name).read_text(encoding="utf-8")


def sums(condition: str = "true") -> str:
    """Return the select of what units sum to now, of those that meet a condition on ``unit_id``."""
    return sql("generation_sums.sql").replace("/* of */", condition)


def retire(connection: duckdb.DuckDBPyConnection, unit_id: int, now: datetime) -> None:
    """Keep what the unit's rows sum to, then remove them. A unit that was never loaded has nothing to keep."""
    connection.execute(
        f"insert into core.generation_sum by name {sums('unit_id = $unit_id')}",
        {"unit_id": unit_id, "recorded_at": now, "cause": "activity"},
    )
    for table in ROW_TABLES:
        connection.execute(f"delete from {table} where unit_id = ?", [unit_id])  # noqa: S608


def move(connection: duckdb.DuckDBPyConnection, old_id: int, new_id: int) -> None:
    """Hand a unit over to the one that its file was renamed to: its history stays, its rows make room for the same."""
    for table in (*ROW_TABLES, "core.unit_file", "core.bill_period"):
        connection.execute(f"delete from {table} where unit_id = ?", [old_id])  # noqa: S608
    connection.execute("update core.generation_sum set unit_id = ? where unit_id = ?", [new_id, old_id])
    connection.execute("delete from core.unit where unit_id = ?", [new_id])  # no more than an earlier refusal
    connection.execute(
        "insert into core.unit select * replace (?::bigint as unit_id, generation - 1 as generation) "
        "from core.unit where unit_id = ?",
        [new_id, old_id],
    )
    connection.execute("delete from core.unit where unit_id = ?", [old_id])


@contextmanager
def restated(connection: duckdb.DuckDBPyConnection, cause: str, now: datetime) -> Iterator[None]:
    """Keep what the units sum to before the block, of those that sum to something else after it.

    Such a unit counts one generation more, as if it had been loaded anew. Inside the caller's transaction.
    """
    told = {"recorded_at": now, "cause": cause}
    connection.execute(f"create or replace temp table sums_before as {sums()}", told)
    yield
    connection.execute("delete from core.kept_sum")  # the rates that it stood for have others in their place now
    connection.execute(f"create or replace temp table sums_after as {sums()}", told)
    connection.execute(
        "create or replace temp table changed as select distinct unit_id from "
        "((from sums_before except from sums_after) union all (from sums_after except from sums_before))"
    )
    connection.execute(
        "insert into core.generation_sum by name select * from sums_before "
        "where unit_id in (select unit_id from changed) order by all"
    )
    connection.execute(
        "update core.unit set generation = generation + 1 where unit_id in (select unit_id from changed)"
    )
    for table in ("sums_before", "sums_after", "changed"):
        connection.execute(f"drop table temp.{table}")


def restatement(connection: duckdb.DuckDBPyConnection, recorded_at: datetime) -> Table:
    """Return what one restatement changed, by charge month: from and to, of the groups that changed."""
    result = connection.execute(sql("restatement.sql"), {"recorded_at": recorded_at})
    columns = [column[0] for column in result.description or ()]
    return Table("restated", "Restated", columns, result.fetchall())
