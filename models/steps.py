"""The steps from a factor to a rate, each with its formula and the numbers put in.

A formula is a template over the names of `core.rate_input` and `core.site_factor`: stripped of its braces it is the
formula, filled it is the calculation.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.power import high_factor, load_share, low_factor
from models.recompute import (
    COEFFICIENT_LEGS,
    EMBODIED_LEGS,
    MACHINE_LEGS,
    SITE_LEGS,
    Numbers,
    Ratio,
    Result,
    embodied_kg,
    embodied_ratios,
    has_water,
    is_machine,
    it_energy_ratios,
    loss_ratios,
    machine_power_of,
    site_ratios,
    unit_kwh,
    water_ratios,
)
from wattledger.units import HOURS_PER_DAY

_VCPU = "{instance_vcpu} x {scale}"
_GIB = "{instance_memory_gib} x {scale}"
_IDLE = "{idle_w_per_thread} x {threads}"
_FULL = "{full_w_per_thread} x {threads}"
_LOAD = {
    "low": "{utilization} / 0.1 x {curve_f10}",
    "middle": "{curve_f10} + ({utilization} - 0.1) / 0.4 x ({curve_f50} - {curve_f10})",
    "high": "{curve_f50} + ({utilization} - 0.5) / 0.5 x (1 - {curve_f50})",
}
_CPU = "{vcpu} x ({idle_w_per_vcpu} + {load_share} x ({full_w_per_vcpu} - {idle_w_per_vcpu})) x {host_overhead}"
_SURPLUS = "{vcpu} x ({full_w_per_vcpu} - {idle_w_per_vcpu}) x {host_overhead}"
_INCLUDED = "{gib_per_thread} x {vcpu} x {threads}"
_INCLUDED_PER_GIB = "{gib_per_thread} x {instance_vcpu} x {threads} / {instance_memory_gib}"
_MEMORY = (
    "max({memory_gib} - {included_gib}, 0) x ({memory_idle_w_per_gib}"
    " + {utilization} x ({memory_full_w_per_gib} - {memory_idle_w_per_gib})) x {host_overhead}"
)
_BOARDS = (
    "{accelerators} x ({accelerator_idle_w} + {accelerator_utilization} x ({accelerator_busy_w} - {accelerator_idle_w})"
    " + {node_overhead_w})"
)
_HOUR = "({cpu_w} + {memory_w} + {accelerator_w}) x 1 / 1000"
_EMBODIED = (
    "({vcpu} / {host_vcpu} x ({server_base_kg} + ({host_sockets} - 1) x {extra_socket_kg})"
    " + {memory_gib} x {dram_kg_per_gib} + {local_ssd_gb} x {ssd_kg_per_gb} + {accelerators} x {accelerator_kg})"
    " / ({lifetime_years} x 8760)"
)
_EMBODIED_REFS = ("server_base_ref", "extra_socket_ref", "dram_ref", "ssd_ref", "accelerator_ref", "lifetime_ref")
_GRID_REFS = ("region_ref", "grid_ref", "grid_ratio_lifecycle_ref", "grid_ratio_direct_ref")
_LEGS: Mapping[str, tuple[str, ...]] = {
    **MACHINE_LEGS,
    **EMBODIED_LEGS,
    **COEFFICIENT_LEGS,
    **{leg: (name,) for leg, name in SITE_LEGS.items()},
}


@dataclass(frozen=True)
class Step:
    """One line of the calculation: what, by which formula, with which numbers, and what comes out."""

    name: str
    formula: str
    numbers: str
    value: float
    unit: str
    factor_ids: Sequence[str] = ()
    is_range: bool = False  # leads to a low or high end


@dataclass(frozen=True)
class Billed:
    """From one billed unit to physical ones."""

    consumed_unit: str
    physical_unit: str
    unit_quantity: float
    unit_per: str
    physical_per_unit: float
    machines: float


def rate_steps(numbers: Numbers, site: Numbers, billed: Billed, result: Result) -> list[Step]:
    """Return every step from the factors to the rate, then those to its low and high ends."""
    steps = _machine_steps(numbers) if is_machine(numbers) else [_coefficient_step(numbers, billed.physical_unit)]
    steps += _quantity_steps(unit_kwh(numbers), billed, result)
    steps += _site_steps(site, billed.consumed_unit, result)
    if is_machine(numbers) and numbers["method"] != "cpu_surplus":
        steps += _embodied_steps(numbers, billed, result)
    steps += _water_steps(site, billed.consumed_unit, result)
    return steps + _interval_steps(numbers, site, billed.consumed_unit, result)


def number_text(value: object) -> str:
    """Return a number as text good to 12 digits."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _step(name: str, template: str, values: Numbers, value: float, unit: str, *refs: str) -> Step:
    return Step(
        name=name,
        formula=template.replace("{", "").replace("}", ""),
        numbers=template.format_map({key: number_text(item) for key, item in values.items()}),
        value=value,
        unit=unit,
        factor_ids=tuple(values[ref] for ref in refs if values.get(ref)),
    )


def _machine_steps(m: Numbers) -> list[Step]:
    parts = machine_power_of(m)
    load = load_share(m["utilization"], m["curve_f10"], m["curve_f50"])
    powers = {"cpu_w": parts.compute_w, "memory_w": parts.memory_w, "accelerator_w": parts.accelerator_w}
    v = {**m, **powers, "load_share": load}
    taken = m["hardware"] if m["rung"] == "type" else f"{m['hardware']} taken from {m['resolved_as']}"
    steps = []
    if m["method"] == "instance_curve" and m["rung"] != "type":
        said = m["memory_gib"] != m["instance_memory_gib"] * m["scale"]  # by the name of a custom type
        memory = "{memory_gib}" if said else _GIB
        steps.append(_step(f"memory of {taken}", memory, v, m["memory_gib"], "GiB", "instance_ref"))
    if m["vcpu"]:
        steps += [
            _step(f"vCPU of {taken}, {m['microarch']}", _VCPU, v, m["vcpu"], "vCPU", "instance_ref"),
            _step("idle power", _IDLE, v, m["idle_w_per_vcpu"], "W/vCPU", "cpu_ref"),
            _step("full power", _FULL, v, m["full_w_per_vcpu"], "W/vCPU", "cpu_ref"),
        ]
    if m["method"] != "cpu_surplus" and (m["vcpu"] or m["memory_gib"]):
        name = f"utilization, {m['usage_state']}"
        steps.append(_step(name, "{utilization}", v, m["utilization"], "share", "utilization_ref"))
    if m["method"] == "cpu_surplus":
        steps.append(_step("CPU power", _SURPLUS, v, parts.compute_w, "W", "cpu_ref", "host_overhead_ref"))
    elif m["vcpu"]:
        curve = "low" if m["utilization"] <= 0.1 else "middle" if m["utilization"] <= 0.5 else "high"
        steps += [
            _step("load share", _LOAD[curve], v, load, "share of idle to full", "cpu_ref"),
            _step("CPU power", _CPU, v, parts.compute_w, "W", "cpu_ref", "host_overhead_ref"),
        ]
    if m["memory_gib"]:
        included = _INCLUDED_PER_GIB if m["method"] == "instance_memory" else _INCLUDED
        memory_refs = ("memory_idle_ref", "memory_full_ref", "host_overhead_ref")
        steps += [
            _step("memory in the CPU figure", included, v, m["included_gib"], "GiB", "instance_ref", "cpu_ref"),
            _step("memory power", _MEMORY, v, parts.memory_w, "W", *memory_refs),
        ]
    if m["accelerators"]:
        refs = ("accelerator_ref", "accelerator_utilization_ref", "node_ref")
        steps.append(_step(f"power of {m['accelerator']}", _BOARDS, v, parts.accelerator_w, "W", *refs))
    return [*steps, _step("IT energy of one hour", _HOUR, v, unit_kwh(m), "kWh")]


def _coefficient_step(k: Numbers, unit: str) -> Step:
    names = ["coefficient", *(name for name in ("share", "overhead", "copies") if k[f"{name}_ref"])]
    template = " x ".join(f"{{{name}}}" for name in names)
    if k["coefficient_unit"] == "Wh/TB-h":
        template += " / 1000 / 1000"
    return _step(f"IT energy of one {unit}", template, k, unit_kwh(k), "kWh", *(f"{name}_ref" for name in names))


def _quantity_steps(kwh: float, billed: Billed, result: Result) -> list[Step]:
    v = {"unit_kwh": kwh, "physical_per_unit": billed.physical_per_unit, "machines": billed.machines}
    v["unit_quantity"] = billed.unit_quantity
    v["days"] = billed.physical_per_unit / billed.unit_quantity / HOURS_PER_DAY
    how = "{unit_quantity} x {days} x 24" if billed.unit_per == "month" else "{unit_quantity}"
    name, unit = f"{billed.physical_unit} per {billed.consumed_unit}", f"kWh/{billed.consumed_unit}"
    template = "{unit_kwh} x {physical_per_unit} x {machines}"
    return [
        _step(name, how, v, billed.physical_per_unit, billed.physical_unit),
        _step("IT energy", template, v, result.it_energy_kwh, unit),
    ]


_GRID: Mapping[str, str] = {
    "published": "{grid_stated_g_co2e_per_kwh}",
    "derived": "{grid_stated_g_co2e_per_kwh} x {grid_lifecycle_per_direct}",
}


def _site_steps(site: Numbers, unit: str, result: Result) -> list[Step]:
    v = {**site, "it_energy_kwh": result.it_energy_kwh, "energy_kwh": result.energy_kwh}
    pue_name = f"PUE ({site['pue_resolution']}, of {site['pue_year'] or 'several years'})"
    pue = "{pue}"
    if site.get("pue_it_energy_kwh"):
        pue_name, pue = f"PUE ({site['pue_note']})", "{pue_facility_energy_kwh} / {pue_it_energy_kwh}"
    steps = [
        _mean_step(pue_name, site, "pue", "ratio") or _step(pue_name, pue, v, site["pue"], "ratio", "pue_ref"),
        _step("energy", "{it_energy_kwh} x {pue}", v, result.energy_kwh, f"kWh/{unit}"),
    ]
    if result.location_based_kg_co2e is not None:
        grid_name = f"grid ({site['grid_boundary']}, {site['grid_resolution']}; {site['grid_note']})"
        kg = "{energy_kwh} x {grid_g_co2e_per_kwh} / 1000"
        steps += [
            _mean_step(grid_name, site, "grid_g_co2e_per_kwh", "g CO2e/kWh")
            or _step(grid_name, _GRID[site["grid_basis"]], v, site["grid_g_co2e_per_kwh"], "g CO2e/kWh", *_GRID_REFS),
            _step("location-based emissions", kg, v, result.location_based_kg_co2e, f"kg CO2e/{unit}"),
        ]
    if site["grid_alternative_ref"]:
        name = f"another publisher's grid over ours ({site['grid_alternative_note']}); not used"
        template = "{grid_alternative_g_co2e_per_kwh} / {grid_alternative_beside_g_co2e_per_kwh}"
        steps.append(_step(name, template, v, site["grid_alternative_ratio"], "ratio", "grid_alternative_ref"))
    return steps + _account_steps(site, v, unit, result)


# How the market-based factor follows from the site's numbers, where it is not stated as such.
_MARKET: Mapping[str, str] = {
    "provider_figure": ("{grid_g_co2e_per_kwh} x {provider_market_based_kg_co2e} / {provider_location_based_kg_co2e}"),
}


def _account_steps(site: Numbers, v: Numbers, unit: str, result: Result) -> list[Step]:
    """Return what stands beside the location-based emissions: market-based ones, and those of the grid's losses."""
    steps = []
    if result.market_based_kg_co2e is not None:
        name = f"market ({site['market_boundary']}, {site['market_accounting']}; {site['market_note']})"
        factor = _MARKET.get(site["market_accounting"], "{market_g_co2e_per_kwh}")
        kg = "{energy_kwh} x {market_g_co2e_per_kwh} / 1000"
        steps += [
            _step(name, factor, v, site["market_g_co2e_per_kwh"], "g CO2e/kWh", "market_ref"),
            _step("market-based emissions", kg, v, result.market_based_kg_co2e, f"kg CO2e/{unit}", "market_ref"),
        ]
    if result.td_loss_kg_co2e is not None:
        name = f"loss of the grid ({site['td_loss_resolution']}, of {site['td_loss_year'] or 'several years'})"
        kg = "{location_based_kg_co2e} x {td_loss} / (1 - {td_loss})"
        kg_values = {**v, "location_based_kg_co2e": result.location_based_kg_co2e}
        steps += [
            _mean_step(name, site, "td_loss", "share of the power made")
            or _step(name, "{td_loss}", v, site["td_loss"], "share of the power made", "td_loss_ref"),
            _step(
                "emissions of the grid's losses, in no total", kg, kg_values, result.td_loss_kg_co2e, f"kg CO2e/{unit}"
            ),
        ]
    return steps


def _water_steps(site: Numbers, unit: str, result: Result) -> list[Step]:
    v = {**site, "it_energy_kwh": result.it_energy_kwh, "energy_kwh": result.energy_kwh}
    v |= {"water_onsite_l": result.water_onsite_l, "water_offsite_l": result.water_offsite_l}
    steps = []
    for part, figure, template, litres in (
        ("on-site", "wue_l_per_kwh_it", "{it_energy_kwh} x {wue_l_per_kwh_it}", result.water_onsite_l),
        ("off-site", "wcf_l_per_kwh", "{energy_kwh} x {wcf_l_per_kwh}", result.water_offsite_l),
    ):
        if litres is None:
            continue
        short, per = figure[:3], "L/kWh of IT" if part == "on-site" else "L/kWh"
        name = f"{short.upper()} ({site[f'{short}_resolution']}, of {site[f'{short}_year'] or 'several years'})"
        steps += [
            _mean_step(name, site, figure, per) or _step(name, f"{{{figure}}}", v, site[figure], per, f"{short}_ref"),
            _step(f"{part} water", template, v, litres, f"L/{unit}"),
        ]
    if result.water_l is not None:
        steps.append(_step("water", "{water_onsite_l} + {water_offsite_l}", v, result.water_l, f"L/{unit}"))
    return steps


def _mean_step(name: str, site: Numbers, figure: str, unit: str) -> Step | None:
    """Return how the figure of a place of several regions is their weighted mean, None for one region."""
    members = site["group_members"]
    if not members:
        return None
    terms = " + ".join(f"{number_text(m['weight'])} x {number_text(m[figure])}" for m in members)
    weights = number_text(sum(m["weight"] for m in members))
    formula = "sum of weight x value of each member / sum of weights"
    return Step(name, formula, f"({terms}) / {weights}", site[figure], unit, site["group_refs"])


def _embodied_steps(m: Numbers, billed: Billed, result: Result) -> list[Step]:
    v = {**m, "hour_kg": embodied_kg(m), "physical_per_unit": billed.physical_per_unit, "machines": billed.machines}
    life = " (lifetime as configured)" if m["lifetime_is_configured"] else ""
    total, template = result.embodied_kg_co2e or 0.0, "{hour_kg} x {physical_per_unit} x {machines}"
    return [
        _step(f"embodied of one hour{life}", _EMBODIED, v, embodied_kg(m), "kg CO2e", "instance_ref", *_EMBODIED_REFS),
        _step("embodied", template, v, total, f"kg CO2e/{billed.consumed_unit}"),
    ]


def _interval_steps(numbers: Numbers, site: Numbers, unit: str, result: Result) -> list[Step]:
    it_energy, pue, grid = it_energy_ratios(numbers), site_ratios(site, "pue"), site_ratios(site, "grid")
    market, losses = site_ratios(site, "market"), loss_ratios(site) if grid and site["td_loss"] else []
    embodied = embodied_ratios(numbers) if result.embodied_kg_co2e else []
    steps = [
        *_moved("IT energy", numbers, it_energy),
        *_moved("energy", site, pue),
        *_moved("emissions", site, grid),
        *_moved("market-based emissions", site, market),
        *_moved("losses", site, losses),
        *_moved("embodied", numbers, embodied),
        *_ends("IT energy", it_energy, result.it_energy_kwh, f"kWh/{unit}"),
        *_ends("energy", [*it_energy, *pue], result.energy_kwh, f"kWh/{unit}"),
    ]
    if grid:
        kg = result.location_based_kg_co2e or 0.0
        steps += _ends("location-based emissions", [*it_energy, *pue, *grid], kg, f"kg CO2e/{unit}")
    if market:
        kg = result.market_based_kg_co2e or 0.0
        steps += _ends("market-based emissions", [*it_energy, *pue, *market], kg, f"kg CO2e/{unit}")
    if losses:
        kg = result.td_loss_kg_co2e or 0.0
        steps += _ends("emissions of losses", [*it_energy, *pue, *grid, *losses], kg, f"kg CO2e/{unit}")
    if embodied:
        steps += _ends("embodied", embodied, result.embodied_kg_co2e or 0.0, f"kg CO2e/{unit}")
    if has_water(site):
        water = water_ratios(site)
        steps += [
            *_moved("water", site, water),
            *_ends("water", [*it_energy, *water], result.water_l or 0.0, f"L/{unit}"),
        ]
    return steps


def _moved(what: str, numbers: Numbers, ratios: Sequence[Ratio]) -> list[Step]:
    return [
        Step(
            name=f"{moved.leg}, {moved.side}",
            formula=f"{what} with this end over central",
            numbers=", ".join(f"{n} = {number_text(numbers[f'{n}_{moved.side}'])}" for n in _LEGS[moved.leg]),
            value=moved.ratio,
            unit="ratio",
            is_range=True,
        )
        for moved in ratios
        if moved.ratio != 1
    ]


def _ends(what: str, ratios: Sequence[Ratio], central: float, unit: str) -> list[Step]:
    factors = [moved.ratio for moved in ratios]
    low, high = low_factor(factors), high_factor(factors)
    below, above = _squares(ratio for ratio in factors if ratio < 1), _squares(ratio for ratio in factors if ratio > 1)
    low_numbers = f"{number_text(central)} x exp(-sqrt({below}))" if low else "0"
    return [
        Step(f"{what}, low", "central x exp(-sqrt(sum of ln(ratio)^2 of the ratios below 1)), 0 where one is 0",
             low_numbers, central * low, unit, is_range=True),
        Step(f"{what}, high", "central x exp(sqrt(sum of ln(ratio)^2 of the ratios above 1))",
             f"{number_text(central)} x exp(sqrt({above}))", central * high, unit, is_range=True),
    ]  # fmt: skip


def _squares(ratios: Iterable[float]) -> str:
    return " + ".join(number_text(math.log(ratio) ** 2) for ratio in ratios if ratio > 0) or "0"
