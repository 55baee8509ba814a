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
