"""A rate worked out again in plain Python from the inputs that it keeps (`core.rate.inputs`).

The card is made by SQL; this is the same calculation through `models.power`, for `explain` and for the tests that
hold the two against each other. Everything is per unit of consumed quantity.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from models import power
from wattledger.units import HOURS_PER_DAY, SECONDS_PER_HOUR

# The numbers that go to their low or high end together. An interval adds the effect of each leg in quadrature of logs.
MACHINE_LEGS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("idle_w_per_vcpu", "full_w_per_vcpu"),
    "curve": ("curve_f10", "curve_f50"),
    "utilization": ("utilization",),
    "memory": ("memory_w_per_gib",),
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
SIDES = ("low", "high")

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """A rate per unit of consumed quantity. Energy in kWh, emissions in kg CO2e; embodied None where none applies."""

    it_energy_kwh: float
    it_energy_kwh_low: float
    it_energy_kwh_high: float
    energy_kwh: float
    energy_kwh_low: float
    energy_kwh_high: float
    location_based_kg_co2e: float
    location_based_kg_co2e_low: float
    location_based_kg_co2e_high: float
    embodied_kg_co2e: float | None
    embodied_kg_co2e_low: float | None
    embodied_kg_co2e_high: float | None


def recompute(inputs: Numbers, charge_month: date) -> Result:
    """Return the rate that ``inputs`` give, by the formulas of models.power."""
    scale = inputs["machines"] * physical_per_unit(inputs["conversion"], charge_month)
    machine = inputs["machine"]
    if machine is None:
        numbers, formula, legs = inputs["coefficient"], coefficient_kwh, COEFFICIENT_LEGS
        embodied = embodied_ratios = None
    else:
        numbers, formula, legs = machine, machine_kwh, MACHINE_LEGS
        embodied = scale * embodied_kg(machine)
        embodied_ratios = ratios(machine, embodied_kg, EMBODIED_LEGS)
    site = inputs["site"]
    it_ratios = ratios(numbers, formula, legs)
    pue = [site[f"pue_{side}"] / site["pue"] for side in SIDES]
    grid_g = site["grid_g_co2e_per_kwh"]
    grid = [site[f"grid_g_co2e_per_kwh_{side}"] / grid_g for side in SIDES] if grid_g else [1.0]
    it_kwh = scale * formula(numbers)
    kg = power.location_based_kg(it_kwh, site["pue"], grid_g)
    return Result(
        *_interval(it_kwh, it_ratios),
        *_interval(it_kwh * site["pue"], [*it_ratios, *pue]),
        *_interval(kg, [*it_ratios, *pue, *grid]),
        *((None, None, None) if embodied is None else _interval(embodied, embodied_ratios or [])),
    )


def _interval(central: float, moved: Sequence[float]) -> tuple[float, float, float]:
    return central, central * power.low_factor(moved), central * power.high_factor(moved)


def ratios(numbers: Numbers, formula: Callable[[Numbers], float], legs: Mapping[str, tuple[str, ...]]) -> list[float]:
    """Return, leg by leg and side by side, the result with that leg at its end over the central result."""
    central = formula(numbers)
    if not central:
        return [1.0]
    return [
        formula({**numbers, **{name: numbers[f"{name}_{side}"] for name in names}}) / central
        for names in legs.values()
        for side in SIDES
    ]


def physical_per_unit(conversion: str, charge_month: date) -> float:
    """Return the physical quantity of one billed unit.

    A GB-month is a GB for the hours of its calendar month, a GB-second a GB for 1/3600 h; all else counts as billed.
    """
    if conversion == "gb_month":
        following = date(charge_month.year + charge_month.month // 12, charge_month.month % 12 + 1, 1)
        return (following - charge_month).days * HOURS_PER_DAY
    return 1.0 / SECONDS_PER_HOUR if conversion == "gb_second" else 1.0


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
    """Return the manufacturing emissions of one machine in one hour, in kg CO2e; 0 for bursts, whose machine is another line."""
    if numbers["method"] == "cpu_surplus":
        return 0.0
    return power.embodied_kg_per_hour(power.Host(**{f.name: numbers[f.name] for f in fields(power.Host)}))


def coefficient_kwh(numbers: Numbers) -> float:
    """Return the IT energy of one physical unit in kWh: the coefficient times its multipliers."""
    if numbers["coefficient_unit"] == "Wh/TB-h":
        kwh = power.storage_energy_kwh(1.0, numbers["coefficient"], numbers["overhead"], numbers["copies"])
        return kwh * float(numbers["share"])
    per_unit: float = numbers["coefficient"] * numbers["share"] * numbers["overhead"] * numbers["copies"]
    return per_unit
