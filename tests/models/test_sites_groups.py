"""Places that are several regions: weighted means of their members; and zones inside or beside one region."""

from datetime import date
from typing import Any

import pytest
from rated import add_sku, ec2, rate, warehouse

from models.explain import explain_sku
from models.sites import fill_sites


def _sites(*places: tuple[str, str], year: int = 2023) -> dict[str, dict[str, Any]]:
    """What core.site_factor says of each place in June of a year, by its name as delivered."""
    with warehouse() as connection:
        for number, (provider, region_id) in enumerate(places):
            connection.execute(
                "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
                "values (1, ?, ?, ?, ?)",
                [number, date(year, 6, 1), provider, region_id],
            )
        fill_sites(connection)
        result = connection.execute("select * from core.site_factor")
        names = [column[0] for column in result.description or ()]
        return {
            row["region_id"]: row for row in (dict(zip(names, values, strict=True)) for values in result.fetchall())
        }


def test_a_dual_region_is_the_mean_of_its_two_regions_and_never_their_sum() -> None:
    found = _sites(("gcp", "eur4"), ("gcp", "europe-north1"), ("gcp", "europe-west4"))
    eur4 = found["eur4"]
    # 2023: PUE 1.09 in Hamina, 1.07 in Eemshaven; grids 81.2 of Finland, 268.2 of the Netherlands
    assert eur4["pue"] == pytest.approx((1.09 + 1.07) / 2, rel=1e-12)
    assert eur4["grid_g_co2e_per_kwh"] == pytest.approx((81.2 + 268.2) / 2, rel=1e-12)
    # the range reaches from the lower end of the cleaner to the upper end of the dirtier
    assert eur4["grid_g_co2e_per_kwh_low"] == found["europe-north1"]["grid_g_co2e_per_kwh_low"]
    assert eur4["grid_g_co2e_per_kwh_high"] == found["europe-west4"]["grid_g_co2e_per_kwh_high"]
    assert (eur4["pue_resolution"], eur4["grid_resolution"], eur4["grid_basis"]) == (
        "parent_zone",
        "parent_zone",
        "mean",
    )
    assert eur4["grid_note"] == "mean of europe-north1, europe-west4"
    assert {"grid/iso3:FIN/2023/lifecycle", "grid/iso3:NLD/2023/lifecycle"} <= set(eur4["group_refs"])


@pytest.mark.parametrize(
    ("provider", "region_id", "members"),
    [
        ("gcp", "US", 9),  # a bucket's location, in capitals
        ("gcp", "eu", 8),
        ("gcp", "asia", 9),
        ("gcp", "nam4", 2),
        ("gcp", "global", 26),
        ("aws", "Europe", 8),
        ("aws", "South America", 1),
        ("aws", "Any", 1),
        ("azure", "Zone 2", 9),
        ("azure", "Unassigned", 3),
        ("azure", "Intercontinental", 3),
    ],
)
def test_every_kind_of_place_of_several_regions_resolves(provider: str, region_id: str, members: int) -> None:
    site = _sites((provider, region_id))[region_id]
    assert site["grid_note"].count(",") + 1 == members
    assert site["pue"] >= 1
    assert site["grid_g_co2e_per_kwh_low"] < site["grid_g_co2e_per_kwh"] < site["grid_g_co2e_per_kwh_high"]
    assert site["gap_reason"] is None


def test_a_name_means_a_group_only_where_its_provider_has_one() -> None:
    """`eu` is a multi-region of Google; on AWS it is a prefix of usage types and no place."""
    assert _sites(("aws", "eu"))["eu"]["gap_reason"] == "unknown region eu of aws: not in the factor set"
    assert _sites(("azure", "us"))["us"]["grid_ref"] is None


def test_no_group_has_the_name_of_a_region() -> None:
    with warehouse() as connection:
        names = connection.execute(
            "select provider, lower(region_id) || '|' || lower(coalesce(aliases, '')) from factors.region"
        ).fetchall()
        groups = connection.execute("select distinct provider, lower(group_id) from factors.region_group").fetchall()
        assert {(provider, name) for provider, text in names for name in text.split("|")}.isdisjoint(groups)


def test_every_member_of_a_group_is_a_region_of_its_provider() -> None:
    with warehouse() as connection:
        found = connection.execute(
            "select g.provider, g.member_region_id from factors.region_group as g "
            "anti join factors.region as r on r.provider = g.provider and r.region_id = g.member_region_id"
        ).fetchall()
        assert found == []


@pytest.mark.parametrize(
    ("provider", "zone", "region_id", "resolution"),
    [
        ("aws", "us-east-1a", "us-east-1", "exact"),  # an availability zone lies in its region
        ("gcp", "us-central1-a", "us-central1", "exact"),
        ("aws", "us-west-2-lax-1", "us-west-2", "parent_zone"),  # Los Angeles, run from Oregon
        ("aws", "us-west-2-lax-1a", "us-west-2", "parent_zone"),
        ("aws", "us-east-1-wl1-bos-wlz-1", "us-east-1", "parent_zone"),  # a Wavelength zone in Boston
    ],
)
def test_a_zone_has_the_factors_of_the_region_that_runs_it(
    provider: str, zone: str, region_id: str, resolution: str
) -> None:
    found = _sites((provider, zone), (provider, region_id))
    assert found[zone]["grid_g_co2e_per_kwh"] == found[region_id]["grid_g_co2e_per_kwh"]
    assert found[zone]["pue"] == found[region_id]["pue"]
    assert (found[zone]["pue_resolution"], found[zone]["grid_resolution"]) == (resolution, resolution)


def test_a_region_that_only_looks_like_another_is_unknown() -> None:
    for name in ("us-east-10", "us-east-1-moon", "us-east-1 x"):
        assert _sites(("aws", name))[name]["gap_reason"].startswith("unknown region"), name


def test_partitions_stand_on_their_own_grids() -> None:
    found = _sites(("aws", "us-gov-west-1"), ("aws", "cn-north-1"))
    assert found["us-gov-west-1"]["grid_zone"] == "egrid_subregion:NWPP"
    assert found["cn-north-1"]["grid_zone"] == "iso3:CHN"


def test_explain_works_out_the_mean_from_every_member() -> None:
    with warehouse() as connection:
        month = date(2023, 6, 1)
        sku = add_sku(connection, month, **ec2("m5.large", region_id="Canada"))
        japan = add_sku(connection, month, **ec2("m5.large", region_id="Japan"))
        rated = rate(connection, japan, month)
        assert rated["factor_resolution"] == "parent_zone"
        explained = explain_sku(connection, japan, month)
        assert explained.agrees
        grid = next(step for step in explained.steps if step.name.startswith("grid ("))
        assert grid.name == "grid (lifecycle, parent_zone; mean of ap-northeast-1, ap-northeast-3)"
        assert grid.formula == "sum of weight x value of each member / sum of weights"
        assert "grid/iso3:JPN/2023/lifecycle" in {factor.factor_id for factor in explained.factors}
        assert rate(connection, sku, month)["grid_g_co2e_per_kwh"] < rated["grid_g_co2e_per_kwh"]
