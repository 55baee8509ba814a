"""Publishing: an atomic read-only copy of the warehouse for analysts."""

import os
from pathlib import Path

import duckdb

from warehouse.database import STORAGE_VERSION
from warehouse.views import create_views, forget_views
from wattledger.faults import point


def publish(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Copy the open warehouse into a fresh file and rename it to ``target``; return its size in bytes.

    A reader that has the old snapshot open keeps it; a new reader sees the new one. Never a half one.
    """
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    for leftover in target.parent.glob(f"{target.name}.*.part*"):
        leftover.unlink()
    source = connection.execute("select current_database()").fetchall()[0][0]
    location = str(fresh).replace("'", "''")
    connection.execute(f"attach '{location}' as published (storage_version '{STORAGE_VERSION}')")
    try:
        connection.execute(f'copy from database "{source}" to published')
    finally:
        connection.execute("detach published")
    copied = duckdb.connect(str(fresh))
    try:
        forget_views(copied)
        create_views(copied)
    finally:
        copied.close()
    fresh.chmod(0o640)
    point("publish")
    fresh.replace(target)
    return target.stat().st_size
