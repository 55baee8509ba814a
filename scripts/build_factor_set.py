"""Make the tables of the factor set again: `python scripts/build_factor_set.py FACTS_FOLDER [--check]`.

FACTS_FOLDER holds the fact tables that the set is made from, one row per fact with its source and licence. This script
brings them into the set's own schema, leaves out what may not be passed on or cannot be, and lays the rows of
scripts/factor_overrides over them: values that were read again at their source, or measured better since. Rules are
method and not made here. `--check` writes nothing and exits 1 where a table differs from the shipped one.
"""

import csv
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import cpu_by_tdp
from llm_tokens import token_coefficients

ROOT = Path(__file__).parents[1]
FACTORS = ROOT / "models" / "factors"
OVERRIDES = Path(__file__).parent / "factor_overrides"
EDITION = "2026"

Row = dict[str, str]

# Columns that name a row of each table.
KEYS: dict[str, tuple[str, ...]] = {
    "region": ("provider", "region_id"),
    "region_group": ("provider", "group_id", "member_region_id"),
    "site_metric": ("provider", "region_id", "metric", "year"),
    "grid_intensity": ("zone_scheme", "zone", "boundary", "year"),
    "grid_alternative": ("provider", "region_id", "year"),
    "cpu_power": ("microarch",),
    "accelerator_power": ("accelerator",),
    "instance": ("provider", "instance_type"),
    "coefficient": ("key",),
}
# What a licence text of the facts means here. A text that is not listed stops the build.
LICENCES = {
    "Apache-2.0": "Apache-2.0",
    "Apache-2.0 list; facts": "Apache-2.0",
    "Apache-2.0 list; facts (Azure docs CC BY 4.0)": "Apache-2.0; CC BY 4.0",
    "Google docs CC BY 4.0; lists Apache-2.0": "Apache-2.0; CC BY 4.0",
    "CC BY 4.0": "CC BY 4.0",
    "CC BY 4.0 (EEA reuse policy)": "CC BY 4.0",
    "US public domain": "US public domain",
    "US public domain (NREL file BSD-3-style)": "US public domain",
    "MIT (mix) + IPCC citation": "MIT",
    "Brazil open data (attribution)": "Brazil open data",
    "Government of India open data (attribution)": "Government Open Data License - India",
    "OGL v3.0": "OGL v3.0",
    "Singapore Open Data Licence": "Singapore Open Data Licence",
    "Taiwan Open Government Data License": "Taiwan Open Government Data License",
    "no explicit licence (official announcement)": "published facts",
    "no explicit licence (company disclosure)": "published facts",
    "provider-published facts, no explicit licence": "published facts",
    "facts": "published facts",
    "own estimate": "own estimate",
    "own statistics of published results (SPEC fair use: cite SPEC and the date); snapshot file Apache-2.0": (
        "SPEC fair use"
    ),
}
# What choosing another source of the same grid would do, low and high: coefficients grid.source_choice_*.
SOURCE_CHOICE = {"subregion": (0.29, 2.06), "state": (0.69, 1.26), "country": (0.73, 1.3)}
# Interval of a facility figure over its value, by what it describes.
SITE_BAND = {
    ("pue", "region"): (0.97, 1.03),
    ("pue", "wide"): (0.93, 1.2),
    ("wue", "region"): (0.8, 1.25),
    ("wue", "wide"): (0.1, 8.0),
}
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
NEIGHBOUR_KM = 150  # two regions this near on one balancing area draw from the same grid
EARTH_RADIUS_KM = 6371
ALTERNATIVE_NOTE = "Weighted by the hours of Google's own load: another quantity than a year's average"
DESIGN_PUE = ("azure", "2022", "1.12")  # a design value, published for many regions alike
# Load curve by vendor: medians of SPECpower results of hardware since 2017.
CURVES = {"Intel": (0.17, 0.42), "AMD": (0.26, 0.57)}
CURVE_ALL = (0.18, 0.44)
CURVE_SOURCE = "own statistics over SPEC SPECpower_ssj2008 results (spec.org/power_ssj2008), hardware 2017 to 2025: "
CPU_BAND_NOTES = {  # (measured at the wall, estimated Arm)
    (True, False): "high end widened to 1.9 x idle and 2.4 x full: RAPL of EC2 bare metal under stress (Teads) is up "
    "to that far above SPECpower; low end .65 and .8 x: the lowest tenth of results",
    (False, True): "range widened to 0.5-2.5 x: no wall measurement is public",
}
# Boards on a baseboard with its own switch and cooling; every other board is a card.
LARGE_BOARD_W = 500
LOW_POWER_CARD_W = 75  # what the slot feeds
MODULES_UP_TO_400_W = ("SXM", "AWS Trainium", "Intel Gaudi")
CARDS = ("PCIe", "NVL", "RTX", "TPU")  # whatever their power


def main(arguments: Sequence[str]) -> int:
    """Build every table; return the exit code."""
    check = "--check" in arguments
    folders = [Path(argument) for argument in arguments if argument != "--check"]
    if len(folders) != 1 or not folders[0].is_dir():
        print(__doc__.splitlines()[0], file=sys.stderr)  # noqa: T201
        return 2
    differing = []
    for table, build in BUILDERS.items():
        rows = overlay(table, build(folders[0]))
        text = to_csv(columns_of(table), sorted(rows, key=lambda row: sort_key(table, row)))
        target = FACTORS / f"{table}.csv"
        if text != target.read_text(encoding="utf-8"):
            differing.append(table)
            if not check:
                target.write_text(text, encoding="utf-8")
    write_digest(check)
    print(f"{'differ' if check else 'written'}: {', '.join(differing) or 'none'}")  # noqa: T201
    return 1 if check and differing else 0


def write_digest(check: bool) -> None:
    """State in set.toml the digest of the tables as they are now."""
    sys.path.insert(0, str(ROOT))
    from models.factor_set import digest, file_digests  # noqa: PLC0415, found by the line above

    path = FACTORS / "set.toml"
    text = re.sub(r'digest = ".*"', f'digest = "{digest(file_digests())}"', path.read_text(encoding="utf-8"))
    if not check:
        path.write_text(text, encoding="utf-8")


def read(folder: Path, name: str) -> list[Row]:
    """Return the rows of one fact table."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def overlay(table: str, rows: Iterable[Row]) -> list[Row]:
    """Return the rows with those of TABLE.csv and TABLE_*.csv of the overrides in the place of their namesakes."""
    found = {tuple(row[name] for name in KEYS[table]): row for row in rows}
    for path in sorted(OVERRIDES.glob(f"{table}*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found[tuple(row[name] for name in KEYS[table])] = row
    return list(found.values())


def columns_of(table: str) -> list[str]:
    """Return the columns of a shipped table."""
    with (FACTORS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def sort_key(table: str, row: Row) -> tuple[str, ...]:
    """Return what the rows of a table are ordered by."""
    return tuple(row[name] for name in KEYS[table])


def to_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows as CSV text with one line each."""
    lines = []

    class _Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    writer = csv.DictWriter(_Lines(), columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return "".join(lines)


def number(value: float | str) -> str:
    """Return a number without trailing zeros; an empty field stays empty."""
    return f"{float(value):.15g}" if str(value) != "" else ""


def scaled(value: str, factor: float, digits: int) -> str:
    """Return a value times a factor, rounded."""
    return number(round(float(value) * factor, digits))


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
    """Return PUE and WUE as published: of regions, once per geography, and of fleets."""
    rows = {}
    for row in read(folder, "region_metrics"):
        if row["metric"] not in ("pue", "wue") or row["basis"] == "assumption":
            continue
        of_region = row["basis"] == "region"
        averaged = row["basis"].startswith("geography average")
        basis = "region" if of_region else "geography" if averaged else "fleet"
        if of_region and row["metric"] == "pue" and (row["provider"], row["year"], row["value"]) == DESIGN_PUE:
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
    return list(rows.values())


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


def grid(folder: Path) -> list[Row]:
    """Return average grid intensity by zone and year; without share-alike rows, residual mixes and zeros."""
    rows = []
    for row in read(folder, "grid_intensity"):
        if row["licence"] not in LICENCES or row["share_alike"] == "1" or row["accounting"] != "location_average":
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


def cpus(folder: Path) -> list[Row]:
    """Return watts per thread, their bands widened to what measurement showed, and the vendor's load curve."""
    rows = []
    for row in read(folder, "cpu_power"):
        measured = row["method"] == "SPECpower"
        estimated_arm = row["isa"] == "arm64" and row["method"] in ("analogue", "pooled", "TDP-based")
        low_idle, low_full, high_idle, high_full = (0.5, 0.5, 2.5, 2.5) if estimated_arm else (0.65, 0.8, 1.9, 2.4)
        f10, f50 = CURVES.get(row["vendor"], CURVE_ALL)
        medians = {"Intel": "Intel medians", "AMD": "EPYC medians"}.get(row["vendor"], "medians of all")
        if row["isa"] == "arm64":
            medians += "; no Arm server has published load levels"
        rows.append({
            **{name: row[name] for name in ("microarch", "vendor", "isa", "threads_per_core", "source")},
            "idle_w_per_thread_low": bound(row, "idle", "low", low_idle, min),
            "idle_w_per_thread": number(row["idle_w_per_thread"]),
            "idle_w_per_thread_high": bound(row, "idle", "high", high_idle, max),
            "full_w_per_thread_low": bound(row, "full", "low", low_full, min),
            "full_w_per_thread": number(row["full_w_per_thread"]),
            "full_w_per_thread_high": bound(row, "full", "high", high_full, max),
            "curve_f10": number(f10), "curve_f50": number(f50),
            "gb_per_chip": number(row["gb_per_chip"]), "cores_per_chip": number(row["cores_per_chip_typical"]),
            "tdp_w": number(row["tdp_w_typical"]), "year": EDITION,
            "source_release": "2026-03-09" if measured else EDITION, "licence": LICENCES[row["licence"]],
            "verification": "derived" if measured else "estimate", "curve_source": CURVE_SOURCE + medians,
            "note": "; ".join(filter(None, (row["note"], CPU_BAND_NOTES.get((measured, estimated_arm))))),
        })  # fmt: skip
    return [*rows, *cpu_by_tdp.rows({row["microarch"]: row for row in rows})]


def bound(row: Row, load: str, side: str, factor: float, choose: Callable[[float, float], float]) -> str:
    """Return the wider of the stated end and the central value times a factor."""
    stated, central = float(row[f"{load}_w_per_thread_{side}"]), float(row[f"{load}_w_per_thread"])
    return number(choose(stated, round(central * factor, 3)))


def accelerators(folder: Path) -> list[Row]:
    """Return board power and embodied carbon, and which node overhead stands beside each board."""
    same = ("accelerator", "vendor", "kind", "embodied_basis", "source", "note")
    watts = [f"{load}_w{end}" for load in ("idle", "busy") for end in ("_low", "", "_high")]
    return [
        {
            **{name: row[name] for name in same},
            **{name: number(row[name]) for name in ("memory_gb", "tdp_w", *watts)},
            "node_overhead_key": node_overhead(row),
            "embodied_kg_co2e_low": number(row["embodied_kgco2e_low"]),
            "embodied_kg_co2e": number(row["embodied_kgco2e"]),
            "embodied_kg_co2e_high": number(row["embodied_kgco2e_high"]),
            "year": EDITION, "source_release": EDITION, "licence": LICENCES[row["licence"]],
            "verification": "estimate" if row["confidence"] == "low" else "published",
        }
        for row in read(folder, "gpu_power")
    ]  # fmt: skip


def node_overhead(row: Row) -> str:
    """Return the coefficient of what the node draws beside each board."""
    name = row["accelerator"]
    if "half board" in name:
        return "node.overhead_half_board"
    if float(row["tdp_w"]) <= LOW_POWER_CARD_W:
        return "node.overhead_low_power"
    large, module = float(row["tdp_w"]) >= LARGE_BOARD_W, any(word in name for word in MODULES_UP_TO_400_W)
    size = "small" if any(word in name for word in CARDS) else "large" if large else "medium" if module else "small"
    return f"node.overhead_{size}"


def instances(folder: Path) -> list[Row]:
    """Return the parts of every instance type; watts and embodied carbon are computed from them."""
    same = ("provider", "instance_type", "family", "category", "isa", "vcpu_is", "accelerator")
    own_cpu = cpu_by_tdp.microarch_of_models()
    return [
        {
            **{name: row[name] for name in (*same, "source", "note")},
            "microarch": own_cpu.get(row["cpu_model"], row["microarch"]),
            **{name: number(row[name]) for name in ("vcpu", "memory_gib", "host_vcpu", "host_memory_gib")},
            "host_sockets": number(row["host_sockets"]), "accelerator_count": number(row["accelerator_count"] or "0"),
            "local_ssd_gb": number(row["local_ssd_gb"] or "0"), "year": EDITION, "source_release": EDITION,
            "licence": LICENCES[row["licence"]], "verification": row["confidence"],
        }
        for row in read(folder, "instances")
    ]  # fmt: skip


def coefficients(folder: Path) -> list[Row]:
    """Return the coefficients that this version's methods use, as the facts have them, and those of LLM tokens."""
    constants, energy = read(folder, "coefficients"), read(folder, "llm_energy")
    used = [
        {
            "key": row["key"], "scope": row["scope"], "low": number(row["low"]), "central": number(row["central"]),
            "high": number(row["high"]), "unit": row["unit"], "distribution": row["distribution"], "year": EDITION,
            "source_low": row["source_low"], "source": row["source_central"], "source_high": row["source_high"],
            "source_release": EDITION, "licence": LICENCES[row["licence"]],
            "verification": "estimate" if row["verification"] == "own estimate" else "stored", "note": row["note"],
        }
        for row in constants
        if USED_COEFFICIENT.fullmatch(row["key"])
    ]  # fmt: skip
    return [*used, *token_coefficients(energy, read(Path(__file__).parent, "llm_models"), constants, EDITION)]


USED_COEFFICIENT = re.compile(
    r"compute\.host_overhead_uplift|embodied\.(cpu_extra|dram|lifetime|lifetime_ai|server_base)"
    r"|network\.int(er|ra)_region|replication\.(aws|gcp)\..*|serverless\.(idle_slack|(arm|x86)_kwh_per_vcpu_h|lambda_vcpu_per_gib|memory_kwh_per_gb_h)|storage\.(hdd|ssd|server_overhead|tape_archive)"
)
BUILDERS: dict[str, Callable[[Path], list[Row]]] = {
    "grid_intensity": grid,
    "region": regions,
    "region_group": region_groups,
    "grid_alternative": grid_alternatives,
    "site_metric": site_metrics,
    "cpu_power": cpus,
    "accelerator_power": accelerators,
    "instance": instances,
    "coefficient": coefficients,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
