"""One writer at a time: the second says who holds the warehouse; readers fall back to the snapshot."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import ROOT, Run, run_process

HOLD = """
import sys, time
from pathlib import Path
from warehouse.database import open_for_writing
with open_for_writing(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(project: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the warehouse of the project."""
    command = [sys.executable, "-c", HOLD, str(project / "wattledger.duckdb")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("command", ["sync", "nightly", "estimate", "reconcile", "publish", "rebuild", "init"])
def test_a_second_writer_leaves_with_5_naming_pid_and_start(
    holder: subprocess.Popen[str], run: Run, command: str
) -> None:
    result = run(command)
    assert result.exit_code == 5
    assert re.search(
        rf"Another run \(PID {holder.pid}, started \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\) holds", result.stderr
    )


def test_the_second_writer_does_not_wait(holder: subprocess.Popen[str], project: Path) -> None:
    start = time.perf_counter()
    assert run_process(project, "sync").returncode == 5  # while the holder holds on
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "arguments",
    [["report"], ["sql", "from ledger.usage"], ["status"], ["audit"], ["factors", "list"],
     ["explain", "--service", "AmazonEC2", "--month", "2025-03"]],
)  # fmt: skip
def test_a_reader_falls_back_to_the_snapshot_and_says_so(
    holder: subprocess.Popen[str], run: Run, arguments: list[str]
) -> None:
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert f"PID {holder.pid}" in result.stderr
    assert re.search(r"Reading the snapshot of \d{4}-\d\d-\d\d \d\d:\d\d UTC meanwhile", result.stderr)
    assert "Reading the snapshot" not in result.stdout


def test_a_reader_without_a_snapshot_leaves_with_5(holder: subprocess.Popen[str], project: Path, run: Run) -> None:
    (project / "wattledger.snapshot.duckdb").unlink()
    assert run("report").exit_code == 5


def test_doctor_names_the_holder(holder: subprocess.Popen[str], run: Run) -> None:
    result = run("doctor", "--format", "csv")
    assert re.search(rf"lock,note,.*PID {holder.pid}", result.stdout)


def test_a_killed_holder_leaves_no_lock(holder: subprocess.Popen[str], run: Run) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert run("sync").exit_code == 0
