"""What a unit held before: the sums of replaced generations, kept so that history can be read later."""

from datetime import datetime
from importlib import resources

import duckdb

# Every table that holds rows of units.
ROW_TABLES = ("core.usage", "core.usage_daily", "core.provider_footprint", "core.tracker_run")


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("warehouse") / "sql" / name).read_text(encoding="utf-8")


def retire(connection: duckdb.DuckDBPyConnection, unit_id: int, now: datetime) -> None:
    """Keep what the unit's rows sum to, then remove them. A unit that was never loaded has nothing to keep."""
    connection.execute(
        f"insert into core.generation_sum {sql('generation_sums.sql')}",
        {"unit_ids": [unit_id], "recorded_at": now, "cause": "activity"},
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
