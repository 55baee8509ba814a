"""What stands beside the carbon account: emissions per unit of business, what the energy costs, and a price of carbon.

Each is a section of the report only where there is something to show; none is ever added to the bill.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import duckdb

from reconcile.resources import sql
from wattledger.config import CarbonPrice
from wattledger.tables import Table

_SCI = [
    "(E x I + M) / R of ISO/IEC 21031: location-based, no offsets, no market instruments. Only days with a quantity "
    "count; what the other days emitted is left out. Months are whole, whatever the period. Low and high take both "
    "terms to their 90 % ends.",
]
_ELECTRICITY = [
    "What the energy would cost at the meter, at prices of your own or of the factor set. It is inside the price of "
    "the bill already: never add it.",
]
_CARBON_PRICE = (
    "an internal price, on location-based and embodied emissions of lines in use. It is no part of a bill: "
    "never add it."
)


def account_sections(
    connection: duckdb.DuckDBPyConnection,
    since: date | None,
    until: date | None,
    group_by: Sequence[str],
    carbon_price: CarbonPrice | None,
) -> list[Table]:
    """Return the sections that have rows; ``sci`` is by day where ``group_by`` asks for days."""
    period: dict[str, object] = {"since": since, "until": until}
    found = [_sci(connection, period, is_daily=bool({"day", "usage_date"} & set(group_by)))]
    electricity = _table(connection, "electricity", "What the energy would cost", period, _ELECTRICITY)
    if any(cost is not None for cost in _column(electricity, "electricity_cost")):
        found.append(electricity)
    if carbon_price is not None:
        note = f"{carbon_price.per_t.normalize():f} {carbon_price.currency} per tonne of CO2e: {_CARBON_PRICE}"
        asked = {**period, "price_per_t": str(carbon_price.per_t), "currency": carbon_price.currency}
        found.append(_table(connection, "carbon_price", "Emissions at the internal price of carbon", asked, [note]))
    return [table for table in found if table.rows]


def _sci(connection: duckdb.DuckDBPyConnection, period: dict[str, object], is_daily: bool) -> Table:
    asked = {**period, "grain": "day" if is_daily else "month"}
    table = _table(connection, "sci", "Carbon per unit of business", asked, _SCI)
    if is_daily:
        return table
    kept = [position for position, name in enumerate(table.columns) if name != "usage_date"]
    rows = [[row[position] for position in kept] for row in table.rows]
    return replace(table, columns=[table.columns[position] for position in kept], rows=rows)


def _column(table: Table, name: str) -> list[object]:
    position = list(table.columns).index(name)
    return [row[position] for row in table.rows]


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, title: str, asked: dict[str, object], notes: Sequence[str]
) -> Table:
    result = connection.execute(sql(f"report_{name}"), asked)
    columns = [column[0] for column in result.description or ()]
    return Table(name, title, columns, result.fetchall(), notes)
