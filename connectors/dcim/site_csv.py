"""What the two sources of own sites share: a CSV by column names, its times, and the file that places the sites.

The file given as ``mapping`` is a CSV with the column ``site`` and one or both of ``region`` (``provider:region_id``,
the region whose PUE the site's meters measure) and ``grid_zone`` (``scheme:zone``, the grid that feeds the site). One
file serves both kinds of source.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from connectors.checked import Budget, check
from connectors.local import ListedFile, LocalSource, list_files, version_of
from connectors.tabular import reader
from connectors.trackers.clock import require_zone, to_utc
from wattledger.contracts import LocalFile, Unit
from wattledger.errors import BrokenInputError, ConfigError

OWN = "own"
"""The provider of what no cloud runs."""

_SUFFIXES = (".csv", ".csv.gz")
_YEARS = range(1990, 2200)
_PAIR = re.compile(r"[a-z0-9_-]+:\S.*", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where a site is: the region whose PUE it measures, and the grid that feeds it; None where not said."""

    region: str | None = None
    grid_zone: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of a CSV: its cells by column name, and how to refuse the file for it."""

    line: int
    cells: Mapping[str, str]
    refuse: Callable[[str], BrokenInputError]

    def text(self, column: str) -> str:
        """Return the cell, empty where the column is not there."""
        return self.cells.get(column, "")

    def required(self, column: str) -> str:
        """Return the cell. Raises BrokenInputError where it is empty."""
        value = self.text(column)
        if not value:
            raise self.refuse(f"{column} is empty")
        return value

    def number(self, column: str) -> float | None:
        """Return the cell as a finite number, None where it is empty. Raises BrokenInputError for anything else."""
        value = self.text(column)
        if not value:
            return None
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if not abs(found) < 1e15:  # NaN is not below it either
            raise self.refuse(f"{column} holds {value[:40]!r} where a number below 1e15 belongs")
        return found

    def time(self, column: str, zone: tzinfo | None) -> datetime:
        """Return the cell in UTC; a time without an offset is read in ``zone``. Raises BrokenInputError."""
        value = self.required(column)
        try:
            stamp = datetime.fromisoformat(value)
        except ValueError:
            raise self.refuse(f"{column} holds {value[:40]!r} where a time like 2025-06-01T00:00Z belongs") from None
        if stamp.year not in _YEARS:
            raise self.refuse(f"{column} holds {value[:40]!r}, which is not from 1990 to 2199")
        if stamp.tzinfo is None and zone is None:
            raise self.refuse(f"{column} {value!r} has no offset: set `timezone` on the source, or write 00:00Z")
        return to_utc(stamp, zone or UTC)[0]


@dataclass(frozen=True)
class SiteSource(LocalSource):
    """A source of CSV files about own sites. A unit is one file, together with the file that places the sites."""

    def units(self, since: date | None) -> Iterator[Unit]:
        """List every file, by path. A listing cannot tell what days a file covers, so all are listed.

        Raises ConfigError for a missing location, a mapping file that cannot be read or an unknown time zone.
        """
        self.zone()
        mapping = self._mapping_file()
        for file in list_files(self.settings.location, self.settings.include, self.settings.exclude, _SUFFIXES):
            if mapping and file.path.resolve() == mapping[0].path.resolve():
                continue
            parts = [file, *mapping]
            yield Unit(
                source=self.name,
                scope=file.key,
                period="",
                version=version_of(parts),
                files=tuple(str(part.path) for part in parts),
                problem=file.problem,
            )

    def zone(self) -> tzinfo | None:
        """Return the zone of times without an offset, None where the source has none."""
        name = self.settings.timezone
        return None if name is None else require_zone(name, f"source {self.name!r}, `timezone`")

    def _mapping_file(self) -> list[ListedFile]:
        """List the mapping file, read once here so that a mistake in it shows before any row is read."""
        if self.settings.mapping is None:
            return []
        read_places(Path(self.settings.mapping))
        return list_files(self.settings.mapping)


@dataclass(frozen=True)
class Table:
    """The rows of one file, and its columns that nobody knows."""

    rows: Sequence[Row]
    columns: Sequence[str]
    unknown: tuple[str, ...] = ()


def read_table(file: LocalFile, required: Sequence[str], known: Callable[[str], bool], scratch: Path) -> Table:
    """Return the rows of a CSV or gzipped CSV; none for a file without content.

    Raises BrokenInputError, naming file and line, for bytes that are no such CSV or lack a required column.
    """
    with reader(scratch) as connection:
        checked = check(connection, file, scratch, Budget())
    if not checked:
        return Table((), ())
    if len(checked) > 1 or not checked[0].is_text:
        raise BrokenInputError(f"{file.path}: is not one csv. Nothing of this file was loaded. Save it as csv.")
    try:
        with checked[0].path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream, strict=True)
            columns = [name.strip() for name in next(lines)]
            _check_columns(file.path, columns, required)
            rows = [_row(file.path, columns, lines.line_num, values) for values in lines if values]
    except csv.Error as error:
        raise BrokenInputError(f"{file.path}: is no whole csv ({error}). Nothing of this file was loaded.") from None
    return Table(rows, columns, tuple(name for name in columns if not known(name)))


def read_places(path: Path) -> dict[str, Place]:
    """Read the file that places the sites. ConfigError names the file, the line and what to change."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader_ = csv.DictReader(stream, strict=True)
            unknown = set(reader_.fieldnames or ()) - {"site", "region", "grid_zone"}
            if unknown or "site" not in (reader_.fieldnames or ()):
                raise ConfigError(
                    f"{path}: the mapping file takes the columns site, region and grid_zone; it has "
                    f"{', '.join(reader_.fieldnames or ()) or 'none'}."
                )
            places: dict[str, Place] = {}
            for row in reader_:
                site, place = _place(f"{path}, line {reader_.line_num}", row)
                if site in places:
                    raise ConfigError(f"{path}, line {reader_.line_num}: site {site!r} stands twice. Keep one line.")
                places[site] = place
            return places
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: the mapping file cannot be read: {error}. Correct `mapping` or the file.") from None


def _place(where: str, row: Mapping[str | None, str | None]) -> tuple[str, Place]:
    if None in row or None in row.values():
        raise ConfigError(f"{where}: the line has more or fewer values than the header. Correct the mapping file.")
    cells = {str(name): str(value).strip() for name, value in row.items()}
    if not cells["site"]:
        raise ConfigError(f"{where}: the site is empty. Name it as the rows of the source do.")
    for column, example in (("region", "aws:eu-central-1"), ("grid_zone", "iso3:DEU")):
        if cells.get(column) and not _PAIR.fullmatch(cells[column]):
            raise ConfigError(f"{where}: {column} {cells[column]!r} should be like {example}.")
    return cells["site"], Place(cells.get("region") or None, cells.get("grid_zone") or None)


def _check_columns(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if missing or twice:
        what = f"has no column {', '.join(missing)}" if missing else f"has {', '.join(twice)} twice"
        raise BrokenInputError(f"{path}: {what}. Nothing of this file was loaded. Correct its header.")


def _row(path: Path, columns: Sequence[str], line: int, values: Sequence[str]) -> Row:
    def refuse(what: str) -> BrokenInputError:
        return BrokenInputError(
            f"{path}, line {line}: {what}. Nothing of this file was loaded. Correct or delete that line and sync again."
        )

    if len(values) != len(columns):
        raise refuse(f"{len(values)} fields where the header has {len(columns)}")
    return Row(line, {name: value.strip() for name, value in zip(columns, values, strict=True)}, refuse)
