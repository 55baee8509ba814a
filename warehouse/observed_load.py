"""Observed load of machines on the lines that bill them: a line's observed hours become shares of SKUs at a load."""

from collections.abc import Sequence

import duckdb

from warehouse.history import sql


def put_loads(connection: duckdb.DuckDBPyConnection, unit_ids: Sequence[int]) -> None:
    """Write how the lines of these bills mix loads, and the SKUs at a load that this needs."""
    connection.execute(sql("stage_line_loads.sql"), {"unit_ids": list(unit_ids)})
    connection.execute(
        "insert into core.sku by name select distinct s.* replace "
        "(l.sku_id as sku_id, l.cpu_load_pct as cpu_load_pct, l.accelerator_load_pct as accelerator_load_pct) "
        "from temp.staged_line_load as l inner join core.sku as s on s.sku_id = l.base_sku_id "
        "order by l.sku_id on conflict do nothing"
    )
    connection.execute(
        "insert into core.line_load select line_id, unit_id, sku_id, share from temp.staged_line_load order by all"
    )
    connection.execute("drop table temp.staged_line_load")


def note_observed(connection: duckdb.DuckDBPyConnection, unit_ids: Sequence[int]) -> None:
    """Remember which resources a delivery of observed loads speaks of: those staged and those that it replaces."""
    connection.execute(
        "create or replace temp table observed_resource as select resource_id from temp.staged union "
        "select resource_id from core.utilization where unit_id in (select unnest(?::bigint[]))",
        [list(unit_ids)],
    )


def renew_loads(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the loads and daily rows again of the bills that hold a resource of `note_observed`."""
    rows = connection.execute(
        "select distinct unit_id from core.usage where resource_id in (select resource_id from temp.observed_resource) "
        "order by unit_id"
    ).fetchall()
    bills = [row[0] for row in rows]
    for table in ("core.line_load", "core.usage_daily"):
        connection.execute(f"delete from {table} where unit_id in (select unnest(?::bigint[]))", [bills])  # noqa: S608
    put_loads(connection, bills)
    for bill in bills:
        connection.execute(sql("insert_daily.sql"), {"unit_id": bill})
    connection.execute("drop table temp.observed_resource")
