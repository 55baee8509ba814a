"""Report sections `uncertainty` and `sensitivity`: simulated ranges of totals, and what weighs most in them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from reconcile.draws import DRAWS, GENERATOR, SEED, swings
from reconcile.uncertainty import FIGURES, Bill, Range, read_bill, rounded, simulation
from wattledger.tables import Table

_SPLITS: Mapping[str, tuple[str, ...]] = {
    "providers": ("provider",),
    "services": ("provider", "service_name"),
    "regions": ("provider", "region_id"),
}
_UNITS = {
    "location_based_kg_co2e": "kg CO2e",
    "energy_kwh": "kWh",
    "embodied_kg_co2e": "kg CO2e",
    "water_l": "L",
    "market_based_kg_co2e": "kg CO2e",
    "td_loss_kg_co2e": "kg CO2e",
}
_RANGE = ("figure", "unit", "estimate", "p5", "p50", "p95")
_TITLE = "How sure the total is"
_NONE = "No range: nothing is estimated in this period, or the model in force states none."
_MOST = 3  # legs that are named in a sentence
_FACTOR = 2.0  # an end beyond twice or below half the estimate is told as a factor, else in percent


@dataclass(frozen=True)
class Swing:
    """How far one leg, or one group of it, moves a total alone: both ends of the total, and what would narrow it."""

    figure: str
    leg: str
    group: str
    groups: int
    central: float
    down: float
    up: float
    narrowed_by: str | None

    @property
    def width(self) -> float:
        """How wide the range is."""
        return self.up - self.down


def uncertainty_sections(connection: duckdb.DuckDBPyConnection, period: Mapping[str, date | None]) -> list[Table]:
    """Return the simulated ranges of the total, of providers, services and regions, and what weighs most in them.

    Where nothing is estimated, or the model in force states no ranges, one empty table that says so when asked for.
    """
    bill = read_bill(connection, period)
    if not bill.groups:
        return [Table("uncertainty", _TITLE, [*_RANGE, "draws", "seed"], [], [_NONE], is_detail=True)]
    simulated = simulation(bill)
    ((_, total),) = simulated.ranges(())
    by_group = _swings(bill, total, _remedies(connection))
    by_leg = _by_leg(by_group)
    splits = [
        Table(
            f"uncertainty_{name}",
            f"90 % range by {'region' if name == 'regions' else name[:-1]}",
            [*keys, *_RANGE],
            [(*key, *_cells(one)) for key, ranges in simulated.ranges(keys) for one in ranges],
            is_detail=True,
        )
        for name, keys in _SPLITS.items()
    ]
    rows = [(*_cells(one), DRAWS, SEED) for one in total]
    whole = Table("uncertainty", _TITLE, [*_RANGE, "draws", "seed"], rows, _notes(bill, total, by_leg))
    return [whole, *splits, *_sensitivity(by_leg, by_group)]


def _cells(one: Range) -> tuple[object, ...]:
    return (one.figure, _UNITS[one.figure], one.central, one.p5, one.p50, one.p95)


def _notes(bill: Bill, total: Sequence[Range], by_leg: Sequence[Swing]) -> list[str]:
    headline = total[0]
    most = [swing for swing in by_leg if swing.figure == headline.figure][:_MOST]
    notes = []
    if headline.p5 > 0 and headline.central > 0:
        notes.append(
            f"Typical error of this total is {_error(headline)} (90 %): {headline.p5:,.6g} to {headline.p95:,.6g} "
            f"{_UNITS[headline.figure]} around {headline.central:,.6g}."
        )
    if most:
        notes.append("What would narrow it most, of all that `wattledger report sensitivity` has:")
        notes += [
            f"{place}. {_alone(swing)}. {swing.narrowed_by or ''}".rstrip() for place, swing in enumerate(most, 1)
        ]
    notes.append(
        f"Simulated: {DRAWS:,} draws of one error for each of {len(bill.groups)} groups that share one ({GENERATOR}); "
        "p50 lies above the estimate where ranges reach further up than down."
    )
    if bill.without_range_kwh:
        notes.append(f"{bill.without_range_kwh:.3f} kWh have no range and are taken as exact.")
    return notes


def _error(one: Range) -> str:
    if one.p95 > _FACTOR * one.central or one.p5 < one.central / _FACTOR:
        return f"a factor of {one.central / one.p5:.1f} down and {one.p95 / one.central:.1f} up"
    return f"{100 * (1 - one.p5 / one.central):.0f} % down and {100 * (one.p95 / one.central - 1):.0f} % up"


def _alone(swing: Swing) -> str:
    low, high = (100 * end / swing.central for end in (swing.down, swing.up))
    return f"{swing.leg.replace('_', ' ')}, alone {low:.0f} to +{high:.0f} %"


def _remedies(connection: duckdb.DuckDBPyConnection) -> Mapping[tuple[str, str], str]:
    rows = connection.execute("select leg, kind, narrowed_by from factors.uncertainty").fetchall()
    return {(leg, kind): narrowed_by for leg, kind, narrowed_by in rows}


def _swings(bill: Bill, total: Sequence[Range], remedies: Mapping[tuple[str, str], str]) -> list[Swing]:
    """Return every group that moves a figure, figure by figure, the widest first."""
    by_part = swings(bill.cells, bill.legs, len(bill.groups))
    found = []
    for one in total:
        for number, group in enumerate(bill.groups):
            ends = [sum(float(by_part[part][side][number]) for part in FIGURES[one.figure]) for side in (0, 1)]
            if any(ends):
                kind = group.name.partition("/")[2].partition(".")[0]
                narrowed_by = remedies.get((group.leg, kind), remedies.get((group.leg, "*")))
                found.append(
                    Swing(one.figure, group.leg, group.name, 1, one.central, min(ends), max(ends), narrowed_by)
                )
    return _widest_first(found)


def _by_leg(by_group: Sequence[Swing]) -> list[Swing]:
    """Return the groups of each leg as one: they err independently, so their swings add up as squares do."""
    found = []
    for figure, leg in dict.fromkeys((swing.figure, swing.leg) for swing in by_group):
        same = [swing for swing in by_group if (swing.figure, swing.leg) == (figure, leg)]
        down = -math.sqrt(math.fsum(min(swing.down, 0.0) ** 2 for swing in same))
        up = math.sqrt(math.fsum(max(swing.up, 0.0) ** 2 for swing in same))
        found.append(Swing(figure, leg, leg, len(same), same[0].central, down, up, same[0].narrowed_by))
    return _widest_first(found)


def _widest_first(found: Sequence[Swing]) -> list[Swing]:
    order = list(FIGURES)
    return sorted(found, key=lambda swing: (order.index(swing.figure), -swing.width, swing.group))


def _sensitivity(by_leg: Sequence[Swing], by_group: Sequence[Swing]) -> list[Table]:
    columns = ["figure", "unit", "leg", "groups", "low", "high", "swing_pct", "narrowed_by"]
    rows = [
        (swing.figure, _UNITS[swing.figure], swing.leg, swing.groups, *_ends(swing), swing.narrowed_by)
        for swing in by_leg
    ]
    notes = [
        "The total with the numbers of one leg at their low and at their high end, all others central, the widest "
        "first; groups of a leg err independently of each other. `sensitivity_groups` has every group.",
    ]
    group_rows = [(swing.figure, _UNITS[swing.figure], swing.group, *_ends(swing)) for swing in by_group]
    return [
        Table("sensitivity", "What moves the total most, one at a time", columns, rows, notes, is_detail=True),
        Table(
            "sensitivity_groups",
            "What moves the total most, by what shares one error",
            ["figure", "unit", "leg_group", "low", "high", "swing_pct"],
            group_rows,
            is_detail=True,
        ),
    ]


def _ends(swing: Swing) -> list[float | None]:
    ends = rounded([swing.central + swing.down, swing.central + swing.up])
    return [*ends, rounded([100 * swing.width / swing.central])[0] if swing.central else None]
