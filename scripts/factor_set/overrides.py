"""Rows that replace or join what the facts give: values read again at their source, or measured better since."""

from collections.abc import Iterable
from pathlib import Path

from csv_tables import Row, read_csv

OVERRIDES = Path(__file__).parents[1] / "factor_overrides"
# Columns that name a row of each table.
KEYS: dict[str, tuple[str, ...]] = {
    "region": ("provider", "region_id"),
    "region_group": ("provider", "group_id", "member_region_id"),
    "site_metric": ("provider", "region_id", "metric", "year"),
    "grid_intensity": ("zone_scheme", "zone", "boundary", "year", "accounting"),
    "grid_alternative": ("provider", "region_id", "year"),
    "cpu_power": ("microarch",),
    "accelerator_power": ("accelerator",),
    "instance": ("provider", "instance_type"),
    "coefficient": ("key",),
    "uncertainty": ("leg", "kind"),
    "electricity_price": ("zone_scheme", "zone", "period"),
}


def overlay(table: str, rows: Iterable[Row]) -> list[Row]:
    """Return the rows with those of TABLE.csv and TABLE_*.csv of the overrides in the place of their namesakes."""
    found = {tuple(row[name] for name in KEYS[table]): row for row in rows}
    for path in sorted(OVERRIDES.glob(f"{table}*.csv")):
        for row in read_csv(path):
            found[tuple(row[name] for name in KEYS[table])] = row
    return list(found.values())
