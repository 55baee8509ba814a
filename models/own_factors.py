"""A user's own factors: one CSV read and every problem of it found, before any row is stored.

Columns are those of the shipped table of the same kind. A measured PUE or WUE is a row of `site_metric`; a grid
intensity, by location or by contract, one of `grid_intensity`; both hold for their region or zone in their year and
nowhere else. A price of `electricity_price` holds for its place in its year or month. A row of `coefficient` or
`instance` takes the place of the shipped one of its key or type, or adds one.
A row of `peer_instance` is what another tool's table says of a machine type, for the lane of that tool; no table of the
kind is shipped, and it is kept as coefficients, one for each of its two figures.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.factor_set import table_text
from models.own_rules import LOCATION, MAY_BE_BLANK, RULES, Row, number, spelled
from wattledger.errors import ConfigError
from wattledger.tables import Table

if TYPE_CHECKING:
    import _csv

# The column that tells the tables apart.
_MARKS = {
    "peer_instance": "it_energy_kwh_per_h",
    "electricity_price": "price_per_kwh",
    "site_metric": "metric",
    "grid_intensity": "zone_scheme",
    "instance": "instance_type",
    "coefficient": "distribution",
}
_PEER_INSTANCE = (
    "provider", "instance_type", "it_energy_kwh_per_h", "embodied_kg_per_h",
    "year", "source", "source_release", "licence", "verification", "note",
)  # fmt: skip
# Figure of a peer's machine type -> start of its coefficient's key, and its unit.
_PEER_FIGURES = {
    "it_energy_kwh_per_h": ("peer_instance.it_energy", "kWh/h"),
    "embodied_kg_per_h": ("peer_instance.embodied", "kgCO2e/h"),
}
# Low, central and high of each table that has them.
VALUES = {
    "site_metric": ("low", "central", "high"),
    "grid_intensity": ("low_g_co2e_per_kwh", "central_g_co2e_per_kwh", "high_g_co2e_per_kwh"),
    "coefficient": ("low", "central", "high"),
}
# What a machine type is made of.
PARTS = (
    "vcpu", "vcpu_is", "microarch", "memory_gib", "host_vcpu", "host_memory_gib", "host_sockets",
    "accelerator", "accelerator_count", "local_ssd_gb",
)  # fmt: skip
_OPTIONAL = ("note",)


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
    if table == "peer_instance":
        return list(_PEER_INSTANCE)
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
        same = spelled(row["instance_type"]) + row["provider"] if table == "instance" else row["factor_id"]
        earlier = first_line.setdefault(same, line)
        if earlier != line and not found:
            found = [Problem(line, "factor_id", row["factor_id"], f"the key of line {earlier} again: one row for each")]
        rows.append(row)
        problems += found
    sha256 = hashlib.sha256(data).hexdigest()
    if table == "peer_instance":
        return OwnFactors(path.name, sha256, "coefficient", [*_peer_figures(rows)], problems)
    return OwnFactors(path.name, sha256, table, rows, problems)


def _peer_figures(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of `coefficient` that hold what a peer's table says; a figure that it lacks has none."""
    for row in rows:
        for column, (start, unit) in _PEER_FIGURES.items():
            value = row[column]
            if not value:
                continue
            made = {name: row.get(name, "") for name in columns_of("coefficient")}
            made |= {
                "key": f"{start}.{row['provider']}:{row['instance_type']}", "unit": unit,
                "scope": "an hour of the type, as another tool's table says",
                "low": value, "central": value, "high": value, "distribution": "none",
            }  # fmt: skip
            yield {**made, "factor_id": factor_id("coefficient", made)}


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
    match table:
        case "site_metric":
            return f"{row['metric']}/{row['provider']}:{row['region_id']}/{row['year']}"
        case "coefficient":
            return f"coefficient/{row['key']}"
        case "electricity_price":
            return f"electricity_price/{row['zone_scheme']}:{row['zone']}/{row['period']}"
        case "instance" | "peer_instance":
            return f"{table}/{row['provider']}:{row['instance_type']}"
    key = f"grid/{row['zone_scheme']}:{row['zone']}/{row['year']}/{row['boundary']}"
    return key if row["accounting"] == LOCATION else f"{key}/{row['accounting']}"


def _check(line: int, table: str, row: Row) -> Iterator[Problem]:
    for column, rule in RULES[table].items():
        value = row[column]
        blank = not value and column not in MAY_BE_BLANK
        allowed = "blank: must be stated" if blank else rule(value, row)
        if allowed:
            yield Problem(line, column, value, allowed)
    if table not in VALUES:
        return
    low, central, high = VALUES[table]
    ends = [number(row[column]) for column in (low, central, high)]
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        yield Problem(line, low, row[low], f"above the central value {row[central]}; allowed: low <= central <= high")
    if ends[1] is not None and ends[2] is not None and ends[1] > ends[2]:
        yield Problem(line, high, row[high], f"below the central value {row[central]}; allowed: low <= central <= high")
