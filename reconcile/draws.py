"""Errors that are shared, drawn once for each group, and what they make of a total. Pure numpy; no table is read here.

An error is a number s with a probability of 5 % below -1 and of 5 % above 1; -1 stands for the low end of a range and 1
for its high end. A leg adds s times the log of its high end over the central value on the way up, and s times that of
its low end on the way down; where the low end is zero, in a straight line to it. A range of several legs takes the way
up where that adds up to above zero, the way down where below, and so keeps its two ends as the card states them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 1_000
SEED: Final = 20_261_125
GENERATOR: Final = "numpy PCG64"
TAIL: Final = 0.05  # beyond either end of a 90 % interval
QUANTILES: Final = (TAIL, 0.5, 1 - TAIL)
_AT_ONCE: Final = 1_000  # rows in memory with all their draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Legs:
    """How the owners of one kind of multiplier err: each row one leg of one owner, in the order of the owners.

    ``down`` and ``up`` are logs of the two ends over the central value: at most 0, nan where the low end is zero; at
    least 0. An owner without a row does not err.
    """

    owner: Ints
    group: Ints
    down: Floats
    up: Floats

    def of(self, owners: Ints) -> "Legs":
        """Return the rows of some owners, ascending, who become 0, 1, 2."""
        chosen = np.isin(self.owner, owners)
        renamed = np.searchsorted(owners, self.owner[chosen])
        return Legs(renamed, self.group[chosen], self.down[chosen], self.up[chosen])


@dataclass(frozen=True)
class Part:
    """A figure that is summed: its central value in each cell, 0 where there is none, and what multiplies it.

    ``within`` are kinds of legs that are of one range together and differ from cell to cell, ``around`` ranges of their
    own that many cells share (of the site); both are names of Cells.owners.
    """

    central: Floats
    within: tuple[str, ...]
    around: tuple[str, ...]


@dataclass(frozen=True)
class Cells:
    """Sums that err alike, one row each: their figures, and for each kind of multiplier whose a cell takes."""

    parts: Mapping[str, Part]
    owners: Mapping[str, Ints]


def shape(distribution: str, draws: int) -> Floats:
    """Return the errors of a distribution at the middle of each of ``draws`` equally likely strata, ascending."""
    share = (np.arange(draws) + 0.5) / draws
    if distribution == "discrete":  # one end, the central value or the other, 10, 80 and 10 %
        return np.where(share < 2 * TAIL, -1.0, np.where(share > 1 - 2 * TAIL, 1.0, 0.0))
    if distribution == "triangular":  # symmetric around the central value
        below = np.sqrt(2 * np.minimum(share, 1 - share)) - 1
        return np.asarray(np.where(share < 0.5, below, -below) / (1 - (2 * TAIL) ** 0.5))
    normal = NormalDist()
    return np.array([normal.inv_cdf(value) for value in share]) / normal.inv_cdf(1 - TAIL)


def errors(distributions: Sequence[str], draws: int, seed: int) -> Floats:
    """Return one row of errors per group: the strata of its distribution in a random order of its own."""
    shapes = {name: shape(name, draws) for name in sorted(set(distributions))}
    generator = np.random.Generator(np.random.PCG64(seed))
    return np.array([generator.permutation(shapes[name]) for name in distributions]).reshape(-1, draws)


def sides(legs: Legs, owners: Ints, drawn: Floats) -> Floats:
    """Return for each row what its legs add up to, in logs, on the way up and on the way down (2 x rows x draws).

    ``owners`` names whose legs a row takes, -1 nobody's.
    """
    distinct, position = np.unique(owners, return_inverse=True)
    rows = legs.of(distinct)
    found = np.zeros((2, len(distinct), drawn.shape[1]))
    if rows.owner.size:
        error = drawn[rows.group]
        down = -error * rows.down[:, None]
        to_zero = np.isnan(rows.down)
        with np.errstate(divide="ignore"):  # at a low end of zero the log is -inf
            down[to_zero] = np.log1p(np.clip(error[to_zero], -1, 0))
        first = np.flatnonzero(np.diff(rows.owner, prepend=-1))
        found[0, rows.owner[first]] = np.add.reduceat(error * rows.up[:, None], first, axis=0)
        found[1, rows.owner[first]] = np.add.reduceat(down, first, axis=0)
    return found[:, position]


def multipliers(both: Floats) -> Floats:
    """Return what a range multiplies by: the way up where its legs add up to above zero, the way down where below."""
    return np.asarray(np.exp(np.maximum(both[0], 0) + np.minimum(both[1], 0)))


def simulate(cells: Cells, legs: Mapping[str, Legs], drawn: Floats, slots: Ints) -> dict[str, Floats]:
    """Return for each part its draws by slot (slots x draws): the sum of the slot's cells times their multipliers."""
    around = sorted({kind for part in cells.parts.values() for kind in part.around})
    blocks, block = np.unique(np.stack([slots, *(cells.owners[kind] for kind in around)]), axis=1, return_inverse=True)
    first = np.flatnonzero(np.diff(blocks[0], prepend=-1))
    found = {}
    for within in dict.fromkeys(part.within for part in cells.parts.values()):
        names = [name for name, part in cells.parts.items() if part.within == within]
        sums = _block_sums(cells, legs, drawn, names, block)
        for name, by_block in zip(names, sums, strict=True):
            product = by_block
            for kind in cells.parts[name].around:
                product = product * multipliers(sides(legs[kind], blocks[1 + around.index(kind)], drawn))
            found[name] = np.add.reduceat(product, first, axis=0)
    return found


def _block_sums(cells: Cells, legs: Mapping[str, Legs], drawn: Floats, names: Sequence[str], block: Ints) -> Floats:
    """Return the draws of parts by block (parts x blocks x draws), before what is around the blocks multiplies them."""
    within = cells.parts[names[0]].within
    rows, row = np.unique(np.stack([block, *(cells.owners[kind] for kind in within)]), axis=1, return_inverse=True)
    central = np.stack([np.bincount(row, weights=cells.parts[name].central, minlength=rows.shape[1]) for name in names])
    sums = np.zeros((len(names), int(block.max(initial=-1)) + 1, drawn.shape[1]))
    for start in range(0, rows.shape[1], _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        both = sides(legs[within[0]], rows[1, some], drawn)
        for position, kind in enumerate(within[1:], 2):
            both += sides(legs[kind], rows[position, some], drawn)
        product = multipliers(both)
        ends = np.flatnonzero(np.diff(rows[0, some], append=-1)) + 1
        for begin, end in zip([0, *ends[:-1]], ends, strict=True):
            sums[:, rows[0, start + begin]] += np.einsum(  # on one thread, and so always in one order
                "pr,rd->pd", central[:, start + begin : start + end], product[begin:end]
            )
    return sums


def swings(cells: Cells, legs: Mapping[str, Legs], groups: int) -> dict[str, tuple[Floats, Floats]]:
    """Return for each part how far each group alone, at its low and at its high end, moves the sum of all cells."""
    found = {}
    for name, part in cells.parts.items():
        down, up = np.zeros(groups), np.zeros(groups)
        for kind in (*part.within, *part.around):
            rows, owners = legs[kind], cells.owners[kind] + 1  # -1 is nobody
            if rows.owner.size:
                owned = np.bincount(owners, weights=part.central, minlength=int(rows.owner[-1]) + 2)[rows.owner + 1]
                low = np.where(np.isnan(rows.down), -1.0, np.expm1(np.nan_to_num(rows.down)))
                down += np.bincount(rows.group, weights=owned * low, minlength=groups)
                up += np.bincount(rows.group, weights=owned * np.expm1(rows.up), minlength=groups)
        found[name] = (down, up)
    return found
