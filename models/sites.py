"""Facility, grid and water of every region and month that a bill or a provider's figures need (`core.site_factor`)."""

import duckdb

from models.resources import make, sql

# In the order of their making; each reads those before it.
STEPS = (
    "site_wanted",
    "site_link",
    "grid_known",
    "site_grid",
    "site_stated",
    "site_pue",
    "site_pue_measured",
    "site_flow",
    "site_instrument",
    "site_claim",
    "site_market",
    "site_member",
)


def fill_sites(connection: duckdb.DuckDBPyConnection) -> None:
    """Resolve PUE, grid intensity and water factors where they are needed and missing, inside the caller's transaction.

    What is already resolved keeps its row, unless its meters' readings, its provider's figures or the zone of an own
    site changed. A place of several regions gets their weighted mean; one that the factor set does not know gets nulls
    and a reason.
    """
    _forget_stale(connection)
    make(connection, "site_wanted")
    if connection.execute("select 1 from temp.site_wanted limit 1").fetchall():
        for step in STEPS[1:]:
            make(connection, step)
        connection.execute(sql("insert_site"))
        connection.execute(sql("insert_site_group"))
    for step in STEPS:
        connection.execute(f"drop table if exists temp.{step}")


def _forget_stale(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the places and months that no longer hold, and the rates that rest on them."""
    make(connection, "site_stale")
    connection.execute(
        "delete from core.rate as r where r.factor_set = (select value from core.setting where key = 'factor_set') "
        "and exists (select 1 from core.sku as s inner join temp.site_stale as t on t.provider = s.provider "
        "and t.region_id = s.region_id where s.sku_id = r.sku_id and t.charge_month = r.charge_month)"
    )
    connection.execute(
        "delete from core.site_factor as f where (f.factor_set, f.provider, f.region_id, f.charge_month) in "
        "(select (factor_set, provider, region_id, charge_month) from temp.site_stale)"
    )
    connection.execute("drop table temp.site_stale")
