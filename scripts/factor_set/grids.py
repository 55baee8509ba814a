"""Average grid intensity by zone and year, and what another publisher says of the same place."""

import math
from pathlib import Path

from csv_tables import Row

from factor_set.facts import LICENCES, number, read, scaled

# What choosing another source of the same grid would do, low and high: coefficients grid.source_choice_*.
SOURCE_CHOICE = {"subregion": (0.29, 2.06), "state": (0.69, 1.26), "country": (0.73, 1.3)}
ACCOUNTINGS = ("location_average", "residual_mix")
NEIGHBOUR_KM = 150  # two regions this near on one balancing area draw from the same grid
EARTH_RADIUS_KM = 6371
ALTERNATIVE_NOTE = "Weighted by the hours of Google's own load: another quantity than a year's average"


def grid(folder: Path) -> list[Row]:
    """Return average grid intensity and residual mixes by zone and year; without share-alike rows and zeros."""
    rows = []
    for row in read(folder, "grid_intensity"):
        if row["licence"] not in LICENCES or row["share_alike"] == "1" or row["accounting"] not in ACCOUNTINGS:
            continue
        if float(row["g_co2e_per_kwh"]) == 0:  # a lifecycle has no zero: unknown, rounded away
            continue
        national = row["zone_scheme"] in ("iso3", "official_national") or row["zone"] == "US"
        choice = "country" if national else "subregion" if row["zone_scheme"] == "egrid_subregion" else "state"
        low, high = SOURCE_CHOICE[choice]
        value = row["g_co2e_per_kwh"]
        rows.append({
            "zone_scheme": row["zone_scheme"], "zone": row["zone"], "country_iso3": row["country_iso3"],
            "covers": "country" if national else "part", "year": row["year"],
            "low_g_co2e_per_kwh": scaled(value, low, 1), "central_g_co2e_per_kwh": number(value),
            "high_g_co2e_per_kwh": scaled(value, high, 1),
            "boundary": "direct" if row["boundary"] == "direct_combustion" else row["boundary"],
            "flow": "consumption" if row["flow"].startswith("consumption") else "production",
            "accounting": row["accounting"], "source": row["source"], "source_release": row["source_release"],
            "licence": LICENCES[row["licence"]], "verification": grid_verification(row["verification"]),
            "note": row["note"],
        })  # fmt: skip
    return rows


def grid_alternatives(folder: Path) -> list[Row]:
    """Return what Google states for a region of its own that stands near, on the same balancing area."""
    regions_ = [row for row in read(folder, "regions") if row["latitude"]]
    neighbours = [row for row in regions_ if row["provider"] == "gcp"]
    stated = {
        (row["zone"].removeprefix("gcp:"), row["year"]): row
        for row in read(folder, "grid_intensity")
        if row["zone_scheme"] == "provider_region" and float(row["g_co2e_per_kwh"]) > 0
    }
    rows = []
    for row in regions_:
        same_grid = [
            (distance_km(row, other), other["region"]) for other in neighbours if other["em_zone"] == row["em_zone"]
        ]
        distance, region_id = min(same_grid, default=(NEIGHBOUR_KM + 1, ""))
        if distance > NEIGHBOUR_KM:
            continue
        rows += [
            {
                "provider": row["provider"], "region_id": row["region"], "year": year, "stated_for": f"gcp:{region_id}",
                "distance_km": str(round(distance)), "g_co2e_per_kwh": number(value["g_co2e_per_kwh"]),
                "boundary": "lifecycle" if value["boundary"] == "lifecycle" else "direct", "source": value["source"],
                "source_release": value["source_release"], "licence": LICENCES[value["licence"]],
                "verification": "stored", "note": ALTERNATIVE_NOTE,
            }
            for (neighbour, year), value in stated.items()
            if neighbour == region_id
        ]  # fmt: skip
    return rows


def distance_km(first: Row, second: Row) -> float:
    """Return the great-circle distance of two regions in km, by the places that the facts give them."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(float(row["latitude"])), math.radians(float(row["longitude"]))) for row in (first, second)
    )
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


def grid_verification(text: str) -> str:
    """Return how a grid value was obtained, in one word."""
    words = {"recalled": "recalled", "derived": "derived", "inferred": "inferred_year", "secondary": "secondary"}
    found = next((word for sign, word in words.items() if sign in text), "stored")
    return "secondary" if "CCF table" in text else found
