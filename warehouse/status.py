"""What the warehouse says about itself: settings, what is loaded from where, how old it is."""

from datetime import datetime

import duckdb

from warehouse.history import sql
from wattledger.tables import Table

MODEL = "model"  # the key of core.setting that holds the model of ledger.footprint
_SHOWN = 10  # troubles that are told one by one


def setting(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """Return a setting that the file records, None where it records none."""
    rows = connection.execute("select value from core.setting where key = ?", [key]).fetchall()
    return str(rows[0][0]) if rows else None


def set_setting(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Record a setting, if it is not the one recorded."""
    if setting(connection, key) != value:
        connection.execute("insert or replace into core.setting values (?, ?)", [key, value])


def last_good_sync(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return when (UTC) the last sync ended in which nothing failed or was refused, None where none did."""
    rows = connection.execute(
        "select max(finished_at) from core.run where command = 'sync' and exit_code = 0"
    ).fetchall()
    found: datetime | None = rows[0][0]
    return found


def source_status(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return one row per source: its units by outcome, its rows, its newest period and load."""
    result = connection.execute(sql("source_status.sql"))
    columns = [column[0] for column in result.description or ()]
    rows = result.fetchall()
    last = last_good_sync(connection)
    notes = [f"last sync without trouble: {last:%Y-%m-%d %H:%M} UTC" if last else "no sync without trouble yet"]
    troubles = connection.execute(sql("troubles.sql")).fetchall()
    notes += [f"{source}: {what}: {reason}" for source, what, reason in troubles[:_SHOWN]]
    if len(troubles) > _SHOWN:
        notes.append(f"{len(troubles) - _SHOWN} more: see reason and refused_reason in ops.units.")
    return Table("status", "Status", columns, rows, notes)


def rate_card(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return how many rates and SKUs the card of each model holds by disposition."""
    rows = connection.execute(
        "select model, disposition, count(*), count(distinct sku_id) from core.rate "
        "where factor_set = (select value from core.setting where key = 'factor_set') "
        "group by model, disposition order by model <> 'default', model, disposition"
    ).fetchall()
    note = f"in force: model {setting(connection, MODEL)}, factor set {setting(connection, 'factor_set')}"
    return Table("estimate", "Rate card", ("model", "disposition", "rates", "skus"), rows, [note])


def storage_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the storage version of the open file: which DuckDB can read it."""
    rows = connection.execute(
        "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return str(rows[0][0])


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the newest migration that the file has; 0 for a file that is not a warehouse."""
    known = "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'migration'"
    if not connection.execute(known).fetchall():
        return 0
    rows = connection.execute("select coalesce(max(version), 0) from ops.migration").fetchall()
    return int(rows[0][0])


def extension_switches(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the settings that are on and would let DuckDB fetch or load extensions by itself: none should be."""
    rows = connection.execute(
        "select name from duckdb_settings() where value = 'true' and name in "
        "('autoinstall_known_extensions', 'autoload_known_extensions', 'allow_community_extensions') order by name"
    ).fetchall()
    return [row[0] for row in rows]
