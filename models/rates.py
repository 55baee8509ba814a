"""The rate card: for each SKU and charge month everything per unit of consumed quantity (`core.rate`).

Set-based: each step is one select of `models/sql`, kept as a temporary table while the next one reads it.
The steps and `rate` keep to SQL that other engines run too; only what writes is DuckDB's own.
"""

import duckdb

from models.classify import classify, reclassify
from models.resources import make, sql
from models.sites import fill_sites
from wattledger.errors import ConfigError

# In the order of their making; each reads those before it.
STEPS = ("machine_found", "machine_input", "machine_case", "machine_rate", "coefficient_rate", "site_spread")
MODEL = "default"


def fill_missing(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate what core.usage_daily holds and the card of the model and factor set in force lacks.

    Runs inside the caller's transaction; what is already rated keeps its row. Raises ConfigError for a model that
    this version does not have.
    """
    _check_model(connection)
    classify(connection)
    fill_sites(connection)
    make(connection, "wanted")
    if connection.execute("select 1 from temp.wanted limit 1").fetchall():
        for step in STEPS:
            make(connection, step)
        connection.execute(sql("insert_rate").replace("/* rate */", sql("rate")))
        connection.execute(sql("insert_rate_input"))
    for step in ("wanted", *STEPS):
        connection.execute(f"drop table if exists temp.{step}")


def remake(connection: duckdb.DuckDBPyConnection) -> None:
    """Make classes, sites and rates of the model and factor set in force again, inside the caller's transaction.

    Rows of months and SKUs that no bill holds any more go. Raises ConfigError as `fill_missing` does.
    """
    _check_model(connection)
    reclassify(connection)
    connection.execute(
        "delete from core.site_factor where factor_set = (select value from core.setting where key = 'factor_set')"
    )
    for table in ("core.rate", "core.rate_input"):
        connection.execute(
            f"delete from {table} where model = (select value from core.setting where key = 'model') "  # noqa: S608
            "and factor_set = (select value from core.setting where key = 'factor_set')"
        )
    fill_missing(connection)


def _check_model(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("select value from core.setting where key = 'model'").fetchall()
    model = rows[0][0] if rows else None
    if model != MODEL:
        raise ConfigError(
            f'The model in force is {model!r}; this version has {MODEL!r} only. Set [estimate] model = "{MODEL}".'
        )
