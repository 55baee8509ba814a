"""A user's own factors: one CSV read and every problem of it found, before any row is stored.

Columns are those of the shipped table of the same kind. A measured PUE is a row of `site_metric`; a grid intensity, by
location or by contract, one of `grid_intensity`. A row holds for its region or zone in its year and nowhere else.
"""

import csv
import difflib
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models.factor_set import table_text
from wattledger.errors import ConfigError
from wattledger.tables import Table

if TYPE_CHECKING:
    import _csv

Row = Mapping[str, str]
# What is allowed, where the value is not; None where it is.
Rule = Callable[[str, Row], str | None]

FIRST_YEAR, LAST_YEAR = 2010, 2100
# The column that tells the tables apart.
_MARKS = {"site_metric": "metric", "grid_intensity": "zone_scheme"}
# Low, central and high of each table.
VALUES = {
    "site_metric": ("low", "central", "high"),
    "grid_intensity": ("low_g_co2e_per_kwh", "central_g_co2e_per_kwh", "high_g_co2e_per_kwh"),
}
_OPTIONAL = ("note",)
_REGION_SCHEME = "region"  # zone is provider:region_id: a contract or a meter of one region
_LOCATION = "location_average"
_MARKET = ("market_based", "residual_mix")
_VERIFICATIONS = ("measured", "published", "stored", "secondary", "derived", "estimate")
# Least central value that a location can have: below it the unit has slipped (the shipped rows begin at 18.9 and 12).
_LEAST_G = {"lifecycle": 5.0, "direct": 1.0}
_MOST_G, _MOST_HIGH_G = 1400.0, 2000.0
_SLIPS = {1e3: "10^3", 1e6: "10^6", 1e2: "10^2"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field; ``column`` and ``value`` as the file has them."""

    line: int
    column: str
    value: str
    problem: str


@dataclass(frozen=True)
class OwnFactors:
    """A file of own factors: its rows with their factor ids, and what is wrong with them."""

    file: str
    sha256: str
    table: str
    rows: Sequence[Row]
    problems: Sequence[Problem]

    def findings(self) -> Table:
        """Return the problems as people read them, or that there is none."""
        rows = [(self.file, p.line, p.column, p.value, p.problem) for p in self.problems]
        wrong = len({problem.line for problem in self.problems})
        note = f"rows with a problem: {wrong}" if wrong else f"{len(self.rows)} rows of {self.table}: all are well"
        columns = ("file", "line", "column", "value", "problem")
        return Table("problems", f"Own factors {self.file}", columns, rows, [note])


def columns_of(table: str) -> list[str]:
    """Return the columns of a shipped table, which are those of a user's file of the kind."""
    return next(csv.reader([table_text(f"{table}.csv").partition("\n")[0]]))


def read(path: Path) -> OwnFactors:
    """Read and check a user's CSV. Raises ConfigError where it is none, or its header is not that of a factor table."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        table = _table_of(path, header)
        lines = list(_lines(reader))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}). Name a CSV file of factor rows.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}). Save it as CSV, UTF-8.") from error
    except csv.Error as error:
        raise ConfigError(
            f"{path}, line {reader.line_num}: not a CSV ({error}). Quote fields that hold commas."
        ) from error
    if not lines:
        raise ConfigError(f"{path} has a header and no row. Add one row for each region or zone and year.")
    rows: list[Row] = []
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    for line, fields in lines:
        if len(fields) != len(header):
            problems.append(Problem(line, "", "", f"{len(fields)} fields where the header has {len(header)}"))
            continue
        row = {name: value.strip() for name, value in zip(header, fields, strict=True)}
        row["factor_id"] = factor_id(table, row)
        found = list(_check(line, table, row))
        earlier = first_line.setdefault(row["factor_id"], line)
        if earlier != line and not found:
            found = [Problem(line, "factor_id", row["factor_id"], f"the key of line {earlier} again: one row for each")]
        rows.append(row)
        problems += found
    return OwnFactors(path.name, hashlib.sha256(data).hexdigest(), table, rows, problems)


def _lines(reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it begins on; blank lines are none."""
    start = reader.line_num + 1
    for fields in reader:
        if fields:
            yield start, fields
        start = reader.line_num + 1


def _table_of(path: Path, header: Sequence[str]) -> str:
    table = next((name for name, mark in _MARKS.items() if mark in header), None)
    if table is None:
        kinds = "; ".join(f"{name}: {', '.join(columns_of(name))}" for name in _MARKS)
        raise ConfigError(f"{path}: its header is that of no factor table. The tables and their columns are {kinds}.")
    expected = columns_of(table)
    missing = [name for name in expected if name not in header and name not in _OPTIONAL]
    unknown = [name for name in header if name not in expected]
    twice = sorted({name for name in header if header.count(name) > 1})
    if missing or unknown or twice:
        parts = [("missing", missing), ("unknown", unknown), ("there twice", twice)]
        said = "; ".join(f"{what}: {', '.join(repr(name) for name in names)}" for what, names in parts if names)
        raise ConfigError(f"{path}: the columns are not those of {table} ({said}). They are {', '.join(expected)}.")
    return table


def factor_id(table: str, row: Row) -> str:
    """Return the key of a row, made as that of a shipped row; a contract's says its accounting, too."""
    if table == "site_metric":
        return f"{row['metric']}/{row['provider']}:{row['region_id']}/{row['year']}"
    key = f"grid/{row['zone_scheme']}:{row['zone']}/{row['year']}/{row['boundary']}"
    return key if row["accounting"] == _LOCATION else f"{key}/{row['accounting']}"


def _check(line: int, table: str, row: Row) -> Iterator[Problem]:
    for column, rule in _RULES[table].items():
        value = row[column]
        allowed = "blank: must be stated" if not value else rule(value, row)
        if allowed:
            yield Problem(line, column, value, allowed)
    ends = [_number(row[column]) for column in VALUES[table]]
    low, central, high = VALUES[table]
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        yield Problem(line, low, row[low], f"above the central value {row[central]}; allowed: low <= central <= high")
    if ends[1] is not None and ends[2] is not None and ends[1] > ends[2]:
        yield Problem(line, high, row[high], f"below the central value {row[central]}; allowed: low <= central <= high")


def _number(text: str) -> float | None:
    """Return a finite number as digits say it, None for any other text (1,5 and 1_5 and nan included)."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _between(text: str, least: float, most: float, unit: str, zero: bool = False) -> str | None:
    allowed = f"allowed: {'0, or ' if zero else ''}{least:g} to {most:g} {unit}"
    value = _number(text)
    if value is None:
        return f"not a number; {allowed}"
    if least <= value <= most or (zero and value == 0):
        return None
    for times, name in _SLIPS.items():
        for moved in (value / times, value * times):
            if least <= moved <= most:
                return f"out of range, {moved:g} would be in it: a slip by {name}? {allowed}"
    return f"out of range; {allowed}"


def _one_of(*values: str) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        return None if text in values else f"unknown; allowed: {', '.join(values)}"

    return rule


def _pue(text: str, row: Row) -> str | None:
    return _between(text, 1, 2, "(facility over IT energy)")


def _grid(most: float) -> Rule:
    def rule(text: str, row: Row) -> str | None:
        zero = row["accounting"] in _MARKET  # a contract may be for power without emissions
        return _between(text, _LEAST_G.get(row["boundary"], 1.0), most, "g CO2e/kWh", zero)

    return rule


def _year(text: str, row: Row) -> str | None:
    if re.fullmatch(r"\d{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR:
        return None
    return f"not a year; allowed: {FIRST_YEAR} to {LAST_YEAR}"


def _stated(text: str, row: Row) -> str | None:
    return "must be stated" if text.lower() in ("unknown", "n/a", "none", "null", "-", "?") else None


def _region(text: str, row: Row) -> str | None:
    known = [region for provider, region in _regions() if provider == row["provider"]]
    return None if text in known or not known else f"unknown region of {row['provider']}; {_nearest(text, known)}"


def _zone(text: str, row: Row) -> str | None:
    zones = [zone for scheme, zone in _zones() if scheme == row["zone_scheme"]]
    if text in zones or not zones:
        return None
    kind = "region (write PROVIDER:REGION)" if row["zone_scheme"] == _REGION_SCHEME else f"zone of {row['zone_scheme']}"
    return f"unknown {kind}: no region stands on it; {_nearest(text, zones)}"


def _country(text: str, row: Row) -> str | None:
    key = (row["zone_scheme"], row["zone"])
    countries = _zones().get(key)
    if countries is None or text in countries:
        return None
    return f"not the country of {':'.join(key)}; allowed: {', '.join(sorted(countries))}"


def _nearest(text: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    return f"nearest: {', '.join(near)}" if near else f"one of {len(known)}, e.g. {', '.join(sorted(known)[:3])}"


@cache
def _regions() -> Mapping[tuple[str, str], Row]:
    rows = csv.DictReader(io.StringIO(table_text("region.csv")))
    return {(row["provider"], row["region_id"]): row for row in rows}


@cache
def _zones() -> Mapping[tuple[str, str], set[str]]:
    """Every zone that a region stands on, and the countries of those regions."""
    found: dict[tuple[str, str], set[str]] = {}
    for (provider, region_id), row in _regions().items():
        for link in (*row["grid_chain"].split(">"), f"{_REGION_SCHEME}:{provider}:{region_id}"):
            scheme, _, zone = link.partition(":")
            found.setdefault((scheme, zone), set()).add(row["country_iso3"])
    return found


def _rules() -> Mapping[str, Mapping[str, Rule]]:
    origin: Mapping[str, Rule] = {
        "source": _stated,
        "source_release": _stated,
        "licence": _stated,
        "verification": _one_of(*_VERIFICATIONS),
    }
    return {
        "site_metric": {
            "provider": _one_of(*sorted({provider for provider, _ in _regions()})),
            "region_id": _region,
            "year": _year,
            "metric": _one_of("pue"),
            "low": _pue,
            "central": _pue,
            "high": _pue,
            "unit": _one_of("ratio"),
            "basis": _one_of("measured", "region"),
            **origin,
        },
        "grid_intensity": {
            "zone_scheme": _one_of(*sorted({scheme for scheme, _ in _zones()})),
            "zone": _zone,
            "country_iso3": _country,
            "covers": _one_of("country", "part"),
            "year": _year,
            "low_g_co2e_per_kwh": _grid(_MOST_G),
            "central_g_co2e_per_kwh": _grid(_MOST_G),
            "high_g_co2e_per_kwh": _grid(_MOST_HIGH_G),
            "boundary": _one_of("lifecycle", "direct"),
            "flow": _one_of("production", "consumption"),
            "accounting": _one_of(_LOCATION, *_MARKET),
            **origin,
        },
    }


_RULES = _rules()
