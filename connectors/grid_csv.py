"""Carbon intensity of electricity by zone and interval from a csv or parquet file.

Columns of its own form: ``zone`` (scheme:zone, or provider:region for one region), ``start``, ``g_co2e_per_kwh``,
``boundary``, and where there are some ``end``, ``signal``, ``low``, ``high``, ``source`` and ``licence``. The files
that Electricity Maps hands out are read as they are: each line is a direct and a lifecycle value of one zone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.bill import NUMBER, TEXT, expression
from connectors.exports import list_units
from connectors.local import LocalSource
from connectors.tabular import Column, Part, broken_input, open_tabular, reader
from connectors.trackers.clock import require_zone
from wattledger.contracts import STAGED_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError, ConfigError

_REQUIRED = ("zone", "start", "g_co2e_per_kwh", "boundary")
_KNOWN = (*_REQUIRED, "end", "signal", "low", "high", "source", "licence")
_TEXTS = ("zone", "start", "end", "signal", "boundary", "source", "licence")
_NUMBERS = ("g_co2e_per_kwh", "low", "high")
_HIGHEST_G = 3000  # no grid and no plant of it emits more for a kWh
_LOWEST_TOP_G = 3  # over its life every plant emits more at its highest: below it a series counts in kg
_NOTHING = "Nothing of this unit was loaded."
_SAID = 5
_LONGEST = 200  # characters of a text that reports print

# What refuses a file: the rows of a step of grid_csv.sql that are wrong, the value that is shown, and what is wrong.
_TIME = "holds {} where a time like 2025-06-01T00:00Z, from 1990 to 2199, belongs"
_WHERE_AND_WHEN = "concat(zone, ' ', start)"
_WRONG = (
    (
        "placed where not coalesce(regexp_full_match(zone, '[a-z0-9_-]+:\\S.*'), false)",
        "zone",
        "holds {} where a zone as scheme:zone, or a region as provider:region, belongs",
    ),
    (
        f"placed where length(zone) > {_LONGEST} or length(source) > {_LONGEST} or length(licence) > {_LONGEST}",
        "coalesce(zone, source)",
        f"holds a zone, source or licence of more than {_LONGEST} characters beside {{}}",
    ),
    (
        "placed where regexp_matches(concat(zone, source, licence), '[[:cntrl:]]')",
        "regexp_replace(zone, '[[:cntrl:]]', '?', 'g')",
        "holds a control character in the zone, source or licence of {}",
    ),
    ("placed where start_problem", "start", _TIME),
    ("placed where end_problem", '"end"', _TIME),
    (
        "placed where has_no_clock",
        "start",
        "holds {}, a time without an offset: set `timezone` on the source, or write 2025-06-01T00:00Z",
    ),
    ("placed where is_skipped", "start", "holds {}, which the clock skips in spring: the times are of another zone"),
    (
        "placed where boundary not in ('lifecycle', 'direct') or boundary is null",
        "boundary",
        "holds {} where lifecycle or direct belongs",
    ),
    ("placed where signal not in ('average', 'marginal')", "signal", "holds {} where average or marginal belongs"),
    *(
        (
            f"placed where {name}_text is not null and not coalesce({name} between 0e0 and {_HIGHEST_G}, false)",
            f"{name}_text",
            f"holds {{}} where g CO2e per kWh from 0 to {_HIGHEST_G} belong",
        )
        for name in _NUMBERS
    ),
    (
        "placed where low > g_co2e_per_kwh or high < g_co2e_per_kwh",
        "g_co2e_per_kwh_text",
        "holds {} outside of its low and high",
    ),
    (
        "timed where interval_end is null",
        _WHERE_AND_WHEN,
        "leaves open how long {} lasts: add the column end, or give rows that are 5, 10, 15, 30 or 60 minutes, a day "
        "or a month apart",
    ),
    (
        "timed where interval_end <= interval_start or interval_end > interval_start + interval 32 days",
        '"end"',
        "ends at {}, which is not after its start and within a month of it",
    ),
    ("repeated where differing and copy > 0", _WHERE_AND_WHEN, "gives {} once more with another value. Keep one"),
    (
        "reaching",
        _WHERE_AND_WHEN,
        "begins before the one ahead of it has ended: {}. Keep intervals of one length to a file",
    ),
    (
        f"highest where boundary = 'lifecycle' and top < {_LOWEST_TOP_G}",
        "concat(zone, ' ', top)",
        "holds the highest value of its series, {}: too low for g CO2e per kWh. If it is in kg, give it times 1000",
    ),
)
_LEFT_OUT = (
    ("placed where g_co2e_per_kwh is null", "rows without a value were left out"),
    ("repeated where copy > 0", "rows say the same as an earlier one and were left out"),
    (
        "placed where is_alone",
        "rows of an hour that the clock repeats stand once and do not say which of the two they are: left out",
    ),
)
_DOUBTFUL = (
    (
        "span where missing_h > 0",
        "concat(zone, ' ', signal, ' ', boundary, ': ', round(missing_h, 2), ' hours without a value between ', "
        "strftime(first_start, '%Y-%m-%d %H:%M'), ' and ', strftime(last_end, '%Y-%m-%d %H:%M'))",
    ),
    (
        f"highest where boundary = 'direct' and top > 0 and top < {_LOWEST_TOP_G}",
        "concat(zone, ' ', signal, ' direct: at most ', top, ' g CO2e per kWh. If it is in kg, give it times 1000')",
    ),
)

# The files of Electricity Maps, in the spellings of 2022 to 2025: "Carbon intensity gCO₂eq/kWh (Life cycle)", "(LCA)".
_MAPS_TIME, _MAPS_ZONE, _MAPS_SCHEME = "datetime (utc)", "zone id", "electricity_maps"
_MAPS_VALUE = re.compile(r"carbon intensity gco.?eq/kwh \((direct|lca|life cycle(?: assessment)?)\)")


@dataclass(frozen=True)
class GridCsv(LocalSource):
    """Series of grid intensity in files of one form. A unit is one file."""

    table: ClassVar[str] = "grid_interval"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the files, sorted by path. Reads no data. Raises ConfigError for an unknown time zone."""
        self._clock()
        return list_units(self.settings, since)

    def _clock(self) -> str | None:
        """The zone of times without an offset, None where the source has none."""
        name = self.settings.timezone
        if name is None:
            return None
        where = f"source {self.name!r}, `timezone`"
        require_zone(name, where)
        with duckdb.connect() as connection:
            if not connection.execute("select 1 from pg_timezone_names() where name = ?", [name]).fetchall():
                raise ConfigError(f"{where}: {name!r} cannot be used here. Use an IANA name such as 'Europe/Paris'.")
        return name

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write one row per zone, signal, boundary and interval. An interval without a value is no row, and is said.

        Raises BrokenInputError where a column is missing, a value is not what its column says, or two rows speak of
        the same hour.
        """
        with reader(scratch) as connection:
            parts = open_tabular(connection, files, scratch)
            connection.execute(
                "create table given (name varchar, row_number bigint, clock varchar, "
                + ", ".join(f'"{name}" varchar' for name in _TEXTS)
                + ", "
                + ", ".join(f"{name}_text varchar, {name} double" for name in _NUMBERS)
                + ")"
            )
            with broken_input(parts):
                for part in parts:
                    for statement in _given_sql(part):
                        connection.execute(statement, [part.names[0], self._clock()])
            for step in _steps():
                connection.execute(step)
            _refuse_bad(connection)
            columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in STAGED_COLUMNS[self.table].items())
            connection.execute(
                f"copy (select {columns} from series order by zone, signal, boundary, interval_start) "  # noqa: S608
                "to $staged (format parquet)",
                {"staged": str(staged)},
            )
            rows = connection.execute("select count(*) from series").fetchall()[0][0]
            unknown = {column.name for part in parts for column in _unknown(part)}
            return ReadReport(rows, tuple(_notes(connection)), tuple(sorted(unknown)))


def _steps() -> list[str]:
    text = (resources.files("connectors") / "grid_csv.sql").read_text(encoding="utf-8")
    return [step for step in text.split(";\n") if step.strip()]


def _named(part: Part) -> dict[str, Column]:
    named: dict[str, Column] = {}
    for column in part.columns:
        name = column.name.strip().lower()
        if name in named:
            raise BrokenInputError(f"{part.names[0]}: has two columns {name!r}. {_NOTHING} Remove one.")
        named[name] = column
    return named


def _is_maps(part: Part) -> bool:
    return {_MAPS_TIME, _MAPS_ZONE} <= _named(part).keys()


def _unknown(part: Part) -> list[Column]:
    """Columns that nobody knows; those of Electricity Maps that say nothing of intensity are known and not read."""
    return [] if _is_maps(part) else [column for name, column in _named(part).items() if name not in _KNOWN]


def _given_sql(part: Part) -> list[str]:
    """Return the statements that take the rows of a part as given: times as text, numbers beside their text."""
    if _is_maps(part):
        return _maps_sql(part)
    taken = _named(part)
    if missing := [name for name in _REQUIRED if name not in taken]:
        raise BrokenInputError(
            f"{part.names[0]}: needs the column {', '.join(missing)}. {_NOTHING} Add it, or give a file of "
            "Electricity Maps as it was downloaded."
        )
    texts = [expression(taken[name], TEXT, ("",)) if name in taken else "null" for name in _TEXTS]
    return [_insert(part, texts, {name: taken[name] for name in _NUMBERS if name in taken})]


def _maps_sql(part: Part) -> list[str]:
    taken = _named(part)
    values = {match[1]: column for name, column in taken.items() if (match := _MAPS_VALUE.fullmatch(name))}
    if not values:
        raise BrokenInputError(f"{part.names[0]}: has no column of carbon intensity in gCO₂eq/kWh. {_NOTHING}")
    zone, start = (expression(taken[name], TEXT, ("",)) for name in (_MAPS_ZONE, _MAPS_TIME))
    return [
        _insert(
            part,
            [
                f"concat('{_MAPS_SCHEME}:', {zone})",
                start,
                "null",
                "null",
                f"'{boundary}'",
                "'Electricity Maps'",
                "null",
            ],
            {"g_co2e_per_kwh": column},
            clock="'UTC'",
        )
        for boundary, column in (("direct" if word == "direct" else "lifecycle", c) for word, c in values.items())
    ]


def _insert(part: Part, texts: list[str], numbers: Mapping[str, Column], clock: str = "$2") -> str:
    pairs = [
        f"{expression(numbers[name], TEXT, ('',))}, {expression(numbers[name], NUMBER, ('',), 'try_cast')}"
        if name in numbers
        else "null, null"
        for name in _NUMBERS
    ]
    return (
        f"insert into given select $1, row_number() over (), coalesce({clock}, $2), "  # noqa: S608
        f"{', '.join([*texts, *pairs])} from {part.table}"
    )


def _refuse_bad(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise BrokenInputError that names file, row and value of the first cell that cannot be trusted."""
    for rows, shown, wrong in _WRONG:
        found = connection.execute(
            f"select name, row_number, {shown} from {rows} order by name, row_number limit 1"  # noqa: S608
        ).fetchall()
        if found:
            name, row, value = found[0]
            said = "nothing" if value is None else repr(value[:60])
            raise BrokenInputError(f"{name}: row {row} {wrong.format(said)}. {_NOTHING}")


def _notes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for rows, text in _LEFT_OUT:
        count = connection.execute(f"select count(*) from {rows}").fetchall()[0][0]  # noqa: S608
        if count:
            yield f"{count} {text}"
    for rows, text in _DOUBTFUL:
        found = [row[0] for row in connection.execute(f"select {text} from {rows} order by all").fetchall()]  # noqa: S608
        yield from found[:_SAID]
        if len(found) > _SAID:
            yield f"and so {len(found) - _SAID} more series: see ledger.grid_intensity"
