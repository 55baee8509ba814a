"""The sync driver: twice is once, a failure changes nothing, nothing is lost and nothing doubled."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from toy import HEADER, ToyCarbon, ToySource, fill_rates, line, toy_warehouse

from warehouse.audits import audit_all
from warehouse.sync import Sync, SyncReport
from wattledger.errors import Exit, LockedError

_HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
input()
"""


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    folder = tmp_path / "bill"
    folder.mkdir()
    return folder


def _sync(
    tmp_path: Path, *sources: ToySource, full: bool = False, order: Sequence[str] = (), said: list[str] | None = None
) -> SyncReport:
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
        say = ([] if said is None else said).append
        driver = Sync(connection, tmp_path / "spool", tmp_path / "staging", fill_rates, say, full, order)
        return driver.run(sources)


def _query(tmp_path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_second_sync_reads_no_data_and_leaves_the_same_rows(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2))
    source = ToySource("toy", bill)
    first = _sync(tmp_path, source)
    rows = _query(tmp_path, "from ledger.lines order by line_id")
    assert source.journal.read_text().split() == ["fetch", "2025-03.csv", "read", "2025-03.csv"]
    source.journal.unlink()
    second = _sync(tmp_path, source)
    assert not source.journal.exists()  # neither fetched nor read
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


def test_a_unit_whose_reader_died_is_read_again_at_the_next_run(tmp_path: Path, bill: Path) -> None:
    """The machine may have been short of memory: the same bytes get a chance at the end of the run and in the next."""
    (bill / "2025-03.csv").write_text("CRASH")
    source = ToySource("toy", bill)
    for _ in range(2):
        assert _sync(tmp_path, source).refused == 1
    assert source.journal.read_text().count("read 2025") == 4


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
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
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


def test_a_renamed_file_keeps_its_rows_its_bill_and_its_history(tmp_path: Path, bill: Path) -> None:
    source = ToySource("toy", bill)
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    _sync(tmp_path, source)
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="1.00") + line(2, cost="0.25"))
    _sync(tmp_path, source)  # a restatement from 1.00 to 1.25
    (bill / "2025-03.csv").rename(bill / "2025-03-march.csv")
    report = _sync(tmp_path, source)
    assert (report.loaded, report.refused, report.missing) == (1, 0, 0)
    assert _query(tmp_path, "select scope, generation, status from core.unit") == [("2025-03-march.csv", 2, "loaded")]
    assert _query(tmp_path, "select sum(lines), sum(billed_cost) from core.usage_daily") == [(2, Decimal("1.25"))]
    assert _query(tmp_path, "select scope, lines_from, lines_to from ledger.restatements") == [
        ("2025-03-march.csv", 1, 2)
    ]
    assert _sync(tmp_path, source).unchanged == 1


def test_a_second_writer_is_told_who_holds_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with toy_warehouse(path):
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
    with toy_warehouse(path) as connection:
        assert connection.execute("select count(*) from ops.migration").fetchall()[0][0] > 0


def test_an_analyst_with_the_file_open_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with toy_warehouse(path):
        pass
    reader = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with pytest.raises(LockedError, match=f"PID {reader.pid}"), toy_warehouse(path):
            pass
    finally:
        reader.communicate("\n")


def test_a_sync_of_one_source_takes_no_bill_from_those_before_it(tmp_path: Path, bill: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for folder in (bill, other):
        (folder / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    first, second = ToySource("first", bill), ToySource("second", other)
    order = ["first", "second"]
    _sync(tmp_path, first, order=order)
    assert _sync(tmp_path, second, order=order).shadowed == 1
    assert _query(tmp_path, "select source, status from ops.units order by 1") == [
        ("first", "loaded"), ("second", "shadowed"),
    ]  # fmt: skip


def test_rows_whose_files_are_gone_still_own_their_bill(tmp_path: Path, bill: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for folder in (bill, other):
        (folder / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    first, second = ToySource("first", bill), ToySource("second", other)
    _sync(tmp_path, first, second)
    (bill / "2025-03.csv").unlink()
    _sync(tmp_path, first, second)
    assert _query(tmp_path, "select sum(billed_cost) from ledger.usage") == [(Decimal("1.00"),)]
    # Without the first source in the configuration, the second takes the bill over.
    _sync(tmp_path, second)
    assert _query(tmp_path, "select source, status, row_count from ops.units order by 1") == [
        ("first", "shadowed", 0), ("second", "loaded", 1),
    ]  # fmt: skip


def test_the_bill_moves_to_the_next_source_when_its_owner_no_longer_has_it(tmp_path: Path, bill: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    (other / "2025-03.csv").write_text(HEADER + line(1, cost="2.00"))
    first, second = ToySource("first", bill), ToySource("second", other)
    _sync(tmp_path, first, second)
    (bill / "2025-03.csv").write_text(HEADER)  # delivered empty
    _sync(tmp_path, first, second)
    assert _query(tmp_path, "select sum(billed_cost) from ledger.usage") == [(Decimal("2.00"),)]
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="3.00"))
    _sync(tmp_path, first, second)
    assert _query(tmp_path, "select sum(billed_cost) from ledger.usage") == [(Decimal("3.00"),)]
    # Each source tells its own story: 1 line, then none, then 1; and 1 line, then none.
    steps = "select source, generation_from, lines_from, lines_to from ledger.restatements order by all"
    assert _query(tmp_path, steps) == [("first", 1, 1, 0), ("first", 2, 0, 1), ("second", 1, 1, 0)]


def test_deliveries_of_a_shadowed_bill_are_not_told_as_restatements(tmp_path: Path, bill: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "2025-03.csv").write_text(HEADER + line(1, cost="2.00"))
    first, second = ToySource("first", bill), ToySource("second", other)
    _sync(tmp_path, second)
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    _sync(tmp_path, first, second)
    for lines in (2, 3):  # rewritten twice while the first source has the bill
        (other / "2025-03.csv").write_text(HEADER + "".join(line(number, cost="2.00") for number in range(lines)))
        assert _sync(tmp_path, first, second).shadowed == 1
    _sync(tmp_path, second)
    # 1 line, then none; from none to the 3 of the last delivery, once.
    steps = "select generation_from, lines_from, lines_to from ledger.restatements where source = 'second' order by all"
    assert _query(tmp_path, steps) == [(1, 1, 0), (2, 0, 3)]


def test_a_providers_own_figures_have_one_source_as_well(tmp_path: Path, bill: Path) -> None:
    """A source that was renamed in the configuration brings the same figures again; they must not count twice."""
    (bill / "2025-03.csv").write_text("12.5")
    _sync(tmp_path, ToyCarbon("old-name", bill))
    assert _sync(tmp_path, ToyCarbon("new-name", bill)).loaded == 1
    assert _query(tmp_path, "select sum(kg_co2e) from core.provider_footprint") == [(12.5,)]
    assert _query(tmp_path, "select source, status from ops.units order by 1") == [
        ("new-name", "loaded"), ("old-name", "shadowed"),
    ]  # fmt: skip


def test_a_bill_and_a_providers_figures_for_it_do_not_displace_each_other(tmp_path: Path, bill: Path) -> None:
    carbon = tmp_path / "carbon"
    carbon.mkdir()
    (carbon / "2025-03.csv").write_text("12.5")
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    assert _sync(tmp_path, ToySource("bill", bill), ToyCarbon("carbon", carbon)).loaded == 2
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
        assert audit_all(connection)[1]


def test_a_source_that_changes_its_kind_is_read_again(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    _sync(tmp_path, ToySource("toy", bill))
    assert _sync(tmp_path, ToySource("toy", bill, kind="other-toy")).loaded == 1
    assert _query(tmp_path, "select kind, row_count from ops.units") == [("other-toy", 1)]


def test_a_delivery_put_back_as_it_was_clears_its_refusal(tmp_path: Path, bill: Path) -> None:
    path = bill / "2025-03.csv"
    path.write_text(HEADER + line(1))
    os.utime(path, ns=(1, 1))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    path.write_text("BROKEN")
    _sync(tmp_path, source)
    path.write_text(HEADER + line(1))
    os.utime(path, ns=(1, 1))
    assert _sync(tmp_path, source).exit_code is Exit.OK
    assert _query(tmp_path, "select status, refused_reason from ops.units") == [("loaded", None)]


def test_a_unit_that_holds_more_months_is_not_displaced_in_part(tmp_path: Path, bill: Path) -> None:
    """The later source's file spans two months; taking March from it would lose April without a word."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "2025-03.csv").write_text(HEADER + line(1, cost="1.00") + line(2, day="2025-04-01", cost="2.00"))
    (bill / "2025-03.csv").write_text(HEADER + line(1, cost="1.00"))
    first, second = ToySource("first", bill), ToySource("second", other)
    _sync(tmp_path, second)
    report = _sync(tmp_path, first, second)
    assert (report.refused, report.exit_code) == (1, Exit.PARTIAL)
    assert "2025-04" in _query(tmp_path, "select message from ops.refusals")[0][0]
    assert _query(tmp_path, "select sum(billed_cost) from ledger.usage") == [(Decimal("3.00"),)]


def test_a_unit_that_is_only_partly_another_sources_is_refused(tmp_path: Path, bill: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    (other / "2025-03.csv").write_text(HEADER + line(1) + line(2, day="2025-04-01"))
    report = _sync(tmp_path, ToySource("first", bill), ToySource("second", other))
    assert (report.loaded, report.refused) == (1, 1)
    assert "2025-04, which nobody else does" in _query(tmp_path, "select message from ops.refusals")[0][0]


def test_a_line_that_moved_from_one_file_to_another_is_taken_in_one_run(tmp_path: Path, bill: Path) -> None:
    """The file that gained the line is read first and repeats the other's old rows; it gets its turn again."""
    (bill / "2025-03-a.csv").write_text(HEADER + line(1))
    (bill / "2025-03-b.csv").write_text(HEADER + line(2) + line(3))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    (bill / "2025-03-a.csv").write_text(HEADER + line(1) + line(2))
    (bill / "2025-03-b.csv").write_text(HEADER + line(3))
    report = _sync(tmp_path, source)
    assert (report.loaded, report.refused) == (2, 0)
    rows = _query(tmp_path, "select provider_line_id from ledger.usage order by 1")
    assert rows == [("line-1",), ("line-2",), ("line-3",)]


def test_a_refused_repeat_is_taken_when_the_other_file_is_rewritten(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03-a.csv").write_text(HEADER + line(1))
    (bill / "2025-03-b.csv").write_text(HEADER + line(1))
    source = ToySource("toy", bill)
    assert _sync(tmp_path, source).refused == 1
    (bill / "2025-03-a.csv").write_text(HEADER + line(2))
    assert _sync(tmp_path, source).refused == 0
    assert _query(tmp_path, "select count(*) from ledger.usage") == [(2,)]


@pytest.mark.parametrize("quantity", ["NaN", "inf", "1e22"])
def test_a_quantity_that_no_sum_can_hold_refuses_the_unit_and_names_the_line(
    tmp_path: Path, bill: Path, quantity: str
) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2).replace(",1,", f",{quantity},"))
    assert _sync(tmp_path, ToySource("toy", bill)).refused == 1
    message = _query(tmp_path, "select message from ops.refusals")[0][0]
    assert "toy, 2025-03" in message
    assert "line-2" in message


def test_lines_without_a_quantity_are_daily_rows_of_their_own(tmp_path: Path, bill: Path) -> None:
    """They get no estimate, so they must not hide among lines that do."""
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2).replace(",1,", ",,"))
    _sync(tmp_path, ToySource("toy", bill))
    by_day = "select disposition, lines, energy_kwh from ledger.footprint_daily order by 1"
    assert _query(tmp_path, by_day) == [("estimated", 1, pytest.approx(0.024)), ("unmodelled", 1, None)]
    by_line = "select disposition, gap_reason from ledger.footprint order by line_id"
    assert _query(tmp_path, by_line) == [("estimated", None), ("unmodelled", "no quantity")]


def test_a_broken_file_that_was_removed_is_forgotten(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-02.csv").write_text("BROKEN")
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    source = ToySource("toy", bill)
    _sync(tmp_path, source)
    (bill / "2025-02.csv").unlink()
    assert _sync(tmp_path, source).exit_code is Exit.OK
    assert _query(tmp_path, "select scope from ops.units") == [("2025-03.csv",)]


def test_nothing_of_a_run_stays_in_staging(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    leftover = tmp_path / "staging" / "of-a-killed-run" / "1.parquet"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("half a file")
    _sync(tmp_path, ToySource("toy", bill))
    assert not (tmp_path / "staging").exists()


def test_every_audit_holds_after_a_sync(tmp_path: Path, bill: Path) -> None:
    (bill / "2025-03.csv").write_text(
        HEADER + line(1) + line(2, quantity=-0.5, cost="-0.05") + line(3, kind="Tax", meter="", quantity=1)
    )
    _sync(tmp_path, ToySource("toy", bill))
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
        table, held = audit_all(connection)
    assert held, table.rows


_LOCK = """
import sys, time
from pathlib import Path
from warehouse.database import open_for_writing
from wattledger.errors import WattledgerError

try:
    with open_for_writing(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
except WattledgerError as error:
    print(error)
    raise SystemExit(int(error.exit_code))
"""


def _race(path: Path, hold_s: float) -> None:
    """Start two writers at once: one holds, the other ends with 5 and names it; after a kill -9 nothing is held."""
    both = [
        subprocess.Popen([sys.executable, "-c", _LOCK, str(path), str(hold_s)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    done, running = [], list(both)
    while not done:
        done = [process for process in running if process.poll() is not None]
        time.sleep(0.01)
    holder = next(process for process in both if process not in done)
    assert done[0].returncode == Exit.LOCKED
    assert f"PID {holder.pid}" in done[0].communicate()[0]
    holder.kill()
    holder.communicate()
    with toy_warehouse(path):
        pass


def test_of_two_writers_at_once_one_ends_with_five_and_a_kill_frees_the_lock(tmp_path: Path) -> None:
    _race(tmp_path / "w.duckdb", 30)


@pytest.mark.long
def test_a_hundred_races_for_the_lock(tmp_path: Path) -> None:
    for _ in range(100):
        _race(tmp_path / "w.duckdb", 30)
