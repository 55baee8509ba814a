"""Make the tables of the share-alike set again: `python scripts/build_sharealike_set.py FACTS_FOLDER`.

Its rows bind whoever passes them on, so they stand apart from models/factors, in models/factors_sharealike with a
notice of their own. Zones of Electricity Maps are brought onto the regions that stand in them; marginal factors are
kept for what moving or leaving off a load would change, and no inventory reads them.
"""

import sys
from pathlib import Path

from build_factor_set import ROOT, write_digest
from csv_tables import Row, csv_text
from factor_set.facts import number, read, scaled

from models.factor_set import digest, sha256_of

TARGET = ROOT / "models" / "factors_sharealike"
# What other publishers say of the same zone and year, over this one: Google's hours (p10), Ember's country (p90).
SOURCE_CHOICE = (0.61, 1.37)
GRID_COLUMNS = (
    "zone_scheme", "zone", "country_iso3", "covers", "year",
    "low_g_co2e_per_kwh", "central_g_co2e_per_kwh", "high_g_co2e_per_kwh",
    "boundary", "flow", "accounting", "source", "source_release", "licence", "verification", "note",
)  # fmt: skip
MARGINAL_COLUMNS = (
    "country_iso3", "year", "margin", "g_co2e_per_kwh", "source", "source_release", "licence", "verification", "note",
)  # fmt: skip


def main(folder: Path) -> None:
    """Write both tables and their digest."""
    tables = {
        "grid_intensity.csv": csv_text(GRID_COLUMNS, grid(folder)),
        "grid_marginal.csv": csv_text(MARGINAL_COLUMNS, marginal(folder)),
    }
    for name, text in tables.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    write_digest(TARGET / "set.toml", digest({name: sha256_of(text) for name, text in tables.items()}))


def grid(folder: Path) -> list[Row]:
    """Return the average of the zone that each region stands in, by year."""
    zones: dict[str, list[Row]] = {}
    for row in read(folder, "grid_intensity_sharealike"):
        if row["accounting"] == "location_average":
            zones.setdefault(row["zone"], []).append(row)
    low, high = SOURCE_CHOICE
    rows = [
        {
            "zone_scheme": "region", "zone": f"{region['provider']}:{region['region']}",
            "country_iso3": region["country_iso3"], "covers": "part", "year": row["year"],
            "low_g_co2e_per_kwh": scaled(row["g_co2e_per_kwh"], low, 1),
            "central_g_co2e_per_kwh": number(row["g_co2e_per_kwh"]),
            "high_g_co2e_per_kwh": scaled(row["g_co2e_per_kwh"], high, 1),
            "boundary": "lifecycle", "flow": "consumption", "accounting": "location_average",
            "source": row["source"], "source_release": row["source_release"], "licence": row["licence"],
            "verification": "stored", "note": f"zone {row['zone']}; {row['note']}",
        }
        for region in read(folder, "regions")
        for row in zones.get(region["em_zone"], [])
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["zone"], row["year"]))


def marginal(folder: Path) -> list[Row]:
    """Return the operating and combined margins by country."""
    rows = [
        {
            "country_iso3": row["country_iso3"], "year": row["year"],
            "margin": row["accounting"].removeprefix("marginal_"), "g_co2e_per_kwh": number(row["g_co2e_per_kwh"]),
            "source": row["source"], "source_release": row["source_release"],
            "licence": row["licence"].removesuffix(" (republication)"), "verification": "stored", "note": row["note"],
        }
        for row in read(folder, "grid_intensity_sharealike")
        if row["accounting"].startswith("marginal")
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["country_iso3"], row["year"], row["margin"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
