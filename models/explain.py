"""How a rate came to be: its formula with its numbers, so that the result can be worked out by hand.

The numbers are those that the rate was made with (`core.rate.inputs`); the values are computed again with
`models.power` and held against the rate. Everything is per unit of consumed quantity.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

import duckdb

from models import power
from models.classify import rules
from models.rates import sql
from wattledger.errors import ConfigError
from wattledger.units import HOURS_PER_DAY, SECONDS_PER_HOUR

# The numbers that go to their low or high end together; the interval adds their effects in quadrature of logs.
LEGS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("idle_w_per_vcpu", "full_w_per_vcpu"),
    "curve": ("curve_f10", "curve_f50"),
    "utilization": ("utilization",),
    "memory": ("memory_w_per_gib",),
    "host_overhead": ("host_overhead",),
    "accelerator": ("accelerator_idle_w", "accelerator_busy_w"),
    "accelerator_utilization": ("accelerator_utilization",),
    "node_overhead": ("node_overhead_w",),
    "server_base": ("server_base_kg",),
    "extra_socket": ("extra_socket_kg",),
    "dram": ("dram_kg_per_gib",),
    "ssd": ("ssd_kg_per_gb",),
    "accelerator_kg": ("accelerator_kg",),
    "lifetime": ("lifetime_years",),
}
COEFFICIENT_LEGS = ("coefficient", "share", "overhead", "copies")
_TOLERANCE = 1e-12

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Step:
    """One line of the calculation: what, by which formula, with which numbers, and what comes out."""

    name: str
    formula: str
    numbers: str
    value: float
    unit: str
    factor_ids: Sequence[str] = ()


@dataclass(frozen=True)
class FactorSource:
    """Where a factor row comes from; ``version`` is the release of the source."""

    factor_id: str
    source: str
    version: str
    licence: str
    verification: str


@dataclass(frozen=True)
class Result:
    """A rate per unit of consumed quantity, central with its interval. Energy in kWh, emissions in kg CO2e."""

    it_energy_kwh: float
    it_energy_kwh_low: float
    it_energy_kwh_high: float
    energy_kwh: float
    location_based_kg_co2e: float
    embodied_kg_co2e: float | None
    embodied_kg_co2e_low: float | None
    embodied_kg_co2e_high: float | None


@dataclass(frozen=True)
class Explanation:
    """Why a line of this SKU and month has its figures, or has none."""

    sku_id: int
    charge_month: date
    model: str
    factor_set: str
    rule_id: str
    rule_reason: str
    disposition: str
    gap_reason: str | None
    steps: Sequence[Step]
    factors: Sequence[FactorSource]
    rate: Result | None  # as the card holds it
    recomputed: Result | None  # as models.power gives it from the same numbers

    @property
    def agrees(self) -> bool:
        """Whether the card and the formulas give the same numbers, to 1e-12 of each."""
        if self.rate is None or self.recomputed is None:
            return self.rate is self.recomputed
        pairs = [(getattr(self.rate, f.name), getattr(self.recomputed, f.name)) for f in fields(Result)]
        return all(
            a is b if a is None or b is None else abs(a - b) <= _TOLERANCE * max(abs(a), abs(b)) for a, b in pairs
        )


def explain_sku(connection: duckdb.DuckDBPyConnection, sku_id: int, charge_month: date) -> Explanation:
    """Explain the rate of ``sku_id`` in ``charge_month`` by the model and factor set in force.

    Raises ConfigError where the card has no such rate.
    """
    columns = ", ".join(f.name for f in fields(Result))
    rows = connection.execute(
        f"select model, factor_set, rule_id, disposition, gap_reason, inputs, factor_refs, {columns} from core.rate "  # noqa: S608
        "where sku_id = ? and charge_month = ? and model = (select value from core.setting where key = 'model') "
        "and factor_set = (select value from core.setting where key = 'factor_set')",
        [sku_id, charge_month],
    ).fetchall()
    if not rows:
        raise ConfigError(f"SKU {sku_id} has no rate in {charge_month:%Y-%m}. Run `wattledger estimate`.")
    model, factor_set, rule_id, disposition, gap_reason, inputs, refs, *figures = rows[0]
    steps, recomputed = _work_out(json.loads(inputs), charge_month) if inputs else ([], None)
    found = connection.execute(sql("factor_sources"), {"ids": refs or []}).fetchall()
    return Explanation(
        sku_id=sku_id,
        charge_month=charge_month,
        model=model,
        factor_set=factor_set,
        rule_id=rule_id,
        rule_reason={rule.rule_id: rule.reason for rule in rules()}.get(rule_id, ""),
        disposition=disposition,
        gap_reason=gap_reason,
        steps=steps,
        factors=[FactorSource(*row) for row in found],
        rate=Result(*figures) if inputs else None,
        recomputed=recomputed,
    )


def physical_per_unit(conversion: str, charge_month: date) -> float:
    """Return the physical quantity of one billed unit: hours of the calendar month for GB-months, hours for GB-seconds."""
    if conversion == "gb_month":
        following = date(charge_month.year + charge_month.month // 12, charge_month.month % 12 + 1, 1)
        return (following - charge_month).days * HOURS_PER_DAY
    return 1.0 / SECONDS_PER_HOUR if conversion == "gb_second" else 1.0


def machine_of(numbers: Numbers) -> power.Machine:
    """Return the machine that the inputs of a rate describe, one of it."""
    return power.Machine(
        vcpu=numbers["vcpu"],
        idle_w_per_vcpu=numbers["idle_w_per_vcpu"],
        full_w_per_vcpu=numbers["full_w_per_vcpu"],
        curve_f10=numbers["curve_f10"],
        curve_f50=numbers["curve_f50"],
        memory_gib=numbers["memory_gib"],
        included_gib=numbers["included_gib"],
        memory_w_per_gib=numbers["memory_w_per_gib"],
        host_overhead=numbers["host_overhead"],
        accelerators=numbers["accelerators"],
        accelerator_idle_w=numbers["accelerator_idle_w"],
        accelerator_busy_w=numbers["accelerator_busy_w"],
        node_overhead_w_per_accelerator=numbers["node_overhead_w"],
    )


def host_of(numbers: Numbers) -> power.Host:
    """Return what was manufactured for the machine that the inputs of a rate describe."""
    return power.Host(**{f.name: numbers[f.name] for f in fields(power.Host) if f.name != "machines"})


def ratios(numbers: Numbers, legs: Sequence[str], side: str, result: "Formula") -> list[float]:
    """Return, leg by leg, the result with the leg's numbers at ``side`` (low or high) over the central result."""
    central = result(numbers)
    moved = []
    for leg in legs:
        ends = {name: numbers[f"{name}_{side}"] for name in LEGS.get(leg, (leg,))}
        moved.append(result({**numbers, **ends}) / central if central else 1.0)
    return moved


class Formula:
    """IT energy or embodied carbon of one physical unit as a function of the inputs."""

    def __init__(self, method: str, what: str) -> None:
        self.method = method
        self.what = what

    def __call__(self, numbers: Numbers) -> float:
        if self.method == "coefficient":
            return _coefficient_kwh(numbers)
        if self.what == "embodied":
            return 0.0 if self.method == "cpu_surplus" else power.embodied_kg_per_hour(host_of(numbers))
        if self.method == "cpu_surplus":
            watts = power.surplus_power_w(
                numbers["idle_w_per_vcpu"], numbers["full_w_per_vcpu"], numbers["host_overhead"]
            )
            return power.hours_energy_kwh(numbers["vcpu"] * watts, 1.0)
        parts = power.machine_power(machine_of(numbers), numbers["utilization"], numbers["accelerator_utilization"])
        return power.hours_energy_kwh(parts.it_w, 1.0)
