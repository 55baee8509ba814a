"""Tracker runs held against the billed resources they ran on, as IT energy (core.reconciliation_run)."""

import duckdb

from reconcile.resources import drop, load_csv, make, sql

DATA = ("verdict_bands",)
# In the order of their making; each reads those before it. Every step is one set-based select.
STEPS = (
    "run",
    "resource_span",
    "run_by_id",
    "run_by_tags",
    "run_by_hardware",
    "run_match",
    "slot",
    "run_overlap",
    "run_row",
)


def reconcile_runs(connection: duckdb.DuckDBPyConnection) -> None:
    """Make core.reconciliation_run again from the tracker runs, the bill and the rate card.

    Runs inside the caller's transaction; the same input gives the same rows.
    """
    for name in DATA:
        load_csv(connection, name)
    make(connection, STEPS)
    connection.execute("delete from core.reconciliation_run")
    connection.execute(sql("insert_run"))
    drop(connection, (*DATA, *STEPS))
