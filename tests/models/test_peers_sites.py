"""What other tools get wrong about places, each with our value, theirs, and why."""

from datetime import date
from typing import Any

import pytest
from rated import JUNE, add_sku, ec2, put_on_bill, rate, warehouse

from models.sites import fill_sites


def _site(provider: str, region_id: str, year: int = 2023) -> dict[str, Any]:
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
            "values (1, 1, ?, ?, ?)",
            [date(year, 6, 1), provider, region_id],
        )
        fill_sites(connection)
        result = connection.execute("select * from core.site_factor")
        return dict(zip([column[0] for column in result.description or ()], result.fetchall()[0], strict=True))


def test_us_east_1_stands_in_virginia_like_its_neighbours() -> None:
    """SPRUCE: us-east-1 has the average of the United States, 384.4, its neighbours of the same county 327.17.

    One county draws from one grid: the three regions have one factor, that of the subregion and not of the nation.
    """
    ours = {_site(*place)["grid_ref"] for place in (("aws", "us-east-1"), ("gcp", "us-east4"), ("azure", "eastus"))}
    assert ours == {"grid/egrid_subregion:SRVC/2023/direct"}
    assert _site("aws", "us-east-1")["grid_g_co2e_per_kwh"] == pytest.approx(270.5 * 392.9 / 349.7, rel=1e-12)


@pytest.mark.parametrize(
    ("group", "theirs_g"),
    [("us", 2805), ("eu", 1843), ("asia", 1676)],  # sums over the regions: g/kWh that no grid has
)
def test_a_multi_region_is_a_mean_between_its_members_and_no_sum(group: str, theirs_g: float) -> None:
    """Cloud Carbon Footprint adds up the grid factors of the regions: `us` has 2.805 kg/kWh.

    A kWh is drawn once, in one of the regions; coal alone emits about 1,000 g per kWh.
    """
    site = _site("gcp", group)
    assert site["grid_g_co2e_per_kwh_low"] < site["grid_g_co2e_per_kwh"] < site["grid_g_co2e_per_kwh_high"]
    assert site["grid_g_co2e_per_kwh"] < 1000 < theirs_g


def test_a_grid_at_zero_stays_zero() -> None:
    """Cloud Carbon Footprint takes a factor of 0 for missing and puts .215 kg/kWh in its place.

    Zero is a value: the emissions are 0 and known, and only the high end of the range is above.
    """
    with warehouse() as connection:
        sku = add_sku(connection, **ec2("m5.large"))
        fill_sites(connection)
        connection.execute("update core.site_factor set grid_g_co2e_per_kwh = 0, grid_g_co2e_per_kwh_low = 0")
        put_on_bill(connection, sku, JUNE)
        found = rate(connection, sku)
        assert found["disposition"] == "estimated"
        assert (found["location_based_kg_co2e"], found["location_based_kg_co2e_low"]) == (0.0, 0.0)
        assert found["location_based_kg_co2e_high"] > 0
        assert found["energy_kwh"] > 0


@pytest.mark.parametrize(
    ("provider", "region_id", "zone"),
    [
        ("aws", "ap-east-1", "iso3:HKG"),  # SPRUCE: Hong Kong has the factor of mainland China
        ("azure", "westus", "egrid_subregion:CAMX"),  # a public table puts it into Washington
        ("azure", "northeurope", "iso3:IRL"),  # the same table has a second row of it in Finland
    ],
)
def test_a_region_stands_where_its_provider_says(provider: str, region_id: str, zone: str) -> None:
    assert _site(provider, region_id)["grid_zone"] == zone
