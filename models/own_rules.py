"""What each field of a user's own factor row may hold, and what to write where it holds something else."""

import csv
import difflib
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from models.factor_set import table_text

Row = Mapping[str, str]
# What is allowed, where the value is not; None where it is.
Rule = Callable[[str, Row], str | None]

FIRST_YEAR, LAST_YEAR = 2010, 2100
OWN = "own"  # the provider of sites and machines outside the cloud
_REGION_SCHEME = "region"  # zone is provider:region_id: a contract or a meter of one region
_PROVIDER_SCHEME = "provider"  # zone is a provider: all its regions
LOCATION = "location_average"
_MARKET = ("market_based", "residual_mix")
_VERIFICATIONS = ("measured", "published", "stored", "secondary", "derived", "estimate")
# Least central value that a location can have: below it the unit has slipped (the shipped rows begin at 18.9 and 12).
_LEAST_G = {"lifecycle": 5.0, "direct": 1.0}
_MOST_G, _MOST_HIGH_G = 1400.0, 2000.0
_SLIPS = {1e3: "10^3", 1e6: "10^6", 1e2: "10^2"}
# Metric of a site -> its unit, least and most.
_METRICS = {"pue": ("ratio", 1.0, 2.0), "wue": ("l/kwh_it", 0.0, 10.0)}
# A coefficient is within this factor of the interval of the shipped one: further off, the unit has slipped.
_NEAR = 10.0
_MOST_OF_UNIT = {"percent": 100.0, "share": 1.0, "ratio": 5.0, "copies": 12.0, "years": 20.0}
# Keys that end in a name of the user's choice, and what that name may be.
_OPEN_KEYS = {"llm.output.": r"[^A-Z_\s]+", "compute.burst_baseline.": r"\S+"}
_ANY_PROVIDER = "*"  # the class of a machine whose family nobody knows
_MOST_VCPU, _MOST_GIB, _MOST_SSD_GB = 4096.0, 65536.0, 500_000.0
# An hour of a machine type in another tool's table: from a slice of a core to a rack.
_PEER_KWH, _PEER_EMBODIED_KG = (0.00005, 20.0), (0.000005, 5.0)
_GIB_PER_VCPU = (0.1, 256.0)  # of the shipped types: 0.25 to 55


def number(text: str) -> float | None:
    """Return a finite number as digits say it, None for any other text (1,5 and 1_5 and nan included)."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _between(text: str, least: float, most: float, unit: str, zero: bool = False) -> str | None:
    allowed = f"allowed: {'0, or ' if zero else ''}{least:g} to {most:g} {unit}"
    value = number(text)
    if value is None:
        return f"not a number; {allowed}"
    if least <= value <= most or (zero and value == 0):
        return None
    for times, name in _SLIPS.items():
        for moved in (value / times, value * times):
            if least <= moved <= most:
                return f"out of range, {moved:g} would be in it: a slip by {name}? {allowed}"
    return f"out of range; {allowed}"


def _one_of(*values: str) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        return None if text in values else f"unknown; allowed: {', '.join(values)}"

    return rule


def _metric(text: str, row: Row) -> str | None:
    if row["metric"] not in _METRICS:
        return None  # the metric itself is the problem
    unit, least, most = _METRICS[row["metric"]]
    return _between(text, least, most, "(facility over IT energy)" if row["metric"] == "pue" else unit)


def _metric_unit(text: str, row: Row) -> str | None:
    return _one_of(_METRICS[row["metric"]][0])(text, row) if row["metric"] in _METRICS else None


def _grid(most: float) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        zero = row["accounting"] in _MARKET  # a contract may be for power without emissions
        return _between(text, _LEAST_G.get(row["boundary"], 1.0), most, "g CO2e/kWh", zero)

    return rule


def _year(text: str, row: Row) -> str | None:
    if re.fullmatch(r"\d{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR:
        return None
    return f"not a year; allowed: {FIRST_YEAR} to {LAST_YEAR}"


def _price_zone(text: str, row: Row) -> str | None:
    providers = sorted({provider for provider, _ in _regions()} | {OWN})
    if row["zone_scheme"] == _PROVIDER_SCHEME:
        return _one_of(*providers)(text, row)
    if row["zone_scheme"] == _REGION_SCHEME and text.startswith(f"{OWN}:"):
        return None  # a site of one's own has whatever name its inventory gives it
    return _zone(text, row)


def _period(text: str, row: Row) -> str | None:
    found = re.fullmatch(r"(\d{4})(-(0[1-9]|1[0-2]))?", text)
    if found and FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return f"not a year or month; allowed: {FIRST_YEAR} to {LAST_YEAR}, or a month like 2025-06"


def _price(text: str, row: Row) -> str | None:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return None
    return "not a price; allowed: 0 or more per kWh, as digits with at most 9 decimals, e.g. 0.1145"


def _currency(text: str, row: Row) -> str | None:
    return None if re.fullmatch(r"[A-Z]{3}", text) else "not an ISO 4217 code; allowed: three capitals, e.g. EUR"


def _stated(text: str, row: Row) -> str | None:
    return "must be stated" if text.lower() in ("unknown", "n/a", "none", "null", "-", "?") else None


def _region(text: str, row: Row) -> str | None:
    known = [region for provider, region in _regions() if provider == row["provider"]]
    return None if text in known or not known else f"unknown region of {row['provider']}; {_nearest(text, known)}"


def _zone(text: str, row: Row) -> str | None:
    zones = [zone for scheme, zone in _zones() if scheme == row["zone_scheme"]]
    if text in zones or not zones:
        return None
    kind = "region (write PROVIDER:REGION)" if row["zone_scheme"] == _REGION_SCHEME else f"zone of {row['zone_scheme']}"
    return f"unknown {kind}: no region stands on it; {_nearest(text, zones)}"


def _country(text: str, row: Row) -> str | None:
    key = (row["zone_scheme"], row["zone"])
    countries = _zones().get(key)
    if countries is None or text in countries:
        return None
    return f"not the country of {':'.join(key)}; allowed: {', '.join(sorted(countries))}"


def _nearest(text: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    return f"nearest: {', '.join(near)}" if near else f"one of {len(known)}, e.g. {', '.join(sorted(known)[:3])}"


def _key(text: str, row: Row) -> str | None:
    if text in _table("coefficient"):
        return None
    for start, name in _OPEN_KEYS.items():
        if text.startswith(start):
            well = re.fullmatch(name, text.removeprefix(start))
            return None if well else f"names are in lower case, with - for blanks and _, after {start}"
    open_keys = ", ".join(f"{start}NAME" for start in _OPEN_KEYS)
    return f"no rule reads it; a new key is {open_keys}; {_nearest(text, list(_table('coefficient')))}"


def _coefficient_unit(text: str, row: Row) -> str | None:
    units = {known["unit"] for known in _alike(row["key"])}
    return None if text in units or not units else f"not the unit of {row['key']}; allowed: {', '.join(sorted(units))}"


def _coefficient(zero: bool) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        known = _alike(row["key"])
        if not known:
            return None  # the key itself is the problem
        unit = known[0]["unit"]
        least = min(float(other["low"]) or float(other["central"]) / 100 for other in known) / _NEAR
        most = min(max(float(other["high"]) for other in known) * _NEAR, _MOST_OF_UNIT.get(unit, math.inf))
        return _between(text, least, most, unit, zero)

    return rule


def _alike(key: str) -> Sequence[Row]:
    """Return the shipped row of a key; of a new one, those whose keys begin as it does."""
    if key in _table("coefficient"):
        return [_table("coefficient")[key]]
    starts = tuple(start for start in _OPEN_KEYS if key.startswith(start))
    return [row for known, row in _table("coefficient").items() if starts and known.startswith(starts)]


def _instance_type(text: str, row: Row) -> str | None:
    if (row["provider"], text) in _types().values():
        return None
    known = _types().get((row["provider"], spelled(text)))
    if known is not None:
        return f"the set has it as {known[1]}: write it so"
    return "unknown class; allowed: generic-arm, generic-x86" if row["provider"] == _ANY_PROVIDER else None


def _microarch(text: str, row: Row) -> str | None:
    known = _table("cpu_power")
    return None if text in known else f"unknown CPU family; {_nearest(text, list(known))}"


def _isa(text: str, row: Row) -> str | None:
    known = _table("cpu_power").get(row["microarch"])
    return None if known is None or text == known["isa"] else f"{row['microarch']} is {known['isa']}"


def _accelerator(text: str, row: Row) -> str | None:
    known = _table("accelerator_power")
    return None if not text or text in known else f"unknown accelerator; {_nearest(text, list(known))}"


def _accelerator_count(text: str, row: Row) -> str | None:
    if not row["accelerator"]:
        return None if number(text) == 0 else "an accelerator is counted and none is named; allowed: 0"
    return _between(text, 0.01, 128, f"x {row['accelerator']}")


def _vcpu(text: str, row: Row) -> str | None:
    return _between(text, 0.01, _MOST_VCPU, "vCPU")


def _host_vcpu(text: str, row: Row) -> str | None:
    return _between(text, number(row["vcpu"]) or 0.01, _MOST_VCPU, "vCPU, of the whole host")


def _memory(vcpu: str, least: str | None = None) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        per_vcpu = number(row[vcpu]) or 1.0
        low = number(row[least]) if least else None
        return _between(
            text, low or _GIB_PER_VCPU[0] * per_vcpu, min(_GIB_PER_VCPU[1] * per_vcpu, _MOST_GIB), f"GiB, by its {vcpu}"
        )

    return rule


def _sockets(text: str, row: Row) -> str | None:
    return _between(text, 1, 64, "sockets of the host")


def _local_ssd(text: str, row: Row) -> str | None:
    return _between(text, 0, _MOST_SSD_GB, "GB")


def _peer_energy(text: str, row: Row) -> str | None:
    return _between(text, *_PEER_KWH, "kWh per hour of the type")


def _peer_embodied(text: str, row: Row) -> str | None:
    return _between(text, *_PEER_EMBODIED_KG, "kg CO2e per hour of the type, or blank") if text else None


def _anything(text: str, row: Row) -> str | None:
    return None


def spelled(instance_type: str) -> str:
    """Return a machine type as names are compared: in lower case, without Azure's prefix."""
    return instance_type.lower().removeprefix("standard_")


@cache
def _table(name: str) -> Mapping[str, Row]:
    """Return the rows of a shipped table by their first column."""
    text = table_text(f"{name}.csv")
    key = text.partition(",")[0]
    return {row[key]: row for row in csv.DictReader(io.StringIO(text))}


@cache
def _types() -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return provider and machine type as the set has them, by provider and the type as names are compared."""
    rows = csv.DictReader(io.StringIO(table_text("instance.csv")))
    return {(row["provider"], spelled(row["instance_type"])): (row["provider"], row["instance_type"]) for row in rows}


@cache
def _regions() -> Mapping[tuple[str, str], Row]:
    rows = csv.DictReader(io.StringIO(table_text("region.csv")))
    return {(row["provider"], row["region_id"]): row for row in rows}


@cache
def _zones() -> Mapping[tuple[str, str], set[str]]:
    """Every zone that a region stands on, and the countries of those regions."""
    found: dict[tuple[str, str], set[str]] = {}
    for (provider, region_id), row in _regions().items():
        for link in (*row["grid_chain"].split(">"), f"{_REGION_SCHEME}:{provider}:{region_id}"):
            scheme, _, zone = link.partition(":")
            found.setdefault((scheme, zone), set()).add(row["country_iso3"])
    return found


_ORIGIN: Mapping[str, Rule] = {
    "source": _stated,
    "source_release": _stated,
    "licence": _stated,
    "verification": _one_of(*_VERIFICATIONS),
}
MAY_BE_BLANK = ("accelerator", "embodied_kg_per_h", "note", "source_low", "source_high")
# What each column of each table may hold.
RULES: Mapping[str, Mapping[str, Rule]] = {
    "site_metric": {
        "provider": _one_of(*sorted({provider for provider, _ in _regions()}), OWN),
        "region_id": _region,
        "year": _year,
        "metric": _one_of(*_METRICS),
        "low": _metric,
        "central": _metric,
        "high": _metric,
        "unit": _metric_unit,
        "basis": _one_of("measured", "region"),
        **_ORIGIN,
    },
    "grid_intensity": {
        "zone_scheme": _one_of(*sorted({scheme for scheme, _ in _zones()})),
        "zone": _zone,
        "country_iso3": _country,
        "covers": _one_of("country", "part"),
        "year": _year,
        "low_g_co2e_per_kwh": _grid(_MOST_G),
        "central_g_co2e_per_kwh": _grid(_MOST_G),
        "high_g_co2e_per_kwh": _grid(_MOST_HIGH_G),
        "boundary": _one_of("lifecycle", "direct"),
        "flow": _one_of("production", "consumption"),
        "accounting": _one_of(LOCATION, *_MARKET),
        **_ORIGIN,
    },
    "electricity_price": {
        "zone_scheme": _one_of(*sorted({scheme for scheme, _ in _zones()} | {_PROVIDER_SCHEME})),
        "zone": _price_zone,
        "period": _period,
        "price_per_kwh": _price,
        "currency": _currency,
        **_ORIGIN,
    },
    "coefficient": {
        "key": _key,
        "scope": _stated,
        "low": _coefficient(zero=True),
        "central": _coefficient(zero=False),
        "high": _coefficient(zero=False),
        "unit": _coefficient_unit,
        "distribution": _one_of("triangular", "lognormal", "none"),
        "year": _year,
        **_ORIGIN,
    },
    "instance": {
        "provider": _one_of(*sorted({provider for provider, _ in _regions()}), _ANY_PROVIDER),
        "instance_type": _instance_type,
        "family": _anything,
        "category": _anything,
        "vcpu": _vcpu,
        "memory_gib": _memory("vcpu"),
        "isa": _isa,
        "vcpu_is": _one_of("thread", "core"),
        "microarch": _microarch,
        "host_vcpu": _host_vcpu,
        "host_memory_gib": _memory("host_vcpu", "memory_gib"),
        "host_sockets": _sockets,
        "accelerator": _accelerator,
        "accelerator_count": _accelerator_count,
        "local_ssd_gb": _local_ssd,
        "year": _year,
        **_ORIGIN,
    },
    "peer_instance": {
        "provider": _one_of(*sorted({provider for provider, _ in _regions()})),
        "instance_type": _stated,
        "it_energy_kwh_per_h": _peer_energy,
        "embodied_kg_per_h": _peer_embodied,
        "year": _year,
        **_ORIGIN,
    },
}
