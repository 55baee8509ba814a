"""The 90 % range of totals, simulated, and what weighs most in it.

The daily grain is summed over everything that errs alike (`uncertainty_cell`); one error is drawn for each group of
core.rate_leg and core.site_factor, for all that shares it. docs/method.md works an example by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from reconcile.draws import DRAWS, QUANTILES, SEED, Cells, Floats, Ints, Legs, Part, errors, simulate
from reconcile.resources import drop, make, sql

_STEPS = ("uncertainty_class", "uncertainty_leg", "uncertainty_place")
# The parts that figures are sums of, and which multipliers each takes: of its machine or coefficient, of its site.
_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "energy_kwh": (("it", "account"), ("pue",)),
    "location_based_kg_co2e": (("it", "account"), ("pue", "grid")),
    "market_based_kg_co2e": (("it", "account"), ("pue", "market")),
    "td_loss_kg_co2e": (("it", "account"), ("pue", "grid", "td_loss")),
    "embodied_kg_co2e": (("embodied",), ()),
    "water_onsite_l": (("it", "account"), ("wue",)),
    "water_offsite_l": (("it", "account"), ("pue", "wcf")),
}
FIGURES: Mapping[str, tuple[str, ...]] = {
    "location_based_kg_co2e": ("location_based_kg_co2e",),
    "energy_kwh": ("energy_kwh",),
    "embodied_kg_co2e": ("embodied_kg_co2e",),
    "water_l": ("water_onsite_l", "water_offsite_l"),
    "market_based_kg_co2e": ("market_based_kg_co2e",),
    "td_loss_kg_co2e": ("td_loss_kg_co2e",),
}
_SITE = ("pue", "grid", "market", "td_loss", "wue", "wcf")
_KEYS = ("provider", "service_name", "region_id")
_DIGITS = 6  # that are kept of a simulated figure; the draws themselves tell about three
Flags = NDArray[np.bool_]
LegRow = tuple[int, str, str, str, float | None, float]  # owner, group, leg, distribution, log of low and of high end


@dataclass(frozen=True)
class Group:
    """What shares one error, e.g. cpu/ice-lake-sp of the leg cpu."""

    name: str
    leg: str
    distribution: str


@dataclass(frozen=True)
class Bill:
    """The sums of a period, and all that moves them.

    ``keys`` are provider, service and region of each cell; ``known`` says for each part which cells have it.
    """

    keys: Sequence[tuple[str | None, ...]]
    cells: Cells
    known: Mapping[str, Flags]
    legs: Mapping[str, Legs]
    groups: Sequence[Group]
    without_range_kwh: float


@dataclass(frozen=True)
class Range:
    """A figure of a total: as estimated, and the 5th, 50th and 95th percentile of its draws."""

    figure: str
    central: float
    p5: float
    p50: float
    p95: float


def read_bill(connection: duckdb.DuckDBPyConnection, period: Mapping[str, date | None]) -> Bill:
    """Return the sums of [since, until) over everything that errs alike, and the legs of what they rest on."""
    make(connection, _STEPS)
    found: Mapping[str, Any] = connection.execute(sql("uncertainty_cell"), period).fetchnumpy()
    class_legs = connection.execute("from uncertainty_leg order by class_id, leg").fetchall()
    site_legs = connection.execute(
        "select distinct kind, factor_class, leg_group, leg, distribution, log_down, log_up from uncertainty_place "
        "order by kind, factor_class"
    ).fetchall()
    drop(connection, _STEPS)

    owners = {kind: _filled(found[f"{kind}_class"], -1).astype(np.int64) for kind in ("it", "embodied", *_SITE)}
    pairs = list(zip(owners["it"].tolist(), _filled(found["account"], "").tolist(), strict=True))
    cases = {pair: number for number, pair in enumerate(sorted({pair for pair in pairs if pair[1]}))}
    owners["account"] = np.array([cases.get(pair, -1) for pair in pairs], dtype=np.int64)
    shared = [row for row in class_legs if not row[-1]]
    rows: dict[str, list[LegRow]] = {
        "it": [row[:-1] for row in shared],
        "embodied": [row[:-1] for row in shared],
        "account": _account_legs(cases, [row[:-1] for row in class_legs if row[-1]]),
        **{kind: [row[1:] for row in site_legs if row[0] == kind] for kind in _SITE},
    }
    used = {kind: set(owners[kind].tolist()) for kind in rows}
    rows = {kind: [row for row in rows[kind] if row[0] in used[kind]] for kind in rows}
    groups = sorted({row[1]: Group(*row[1:4]) for kind in rows for row in rows[kind]}.items())
    positions = {name: number for number, (name, _) in enumerate(groups)}
    parts = {name: _filled(found[name], np.nan) for name in _PARTS}
    known = {name: ~np.isnan(part) for name, part in parts.items()}
    cells = Cells({name: Part(np.nan_to_num(part), *_PARTS[name]) for name, part in parts.items()}, owners)
    return Bill(
        list(zip(*(_texts(found[name]) for name in _KEYS), strict=True)),
        cells,
        known,
        {kind: _legs(rows[kind], positions) for kind in rows},
        [group for _, group in groups],
        float(cells.parts["energy_kwh"].central[owners["it"] < 0].sum()),
    )


def _filled(column: Any, missing: float | str) -> Any:
    """Return a column as an array that holds ``missing`` where it is null."""
    return np.ma.filled(column, missing) if np.ma.isMaskedArray(column) else column


def _texts(column: Any) -> list[str | None]:
    return [text or None for text in _filled(column, "").tolist()]


def _account_legs(cases: Mapping[tuple[int, str], int], legs: Sequence[LegRow]) -> list[LegRow]:
    """Return the legs whose error is an account's own, for each class and account that there is."""
    by_class: dict[int, list[LegRow]] = {}
    for row in legs:
        by_class.setdefault(row[0], []).append(row)
    return [
        (number, f"{row[1]}/{account}", *row[2:])
        for (class_id, account), number in cases.items()
        for row in by_class[class_id]
    ]


def _legs(rows: Sequence[LegRow], positions: Mapping[str, int]) -> Legs:
    return Legs(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([positions[row[1]] for row in rows], dtype=np.int64),
        np.array([np.nan if row[4] is None else row[4] for row in rows], dtype=np.float64),
        np.array([row[5] for row in rows], dtype=np.float64),
    )


@dataclass(frozen=True)
class Simulation:
    """All draws of a bill, by provider, service and region together."""

    keys: Sequence[tuple[str | None, ...]]
    central: Mapping[str, Floats]
    known: Mapping[str, Flags]
    drawn: Mapping[str, Floats]

    def ranges(self, by: Sequence[str]) -> list[tuple[tuple[str | None, ...], list[Range]]]:
        """Return the ranges of what has the same keys, ascending by them; all in one for no key."""
        chosen = [_KEYS.index(name) for name in by]
        names = [tuple(key[position] for position in chosen) for key in self.keys]
        distinct = sorted(set(names), key=lambda name: tuple(part or "" for part in name))
        return [(name, self._of([n for n, other in enumerate(names) if other == name])) for name in distinct]

    def _of(self, slots: Sequence[int]) -> list[Range]:
        found = []
        for figure, parts in FIGURES.items():
            if any(self.known[part][slots].any() for part in parts):
                draws = sum((self.drawn[part][slots].sum(axis=0) for part in parts), np.zeros(1))
                central = sum(float(self.central[part][slots].sum()) for part in parts)
                found.append(Range(figure, *rounded([central, *np.quantile(draws, QUANTILES)])))
        return found


def rounded(values: Sequence[float]) -> list[float]:
    """Return figures with the digits that a simulation can tell."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def simulation(bill: Bill, draws: int = DRAWS, seed: int = SEED) -> Simulation:
    """Return the draws of a bill. The same bill, number of draws and seed give the same bytes."""
    drawn = errors([group.distribution for group in bill.groups], draws, seed)
    distinct = sorted(set(bill.keys), key=lambda key: tuple(part or "" for part in key))
    numbers = {key: number for number, key in enumerate(distinct)}
    slots: Ints = np.array([numbers[key] for key in bill.keys], dtype=np.int64)
    central = {
        name: np.asarray(np.bincount(slots, weights=part.central, minlength=len(distinct)), dtype=np.float64)
        for name, part in bill.cells.parts.items()
    }
    known = {name: np.bincount(slots, weights=has, minlength=len(distinct)) > 0 for name, has in bill.known.items()}
    return Simulation(distinct, central, known, simulate(bill.cells, bill.legs, drawn, slots))
