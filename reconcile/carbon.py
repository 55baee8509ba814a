"""The accounts beside the location-based figure, for the report: market-based, losses, embodied, water."""

from datetime import date

import duckdb

from reconcile.resources import sql
from wattledger.tables import Table

_NOTES = {
    "carbon": (
        "Accounts stand side by side and are never added. A customer's cloud emissions are its scope 3; the scopes "
        "named here are the provider's. Losses of the grid are scope 3, category 3, and in no total of this report.",
        "counted_by: the boundary of the grid factor; market_based (a contract), provider_figure, provider_claim and "
        "cfe_model (`[estimate] market_model`), residual_mix, or none; whose losses: exact or nearest_year of the "
        "country, default for the world's; how the hardware was modelled.",
    ),
    "water": (
        "Stressed: category 3 (high) and 4 (extremely high) of Aqueduct 4.0 at the place of the region. Shares are of "
        "the litres beside them. Off-site water is taken at power plants, whose place nobody states: its shares assume "
        "that of the region. A place of several regions and a local zone have no category: unknown.",
        "it_energy_without_sum_kwh lacks a water factor, on-site or off-site: ledger.footprint.water_gap_reason.",
    ),
}
_TITLES = {"carbon": "Every account of the carbon, side by side", "water": "Water, and where it is short"}


def carbon_tables(connection: duckdb.DuckDBPyConnection, period: dict[str, date | None]) -> list[Table]:
    """Return the tables `carbon` and `water` of the report, printed when asked for."""
    found = []
    for name, title in _TITLES.items():
        result = connection.execute(sql(f"report_{name}"), period)
        columns = [column[0] for column in result.description or ()]
        found.append(Table(name, title, columns, result.fetchall(), _NOTES[name], is_detail=True))
    return found


def market_note(connection: duckdb.DuckDBPyConnection, period: dict[str, date | None]) -> list[str]:
    """Say how far market-based emissions reach and why not further; nothing where there is no energy."""
    kg, energy_kwh, without_kwh, reason = connection.execute(sql("report_market"), period).fetchall()[0]
    why = f"e.g. {reason}; ledger.footprint.market_based_gap_reason has each."
    if energy_kwh is None:
        return [] if without_kwh is None else [f"Market-based emissions are null: {why}"]
    said = f"Market-based emissions of {energy_kwh:.3f} kWh are {kg:.3f} kg CO2e, beside the location-based ones."
    rest = [] if without_kwh is None else [f"Those of {without_kwh:.3f} kWh are null: {why}"]
    return [" ".join([said, *rest, "`wattledger report carbon` shows every account."])]
