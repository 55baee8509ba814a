"""A project folder with a small bill, and the command line run in it."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from project import CONFIG, Run, bill_line, run_process, write_bill

from cli.main import cli


@pytest.fixture(autouse=True)
def _no_user_file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a configuration of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("xdg")))
    for name in [name for name in os.environ if name.startswith("WATTLEDGER_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of two lines after its first night, made once."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "wattledger.toml").write_text(CONFIG)
    write_bill(folder, [bill_line(1), bill_line(2)])
    done = run_process(folder, "nightly", XDG_CONFIG_HOME=str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def project(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with wattledger.toml, a bill of two lines, the warehouse and its snapshot; the current one."""
    shutil.copytree(_made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with wattledger.toml and a bill of two lines, nothing loaded yet; the current one."""
    (tmp_path / "wattledger.toml").write_text(CONFIG)
    write_bill(tmp_path, [bill_line(1), bill_line(2)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Call the command line in this process: ``run("sync", "--json")``."""

    def call(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `wattledger demo`, run once for all tests that only read it; what it printed is beside it."""
    folder = tmp_path_factory.mktemp("newcomer")
    done = run_process(folder, "demo", XDG_CONFIG_HOME=str(folder))
    assert done.returncode == 0, done.stderr
    (folder / "stdout.txt").write_text(done.stdout)
    (folder / "stderr.txt").write_text(done.stderr)
    return folder / "demo"
