"""The sync driver: twice is once, a failure changes nothing, nothing is lost and nothing doubled."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from toy import HEADER, ToySource, line

from models import factor_set, rates
from warehouse.audits import audit_all
from warehouse.database import open_for_writing
from warehouse.sync import Sync, SyncReport
from wattledger.errors import Exit, LockedError

Open = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    folder = tmp_path / "bill"
    folder.mkdir()
    return folder


@contextmanager
def _open(path: Path):
    with open_for_writing(path) as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default') on conflict do nothing")
        yield connection


def _sync(tmp_path: Path, *sources: ToySource, full: bool = False) -> SyncReport:
    with _open(tmp_path / "w.duckdb") as connection:
        said: list[str] = []
        driver = Sync(connection, tmp_path / "spool", tmp_path / "staging", rates.fill_missing, said.append, full)
        return driver.run(sources)


def _query(tmp_path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_second_sync_reads_no_data_and_leaves_the_same_rows(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2))
    source = ToySource("toy", bill)
    first = _sync(tmp_path, source)
    rows = _query(tmp_path, "from ledger.lines order by line_id")
    second = _sync(tmp_path, source)
    assert (first.loaded, second.loaded, second.unchanged) == (1, 0, 1)
    assert _query(tmp_path, "from ledger.lines order by line_id") == rows
    assert len(rows) == 2


def test_a_rewrite_of_the_same_bytes_is_not_loaded_again(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    os.utime(path, ns=(1, 1))
    assert _sync(tmp_path, source).unchanged == 1
    assert _query(tmp_path, "select generation from core.unit") == [(1,)]


def test_a_restated_month_replaces_its_lines_and_keeps_what_they_summed_to(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1, cost="1.00") + line(2, cost="2.00"))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    path.write_text(HEADER + line(1, cost="1.00") + line(2, cost="2.50") + line(3, cost="4.00"))
    _sync(tmp_path, source)
    # 1.00 + 2.00 = 3.00 before, 1.00 + 2.50 + 4.00 = 7.50 after; 2 lines, then 3
    restated = _query(
        tmp_path, "select cause, lines_from, lines_to, billed_cost_from, billed_cost_to from ledger.restatements"
    )
    assert restated == [("activity", 2, 3, Decimal("3.00"), Decimal("7.50"))]
    energy = _query(tmp_path, "select energy_kwh_to / energy_kwh_from from ledger.restatements")
    assert energy[0][0] == pytest.approx(1.5)


def test_a_broken_unit_is_refused_by_name_and_the_rest_goes_on(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-02.csv").write_text("BROKEN")
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    report = _sync(tmp_path, ToySource("toy", bill))
    assert (report.loaded, report.refused, report.exit_code) == (1, 1, Exit.PARTIAL)
    refusals = _query(tmp_path, "select scope, message from ops.refusals")
    assert refusals[0][0] == "2025-02.csv"
    assert "Fetch it again" in refusals[0][1]


def test_with_nothing_current_a_refusal_is_a_failure(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-02.csv").write_text("BROKEN")
    assert _sync(tmp_path, ToySource("toy", bill)).exit_code is Exit.FAILURE


def test_a_broken_rewrite_leaves_what_was_loaded(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    path.write_text("BROKEN")
    report = _sync(tmp_path, source)
    assert (report.refused, report.exit_code) == (1, Exit.PARTIAL)
    assert _query(tmp_path, "select count(*) from ledger.usage") == [(1,)]
    assert _query(tmp_path, "select status, refused_version is not null from ops.units") == [("loaded", True)]
    assert _sync(tmp_path, source).refused == 1  # still refused, and not read again
    path.write_text(HEADER + line(1) + line(2))
    assert _sync(tmp_path, source).exit_code is Exit.OK
    assert _query(tmp_path, "select status, refused_version from ops.units") == [("loaded", None)]


def test_a_reader_that_crashes_costs_one_unit(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-02.csv").write_text("CRASH")
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    report = _sync(tmp_path, ToySource("toy", bill))
    assert (report.loaded, report.refused) == (1, 1)
    assert "died (signal 11)" in _query(tmp_path, "select message from ops.refusals")[0][0]


def test_an_empty_delivery_is_recorded_and_vanished_rows_are_a_restatement(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1, cost="5.00"))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    path.write_text(HEADER)
    report = _sync(tmp_path, source)
    assert report.exit_code is Exit.OK
    assert _query(tmp_path, "select status, row_count from ops.units") == [("delivered_empty", 0)]
    restated = _query(tmp_path, "select lines_from, lines_to, billed_cost_to from ledger.restatements")
    assert restated == [(1, 0, None)]


def test_a_unit_gone_from_its_source_is_marked_and_kept(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    content = path.read_text()
    path.unlink()
    report = _sync(tmp_path, source)
    assert (report.missing, report.exit_code) == (1, Exit.PARTIAL)
    assert _query(tmp_path, "select count(*) from ledger.usage") == [(1,)]
    path.write_text(content)
    assert _sync(tmp_path, source).exit_code is Exit.OK
    assert _query(tmp_path, "select status from ops.units") == [("loaded",)]


def test_one_bill_has_one_source_the_first_in_the_configuration(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2))
    other = tmp_path / "other"
    other.mkdir()
    (other / "2025-03.csv").write_text(HEADER + line(7) + line(8) + line(9))
    first, second = ToySource("first", bill), ToySource("second", other)
    report = _sync(tmp_path, first, second)
    assert (report.loaded, report.shadowed, report.exit_code) == (1, 1, Exit.OK)
    assert _query(tmp_path, "select count(*) from ledger.usage") == [(2,)]
    assert _sync(tmp_path, first, second).shadowed == 1


def test_a_source_put_first_takes_the_bill_over(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2))
    other = tmp_path / "other"
    other.mkdir()
    (other / "2025-03.csv").write_text(HEADER + line(7) + line(8) + line(9))
    first, second = ToySource("first", bill), ToySource("second", other)
    _sync(tmp_path, second)
    report = _sync(tmp_path, first, second)
    assert report.shadowed == 1
    assert _query(tmp_path, "select count(*) from ledger.usage") == [(2,)]
    with _open(tmp_path / "w.duckdb") as connection:
        assert audit_all(connection)[1]


def test_a_loose_file_that_repeats_line_ids_is_refused_by_name(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2))
    (bill / "2025-03-copy.csv").write_text(HEADER + line(2) + line(3))
    report = _sync(tmp_path, ToySource("toy", bill))
    assert (report.loaded, report.refused) == (1, 1)
    message = _query(tmp_path, "select message from ops.refusals")[0][0]
    assert "2025-03.csv" in message
    assert "2025-03-copy.csv" in message


def test_a_file_with_the_same_bytes_is_refused_by_name(tmp_path: Path, bill: Path) -> None:
    text = HEADER + line(1).replace("line-1", "")  # no line ids at all
    (bill / "2025-03.csv").write_text(text)
    (bill / "2025-03-copy.csv").write_text(text)
    report = _sync(tmp_path, ToySource("toy", bill))
    assert (report.loaded, report.refused) == (1, 1)


def test_a_second_writer_is_told_who_holds_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with _open(path):
        code = (
            "import sys\nfrom pathlib import Path\nfrom warehouse.database import open_for_writing\n"
            "from wattledger.errors import WattledgerError\n"
            "try:\n    open_for_writing(Path(sys.argv[1])).__enter__()\n"
            "except WattledgerError as error:\n    print(error)\n    raise SystemExit(int(error.exit_code))\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == Exit.LOCKED
    assert f"PID {os.getpid()}" in done.stdout
    assert "started 20" in done.stdout


def test_a_lock_file_of_a_dead_run_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    Path(f"{path}.lock").write_text("")
    Path(f"{path}.lock.owner").write_text(json.dumps({"pid": 1, "started_at": "2020-01-01T00:00:00+00:00"}))
    with _open(path) as connection:
        assert connection.execute("select count(*) from ops.migration").fetchall()[0][0] > 0


def test_an_analyst_with_the_file_open_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with _open(path):
        pass
    reader = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}, read_only=True); print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with pytest.raises(LockedError, match=f"PID {reader.pid}"), _open(path):
            pass
    finally:
        reader.communicate("\n")


def test_every_audit_holds_after_a_sync(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(
        HEADER + line(1) + line(2, quantity=-0.5, cost="-0.05") + line(3, kind="Tax", meter="", quantity=1)
    )
    _sync(tmp_path, ToySource("toy", bill))
    with _open(tmp_path / "w.duckdb") as connection:
        table, held = audit_all(connection)
    assert held, table.rows
