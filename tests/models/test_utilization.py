"""Observed load: hours are summed by load, what is not observed takes the default, and no total disagrees.

m5.large: 0.532 W idle and 4.118 W full per thread, f10 .17, f50 .42, host overhead 1.2, 2 vCPU: its CPU takes
2 x (0.532 + f x 3.586) x 1.2 W = 1.2768 + f x 8.6064 W. At the default of 18 % f = .17 + .08 / .4 x .25 = .22. Memory
takes (8 - 2 x 96 / 56) x (0.12 + load x 0.28) x 1.2 W: linear, so that its mean load is right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.registry import source_for
from models import factor_set
from models.rates import fill_missing, remake
from reconcile.explain import explain
from warehouse.audits import audit_all
from warehouse.database import open_for_writing
from warehouse.sync import Sync
from wattledger.contracts import SourceSettings

IDLE_W, SPAN_W = 1.2768, 8.6064
MEMORY_AT_HALF_W = (8 - 2 * 96 / 56) * (0.12 + 0.5 * 0.28) * 1.2
MEMORY_W = (8 - 2 * 96 / 56) * (0.12 + 0.18 * 0.28) * 1.2
DEFAULT_W = IDLE_W + 0.22 * SPAN_W
HEADER = (
    "line_item_usage_account_id,line_item_line_item_type,line_item_product_code,line_item_usage_type,"
    "line_item_operation,line_item_usage_amount,line_item_usage_start_date,line_item_usage_end_date,"
    "line_item_unblended_cost,line_item_resource_id,pricing_unit,product_instance_type,product_region_code\n"
)


def machine(start: str, end: str, hours: float, kind: str = "m5.large") -> str:
    """A bill line of June 2023 in us-east-1; ``start`` and ``end`` are day and hour."""
    return (
        f"1,Usage,AmazonEC2,BoxUsage:{kind},RunInstances,{hours},2023-06-{start}:00Z,2023-06-{end}:00Z,"
        f"2.4,i-1,Hrs,{kind},us-east-1\n"
    )


DAY = machine("01T00:00", "02T00:00", 24)


@dataclass
class House:
    """A warehouse and the folders of its two sources."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def sync(self) -> None:
        connection, folder = self.connection, self.folder
        driver = Sync(connection, folder / "spool", folder / "staging", fill_missing, lambda _: None)
        sources = [
            source_for(SourceSettings(name, kind, str(folder / name)))
            for name, kind in (("bill", "aws-cur"), ("meters", "utilization-csv"))
        ]
        assert driver.run(sources).exit_code == 0

    def bill(self, *lines: str) -> None:
        (self.folder / "bill" / "cur.csv").write_text(HEADER + "".join(lines))

    def observe(self, *hours: tuple[int, float], metric: str = "cpu", name: str = "load.csv") -> None:
        """Utilisation by hour of 1 June."""
        rows = "".join(f"i-1,2023-06-01 {hour:02}:00,{metric},{load}\n" for hour, load in hours)
        (self.folder / "meters" / name).write_text("resource_id,time,metric,utilization\n" + rows)

    def footprint(self, *columns: str) -> tuple[Any, ...]:
        query = f"select {', '.join(columns)} from ledger.footprint order by line_id"
        found: tuple[Any, ...] = self.connection.execute(query).fetchall()[0]
        return found


@contextmanager
def house(folder: Path) -> Iterator[House]:
    for name in ("bill", "meters"):
        (folder / name).mkdir()
    with open_for_writing(folder / "w.duckdb") as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
        yield House(connection, folder)


def spread(*loads: float) -> list[tuple[int, float]]:
    """A day of 24 hours that takes each load for an equal part of it."""
    return [(hour, loads[hour * len(loads) // 24]) for hour in range(24)]


def test_a_day_is_summed_by_load_and_not_taken_at_its_mean(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*spread(0.30, 0.70))
        it.sync()
        found = it.footprint("compute_it_energy_kwh", "memory_it_energy_kwh", "quality", "observed_share")
        assert audit_all(it.connection)[1], audit_all(it.connection)[0].rows
    # .30: .17 + .2 / .4 x .25 = .295; .70: .42 + .2 / .5 x .58 = .652. 12 h of each: 24 h at f = .4735.
    by_load_kwh = 24 * (IDLE_W + 0.4735 * SPAN_W) / 1000
    assert found == (pytest.approx(by_load_kwh), pytest.approx(24 * MEMORY_AT_HALF_W / 1000), 2, pytest.approx(1.0))
    # The mean load is .50, at which f is .42: 11 % less of the span.
    assert by_load_kwh - 24 * (IDLE_W + 0.42 * SPAN_W) / 1000 == pytest.approx(24 * 0.0535 * SPAN_W / 1000)


@pytest.mark.parametrize(
    ("load", "f"), [(0.0, 0.0), (0.05, 0.085), (0.1, 0.17), (0.3, 0.295), (0.5, 0.42), (0.75, 0.71), (1.0, 1.0)]
)
def test_every_load_lies_between_its_two_nodes(load: float, f: float, tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*spread(load))
        it.sync()
        found = it.footprint("compute_it_energy_kwh")
    assert found == (pytest.approx(24 * (IDLE_W + f * SPAN_W) / 1000),)


def test_hours_that_were_not_observed_take_the_default(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*((hour, 0.5) for hour in range(6)))
        it.sync()
        found = it.footprint("compute_it_energy_kwh", "quality", "observed_share")
        assert audit_all(it.connection)[1]
    # a quarter of the day: less than half, so still 3
    assert found == (pytest.approx((6 * (IDLE_W + 0.42 * SPAN_W) + 18 * DEFAULT_W) / 1000), 3, pytest.approx(0.25))


def test_a_machine_that_ran_ten_hours_of_the_day_is_covered_by_ten_hours(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(machine("01T00:00", "02T00:00", 10))
        it.observe(*((hour, 1.0) for hour in range(8, 18)))
        it.sync()
        found = it.footprint("compute_it_energy_kwh", "observed_share")
    assert found == (pytest.approx(10 * (IDLE_W + SPAN_W) / 1000), pytest.approx(1.0))


def test_observed_hours_narrow_the_range_and_leave_cost_and_embodied_as_they_are(tmp_path: Path) -> None:
    columns = ("it_energy_kwh_low / it_energy_kwh", "it_energy_kwh_high / it_energy_kwh", "embodied_kg_co2e")
    costs = "select sum(lines), sum(billed_cost), sum(effective_cost) from core.usage_daily"
    with house(tmp_path) as it:
        it.bill(DAY)
        it.sync()
        low, high, embodied = it.footprint(*columns)
        cost = it.connection.execute(costs).fetchall()
        it.observe(*spread(0.18))  # the default itself
        it.sync()
        seen = it.footprint(*columns)
        assert it.connection.execute(costs).fetchall() == cost
    assert low < seen[0] < 1 < seen[1] < high
    assert seen[2] == pytest.approx(embodied)


def test_boards_are_linear_in_their_own_load(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(machine("01T00:00", "02T00:00", 24, "p4d.24xlarge"))
        it.sync()
        default, compute, quality = it.footprint("accelerator_it_energy_kwh", "compute_it_energy_kwh", "quality")
        board = it.connection.execute(
            "select idle_w, busy_w, n.central from factors.accelerator_power "
            "join factors.coefficient as n on n.key = node_overhead_key where accelerator = 'NVIDIA A100 40GB SXM4'"
        ).fetchall()
        (idle_w, busy_w, node_w) = board[0]
        it.observe(*spread(0.9, 0.1), metric="gpu")
        it.sync()
        boards_only = it.footprint("accelerator_it_energy_kwh", "compute_it_energy_kwh", "quality")
        it.observe(*spread(0.5), name="cpu.csv")
        it.sync()
        both = it.footprint("accelerator_it_energy_kwh", "quality")
    # 8 boards for 24 h, half of them at 90 %, half at 10 %; the default is another
    kwh = 8 * 24 * (idle_w + 0.5 * (busy_w - idle_w) + node_w) / 1000
    assert default != pytest.approx(kwh)
    assert boards_only == (pytest.approx(kwh), pytest.approx(compute), quality)
    assert both == (pytest.approx(kwh), 2)  # nothing of the machine is at its default any more


def test_load_that_comes_after_the_bill_is_a_restatement_of_activity(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.sync()
        it.observe(*spread(1.0))
        it.sync()
        found = it.connection.execute(
            "select cause, lines_from, lines_to, energy_kwh_from, energy_kwh_to from ledger.restatements"
        ).fetchall()
        total = it.footprint("energy_kwh")[0]
        (it.folder / "meters" / "load.csv").write_text("resource_id,time,utilization\n")  # taken back
        it.sync()
        again = it.footprint("compute_it_energy_kwh", "observed_share", "quality")
        assert audit_all(it.connection)[1]
    default = 24 * (DEFAULT_W + MEMORY_W) / 1000 * 1.15
    assert found == [("activity", 1, 1, pytest.approx(default), pytest.approx(total))]
    assert again == (pytest.approx(24 * DEFAULT_W / 1000), None, 3)


def test_load_that_comes_with_the_bill_restates_nothing_and_a_restated_bill_keeps_it(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*spread(1.0))
        it.sync()
        assert it.connection.execute("select count(*) from ledger.restatements").fetchall() == [(0,)]
        it.bill(machine("01T00:00", "02T00:00", 12))
        it.sync()
        assert it.footprint("compute_it_energy_kwh") == (pytest.approx(12 * (IDLE_W + SPAN_W) / 1000),)
        before = it.footprint("energy_kwh", "location_based_kg_co2e", "energy_kwh_low")
        remake(it.connection)
        assert it.footprint("energy_kwh", "location_based_kg_co2e", "energy_kwh_low") == before


def test_explain_shows_the_loads_that_sum_to_the_line(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*((hour, 0.3) for hour in range(12)))
        it.sync()
        line_id, total = it.footprint("line_id", "it_energy_kwh")
        tables = {table.name: table for table in explain(it.connection, line=line_id)}
    # 12 of 24 h at 30 %: half of each is at 10 %, half at 50 %
    shares = [(row[0], row[2]) for row in tables["loads"].rows]
    assert shares == [(10, pytest.approx(0.25)), (50, pytest.approx(0.25)), (None, pytest.approx(0.5))]
    assert sum(row[5] for row in tables["loads"].rows) == pytest.approx(total)  # type: ignore[misc]


def test_an_hour_that_is_delivered_twice_counts_with_its_mean(tmp_path: Path) -> None:
    with house(tmp_path) as it:
        it.bill(DAY)
        it.observe(*spread(0.2), name="a.csv")
        it.observe(*spread(0.4), name="b.csv")
        it.sync()
        found = it.footprint("compute_it_energy_kwh", "observed_share")
        seen = it.connection.execute("select distinct utilization, coverage_share from ledger.utilization").fetchall()
    assert found == (pytest.approx(24 * (IDLE_W + 0.295 * SPAN_W) / 1000), pytest.approx(1.0))
    assert seen == [(pytest.approx(0.3), 1.0)]
