"""`wattledger config` and `wattledger sources`: what is in force, and what would be read."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import click

from cli.options import Output, config_options, output_options
from wattledger.errors import Exit

if TYPE_CHECKING:
    from wattledger.config import Config


def _jobs() -> ModuleType:
    """This group's part of the composition root, imported when a command needs it."""
    return import_module("cli.config_jobs")


@click.group()
def sources() -> None:
    """What is configured, and whether it can be listed."""


@sources.command("list")
@output_options
@config_options
def sources_list(config: "Config", output: Output) -> None:
    """Show the configured sources.

    \b
    Example:
        wattledger sources list
    """
    output.write(_jobs().sources_list(config))


@sources.command("test")
@click.argument("names", nargs=-1)
@output_options
@config_options
def sources_test(names: tuple[str, ...], config: "Config", output: Output) -> Exit:
    """List the units of each source (or of NAMES) without reading them.

    \b
    Example:
        wattledger sources test
    """
    table, code = _jobs().sources_test(config, names)
    output.write(table)
    return Exit(code)


@click.group("config")
def config_group() -> None:
    """What is in force, and where each value was said."""


@config_group.command("show")
@output_options
@config_options
def config_show(config: "Config", output: Output) -> None:
    """Print each value with its origin; secrets are masked.

    \b
    Example:
        wattledger config show
    """
    output.write(_jobs().config_show(config))


@config_group.command("validate")
@output_options
@config_options
def config_validate(config: "Config", output: Output) -> None:
    """Check the configuration without running anything. Exit 2 when it is wrong.

    \b
    Example:
        wattledger config validate
    """
    output.write(_jobs().config_validate(config))
