"""Publishing: an atomic read-only copy of the warehouse for analysts."""

import glob
import os
from pathlib import Path

import duckdb

from warehouse.database import STORAGE_VERSION, open_for_reading
from warehouse.history import sql
from warehouse.views import create_views, forget_views
from wattledger.errors import WattledgerError
from wattledger.faults import point


def publish(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Copy the open warehouse into a fresh file and rename it to ``target``; return its size in bytes.

    A reader that has the old snapshot open keeps it; a new reader sees the new one. Never a half one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    _remove_parts(target)
    source = connection.execute("select current_database()").fetchall()[0][0]
    location = str(fresh).replace("'", "''")
    try:
        connection.execute(f"attach '{location}' as published (storage_version '{STORAGE_VERSION}')")
        try:
            connection.execute(f'copy from database "{source}" to published')
        finally:
            connection.execute("detach published")
        with duckdb.connect(str(fresh)) as copied:
            forget_views(copied)
            create_views(copied)
        fresh.chmod(0o640)
        point("publish")
        fresh.replace(target)
    except BaseException:
        _remove_parts(target)
        raise
    return target.stat().st_size


def _remove_parts(target: Path) -> None:
    """Remove what a publish that ended half-way left beside ``target``."""
    for leftover in target.parent.glob(f"{glob.escape(target.name)}.*.part*"):
        leftover.unlink()


def is_current(connection: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Whether the snapshot at ``target`` holds what the open warehouse holds."""
    if not target.exists():
        return False
    query = sql("revision.sql")
    try:
        with open_for_reading(target) as snapshot:
            published = snapshot.execute(query).fetchall()
    except (WattledgerError, duckdb.Error):
        return False  # an older schema, or not a snapshot at all: the next publish replaces it
    return published == connection.execute(query).fetchall()
