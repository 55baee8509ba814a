"""`wattledger doctor`: what a sync needs, checked one by one; each finding comes with its fix."""

import platform
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.registry import source_for
from models import factor_set
from warehouse.database import STORAGE_VERSION, free_mb, migrations, open_for_reading, utc_now
from warehouse.snapshot import is_current
from warehouse.status import extension_switches, last_good_sync, schema_version, setting, storage_version
from wattledger import __version__
from wattledger.config import Config, load_config
from wattledger.errors import ConfigError, Exit, LockedError, WattledgerError
from wattledger.tables import Table

_NEEDED_MB = 500.0
_SOON_H = 36.0  # a nightly run that was missed once


@dataclass(frozen=True)
class Finding:
    """One check: ``ok``, ``problem`` (something will fail) or ``note`` (worth knowing, nothing fails)."""

    check: str
    outcome: str
    finding: str
    fix: str | None = None


def examine(path: Path | None, warehouse: Path | None) -> tuple[Table, Exit]:
    """Return one row per check, and 1 when one is a problem."""
    findings = [_versions()]
    try:
        config = load_config(path, warehouse=warehouse)
    except ConfigError as error:
        findings.append(Finding("configuration", "problem", str(error), "Correct the file; `wattledger config show`."))
    else:
        findings += [_configuration(config), *_sources(config), _disk(config), *_warehouse(config)]
    rows = [(found.check, found.outcome, found.finding, found.fix) for found in findings]
    failed = any(found.outcome == "problem" for found in findings)
    table = Table("doctor", "Doctor", ("check", "outcome", "finding", "fix"), rows)
    return table, Exit.FAILURE if failed else Exit.OK


def _versions() -> Finding:
    python = f"Python {platform.python_version()} on {platform.system()}"
    return Finding("versions", "ok", f"wattledger {__version__}, {python}, DuckDB {duckdb.__version__}")


def _configuration(config: Config) -> Finding:
    if not config.path.exists():
        return Finding(
            "configuration", "note", f"no {config.path}: defaults are in force", "`wattledger init` writes one."
        )
    return Finding("configuration", "ok", f"{config.path}, {_count(len(config.sources), 'source')}")


def _sources(config: Config) -> list[Finding]:
    if not config.sources:
        return [Finding("sources", "problem", "none is configured", f"Add a [[source]] to {config.path}.")]
    found = []
    for settings in config.sources:
        check = f"source {settings.name}"
        try:
            units = list(source_for(settings).units(settings.since))
        except WattledgerError as error:
            found.append(Finding(check, "problem", str(error), "Correct `location`, then `wattledger sources test`."))
            continue
        broken = [unit.problem for unit in units if unit.problem]
        if broken:
            found.append(Finding(check, "problem", broken[0], "Bring the delivery in order, then sync."))
        elif not units:
            found.append(Finding(check, "problem", f"{settings.location}: nothing to read", "Check `location`."))
        else:
            found.append(Finding(check, "ok", f"{settings.location}: {_count(len(units), 'unit')}"))
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _disk(config: Config) -> Finding:
    """A sync needs room for the new rows beside the old ones, a publish for a second copy."""
    path = config.warehouse_path
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    size_mb = path.stat().st_size / 1e6 if path.exists() else 0.0
    needed = max(_NEEDED_MB, 2 * size_mb)
    free = free_mb(folder / path.name)
    text = f"{free:,.0f} MB free at {folder}; a sync and a publish want {needed:,.0f} MB"
    if free < needed:
        return Finding("disk", "problem", text, "Make room, or set [warehouse] path and snapshot to another disk.")
    return Finding("disk", "ok", text)


def _warehouse(config: Config) -> list[Finding]:
    path = config.warehouse_path
    if not path.exists():
        return [Finding("warehouse", "note", f"no {path} yet", "`wattledger init` or `wattledger sync` makes it.")]
    try:
        with open_for_reading(path) as connection:
            found = [Finding("lock", "ok", "free")]
            for check in (_schema, _storage, _factor_set, _extensions, _last_sync):
                found.append(check(connection))
            return [*found, _snapshot(connection, config)]
    except LockedError as error:
        return [Finding("lock", "note", str(error), "Wait for that process to end, or stop it by its PID.")]
    except WattledgerError as error:
        return [Finding("warehouse", "problem", str(error), "See the message; `wattledger rebuild` makes it again.")]


def _schema(connection: duckdb.DuckDBPyConnection) -> Finding:
    found, ours = schema_version(connection), migrations()[-1][0]
    if found < ours:
        return Finding("schema", "problem", f"{found}, this program has {ours}", "`wattledger init` migrates it.")
    return Finding("schema", "ok", str(found))


def _storage(connection: duckdb.DuckDBPyConnection) -> Finding:
    found = storage_version(connection)
    if not found.startswith(STORAGE_VERSION):
        return Finding(
            "storage version",
            "note",
            f"{found}: readers on DuckDB 1.5 cannot open it",
            "`wattledger rebuild` writes it anew.",
        )
    return Finding("storage version", "ok", found)


def _factor_set(connection: duckdb.DuckDBPyConnection) -> Finding:
    found, ours = setting(connection, factor_set.SETTING), factor_set.shipped().label
    if found is None:
        return Finding("factor set", "problem", "none is installed", "`wattledger init` installs it.")
    if factor_set.core_of(found) != ours:
        return Finding("factor set", "note", f"{found} is in force; this program brings {ours}", "None: numbers stay.")
    return Finding("factor set", "ok", found)


def _extensions(connection: duckdb.DuckDBPyConnection) -> Finding:
    if open_doors := extension_switches(connection):
        return Finding("extensions", "problem", f"on: {', '.join(open_doors)}", "Report it: they must be off.")
    return Finding("extensions", "ok", "automatic install and load are off")


def _last_sync(connection: duckdb.DuckDBPyConnection) -> Finding:
    last = last_good_sync(connection)
    if last is None:
        return Finding("last good sync", "note", "never", "`wattledger sync`.")
    text = f"{last:%Y-%m-%d %H:%M} UTC"
    if (utc_now() - last).total_seconds() > _SOON_H * 3600:
        return Finding(
            "last good sync", "note", f"{text}: a night was missed", "`wattledger nightly`; is it scheduled?"
        )
    return Finding("last good sync", "ok", text)


def _snapshot(connection: duckdb.DuckDBPyConnection, config: Config) -> Finding:
    if is_current(connection, config.snapshot_path):
        return Finding("snapshot", "ok", f"{config.snapshot_path} is current")
    state = "is older than the warehouse" if config.snapshot_path.exists() else "is not there yet"
    return Finding("snapshot", "note", f"{config.snapshot_path} {state}", "`wattledger publish`.")
