"""The only composition root: every command calls one function here, and here the rooms are joined."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import duckdb

from connectors.registry import source_for
from models import factor_set, rates
from reconcile import explain as explanations
from reconcile import report as reports
from reconcile.provider import reconcile_provider
from reconcile.runs import reconcile_runs
from warehouse.audits import audit_all
from warehouse.database import first_line, open_for_reading, open_for_writing, utc_now, writer_lock
from warehouse.load import carry_history
from warehouse.snapshot import publish as publish_snapshot
from warehouse.sync import Say, Sync
from wattledger.config import Config, load_config
from wattledger.contracts import Source
from wattledger.errors import ConfigError, Exit, LockedError, WarehouseError, WattledgerError, worst
from wattledger.tables import Table


@dataclass(frozen=True)
class DemoResult:
    """What the demo showed."""

    folder: Path
    tables: Sequence[Table]
    exit_code: Exit


def _quiet(_: str) -> None:
    """Say nothing."""


@contextmanager
def _writer(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_for_writing(config.warehouse_path, config.memory_limit, config.threads) as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', ?) on conflict do nothing", [config.model])
        yield connection


@contextmanager
def _reader(config: Config, say: Say = _quiet, locked_down: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read the warehouse; while a writer holds it, the last snapshot, and say so."""
    try:
        with open_for_reading(config.warehouse_path, locked_down) as connection:
            yield connection
    except LockedError as error:
        if not config.snapshot_path.exists():
            raise
        made = datetime.fromtimestamp(config.snapshot_path.stat().st_mtime).astimezone()
        say(f"{error} Reading the snapshot of {made:%Y-%m-%d %H:%M} instead.")
        with open_for_reading(config.snapshot_path, locked_down) as connection:
            yield connection


def _sources(config: Config, names: Sequence[str] = ()) -> list[Source]:
    known = [source.name for source in config.sources]
    for name in names:
        if name not in known:
            raise ConfigError(f"There is no source named {name!r}. Configured: {', '.join(known) or 'none'}.")
    if not known:
        raise ConfigError("No source is configured. Add a [[source]] to wattledger.toml; `wattledger init` writes one.")
    return [source_for(source) for source in config.sources if not names or source.name in names]


def init(config: Config) -> Table:
    """Create or migrate the warehouse and install the factor set."""
    with _writer(config) as connection:
        chosen = _setting(connection, "factor_set")
        rows = [("warehouse", str(config.warehouse_path)), ("factor_set", chosen), ("model", config.model)]
    return Table("init", "Ready", ("what", "value"), rows)


def _setting(connection: duckdb.DuckDBPyConnection, key: str) -> str:
    rows = connection.execute("select value from core.setting where key = ?", [key]).fetchall()
    return str(rows[0][0]) if rows else ""


def sync(config: Config, names: Sequence[str] = (), full: bool = False, say: Say = _quiet) -> tuple[Table, Exit]:
    """Bring the configured sources up to date."""
    sources = _sources(config, names)
    since = {source.name: source.since for source in config.sources}
    with _writer(config) as connection:
        driver = Sync(connection, config.spool_path, _staging(config), rates.fill_missing, say, full)
        report = driver.run(sources, since)
    return report.table(), report.exit_code


def _staging(config: Config) -> Path:
    return config.warehouse_path.with_name(f"{config.warehouse_path.name}.staging")


def estimate(config: Config) -> tuple[Table, Exit]:
    """Make the rate card again from the factor set and the rules in force."""
    with _writer(config) as connection:
        rates.rebuild(connection)
        rows = connection.execute(
            "select disposition, count(*), count(distinct sku_id) from core.rate group by 1 order by 1"
        ).fetchall()
        note = f"model {_setting(connection, 'model')}, factor set {_setting(connection, 'factor_set')}"
    return Table("estimate", "Rate card", ("disposition", "rates", "skus"), rows, [note]), Exit.OK


def reconcile(config: Config) -> tuple[list[Table], Exit]:
    """Hold model, provider and trackers against each other."""
    with _writer(config) as connection:
        _reconcile(connection)
        tables = [table for table in reports.sections(connection, None, None) if table.name in _RECONCILED]
    return tables, Exit.OK


_RECONCILED = ("summary", "provider", "runs")


def _reconcile(connection: duckdb.DuckDBPyConnection) -> None:
    connection.begin()
    try:
        reconcile_provider(connection)
        reconcile_runs(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def report(
    config: Config,
    since: date | None = None,
    until: date | None = None,
    group_by: Sequence[str] = (),
    section: str | None = None,
    say: Say = _quiet,
) -> list[Table]:
    """Return the report's sections, or the one asked for."""
    with _reader(config, say) as connection:
        tables = reports.sections(connection, since, until, group_by)
    if section is None:
        return tables
    found = [table for table in tables if table.name == section]
    if not found:
        raise ConfigError(f"The report has no section {section!r}. It has: {', '.join(t.name for t in tables)}.")
    return found


def explain(
    config: Config,
    line: int | None = None,
    service: str | None = None,
    month: date | None = None,
    run: str | None = None,
    say: Say = _quiet,
) -> list[Table]:
    """Show how a number came to be, so that it can be worked out by hand."""
    with _reader(config, say) as connection:
        return explanations.explain(connection, line=line, service=service, month=month, run=run)


def sql(config: Config, query: str, say: Say = _quiet) -> Table:
    """Run a query that can read the warehouse and nothing else."""
    with _reader(config, say, locked_down=True) as connection:
        try:
            result = connection.execute(query)
            columns = [column[0] for column in result.description or ()]
            return Table("sql", "", columns, result.fetchall())
        except duckdb.Error as error:
            raise ConfigError(f"The query was refused: {first_line(error)}") from error


def factors_list(config: Config, say: Say = _quiet) -> Table:
    """Return the factor set in force, file by file."""
    with _reader(config, say) as connection:
        return factor_set.factor_list(connection)


def factors_show(config: Config, key: str, say: Say = _quiet) -> Table:
    """Return the factor rows whose id starts with ``key``, with source and licence."""
    with _reader(config, say) as connection:
        return factor_set.factor_show(connection, key)


def audit(config: Config, say: Say = _quiet) -> tuple[Table, Exit]:
    """Check every promise that can be checked on the data; 4 when one is broken."""
    with _reader(config, say) as connection:
        table, held = audit_all(connection)
    return table, Exit.OK if held else Exit.GATE


def publish(config: Config, output: Path | None = None) -> Table:
    """Write the snapshot that analysts read."""
    target = output or config.snapshot_path
    with _writer(config) as connection:
        size = publish_snapshot(connection, target)
    return Table("publish", "Published", ("snapshot", "size_mb"), [(str(target), size / 1e6)])


def rebuild(config: Config, say: Say = _quiet) -> tuple[Table, Exit]:
    """Make the warehouse again from the sources; the old file stays in force until the new one is whole."""
    path = config.warehouse_path
    fresh = path.with_name(f"{path.name}.rebuild")
    with writer_lock(path):
        for leftover in (fresh, Path(f"{fresh}.wal")):
            leftover.unlink(missing_ok=True)
        table, code = sync(replace(config, warehouse_path=fresh), say=say)
        if code is Exit.FAILURE:
            raise WarehouseError(f"Nothing could be read, so {path} stays as it was. See the messages above.")
        if path.exists():
            with open_for_writing(fresh) as connection:
                carry_history(connection, path)
        fresh.replace(path)
        Path(f"{path}.wal").unlink(missing_ok=True)
    return table, code


def nightly(config: Config, say: Say = _quiet) -> tuple[list[Table], Exit]:
    """Sync, estimate, audit, reconcile, publish: the one line for a scheduler."""
    sources = _sources(config)
    since = {source.name: source.since for source in config.sources}
    with _writer(config) as connection:
        driver = Sync(connection, config.spool_path, _staging(config), rates.fill_missing, say)
        synced = driver.run(sources, since)
        tables, codes = [synced.table()], [synced.exit_code]
        if synced.loaded or not _is_published(connection, config):
            rates.rebuild(connection)
            _reconcile(connection)
            audits, held = audit_all(connection)
            if not held:
                tables.append(audits)
                codes.append(Exit.GATE)
            else:
                publish_snapshot(connection, config.snapshot_path)
                say(f"published {config.snapshot_path}")
        else:
            say("nothing changed since the last snapshot")
        tables += [table for table in reports.sections(connection, None, None) if table.name in _RECONCILED]
    return tables, worst(codes)


def _is_published(connection: duckdb.DuckDBPyConnection, config: Config) -> bool:
    """Whether the snapshot holds what the warehouse holds."""
    if not config.snapshot_path.exists():
        return False
    mark = "select max(loaded_at), count(*), (select max(value) from core.setting where key = 'factor_set') from core.unit"
    with open_for_reading(config.snapshot_path) as snapshot:
        return snapshot.execute(mark).fetchall() == connection.execute(mark).fetchall()


def status(config: Config, max_age_h: float | None = None, say: Say = _quiet) -> tuple[Table, Exit]:
    """Return when each source was last loaded; 6 when the last good sync is older than asked for."""
    with _reader(config, say) as connection:
        rows = connection.execute(
            "select source, kind, count(*) filter (status in ('loaded', 'delivered_empty')) as loaded, "
            "count(*) filter (status = 'shadowed') as shadowed, "
            "count(*) filter (status = 'refused' or refused_reason is not null) as refused, "
            "count(*) filter (status = 'source_missing') as missing, sum(row_count)::bigint as rows, "
            "max(period) as newest_period, max(loaded_at) as loaded_at from core.unit group by all order by all"
        ).fetchall()
        last = connection.execute(
            "select max(finished_at) from core.run where command = 'sync' and exit_code in (0, 3)"
        ).fetchall()[0][0]
    columns = ("source", "kind", "loaded", "shadowed", "refused", "missing", "rows", "newest_period", "loaded_at")
    notes = [f"last good sync: {last:%Y-%m-%d %H:%M} UTC" if last else "no good sync yet"]
    stale = max_age_h is not None and (last is None or (utc_now() - last).total_seconds() > max_age_h * 3600)
    return Table("status", "Status", columns, rows, notes), Exit.STALE if stale else Exit.OK


def sources_list(config: Config) -> Table:
    """Return the configured sources."""
    rows = [(source.name, source.kind, source.location, source.since) for source in config.sources]
    return Table("sources", "Sources", ("name", "kind", "location", "since"), rows)


def sources_test(config: Config, names: Sequence[str] = ()) -> tuple[Table, Exit]:
    """List each source's units without reading them."""
    rows: list[tuple[object, ...]] = []
    code = Exit.OK
    for source in _sources(config, names):
        try:
            units = list(source.units(None))
            problems = [unit.problem for unit in units if unit.problem]
            rows.append((source.name, "ok" if not problems else "problem", len(units), "; ".join(problems) or None))
            code = worst([code, Exit.PARTIAL if problems else Exit.OK])
        except WattledgerError as error:
            rows.append((source.name, "failed", 0, str(error)))
            code = worst([code, error.exit_code])
    return Table("sources_test", "Sources", ("name", "outcome", "units", "message"), rows), code


def doctor(config: Config) -> tuple[Table, Exit]:
    """Check what a sync needs and say the fix for each finding."""
    from cli.doctor import examine

    return examine(config)


def demo(folder: Path, say: Say = _quiet) -> DemoResult:
    """Copy the sample data into ``folder`` and run the whole job there."""
    folder.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("sample_data")) as samples:
        for entry in sorted(samples.iterdir()):
            if entry.name.startswith("__") or entry.suffix == ".py":
                continue
            if entry.is_dir():
                shutil.copytree(entry, folder / entry.name, dirs_exist_ok=True)
            else:
                shutil.copyfile(entry, folder / entry.name)
    config = load_config(folder / "wattledger.toml")
    _, code = nightly(config, say)
    return DemoResult(folder, report(config), code)
