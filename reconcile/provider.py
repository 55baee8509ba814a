"""The model held against the provider's own figures, both location-based (core.reconciliation_provider)."""

import duckdb

from reconcile.resources import drop, load_csv, make, sql

DATA = ("service_groups", "verdict_bands")
# In the order of their making; each reads those before it.
STEPS = ("provider_side", "model_side", "days_held", "provider_cell", "provider_row")


def reconcile_provider(connection: duckdb.DuckDBPyConnection) -> None:
    """Make core.reconciliation_provider again from the bill, the rate card and the provider's figures.

    Runs inside the caller's transaction; the same input gives the same rows.
    """
    for name in DATA:
        load_csv(connection, name)
    make(connection, STEPS)
    connection.execute("delete from core.reconciliation_provider")
    connection.execute(sql("insert_provider"))
    drop(connection, (*DATA, *STEPS))
