"""Model against provider: each part of the gap planted alone and worked out by hand.

Unless a test says otherwise the model is 30 days x 10 units x 1 kWh = 300 kWh, and every grid factor 400 g/kWh:
300 x 0.4 = 120 kg.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import JUNE, Ledger, at, ledger

PARTS = ("timing", "boundary", "reserved_idle", "coverage", "grid_factor", "unexplained")


@pytest.fixture
def small() -> Iterator[Ledger]:
    with ledger() as made:
        yield made


def gap_of(row: dict[str, Any]) -> dict[str, float]:
    """The gap and its parts that are not nothing."""
    names = ("gap_kg_co2e", *(f"gap_{part}_kg_co2e" for part in PARTS))
    return {
        name.removeprefix("gap_").removesuffix("_kg_co2e"): pytest.approx(row[name])
        for name in names
        if row[name] is not None and abs(row[name]) > 1e-9
    }


def test_two_equal_answers_have_no_gap(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(120.0)
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {}
    assert (row["verdict"], row["largest_cause"], row["note"]) == ("within_band", None, None)
    assert row["model_location_based_kg_co2e"] == pytest.approx(120.0)
    assert (row["model_location_based_kg_co2e_low"], row["model_location_based_kg_co2e_high"]) == (60.0, 240.0)


def test_days_that_the_bill_does_not_hold_are_timing(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box", 20)  # 200 kWh = 80 kg against the provider's whole month
    small.figure(120.0)
    small.compare()
    (row,) = small.regions()
    # 10 of 30 days are missing: -120 x 10 / 30 = -40, and 80 - 120 = -40
    assert gap_of(row) == {"kg_co2e": -40.0, "timing": -40.0}
    assert (row["days_held"], row["days_in_month"], row["largest_cause"]) == (20, 30, "timing")
    assert row["note"] == "timing: the bill holds 20 of 30 days of this account"


def test_a_line_over_the_whole_month_holds_every_day_of_it(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.line("box", at(1), 30 * 24, quantity=300.0)
    small.figure(120.0)
    small.compare()
    (row,) = small.regions()
    assert (row["days_held"], gap_of(row)) == (30, {})


def test_a_tax_line_over_the_whole_month_holds_no_day(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("tax", kwh=None, disposition="out_of_scope", gap_reason="tax")
    small.days("box", 20)
    small.line("tax", at(1), 30 * 24)
    small.figure(120.0)
    small.compare()
    assert small.regions()[0]["days_held"] == 20


def test_a_monthly_line_among_daily_ones_holds_no_day(small: Ledger) -> None:
    """A zone of a name server is billed on the first for the whole month, whatever the bill holds of the rest."""
    small.site()
    small.sku("box")
    small.sku("zone", service="AmazonRoute53", kwh=None)
    small.days("box", 20)
    small.line("zone", at(1), 30 * 24)
    small.line("zone", at(1), 30 * 24, account="names")
    small.figure(120.0)
    small.compare()
    assert [row["days_held"] for row in small.regions()] == [20]


def test_a_bill_by_the_month_holds_it_whatever_else_is_short(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("calls", kwh=None)
    small.line("box", at(1), 30 * 24, quantity=300.0)
    small.line("calls", at(2), 3)
    small.figure(120.0)
    small.compare()
    assert [row["days_held"] for row in small.regions()] == [30]


def test_a_life_cycle_grid_factor_against_a_direct_one_is_boundary(small: Ledger) -> None:
    small.site(lifecycle=500.0, direct=400.0)
    small.sku("box", lifecycle=500.0)  # 300 kWh x 0.5 = 150 kg
    small.days("box")
    small.figure(120.0)
    small.compare()
    # 300 kWh x (500 - 400) / 1000 = 30
    assert gap_of(small.regions()[0]) == {"kg_co2e": 30.0, "boundary": 30.0}


def test_without_a_direct_factor_the_boundary_stays_unexplained_and_says_so(small: Ledger) -> None:
    small.site(lifecycle=500.0, direct=None, country=None)
    small.sku("box", lifecycle=500.0)
    small.days("box")
    small.figure(120.0)
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": 30.0, "unexplained": 30.0}
    assert row["gap_boundary_kg_co2e"] is None
    assert "boundary not computed: no direct grid factor is known" in row["note"]
    assert "grid factor not computed" in row["note"]


def test_an_unused_reservation_is_in_the_providers_figure_only(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("unused", state="reserved_idle")
    small.days("box")
    small.line("unused", at(3), quantity=50.0)  # 50 kWh x 0.4 = 20 kg
    small.figure(140.0)
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": -20.0, "reserved_idle": -20.0}
    assert (row["model_reserved_idle_energy_kwh"], row["largest_cause"]) == (50.0, "reserved idle")


def test_what_no_model_covers_is_coverage_by_name(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("host", service="AmazonSageMaker", kwh=None, gap_reason="no rule yet")
    small.days("box")
    small.line("host", at(3))
    small.figure(120.0)
    small.figure(12.0, "AmazonSageMaker")
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": -12.0, "coverage": -12.0}
    assert row["note"] == "coverage: AmazonSageMaker (on the bill, not estimated: no rule yet)"
    assert small.services()["AmazonSageMaker"]["verdict"] == "model_missing"
    assert gap_of(small.services()["AmazonEC2"]) == {}


def test_what_the_provider_does_not_list_is_coverage_the_other_way(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("bucket", service="AmazonS3")
    small.days("box")
    small.line("bucket", at(3), quantity=10.0)  # 10 kWh x 0.4 = 4 kg
    small.figure(120.0)
    small.compare()
    assert gap_of(small.regions()[0]) == {"kg_co2e": 4.0, "coverage": 4.0}
    assert small.services()["AmazonS3"]["verdict"] == "provider_missing"


def test_services_that_the_provider_lumps_meet_in_its_rest(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.sku("lambda", service="AWSLambda")
    small.sku("database", service="AmazonRDS")
    small.days("box")
    small.line("lambda", at(3), quantity=10.0)  # 4 kg
    small.line("database", at(3), quantity=20.0)  # 8 kg
    small.figure(120.0, "EC2")  # the console's name for AmazonEC2
    small.figure(12.0, "Other")
    small.compare()
    assert gap_of(small.regions()[0]) == {}
    assert set(small.services()) == {"AmazonEC2", "Other"}


def test_another_grid_factor_is_an_assumed_part_that_says_what_it_assumes(small: Ledger) -> None:
    small.site(direct=400.0, country=500.0)
    small.sku("box")
    small.days("box")
    small.figure(150.0)  # 300 kWh x 0.5: the provider took the country's average
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": -30.0, "grid_factor": -30.0}
    assert row["largest_cause"] == "grid factor (assumed)"
    assert row["gap_grid_factor_assumption"] == (
        "direct factor of our zone (grid/zone/2025/direct, 400.0 g/kWh) replaced by the average of the country "
        "(grid/country/2025/direct, 500.0 g/kWh)"
    )


def test_a_grid_factor_that_would_widen_the_rest_is_not_assumed(small: Ledger) -> None:
    small.site(direct=400.0, country=500.0)
    small.sku("box")
    small.days("box")
    small.figure(130.0)  # 120 at our zone is 10 off, 150 at the country's average would be 20 off
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": -10.0, "unexplained": -10.0}
    assert row["gap_grid_factor_kg_co2e"] == 0.0
    assert " kept: a larger rest would be left by the average of the country " in row["gap_grid_factor_assumption"]


def test_an_account_that_joins_in_mid_month_is_timing(small: Ledger) -> None:
    small.site()
    small.sku("box")
    for day in range(21, 31):
        small.line("box", at(day), 24, quantity=30.0)  # 300 kWh = 120 kg on ten days
    small.line("box", at(1), 24, quantity=30.0, account="older")  # the payer's bill begins on the first
    small.figure(180.0)
    small.compare()
    row = next(row for row in small.regions() if row["sub_account_id"] != "older")
    # 10 of 30 days are held: -180 x 20/30 = -120; 120 - 180 = -60, so 60 is left
    assert row["days_held"] == 10
    assert gap_of(row) == {"kg_co2e": -60.0, "timing": -120.0, "unexplained": 60.0}


def test_days_without_use_are_no_matter_of_timing(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.line("box", at(20), 24, quantity=300.0)  # one job on one day: 120 kg
    for day in range(1, 31):
        small.line("box", at(day), 24, quantity=1.0, account="steady")
    small.figure(120.0)
    small.compare()
    row = next(row for row in small.regions() if row["sub_account_id"] != "steady")
    assert (row["days_held"], gap_of(row)) == (30, {})


def test_a_gap_without_a_cause_stays_unexplained(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(720.0)
    small.compare()
    (row,) = small.regions()
    assert gap_of(row) == {"kg_co2e": -600.0, "unexplained": -600.0}
    # 120 / 720 = 0.17, below 0.3
    assert (row["largest_cause"], row["verdict"]) == ("unexplained", "model_low")


def test_all_parts_together_sum_to_the_gap(small: Ledger) -> None:
    small.site(lifecycle=500.0, direct=400.0, country=300.0)
    small.sku("box", lifecycle=500.0)
    small.sku("unused", lifecycle=500.0, state="reserved_idle")
    small.sku("bucket", service="AmazonS3", lifecycle=500.0)
    small.days("box", 24)  # 240 kWh = 120 kg life cycle, 96 kg direct; 24 of 30 days
    small.line("unused", at(3), quantity=10.0)  # 4 kg direct
    small.line("bucket", at(3), quantity=20.0)  # 10 kg life cycle, 8 kg direct
    small.figure(100.0)
    small.figure(50.0, "AmazonSageMaker")
    small.compare()
    (row,) = small.regions()
    # model 120 + 10 = 130, provider 150: gap -20
    # timing -150 x 6/30 = -30; boundary 260 kWh x 0.1 = 26; reserved idle -4
    # coverage: S3 +8, SageMaker -50 x 24/30 = -40: -32
    # grid factor: EC2 used and unused 250 kWh x (400 - 300)/1000 = 25
    # unexplained: -20 - (-30 + 26 - 4 - 32 + 25) = -5, which is EC2 at 300 g: 75 - 100 x 24/30 = -5
    assert gap_of(row) == {
        "kg_co2e": -20.0, "timing": -30.0, "boundary": 26.0, "reserved_idle": -4.0, "coverage": -32.0,
        "grid_factor": 25.0, "unexplained": -5.0,
    }  # fmt: skip


def test_the_highest_model_version_is_compared(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(999.0, version="v3.0.9")
    small.figure(120.0, version="v3.0.10")  # 10 comes after 9
    small.compare()
    (row,) = small.regions()
    assert (row["model_version"], row["provider_location_based_kg_co2e"]) == ("v3.0.10", 120.0)


def test_a_figure_delivered_twice_counts_once_and_the_newest_stands(small: Ledger) -> None:
    small.unit(9, "carbon-again", "provider_footprint")
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(110.0)
    small.figure(120.0, unit_id=9, refreshed_at="2025-08-01")
    small.figure(777.0, unit_id=9, source_kind="api")
    small.compare()
    assert small.regions()[0]["provider_location_based_kg_co2e"] == 120.0


def test_two_spellings_of_a_model_version_are_one_version(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.unit(44, "renamed export", "provider_footprint")
    small.figure(120.0, version="v3.0.1")
    small.figure(120.0, version="3.0.1", unit_id=44)
    small.compare()
    assert small.regions()[0]["provider_location_based_kg_co2e"] == 120.0


def test_only_scope_2_location_based_is_compared(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(120.0)
    small.figure(5.0, method="market_based")
    small.figure(300.0, scope="total")
    small.figure(40.0, scope="scope_3")
    small.compare()
    assert small.regions()[0]["provider_location_based_kg_co2e"] == 120.0
    (month,) = small.query("from ledger.reconciliation_summary")
    assert month["provider_location_based_kg_co2e"] == 300.0
    assert month["provider_market_based_kg_co2e"] is None  # of its total, which this export lacks


def test_an_export_without_the_column_is_missing_with_its_reason_and_not_zero(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(None, null_reason="column_not_in_export")
    small.compare()
    (row,) = small.regions()
    assert (row["verdict"], row["gap_kg_co2e"], row["provider_null_reason"]) == (
        "provider_missing", None, "column_not_in_export",
    )  # fmt: skip


def test_scope_2_implies_kwh_as_a_band_over_the_known_factors(small: Ledger) -> None:
    small.site(lifecycle=500.0, direct=400.0, low=240.0, high=600.0)
    small.sku("box", lifecycle=500.0)
    small.days("box")
    small.figure(120.0)
    small.compare()
    (row,) = small.regions()
    # 120 kg / 0.4 = 300 kWh; / 0.6 = 200; / 0.24 = 500
    assert (row["provider_implied_kwh"], row["provider_implied_kwh_low"], row["provider_implied_kwh_high"]) == (
        pytest.approx(300.0), pytest.approx(200.0), pytest.approx(500.0),
    )  # fmt: skip


def test_canada_central_implies_no_kwh_and_says_why(small: Ledger) -> None:
    small.site("ca-central-1")
    small.sku("box", region="ca-central-1")
    small.days("box")
    small.figure(120.0, region="ca-central-1")
    small.compare()
    (row,) = small.regions()
    assert (row["provider_implied_kwh"], row["gap_kg_co2e"]) == (None, 0.0)
    assert row["note"] == "implied kWh: AWS says that scope 2 does not give energy in this region"
    (month,) = small.query("from ledger.reconciliation_summary")
    assert (month["provider_implied_kwh"], month["provider_implied_share"]) == (None, None)


def test_a_month_that_the_provider_has_not_published_has_no_gap(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.compare()
    (row,) = small.regions()
    assert (row["verdict"], row["gap_kg_co2e"]) == ("provider_missing", None)
    assert row["note"] == "the provider has no figures for this month"


def test_a_month_without_a_bill_has_no_gap(small: Ledger) -> None:
    small.site()
    small.figure(120.0, month=date(2025, 5, 1))
    small.compare()
    (row,) = small.regions()
    assert (row["verdict"], row["gap_kg_co2e"]) == ("model_missing", None)
    assert "no bill is loaded for this month" in row["note"]


def test_an_account_of_another_payer_waits_for_that_payers_figures(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.days("box", account="acquired", payer="other-payer")
    small.figure(120.0)
    small.compare()
    acquired, web = small.regions()
    assert (acquired["sub_account_id"], acquired["gap_kg_co2e"]) == ("acquired", None)
    assert gap_of(web) == {}


def test_a_region_that_only_the_provider_has_is_coverage(small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(120.0)
    small.figure(3.0, "AmazonCloudFront", region="Global")
    small.compare()
    everywhere, _ = small.regions()
    assert (everywhere["region_id"], everywhere["verdict"]) == ("Global", "model_missing")
    assert gap_of(everywhere) == {"kg_co2e": -3.0, "coverage": -3.0}
    assert everywhere["model_location_based_kg_co2e"] is None  # not estimated is not 0
    assert "the bill has no line here" in everywhere["note"]
    assert "AmazonCloudFront (not on the bill)" in everywhere["note"]


@pytest.mark.parametrize(
    ("provider_kg", "verdict"),
    [
        (400.0, "within_band"),  # 120 / 400 = 0.3
        (401.0, "model_low"),
        (40.0, "within_band"),  # 120 / 40 = 3
        (39.9, "model_high"),
        (0.0, "model_high"),
        (-5.0, "model_high"),  # old model versions have negative figures
    ],
)
def test_the_band_is_from_a_third_to_three_times(provider_kg: float, verdict: str, small: Ledger) -> None:
    small.site()
    small.sku("box")
    small.days("box")
    small.figure(provider_kg)
    small.compare()
    assert small.regions()[0]["verdict"] == verdict


def test_a_provider_that_shows_zero_agrees_with_less_than_it_shows(small: Ledger) -> None:
    small.site()
    small.sku("box", kwh=1e-6)  # 300 x 1e-6 kWh x 0.4 = 0.00012 kg, below 0.5 g
    small.days("box")
    small.figure(0.0)
    small.compare()
    (row,) = small.regions()
    assert (row["verdict"], row["ratio"]) == ("within_band", None)


def test_a_second_comparison_leaves_the_same_rows(small: Ledger) -> None:
    small.site(lifecycle=500.0, direct=400.0, country=450.0)
    small.sku("box", lifecycle=500.0)
    small.days("box", 17)
    small.figure(100.0)
    small.compare()
    first = small.query("from ledger.reconciliation_provider order by all")
    small.compare()
    assert small.query("from ledger.reconciliation_provider order by all") == first


def test_the_summary_adds_up_what_the_regions_say(small: Ledger) -> None:
    small.site()
    small.site("eu-west-1")
    small.sku("box")
    small.sku("irish box", region="eu-west-1")
    small.sku("host", service="AmazonSageMaker", kwh=None)
    small.days("box", cost="3.00")  # 120 kg, 90 USD
    small.days("irish box", quantity=1.0, cost="1.00")  # 12 kg, 30 USD
    small.days("host", cost="2.00")  # 60 USD
    small.figure(100.0)
    small.figure(20.0, region="eu-west-1")
    small.compare()
    (month,) = small.query("from ledger.reconciliation_summary")
    assert (month["usage_month"], month["provider"]) == (JUNE, "aws")
    assert (month["model_energy_kwh"], month["model_location_based_kg_co2e"]) == (330.0, pytest.approx(132.0))
    assert (month["provider_scope_2_location_based_kg_co2e"], month["gap_kg_co2e"]) == (120.0, pytest.approx(12.0))
    assert month["gap_unexplained_kg_co2e"] == pytest.approx(12.0)
    assert month["provider_implied_kwh"] == pytest.approx(300.0)  # 120 kg / 0.4
    assert (month["accounts_compared"], month["regions_compared"]) == (1, 2)
    assert month["estimated_lines_share"] == pytest.approx(60 / 90)
    assert month["estimated_billed_cost_share"] == pytest.approx(120 / 180)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.integers(1, 30),
    kwh=st.floats(1e-3, 1e3),
    figures=st.lists(st.floats(-1e3, 1e5), min_size=1, max_size=4),
    factors=st.tuples(
        st.floats(1, 900), st.one_of(st.none(), st.floats(1, 900)), st.one_of(st.none(), st.floats(1, 900))
    ),
)
def test_whatever_the_numbers_the_parts_sum_to_the_gap(
    days: int, kwh: float, figures: list[float], factors: tuple[float, float | None, float | None]
) -> None:
    lifecycle, direct, country = factors
    with ledger() as small:
        small.site(lifecycle=lifecycle, direct=direct, country=country)
        small.sku("box", kwh=kwh, lifecycle=lifecycle)
        small.sku("unused", kwh=kwh, lifecycle=lifecycle, state="reserved_idle")
        small.days("box", days)
        small.line("unused", at(1))
        for service, kg in zip(("AmazonEC2", "AmazonS3", "Other", "AmazonBraket"), figures, strict=False):
            small.figure(kg, service)
        small.compare()  # holds the audit
        for row in small.query("from ledger.reconciliation_provider"):
            total = sum(row[f"gap_{part}_kg_co2e"] or 0.0 for part in PARTS)
            assert total == pytest.approx(row["gap_kg_co2e"], rel=1e-9, abs=1e-9)
