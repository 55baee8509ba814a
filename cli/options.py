"""The options that commands share, each group one decorator: where the data is, which period, how it is printed."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cli.foreign import harmless
from wattledger.errors import ConfigError, WarehouseError
from wattledger.tables import Table

Command = Callable[..., Any]
FORMATS = ("table", "csv", "json")
_SUFFIXES = {".csv": "csv", ".json": "json", ".txt": "table"}
_MONTH = re.compile(r"\d{4}-\d{2}")
_PLAIN_WIDTH = 120  # of tables that go to a file or a pipe


@dataclass(frozen=True)
class Output:
    """How results are printed. Data goes to stdout or the file, talk to stderr."""

    format: str = "table"
    file: Path | None = None
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def write(self, *tables: Table, records: bool = False) -> None:
        """Print tables; ``records`` prints the JSON of one table as a list of objects."""
        if self.file is None:
            is_terminal = sys.stdout.isatty()
            text = self._render(tables, records, is_terminal)
            click.echo(harmless(text) if is_terminal and self.format != "table" else text, nl=False)
            return
        part = self.file.with_name(f"{self.file.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                stream.write(self._render(tables, records, False))
            part.replace(self.file)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise WarehouseError(f"{self.file} cannot be written ({error.strerror}). Name another file.") from None
        self.say(f"wrote {self.file}")

    def _render(self, tables: Sequence[Table], records: bool, is_terminal: bool) -> str:
        from cli import render

        if self.format == "csv":
            return render.to_csv(tables)
        if self.format == "json":
            return render.to_records(tables[0]) if records else render.to_json(tables)
        width = shutil.get_terminal_size().columns if is_terminal else _PLAIN_WIDTH
        return render.to_terminal(tables, width, self.color and is_terminal)

    def say(self, text: str) -> None:
        """Tell people something on stderr; errors also when quiet."""
        if not self.quiet or text.lstrip().startswith("Error"):
            click.echo(harmless(text), err=True)

    def detail(self, text: str) -> None:
        """Tell people something on stderr that only -v asks for."""
        if self.verbose:
            self.say(text)


def output_options(command: Command) -> Command:
    """--format, --json, -o, -q, -v, --no-color: handed over as ``output``."""

    @click.option("--format", "form", type=click.Choice(FORMATS), help="How to print; default: table, or as FILE ends.")
    @click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
    @click.option("-o", "--output", "file", metavar="FILE", help="Write to FILE (.csv, .json, .txt); - is stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
    @click.option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")
    @wraps(command)
    def wrapped(
        *args: Any,
        form: str | None,
        as_json: bool,
        file: str | None,
        quiet: bool,
        verbose: bool,
        no_color: bool,
        **kwargs: Any,
    ) -> Any:
        if as_json and form not in (None, "json"):
            raise click.UsageError(f"--json and --format {form} exclude each other.")
        path = None if file in (None, "-") else Path(str(file))
        chosen = "json" if as_json else form or _format_of(path)
        color = not (no_color or os.environ.get("NO_COLOR"))
        return command(*args, output=Output(chosen, path, quiet, verbose, color), **kwargs)

    return wrapped


def _format_of(path: Path | None) -> str:
    if path is None:
        return "table"
    if path.suffix not in _SUFFIXES:
        raise click.UsageError(f"{path}: no format ends in {path.suffix!r}. Use {', '.join(_SUFFIXES)}, or --format.")
    return _SUFFIXES[path.suffix]


def config_options(command: Command, *, may_be_new: bool = False) -> Command:
    """--config and --warehouse: handed over as ``config``, the configuration in force."""

    @click.option(
        "--config", "config_file", metavar="FILE", type=click.Path(path_type=Path), help="Default: wattledger.toml."
    )
    @click.option("--warehouse", metavar="FILE", type=click.Path(path_type=Path), help="The DuckDB file to work on.")
    @wraps(command)
    def wrapped(*args: Any, config_file: Path | None, warehouse: Path | None, **kwargs: Any) -> Any:
        from wattledger.config import load_config

        config = load_config(config_file, warehouse=warehouse, may_be_new=may_be_new)
        output = kwargs.get("output")
        if isinstance(output, Output):
            output.detail(f"configuration {config.path}, warehouse {config.warehouse_path}")
        return command(*args, config=config, **kwargs)

    return wrapped


@dataclass(frozen=True)
class Period:
    """Half-open and UTC: from the first day of ``since`` up to, not including, ``until``. None is open."""

    since: date | None = None
    until: date | None = None


def period_options(command: Command) -> Command:
    """--since, --until, --period: handed over as ``period``."""

    @click.option("--since", metavar="DAY", help="First day or month (UTC), inclusive: 2025-03 or 2025-03-15.")
    @click.option("--until", metavar="DAY", help="Day or month at which to stop, exclusive.")
    @click.option("--period", "name", metavar="PERIOD", help="One month (2026-06) or last-month.")
    @wraps(command)
    def wrapped(*args: Any, since: str | None, until: str | None, name: str | None, **kwargs: Any) -> Any:
        if name and (since or until):
            raise click.UsageError("--period stands alone; --since and --until go together.")
        today = datetime.now(UTC).date()
        period = named_period(name, today) if name else Period(parse_day(since), parse_day(until))
        if period.since and period.until and period.since >= period.until:
            raise click.UsageError(f"the period is empty: {period.since} is not before {period.until}.")
        return command(*args, period=period, **kwargs)

    return wrapped


def report_options(command: Command) -> Command:
    """A section, --group-by, --as-of and the period, handed over by these names."""
    group_by = click.option(
        "--group-by",
        multiple=True,
        metavar="COLUMN",
        help="How the section `services` groups energy, emissions and cost: month, day, provider, account, "
        "account_name, service, region, resource_kind, currency, tag:KEY, owner or owner:DIMENSION. Repeatable.",
    )
    as_of = click.option(
        "--as-of",
        metavar="MOMENT",
        help="The figures as they were known then: at the end of a day (2026-03-31) or at a moment "
        "(2026-03-31T18:00), UTC. Shows services and changes.",
    )
    section = click.argument("section", required=False, metavar="[SECTION]")
    return section(as_of(group_by(period_options(command))))


def parse_day(text: str | None) -> date | None:
    """Return the day; a month means its first."""
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        raise ConfigError(f"{text!r} is no day or month. Write 2025-03 or 2025-03-15.") from None


def parse_moment(text: str | None) -> datetime | None:
    """Return a moment, UTC and naive; a day means its end."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no moment. Write 2026-03-31 or 2026-03-31T18:00.") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    is_day = "T" not in text.upper() and " " not in text
    return moment + timedelta(days=1) - timedelta(microseconds=1) if is_day else moment


def parse_month(text: str | None) -> date | None:
    """Return the first day of the month."""
    if text is not None and not _MONTH.fullmatch(text):
        raise ConfigError(f"{text!r} is no month. Write 2025-03.")
    return parse_day(text)


def named_period(name: str, today: date) -> Period:
    """Return the month that ``name`` says, seen from ``today``."""
    if name == "last-month":
        first = today.replace(day=1)
        return Period((first - timedelta(days=1)).replace(day=1), first)
    if not _MONTH.fullmatch(name):
        raise ConfigError(f"{name!r} is no period. Write a month like 2026-06, or last-month.")
    since = parse_day(name)
    assert since is not None
    return Period(since, (since + timedelta(days=31)).replace(day=1))


def parse_age_h(text: str | None) -> float | None:
    """Return an age in hours: 36h, 2d, 90m."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhd])", text)
    if not found:
        raise ConfigError(f"{text!r} is no age. Write 36h, 2d or 90m.")
    return float(found[1]) * {"m": 1 / 60, "h": 1.0, "d": 24.0}[found[2]]
