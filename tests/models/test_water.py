"""Water of a rate: IT energy x WUE at the site, and IT energy x PUE x WCF where the power is made."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import JUNE, add_sku, ec2, rate, warehouse

from models.explain import explain_sku
from models.layers import idle_rows
from models.sites import fill_sites

PEER = Path(__file__).parents[1] / "data" / "peer_reference" / "spruce_aws_cur.csv"
YEARS = range(2020, 2027)


def _sites(connection: duckdb.DuckDBPyConnection, *places: tuple[str, str, int]) -> list[dict[str, Any]]:
    """The resolved sites of (provider, place, year), in that order."""
    connection.execute("delete from core.provider_footprint")
    connection.executemany(
        "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
        "values (1, ?, ?, ?, ?)",
        [(number, date(year, 6, 1), *place) for number, (*place, year) in enumerate(places)],
    )
    fill_sites(connection)
    result = connection.execute(
        "select f.* from core.site_factor as f inner join core.provider_footprint as p on p.provider = f.provider "
        "and p.region_id = f.region_id and p.usage_month = f.charge_month order by p.row_number"
    )
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_an_hour_of_an_m5_large_in_frankfurt_and_its_steps() -> None:
    with warehouse() as connection:
        month = date(2024, 6, 1)
        sku = add_sku(connection, month, **ec2("m5.large"), region_id="eu-central-1")
        found = rate(connection, sku, month)
        explained = explain_sku(connection, sku, month)
    # Frankfurt in 2024: PUE 1.35, WUE 0.01 L per kWh of IT; Germany's grid 1.947 L/kWh. The machine takes 4.104974 Wh.
    onsite, offsite = 0.004104974 * 0.01, 0.004104974 * 1.35 * 1.947
    assert found["water_onsite_l"] == pytest.approx(onsite, rel=1e-6)  # 0.00004105
    assert found["water_offsite_l"] == pytest.approx(offsite, rel=1e-6)  # 0.01079
    assert found["water_l"] == pytest.approx(onsite + offsite, rel=1e-6)
    assert (found["water_resolution"], found["water_gap_reason"]) == ("nearest_year", None)  # WCF is of 2020
    assert explained.agrees
    steps = {step.name: (step.formula, step.value, step.factor_ids) for step in explained.steps}
    assert steps["WUE (exact, of 2024)"] == ("wue_l_per_kwh_it", 0.01, ("wue/aws:eu-central-1/2024",))
    assert steps["WCF (nearest_year, of 2020)"] == ("wcf_l_per_kwh", 1.947, ("wcf/*:iso3:DEU/2020",))
    assert steps["on-site water"][:2] == ("it_energy_kwh x wue_l_per_kwh_it", found["water_onsite_l"])
    assert steps["off-site water"][0] == "energy_kwh x wcf_l_per_kwh"
    assert {"wue/aws:eu-central-1/2024", "wcf/*:iso3:DEU/2020"} <= {factor.factor_id for factor in explained.factors}


@pytest.mark.parametrize(
    ("place", "wue", "wue_ref", "resolution"),
    [
        (("aws", "us-west-2", 2024), 0.16, "wue/aws:us-west-2/2024", "exact"),
        (("aws", "us-west-2", 2023), 0.16, "wue/aws:us-west-2/2024", "nearest_year"),  # before the fleet's of 2023
        (("aws", "eu-west-3", 2024), 0.04, "wue/aws:@europe/2024", "parent_zone"),  # Paris has none of its own
        (("aws", "us-west-2", 2021), 0.19, "wue/aws:*/2022", "fleet"),
        (("azure", "brazilsouth", 2022), 0.039, "wue/azure:brazilsouth/2022", "exact"),  # a design value, in its year
        (("azure", "brazilsouth", 2024), 0.34, "wue/azure:@america/2025", "parent_zone"),  # then the newer average
        (("azure", "centralus", 2024), 0.19, "wue/azure:centralus/2022", "nearest_year"),
    ],
)
def test_the_wue_ladder_is_that_of_the_pue(
    place: tuple[str, str, int], wue: float, wue_ref: str, resolution: str
) -> None:
    with warehouse() as connection:
        site = _sites(connection, place)[0]
    assert (site["wue_l_per_kwh_it"], site["wue_ref"], site["wue_resolution"]) == (wue, wue_ref, resolution)


@pytest.mark.parametrize(
    ("place", "wcf", "wcf_ref", "resolution"),
    [
        (("aws", "us-east-1"), 2.313, "wcf/*:egrid_subregion:SRVC/2020", "nearest_year"),
        (("gcp", "us-west1"), 9.482, "wcf/*:egrid_subregion:NWPP/2020", "nearest_year"),  # the dams of the Northwest
        (("aws", "ca-central-1"), 8.166, "wcf/*:iso3:CAN/2020", "nearest_year"),  # past the link of its province
        (("azure", "southeastasia"), 3.908, "wcf/*:iso3:SGP/2020", "default"),  # the world's: none of Singapore
        (("gcp", "africa-south1"), 3.908, "wcf/*:iso3:ZAF/2020", "default"),
    ],
)
def test_the_wcf_is_that_of_the_nearest_grid_zone(
    place: tuple[str, str], wcf: float, wcf_ref: str, resolution: str
) -> None:
    with warehouse() as connection:
        site = _sites(connection, (*place, 2023))[0]
    assert (site["wcf_l_per_kwh"], site["wcf_ref"], site["wcf_resolution"]) == (wcf, wcf_ref, resolution)
    if resolution == "default":  # the range of a grid that nobody described: from the lowest to the highest zone
        assert (site["wcf_l_per_kwh_low"], site["wcf_l_per_kwh_high"]) == (1.27, 18.603)


def test_what_rests_on_the_world_average_says_so() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("m5.large"), region_id="ap-southeast-1"))
    assert found["water_l"] > 0
    assert (found["water_resolution"], found["factor_resolution"]) == ("default", "exact")  # energy and grid are known


def test_google_publishes_no_wue_so_the_sum_is_missing_and_the_part_stands() -> None:
    """No region of Google has one, and its fleet's was recalled and not read: never a default."""
    with warehouse() as connection:
        key = {"provider": "gcp", "service_name": "Compute Engine", "consumed_unit": "h", "region_id": "europe-west1"}
        sku = add_sku(connection, **key, sku_meter="N2 Instance Core running in Belgium", service_code="6F81-5844-456A")
        found = rate(connection, sku)
        explained = explain_sku(connection, sku, JUNE)
    assert found["disposition"] == "estimated", found["gap_reason"]
    assert (found["water_onsite_l"], found["water_l"], found["water_l_high"]) == (None, None, None)
    assert found["water_offsite_l"] == pytest.approx(found["energy_kwh"] * 2.62, rel=1e-12)  # Belgium
    assert found["water_gap_reason"] == (
        "on-site: no water usage effectiveness within two years of 2023 for gcp europe-west1"
    )
    assert explained.agrees
    assert [step.name for step in explained.steps if "water" in step.name] == ["off-site water"]


def test_a_wue_of_ones_own_goes_first_in_its_year() -> None:
    with warehouse() as connection:
        connection.execute(
            "insert into factors.layer values ('acme', 1, 'site_metric', 'w.csv', '', 1, timestamp '2026-01-01');"
            "insert into factors.layer_site_metric select 'acme@1', 'wue/gcp:europe-west1/2023', 'gcp', "
            "'europe-west1', 2023, 'wue', 0.4, 0.5, 0.6, 'l/kwh_it', 'measured', 'meter', '2024', 'own', 'measured', "
            "null;"
            "update core.setting set value = concat(value, '+acme@1') where key = 'factor_set'"
        )
        given, after = _sites(connection, ("gcp", "europe-west1", 2023), ("gcp", "europe-west1", 2024))
        assert idle_rows(connection) == []  # a row that stands behind litres stands behind a figure
    assert (given["wue_l_per_kwh_it"], given["wue_resolution"]) == (0.5, "exact")
    assert (given["wue_ref"], given["water_gap_reason"]) == ("wue/gcp:europe-west1/2023+acme@1", None)
    assert after["wue_l_per_kwh_it"] is None


def test_every_region_has_off_site_water_and_every_gap_a_reason() -> None:
    with warehouse() as connection:
        places = connection.execute("select provider, region_id from factors.region order by all").fetchall()
        sites = _sites(connection, *((*place, year) for place in places for year in YEARS))
    assert len(sites) == len(places) * len(YEARS)
    for site in sites:
        assert site["wcf_l_per_kwh_low"] < site["wcf_l_per_kwh"] < site["wcf_l_per_kwh_high"]
        assert (site["wue_l_per_kwh_it"] is None) == (site["water_gap_reason"] is not None)


def test_a_place_of_several_regions_takes_their_means_and_lacks_what_one_of_them_lacks() -> None:
    with warehouse() as connection:
        connection.execute(
            "insert into factors.region_group (factor_id, provider, group_id, kind, member_region_id, weight, source, "
            "licence) select concat('region_group/aws:two/', region), 'aws', 'two', 'billing geography', region, 1, "
            "'test', 'own' from (values ('us-east-1'), ('us-west-2')) as t (region)"
        )
        two, eur4 = _sites(connection, ("aws", "two", 2024), ("gcp", "eur4", 2024))
        found = rate(
            connection, add_sku(connection, date(2024, 6, 1), **ec2("m5.large"), region_id="two"), date(2024, 6, 1)
        )
        explained = explain_sku(connection, 1, date(2024, 6, 1))
    # WUE 0.12 and 0.16; WCF 2.313 (from 1.1565) and 9.482 (to 18.964)
    assert two["wue_l_per_kwh_it"] == pytest.approx(0.14)
    assert two["wcf_l_per_kwh"] == pytest.approx(5.8975)
    assert (two["wcf_l_per_kwh_low"], two["wcf_l_per_kwh_high"]) == (1.1565, 18.964)
    assert (two["wue_resolution"], two["wcf_resolution"]) == ("parent_zone", "parent_zone")
    # PUE 1.15 and 1.12: 1.135
    assert found["water_l"] == pytest.approx(found["it_energy_kwh"] * (0.14 + 1.135 * 5.8975), rel=1e-12)
    assert explained.agrees
    mean = next(step for step in explained.steps if step.name.startswith("WCF (parent_zone"))
    assert mean.numbers == "(1 x 2.313 + 1 x 9.482) / 2"
    assert (eur4["wue_l_per_kwh_it"], eur4["wcf_l_per_kwh"]) == (None, pytest.approx((4.529 + 3.433) / 2))
    assert eur4["water_gap_reason"] == (
        "on-site: no water usage effectiveness within two years of 2024 for europe-north1 of eur4"
    )


def test_a_site_that_uses_no_water_has_zero_and_not_null() -> None:
    with warehouse() as connection:
        month = date(2022, 6, 1)
        sku = add_sku(connection, month, **ec2("m5.large"))
        fill_sites(connection)
        connection.execute("update core.site_factor set wue_l_per_kwh_it = 0, wue_l_per_kwh_it_low = 0")
        found = rate(connection, sku, month)
        explained = explain_sku(connection, sku, month)
    assert (found["water_onsite_l"], found["water_onsite_l_low"]) == (0.0, 0.0)
    assert found["water_onsite_l_high"] == pytest.approx(found["it_energy_kwh_high"] * 0.15)  # that of 2024
    assert found["water_l"] == pytest.approx(found["water_offsite_l"], rel=1e-12)
    assert explained.agrees


@pytest.mark.parametrize("usage_type", ["USE1-BoxUsage:m5.large", "SAE1-BoxUsage:m7g.large", "EUN1-BoxUsage:m8g.large"])
def test_water_at_the_site_goes_by_it_energy_and_not_by_energy_at_the_meter(usage_type: str) -> None:
    """SPRUCE: cooling = kWh x PUE x WUE. WUE is defined per kWh of IT energy, so theirs is PUE times too much.

    Off-site it agrees: the power plants see energy at the meter.
    """
    with PEER.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["line_item_usage_type"] == usage_type)
    with warehouse() as connection:
        month = date(2024, 6, 1)
        key = ec2(row["product_instance_type"], region_id=row["region"])
        found = rate(connection, add_sku(connection, month, **key), month)
        site = _sites(connection, ("aws", row["region"], 2024))[0]
    their_kwh, their_l = float(row["operational_energy_kwh"]), float(row["water_cooling_l"])
    assert float(row["water_usage_effectiveness"]) == site["wue_l_per_kwh_it"]
    assert float(row["power_usage_effectiveness"]) == site["pue"]
    ours_per_kwh, theirs_per_kwh = found["water_onsite_l"] / found["it_energy_kwh"], their_l / their_kwh
    assert ours_per_kwh == pytest.approx(site["wue_l_per_kwh_it"], rel=1e-12)
    assert theirs_per_kwh / ours_per_kwh == pytest.approx(site["pue"], rel=1e-6)
    theirs_offsite = float(row["water_electricity_production_l"]) / their_kwh
    assert found["water_offsite_l"] / found["it_energy_kwh"] == pytest.approx(theirs_offsite, rel=1e-3)
