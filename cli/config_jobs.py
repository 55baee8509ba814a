"""What the configuration says: its values, and its sources. A part of the composition root: see `cli.jobs`."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from cli.opening import check_model
from connectors.registry import source_for
from wattledger.config import Config
from wattledger.contracts import Source
from wattledger.errors import ConfigError, Exit, WattledgerError, worst
from wattledger.tables import Table


def sources_of(config: Config, names: Sequence[str] = ()) -> list[Source]:
    """Return the configured sources, or those named. Raises ConfigError where one or all are missing."""
    known = [source.name for source in config.sources]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise ConfigError(f"There is no source named {name!r}. {hint}Configured: {', '.join(known) or 'none'}.")
    if not known:
        raise ConfigError(
            f"No source is configured. Add a [[source]] to {config.path}; `wattledger init` writes one to start from."
        )
    return [source_for(source) for source in config.sources if not names or source.name in names]


def sources_list(config: Config) -> Table:
    """Return the configured sources."""
    rows = [(source.name, source.kind, source.location, source.since) for source in config.sources]
    notes = [] if rows else [f"Add a [[source]] to {config.path}; `wattledger init` writes one to start from."]
    return Table("sources", "Sources", ("name", "kind", "location", "since"), rows, notes)


def sources_test(config: Config, names: Sequence[str] = ()) -> tuple[Table, Exit]:
    """List each source's units without reading them."""
    rows: list[tuple[object, ...]] = []
    codes = [Exit.OK]
    for source in sources_of(config, names):
        try:
            units = list(source.units(None))
            problems = [unit.problem for unit in units if unit.problem]
            rows.append((source.name, "problem" if problems else "ok", len(units), "; ".join(problems) or None))
            codes.append(Exit.PARTIAL if problems else Exit.OK)
        except WattledgerError as error:
            rows.append((source.name, "failed", None, str(error)))
            codes.append(error.exit_code)
    return Table("sources_test", "Sources", ("name", "outcome", "units", "message"), rows), worst(codes)


def config_show(config: Config) -> Table:
    """Return each value in force and where it was said."""
    here = f"{Path.cwd()}/"
    rows = [(said.key, said.value or None, said.origin.removeprefix(here)) for said in config.settings]
    return Table("config", "Configuration in force", ("key", "value", "origin"), rows)


def config_validate(config: Config) -> Table:
    """Return what was checked; ConfigError for a source or a model that this release does not have."""
    check_model(config)
    rows = [("file", str(config.path), "ok" if config.path.exists() else "not there: defaults are in force")]
    for settings in config.sources:
        source_for(settings)
        rows.append(("source", settings.name, "ok"))
    notes = ["`wattledger sources test` lists what the sources would deliver."] if config.sources else []
    return Table("config_validate", "Configuration", ("what", "name", "outcome"), rows, notes)
