"""The report: its tables, its totals, and that no grouping loses or doubles anything."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ledgers import Ledger, at, ledger

from reconcile.report import GROUPS, sections
from wattledger.errors import ConfigError
from wattledger.tables import Table


@pytest.fixture
def small() -> Iterator[Ledger]:
    """Two services in two regions and accounts, 0.1 kWh steps that no binary fraction holds, in one currency."""
    with ledger() as made:
        made.site()
        made.sku("m5", machine="m5.large", kwh=0.1)
        made.sku("bucket", service="AmazonS3", kwh=0.3, region="eu-west-1", unit="GB-Mo")
        made.sku("host", service="AmazonSageMaker", kwh=None, gap_reason="no rule yet")
        made.sku("unused", state="reserved_idle", kwh=0.7)
        made.sku("tax", kwh=None, disposition="out_of_scope", gap_reason="tax")
        made.days("m5", 10, quantity=1.0, cost="0.10", tags={"user_team": "ml", "env": "prod"})
        made.days("bucket", 20, quantity=3.0, cost="0.20", account="data")
        made.days("host", 3, quantity=1.0, cost="7.00")
        made.days("unused", 2, quantity=1.0, cost="0.50")
        made.days("tax", 1, cost="1.00")
        yield made


def report(small: Ledger, *group_by: str, since: date | None = None, until: date | None = None) -> dict[str, Table]:
    return {table.name: table for table in sections(small.connection, since, until, group_by)}


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_services_come_with_energy_emissions_cost_and_a_total(small: Ledger) -> None:
    table = report(small)["services"]
    rows = {row["service_name"]: row for row in records(table)}
    # m5: 10 x 0.1 = 1 kWh; S3: 20 x 3 x 0.3 = 18 kWh; at 0.4 kg/kWh; the unused 2 x 0.7 = 1.4 kWh are outside
    assert rows["AmazonEC2"]["energy_kwh"] == pytest.approx(1.0)
    assert rows["AmazonS3"]["location_based_kg_co2e"] == pytest.approx(7.2)
    assert (rows["AmazonS3"]["location_based_kg_co2e_low"], rows["AmazonS3"]["location_based_kg_co2e_high"]) == (
        pytest.approx(3.6),
        pytest.approx(14.4),
    )
    assert rows["AmazonSageMaker"]["energy_kwh"] is None  # not estimated is not 0
    # 1.00 + 4.00 + 21.00 + 1.00 + 1.00
    assert (rows["total"]["effective_cost"], rows["total"]["billing_currency"]) == (Decimal("28"), "USD")
    assert (rows["total"]["lines"], rows["total"]["energy_kwh"]) == (36, pytest.approx(19.0))
    assert table.rows[-1][0] == "total"
    assert "Unused reservations are outside these figures: 1.400 kWh." in table.notes


@pytest.mark.parametrize(
    "group_by",
    [*((name,) for name in GROUPS), ("tag:team",), ("month", "account", "region"), ("day", "service", "tag:env")],
)
def test_every_grouping_sums_to_the_same_total(group_by: tuple[str, ...], small: Ledger) -> None:
    *groups, total = records(report(small, *group_by)["services"])
    (whole,) = small.query(
        "select count(*) as lines, sum(effective_cost) as effective_cost, "
        "sum(energy_kwh::decimal(38, 15)) filter (usage_state = 'used') as energy_kwh from ledger.lines"
    )
    assert sum(row["lines"] for row in groups) == total["lines"] == whole["lines"]
    assert sum(row["effective_cost"] for row in groups) == total["effective_cost"] == whole["effective_cost"]
    summed = sum(Decimal(repr(row["energy_kwh"])) for row in groups if row["energy_kwh"] is not None)
    assert round(summed, 12) == round(Decimal(repr(total["energy_kwh"])), 12) == round(whole["energy_kwh"], 12)


def test_a_tag_groups_with_or_without_the_prefix_of_the_provider(small: Ledger) -> None:
    rows = records(report(small, "tag:team")["services"])
    assert {row["tag:team"]: row["lines"] for row in rows} == {"ml": 10, None: 26, "total": 36}


def test_the_key_of_a_tag_is_a_value_and_never_sql(small: Ledger) -> None:
    key = "x') from core.usage; drop table core.usage; --"
    rows = records(report(small, f"tag:{key}")["services"])
    assert {row[f"tag:{key}"]: row["lines"] for row in rows} == {None: 36, "total": 36}


def test_an_unknown_column_names_those_that_there_are(small: Ledger) -> None:
    with pytest.raises(ConfigError, match=r"Cannot group by 'colour'. Choose from month, day, .* or tag:KEY"):
        report(small, "colour")


def test_the_columns_of_the_tables_can_be_asked_for_by_their_own_name(small: Ledger) -> None:
    assert records(report(small, "service_name")["services"]) == records(report(small, "service")["services"])


def test_a_total_over_two_currencies_has_no_cost_and_says_why(small: Ledger) -> None:
    small.line("m5", at(3), cost="9.00", currency="EUR")
    by_service, by_currency = report(small)["services"], report(small, "currency")["services"]
    assert records(by_service)[-1]["effective_cost"] is None
    assert any("would add several currencies" in note for note in by_service.notes)
    costs = {row["currency"]: row["effective_cost"] for row in records(by_currency)}
    assert costs == {"USD": Decimal("28"), "EUR": Decimal("9"), "total": None}


def test_a_period_is_half_open_by_day(small: Ledger) -> None:
    rows = records(report(small, "day", since=date(2025, 6, 3), until=date(2025, 6, 5))["services"])
    # the 3rd: an hour, a bucket, a host; the 4th: an hour and a bucket
    assert [(row["usage_date"], row["lines"]) for row in rows] == [
        (date(2025, 6, 3), 3), (date(2025, 6, 4), 2), ("total", 5),
    ]  # fmt: skip


def test_coverage_has_every_line_with_its_share(small: Ledger) -> None:
    rows = {(row["disposition"], row["gap_reason"]): row for row in records(report(small)["coverage"])}
    assert rows["estimated", None]["lines"] == 32
    assert rows["out_of_scope", "tax"]["lines_share"] == pytest.approx(1 / 36)
    assert rows["unmodelled", "no rule yet"]["billed_cost_share"] == pytest.approx(21 / 28)
    assert sum(row["lines_share"] for row in rows.values()) == pytest.approx(1.0)


def test_the_share_of_usage_that_is_estimated_leaves_taxes_out(small: Ledger) -> None:
    rows = {row["service_name"]: row for row in records(report(small)["coverage_services"])}
    # usage costs 1 + 4 + 21 + 1 = 27, of which SageMaker's 21 is not estimated; 35 lines, 3 of them not estimated
    assert (rows["total"]["usage_lines"], rows["total"]["usage_cost"]) == (35, Decimal("27"))
    assert rows["total"]["estimated_cost_share"] == pytest.approx(6 / 27)
    assert rows["total"]["estimated_lines_share"] == pytest.approx(32 / 35)
    assert rows["AmazonSageMaker"]["estimated_cost_share"] == 0.0
    assert rows["AmazonS3"]["estimated_cost_share"] == 1.0


def test_what_is_not_estimated_is_listed_by_cost(small: Ledger) -> None:
    (row,) = records(report(small)["coverage_unmodelled"])
    assert (row["service_name"], row["gap_reason"], row["lines"], row["billed_cost"]) == (
        "AmazonSageMaker", "no rule yet", 3, Decimal("21"),
    )  # fmt: skip


def test_the_three_answers_stand_side_by_side(small: Ledger) -> None:
    small.machine("i-0aaa", at(12, 8), 5)
    small.run("run", at(12, 8), 4, kwh=0.32, resource_id="i-0aaa")
    small.run("rank", at(12, 8), 4, kwh=0.32, resource_id="i-0aaa")
    small.figure(10.0)
    small.figure(1.0, "AmazonSageMaker")
    small.compare()
    tables = report(small)
    (month,) = records(tables["summary"])
    # 1 kWh + 18 kWh + 5 h x 0.1; the provider's 11 kg / 0.4; one of two runs of 0.32 beside 4 h x 0.1
    assert month["model_energy_kwh"] == pytest.approx(19.5)
    assert month["provider_implied_kwh"] == pytest.approx(27.5)
    assert (month["tracker_it_energy_kwh"], month["tracked_model_it_energy_kwh"]) == (
        pytest.approx(0.32), pytest.approx(0.4),
    )  # fmt: skip
    assert {row["region_id"] for row in records(tables["provider"])} == {"eu-central-1", "eu-west-1"}
    assert len(tables["gaps"].rows) == 2
    assert any("AmazonSageMaker" in note for note in tables["causes"].notes)
    assert [row["is_counted"] for row in records(tables["runs"])] == [True, False]
    assert any("1 runs measured 1 machine(s)" in note and "0.320 kWh" in note for note in tables["runs"].notes)


def test_months_that_a_period_touches_are_compared_and_no_others(small: Ledger) -> None:
    small.figure(10.0)
    small.compare()
    assert len(report(small, since=date(2025, 6, 30), until=date(2025, 7, 1))["summary"].rows) == 1
    assert report(small, since=date(2025, 7, 1))["summary"].rows == []
    assert report(small, until=date(2025, 6, 1))["provider"].rows == []


def test_the_method_names_model_factors_and_boundary(small: Ledger) -> None:
    tables = report(small)
    said = {(row["what"], row["value"]): row["lines"] for row in records(tables["method"])}
    assert ("model", "default") in said
    assert ("factor_set", small.setting("factor_set")) in said
    assert said["grid_boundary", "lifecycle"] == 32
    assert tables["attribution"].columns == ("source", "source_release", "licence", "factor_rows")


def test_what_has_a_row_for_each_account_service_or_source_is_a_detail(small: Ledger) -> None:
    details = {"provider", "gaps", "coverage_services", "coverage_unmodelled", "attribution"}
    assert details <= {name for name, table in report(small).items() if table.is_detail}


def test_restated_and_refused_appear_only_when_there_are_some(small: Ledger) -> None:
    assert {"restatements", "refused"}.isdisjoint(report(small))
    small.connection.execute("update core.unit set refused_reason = 'truncated gzip' where source = 'bill'")
    (row,) = records(report(small)["refused"])
    assert (row["source"], row["reason"]) == ("bill", "truncated gzip")


def test_an_empty_warehouse_gives_empty_tables() -> None:
    with ledger() as empty:
        for table in sections(empty.connection, None, None):
            assert table.rows == [] or table.name == "method"


def test_a_line_without_a_quantity_is_not_estimated_in_any_table(small: Ledger) -> None:
    small.line("m5", at(3), quantity=None, cost="0.25")
    small.compare()
    tables = report(small)
    assert [row["lines"] for row in records(tables["coverage"]) if row["gap_reason"] == "no quantity"] == [1]
    assert {row["disposition"] for row in records(tables["coverage"]) if row["gap_reason"] == "no quantity"} == {
        "unmodelled"
    }
    by_view = small.query("select sum(lines)::bigint as lines from ledger.coverage where gap_reason = 'no quantity'")
    assert by_view == [{"lines": 1}]
    assert ("AmazonEC2", "no quantity") in {
        (row["service_name"], row["gap_reason"]) for row in records(tables["coverage_unmodelled"])
    }
    (month,) = small.query("from ledger.reconciliation_summary")
    assert month["estimated_lines_share"] == pytest.approx(32 / 36)  # of 37 lines one is tax
