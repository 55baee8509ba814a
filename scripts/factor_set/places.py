"""Where regions stand and what their facilities draw: regions, places of several, PUE, water, carbon-free shares."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from csv_tables import Row

from factor_set.facts import LICENCES, number, read, scaled
from factor_set.grids import grid
from factor_set.overrides import overlay

# Interval of a facility figure over its value, by what it describes.
SITE_BAND = {
    ("pue", "region"): (0.97, 1.03),
    ("pue", "wide"): (0.93, 1.2),
    ("wue", "region"): (0.8, 1.25),
    ("wue", "wide"): (0.1, 8.0),
}
# Interval of the water consumption factor of a grid over its value: what a reservoir's evaporation counts for differs.
WCF_BAND = (0.5, 2.0)
WCF_YEAR = "2020"
WCF_SOURCE = (
    "World Resources Institute, Guidance for Calculating Water Use Embedded in Purchased Electricity (2020): "
    "water consumption factors by eGRID subregion and country"
)
AWS_GEOGRAPHIES = {
    **dict.fromkeys(("us", "ca", "mx"), "@north_america"),
    **dict.fromkeys(("eu", "eusc"), "@europe"),
    **dict.fromkeys(("il", "me"), "@middle_east"),
    "ap": "@asia_pacific_excl_china",
    "cn": "@china",
}
# Other names of places that are several regions, as the bills write them.
GROUP_ALIASES = {
    ("aws", "Any"): "any region",
    ("azure", "global"): "Unassigned|Unknown|Intercontinental",
    ("gcp", "global"): "worldwide",
}
# What providers say of the power they buy: metric here, unit. An hourly and an annual share are two metrics.
CLAIMS = {
    "cfe_hourly": ("cfe_hourly", "share"),
    "cfe_annual": ("cfe_annual", "share"),
    "market_based_intensity": ("market_claim", "gCO2e/kWh"),
}
AQUEDUCT_SOURCE = (
    "World Resources Institute, Aqueduct 4.0, baseline water stress by category, at the place of the region"
)
AQUEDUCT_YEAR = "2023"
DESIGN_PUE = ("azure", "2022", "1.12")  # a design value, published for many regions alike


def regions(folder: Path) -> list[Row]:
    """Return where each region stands and which grid zones it has, best known first."""
    known = {f"{row['zone_scheme']}:{row['zone']}" for row in overlay("grid_intensity", grid(folder))}
    geographies = {
        (row["provider"], row["region"]): geography(row["basis"])
        for row in read(folder, "region_metrics")
        if row["basis"].startswith("geography average")
    }
    rows = []
    for row in read(folder, "regions"):
        links = [link for link in row["open_factor_chain"].split(">") if link in known]
        names = [name for name in row["aliases"].split("|") if name != row["region"]]
        rows.append({
            "provider": row["provider"], "region_id": row["region"], "name": row["name"], "aliases": "|".join(names),
            "short_codes": row["short_codes"], "status": row["status"], "country_iso3": row["country_iso3"],
            "geography": place(row["provider"], row["region"], geographies), "grid_chain": ">".join(links),
            "source": row["source"], "licence": "MIT" if "alias list MIT" in row["licence"] else "Apache-2.0",
            "confidence": row["confidence"],
            "electricity_maps_zones": "|".join(zone for zone in (row["em_zone"], row["em_zone_alt"]) if zone),
        })  # fmt: skip
    return rows


def region_groups(folder: Path) -> list[Row]:
    """Return the members of places that are several regions, each of equal weight: where usage lies is not stated."""
    return [
        {
            "provider": row["provider"], "group_id": row["group"], "kind": row["kind"], "member_region_id": member,
            "aliases": GROUP_ALIASES.get((row["provider"], row["group"]), ""), "weight": "1", "source": row["source"],
            "licence": "CC BY 4.0" if "CC BY 4.0" in row["source"] else "published facts", "note": row["note"],
        }
        for row in read(folder, "region_groups")
        for member in row["members"].split("|")
    ]  # fmt: skip


def place(provider: str, region_id: str, geographies: Mapping[tuple[str, str], str]) -> str:
    """Return the geography of a region whose provider publishes averages; AWS names it for the others only."""
    area = AWS_GEOGRAPHIES.get(region_id.split("-", maxsplit=1)[0], "") if provider == "aws" else ""
    return geographies.get((provider, region_id), area)


def geography(basis: str) -> str:
    """Return the region_id of a provider's average over a geography, e.g. @emea."""
    name = basis.removeprefix("geography average: ").lower()
    return "@" + re.sub(r"[^a-z]+", "_", name).strip("_")


def site_metrics(folder: Path) -> list[Row]:
    """Return what is known of sites: PUE and WUE as published, of regions, once per geography, and of fleets.

    And the WCF of grid zones, what providers claim of their power, and the water stress of regions.
    """
    rows = {}
    metrics = read(folder, "region_metrics")
    designed = {(*DESIGN_PUE[:2], row["region"]) for row in metrics if is_design_pue(row)}
    for row in metrics:
        if row["metric"] not in ("pue", "wue") or row["basis"] == "assumption":
            continue
        of_region = row["basis"] == "region"
        averaged = row["basis"].startswith("geography average")
        basis = "region" if of_region else "geography" if averaged else "fleet"
        if of_region and (row["provider"], row["year"], row["region"]) in designed:
            basis = "region_design"
        low, high = SITE_BAND[row["metric"], "region" if of_region else "wide"]
        top = 2.0 if row["metric"] == "pue" else 4.0
        recalled = "recalled" in row["note"]
        made = {
            "provider": row["provider"], "region_id": geography(row["basis"]) if averaged else row["region"],
            "year": row["year"], "metric": row["metric"], "low": scaled(row["value"], low, 4),
            "central": number(row["value"]), "high": number(min(round(float(row["value"]) * high, 4), top)),
            "unit": "ratio" if row["metric"] == "pue" else "l/kwh_it", "basis": basis,
            "source": row["source"] if recalled else f"{row['source']}; read in {row['via']}",
            "source_release": site_release(row, averaged, recalled), "licence": LICENCES[row["licence"]],
            "verification": "recalled" if recalled else "published", "note": site_note(row, basis, recalled),
        }  # fmt: skip
        rows[made["provider"], made["region_id"], made["metric"], made["year"]] = made
    return [*rows.values(), *water_factors(folder), *claims(metrics), *water_stress(folder)]


def claims(metrics: Sequence[Row]) -> list[Row]:
    """Return carbon-free shares and matching claims as their providers publish them; none states a range."""
    return [
        {
            "provider": row["provider"], "region_id": row["region"], "year": row["year"],
            "metric": CLAIMS[row["metric"]][0], "low": number(row["value"]), "central": number(row["value"]),
            "high": number(row["value"]), "unit": CLAIMS[row["metric"]][1], "basis": "region",
            "source": f"{row['source']}; read in {row['via']}", "source_release": row["year"],
            "licence": LICENCES[row["licence"]], "verification": "published", "note": row["note"],
        }
        for row in metrics
        if row["metric"] in CLAIMS
    ]  # fmt: skip


def water_stress(folder: Path) -> list[Row]:
    """Return the water stress of each region whose place has one: 0 low, 1 low to medium, up to 4 extremely high."""
    return [
        {
            "provider": row["provider"], "region_id": row["region"], "year": AQUEDUCT_YEAR, "metric": "water_stress",
            "low": row["water_stress_cat"], "central": row["water_stress_cat"], "high": row["water_stress_cat"],
            "unit": "category", "basis": "region", "source": AQUEDUCT_SOURCE, "source_release": "4.0",
            "licence": "CC BY 4.0", "verification": "stored", "note": "By the city or county of the region",
        }
        for row in read(folder, "regions")
        if row["water_stress_cat"]
    ]  # fmt: skip


def is_design_pue(row: Row) -> bool:
    """Whether a facility figure is the design value, and with it what is stated beside it."""
    return row["metric"] == "pue" and (row["provider"], row["year"], row["value"]) == DESIGN_PUE


def water_factors(folder: Path) -> list[Row]:
    """Return the water that a kWh from the grid took, of each zone that a region draws from.

    A country without a value of its own takes the world's, as `default`, from the lowest to the highest zone.
    """
    zones: dict[str, Row] = {}
    for row in read(folder, "regions"):
        of_egrid = row["wcf_basis"].startswith("eGRID subregion")
        zone = f"egrid_subregion:{row['egrid_subregion']}" if of_egrid else f"iso3:{row['country_iso3']}"
        if zones.setdefault(zone, row)["wcf_l_per_kwh"] != row["wcf_l_per_kwh"]:
            raise ValueError(f"regions.csv: {zone} has two water consumption factors")
    stated = [float(row["wcf_l_per_kwh"]) for row in zones.values() if not is_world(row)]
    return [
        {
            "provider": "*", "region_id": zone, "year": WCF_YEAR, "metric": "wcf",
            "low": number(min(stated)) if is_world(row) else scaled(row["wcf_l_per_kwh"], WCF_BAND[0], 4),
            "central": number(row["wcf_l_per_kwh"]),
            "high": number(max(stated)) if is_world(row) else scaled(row["wcf_l_per_kwh"], WCF_BAND[1], 4),
            "unit": "l/kwh", "basis": "default" if is_world(row) else "zone", "source": WCF_SOURCE,
            "source_release": WCF_YEAR, "licence": "CC BY 4.0", "verification": "stored",
            "note": "World average: the publication has no value for this country" if is_world(row) else "",
        }
        for zone, row in zones.items()
    ]  # fmt: skip


def is_world(row: Row) -> bool:
    """Whether the water consumption factor of a region is the world's average."""
    return row["wcf_basis"].startswith("world average")


def site_release(row: Row, averaged: bool, recalled: bool) -> str:
    """Return when a facility figure was said: AWS states all years together, Microsoft its averages in 2026-05."""
    if row["provider"] == "aws" and not recalled:
        return "2025"
    return "2026-05" if averaged else row["year"]


def site_note(row: Row, basis: str, recalled: bool) -> str:
    """Return what is doubtful about a facility figure."""
    if recalled:
        return "Consistent with memory of the report, not re-read: never a default"
    if basis == "region_design":
        return "Design value for a newer region, not a measured average"
    return "" if row["note"] == "No region value published" else row["note"]
