"""Checks over the whole shipped set: keys, jumps, releases, and the link that every region and year resolves to."""

import csv
from collections import Counter
from collections.abc import Iterator
from importlib import resources

import duckdb
import pytest
from rated import warehouse

from models import factor_set
from models.sites import fill_sites

YEARS = range(2019, 2026)
KEYS = {
    "region": ("provider", "region_id"),
    "region_group": ("provider", "group_id", "member_region_id"),
    "site_metric": ("provider", "region_id", "metric", "year"),
    "grid_intensity": ("zone_scheme", "zone", "year", "boundary", "accounting"),
    "grid_alternative": ("provider", "region_id", "year"),
    "cpu_power": ("microarch",),
    "accelerator_power": ("accelerator",),
    "instance": ("provider", "instance_type"),
    "coefficient": ("key",),
    "uncertainty": ("leg", "kind"),
    "electricity_price": ("zone_scheme", "zone", "period"),
}


def _rows(table: str) -> list[dict[str, str]]:
    text = (resources.files("models") / "factors" / f"{table}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def every_site() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as connection:
        connection.execute(
            "insert into core.provider_footprint (unit_id, row_number, usage_month, provider, region_id) "
            "select 1, row_number() over (), make_date(y, 6, 1), provider, region_id "
            "from factors.region cross join (select unnest(?::integer[]) as y)",
            [list(YEARS)],
        )
        fill_sites(connection)
        yield connection


@pytest.mark.parametrize("table", factor_set.FACTOR_IDS)
def test_a_key_stands_once(table: str) -> None:
    counts = Counter(tuple(row[name] for name in KEYS[table]) for row in _rows(table))
    assert [key for key, count in counts.items() if count > 1] == []


def test_every_region_and_year_resolves_to_a_link_of_its_own_chain(every_site: duckdb.DuckDBPyConnection) -> None:
    found = every_site.execute(
        "select f.provider, f.region_id, year(f.charge_month), f.grid_zone, f.grid_year from core.site_factor as f "
        "inner join factors.region as r on r.factor_id = f.region_ref "
        "where list_contains(string_split(r.grid_chain, '>'), f.grid_zone) is not true "
        "or abs(f.grid_year - year(f.charge_month)) > 2 or f.grid_zone is null"
    ).fetchall()
    assert found == [], "region, year and the link it resolved to"


def test_no_national_average_stands_in_for_a_subregion_that_is_known(every_site: duckdb.DuckDBPyConnection) -> None:
    """Every United States region has an eGRID subregion in every year: 2018 to 2023, and two years on."""
    found = every_site.execute(
        "select f.region_id, year(f.charge_month), f.grid_zone from core.site_factor as f "
        "inner join factors.region as r on r.factor_id = f.region_ref "
        "where starts_with(r.grid_chain, 'egrid_subregion:') and not starts_with(f.grid_zone, 'egrid_subregion:')"
    ).fetchall()
    assert found == []


# More than 1.4 times up or down within a year, of zones that regions stand on. Hydro carries four of these five.
JUMPS_IN_USE = {
    ("iso3:BRA", "lifecycle", 2022),  # 168 to 103: reservoirs full again after the drought of 2021
    ("iso3:DNK", "direct", 2019),  # 189 to 122: wind, and imports of Norwegian hydro in place of coal
    ("iso3:FIN", "lifecycle", 2023),  # 130 to 81: Olkiluoto 3 began
    ("iso3:FRA", "lifecycle", 2023),  # 79 to 53: reactors back from inspection, a wet year
    ("iso3:NZL", "lifecycle", 2022),  # 145 to 103: a wet year after a dry one
}


def test_jumps_above_1_4_on_zones_in_use_are_known_ones() -> None:
    in_use = {link for row in _rows("region") for link in row["grid_chain"].split(">")}
    values = {
        (f"{row['zone_scheme']}:{row['zone']}", row["boundary"], int(row["year"])): float(row["central_g_co2e_per_kwh"])
        for row in _rows("grid_intensity")
        if row["verification"] != "recalled"
    }
    jumps = {
        (zone, boundary, year)
        for (zone, boundary, year), g in values.items()
        if zone in in_use and (earlier := values.get((zone, boundary, year - 1))) and not 1 / 1.4 <= g / earlier <= 1.4
    }
    assert jumps == JUMPS_IN_USE


def test_a_published_factor_names_the_release_that_states_it_and_its_range_holds_the_others() -> None:
    """United States, 2022: three releases of one publisher said 368, 410 and 386 g/kWh."""
    rows = {
        (row["zone"], row["year"], row["boundary"]): row
        for row in _rows("grid_intensity")
        if row["zone_scheme"] == "iso3"
    }
    assert all(row["source_release"] for row in rows.values())
    ours = rows["USA", "2022", "lifecycle"]
    assert float(ours["central_g_co2e_per_kwh"]) == 410.4
    for g in (368, 410, 386):
        assert float(ours["low_g_co2e_per_kwh"]) < g < float(ours["high_g_co2e_per_kwh"])


def test_the_range_of_a_subregion_holds_what_others_say_of_the_place(every_site: duckdb.DuckDBPyConnection) -> None:
    """Oregon, 2023: 94 (Google), 123 and 217 (two balancing areas) against 288.2 of eGRID's NWPP."""
    row = next(
        row
        for row in _rows("grid_intensity")
        if (row["zone"], row["year"], row["boundary"]) == ("NWPP", "2023", "direct")
    )
    assert float(row["central_g_co2e_per_kwh"]) == 288.2
    for g in (94, 123, 217):
        assert float(row["low_g_co2e_per_kwh"]) < g < float(row["high_g_co2e_per_kwh"])


def test_a_bill_of_2022_has_the_factors_of_2022(every_site: duckdb.DuckDBPyConnection) -> None:
    """A wrong year is an avoidable error: 2024 over 2022 is 0.67 to 1.05 over the zones in use."""
    years = every_site.execute(
        "select distinct grid_year from core.site_factor where year(charge_month) = 2022 and grid_resolution = 'exact'"
    ).fetchall()
    assert years == [(2022,)]
    frankfurt = every_site.execute(
        "select year(charge_month), grid_ref, pue_ref from core.site_factor where provider = 'aws' "
        "and region_id = 'eu-central-1' and year(charge_month) in (2022, 2024) order by 1"
    ).fetchall()
    assert frankfurt == [
        (2022, "grid/iso3:DEU/2022/lifecycle", "pue/aws:eu-central-1/2022"),
        (2024, "grid/iso3:DEU/2024/lifecycle", "pue/aws:eu-central-1/2024"),
    ]
