"""A result table as people read it: short headers with units, numbers aligned and rounded, notes as sentences."""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest

from rich import box
from rich.cells import cell_len
from rich.console import JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from cli.foreign import harmless
from wattledger.tables import Table

MISSING = "–"  # noqa: RUF001 - a dash as wide as a digit: no value, which is not 0
# The end of a column's name and the unit it stands for; the first that fits is taken.
_UNITS = (
    ("_g_co2e_per_kwh", "g/kWh"),
    ("_g_co2e_per_unit", "g/unit"),
    ("_kg_co2e", "kg CO2e"),
    ("_kwh", "kWh"),
    ("_pct", "%"),
    ("_mb", "MB"),
    ("_gb", "GB"),
    ("_hours", "h"),
    ("_h", "h"),
    ("_s", "s"),
    ("_w", "W"),
    ("_l", "L"),
)
_RANGES = ("_low", "_high", "_from", "_to", "_then", "_now")
_GAP = 2  # blanks between columns
_WRAPPED = 16  # characters to which a column of text may shrink
_LONG = 8  # rows from which a blank line between months helps the eye
_SHOWN = 100  # rows of a table that a person is shown; csv and json hold all
_EXACT = ("value", "number", "seed")  # numbers of several units, or that count nothing: every digit counts
_FIGURE = "figure"  # a column that names what the numbers of its row are
_GRIDS = 3  # into which a table that is too wide may be cut
_NAMING_SHARE = 2 / 3  # of the width that the columns which name the row may take in each of them
_NAME = 40  # characters of text that is kept on one line where that is possible: a UUID has 36
_PLAIN = 1e15  # from here on a number is written with an exponent


def lay_out(table: Table, width: int) -> Iterator[RenderableType]:
    """Yield the title, the grid and the notes.

    What does not fit ``width`` is cut into several grids, or printed as one block per row. Of a long table the first
    rows are shown, and how many more there are.
    """
    if table.title:
        yield Text(harmless(table.title), style="bold")
    more = len(table.rows) - _SHOWN
    if more > 0:
        note = f"{more:,} more rows: `--format csv` or `-o FILE` has them all."
        table = replace(table, rows=table.rows[:_SHOWN], notes=[note, *table.notes])
    if table.rows:
        columns = [_Column.of(table, position) for position in range(len(table.columns))]
        grids = [columns] if _width(columns) <= width else _cut(columns, width)
        for position, grid in enumerate(grids):
            if position:
                yield Text()
            yield _grid(grid)
        if not grids:
            yield _blocks(columns)
    else:
        yield Text("  nothing", style="dim")
    for note in table.notes:
        yield Padding(Text(harmless(note)), (0, 0, 0, 2))


@dataclass(frozen=True)
class _Column:
    """A column ready to print. Numbers and stamps keep to one line; text may wrap."""

    name: str
    header: Text
    cells: Sequence[str]
    is_number: bool
    can_wrap: bool
    names_row: bool

    @classmethod
    def of(cls, table: Table, position: int) -> "_Column":
        """Return the column at ``position`` of a table, its values in words."""
        name = table.columns[position]
        values = [row[position] for row in table.rows]
        if name.endswith("month"):
            cells = [_month(value) for value in values]
        else:
            cells = [_cell(value, digits) for value, digits in zip(values, _digits(table, position), strict=True)]
        can_wrap = any(isinstance(value, str | list | tuple | Mapping) for value in values)
        is_missing = all(value is None for value in values)
        has_unit = _split(name)[2] != ""
        is_number = not can_wrap and (any(_is_number(value) for value in values) or (is_missing and has_unit))
        header = _header(name, max(cell_len(cell) for cell in cells))
        return cls(harmless(name), header, cells, is_number, can_wrap, not is_number or name.endswith("_id"))

    @property
    def natural_width(self) -> int:
        """How many characters the column fills when nothing wraps."""
        return max(cell_len(text) for text in (*self.cells, *self.header.plain.split("\n")))

    @property
    def least_width(self) -> int:
        """How many characters the column needs at least to be readable."""
        return min(self.natural_width, _WRAPPED) if self.can_wrap else self.natural_width


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.least_width for column in columns) + _GAP * (len(columns) - 1)


def _cut(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """The columns as a few grids that fit ``width``, each beginning with those that name the row; none if they do not.

    The names stay on one line where that is possible. One row alone reads better as a block.
    """
    if len(columns[0].cells) == 1:
        return []
    unbroken = [replace(column, can_wrap=column.can_wrap and column.natural_width > _NAME) for column in columns]
    return _grids(unbroken, width) or _grids(columns, width)


def _grids(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    naming: list[_Column] = []
    for column in columns:
        if not column.names_row or _width([*naming, column]) > width * _NAMING_SHARE:
            break
        naming.append(column)
    grids: list[list[_Column]] = []
    for column in columns[len(naming) :]:
        if not grids or _width([*grids[-1], column]) > width:
            grids.append([*naming])
        grids[-1].append(column)
    fit = all(_width(grid) <= width for grid in grids)
    return grids if naming and fit and len(grids) <= _GRIDS else []


def _grid(columns: Sequence[_Column]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP - 1, 0, 0), show_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column.is_number else "left"
        grid.add_column(column.header, justify=justify, overflow="fold", no_wrap=not column.can_wrap)
    rows = list(zip(*(column.cells for column in columns), strict=True))
    is_by_month = len(rows) >= _LONG and columns[0].name.endswith("month")
    for row, following in zip_longest(rows, rows[1:]):
        ends = is_by_month and following is not None and following[0] != row[0]
        grid.add_row(*(Text(cell) for cell in row), end_section=ends)
    return grid


def _blocks(columns: Sequence[_Column]) -> Grid:
    grid = Grid(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for number in range(len(columns[0].cells)):
        if number:
            grid.add_row("", "")
        for column in columns:
            grid.add_row(Text(column.name), Text(column.cells[number]))
    return grid


def _header(name: str, width: int) -> Text:
    """The name in words, broken so that it widens its column by no more than its longest word; its unit below."""
    stem, end, unit = _split(name)
    words = harmless(stem + end).replace("_", " ")
    longest = max((cell_len(word) for word in words.split()), default=1)
    lines = textwrap.wrap(words, max(width, longest, cell_len(unit))) or [""]
    return Text("\n".join([*lines, unit] if unit else lines), style="bold")


def _split(name: str) -> tuple[str, str, str]:
    """A column's name without its unit, the end that says which side of a range or of a change it is, and the unit."""
    end = next((end for end in _RANGES if name.endswith(end)), "")
    stem = name.removesuffix(end)
    suffix, unit = next(((s, u) for s, u in _UNITS if stem.endswith(s) and stem != s), ("", ""))
    return stem.removesuffix(suffix), end, unit


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _digits(table: Table, position: int) -> Sequence[int | None]:
    """How many decimals each value of a column shows; None for all its digits.

    Under a column that names the figure, each figure is rounded for itself.
    """
    name, values = table.columns[position], [row[position] for row in table.rows]
    if _FIGURE in table.columns:
        place = list(table.columns).index(_FIGURE)
        same: dict[object, list[object]] = {}
        for row in table.rows:
            same.setdefault(row[place], []).append(row[position])
        decimals = {figure: _decimals(of_figure) for figure, of_figure in same.items()}
        return [decimals[row[place]] for row in table.rows]
    is_exact = name in _EXACT or name.endswith("_id") or "unit" in table.columns[1:]
    return [None if is_exact else _decimals(values)] * len(values)


def _decimals(values: Sequence[object]) -> int:
    """How many decimals a column needs: its largest number shows four digits, money two decimals, no idle zeros."""
    numbers = [abs(float(value)) for value in values if isinstance(value, float | Decimal) and math.isfinite(value)]
    largest = max(numbers, default=0.0)
    least = 2 if any(isinstance(value, Decimal) for value in values) else 0
    decimals = max(least, min(3 - math.floor(math.log10(largest)), 9) if largest > 0 else 0)
    while decimals > least and all(f"{number:.{decimals}f}".endswith("0") for number in numbers):
        decimals -= 1
    return decimals


def _month(value: object) -> str:
    return f"{value:%Y-%m}" if isinstance(value, date) else _cell(value, 0)


def _cell(value: object, decimals: int | None) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return _number(value, decimals)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return harmless(_words(value))


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def _number(value: float | Decimal, decimals: int | None) -> str:
    """Rounded for reading; what would round to nothing says that it is not nothing."""
    if isinstance(value, int):
        return str(value) if decimals is None else f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    if isinstance(value, float) and abs(value) >= _PLAIN:
        return f"{value:.6g}"
    if decimals is None:
        return f"{value:.10g}" if isinstance(value, float) else f"{value.normalize():f}"
    text = f"{value:,.{decimals}f}"
    if value and not any(digit in text for digit in "123456789"):
        least = f"{10.0**-decimals:.{decimals}f}"
        return f"<{least}" if value > 0 else f">-{least}"
    return text
