"""The composition root: every command calls one function, and there the rooms are joined.

Its parts are `config_jobs` (the configuration and its sources) and `factor_jobs` (the factor set), each for the group
of commands of that name, and `opening` and `restating`, which all of them share. Nothing else joins rooms.
"""

import difflib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import duckdb

from cli.config_jobs import sources_of
from cli.opening import check_warehouse, quiet, reader, writer
from cli.restating import follow_method, reconcile_all, remake_lanes, remake_rates
from models import factor_set, rates
from models.lanes import card
from reconcile import explain as explanations
from reconcile import report as reports
from reconcile.history import sections_as_of
from warehouse import owners
from warehouse.audits import audit_all
from warehouse.database import utc_now, writer_lock
from warehouse.intake import Intake, check_privacy, use_key
from warehouse.rebuild import carry_history, carry_layers, refuse_losses
from warehouse.snapshot import is_current
from warehouse.snapshot import publish as publish_snapshot
from warehouse.status import last_good_sync, rate_card, setting, source_status
from warehouse.sync import Say, Sync, SyncReport
from warehouse.transaction import transaction
from wattledger.config import FILE_NAME, Config, load_config
from wattledger.contracts import Source
from wattledger.errors import ConfigError, Exit, WarehouseError, worst
from wattledger.tables import Table

ALL_MODELS = "all"
_QUERIES = ("SELECT", "EXPLAIN", "MULTI")  # MULTI is what DuckDB makes of PIVOT


@dataclass(frozen=True)
class DemoResult:
    """What the demo showed."""

    folder: Path
    tables: Sequence[Table]
    exit_code: Exit


def init(config: Config) -> Table:
    """Create or migrate the warehouse and install the factor set."""
    with writer(config) as connection:
        chosen = setting(connection, factor_set.SETTING)
        rows = [("warehouse", str(config.warehouse_path)), ("factor_set", chosen), ("model", config.model)]
    return Table("init", "Ready", ("what", "value"), rows)


def sync(config: Config, names: Sequence[str] = (), full: bool = False, say: Say = quiet) -> tuple[Table, Exit]:
    """Bring the configured sources up to date."""
    sources = sources_of(config, names)
    with writer(config) as connection:
        follow_method(connection, config, say)
        report = _sync(connection, config, sources, full, say)
    return report.table(), report.exit_code


def _sync(
    connection: duckdb.DuckDBPyConnection, config: Config, sources: Sequence[Source], full: bool, say: Say
) -> SyncReport:
    staging = config.warehouse_path.with_name(f"{config.warehouse_path.name}.staging")
    since = {source.name: source.since for source in config.sources}
    order = [source.name for source in config.sources]
    check_privacy(connection, config.privacy)
    use_key(connection, config.privacy)
    intakes = {source.name: Intake(source.selection, config.privacy) for source in config.sources}
    return Sync(connection, config.spool_path, staging, rates.fill_missing, say, full, order, intakes).run(
        sources, since
    )


def estimate(config: Config, model: str | None = None, say: Say = quiet) -> tuple[Table, Exit]:
    """Make rates again from the factor set, the rules and the switches in force: of all that is filled, or of a model.

    ``model`` is the name of one, or `all`; a lane is kept current from then on.
    """
    check_warehouse(config)
    if model not in (None, ALL_MODELS):
        rates.check_model(model, "--model")
    with writer(config) as connection:
        is_made = follow_method(connection, config, say)
        if model in card.lanes():
            remake_lanes(connection, [model])
        else:
            for lane in card.lanes() if model == ALL_MODELS else ():
                card.keep(connection, lane)
            if not is_made or model == ALL_MODELS:
                remake_rates(connection)
        return rate_card(connection), Exit.OK


def reconcile(config: Config) -> tuple[list[Table], Exit]:
    """Hold model, provider and trackers against each other."""
    check_warehouse(config)
    with writer(config) as connection:
        with transaction(connection):
            reconcile_all(connection)
        return _reconciled(connection), Exit.OK


def _reconciled(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    return reports.compared(connection)


def report(
    config: Config,
    *,
    since: date | None = None,
    until: date | None = None,
    group_by: Sequence[str] = (),
    section: str | None = None,
    as_of: datetime | None = None,
    say: Say = quiet,
) -> list[Table]:
    """Return all sections of the report, or the one asked for with those of its name; ``as_of`` a moment."""
    with reader(config, say) as connection:
        if as_of is not None:
            tables = sections_as_of(connection, as_of, since, until, group_by)
        else:
            tables = reports.sections(connection, since, until, group_by, config.carbon_price)
        if not owners.are_in_force(connection, config.owners, config.privacy):
            say("The warehouse holds other owner rules than the configuration: `wattledger estimate` takes these over.")
    if as_of is None and not any(table.rows for table in tables if table.name == "summary"):
        say("Nothing is loaded for this period. `wattledger status` shows what is.")
    if section is None:
        return list(tables)
    found = [
        table
        for table in tables
        if table.name == section or (table.name.startswith(f"{section}_") and table.name not in reports.WANTING)
    ]
    if not found:
        raise _no_section(section, [table.name for table in tables])
    return found


def _no_section(section: str, names: Sequence[str]) -> ConfigError:
    """Say what a section lacks that the report could have, else what it has."""
    if section in reports.WANTING:
        return ConfigError(f"The report has no section {section!r}. {reports.WANTING[section]}")
    near = difflib.get_close_matches(section, [*names, *reports.WANTING], n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigError(f"The report has no section {section!r}. {hint}It has: {', '.join(names)}.")


def explain(
    config: Config,
    *,
    line: int | None = None,
    service: str | None = None,
    month: date | None = None,
    run: str | None = None,
    say: Say = quiet,
) -> list[Table]:
    """Show how a number came to be, so that it can be worked out by hand."""
    with reader(config, say) as connection:
        return explanations.explain(connection, line=line, service=service, month=month, run=run)


def sql(config: Config, query: str, say: Say = quiet) -> Table:
    """Run one query that can read the warehouse and nothing else."""
    with reader(config, say, locked_down=True) as connection:
        try:
            statements = connection.extract_statements(query)
            if not statements:
                raise ConfigError('there is no query. Write one, e.g. "from ledger.coverage".')
            if len(statements) != 1:
                raise ConfigError(f"`sql` runs one statement; these are {len(statements)}.")
            kind = statements[0].type.name
            if kind not in _QUERIES:
                raise ConfigError(f"`sql` only reads: write a SELECT, FROM, DESCRIBE, SUMMARIZE or EXPLAIN, no {kind}.")
            result = connection.execute(statements[0])
            columns = [column[0] for column in result.description or ()]
            return Table("sql", "", columns, result.fetchall())
        except duckdb.Error as error:
            raise ConfigError(f"the query was refused.\n{str(error).strip()}") from error


def audit(config: Config, say: Say = quiet) -> tuple[Table, Exit]:
    """Check every promise that can be checked on the data; 4 when one is broken."""
    with reader(config, say) as connection:
        table, held = audit_all(connection)
    return table, Exit.OK if held else Exit.GATE


def publish(config: Config, target: Path | None = None) -> Table:
    """Write the snapshot that analysts read."""
    check_warehouse(config)
    path = target or config.snapshot_path
    if path.resolve() == config.warehouse_path.resolve():
        raise ConfigError(f"{path} is the warehouse itself. Name another file for the snapshot.")
    with writer(config) as connection:
        size = publish_snapshot(connection, path)
    return Table("publish", "Published", ("snapshot", "size_mb"), [(str(path), size / 1e6)])


def rebuild(config: Config, say: Say = quiet) -> tuple[Table, Exit]:
    """Make the warehouse again from the sources; the old file stays in force until the new one is whole."""
    path = config.warehouse_path
    sources = sources_of(config)
    fresh = replace(config, warehouse_path=path.with_name(f"{path.name}.rebuild"))
    filled: Sequence[str] = ()
    if path.exists():
        # Migrates the old file and folds its log into it, so that it can be read beside the new one. What this
        # program's method changes is restated there, and that history carried over.
        with writer(config, is_replaced=True) as connection:
            follow_method(connection, config, say)
            filled = card.filled(connection)
    with writer_lock(path):
        _remove_beside(fresh.warehouse_path)
        try:
            with writer(fresh) as connection:
                follow_method(connection, fresh, say)
                for lane in filled:
                    card.keep(connection, lane)
                if path.exists():
                    carry_layers(connection, path)
                report = _sync(connection, fresh, sources, False, say)
                if report.exit_code is Exit.FAILURE:
                    raise WarehouseError(f"Nothing could be read, so {path} stays as it was. See the messages above.")
                if path.exists():
                    refuse_losses(connection, path)
                    carry_history(connection, path, config.privacy)
                with transaction(connection):
                    reconcile_all(connection)
            fresh.warehouse_path.replace(path)
        finally:
            _remove_beside(fresh.warehouse_path)
    return report.table(), report.exit_code


def _remove_beside(path: Path) -> None:
    """Remove a database and what DuckDB and the lock leave beside it."""
    for suffix in ("", ".wal", ".lock", ".lock.owner"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


def nightly(config: Config, say: Say = quiet) -> tuple[list[Table], Exit]:
    """Sync, estimate, reconcile, audit, publish: the one line for a scheduler.

    Goes on after a refusal: what could be read is current. A night that changes nothing writes no snapshot.
    """
    sources = sources_of(config)
    with writer(config) as connection:
        follow_method(connection, config, say)
        synced = _sync(connection, config, sources, False, say)
        tables = [synced.table()]
        if synced.exit_code is Exit.FAILURE:
            return tables, Exit.FAILURE
        if not synced.loaded and is_current(connection, config.snapshot_path):
            say(f"nothing changed: {config.snapshot_path} is current")
            return tables, synced.exit_code
        remake_rates(connection)
        audits, held = audit_all(connection)
        if not held:
            say("Error: an audit failed, so nothing was published. `wattledger audit` shows what was found.")
            return [*tables, audits], worst([synced.exit_code, Exit.GATE])
        publish_snapshot(connection, config.snapshot_path)
        say(f"published {config.snapshot_path}")
        return [*tables, *_reconciled(connection)], synced.exit_code


def status(config: Config, max_age_h: float | None = None, say: Say = quiet) -> tuple[Table, Exit]:
    """Return when each source was last loaded; 6 when the last one without trouble is older than asked for."""
    with reader(config, say) as connection:
        table, last = source_status(connection), last_good_sync(connection)
    known = {row[0] for row in table.rows}
    never = [
        (source.name, source.kind, 0, 0, 0, 0, 0, None, None) for source in config.sources if source.name not in known
    ]
    notes = [*table.notes, *(f"{row[0]}: nothing was ever loaded from it" for row in never)]
    table = replace(table, rows=[*table.rows, *never], notes=notes)
    if max_age_h is None or (last is not None and (utc_now() - last).total_seconds() <= max_age_h * 3600):
        return table, Exit.OK
    say(f"Error: stale: the last sync without trouble is older than {max_age_h:g} h. Run `wattledger nightly`.")
    return table, Exit.STALE


def doctor(path: Path | None = None, warehouse: Path | None = None) -> tuple[Table, Exit]:
    """Check what a sync needs and say the fix for each finding."""
    from cli.doctor import examine

    return examine(path, warehouse)


def demo(folder: Path, say: Say = quiet) -> DemoResult:
    """Copy the sample data into ``folder`` and run the whole job there, every lane filled."""
    folder.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("sample_data")) as samples:
        theirs = folder / FILE_NAME
        if theirs.exists() and theirs.read_bytes() != (samples / FILE_NAME).read_bytes():
            raise ConfigError(f"{theirs} is not the demo's. Name another folder: `wattledger demo FOLDER`.")
        for entry in sorted(samples.iterdir()):
            if entry.name.startswith("__") or entry.suffix == ".py":
                continue
            if entry.is_dir():
                shutil.copytree(entry, folder / entry.name, dirs_exist_ok=True)
            else:
                shutil.copy2(entry, folder / entry.name)
    config = load_config(folder / FILE_NAME, environ={})
    _, code = nightly(config, say)
    with writer(config) as connection:
        if unfilled := [lane for lane in card.lanes() if lane not in card.filled(connection)]:
            remake_lanes(connection, unfilled)
            publish_snapshot(connection, config.snapshot_path)
    return DemoResult(folder, report(config), code)
