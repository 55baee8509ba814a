"""The sync driver: lists, fetches, has a child read, loads. It serves any source and owns every transaction."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from warehouse.database import utc_now
from warehouse.intake import Intake
from warehouse.load import MOVES_OTHERS, Delivery, FillRates, Loaded, Surroundings, load, write_files
from warehouse.ownership import is_still_shadowed
from warehouse.reading import ReadingChild
from warehouse.transaction import transaction
from wattledger import __version__
from wattledger.contracts import LocalFile, Source, Unit
from wattledger.errors import BrokenInputError, Exit, LockedError, UnsettledInputError, WarehouseError, WattledgerError
from wattledger.faults import point
from wattledger.tables import Table

Say = Callable[[str], None]


@dataclass
class SyncReport:
    """What a sync did, unit by unit, and the exit code that follows."""

    listed: int = 0
    loaded: int = 0
    unchanged: int = 0
    shadowed: int = 0
    refused: int = 0
    missing: int = 0
    failed_sources: int = 0
    rows: list[tuple[str, str, str, str, int, str | None]] = field(default_factory=list)
    has_current: bool = False

    @property
    def exit_code(self) -> Exit:
        """0 when all is well, 3 when something was refused or missing, 1 when nothing is current."""
        if not (self.refused or self.missing or self.failed_sources):
            return Exit.OK
        return Exit.PARTIAL if self.has_current else Exit.FAILURE

    def table(self) -> Table:
        """Return one row per unit that is not simply unchanged."""
        notes = [
            f"{self.listed} units listed: {self.loaded} loaded, {self.unchanged} unchanged, "
            f"{self.shadowed} shadowed, {self.refused} refused, {self.missing} missing at their source."
        ]
        columns = ("source", "scope", "period", "outcome", "rows", "reason")
        return Table("sync", "Sync", columns, self.rows, notes)


@dataclass(frozen=True)
class _Known:
    """What the manifest says about a unit."""

    kind: str
    version: str
    digest: str | None
    status: str
    refused_version: str | None
    refused_reason: str | None
    program_version: str

    @property
    def is_loaded(self) -> bool:
        """Whether its rows are in force, even when the source has lost it since."""
        return self.status in ("loaded", "delivered_empty", "source_missing")


@dataclass(frozen=True)
class Sync:
    """One sync of a warehouse: where bytes may lie meanwhile, how rates are filled, and who is told.

    ``order`` is the configured order of all sources, which decides who owns a bill; a run may take fewer of them.
    ``full`` reads every unit again.
    """

    connection: duckdb.DuckDBPyConnection
    spool: Path
    staging: Path
    fill_rates: FillRates
    say: Say
    full: bool = False
    order: Sequence[str] = ()
    intakes: Mapping[str, Intake] = field(default_factory=dict)  # by source

    def run(self, sources: Sequence[Source], since: Mapping[str, date | None] | None = None) -> SyncReport:
        """Bring every source's units up to date, each since its own day; one unit's trouble stops no other."""
        report = SyncReport()
        run_id = uuid.uuid4().hex
        order = list(self.order) or [source.name for source in sources]
        with _run_record(self.connection, run_id, report), _clean_folder(self.staging, run_id) as folder:
            for source in sorted(sources, key=lambda source: source.table not in MOVES_OTHERS):  # bills rest on these
                earlier = order[: order.index(source.name)]
                try:
                    with ReadingChild(source) as child:
                        _SourceSync(self, source, earlier, child, run_id, folder, report).run(
                            (since or {}).get(source.name)
                        )
                except WattledgerError as error:
                    if isinstance(error, WarehouseError | LockedError):
                        raise
                    report.failed_sources += 1
                    report.rows.append((source.name, "", "", "failed", 0, str(error)))
                    _record_refusal(self.connection, run_id, (source.name, "", ""), str(error))
                    self.say(f"Error: {source.name}: {error}")
            current = "select count(*) from core.unit where status in ('loaded', 'delivered_empty', 'source_missing')"
            report.has_current = bool(self.connection.execute(current).fetchall()[0][0])
        return report


@dataclass(frozen=True)
class _SourceSync:
    """One source's turn in a sync."""

    sync: Sync
    source: Source
    earlier: Sequence[str]
    child: ReadingChild
    run_id: str
    folder: Path
    report: SyncReport
    fitting: list[AbstractSet[str]] = field(default_factory=list)  # of each unit that was read

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return self.sync.connection

    def run(self, since: date | None) -> None:
        units = [self._marked(unit) for unit in self.source.units(since)]
        point("listed")
        self.report.listed += len(units)
        known = _known_units(self._connection, self.source.name)
        listed = [unit.unit_id for unit in units] if since is None else None
        contested = []
        for unit in units:
            before = known.get(unit.unit_id)
            if not self.sync.full and self._is_settled(unit, before):
                continue
            try:
                self._take(unit, before, listed)
            except UnsettledInputError:
                contested.append(unit)
            except BrokenInputError as error:
                self._refuse(unit, error)
        for unit in contested:  # what stood in the way may be gone now
            try:
                self._take(unit, known.get(unit.unit_id), listed)
            except BrokenInputError as error:
                self._refuse(unit, error)
        self._say_idle_globs(len(units))
        if since is None:
            self._mark_missing(units)

    def _say_idle_globs(self, listed: int) -> None:
        """Tell the globs over lines that fit none, where every unit was read: a misspelt one would go unseen."""
        idle = [glob for glob in self._intake.selection.all_globs if not any(glob in found for found in self.fitting)]
        if idle and listed and len(self.fitting) == listed:
            self.sync.say(f"{self.source.name}: no line fits {', '.join(idle)} of include and exclude")

    @property
    def _intake(self) -> Intake:
        return self.sync.intakes.get(self.source.name, Intake())

    def _marked(self, unit: Unit) -> Unit:
        """The unit with a version that is another for another selection of lines."""
        mark = self._intake.mark
        return replace(unit, version=f"{unit.version} {mark}") if mark else unit

    def _is_settled(self, unit: Unit, known: _Known | None) -> bool:
        """Whether the listing alone says that there is nothing to do; counts it, too."""
        if known is None or unit.problem or known.kind != self.source.kind:
            return False
        if known.refused_version == unit.version and known.program_version == __version__:
            self.report.refused += 1
            self._tell(unit, "refused", 0, known.refused_reason)
            self.sync.say(f"Error: {known.refused_reason}")
            return True
        if known.version != unit.version or known.refused_reason or known.status == "source_missing":
            return False
        if known.status == "shadowed":
            if not is_still_shadowed(self._connection, unit, self.source.table, self.earlier):
                return False
            self.report.shadowed += 1
        else:
            self.report.unchanged += 1
        return True

    def _take(self, unit: Unit, known: _Known | None, listed: Sequence[int] | None) -> None:
        """Fetch, read and load one unit; a rewrite of the same bytes only notes the new mark.

        ``listed`` are all units that the source has, None where only the newer ones were listed.
        """
        if unit.problem:
            raise BrokenInputError(unit.problem)
        files = self.source.fetch(unit, self.sync.spool)
        point("fetched")
        content = [*(file.sha256 for file in files), self._intake.mark]
        digest = hashlib.sha256("\n".join(part for part in content if part).encode()).hexdigest()
        is_known = known is not None and known.is_loaded and (known.kind, known.digest) == (self.source.kind, digest)
        if is_known and not self.sync.full:
            self._note_same_bytes(unit, files)
            return
        staged = self.folder / f"{unit.unit_id}.parquet"
        scratch = self.folder / f"{unit.unit_id}.scratch"
        scratch.mkdir()
        try:
            reading = self.child.read(unit.label, files, staged, scratch)
            point("read")
            _refuse_changed(unit, files)
            moved_from = self._moved_from(digest, listed)
            delivery = Delivery(unit, self.source.kind, self.source.table, files, digest, staged, reading, moved_from)
            around = Surroundings(self.sync.fill_rates, self.earlier, self.run_id, utc_now(), self._intake)
            loaded = load(self._connection, delivery, around)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            staged.unlink(missing_ok=True)
        self.fitting.append(loaded.fitting)
        self._count(delivery, loaded)

    def _moved_from(self, digest: str, listed: Sequence[int] | None) -> int | None:
        """The unit of this source that holds these bytes and is there no more: its file was renamed."""
        rows = self._connection.execute(
            "select unit_id, scope from core.unit where source = ? and digest = ? and row_count > 0 "
            "and status in ('loaded', 'source_missing') and unit_id not in (select unnest(?::bigint[])) "
            "order by unit_id limit 1",
            [self.source.name, digest, listed],
        ).fetchall()
        if listed is None or not rows:
            return None
        self.sync.say(f"{self.source.name}: {rows[0][1]} was renamed")
        return int(rows[0][0])

    def _note_same_bytes(self, unit: Unit, files: Sequence[LocalFile]) -> None:
        with transaction(self._connection):
            self._connection.execute(
                "update core.unit set version = ?, status = if(row_count > 0, 'loaded', 'delivered_empty'), "
                "reason = null, refused_version = null, refused_reason = null where unit_id = ?",
                [unit.version, unit.unit_id],
            )
            write_files(self._connection, unit, files)
        self.report.unchanged += 1

    def _count(self, delivery: Delivery, loaded: Loaded) -> None:
        if loaded.status == "shadowed":
            self.report.shadowed += 1
        else:
            self.report.loaded += 1
        self._tell(delivery.unit, loaded.status, loaded.rows, loaded.reason)
        say = self.sync.say
        say(f"{delivery.unit.label}: {loaded.status}, {loaded.rows} rows")
        for note in (*delivery.report.notes, *loaded.notes):
            say(f"  {note}")
        if delivery.report.unknown_columns:
            say(f"  columns not known and not loaded: {', '.join(delivery.report.unknown_columns)}")
        for displaced in loaded.displaced:
            say(f"  {displaced} is shadowed from now on: one bill, one source")

    def _refuse(self, unit: Unit, error: BrokenInputError) -> None:
        """Write the refusal down; what was loaded of the unit before stays in force."""
        message = str(error)
        self.report.refused += 1
        self._tell(unit, "refused", 0, message)
        self.sync.say(f"Error: {message}")
        is_settled = not (unit.problem or isinstance(error, UnsettledInputError))
        with transaction(self._connection):
            _record_refusal(self._connection, self.run_id, (unit.source, unit.scope, unit.period), message)
            self._connection.execute(
                "insert into core.unit by name select ? as unit_id, ? as source, ? as kind, ? as table_name, "
                "? as scope, ? as period, '' as version, 0 as generation, 'refused' as status, 0 as row_count, "
                "0 as size_bytes, []::varchar[] as notes, []::varchar[] as unknown_columns, ? as run_id "
                "on conflict do nothing",
                [unit.unit_id, unit.source, self.source.kind, self.source.table, unit.scope, unit.period, self.run_id],
            )
            self._connection.execute(
                "update core.unit set refused_version = ?, refused_reason = ?, run_id = ? where unit_id = ?",
                [unit.version if is_settled else None, message, self.run_id, unit.unit_id],
            )

    def _mark_missing(self, units: Sequence[Unit]) -> None:
        """A unit that is gone from its source is marked and kept: a listing is no order to delete.

        One that was never loaded has nothing to keep and is forgotten.
        """
        listed = [unit.unit_id for unit in units]
        self._connection.execute(
            "delete from core.unit where source = ? and status = 'refused' "
            "and unit_id not in (select unnest(?::bigint[]))",
            [self.source.name, listed],
        )
        gone = self._connection.execute(
            "select unit_id, scope, period, row_count from core.unit where source = ? "
            "and status in ('loaded', 'delivered_empty', 'source_missing') "
            "and unit_id not in (select unnest(?::bigint[])) order by scope",
            [self.source.name, listed],
        ).fetchall()
        for unit_id, scope, period, rows in gone:
            reason = f"{scope} is no longer at its source; its rows are kept. Was it moved, or is a permission gone?"
            self._connection.execute(
                "update core.unit set status = 'source_missing', reason = ? where unit_id = ?", [reason, unit_id]
            )
            self.report.missing += 1
            self.report.rows.append((self.source.name, scope, period, "source_missing", rows, reason))
            self.sync.say(f"Error: {self.source.name}: {reason}")

    def _tell(self, unit: Unit, outcome: str, rows: int, reason: str | None) -> None:
        self.report.rows.append((unit.source, unit.scope, unit.period, outcome, rows, reason))


def _known_units(connection: duckdb.DuckDBPyConnection, source: str) -> dict[int, _Known]:
    rows = connection.execute(
        "select u.unit_id, u.kind, u.version, u.digest, u.status, u.refused_version, u.refused_reason, "
        "r.program_version from core.unit as u inner join core.run as r on r.run_id = u.run_id where u.source = ?",
        [source],
    ).fetchall()
    return {row[0]: _Known(*row[1:]) for row in rows}


def _refuse_changed(unit: Unit, files: Sequence[LocalFile]) -> None:
    for file in files:
        if not file.path.exists() or file.path.stat().st_size != file.size_bytes:
            raise UnsettledInputError(
                f"{unit.label}: {file.path} changed while it was read. Nothing of this unit was loaded. "
                "Run `sync` again when the delivery is complete."
            )


def _record_refusal(
    connection: duckdb.DuckDBPyConnection, run_id: str, where: tuple[str, str, str], message: str
) -> None:
    """``where`` is source, scope and period."""
    connection.execute("insert into core.refusal values (?, ?, ?, ?, ?, ?)", [run_id, *where, message, utc_now()])


@contextmanager
def _run_record(connection: duckdb.DuckDBPyConnection, run_id: str, report: SyncReport) -> Iterator[None]:
    """Record the run when it starts and again when it ends; one that was killed stays without an end."""
    connection.execute(
        "insert into core.run by name select ? as run_id, 'sync' as command, ? as program_version, ? as pid, "
        "? as started_at",
        [run_id, __version__, os.getpid(), utc_now()],
    )
    yield
    connection.execute(
        "update core.run set finished_at = ?, exit_code = ?, units_listed = ?, units_loaded = ?, "
        "units_unchanged = ?, units_shadowed = ?, units_refused = ? where run_id = ?",
        [
            utc_now(), int(report.exit_code), report.listed, report.loaded,
            report.unchanged, report.shadowed, report.refused, run_id,
        ],
    )  # fmt: skip


@contextmanager
def _clean_folder(parent: Path, run_id: str) -> Iterator[Path]:
    """A folder for this run's staged files; what a killed run left beside it goes first.

    Its name is the run's, so that a reader that outlived a killed run cannot write into it.
    """
    shutil.rmtree(parent, ignore_errors=True)
    folder = parent / run_id
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(parent, ignore_errors=True)
