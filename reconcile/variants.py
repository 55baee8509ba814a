"""One bill under all models side by side, and why they differ."""

from datetime import date

import duckdb

from reconcile.resources import sql
from wattledger.tables import Table

_NONE = "No other model is filled. `wattledger estimate --model all` fills them; they are kept current from then on."


def variant_tables(connection: duckdb.DuckDBPyConnection, period: dict[str, date | None]) -> list[Table]:
    """Return the bill under each model, and service by service which input makes the largest differences."""
    models = _table(connection, "variants", "One bill under every model", period)
    if not models.rows:
        return [Table(models.name, models.title, models.columns, [], [_NONE], is_detail=True)]
    services = _table(connection, "variants_services", "Why the models differ, service by service", period)
    notes = [
        "Location-based, operational. Tools estimate different lines: ratio and common figures are of the lines that "
        "both the tool and the default model estimate. embodied_energy_kwh is embodied carbon that the tool itself "
        "prints as energy; it is outside energy_kwh.",
        *_spread(models),
    ]
    errors = connection.execute(sql("report_variants_errors"), period).fetchall()
    why = [
        "Differences in kg CO2e, from the default model to the other, one input after the other: replication, watts, "
        "utilization, PUE, grid, multipliers, embodied carbon counted as energy. ledger.variants has every part; "
        "they sum to the difference.",
        *(f"Known error of {model}: {error} ({services})." for model, error, services in errors),
    ]
    return [
        Table(models.name, models.title, models.columns, models.rows, notes),
        Table(services.name, services.title, services.columns, services.rows, why, is_detail=True),
    ]


def _spread(models: Table) -> list[str]:
    """Say how far apart the models are: the uncertainty that comes from the choice of a model."""
    place = models.columns.index("ratio")
    ratios = sorted((row[place], row[0]) for row in models.rows if row[place] is not None)
    if not ratios:
        return []
    (least, lowest), (most, highest) = ratios[0], ratios[-1]
    return [f"The models' spread: from {least:.2f} ({lowest}) to {most:.2f} ({highest}) times the default model."]


def _table(connection: duckdb.DuckDBPyConnection, name: str, title: str, period: dict[str, date | None]) -> Table:
    result = connection.execute(sql(f"report_{name}"), period)
    columns = [column[0] for column in result.description or ()]
    return Table(name, title, columns, result.fetchall())
