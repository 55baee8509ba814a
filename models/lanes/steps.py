"""The steps of a lane's rate, each with its formula and the numbers put in.

A lane says its formula of the IT energy in `formula.txt`, a template over the numbers that its rates keep as `inputs`.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from models.steps import Step, number_text


def lane_steps(rate: Mapping[str, Any], lane: Mapping[str, Any]) -> list[Step]:
    """Return what leads to the rate: ``rate`` as `explained.sql` gives it, ``lane`` the row of core.lane_input."""
    unit = f"kWh/{rate['consumed_unit'] or 'billed unit'}"
    v = {**rate, **lane}
    steps = []
    formula = resources.files("models") / "lanes" / lane["model"] / "formula.txt"
    if lane["inputs"] and formula.is_file():
        template = formula.read_text(encoding="utf-8").strip()
        steps.append(_step("IT energy", template, lane["inputs"], rate["it_energy_kwh"], unit))
    if lane["known_error"]:
        steps.append(Step("known error that this reproduces", lane["known_error"], "", rate["it_energy_kwh"], unit))
    steps.append(_step("energy", "{it_energy_kwh} x {pue}", v, rate["energy_kwh"], unit))
    kg = rate["location_based_kg_co2e"]
    if kg is not None:
        template = "{energy_kwh} x {grid_g_co2e_per_kwh} / 1000" + ("" if lane["uplift"] == 1 else " x {uplift}")
        steps.append(_step("location-based emissions", template, v, kg, f"kg CO2e{unit.removeprefix('kWh')}"))
    return steps


def _step(name: str, template: str, values: Mapping[str, Any], value: float, unit: str) -> Step:
    plain = template.replace("{", "").replace("}", "")
    return Step(name, plain, template.format_map({k: number_text(n) for k, n in values.items()}), value, unit)
