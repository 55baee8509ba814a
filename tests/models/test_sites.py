"""PUE and grid of a region and month: the order of the ladder, its derivations, and that every region resolves."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from rated import warehouse

from models.sites import fill_sites

YEARS = range(2019, 2026)


@pytest.fixture(scope="module")
def every_site() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every region of the set in every year that the project supports, asked for by providers' figures."""
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
            "select 1, row_number() over (), make_date(y, 6, 1), provider, region_id "
            "from factors.region cross join (select unnest(?::integer[]) as y)",
            [list(YEARS)],
        )
        fill_sites(connection)
        yield connection


def _site(connection: duckdb.DuckDBPyConnection, provider: str, region_id: str, year: int) -> dict[str, Any]:
    result = connection.execute(
        "select * from core.site_factor where provider = ? and region_id = ? and year(charge_month) = ?",
        [provider, region_id, year],
    )
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


def test_every_region_resolves_in_every_year(every_site: duckdb.DuckDBPyConnection) -> None:
    total, pue, grid, gaps = every_site.execute(
        "select count(*), count(pue), count(grid_g_co2e_per_kwh), count(gap_reason) from core.site_factor"
    ).fetchall()[0]
    regions = every_site.execute("select count(*) from factors.region").fetchall()[0][0]
    assert (total, pue, grid, gaps) == (regions * len(YEARS), regions * len(YEARS), regions * len(YEARS), 0)


def test_no_recalled_row_stands_on_a_default_path(every_site: duckdb.DuckDBPyConnection) -> None:
    found = every_site.execute(
        "with row_ as (select factor_id, verification from factors.grid_intensity "
        "union all select factor_id, verification from factors.site_metric "
        "union all select factor_id, verification from factors.coefficient), "
        "used as (select unnest([pue_ref, grid_ref, grid_ratio_lifecycle_ref, grid_ratio_direct_ref, grid_direct_ref, "
        "country_direct_ref]) as factor_id from core.site_factor) "
        "select distinct factor_id from used inner join row_ using (factor_id) where verification = 'recalled'"
    ).fetchall()
    assert found == []


def test_all_totals_share_one_boundary_and_keep_the_direct_factor_beside_it(
    every_site: duckdb.DuckDBPyConnection,
) -> None:
    assert every_site.execute("select distinct grid_boundary from core.site_factor").fetchall() == [("lifecycle",)]
    frankfurt = _site(every_site, "aws", "eu-central-1", 2019)
    assert frankfurt["grid_ref"] == "grid/iso3:DEU/2019/lifecycle"
    assert frankfurt["grid_direct_ref"] == frankfurt["country_direct_ref"] == "grid/iso3:DEU/2019/direct"


def test_jumps_of_a_region_from_year_to_year_are_known_ones(every_site: duckdb.DuckDBPyConnection) -> None:
    """Two thirds up or down within a year: a better known zone begins to have figures, the country stood in before."""
    found = every_site.execute(
        "with pair as (select region_id, year(charge_month) as year, grid_zone, grid_g_co2e_per_kwh as g, "
        "lag(grid_g_co2e_per_kwh) over (partition by provider, region_id order by charge_month) as earlier_g "
        "from core.site_factor) "
        "select region_id, year, grid_zone from pair where greatest(g / earlier_g, earlier_g / g) > 1.67 order by all"
    ).fetchall()
    assert found == [
        ("asia-south2", 2022, "iso3166-2:IN-DL"),
        ("ca-west-1", 2021, "iso3166-2:CA-AB"),
        ("canadacentral", 2021, "iso3166-2:CA-ON"),
        ("northamerica-northeast2", 2021, "iso3166-2:CA-ON"),
    ]


def test_a_zone_known_by_its_direct_emissions_gets_its_countrys_ratio(every_site: duckdb.DuckDBPyConnection) -> None:
    found = _site(every_site, "aws", "us-east-1", 2023)
    # eGRID SRVC 270.5 direct; United States 392.9 lifecycle over 349.7 direct in the same year
    assert found["grid_g_co2e_per_kwh"] == pytest.approx(270.5 * 392.9 / 349.7)
    assert found["grid_g_co2e_per_kwh_low"] == pytest.approx(78.4 * 392.9 / 349.7)
    assert (found["grid_basis"], found["grid_resolution"]) == ("derived", "exact")
    assert found["grid_note"] == (
        "derived: direct 270.5 of egrid_subregion:SRVC x lifecycle 392.9 / direct 349.7 of USA in 2023"
    )
    assert (found["grid_direct_g_co2e_per_kwh"], found["country_direct_g_co2e_per_kwh"]) == (270.5, 349.7)


def test_a_derived_life_cycle_is_never_below_its_direct_part(every_site: duckdb.DuckDBPyConnection) -> None:
    below = "select region_id, charge_month from core.site_factor where grid_basis = 'derived' "
    below += "and grid_g_co2e_per_kwh < grid_stated_g_co2e_per_kwh"
    assert every_site.execute(below).fetchall() == []
    sydney = _site(every_site, "aws", "ap-southeast-2", 2023)
    assert sydney["grid_lifecycle_per_direct"] == 1.0  # the two national figures would give 0.88
    assert sydney["grid_note"].endswith("taken as 1: a life cycle holds its direct part")


@pytest.mark.parametrize(
    ("site", "zone", "grid_year", "resolution"),
    [
        (("aws", "eu-west-1", 2024), "iso3:IRL", 2024, "exact"),
        (("aws", "us-east-1", 2025), "egrid_subregion:SRVC", 2023, "nearest_year"),  # two years is the limit
        (("aws", "us-east-1", 2021), "egrid_subregion:SRVC", 2022, "nearest_year"),  # 2021 is recalled; later of two
        (("azure", "canadacentral", 2019), "iso3:CAN", 2019, "parent_zone"),  # Ontario has 2023 only
        (("aws", "ca-central-1", 2019), "iso3166-2:CA-QC", 2019, "exact"),
    ],
)
def test_the_grid_chain_is_walked_year_before_link(
    every_site: duckdb.DuckDBPyConnection, site: tuple[str, str, int], zone: str, grid_year: int, resolution: str
) -> None:
    found = _site(every_site, *site)
    assert (found["grid_zone"], found["grid_year"], found["grid_resolution"]) == (zone, grid_year, resolution)


@pytest.mark.parametrize(
    ("site", "pue_ref", "resolution"),
    [
        (("aws", "us-east-1", 2023), "pue/aws:us-east-1/2023", "exact"),
        (("aws", "us-east-1", 2021), "pue/aws:us-east-1/2022", "nearest_year"),
        (("aws", "us-east-1", 2019), "coefficient/pue.aws", "default"),
        (("aws", "sa-east-1", 2024), "pue/aws:sa-east-1/2024", "exact"),
        (("azure", "qatarcentral", 2025), "pue/azure:@emea/2025", "parent_zone"),
        (("gcp", "europe-north2", 2023), "pue/gcp:*/2023", "fleet"),
    ],
)
def test_the_pue_ladder(
    every_site: duckdb.DuckDBPyConnection, site: tuple[str, str, int], pue_ref: str, resolution: str
) -> None:
    found = _site(every_site, *site)
    assert (found["pue_ref"], found["pue_resolution"]) == (pue_ref, resolution)


def test_a_design_value_holds_in_its_own_year_and_yields_to_a_newer_average(
    every_site: duckdb.DuckDBPyConnection,
) -> None:
    designed = every_site.execute(
        "select region_id from factors.site_metric where basis = 'region_design' order by 1"
    ).fetchall()
    for (region_id,) in designed:
        assert _site(every_site, "azure", region_id, 2022)["pue_ref"] == f"pue/azure:{region_id}/2022"
        assert _site(every_site, "azure", region_id, 2024)["pue_ref"].startswith("pue/azure:@")


def test_an_unknown_region_gets_nulls_and_a_reason_and_an_alias_is_scoped_to_its_provider() -> None:
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) values "
            "(1, 1, date '2023-01-01', 'aws', 'us-moon-1'), (1, 2, date '2023-01-01', 'azure', 'us-east-1'), "
            "(1, 3, date '2023-01-01', 'aws', 'us east (n. virginia)'), (1, 4, date '2023-01-01', 'aws', null), "
            "(1, 5, date '1999-01-01', 'aws', 'us-east-1')"
        )
        fill_sites(connection)
        found = connection.execute(
            "select provider, region_id, charge_month, pue, grid_ref, gap_reason from core.site_factor order by all"
        ).fetchall()
    unknown = "unknown region {} of {}: not in the factor set"
    assert found == [
        ("aws", "us east (n. virginia)", date(2023, 1, 1), 1.15, "grid/egrid_subregion:SRVC/2023/direct", None),
        ("aws", "us-east-1", date(1999, 1, 1), 1.15, None,
         "no grid factor within two years of 1999 for egrid_subregion:SRVC>iso3166-2:US-VA>iso3:USA"),
        ("aws", "us-moon-1", date(2023, 1, 1), None, None, unknown.format("us-moon-1", "aws")),
        ("azure", "us-east-1", date(2023, 1, 1), None, None, unknown.format("us-east-1", "azure")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("region_id", "zone", "grid_year"),
    [
        ("us-west-2", "egrid_subregion:NWPP", 2023),
        ("ca-central-1", "iso3166-2:CA-QC", 2023),
        ("eu-central-1", "iso3:DEU", 2025),
    ],
)
def test_after_the_last_year_described_a_region_keeps_its_zone_for_two_years(
    region_id: str, zone: str, grid_year: int
) -> None:
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
            "select 1, 1, make_date(y, 6, 1), 'aws', ? from (select unnest([2026, 2027, 2028]) as y)",
            [region_id],
        )
        fill_sites(connection)
        for year in (2026, 2027):
            found = _site(connection, "aws", region_id, year)
            resolved = (found["grid_zone"], found["grid_year"], found["grid_resolution"])
            assert resolved == (zone, grid_year, "nearest_year")
        assert "no grid factor within two years of 2028" in _site(connection, "aws", region_id, 2028)["gap_reason"]


def test_what_is_resolved_stays_as_it_is() -> None:
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
            "values (1, 1, date '2023-01-01', 'aws', 'us-east-1')"
        )
        fill_sites(connection)
        connection.execute("update core.site_factor set pue = 9")
        fill_sites(connection)
        assert connection.execute("select pue from core.site_factor").fetchall() == [(9.0,)]
