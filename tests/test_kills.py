"""SIGKILL at every named step and at random moments: the next run equals an unbroken one, row for row.

The warehouse already holds two months; the killed run finds the second restated and a third one new. The whole
program runs as its user runs it: `python -m wattledger nightly`.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[1]
# Where the program can be told to die, in the order of a run. The last but two are in the reading child.
STEPS = (
    "listed", "fetched", "read", "begin", "deleted", "lines", "daily", "manifest", "rates", "audited",
    "before_commit", "after_commit", "publish",
)  # fmt: skip
CHILD_STEPS = ("child_asked", "child_read")
IN_THE_NORMAL_RUN = ("deleted", "before_commit", "publish", "child_read")  # every step: the long campaign below
# What may differ between two runs of the same night: when, under which id, and where the folder lies.
VARYING = (
    "run_id", "loaded_at", "first_loaded_at", "recorded_at", "recorded_from", "recorded_to", "refreshed_at",
    "retrieved_at", "location",
)  # fmt: skip
LOG_TABLES = ("run", "refusal", "setting")

CONFIG = """
[warehouse]
path = "w.duckdb"

[[source]]
name = "cur"
kind = "aws-cur"
location = "bill"
"""
COLUMNS = (
    "identity_line_item_id,bill_payer_account_id,bill_billing_period_start_date,line_item_usage_account_id,"
    "line_item_line_item_type,line_item_usage_start_date,line_item_product_code,line_item_usage_type,"
    "line_item_operation,line_item_usage_amount,line_item_unblended_cost,line_item_currency_code,pricing_unit,"
    "product_region_code,product_instance_type,resource_tags_user_team\n"
)


def _bill(folder: Path, month: str, lines: int, cost: str = "0.10") -> None:
    """Write a month of ``lines`` hours of m5.large and as many GB-months of gp3."""
    text = COLUMNS
    for n in range(lines):
        start = f"{month}-{n % 28 + 1:02}T{n % 24:02}:00:00Z"
        common = f"999999999999,{month}-01T00:00:00Z,11111111111{n % 3},Usage,{start},AmazonEC2"
        text += (
            f"{month}-vm-{n},{common},EUC1-BoxUsage:m5.large,RunInstances,1,{cost},USD,Hrs,"
            f"eu-central-1,m5.large,team-{n % 2}\n"
            f"{month}-disk-{n},{common},EUC1-EBS:VolumeUsage.gp3,CreateVolume-Gp3,0.5,0.04,USD,GB-Mo,"
            f"eu-central-1,,team-{n % 2}\n"
        )
    target = folder / "bill" / f"billing_period={month}" / "bill.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "wattledger", "nightly", "--config", str(folder / "wattledger.toml")]


def _night(folder: Path, fault: str = "") -> int:
    environment = os.environ | {"WATTLEDGER_FAULT": fault}
    done = subprocess.run(_command(folder), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def _rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table and public view, sorted, without what may differ."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('core', 'ledger', 'factors') order by all"
        ).fetchall()
        for schema, table in tables:
            if table in LOG_TABLES:
                continue
            columns = [row[0] for row in connection.execute(f"describe {schema}.{table}").fetchall()]
            kept = ", ".join(f'"{name}"' for name in columns if name not in VARYING)
            found[f"{schema}.{table}"] = connection.execute(
                f"select {kept} from {schema}.{table} order by all"
            ).fetchall()
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months are loaded and published; on disk the second is restated and a third has come."""
    folder = tmp_path_factory.mktemp("kills") / "before"
    folder.mkdir()
    (folder / "wattledger.toml").write_text(CONFIG)
    _bill(folder, "2025-01", 40)
    _bill(folder, "2025-02", 40)
    assert _night(folder) == 0
    _bill(folder, "2025-02", 50, cost="0.11")
    _bill(folder, "2025-03", 30)
    return folder


@pytest.fixture(scope="module")
def unbroken(before: Path) -> dict[str, list[tuple[object, ...]]]:
    folder = before.with_name("unbroken")
    shutil.copytree(before, folder)
    assert _night(folder) == 0
    rows = _rows(folder / "w.duckdb")
    assert len(rows["core.usage"]) == 2 * (40 + 50 + 30)
    assert rows["ledger.restatements"]
    return rows


@pytest.fixture
def folder(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "night"))


def _assert_as_unbroken(folder: Path, unbroken: dict[str, list[tuple[object, ...]]]) -> None:
    found = _rows(folder / "w.duckdb")
    for table, rows in unbroken.items():
        assert found[table] == rows, table
    snapshot = next(path for path in folder.glob("*.duckdb") if path.name != "w.duckdb")
    assert _rows(snapshot) == found
    assert not list(folder.glob("*.part*"))
    assert not list(folder.glob("*.staging"))


def _die_and_run_again(folder: Path, step: str, unbroken: dict[str, list[tuple[object, ...]]]) -> None:
    assert _night(folder, fault=step) == (-signal.SIGKILL if step in STEPS else 3)
    assert _night(folder) == 0
    _assert_as_unbroken(folder, unbroken)


@pytest.mark.parametrize("step", IN_THE_NORMAL_RUN)
def test_the_run_after_a_kill_at_a_step_equals_an_unbroken_one(
    folder: Path, unbroken: dict[str, list[tuple[object, ...]]], step: str
) -> None:
    _die_and_run_again(folder, step, unbroken)


@pytest.mark.long
@pytest.mark.parametrize("step", [*STEPS, *CHILD_STEPS])
def test_every_named_step_can_be_the_last_one(
    folder: Path, unbroken: dict[str, list[tuple[object, ...]]], step: str
) -> None:
    _die_and_run_again(folder, step, unbroken)


def _kill_after(folder: Path, seconds: float) -> None:
    process = subprocess.Popen(_command(folder), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()


@pytest.mark.long
def test_fifty_kills_at_random_moments(
    before: Path, tmp_path: Path, unbroken: dict[str, list[tuple[object, ...]]]
) -> None:
    whole = shutil.copytree(before, tmp_path / "whole")
    started = time.monotonic()
    assert _night(whole) == 0
    duration_s = time.monotonic() - started
    moments = random.Random(2)
    for number in range(50):
        folder = shutil.copytree(before, tmp_path / f"night-{number}")
        _kill_after(folder, moments.uniform(0, duration_s))
        assert _night(folder) == 0
        _assert_as_unbroken(folder, unbroken)
        shutil.rmtree(folder)


@pytest.mark.long
def test_one_night_killed_ten_times_over(folder: Path, unbroken: dict[str, list[tuple[object, ...]]]) -> None:
    moments = random.Random(3)
    for _ in range(10):
        _kill_after(folder, moments.uniform(0.2, 2.5))
    assert _night(folder) == 0
    _assert_as_unbroken(folder, unbroken)


@pytest.mark.long
def test_a_first_night_killed_at_random_leaves_nothing_that_stops_the_next(before: Path, tmp_path: Path) -> None:
    """Also while the file is made, migrated and given its factors."""
    first = Path(shutil.copytree(before, tmp_path / "first", ignore=shutil.ignore_patterns("*.duckdb*")))
    whole = Path(shutil.copytree(first, tmp_path / "whole"))
    started = time.monotonic()
    assert _night(whole) == 0
    duration_s = time.monotonic() - started
    expected = _rows(whole / "w.duckdb")
    moments = random.Random(4)
    for number in range(10):
        folder = Path(shutil.copytree(first, tmp_path / f"night-{number}"))
        _kill_after(folder, moments.uniform(0, duration_s))
        assert _night(folder) == 0
        _assert_as_unbroken(folder, expected)


SLOW_READ = """
import sys
from pathlib import Path
from toy import ToySource, fill_rates, toy_warehouse
from warehouse.sync import Sync

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with toy_warehouse(folder / "w.duckdb") as connection:
        Sync(connection, folder, folder / "staging", fill_rates, print).run([ToySource("toy", folder / "bill")])
"""


def _wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_the_reading_child_ends_with_its_parent(tmp_path: Path) -> None:
    bill, script, journal = tmp_path / "bill", tmp_path / "slow.py", tmp_path / "bill.journal"
    bill.mkdir()
    (bill / "2025-03.csv").write_text("SLEEP")
    script.write_text(SLOW_READ)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
    assert _wait_for(lambda: journal.exists() and "asleep" in journal.read_text(), 10)
    child = int(journal.read_text().split("asleep ")[1])
    process.kill()
    process.wait()
    assert _wait_for(lambda: not Path(f"/proc/{child}").exists(), 5)
