"""Pods share the hour of their machine: nothing of it is lost, and what nobody used is said.

Every machine hour is that of `toy`: 0.015 kWh of CPU and 0.005 kWh of memory at the server, 0.024 kWh at the meter,
0.012 kg CO2e, 0.004 kg embodied. It costs 0.10 USD.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from toy import fill_rates, toy_warehouse

from connectors.registry import source_for
from warehouse.audits import audit_all
from warehouse.sync import Sync
from wattledger.contracts import SourceSettings

NODE = "i-0abc1234def567890"
SEVEN = ("07:00", "08:00")
Row = dict[str, str]


def node(start: str = "07:00", end: str = "08:00", amount: str = "1", cost: str = "0.10", **over: str) -> Row:
    """The bill line of the machine."""
    return {
        "bill_payer_account_id": "payer", "line_item_usage_account_id": "ml", "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": f"2025-03-01T{start}:00Z", "line_item_usage_end_date": _end(end),
        "line_item_product_code": "AmazonEC2", "line_item_usage_type": "EUC1-BoxUsage:m5.large",
        "line_item_resource_id": NODE, "line_item_usage_amount": amount, "line_item_unblended_cost": cost,
        "line_item_currency_code": "USD", "product_region_code": "eu-central-1", **over,
    }  # fmt: skip


def pod(name: str, part: str, ratio: str, *, usage: str = "0.5", hours: tuple[str, str] = SEVEN, **over: str) -> Row:
    """A split row: one part of what a pod had in an hour."""
    return node(*hours, usage, "0") | {
        "line_item_product_code": "AmazonEKS", "line_item_usage_type": f"EUC1-EKS-EC2-{part}-Hours",
        "line_item_resource_id": f"arn:aws:eks:eu-central-1:ml:pod/shop/web/{name}/uid",
        "split_line_item_parent_resource_id": NODE, "split_line_item_split_usage": usage,
        "split_line_item_split_usage_ratio": ratio, **over,
    }  # fmt: skip


def _end(clock: str) -> str:
    return "2025-03-02T00:00:00Z" if clock == "24:00" else f"2025-03-01T{clock}:00Z"


@contextmanager
def loaded(folder: Path, *rows: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with one Cost and Usage Report of these rows."""
    bill = folder / "cur.csv"
    names = dict.fromkeys(name for row in rows for name in row)
    with bill.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(names))
        writer.writeheader()
        writer.writerows(rows)
    with toy_warehouse(folder / "w.duckdb") as connection:
        driver = Sync(connection, folder / "spool", folder / "staging", fill_rates, lambda _: None)
        assert driver.run([source_for(SourceSettings("cur", "aws-cur", str(bill)))]).loaded == 1
        yield connection


def shares(connection: duckdb.DuckDBPyConnection, *columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select parse_filename(pod_of) as name, "
        f"{', '.join(columns)} from (select *, replace(pod, '/uid', '') as pod_of from ledger.allocation) "
        "order by hour_start, name"
    ).fetchall()


def close(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(pytest.approx(value) if isinstance(value, float) else value for value in row) for row in rows]


def test_each_part_of_the_energy_goes_by_its_own_share_and_the_rest_is_unused(tmp_path: Path) -> None:
    rows = [node(), pod("a", "vCPU", "0.5"), pod("a", "GB", "0.2"), pod("b", "vCPU", "0.25"), pod("b", "GB", "0.6")]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "compute_share", "memory_share", "it_energy_kwh", "energy_kwh", "is_scaled")
        assert audit_all(connection)[1]
    # a: .5 x 15 Wh + .2 x 5 Wh = 8.5 Wh; b: .25 x 15 + .6 x 5 = 6.75 Wh; unused: .25 x 15 + .2 x 5 = 4.75 Wh; x 1.2
    assert found == close(
        [
            ("a", 0.5, 0.2, 0.0085, 0.0102, False),
            ("b", 0.25, 0.6, 0.00675, 0.0081, False),
            ("unused", 0.25, 0.2, 0.00475, 0.0057, False),
        ]
    )


def test_the_share_divides_every_figure_and_the_cost(tmp_path: Path) -> None:
    columns = (
        "share", "location_based_kg_co2e", "location_based_kg_co2e_low", "embodied_kg_co2e",
        "effective_cost::double", "billing_currency", "market_based_kg_co2e",
    )  # fmt: skip
    with loaded(tmp_path, node(), pod("a", "vCPU", "0.5"), pod("a", "GB", "0.2")) as connection:
        found = shares(connection, *columns)
    # 8.5 of 20 Wh are .425
    assert found == close(
        [
            ("a", 0.425, 0.0051, 0.00255, 0.0017, 0.0425, "USD", None),
            ("unused", 0.575, 0.0069, 0.00345, 0.0023, 0.0575, "USD", None),
        ]
    )


def test_a_pod_is_named_by_its_tags_else_by_its_resource_id(tmp_path: Path) -> None:
    keys = {"aws_eks_cluster_name": "prod", "aws_eks_namespace": "shop", "aws_eks_workload_name": "cart"}
    tagged = {"resource_tags": json.dumps(keys)}
    rows = [
        node(),
        pod("a", "vCPU", "0.5", usage="1.0", **tagged),
        pod("a", "GB", "0.5", usage="4.0", **tagged),
        pod("b", "vCPU", "0.1", usage="0.2"),
    ]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "cluster_name", "namespace", "workload", "vcpu_hours", "memory_gb_hours")
    assert found == [
        ("a", "prod", "shop", "cart", 1.0, 4.0),
        ("b", "shop", "web", None, 0.2, None),
        ("unused", None, None, None, None, None),
    ]


def test_split_rows_add_nothing_to_the_totals(tmp_path: Path) -> None:
    with loaded(tmp_path, node(), pod("a", "vCPU", "0.5"), pod("a", "GB", "0.5")) as connection:
        total = connection.execute(
            "select count(*), sum(it_energy_kwh), sum(billed_cost)::double from ledger.lines"
        ).fetchall()
    assert total == [(3, pytest.approx(0.020), pytest.approx(0.10))]


def test_shares_above_one_are_scaled_and_flagged(tmp_path: Path) -> None:
    rows = [node(), *(pod(name, part, "0.75") for name in "ab" for part in ("vCPU", "GB"))]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "share", "is_scaled")
        assert audit_all(connection)[1]
    # .75 of 1.5 each
    assert found == close([("a", 0.5, True), ("b", 0.5, True), ("unused", 0.0, True)])


def test_a_pod_without_its_machine_has_no_figure_and_says_why(tmp_path: Path) -> None:
    rows = [node(), pod("a", "vCPU", "0.5", hours=("09:00", "10:00"))]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "hour(hour_start)", "share", "it_energy_kwh", "effective_cost", "gap_reason")
        assert audit_all(connection)[1]
    # the machine is billed for 07:00, the pod ran at 09:00
    assert found == [("a", 9, None, None, None, f"no estimated line of {NODE} in this hour")]


def test_a_pod_without_a_share_has_no_figure_and_what_it_used_stays_in_the_rest(tmp_path: Path) -> None:
    rows = [node(), pod("a", "vCPU", ""), pod("b", "vCPU", "0.25"), pod("b", "GB", "0.25")]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "share", "gap_reason")
        assert audit_all(connection)[1]
    assert found == close(
        [
            ("a", None, "the row of this pod states no share of its parent"),
            ("b", 0.25, None),
            ("unused", 0.75, None),
        ]
    )


def test_a_day_of_the_machine_is_spread_evenly_and_hours_without_a_pod_are_unused(tmp_path: Path) -> None:
    rows = [node("00:00", "24:00", "24", "2.40"), pod("a", "vCPU", "1"), pod("a", "GB", "1")]
    with loaded(tmp_path, *rows) as connection:
        found = connection.execute(
            "select pod = 'unused', count(*), sum(it_energy_kwh), sum(effective_cost)::double from ledger.allocation "
            "where it_energy_kwh > 0 group by 1 order by 1"
        ).fetchall()
        assert audit_all(connection)[1]
    # 24 h x 20 Wh; one of them is the pod's
    assert found == close([(False, 1, 0.020, 0.10), (True, 23, 0.460, 2.30)])


def test_a_day_of_a_pod_is_spread_over_the_hours_of_its_machine(tmp_path: Path) -> None:
    hours = [node(f"{hour:02}:00", f"{hour + 1:02}:00") for hour in range(3)]
    span = ("00:00", "03:00")
    rows = [*hours, pod("a", "vCPU", "0.5", usage="3", hours=span), pod("a", "GB", "0.5", usage="12", hours=span)]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "hour(hour_start)", "vcpu_hours", "memory_gb_hours", "it_energy_kwh")
    assert [row for row in found if row[0] == "a"] == close([("a", hour, 1.0, 4.0, 0.010) for hour in range(3)])


def test_a_credited_hour_is_divided_with_its_sign(tmp_path: Path) -> None:
    rows = [node(), node(amount="-0.5", cost="-0.05"), pod("a", "vCPU", "0.5"), pod("a", "GB", "0.5")]
    with loaded(tmp_path, *rows) as connection:
        found = shares(connection, "it_energy_kwh", "effective_cost::double")
        assert audit_all(connection)[1]
    # half of half an hour
    assert found == close([("a", 0.005, 0.025), ("unused", 0.005, 0.025)])


def test_accelerators_go_by_their_own_share_where_the_bill_states_it(tmp_path: Path) -> None:
    rows = [
        node(),
        pod("a", "vCPU", "0.5"),
        pod("a", "GB", "0.5"),
        pod("a", "GPU", "1", usage="1"),
        pod("b", "vCPU", "0.5"),
    ]
    with loaded(tmp_path, *rows) as connection:
        connection.execute(  # an accelerator that takes 0.080 kWh beside the 0.020
            "update core.rate set accelerator_it_energy_kwh = 0.08, it_energy_kwh = 0.10 where it_energy_kwh > 0"
        )
        found = shares(connection, "accelerator_share", "it_energy_kwh", "accelerator_hours")
        connection.execute("delete from core.allocation where part = 'accelerator'")
        without = shares(connection, "accelerator_share", "it_energy_kwh")
    # a: 7.5 + 2.5 + 80 Wh; b: 7.5 Wh; unused: the memory that b has no row for
    assert found == close([("a", 1.0, 0.090, 1.0), ("b", 0.0, 0.0075, None), ("unused", 0.0, 0.0025, None)])
    # without such rows by vCPU: a 7.5 + 2.5 + 40, b 7.5 + 40
    assert without == close([("a", None, 0.050), ("b", None, 0.0475), ("unused", None, 0.0025)])


def test_a_machine_without_split_rows_is_not_divided_and_a_restated_bill_replaces_the_pods(tmp_path: Path) -> None:
    with loaded(tmp_path, node(), pod("a", "vCPU", "0.5")) as connection:
        assert len(shares(connection)) == 2
    with loaded(tmp_path, node(), node("08:00", "09:00")) as connection:
        assert shares(connection) == []
        assert connection.execute("select count(*) from core.allocation").fetchall() == [(0,)]


def test_conservation_is_audited(tmp_path: Path) -> None:
    with loaded(tmp_path, node(), pod("a", "vCPU", "0.5")) as connection:
        connection.execute(  # a charge that ends before it starts has no hours to divide
            "update core.usage set charge_period_end = charge_period_start - interval 1 hour where resource_id = ?",
            [NODE],
        )
        outcome = {row[0]: row[1] for row in audit_all(connection)[0].rows}
    assert outcome["allocation_conserved"] == "failed"
