"""Interrupted or terminated: a few words, the shell's code, and the next run makes it whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, bill_line, run_process, write_bill

from warehouse.database import open_for_reading


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_sync_in_order(fresh: Path, number: signal.Signals, code: int) -> None:
    months = [f"2025-{month:02}" for month in range(1, 8)]
    for month in months:
        write_bill(fresh, [bill_line(n, month=month) for n in range(8_000)], f"{month}.csv")
    (fresh / "bill" / "2025-03.csv").unlink()
    with subprocess.Popen(
        [sys.executable, "-m", "wattledger", "sync"],
        cwd=fresh,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert "loaded" in process.stderr.readline()
        os.killpg(process.pid, number)  # as a terminal does: the reading child gets it, too
        talk = process.stderr.read()
        assert process.wait(10) == code
    assert "Traceback" not in talk
    assert not list(fresh.glob("*.staging"))
    with open_for_reading(fresh / "wattledger.duckdb") as connection:
        (lines,) = connection.execute("select count(*) from ledger.usage").fetchall()[0]
    assert lines % 8_000 == 0  # whole units only
    assert run_process(fresh, "sync").returncode == 0
    with open_for_reading(fresh / "wattledger.duckdb") as connection:
        assert connection.execute("select count(*) from ledger.usage").fetchall() == [(6 * 8_000,)]


def test_a_reader_of_the_output_may_leave_early(project: Path) -> None:
    command = f"{sys.executable} -m wattledger sql 'select range from range(100000)' --format csv | head -1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, shell=True, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "range\n"
    assert done.stderr == ""
