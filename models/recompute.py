"""A rate worked out again in plain Python from the numbers that it rests on (`core.rate_input`, `core.site_factor`).

The card is made by SQL; this is the same calculation through `models.power`, for `explain` and for the tests that
hold the two against each other. Everything is per unit of consumed quantity.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from models import power
from wattledger.units import HOURS_PER_DAY

# The numbers that go to their low or high end together. An interval adds the effect of each leg in quadrature of logs.
MACHINE_LEGS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("idle_w_per_vcpu", "full_w_per_vcpu"),
    "curve": ("curve_f10", "curve_f50"),
    "utilization": ("utilization",),
    "memory": ("memory_idle_w_per_gib", "memory_full_w_per_gib"),
    "host_overhead": ("host_overhead",),
    "accelerator": ("accelerator_idle_w", "accelerator_busy_w"),
    "accelerator_utilization": ("accelerator_utilization",),
    "node_overhead": ("node_overhead_w",),
}
EMBODIED_LEGS: Mapping[str, tuple[str, ...]] = {
    "server_base": ("server_base_kg",),
    "extra_socket": ("extra_socket_kg",),
    "dram": ("dram_kg_per_gib",),
    "ssd": ("ssd_kg_per_gb",),
    "accelerator_kg": ("accelerator_kg",),
    "lifetime": ("lifetime_years",),
}
COEFFICIENT_LEGS: Mapping[str, tuple[str, ...]] = {
    name: (name,) for name in ("coefficient", "share", "overhead", "copies")
}
SITE_LEGS: Mapping[str, str] = {
    "pue": "pue",
    "grid": "grid_g_co2e_per_kwh",
    "market": "market_g_co2e_per_kwh",
    "td_loss": "td_loss",
    "wue": "wue_l_per_kwh_it",
    "wcf": "wcf_l_per_kwh",
}
SIDES = ("low", "high")

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """A rate per unit of consumed quantity. Energy in kWh, emissions in kg CO2e, water in litres.

    None where embodied carbon does not apply, or the grid, a contract or a water factor is unknown.
    """

    it_energy_kwh: float
    it_energy_kwh_low: float
    it_energy_kwh_high: float
    energy_kwh: float
    energy_kwh_low: float
    energy_kwh_high: float
    location_based_kg_co2e: float | None
    location_based_kg_co2e_low: float | None
    location_based_kg_co2e_high: float | None
    market_based_kg_co2e: float | None
    market_based_kg_co2e_low: float | None
    market_based_kg_co2e_high: float | None
    td_loss_kg_co2e: float | None
    td_loss_kg_co2e_low: float | None
    td_loss_kg_co2e_high: float | None
    embodied_kg_co2e: float | None
    embodied_kg_co2e_low: float | None
    embodied_kg_co2e_high: float | None
    water_onsite_l: float | None
    water_onsite_l_low: float | None
    water_onsite_l_high: float | None
    water_offsite_l: float | None
    water_offsite_l_low: float | None
    water_offsite_l_high: float | None
    water_l: float | None
    water_l_low: float | None
    water_l_high: float | None


Interval = tuple[float | None, float | None, float | None]
_UNKNOWN: Interval = (None, None, None)


@dataclass(frozen=True)
class Ratio:
    """What one group of numbers at one end does: the result with it over the central result."""

    leg: str
    side: str
    ratio: float


def recompute(numbers: Numbers, site: Numbers, scale: float) -> Result:
    """Return the rate that these numbers give; ``scale`` is physical units per unit of consumed quantity."""
    it_kwh = scale * unit_kwh(numbers)
    it_ratios = [moved.ratio for moved in it_energy_ratios(numbers)]
    pue_ratios = [moved.ratio for moved in site_ratios(site, "pue")]
    embodied = _UNKNOWN
    if is_machine(numbers):
        ratios = [moved.ratio for moved in embodied_ratios(numbers)]
        embodied = _interval(scale * embodied_kg(numbers), ratios)
    return Result(
        *_interval(it_kwh, it_ratios),
        *_interval(it_kwh * site["pue"], [*it_ratios, *pue_ratios]),
        *_emissions(site, "grid", it_kwh, it_ratios),
        *_emissions(site, "market", it_kwh, it_ratios),
        *_losses(site, it_kwh, it_ratios),
        *embodied,
        *_onsite_water(site, it_kwh, it_ratios),
        *_offsite_water(site, it_kwh, it_ratios),
        *_water(site, it_kwh, it_ratios),
    )


def _emissions(site: Numbers, leg: str, it_kwh: float, it_ratios: Sequence[float]) -> Interval:
    """Return emissions by the grid or by the market; ``leg`` names which."""
    name = SITE_LEGS[leg]
    if site[name] is None:
        return _UNKNOWN
    ratios = [*it_ratios, *(moved.ratio for moved in site_ratios(site, "pue"))]
    if not site[name]:  # of a factor at zero the high end alone tells the range
        at_high = power.location_based_kg(it_kwh, site["pue"], site[f"{name}_high"])
        return 0.0, 0.0, at_high * power.high_factor(ratios)
    kg = power.location_based_kg(it_kwh, site["pue"], site[name])
    return _interval(kg, [*ratios, *(moved.ratio for moved in site_ratios(site, leg))])


def _losses(site: Numbers, it_kwh: float, it_ratios: Sequence[float]) -> Interval:
    if site["grid_g_co2e_per_kwh"] is None or site["td_loss"] is None:
        return _UNKNOWN
    moved = [*site_ratios(site, "pue"), *site_ratios(site, "grid"), *loss_ratios(site)]
    kg = power.location_based_kg(it_kwh, site["pue"], site["grid_g_co2e_per_kwh"])
    return _interval(kg * power.lost_per_delivered(site["td_loss"]), [*it_ratios, *(m.ratio for m in moved)])


def loss_ratios(site: Numbers) -> list[Ratio]:
    """Return what the ends of the grid's losses do to what is lost per kWh delivered."""
    return _moved(site, lambda ends: power.lost_per_delivered(ends["td_loss"]), {"td_loss": ("td_loss",)})


def _onsite_water(site: Numbers, it_kwh: float, it_ratios: Sequence[float]) -> Interval:
    if site["wue_l_per_kwh_it"] is None:
        return _UNKNOWN
    if not site["wue_l_per_kwh_it"]:  # of a site at zero the high end alone tells the range
        at_high = power.onsite_water_l(it_kwh, site["wue_l_per_kwh_it_high"])
        return 0.0, 0.0, at_high * power.high_factor(it_ratios)
    litres = power.onsite_water_l(it_kwh, site["wue_l_per_kwh_it"])
    return _interval(litres, [*it_ratios, *(moved.ratio for moved in site_ratios(site, "wue"))])


def _offsite_water(site: Numbers, it_kwh: float, it_ratios: Sequence[float]) -> Interval:
    if site["wcf_l_per_kwh"] is None:
        return _UNKNOWN
    moved = [*site_ratios(site, "pue"), *site_ratios(site, "wcf")]
    litres = power.offsite_water_l(it_kwh, site["pue"], site["wcf_l_per_kwh"])
    return _interval(litres, [*it_ratios, *(m.ratio for m in moved)])


def _water(site: Numbers, it_kwh: float, it_ratios: Sequence[float]) -> Interval:
    if not has_water(site):
        return _UNKNOWN
    return _interval(it_kwh * water_l_per_kwh_it(site), [*it_ratios, *(m.ratio for m in water_ratios(site))])


def has_water(site: Numbers) -> bool:
    """Whether both parts of the water are known."""
    return site["wue_l_per_kwh_it"] is not None and site["wcf_l_per_kwh"] is not None


def water_l_per_kwh_it(site: Numbers) -> float:
    """Return the water of one kWh of IT energy in litres, on-site and off-site together."""
    onsite = power.onsite_water_l(1.0, site["wue_l_per_kwh_it"])
    return onsite + power.offsite_water_l(1.0, site["pue"], site["wcf_l_per_kwh"])


def water_ratios(site: Numbers) -> list[Ratio]:
    """Return what the ends of WUE, PUE and WCF do to the sum of both parts."""
    return _moved(site, water_l_per_kwh_it, {leg: (SITE_LEGS[leg],) for leg in ("wue", "pue", "wcf")})


def is_machine(numbers: Numbers) -> bool:
    """Whether the numbers describe a machine; otherwise they are a coefficient and its multipliers."""
    return "coefficient" not in numbers


def physical_per_unit(unit_quantity: float, unit_per: str, charge_month: date) -> float:
    """Return the physical quantity of one billed unit; of a unit per month, times the hours of the calendar month."""
    if unit_per != "month":
        return unit_quantity
    following = date(charge_month.year + charge_month.month // 12, charge_month.month % 12 + 1, 1)
    return unit_quantity * (following - charge_month).days * HOURS_PER_DAY


def unit_kwh(numbers: Numbers) -> float:
    """Return the IT energy of one physical unit in kWh."""
    return machine_kwh(numbers) if is_machine(numbers) else coefficient_kwh(numbers)


def machine_power_of(numbers: Numbers) -> power.PowerParts:
    """Return the IT power of one machine in W by part, at its utilization."""
    if numbers["method"] == "cpu_surplus":
        watts = power.surplus_power_w(numbers["idle_w_per_vcpu"], numbers["full_w_per_vcpu"], numbers["host_overhead"])
        return power.PowerParts(compute_w=numbers["vcpu"] * watts, memory_w=0.0, accelerator_w=0.0)
    machine = power.Machine(**{f.name: numbers[f.name] for f in fields(power.Machine)})
    return power.machine_power(machine, numbers["utilization"], numbers["accelerator_utilization"])


def machine_kwh(numbers: Numbers) -> float:
    """Return the IT energy of one machine in one hour, in kWh."""
    return power.hours_energy_kwh(machine_power_of(numbers).it_w, 1.0)


def embodied_kg(numbers: Numbers) -> float:
    """Return the manufacturing emissions of one machine in one hour, in kg CO2e.

    0 for bursts: the machine is on another line.
    """
    if numbers["method"] == "cpu_surplus":
        return 0.0
    return power.embodied_kg_per_hour(power.Host(**{f.name: numbers[f.name] for f in fields(power.Host)}))


def coefficient_kwh(numbers: Numbers) -> float:
    """Return the IT energy of one physical unit in kWh: the coefficient times its multipliers."""
    given = numbers["coefficient"]
    per_unit = power.kwh_per_gb_h(given) if numbers["coefficient_unit"] == "Wh/TB-h" else given
    return power.coefficient_energy_kwh(1.0, per_unit, numbers["share"], numbers["overhead"], numbers["copies"])


def it_energy_ratios(numbers: Numbers) -> list[Ratio]:
    """Return what each uncertain number does to the IT energy."""
    return _moved(numbers, unit_kwh, MACHINE_LEGS if is_machine(numbers) else COEFFICIENT_LEGS)


def embodied_ratios(numbers: Numbers) -> list[Ratio]:
    """Return what each uncertain number does to the embodied emissions."""
    return _moved(numbers, embodied_kg, EMBODIED_LEGS)


def site_ratios(site: Numbers, leg: str) -> list[Ratio]:
    """Return what the ends of one figure of the site do; none for a figure that is zero or unknown."""
    name = SITE_LEGS[leg]
    if not site[name]:
        return []
    return [Ratio(leg, side, site[f"{name}_{side}"] / site[name]) for side in SIDES]


def _moved(numbers: Numbers, formula: Callable[[Numbers], float], legs: Mapping[str, tuple[str, ...]]) -> list[Ratio]:
    central = formula(numbers)
    if not central:
        return []
    return [
        Ratio(leg, side, formula({**numbers, **{name: numbers[f"{name}_{side}"] for name in names}}) / central)
        for leg, names in legs.items()
        for side in SIDES
    ]


def _interval(central: float, moved: Sequence[float]) -> tuple[float, float, float]:
    return central, central * power.low_factor(moved), central * power.high_factor(moved)
