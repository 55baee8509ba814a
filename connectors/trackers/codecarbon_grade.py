"""How good a CodeCarbon row is: what measured the part that carries most of its energy.

CodeCarbon does not write which method it used, so it is inferred from the release and the figures:

- GPU energy comes from the board's own energy counter: A.
- CPU at 42.5 W, or at one wattage in several runs of a host, is the constant (half of a TDP, 85 W if the model
  is unknown): D. It exists in 2.0 to 3.2.2.
- CPU that varies between runs is a counter (RAPL, Power Gadget) in 2.x, where nothing else varies: A. From 3.0
  a load model (share of TDP) varies too, and the file cannot tell them apart: C, the weaker of the two.
- RAM is always a constant for the installed memory: D.
- Releases before 2.0 write no parts, and energy up to 1000 times too low: D.

If more than half of the energy is GPU the row is A; else the larger of CPU and RAM decides. So a row on
which the CPU hardly works is D, because a constant for memory is most of its figure.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from wattledger.units import J_PER_KWH

UNKNOWN_CPU_W = 42.5  # half of the 85 W that CodeCarbon takes for a model it does not know
_GENERIC_W_PER_CPU = 4.0  # what the load model takes for an unknown model from 3.0 on
_SAME = 1e-3  # relative spread within which two wattages are one


@dataclass(frozen=True)
class Measured:
    """What of a row tells how it was measured. Energies are IT energy in kWh, ``cpu_column_w`` the last or mean
    sample as written. ``release`` is (major, minor, patch), None where the file does not say."""

    run: str
    host: tuple[str | None, ...]
    release: tuple[int, int, int] | None
    duration_s: float
    cpu_kwh: float | None
    gpu_kwh: float | None
    ram_kwh: float | None
    it_kwh: float
    pue: float
    cpu_column_w: float | None
    cpu_count: int | None

    @property
    def cpu_mean_w(self) -> float | None:
        """Mean CPU power in W over the row's duration, None where that is not defined."""
        if self.cpu_kwh is None or self.duration_s <= 0:
            return None
        return self.cpu_kwh * J_PER_KWH / self.duration_s

    @property
    def is_at_unknown_cpu_constant(self) -> bool:
        """Whether the CPU stands at 42.5 W, before or after the tracker's PUE."""
        columns = (self.cpu_column_w, self.cpu_column_w / self.pue) if self.cpu_column_w is not None else ()
        return any(_is_same(watts, UNKNOWN_CPU_W) for watts in (*columns, self.cpu_mean_w) if watts is not None)

    @property
    def covers_last_task_only(self) -> bool:
        """Whether a run's duration is only that of its last task: constant power, yet more energy than it gives.

        In task mode the run row sums the energy of all tasks and keeps the duration of the last.
        """
        mean_w = self.cpu_mean_w
        return self.is_at_unknown_cpu_constant and mean_w is not None and mean_w > UNKNOWN_CPU_W * 1.05


def find_steady_hosts(rows: Iterable[Measured]) -> dict[tuple[str | None, ...], bool]:
    """Return, for each host seen in at least two runs, whether its CPU drew one wattage in all of them.

    Of each run the longest row counts. A wattage is one if either the mean or the written sample stays the same.
    """
    longest: dict[tuple[str | None, ...], dict[str, Measured]] = {}
    for row in rows:
        runs = longest.setdefault(row.host, {})
        if row.run not in runs or row.duration_s > runs[row.run].duration_s:
            runs[row.run] = row
    steady = {}
    for host, runs in longest.items():
        means = [row.cpu_mean_w for row in runs.values()]
        if len(runs) > 1 and all(mean is not None and mean > 0 for mean in means):
            steady[host] = _is_one(means) or _is_one([row.cpu_column_w for row in runs.values()])
    return steady


def grade(row: Measured, is_steady: bool | None) -> tuple[str, str]:
    """Return grade A to D and the reason in words. ``is_steady`` is None where a single run cannot tell."""
    if row.release is not None and row.release[0] < 2:
        return "D", "releases before 2.0 do not write parts and are known to be up to 1000 times too low"
    if row.it_kwh <= 0:
        return "D", "no energy was recorded"
    gpu, cpu, ram = row.gpu_kwh or 0.0, row.cpu_kwh or 0.0, row.ram_kwh or 0.0
    if gpu > row.it_kwh / 2:
        return "A", f"{gpu / row.it_kwh:.0%} of the energy is GPU, from the board's energy counter"
    if ram >= cpu:
        return "D", f"{ram / row.it_kwh:.0%} of the energy is RAM, a constant for the installed memory"
    letter, reason = _grade_cpu(row, is_steady)
    return letter, f"{cpu / row.it_kwh:.0%} of the energy is CPU, {reason}"


def _grade_cpu(row: Measured, is_steady: bool | None) -> tuple[str, str]:
    release = row.release or (2, 0, 0)  # 2.0.0 to 2.1.4 write parts and no release
    if release < (3, 2, 3):
        if row.is_at_unknown_cpu_constant:
            return "D", "constant at 42.5 W, the value for an unknown model"
        if is_steady:
            return "D", "the same wattage in every run of this host: a constant, half of its TDP"
    if release < (3, 0, 0):
        if is_steady is None:
            return "D", "and one run alone cannot tell a counter from a constant"
        return "A", "which varies between runs: from the processor's energy counter"
    mean_w = row.cpu_mean_w
    if mean_w is not None and row.cpu_count and mean_w <= _GENERIC_W_PER_CPU * row.cpu_count:
        return "C", "at most 4 W per logical processor: a load model for an unknown processor"
    return "C", "from a load model or from a counter, which the file does not tell apart"


def _is_one(watts: Iterable[float | None]) -> bool:
    known = [value for value in watts if value is not None]
    return bool(known) and min(known) > 0 and max(known) - min(known) <= _SAME * max(known)


def _is_same(watts: float, other: float) -> bool:
    return math.isclose(watts, other, rel_tol=_SAME)
