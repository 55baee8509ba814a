"""Facility and grid of every region and month that a bill or a provider's figures need (`core.site_factor`)."""

import duckdb

from models.resources import make, sql

# In the order of their making; each reads those before it.
STEPS = ("site_wanted", "grid_known", "site_grid", "site_pue", "site_market", "site_member")


def fill_sites(connection: duckdb.DuckDBPyConnection) -> None:
    """Resolve PUE and grid intensity where they are needed and missing, inside the caller's transaction.

    What is already resolved keeps its row. A place of several regions gets their weighted mean; one that the factor
    set does not know gets nulls and a reason.
    """
    make(connection, "site_wanted")
    if connection.execute("select 1 from temp.site_wanted limit 1").fetchall():
        for step in STEPS[1:]:
            make(connection, step)
        connection.execute(sql("insert_site"))
        connection.execute(sql("insert_site_group"))
    for step in STEPS:
        connection.execute(f"drop table if exists temp.{step}")
