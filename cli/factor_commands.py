"""`wattledger factors`: the numbers behind every estimate, and a user's own in layers over them."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from cli.options import Output, config_options, output_options
from wattledger.errors import Exit

if TYPE_CHECKING:
    from wattledger.config import Config

FILE = click.Path(path_type=Path)


def _jobs() -> ModuleType:
    """This group's part of the composition root, imported when a command needs it."""
    return import_module("cli.factor_jobs")


@click.group()
def factors() -> None:
    """The factor set: every number an estimate rests on, with unit, year, source and licence."""


@factors.command("list")
@output_options
@config_options
def factors_list(config: "Config", output: Output) -> None:
    """Show the factor set in force and the layers of own factors.

    \b
    Example:
        wattledger factors list
    """
    output.write(*_jobs().factors_list(config, output.say))


@factors.command("show")
@click.argument("key")
@output_options
@config_options
def factors_show(key: str, config: "Config", output: Output) -> None:
    """Show the factor rows whose id begins with KEY.

    \b
    Example:
        wattledger factors show region/aws:eu-central-1
    """
    output.write(_jobs().factors_show(config, key, output.say))


@factors.command("validate")
@click.argument("path", metavar="FILE.csv", type=FILE)
@output_options
def factors_validate(path: Path, output: Output) -> Exit:
    """Check a CSV of own factors and print every problem. Writes nothing; exit 4 where there is one.

    \b
    Example:
        wattledger factors validate factors/measured_pue.csv
    """
    table, code = _jobs().factors_validate(path)
    output.write(table)
    return Exit(code)


@factors.command("import")
@click.argument("path", metavar="FILE.csv", type=FILE)
@click.option("--name", required=True, help="The layer; other content under a known name is its next version.")
@output_options
@config_options
def factors_import(path: Path, name: str, config: "Config", output: Output) -> Exit:
    """Store a CSV of own factors as a layer, to be put in force by `factors use`.

    \b
    Example:
        wattledger factors import factors/measured_pue.csv --name northlight
    """
    table, code = _jobs().factors_import(config, path, name)
    output.write(table)
    return Exit(code)


@factors.command("use")
@click.argument("label", metavar="CORE@VERSION[+NAME...]")
@output_options
@config_options
def factors_use(label: str, config: "Config", output: Output) -> None:
    """Put a factor set in force, with layers over it. All rates are made again; what changes is a restatement.

    \b
    Example:
        wattledger factors use core@2026.11.2
    """
    output.write(_jobs().factors_use(config, label, output.say))


@factors.command("diff")
@click.argument("first", metavar="[A]")
@click.argument("second", metavar="B", required=False)
@output_options
@config_options
def factors_diff(first: str, second: str | None, config: "Config", output: Output) -> Exit:
    """Show the rows added, removed and changed from A to B: sets, or CSV files of own factors.

    Without A: from the set in force. A file is the set in force with its rows over it.

    \b
    Example:
        wattledger factors diff factors/measured_pue.csv
    """
    table, code = _jobs().factors_diff(config, first, second, output.say)
    output.write(table)
    return Exit(code)
