"""The command line: each command parses, calls one function, prints. Heavy imports wait until a command runs."""

import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from cli.config_commands import config_group, sources
from cli.door import Door
from cli.factor_commands import factors
from cli.options import (
    Output,
    Period,
    config_options,
    output_options,
    parse_age_h,
    parse_moment,
    parse_month,
    report_options,
)
from wattledger import __version__
from wattledger.errors import ConfigError, Exit

if TYPE_CHECKING:
    from wattledger.config import Config


def _jobs() -> ModuleType:
    """The composition root, imported when a command needs it."""
    return import_module("cli.jobs")


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wattledger")
def cli() -> None:
    """An energy and carbon ledger for cloud and AI spending.

    The bill, the provider's own carbon figures and the logs of energy trackers, held against each other.

    \b
    Start:
        wattledger demo                  the whole job on sample data
        wattledger init                  a warehouse and a configuration here
        wattledger nightly               sync, estimate, reconcile, audit, publish

    \b
    Exit codes: 0 ok; 1 failure; 2 usage or configuration;
    3 something was refused, the rest is current; 4 a gate failed;
    5 locked by another run; 6 stale.
    """


@cli.command()
@output_options
@partial(config_options, may_be_new=True)
def init(config: "Config", output: Output) -> None:
    """Create the warehouse, and a commented wattledger.toml where there is none.

    \b
    Example:
        wattledger init
    """
    from cli.newcomer import write_template

    if write_template(config.path):
        output.say(f"wrote {config.path}: add your sources there, then run `wattledger sync`")
    output.write(_jobs().init(config))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
@output_options
def demo(folder: Path, output: Output) -> Exit:
    """Run the whole job on sample data, copied into FOLDER (default: ./demo).

    \b
    Example:
        wattledger demo
    """
    from cli.newcomer import next_steps, three_lanes

    result = _jobs().demo(folder, output.detail)
    output.write(*three_lanes(result.tables))
    for line in next_steps(result.folder, Path(sys.argv[0])):
        output.say(line)
    return Exit(result.exit_code)


@cli.command()
@click.option(
    "--config", "config_file", metavar="FILE", type=click.Path(path_type=Path), help="Default: wattledger.toml."
)
@click.option("--warehouse", metavar="FILE", type=click.Path(path_type=Path), help="The DuckDB file to work on.")
@output_options
def doctor(config_file: Path | None, warehouse: Path | None, output: Output) -> Exit:
    """Check what a sync needs; print the fix for each finding. Exit 1 when something is wrong.

    \b
    Example:
        wattledger doctor
    """
    table, code = _jobs().doctor(config_file, warehouse)
    output.write(table)
    return Exit(code)


cli.add_command(sources)


@cli.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; repeatable.")
@click.option("--full", is_flag=True, help="Read again what did not change.")
@output_options
@config_options
def sync(names: tuple[str, ...], full: bool, config: "Config", output: Output) -> Exit:
    """Load what is new or was rewritten at the sources.

    \b
    Example:
        wattledger sync
    """
    table, code = _jobs().sync(config, names, full, output.say)
    output.write(table)
    return Exit(code)


@cli.command()
@click.option("--max-age", metavar="AGE", help="Exit 6 when the last sync without trouble is older: 36h, 2d, 90m.")
@output_options
@config_options
def status(max_age: str | None, config: "Config", output: Output) -> Exit:
    """Show what is loaded from each source, and how old it is.

    \b
    Example:
        wattledger status --max-age 36h
    """
    table, code = _jobs().status(config, parse_age_h(max_age), output.say)
    output.write(table)
    return Exit(code)


@cli.command()
@click.option("--model", metavar="NAME", help="Only this model's rates, e.g. teads, or all; kept current from then on.")
@output_options
@config_options
def estimate(model: str | None, config: "Config", output: Output) -> Exit:
    """Make the rate card again: every rate of every SKU and month on the bill.

    The models beside the default one stand in ledger.footprint_models once they were asked for.

    \b
    Example:
        wattledger estimate --model all
    """
    table, code = _jobs().estimate(config, model, output.say)
    output.write(table)
    return Exit(code)


@cli.command()
@output_options
@config_options
def reconcile(config: "Config", output: Output) -> Exit:
    """Hold the model, the provider's figures and the trackers against each other.

    \b
    Example:
        wattledger reconcile
    """
    tables, code = _jobs().reconcile(config)
    output.write(*tables)
    return Exit(code)


@cli.command()
@report_options
@output_options
@config_options
def report(
    group_by: tuple[str, ...],
    *,
    section: str | None,
    period: Period,
    as_of: str | None,
    config: "Config",
    output: Output,
) -> None:
    """Show energy, emissions and cost, what they cover, and how the three answers compare.

    SECTION is one of summary, emissions, causes, runs, services, uncertainty, coverage, method; and where there is
    something to show, owners, sci (carbon per unit of business), electricity (what the energy would cost),
    carbon_price (an internal one), restatements, refused.

    Details are printed only when asked for: provider and gaps (by account and region), variants (other tools'
    arithmetic), carbon (every account of it side by side), water, sensitivity (what moves the total most), hourly and
    monthly (what the time of use changes), attribution (sources and licences); and coverage_services,
    coverage_unmodelled, uncertainty_providers, uncertainty_services, uncertainty_regions, sensitivity_groups,
    variants_services, which come with the section they begin with. As csv or json, a report holds all of it.

    \b
    Example:
        wattledger report coverage --since 2025-06 --until 2025-07
        wattledger report --as-of 2026-03-31
    """
    from cli.brief import brief, left_out

    asked = {"since": period.since, "until": period.until, "group_by": group_by, "section": section}
    asked["as_of"] = parse_moment(as_of)
    tables = _jobs().report(config, **asked, say=output.say)
    if section is not None or as_of is not None or output.format != "table":
        output.write(*tables)
        return
    output.write(*brief(tables, whole=("services", "sci") if group_by else ()))
    if details := left_out(tables):
        output.say(details)


@cli.command()
@click.argument("line", type=int, required=False)
@click.option("--service", metavar="NAME", help="All lines of a service, e.g. AmazonEC2; with --month.")
@click.option("--month", metavar="YYYY-MM", help="The charge month.")
@click.option("--run", metavar="RUN_ID", help="A tracker's run.")
@output_options
@config_options
def explain(
    line: int | None, *, service: str | None, month: str | None, run: str | None, config: "Config", output: Output
) -> None:
    """Show how a figure came to be, so that it can be worked out by hand.

    Give the line_id of a bill line, or a service and month, or a tracker's run.

    \b
    Example:
        wattledger explain --service AmazonEC2 --month 2025-06
    """
    asked = [line is not None, service is not None or month is not None, run is not None]
    if sum(asked) != 1 or (service is None) != (month is None):
        raise click.UsageError("give a LINE id, or --service NAME with --month YYYY-MM, or --run RUN_ID.")
    wanted = {"line": line, "service": service, "month": parse_month(month), "run": run}
    output.write(*_jobs().explain(config, **wanted, say=output.say))


@cli.command()
@click.argument("query")
@output_options
@config_options
def sql(query: str, config: "Config", output: Output) -> None:
    """Run one SELECT over the warehouse, read-only: no file, no network. QUERY - reads it from stdin.

    \b
    Example:
        wattledger sql "select provider, count(*) as lines from ledger.usage group by all order by all"
    """
    text = sys.stdin.read() if query == "-" else query
    output.write(_jobs().sql(config, text, output.say), records=True)


cli.add_command(factors)


@cli.command()
@output_options
@config_options
def audit(config: "Config", output: Output) -> Exit:
    """Check conservation, signs and completeness over the whole warehouse. Exit 4 when a promise is broken.

    \b
    Example:
        wattledger audit
    """
    table, code = _jobs().audit(config, output.say)
    output.write(table)
    return Exit(code)


@cli.command()
@click.option("--to", "target", metavar="FILE", type=click.Path(path_type=Path), help="Another file than configured.")
@output_options
@config_options
def publish(target: Path | None, config: "Config", output: Output) -> None:
    """Write the read-only snapshot that analysts open while syncs run.

    \b
    Example:
        wattledger publish
    """
    output.write(_jobs().publish(config, target))


@cli.command()
@output_options
@config_options
def rebuild(config: "Config", output: Output) -> Exit:
    """Make the warehouse again from the sources; the old one stays in force until the new one is whole.

    \b
    Example:
        wattledger rebuild
    """
    table, code = _jobs().rebuild(config, output.say)
    output.write(table)
    return Exit(code)


@cli.command()
@output_options
@config_options
def nightly(config: "Config", output: Output) -> Exit:
    """Sync, estimate, reconcile, audit, publish: the one line for a scheduler.

    \b
    Example:
        wattledger nightly
    """
    tables, code = _jobs().nightly(config, output.say)
    output.write(*tables)
    return Exit(code)


cli.add_command(config_group)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output_options
def completion(shell: str, output: Output) -> None:
    """Print the completion script for a shell.

    \b
    Example:
        wattledger completion bash
    """
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    if maker is None:
        raise ConfigError(f"There is no completion for {shell}.")
    script = maker(cli, {}, "wattledger", "_WATTLEDGER_COMPLETE").source()
    if output.format == "table" and output.file is None:
        click.echo(script)
    else:
        from wattledger.tables import Table

        output.write(Table("completion", "", ("shell", "script"), [(shell, script)]))
