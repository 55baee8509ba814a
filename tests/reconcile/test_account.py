"""Carbon per unit of business, what the energy would cost, and a price of carbon: worked by hand from round numbers."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ledgers import FRANKFURT, Ledger, at, ledger

from reconcile.report import sections
from wattledger.config import CarbonPrice
from wattledger.tables import Table


@pytest.fixture
def shop() -> Iterator[Ledger]:
    """Ten days of a web machine at 0.1 kWh a day; a bucket elsewhere at 0.9 kWh; three lines without an estimate.

    0.4 kg/kWh, half and double as its ends. Embodied 0.01 kg/kWh, likewise.
    """
    with ledger() as made:
        made.site()
        made.sku("m5", machine="m5.large", kwh=0.1)
        made.sku("bucket", service="AmazonS3", kwh=0.3, region="eu-west-1", unit="GB-Mo")
        made.sku("lookup", service="AmazonLookup", kwh=None, gap_reason="no rule yet")
        made.sku("tax", kwh=None, disposition="out_of_scope", gap_reason="tax")
        made.sku("unused", state="reserved_idle", kwh=0.7)
        made.days("m5", 10, quantity=1.0, cost="3.00", tags={"user:team": "Web-Shop"})
        made.days("bucket", 10, quantity=3.0, cost="0.50", account="data")
        made.days("lookup", 3, quantity=1.0, cost="1.00", tags={"team": "web-shop"})
        made.days("unused", 10, quantity=1.0, cost="0.00", tags={"team": "web-shop"})
        made.days("tax", 1, cost="9.00")
        made.connection.execute(
            "update core.rate set embodied_kg_co2e_low = embodied_kg_co2e / 2, "
            "embodied_kg_co2e_high = embodied_kg_co2e * 2"
        )
        yield made


def metric(made: Ledger, day: int, quantity: float | None, name: str = "orders", **scope: str) -> None:
    made.rows += 1
    made.insert(
        "core.business_metric", unit_id=1, row_number=made.rows, usage_date=at(day).date(), metric=name,
        quantity=quantity, **scope,
    )  # fmt: skip


def month(made: Ledger) -> dict[str, Any]:
    (row,) = made.query("from ledger.sci where grain = 'month'")
    return row


def account(
    made: Ledger, price: CarbonPrice | None = None, *group_by: str, since: date | None = None, until: date | None = None
) -> dict[str, Table]:
    return {table.name: table for table in sections(made.connection, since, until, group_by, price)}


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_the_ratio_is_of_the_days_with_a_quantity_and_says_how_many_they_are(shop: Ledger) -> None:
    for day, quantity in ((1, 100.0), (2, 300.0), (3, None), (4, 0.0)):
        metric(shop, day, quantity, tag_key="team", tag_value="WEB*")
    row = month(shop)
    # Days 1, 2 and 4 (0 is a quantity): 3 x 0.1 kWh = 0.3 kWh, x 0.4 = 0.12 kg, and 0.003 kg embodied.
    # (120 + 3) g / 400 orders = 0.3075 g. The unused reservation is outside, as in every total.
    assert (row["days"], row["days_with_quantity"], row["days_with_quantity_and_usage"]) == (30, 3, 3)
    assert (row["quantity"], row["energy_kwh"]) == (400.0, pytest.approx(0.3))
    assert row["location_based_kg_co2e"] == pytest.approx(0.12)
    assert row["embodied_kg_co2e"] == pytest.approx(0.003)
    assert (row["energy_without_grid_kwh"], row["energy_without_embodied_kwh"]) == (None, None)
    assert row["sci_g_co2e_per_unit"] == pytest.approx(0.3075)
    assert row["sci_g_co2e_per_unit_low"] == pytest.approx(0.15375)
    assert row["sci_g_co2e_per_unit_high"] == pytest.approx(0.615)
    assert row["left_out_kg_co2e"] == pytest.approx(7 * 0.041)  # of the other seven days
    # Of these three days: machine 3 x 3.00, unused 3 x 0.00 and lookup 2 x 1.00 (days 1 and 2): 9 / 11.
    assert row["estimated_cost_share"] == pytest.approx(9 / 11)
    assert row["estimated_lines_share"] == pytest.approx(6 / 8)
    assert row["gap_reason"] is None


def test_days_have_ratios_of_their_own_and_reasons_where_there_is_none(shop: Ledger) -> None:
    for day, quantity in ((1, 100.0), (3, None), (4, 0.0), (20, 50.0)):
        metric(shop, day, quantity, service="amazonec?")
    rows = {row["usage_date"].day: row for row in shop.query("from ledger.sci where grain = 'day' order by usage_date")}
    assert len(rows) == 30
    assert rows[1]["sci_g_co2e_per_unit"] == pytest.approx(0.41)  # 41 g / 100
    assert {day: rows[day]["gap_reason"] for day in (1, 2, 3, 4, 20)} == {
        1: None,
        2: "no quantity",
        3: "no quantity",
        4: "the quantity is 0",
        20: "no usage in this scope",
    }
    assert month(shop)["days_with_quantity"] == 3
    assert month(shop)["days_with_quantity_and_usage"] == 2
    assert [row["usage_date"].day for row in records(account(shop, None, "day")["sci"])][:3] == [1, 2, 3]


@pytest.mark.parametrize(
    ("scope", "energy_kwh"),
    [
        ({}, 1.0),  # 0.1 + 0.9
        ({"provider": "AWS"}, 1.0),
        ({"provider": "gcp"}, None),
        ({"account": "d*"}, 0.9),
        ({"region": "eu-[cx]*-1"}, 0.1),
        ({"region": FRANKFURT, "account": "data"}, None),
        ({"tag_key": "team"}, 0.1),
        ({"tag_key": "team", "tag_value": "ml"}, None),
    ],
)
def test_a_scope_is_globs_whose_case_does_not_matter(
    shop: Ledger, scope: dict[str, str], energy_kwh: float | None
) -> None:
    metric(shop, 5, 10.0, **scope)
    row = month(shop)
    assert row["energy_kwh"] == (None if energy_kwh is None else pytest.approx(energy_kwh))
    assert (row["gap_reason"] is None) == (energy_kwh is not None)


def test_a_metric_may_be_of_an_owner_by_the_rules_in_force(shop: Ledger) -> None:
    shop.insert(
        "core.owner_rule", dimension="team", dimension_position=0, position=0, rule="tag:TEAM", kind="tag", tag="TEAM"
    )
    shop.insert("core.owner_name", value="Web-Shop", owner="Shop")
    kwh = {}
    for number, owner in enumerate(("team:SHOP", "team:s*", "team:(unowned)", "team:nobody", "area:Shop")):
        metric(shop, 5, 10.0, name=str(number), owner=owner)
    for row in shop.query("from ledger.sci where grain = 'month'"):
        kwh[row["owner"]] = row["energy_kwh"]
    # the machine's 0.1 kWh a day is Web-Shop's, the bucket's 0.9 nobody's
    assert kwh == {
        "team:SHOP": pytest.approx(0.1), "team:s*": pytest.approx(0.1), "team:(unowned)": pytest.approx(0.9),
        "team:nobody": None, "area:Shop": None,
    }  # fmt: skip


def test_files_that_agree_count_once_and_those_that_differ_not_at_all(shop: Ledger) -> None:
    metric(shop, 1, 100.0)
    metric(shop, 1, 100.0)
    metric(shop, 2, 100.0)
    metric(shop, 2, 101.0)
    rows = shop.query("select quantity, gap_reason from ledger.business_metrics order by usage_date")
    assert rows == [
        {"quantity": 100.0, "gap_reason": None},
        {"quantity": None, "gap_reason": "files state different quantities"},
    ]
    assert month(shop)["quantity"] == 100.0


def test_the_report_has_the_section_only_with_metrics_and_a_month_between_two_is_shown(shop: Ledger) -> None:
    assert "sci" not in account(shop)
    metric(shop, 1, 100.0)
    shop.insert(
        "core.business_metric", unit_id=1, row_number=0, usage_date=date(2025, 8, 1), metric="orders", quantity=9.0
    )
    found = records(account(shop)["sci"])
    # (0.4 + 0.01) kg of 1 kWh / 100 orders; nothing is stated for July; nothing is billed in August.
    assert [(row["usage_month"].month, row["scope"], row["gap_reason"]) for row in found] == [
        (6, "the whole bill", None),
        (7, "the whole bill", "no quantity"),
        (8, "the whole bill", "no usage in this scope"),
    ]
    assert found[0]["sci_g_co2e_per_unit"] == pytest.approx(4.1)
    assert len(account(shop, since=date(2025, 6, 15), until=date(2025, 7, 1))["sci"].rows) == 1


def price(made: Ledger, zone: str, period: str, per_kwh: str, currency: str = "EUR") -> None:
    scheme, _, name = zone.partition(":")
    made.insert(
        "factors.electricity_price", factor_id=f"electricity_price/{zone}/{period}", zone_scheme=scheme, zone=name,
        period=period, price_per_kwh=per_kwh, currency=currency, source="supplier", source_release="2025",
        licence="internal", verification="published",
    )  # fmt: skip


def test_the_nearest_place_and_the_nearest_period_state_the_price_of_electricity(shop: Ledger) -> None:
    shop.connection.execute("update core.site_factor set region_ref = 'region/aws:eu-central-1'")
    price(shop, "iso3:DEU", "2024", "0.30")
    rows = {row["region_id"]: row for row in shop.query("from ledger.electricity_cost")}
    assert rows[FRANKFURT]["electricity_cost"] is None
    assert rows[FRANKFURT]["gap_reason"] == "no price for this month; the last one of this place is of 2024"
    assert rows["eu-west-1"]["gap_reason"] == "no price of electricity is known for this place"
    assert "electricity" not in account(shop)
    # 10 days x 0.1 kWh = 1 kWh; each price goes before those above it
    for zone, period, per_kwh in (
        ("provider:aws", "2025", "0.10"),
        ("iso3:DEU", "2025", "0.20"),
        ("region:aws:eu-central-1", "2025", "0.25"),
        ("region:aws:eu-central-1", "2025-06", "0.123456789"),
    ):
        price(shop, zone, period, per_kwh)
        (row,) = shop.query("from ledger.electricity_cost where region_id = ?", FRANKFURT)
        assert (row["price_ref"], row["electricity_cost"]) == (f"electricity_price/{zone}/{period}", Decimal(per_kwh))
    # 3 x 0.3 x 10 = 9 kWh at the provider's price; the bill is as it was
    (row,) = shop.query("from ledger.electricity_cost where region_id = 'eu-west-1'")
    assert (row["energy_kwh"], row["electricity_cost"], row["currency"]) == (pytest.approx(9), Decimal("0.9"), "EUR")
    found = records(account(shop)["electricity"])
    assert [(row["provider"], row["electricity_cost"], row["currency"]) for row in found] == [
        ("aws", Decimal("1.023456789"), "EUR")
    ]
    assert shop.query("select sum(billed_cost) as cost from ledger.footprint_daily") == [{"cost": Decimal("47")}]


def test_an_internal_price_is_on_operational_and_embodied_emissions_and_money_is_exact(shop: Ledger) -> None:
    assert "carbon_price" not in account(shop)
    table = account(shop, CarbonPrice(Decimal("100.0"), "EUR"))["carbon_price"]
    ec2, total = {row["service_name"]: row for row in records(table)}["AmazonEC2"], records(table)[-1]
    # 1 kWh: 0.4 kg = 0.0004 t x 100 EUR, and 0.01 kg embodied; in all 10 kWh
    assert (ec2["location_based_carbon_cost"], ec2["embodied_carbon_cost"]) == (Decimal("0.04"), Decimal("0.001"))
    assert (ec2["carbon_cost"], ec2["carbon_cost_low"], ec2["carbon_cost_high"]) == (
        Decimal("0.041"),
        Decimal("0.0205"),
        Decimal("0.082"),
    )
    assert (total["provider"], total["carbon_cost"], total["currency"]) == ("total", Decimal("0.41"), "EUR")
    assert table.notes[0].startswith("100 EUR per tonne of CO2e")
