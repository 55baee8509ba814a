"""How a number came to be: every step adds up to what the ledger says, and the nearest answers what is not there."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from ledgers import FRANKFURT, JUNE, Ledger, at, ledger

from models.rates import fill_missing
from reconcile.explain import explain
from wattledger.errors import ConfigError
from wattledger.tables import Table


@pytest.fixture
def small() -> Iterator[Ledger]:
    """Real rates: a machine of Frankfurt, a volume, and a service that no rule covers."""
    with ledger() as made:
        for meter, service, unit, machine in (
            ("EUC1-BoxUsage:m5.large", "AmazonEC2", "Hrs", "m5.large"),
            ("EUC1-EBS:VolumeUsage.gp3", "AmazonEC2", "GB-Mo", None),
            ("EUC1-Robot:Hours", "AWSRoboMaker", "Hrs", None),
        ):
            number = made.skus[meter] = len(made.skus) + 1
            made.insert(
                "core.sku", sku_id=number, provider="aws", service_name=service, service_code=service,
                region_id=FRANKFURT, sku_meter=meter, consumed_unit=unit, instance_type=machine, line_type="Usage",
                operation="RunInstances" if machine else "", is_split=False,
            )  # fmt: skip
        made.machine("i-0aaa", at(3, 8), 6, meter="EUC1-BoxUsage:m5.large", cost="0.115")
        made.line("EUC1-EBS:VolumeUsage.gp3", at(3), quantity=5.0)
        made.line("EUC1-Robot:Hours", at(3))
        fill_missing(made.connection)
        yield made


def explained(small: Ledger, **what: Any) -> dict[str, Table]:
    return {table.name: table for table in explain(small.connection, **what)}


def values(table: Table) -> dict[str, Any]:
    return {str(row[0]): row[1] for row in table.rows}


def test_a_line_is_its_quantity_times_a_rate_that_can_be_followed(small: Ledger) -> None:
    (line,) = small.query("from ledger.lines where sku_meter like '%gp3'")
    tables = explained(small, line=line["line_id"])
    facts = values(tables["line"])
    assert (facts["consumed_quantity"], facts["disposition"]) == (5.0, "estimated")
    steps = {row[0]: row for row in tables["formula"].rows}
    _, formula, numbers, value, unit, _ = steps["energy of the line, after PUE"]
    assert (formula, unit) == ("quantity x rate", "kWh")
    quantity, rate = (float(number) for number in numbers.split(" x "))
    assert quantity * rate == pytest.approx(value)
    assert value == line["energy_kwh"]
    assert any("worked out again agree" in note for note in tables["formula"].notes)
    assert any(factor[0].startswith("grid/") and factor[1] for factor in tables["formula_factors"].rows)


def test_a_line_without_an_estimate_says_why(small: Ledger) -> None:
    (line,) = small.query("from ledger.lines where service_name = 'AWSRoboMaker'")
    tables = explained(small, line=line["line_id"])
    assert tables["formula"].rows == []
    assert any("No figure stands for it" in note for note in tables["formula"].notes)


def test_a_service_lists_its_skus_with_the_formula_of_the_largest(small: Ledger) -> None:
    tables = explained(small, service="amazonec2", month=JUNE)
    skus = [dict(zip(tables["skus"].columns, row, strict=True)) for row in tables["skus"].rows]
    assert [sku["sku_meter"] for sku in skus] == ["EUC1-BoxUsage:m5.large", "EUC1-EBS:VolumeUsage.gp3"]
    for sku in skus:
        assert sku["consumed_quantity"] * sku["energy_kwh_per_unit"] == pytest.approx(sku["energy_kwh"])
    assert "m5.large" in tables["formula_1"].title
    assert any("host_overhead" in str(row[1]) for row in tables["formula_1"].rows)


def test_a_run_shows_its_rows_its_match_and_both_sides_of_the_ratio(small: Ledger) -> None:
    small.run("run", at(3, 8), 1, kwh=0.004, resource_id="i-0aaa")
    small.run("run", at(3, 8), 4, kwh=0.016, resource_id="i-0aaa")
    small.compare()
    tables = explained(small, run="run")
    assert len(tables["tracker_rows"].rows) == 2
    facts = values(tables["run"])
    assert (facts["match_level"], facts["resource_id"], facts["rows_collapsed"]) == ("L1", "i-0aaa", 2)
    billed = dict(zip(tables["billed"].columns, tables["billed"].rows[0], strict=True))
    assert (billed["lines"], billed["used_h"]) == (4, 4.0)
    steps = {row[0]: row for row in tables["comparison"].rows}
    tracker, model = steps["tracker over the overlap"][3], steps["model over the overlap"][3]
    assert tracker == pytest.approx(0.016)
    assert sum(float(part) for part in steps["model over the overlap"][2].split(" + ")) == pytest.approx(model)
    if facts["verdict"] != "not_comparable":
        assert steps["tracker over model"][3] == pytest.approx(tracker / model)
    assert "m5.large" in tables["formula"].title


def test_a_run_that_met_nothing_says_so(small: Ledger) -> None:
    small.run("run", at(3, 8), 1, kwh=0.004, resource_id="i-0zzz")
    tables = explained(small, run="run")
    assert tables["run"].notes == ["Not compared yet: run `wattledger reconcile`."]
    small.compare()
    assert values(explained(small, run="run")["run"])["match_reason"] == "i-0zzz is on no bill that is loaded"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"line": 999}, r"There is no line 999. Nearest: 8."),
        ({"service": "AmazonEC3", "month": JUNE}, r"No line of 'AmazonEC3' is charged in 2025-06. Nearest: AmazonEC2."),
        ({"service": "AmazonEC2", "month": date(2020, 1, 1)}, r"The bill has no line in that month"),
        ({"run": "run-eins"}, r"There is no run 'run-eins'. Nearest: run-1."),
        ({}, "Ask for exactly one"),
        ({"line": 1, "run": "run-1"}, "Ask for exactly one"),
        ({"service": "AmazonEC2"}, "Ask for exactly one"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(asked: dict[str, Any], message: str, small: Ledger) -> None:
    small.run("run-1", at(3, 8), 1, kwh=0.004)
    with pytest.raises(ConfigError, match=message):
        explain(small.connection, **asked)


def test_an_empty_warehouse_says_that_nothing_is_loaded() -> None:
    with ledger() as empty:
        with pytest.raises(ConfigError, match="No bill is loaded"):
            explain(empty.connection, line=1)
        with pytest.raises(ConfigError, match="No tracker log is loaded"):
            explain(empty.connection, run="run")
