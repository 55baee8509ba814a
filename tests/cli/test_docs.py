"""Every command that the help, the guide and the README show runs on the demo's folder."""

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import click
import pytest
from project import ROOT, Run

from cli.main import cli
from cli.newcomer import next_steps
from wattledger.config import load_config
from wattledger.errors import Exit

pytestmark = pytest.mark.xdist_group("cli_demo")  # one worker, so that the demo runs once
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of these languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


def commands(page: Path) -> list[list[str]]:
    """The `wattledger` commands of a page, in order."""
    lines = "".join(blocks(page, "console", "sh", "bash")).replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines]
    return [shlex.split(line, comments=True)[1:] for line in shown if line.startswith("wattledger ")]


def outputs(page: Path) -> dict[str, list[str]]:
    """What a page says that its `wattledger` commands print, line by line; `...` stands for lines left out."""
    found: dict[str, list[str]] = {}
    for block in blocks(page, "console"):
        command = ""
        for line in block.splitlines():
            if line.startswith("$ "):
                command = shlex.join(shlex.split(line, comments=True)[2:]) if line.startswith("$ wattledger ") else ""
            elif command and line.strip(" ."):
                found.setdefault(command, []).append(line)
    return found


@pytest.fixture
def copy(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo's folder that a command may change; the current one."""
    shutil.copytree(demo, tmp_path / "demo")
    monkeypatch.chdir(tmp_path / "demo")
    return tmp_path / "demo"


def examples(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """(command, example) of every command's help."""
    found: list[tuple[str, list[str]]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += examples(command, (*path, name))
        else:
            lines = (command.help or "").partition("Example:\n")[2].splitlines()
            found += [(" ".join((*path, name)), shlex.split(line)) for line in lines if line.strip()] or [
                (" ".join((*path, name)), [])
            ]
    return found


@pytest.mark.parametrize(("name", "example"), examples(cli), ids=[name for name, _ in examples(cli)])
def test_the_example_of_every_help_runs(
    copy: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, example: list[str]
) -> None:
    assert example[: 1 + len(name.split())] == ["wattledger", *name.split()]
    if name == "demo":
        monkeypatch.chdir(copy.parent)
    result = run(*example[1:])
    assert result.exit_code == 0, result.stderr
    assert result.stdout


# What is an example of a help runs above; the folder that `copy` copies is what `demo` made.
ELSEWHERE = [example[1:] for _, example in examples(cli)]
SHOWN = [(page.name, shlex.join(command)) for page in PAGES for command in commands(page) if command not in ELSEWHERE]


@pytest.mark.parametrize(("page", "command"), sorted(set(SHOWN)))
def test_every_command_of_a_page_runs(copy: Path, run: Run, page: str, command: str) -> None:
    result = run(*shlex.split(command))
    assert result.exit_code == 0, result.stderr
    shown = next(outputs(path).get(command, []) for path in PAGES if path.name == page)
    printed = result.stdout.splitlines()
    assert [line for line in shown if line not in printed] == [], f"run the command and bring {page} up to date"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_of_a_page_is_valid(tmp_path: Path, page: Path) -> None:
    for text in blocks(page, "toml"):
        (tmp_path / "wattledger.toml").write_text(text)
        assert tomllib.loads(text)
        load_config(tmp_path / "wattledger.toml", environ={})


def test_the_guide_shows_every_command(run: Run) -> None:
    shown = {word for command in commands(ROOT / "docs" / "cli.md") for word in command[:1]}
    assert shown == set(cli.commands)


def test_the_exit_codes_of_the_page_are_those_of_the_program() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d)[ |]", text, re.MULTILINE)}
    assert listed == {int(code) for code in Exit}


def test_the_keys_of_the_page_are_those_of_the_program() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = set(re.findall(r"`(\w+)`", "".join(line.split("|")[2] for line in text.splitlines() if line.count("|") > 4)))
    from wattledger.config_tables import EstimateTable, ReportTable, SourceTable, WarehouseTable

    assert keys >= {
        *WarehouseTable.model_fields,
        *EstimateTable.model_fields,
        *ReportTable.model_fields,
        *SourceTable.model_fields,
    }


def test_the_demo_shows_the_three_lanes_first(demo: Path) -> None:
    """Within 120 columns: lanes by month, how sure, causes, runs, owners, carbon per unit; what to try is talk."""
    printed = (demo.parent / "stdout.txt").read_text(encoding="utf-8").splitlines()
    titles = [line for line in printed if line and not line.startswith(" ") and line[0].isupper()]
    assert len(titles) == 7
    assert "trackers by month" in titles[0]
    assert max(len(line) for line in printed) <= 120
    assert any(line.strip().startswith("Typical error of this total is ") for line in printed)
    talk = (demo.parent / "stderr.txt").read_text(encoding="utf-8")
    assert "wattledger explain" in talk


def test_the_next_steps_of_the_demo_run(copy: Path, run: Run, demo: Path) -> None:
    steps = (demo.parent / "stderr.txt").read_text(encoding="utf-8").partition("Next:\n")[2].splitlines()
    assert steps[0].strip() == "cd demo"
    for step in steps[1:]:
        command = shlex.split(re.split(r"\s{2,}", step.strip())[0])
        assert command[0] == "wattledger"
        assert run(*command[1:]).exit_code == 0, step


def test_a_program_that_the_shell_does_not_find_says_first_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / ".venv" / "bin" / "wattledger"
    program.parent.mkdir(parents=True)
    program.with_name("activate").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert next_steps(Path("demo"), program)[2].split("  ")[1] == f". {program.parent}/activate"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert next_steps(Path("demo"), program)[2] == "  cd demo"


def test_a_second_demo_in_the_same_folder_changes_nothing(
    copy: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy.parent)
    before = (copy / "wattledger.snapshot.duckdb").stat().st_mtime_ns
    result = run("demo", "--json")
    assert result.exit_code == 0
    assert [table["name"] for table in json.loads(result.stdout)["tables"]] == [
        "summary", "emissions", "uncertainty", "causes", "runs", "owners", "sci",
    ]  # fmt: skip
    assert (copy / "wattledger.snapshot.duckdb").stat().st_mtime_ns == before
