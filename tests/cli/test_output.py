"""The conventions of every command: formats, files, streams, exit codes of usage."""

import csv
import io
import json
import re
from pathlib import Path

import click
import pytest
from project import ROOT, Run, bill_line, write_bill

from cli.main import cli

OWN = str(ROOT / "sample_data" / "factors" / "measured_pue.csv")

# Every command that runs on a project, with the arguments it needs.
COMMANDS = [
    ["init"], ["doctor"], ["sources", "list"], ["sources", "test"], ["sync"], ["status"], ["estimate"], ["reconcile"],
    ["report"], ["explain", "--service", "AmazonEC2", "--month", "2025-03"], ["factors", "list"],
    ["factors", "show", "region/aws:eu-central-1"], ["factors", "validate", OWN], ["factors", "diff", OWN],
    ["factors", "import", OWN, "--name", "own"], ["factors", "use", "core@2026.11.2"],
    ["audit"], ["publish"], ["rebuild"], ["nightly"],
    ["config", "show"], ["config", "validate"], ["completion", "bash"],
]  # fmt: skip


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


def test_the_list_above_is_complete() -> None:
    """`demo` and `sql` have tests of their own."""
    missing = [path for path in commands(cli) if not any(tuple(given[: len(path)]) == path for given in COMMANDS)]
    assert missing == [("demo",), ("sql",)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_json_of_every_command_parses_and_names_its_version(project: Path, run: Run, command: list[str]) -> None:
    result = run(*command, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema_version"] == 1
    for table in document["tables"]:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_csv_of_every_command_has_even_rows(project: Path, run: Run, command: list[str]) -> None:
    result = run(*command, "--format", "csv")
    assert result.exit_code == 0, result.stderr
    blocks = result.stdout.split("\n\n") if result.stdout.startswith("section,") else [result.stdout]
    for block in blocks:
        assert len({len(row) for row in csv.reader(io.StringIO(block))}) == 1


def test_the_format_follows_the_suffix_of_the_file(project: Path, run: Run) -> None:
    for name in ("out.csv", "out.json", "out.txt"):
        result = run("status", "-o", name)
        assert (result.exit_code, result.stdout) == (0, "")
    assert (project / "out.csv").read_text().startswith("source,kind,")
    assert json.loads((project / "out.json").read_text())["schema_version"] == 1
    assert (project / "out.txt").read_text().startswith("Status\n")
    assert run("status", "-o", "out.docx").exit_code == 2
    assert run("status", "-o", "-", "--format", "csv").stdout == (project / "out.csv").read_text()


def test_a_file_that_cannot_be_written_is_an_error_in_words(project: Path, run: Run) -> None:
    result = run("status", "-o", "no/such/folder/out.csv")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no/such/folder/out.csv cannot be written")


def test_formats_that_exclude_each_other_are_a_usage_error(project: Path, run: Run) -> None:
    assert run("status", "--json", "--format", "csv").exit_code == 2


def test_quiet_leaves_the_data_and_the_errors(project: Path, run: Run) -> None:
    write_bill(project, [bill_line(3, month="2025-04")], "2025-04.csv")
    (project / "bill" / "2025-05.csv").write_bytes(b"\x00\x01 no bill")
    result = run("sync", "--quiet")
    assert result.exit_code == 3
    assert "2025-04.csv" in result.stdout
    assert all(line.startswith("Error") for line in result.stderr.splitlines() if line)


def test_verbose_says_which_files_are_in_force(project: Path, run: Run) -> None:
    assert f"warehouse {project}/wattledger.duckdb" in run("status", "-v").stderr


@pytest.mark.parametrize(
    "arguments",
    [["--period", "2025-03", "--since", "2025-01"], ["--since", "2025-04", "--until", "2025-04"],
     ["--since", "March"], ["--period", "this-month"], ["nonsense"]],
)  # fmt: skip
def test_a_period_or_section_that_cannot_be_is_a_usage_error(project: Path, run: Run, arguments: list[str]) -> None:
    assert run("report", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("section", "next_step"),
    [
        ("hourly", "grid-csv"), ("monthly", "grid-csv"), ("sci", "business-metrics"), ("owners", "[owners]"),
        ("electricity", "factors import"), ("carbon_price", "carbon_price_per_t"), ("restatements", "Nothing"),
        ("refused", "No delivery"), ("varants", "Did you mean 'variants'?"),
    ],
)  # fmt: skip
def test_a_section_with_nothing_to_show_says_what_it_lacks(
    project: Path, run: Run, section: str, next_step: str
) -> None:
    assert next_step in run("report", section).stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["1", "--run", "x"], ["--service", "AmazonEC2"], ["--month", "2025-03"],
     ["--run", "x", "--service", "AmazonEC2", "--month", "2025-03"]],
)  # fmt: skip
def test_explain_wants_exactly_one_thing(project: Path, run: Run, arguments: list[str]) -> None:
    assert run("explain", *arguments).exit_code == 2


def test_explain_takes_a_month_and_not_a_day(project: Path, run: Run) -> None:
    result = run("explain", "--service", "AmazonEC2", "--month", "2025-03-13")
    assert (result.exit_code, result.stderr) == (2, "Error: '2025-03-13' is no month. Write 2025-03.\n")


def test_the_help_lists_the_commands_in_the_order_of_work_with_whole_sentences(run: Run) -> None:
    text = run("--help").stdout.partition("\n")[2]
    assert "..." not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.index("\n  init ") < text.index("\n  sync ") < text.index("\n  report ") < text.index("\n  nightly ")


def test_the_help_of_report_names_every_section_and_every_grouping(project: Path, run: Run) -> None:
    text = " ".join(run("report", "--help").stdout.split())
    sections = run("report", "nonsense").stderr.partition("It has: ")[2]
    groupings = run("report", "--group-by", "nonsense").stderr.partition("Choose from ")[2].partition(", or ")[0]
    for name in sections.strip(" .\n").split(", "):
        assert re.search(rf"\b({name}|{name.partition('_')[0]})\b", text), name  # or the section it is a detail of
    assert all(re.search(rf"\b{name}\b", text) for name in groupings.split(", "))


def test_a_report_of_a_period_without_data_says_so(project: Path, run: Run) -> None:
    assert "Nothing is loaded for this period." in run("report", "--period", "2031-01").stderr
    assert "Nothing" not in run("report", "--period", "2025-03").stderr


HOSTILE = "=HYPERLINK(1)\x1b[2J\u202e"


def test_a_hostile_tag_is_harmless_in_every_format(fresh: Path, run: Run) -> None:
    write_bill(fresh, [bill_line(1, team=HOSTILE)])
    assert run("sync").exit_code == 0
    query = "select tags['user:team'] as team from ledger.usage"
    table = run("sql", query).stdout
    assert "\\x1b[2J\\u202e" in table
    assert "\x1b" not in table
    assert run("sql", query, "--format", "csv").stdout.splitlines()[1].startswith("'=HYPERLINK(1)")
    text = run("sql", query, "--json").stdout
    assert json.loads(text) == [{"team": HOSTILE}]
    assert text.isascii()


def test_a_hostile_file_name_is_harmless_on_stderr(fresh: Path, run: Run) -> None:
    (fresh / "bill" / "\x1b[2Jx.csv").write_bytes(b"\x00 no bill")
    result = run("sync")
    assert "\\x1b[2Jx.csv" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout


def test_a_bug_keeps_its_traceback(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cli.jobs.status", fail)
    with pytest.raises(ZeroDivisionError):
        run("status")
