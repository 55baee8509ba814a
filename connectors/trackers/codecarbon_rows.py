"""The text of a CodeCarbon emissions file becomes rows by column name, damaged ones repaired or refused.

Every release since 0.0.9 is read alike: each row by the names of the header above it, any subset, any order.
Known damage (the numbers are issues of mlco2/codecarbon):

- 3.2.9 and 3.3.0 append rows without a header and without the columns that are empty (1304): values *shift* to
  the left. Empties are put back among ``DROPPABLE`` until the row makes sense; only if there is exactly one
  such row is it taken.
- 1.x can lose the line break between rows (43): two rows become one of nearly twice the values.
- Files merged by hand carry header lines among the rows; the rows after one are read by it.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from wattledger.errors import BrokenInputError

KNOWN_COLUMNS = frozenset((
    "timestamp", "experiment_id", "project_name", "run_id", "task_name", "duration", "emissions", "emissions_rate",
    "cpu_power", "gpu_power", "ram_power", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed",
    "water_consumed", "country_name", "country_iso_code", "region", "cloud_provider", "cloud_region", "os",
    "python_version", "codecarbon_version", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "longitude",
    "latitude", "ram_total_size", "tracking_mode", "cpu_utilization_percent", "gpu_utilization_percent",
    "ram_utilization_percent", "ram_used_gb", "on_cloud", "pue", "wue",
))  # fmt: skip
# CodeCarbon drops these when nothing of a file fills them.
DROPPABLE = ("region", "cloud_provider", "cloud_region", "gpu_count", "gpu_model", "longitude", "latitude")
TRACKING_MODES = ("machine", "process")
_REQUIRED = ("timestamp", "duration", "energy_consumed")
_PROVIDERS = ("aws", "azure", "gcp", "ovh", "scaleway", "coreweave", "oci", "ibm", "alibaba")
_MAX_LINE_BYTES = 1 << 20  # the longest real row is under 2 kB

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NUMBER = r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
# What a cell looks like if it sits in its own column. A column that is not named here may hold anything.
_SHAPES = {
    "timestamp": _STAMP + r".*",
    "duration": _NUMBER,
    "energy_consumed": _NUMBER,
    "country_iso_code": r"(?:[A-Za-z]{3})?",
    "region": rf"(?!{_NUMBER}$).*",
    "cloud_provider": rf"(?:{'|'.join(_PROVIDERS)})?",
    "cloud_region": r"(?:[A-Za-z][A-Za-z0-9-]*)?",
    "os": r"(?:Linux|Windows|macOS|Darwin|FreeBSD|CYGWIN|MSYS|MINGW)\S*",
    "python_version": r"\d+\.\d+(?:\.\w+)*\+?",
    "codecarbon_version": r"\d+\.\d+\.\d+\S*",
    "cpu_count": r"\d+(?:\.0)?",
    "gpu_count": r"(?:\d+(?:\.0)?)?",
    "gpu_model": rf"(?!{_NUMBER}$).*",
    "longitude": rf"(?:{_NUMBER})?",
    "latitude": rf"(?:{_NUMBER})?",
    "ram_total_size": _NUMBER,
    "tracking_mode": "|".join(TRACKING_MODES),
    "cpu_utilization_percent": rf"(?:{_NUMBER})?",
    "gpu_utilization_percent": rf"(?:{_NUMBER})?",
    "ram_utilization_percent": rf"(?:{_NUMBER})?",
    "ram_used_gb": rf"(?:{_NUMBER})?",
    "on_cloud": "[YN]",
    "pue": rf"(?:{_NUMBER})?",
    "wue": rf"(?:{_NUMBER})?",
}
_PATTERNS = {name: re.compile(shape, re.ASCII) for name, shape in _SHAPES.items()}


@dataclass(frozen=True)
class RawRow:
    """One row as text: where it stood, its cells by column name, and what was repaired."""

    line: int
    cells: Mapping[str, str]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """The rows of a file, the columns nobody knows, and how many header lines stood among the rows."""

    rows: Sequence[RawRow]
    unknown_columns: tuple[str, ...] = ()
    repeated_headers: int = 0


@dataclass
class _Reading:
    """What is known so far of a file being read."""

    path: Path
    header: Sequence[str] = ()
    unknown: set[str] = field(default_factory=set)
    repeated_headers: int = 0


def refuse(path: Path, line: int, what: str) -> BrokenInputError:
    """Return the error that refuses a file for one of its lines."""
    return BrokenInputError(
        f"{path}, line {line}: {what}. Nothing of this file was loaded. "
        "Correct or delete that line and sync again, or leave the file out with `exclude`."
    )


def read_rows(path: Path) -> RawFile:
    """Read the rows of an emissions file or task file, top to bottom.

    A file of 0 bytes or of a header alone has no rows. Raises BrokenInputError, naming file and line, for bytes
    that are not CSV text, for a header without the columns that no release lacks, and for a row that cannot be
    repaired with certainty.
    """
    reading = _Reading(path)
    rows: list[RawRow] = []
    reader = csv.reader(_lines(path), strict=True)
    try:
        for values in reader:
            if values:
                rows.extend(_take(reading, reader.line_num, values))
    except csv.Error as error:
        raise refuse(path, reader.line_num, f"not readable as CSV ({error})") from None
    return RawFile(rows, tuple(sorted(reading.unknown)), reading.repeated_headers)


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, no line longer than a limit and no byte that text does not have."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(_MAX_LINE_BYTES):
            number += 1
            if len(line) == _MAX_LINE_BYTES:
                raise refuse(path, number, f"longer than {_MAX_LINE_BYTES} bytes, which no CodeCarbon row is")
            if b"\0" in line:
                raise refuse(path, number, "contains NUL bytes: the file is binary, or was cut short by a crash")
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise refuse(path, number, "is not UTF-8 text") from None


def _take(reading: _Reading, line: int, values: list[str]) -> Sequence[RawRow]:
    """Return the rows that one CSV record holds: none for a header, two or more where line breaks are lost."""
    names = [value.strip() for value in values]
    if all(name in names for name in _REQUIRED):
        reading.repeated_headers += bool(reading.header)
        reading.header = _checked_header(reading, line, names)
        return ()
    if not reading.header:
        raise refuse(reading.path, line, f"not the header of a CodeCarbon file (no column {_missing(names)})")
    header = reading.header
    if len(values) == len(header) and _stands_in_place(header, values):
        return (RawRow(line, dict(zip(header, values, strict=True))),)
    if len(values) > len(header):
        return [
            RawRow(line, dict(zip(header, row, strict=True)), ("split_row_repaired",))
            for row in _split(reading, line, values)
        ]
    repaired = _unshift(header, values)
    if repaired is None:
        raise refuse(
            reading.path,
            line,
            f"has {len(values)} values under {len(header)} columns, and it is not certain which are missing",
        )
    return (RawRow(line, repaired, ("shifted_row_repaired",)),)


def _missing(names: Sequence[str]) -> str:
    return next(repr(name) for name in _REQUIRED if name not in names)


def _checked_header(reading: _Reading, line: int, names: Sequence[str]) -> Sequence[str]:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise refuse(reading.path, line, f"the header names the column {twice!r} twice")
    if "run_id" not in names and "experiment_id" not in names:
        raise refuse(reading.path, line, "the header has neither 'run_id' nor, as in 1.x, 'experiment_id'")
    reading.unknown.update(name for name in names if name not in KNOWN_COLUMNS)
    return names


def _stands_in_place(header: Sequence[str], values: Sequence[str]) -> bool:
    """Whether the tracking mode is one: in a shifted row that was padded at its end it is not."""
    return "tracking_mode" not in header or values[header.index("tracking_mode")] in TRACKING_MODES


def _split(reading: _Reading, line: int, values: list[str]) -> Sequence[Sequence[str]]:
    """Split rows that lost the line break between them.

    The last cell of one row and the first of the next are then one cell: n rows of w values make n x w - (n - 1).
    The first column of these releases is a time stamp or a UUID, so the seam shows.
    """
    width = len(reading.header)
    seam = re.compile(rf"(.*?)({_STAMP if reading.header[0] == 'timestamp' else _UUID})", re.ASCII)
    rows, rest = [], values
    while len(rest) > width:
        match = seam.fullmatch(rest[width - 1])
        if match is None or not match[2]:
            raise refuse(reading.path, line, f"has {len(values)} values under {width} columns")
        rows.append([*rest[: width - 1], match[1]])
        rest = [match[2], *rest[width:]]
    if len(rest) < width:
        raise refuse(reading.path, line, f"has {len(values)} values under {width} columns, the last row is cut short")
    return [*rows, rest]


def _unshift(header: Sequence[str], values: Sequence[str]) -> Mapping[str, str] | None:
    """Return the row with its empty cells put back, None unless exactly one row makes sense.

    A row that somebody's program padded to full width is first stripped of the empties at its end.
    """
    if not {"python_version", "tracking_mode", "on_cloud"} <= set(header):
        return None
    given = list(values)
    if len(given) == len(header):
        while given and not given[-1]:
            given.pop()
    droppable = [name for name in DROPPABLE if name in header]
    found = set()
    for dropped in combinations(droppable, len(header) - len(given)):
        cells = iter(given)
        row = tuple("" if name in dropped else next(cells) for name in header)
        if _makes_sense(dict(zip(header, row, strict=True))):
            found.add(row)
    return dict(zip(header, found.pop(), strict=True)) if len(found) == 1 else None


def _makes_sense(row: Mapping[str, str]) -> bool:
    """Whether every cell looks like its column and the cells that go together do."""
    if any(not _PATTERNS[name].fullmatch(cell) for name, cell in row.items() if name in _PATTERNS):
        return False
    is_on_cloud = row["on_cloud"] == "Y"
    return (
        bool(row.get("cloud_provider")) == bool(row.get("cloud_region")) == is_on_cloud
        and bool(row.get("longitude")) == bool(row.get("latitude"))
        and not (row.get("gpu_model") and not row.get("gpu_count"))
    )
