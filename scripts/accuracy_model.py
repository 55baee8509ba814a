"""The shipped power model as watts of any host: factors from models/factors, formulas from models.power."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from csv_tables import Row, read_csv

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from models.power import high_factor, low_factor  # noqa: E402, found by the line above
from models.recompute import it_energy_ratios, machine_power_of  # noqa: E402

ENDS = ("_low", "", "_high")


def _by(table: str, *key: str) -> dict[str, Row]:
    return {":".join(row[name] for name in key): row for row in read_csv(ROOT / "models" / "factors" / f"{table}.csv")}


CPUS = _by("cpu_power", "microarch")
BOARDS = _by("accelerator_power", "accelerator")
COEFFICIENTS = _by("coefficient", "key")
INSTANCES = _by("instance", "provider", "instance_type")
NUMBER_OF_COEFFICIENT = {
    "curve_f10": "compute.curve_f10",
    "curve_f50": "compute.curve_f50",
    "memory_idle_w_per_gib": "memory.power_idle",
    "memory_full_w_per_gib": "memory.power_heavy",
    "host_overhead": "compute.host_overhead_uplift",
}


def cpu_number(microarch: str, name: str) -> float:
    """Return a number of a CPU family."""
    return float(CPUS[microarch][name])


def threads_per_chip(microarch: str) -> float:
    """Return the hardware threads of the typical package."""
    return cpu_number(microarch, "cores_per_chip") * cpu_number(microarch, "threads_per_core")


def coefficient(key: str, end: str = "") -> float:
    """Return the low, central or high value of a coefficient."""
    return float(COEFFICIENTS[key][end.strip("_") or "central"])


def host(
    microarch: str, threads: float, memory_gib: float, accelerator: str = "", accelerators: float = 0.0
) -> dict[str, Any]:
    """Return the numbers of a host, as core.rate_input holds those of a machine."""
    numbers: dict[str, Any] = {
        "method": "instance_curve",
        "vcpu": threads,
        "memory_gib": memory_gib,
        "included_gib": threads * cpu_number(microarch, "gb_per_chip") / threads_per_chip(microarch),
        "accelerators": accelerators,
    }
    for end in ENDS:
        for name, key in NUMBER_OF_COEFFICIENT.items():
            numbers[f"{name}{end}"] = coefficient(key, end)
        for load in ("idle", "full"):
            numbers[f"{load}_w_per_vcpu{end}"] = cpu_number(microarch, f"{load}_w_per_thread{end}")
        board = BOARDS.get(accelerator)
        for load in ("idle", "busy"):
            numbers[f"accelerator_{load}_w{end}"] = float(board[f"{load}_w{end}"]) if board else 0.0
        numbers[f"node_overhead_w{end}"] = coefficient(board["node_overhead_key"], end) if board else 0.0
    return numbers | {name: cpu_number(microarch, name) for name in ("curve_f10", "curve_f50")}


def instance(name: str) -> dict[str, Any]:
    """Return the numbers of an instance type."""
    row = INSTANCES[name]
    per_vcpu = cpu_number(row["microarch"], "threads_per_core") if row["vcpu_is"] == "core" else 1.0
    threads, boards = float(row["vcpu"]) * per_vcpu, float(row["accelerator_count"])
    return host(row["microarch"], threads, float(row["memory_gib"]), row["accelerator"], boards)


@dataclass(frozen=True)
class Watts:
    """What the model says of a machine at a known load, in W."""

    low: float
    central: float
    high: float

    def holds(self, measured_w: float) -> bool:
        """Whether a measurement lies in the band."""
        return self.low <= measured_w <= self.high


def at(numbers: Mapping[str, Any], load: float, board_load: float = 0.0) -> Watts:
    """Return the watts of a host at known loads."""
    known = dict(numbers)
    for end in ENDS:
        known |= {f"utilization{end}": load, f"accelerator_utilization{end}": board_load}
    ratios = [moved.ratio for moved in it_energy_ratios(known)]
    central = machine_power_of(known).it_w
    return Watts(central * low_factor(ratios), central, central * high_factor(ratios))


@dataclass(frozen=True)
class Errors:
    """Model over measured: median, mean absolute error in percent, and the spread."""

    n: int
    median: float
    mape: float
    p10: float
    p90: float

    def __str__(self) -> str:
        return f"{self.median:.2f} / {self.mape:.0f} / {self.p10:.2f}-{self.p90:.2f}"


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value below which this share lies, straight between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def errors(ratios: Sequence[float]) -> Errors:
    """Return how far ratios of model over measured are from 1."""
    mape = 100 * fmean(abs(ratio - 1) for ratio in ratios)
    return Errors(len(ratios), median(ratios), mape, quantile(ratios, 0.1), quantile(ratios, 0.9))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]
