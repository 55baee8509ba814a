"""A project folder with a small bill, and the command line run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import cli

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]

HEADER = (
    "identity/LineItemId,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageAccountId,"
    "lineItem/LineItemType,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/UsageAmount,"
    "pricing/unit,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UnblendedCost,lineItem/CurrencyCode,"
    "product/region,lineItem/ResourceId,resourceTags/user:team\n"
)
CONFIG = """\
[[source]]
name = "bill"
kind = "aws-cur"
location = "bill"
"""


def bill_line(number: int, hours: float = 1, cost: str = "0.10", team: str = "search", month: str = "2025-03") -> str:
    """One line of a legacy CUR: hours of an m5.large in Frankfurt."""
    return (
        f"line-{month}-{number},111122223333,{month}-01T00:00:00Z,444455556666,Usage,AmazonEC2,EUC1-BoxUsage:m5.large,"
        f"RunInstances,{hours},Hrs,{month}-02T0{number % 10}:00:00Z,{month}-02T0{number % 10}:59:59Z,{cost},USD,"
        f"eu-central-1,i-0a1b2c3d,{team}\n"
    )


def write_bill(folder: Path, lines: list[str], name: str = "2025-03.csv") -> Path:
    """Write a bill file into ``folder``/bill."""
    path = folder / "bill" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(lines))
    return path


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
    """A folder of one's own with wattledger.toml, a bill of two lines, the warehouse and its snapshot; the current one."""
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


def run_process(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m wattledger` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "wattledger", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `wattledger demo`, run once for all tests that only read it; what it printed is beside it."""
    folder = tmp_path_factory.mktemp("newcomer")
    done = run_process(folder, "demo", XDG_CONFIG_HOME=str(folder))
    assert done.returncode == 0, done.stderr
    (folder / "stdout.txt").write_text(done.stdout)
    (folder / "stderr.txt").write_text(done.stderr)
    return folder / "demo"
