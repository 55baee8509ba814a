"""CodeCarbon's emissions files: every release, each file a unit.

Sources: the released packages from 1.0.0 to 3.3.2 and their documentation, https://mlco2.github.io/codecarbon/.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import partial
from pathlib import Path
from typing import ClassVar

from connectors.local import ListedFile, LocalSource, list_files, version_of
from connectors.trackers.clock import require_zone
from connectors.trackers.codecarbon_grade import find_steady_hosts
from connectors.trackers.codecarbon_rows import RawFile, read_rows, refuse
from connectors.trackers.codecarbon_run import Run, read_run
from connectors.trackers.hints import MappingLine, hints_of_mapping, hints_of_name, hints_of_path, read_mapping
from connectors.trackers.staging import stage_rows
from wattledger.contracts import LocalFile, ReadReport, Unit

# emissions.csv, emissions.csv.bak, emissions.csv_0.bak and the task files emissions_<experiment>_<run_id>.csv.
_NAMES = ("emissions*.csv*",)


@dataclass(frozen=True)
class CodeCarbon(LocalSource):
    """Emissions files of CodeCarbon. A unit is one file: CodeCarbon rewrites or appends to it as a whole.

    A folder gives the files below it whose names begin as CodeCarbon names them (or match ``include``); a
    location that is one file or a glob gives what it names. Rows are staged as written, cumulative ones and tasks
    included; `ledger.tracker_runs` reduces them to runs. Naive stamps are read in the zone that the project name,
    the path or the mapping file gives (`connectors.trackers.hints`), else in ``timezone``, else in UTC.
    """

    table: ClassVar[str] = "tracker_run"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List every emissions file, by path. A listing cannot tell what days a log covers, so all are listed.

        Raises ConfigError for a missing location, an unreadable mapping file or an unknown time zone.
        """
        self._zone()
        mapping = self._mapping_file()
        for file in list_files(self.settings.location, self._include(), self.settings.exclude):
            parts = [file, *mapping]
            yield Unit(
                source=self.name,
                scope=file.key,
                period="",
                version=version_of(parts),
                files=tuple(str(part.path) for part in parts),
                problem=file.problem,
            )

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the rows of the first of ``files``; a second one is the mapping file."""
        path = files[0].path
        mapping = read_mapping(files[1].path) if len(files) > 1 else ()
        raw = read_rows(path)
        runs = self._runs(path, raw, mapping)
        steady = find_steady_hosts(run.measured for run in runs)
        rows = (run.staged(steady.get(run.measured.host)) for run in runs)
        count = stage_rows(self.table, rows, staged, scratch)
        return ReadReport(count, tuple(self._notes(raw, runs)), raw.unknown_columns)

    def _runs(self, path: Path, raw: RawFile, mapping: Sequence[MappingLine]) -> list[Run]:
        zone = self._zone()
        key = self._key(path)
        runs = []
        for row in raw.rows:
            project_name = row.cells.get("project_name", "")
            place = (
                hints_of_name(project_name)
                .or_else(hints_of_path(key))
                .or_else(hints_of_mapping(mapping, key, project_name))
            )
            runs.append(read_run(row, place, zone, partial(refuse, path, row.line)))
        return runs

    def _zone(self) -> tuple[str, tzinfo]:
        name = self.settings.timezone or "UTC"
        return name, require_zone(name, f"source {self.name!r}, `timezone`")

    def _include(self) -> Sequence[str]:
        is_folder = Path(self.settings.location).expanduser().is_dir()
        return self.settings.include or (_NAMES if is_folder else ())

    def _mapping_file(self) -> list[ListedFile]:
        """List the mapping file, read once here so that a mistake in it shows before any log is read."""
        if self.settings.mapping is None:
            return []
        read_mapping(Path(self.settings.mapping))
        return list_files(self.settings.mapping)

    def _key(self, path: Path) -> str:
        """Return the path below the location: of a glob, below its last folder without a wildcard."""
        base = Path(self.settings.location).expanduser()
        while not base.is_dir():
            base = base.parent
        return path.relative_to(base).as_posix()

    def _notes(self, raw: RawFile, runs: Sequence[Run]) -> Iterator[str]:
        zones = {run.columns["timezone"] for run in runs}
        if self.settings.timezone is None and "UTC" in zones:
            yield (
                "CodeCarbon writes local time without a zone; it was read as UTC. "
                "Set `timezone` on the source if the machines kept another."
            )
        if raw.repeated_headers:
            yield f"{raw.repeated_headers} header lines among the rows were left out"
        flags = Counter(flag for run in runs for flag in run.flags)
        yield from (f"{flag}: {count} of {len(runs)} rows" for flag, count in sorted(flags.items()))
