"""The direct boundary: Scope 2 alone, from what is published as such, and nothing where it is not."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from rated import add_sku, ec2, rate, warehouse

from models.explain import explain_sku
from models.sites import fill_sites
from reconcile.report import sections
from warehouse.views import create_views


@pytest.fixture
def direct() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as connection:
        connection.execute("update core.setting set value = 'direct' where key = 'grid_boundary'")
        yield connection


def _site(connection: duckdb.DuckDBPyConnection, provider: str, region_id: str, year: int) -> dict[str, Any]:
    connection.execute("delete from core.provider_footprint")
    connection.execute(
        "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
        "values (1, 1, ?, ?, ?)",
        [date(year, 6, 1), provider, region_id],
    )
    fill_sites(connection)
    result = connection.execute(
        "select * from core.site_factor where region_id = ? and year(charge_month) = ?", [region_id, year]
    )
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


@pytest.mark.parametrize(
    ("place", "year", "grid_ref", "g"),
    [
        (("aws", "us-east-1"), 2023, "grid/egrid_subregion:SRVC/2023/direct", 270.5),  # as eGRID states it
        (("aws", "us-east-1"), 2025, "grid/egrid_subregion:SRVC/2023/direct", 270.5),
        (("aws", "eu-central-1"), 2020, "grid/iso3:DEU/2020/direct", 301.0),  # the European Environment Agency
        (("aws", "eu-west-2"), 2023, "grid/official_national:GB-OFFICIAL/2023/direct", 207.1),  # another scheme's
    ],
)
def test_the_grid_is_the_published_direct_factor(
    direct: duckdb.DuckDBPyConnection, place: tuple[str, str], year: int, grid_ref: str, g: float
) -> None:
    site = _site(direct, *place, year)
    assert (site["grid_boundary"], site["grid_basis"], site["grid_ref"]) == ("direct", "published", grid_ref)
    assert site["grid_g_co2e_per_kwh"] == site["grid_direct_g_co2e_per_kwh"] == g
    assert site["grid_g_co2e_per_kwh_low"] < g < site["grid_g_co2e_per_kwh_high"]


def test_where_no_direct_factor_is_known_there_is_none_and_a_reason(direct: duckdb.DuckDBPyConnection) -> None:
    site = _site(direct, "aws", "eu-central-1", 2023)  # the agency's figures end in 2020
    assert (site["grid_boundary"], site["grid_g_co2e_per_kwh"], site["grid_resolution"]) == ("direct", None, None)
    assert site["gap_reason"] == "no direct grid factor within two years of 2023 for iso3:DEU"
    eur4 = _site(direct, "gcp", "eur4", 2023)  # a mean lacks what a member lacks
    assert eur4["grid_g_co2e_per_kwh"] is None
    assert eur4["gap_reason"] == "europe-north1 of eur4: no direct grid factor within two years of 2023 for iso3:FIN"


def test_a_line_without_a_direct_factor_keeps_its_energy_and_says_why_it_has_no_emissions(
    direct: duckdb.DuckDBPyConnection,
) -> None:
    sku = add_sku(direct, **ec2("m5.large"), region_id="eu-central-1")
    found = rate(direct, sku)
    # 4.104974 W as in us-east-1, PUE of Frankfurt in 2023: 1.33; embodied as in us-east-1
    assert (found["disposition"], found["gap_reason"], found["factor_resolution"]) == ("estimated", None, "exact")
    assert found["it_energy_kwh"] == pytest.approx(0.004104974, rel=1e-6)
    assert found["energy_kwh"] == pytest.approx(0.004104974 * 1.33, rel=1e-6)
    assert found["embodied_kg_co2e"] == pytest.approx((2 / 96 * 1100 + 8 * 1.39) / (6 * 8760), rel=1e-12)
    assert found["location_based_gap_reason"] == "no direct grid factor within two years of 2023 for iso3:DEU"
    missing = {name for name in found if "grid" in name or name.startswith("location_based_kg")}
    assert {found[name] for name in missing} == {None}
    explained = explain_sku(direct, sku, date(2023, 6, 1))
    assert explained.agrees
    assert not any(step.name.startswith(("grid", "location-based")) for step in explained.steps)


def test_the_total_says_how_much_energy_has_no_emissions(direct: duckdb.DuckDBPyConnection) -> None:
    rate(direct, add_sku(direct, **ec2("m5.large"), region_id="eu-central-1"))
    rate(direct, add_sku(direct, **ec2("m5.large")))
    create_views(direct)
    # an hour in Frankfurt without a direct factor: 0.004104974 x 1.33; that in Virginia has one
    without = direct.execute("select model_energy_without_grid_kwh from ledger.reconciliation_summary").fetchall()
    assert without == [(pytest.approx(0.0054596, rel=1e-4),)]
    tables = {table.name: table for table in sections(direct, None, None)}
    for name in ("emissions", "services"):
        assert any(note.startswith("0.005 kWh of the energy have no emissions") for note in tables[name].notes)


def test_explain_and_the_rate_name_the_boundary(direct: duckdb.DuckDBPyConnection) -> None:
    sku = add_sku(direct, **ec2("m5.large"))
    found = rate(direct, sku)
    assert found["grid_boundary"] == "direct"
    assert found["location_based_kg_co2e"] == pytest.approx(found["energy_kwh"] * 270.5 / 1000, rel=1e-12)
    explained = explain_sku(direct, sku, date(2023, 6, 1))
    assert explained.agrees
    assert any(
        step.name == "grid (direct, exact; published for egrid_subregion:SRVC in 2023)" and step.value == 270.5
        for step in explained.steps
    )
