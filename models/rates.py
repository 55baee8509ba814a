"""The rate card: for each SKU and charge month everything per unit of consumed quantity (`core.rate`).

Set-based: each step is one select of `models/sql`, kept as a temporary table while the next one reads it.
The steps and `rate` keep to SQL that other engines run too; only what writes is DuckDB's own.
"""

import difflib

import duckdb

from models.classify import classify, reclassify
from models.lanes import card
from models.resources import make, sql
from models.sites import fill_sites
from warehouse.status import setting
from wattledger.errors import ConfigError

# In the order of their making; each reads those before it.
STEPS = (
    "machine_found",
    "machine_input",
    "machine_case",
    "machine_moved",
    "machine_rate",
    "coefficient_rate",
    "site_spread",
)
MODEL = "default"


def fill_missing(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate what core.usage_daily holds and the cards of the factor set in force lack: the default one and filled lanes.

    Runs inside the caller's transaction; what is already rated keeps its row. Raises ConfigError for a model in force
    that this version does not have.
    """
    _check_in_force(connection)
    classify(connection)
    fill_sites(connection)
    make(connection, "wanted")
    if connection.execute("select 1 from temp.wanted limit 1").fetchall():
        for step in STEPS:
            make(connection, step)
        connection.execute(sql("insert_rate").replace("/* rate */", sql("rate")))
        connection.execute(sql("insert_rate_input"))
        connection.execute(sql("insert_rate_leg"))
    for step in ("wanted", *STEPS):
        connection.execute(f"drop table if exists temp.{step}")
    card.fill_missing(connection)


def remake(connection: duckdb.DuckDBPyConnection) -> None:
    """Make classes, sites and rates of the factor set in force again, inside the caller's transaction.

    Rows of months and SKUs that no bill holds any more go. Raises ConfigError as `fill_missing` does.
    """
    _check_in_force(connection)
    reclassify(connection)
    connection.execute(
        "delete from core.site_factor where factor_set = (select value from core.setting where key = 'factor_set')"
    )
    for table in ("core.rate", "core.rate_input", "core.rate_leg", "core.lane_input"):
        connection.execute(
            f"delete from {table} where factor_set = (select value from core.setting where key = 'factor_set')"  # noqa: S608
        )
    for lane in card.filled(connection):
        card.keep(connection, lane)
    fill_missing(connection)


def models() -> tuple[str, ...]:
    """Return the models that this program has: the default one and the lanes."""
    return (MODEL, *card.lanes())


def check_model(name: str | None, said_at: str) -> None:
    """Raise ConfigError, with the nearest match, for a model that this program does not have."""
    if name not in models():
        near = difflib.get_close_matches(name or "", models(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"{said_at}: there is no model {name!r}. {hint}This release has: {', '.join(models())}.")


def _check_in_force(connection: duckdb.DuckDBPyConnection) -> None:
    check_model(setting(connection, "model"), "The model in force")
