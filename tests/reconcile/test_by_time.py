"""What the hour's intensity makes of a line, beside the annual factor; no hour is filled in, no two signals are added.

eu-central-1 in June 2025: an annual factor of 400 g/kWh lifecycle and 360 direct. A line of `m5` takes 2 kWh.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ledgers import JUNE, Ledger, at, ledger

from connectors.registry import source_for
from models import factor_set
from models.rates import fill_missing
from reconcile.by_time import in_a_line, time_sections
from reconcile.report import sections
from warehouse.audits import audit_all
from warehouse.database import open_for_writing
from warehouse.sync import Sync
from warehouse.views import create_views
from wattledger.contracts import SourceSettings

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
GRID = 7
GERMANY, FRANKFURT_ITSELF, MAPS = "iso3:DEU", "region:aws:eu-central-1", "electricity_maps:DE"


@contextmanager
def hourly() -> Iterator[Ledger]:
    """Two lines of an hour at 05:00 and 06:00, and one of a day."""
    with ledger() as it:
        create_views(it.connection)
        it.unit(GRID, "grid", "grid_interval")
        it.site(lifecycle=400.0, direct=360.0)
        it.connection.execute("update core.site_factor set region_ref = 'region/aws:eu-central-1'")
        it.sku("m5", kwh=2.0)
        it.line("m5", at(1, 5))
        it.line("m5", at(1, 6, 30), 0.5)
        it.line("m5", at(2), 24)
        yield it


def value(it: Ledger, start: datetime, g: float, zone: str = GERMANY, minutes: float = 60, **more: Any) -> None:
    given = {"signal": "average", "boundary": "lifecycle", "unit_id": GRID, "row_number": 0, **more}
    end = start + timedelta(minutes=minutes)
    it.insert("core.grid_interval", zone=zone, interval_start=start, interval_end=end, g_co2e_per_kwh=g, **given)


def rows(it: Ledger) -> list[dict[str, Any]]:
    return it.query("from ledger.footprint_hourly order by hour_start nulls last")


def test_a_line_of_an_hour_takes_the_intensity_of_its_hour_and_a_longer_one_is_not_spread() -> None:
    with hourly() as it:
        value(it, at(1, 5), 250.0)
        five, six, day = rows(it)
        (table,) = time_sections(it.connection, None, None)
        held = {row[0]: row[1] for row in audit_all(it.connection)[0].rows}
    # 2 kWh x 250 g = 0.5 kg; by the annual factor 2 x 400 g = 0.8 kg
    assert five["hourly_location_based_kg_co2e"] == pytest.approx(0.5)
    assert five["annual_location_based_kg_co2e"] == pytest.approx(0.8) == five["location_based_kg_co2e"]
    assert five["difference_kg_co2e"] == pytest.approx(-0.3)
    assert (five["grid_zone"], five["grid_boundary"], five["hourly_gap_reason"]) == (GERMANY, "lifecycle", None)
    assert (six["hour_start"], six["hourly_gap_reason"]) == (at(1, 6), "no value for this hour")
    assert (day["hour_start"], day["lines"], day["hourly_gap_reason"]) == (
        None,
        1,
        "charge period of more than an hour",
    )
    for row in (six, day):
        assert (row["energy_kwh"], row["location_based_kg_co2e"]) == (2.0, pytest.approx(0.8))
        assert row["hourly_location_based_kg_co2e"] is row["annual_location_based_kg_co2e"] is None
    june, total = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    # a third of 6 kWh has a figure; 0.5 instead of 0.8 kg is 37.5 % less; one hour of lines has no value
    for row in (june, total):
        assert (row["energy_kwh"], row["hourly_energy_kwh"], row["hours_missing"]) == (6.0, 2.0, 1)
        assert row["hourly_share_pct"] == pytest.approx(100 / 3)
        assert (row["annual_kg_co2e"], row["hourly_kg_co2e"]) == (pytest.approx(0.8), pytest.approx(0.5))
        assert (row["difference_pct"], row["timing_pct"]) == (pytest.approx(-37.5), pytest.approx(0.0))
    assert (june["charge_month"], june["grid_zone"], total["charge_month"]) == ("2025-06", GERMANY, "total")
    assert in_a_line([table]) == [
        "By the intensity of the hour, 33.3 % of the energy: 0.500 kg CO2e, -37.5 % against 0.800 by the annual "
        "factor, of which +0.0 % is timing: `report hourly`."
    ]
    assert held["hourly_matches_lines"] == "held"


def test_timing_is_told_from_what_another_publisher_says() -> None:
    with hourly() as it:
        for hour in range(24):
            value(it, at(1, hour), 100.0 if hour == 5 else 300.0)
        (table,) = time_sections(it.connection, None, None)
    total = dict(zip(table.columns, table.rows[-1], strict=True))
    # (100 + 300) g x 2 kWh = 0.8 kg, of hours whose plain mean is 7000 / 24 = 291.67 g: 4 kWh x 291.67 = 1.1667 kg
    assert total["hourly_kg_co2e"] == pytest.approx(0.8)
    assert total["difference_pct"] == pytest.approx(-50.0)
    assert total["timing_pct"] == pytest.approx(100 * (0.8 / (4 * 7000 / 24 / 1000) - 1))


def test_an_hour_is_whole_or_has_no_value() -> None:
    with hourly() as it:
        for minute, g in ((0, 100.0), (15, 200.0), (30, 300.0), (45, 400.0)):
            value(it, at(1, 5, minute), g, minutes=15)
        value(it, at(1, 6, 0), 100.0, minutes=30)
        five, six, _ = rows(it)
    assert five["grid_g_co2e_per_kwh"] == pytest.approx(250.0)  # the mean of its quarters
    assert (six["grid_g_co2e_per_kwh"], six["hourly_gap_reason"]) == (None, "no value for this hour")


def test_hours_of_a_clock_that_is_half_an_hour_off_are_weighted() -> None:
    with hourly() as it:
        value(it, at(1, 4, 30), 100.0)
        value(it, at(1, 5, 30), 300.0)
        five, six, _ = rows(it)
    assert five["grid_g_co2e_per_kwh"] == pytest.approx(200.0)
    assert six["grid_g_co2e_per_kwh"] is None


def test_the_nearest_zone_that_has_a_series_counts() -> None:
    zones = []
    with hourly() as it:
        for zone, g in ((GERMANY, 300.0), (MAPS, 310.0), (FRANKFURT_ITSELF, 320.0), ("iso3:FRA", 50.0)):
            value(it, at(1, 5), g, zone)
            zones.append((rows(it)[0]["grid_zone"], rows(it)[0]["grid_g_co2e_per_kwh"]))
        (table,) = time_sections(it.connection, None, None)
    assert zones == [(GERMANY, 300.0), (MAPS, 310.0), (FRANKFURT_ITSELF, 320.0), (FRANKFURT_ITSELF, 320.0)]
    assert (
        "3 zones are loaded that no billed region takes, e.g. electricity_maps:DE, iso3:DEU, iso3:FRA." in table.notes
    )


def test_of_two_deliveries_of_an_hour_the_file_that_sorts_last_counts_and_none_is_added() -> None:
    with hourly() as it:
        it.unit(8, "grid", "grid_interval")
        it.connection.execute("update core.unit set scope = 'de-2025-06.csv' where unit_id = 7")
        it.connection.execute("update core.unit set scope = 'de-2025-07.csv' where unit_id = 8")
        value(it, at(1, 5), 300.0)
        value(it, at(1, 5), 500.0, unit_id=8)
        newest = rows(it)[0]["grid_g_co2e_per_kwh"]
        it.unit(9, "earlier", "grid_interval")  # another source, the first by name
        value(it, at(1, 5), 700.0, unit_id=9)
        assert (newest, rows(it)[0]["grid_g_co2e_per_kwh"]) == (500.0, 700.0)


def test_a_direct_series_stands_beside_the_direct_annual_factor() -> None:
    with hourly() as it:
        value(it, at(1, 5), 180.0, boundary="direct")
        row = rows(it)[0]
        # 2 kWh x 180 g against 2 kWh x 360 g
        assert (row["grid_boundary"], row["annual_grid_g_co2e_per_kwh"]) == ("direct", 360.0)
        assert row["hourly_location_based_kg_co2e"] == pytest.approx(0.36)
        assert row["annual_location_based_kg_co2e"] == pytest.approx(0.72)
        assert row["location_based_kg_co2e"] == pytest.approx(0.8)  # in force: lifecycle
        value(it, at(1, 6), 200.0)  # lifecycle of the same zone: now its hours count, also where it has none
        assert [(row["grid_boundary"], row["grid_g_co2e_per_kwh"]) for row in rows(it)[:2]] == [
            ("lifecycle", None), ("lifecycle", 200.0)
        ]  # fmt: skip
        it.connection.execute("update core.setting set value = 'direct' where key = 'grid_boundary'")
        it.connection.execute("delete from core.grid_interval where boundary = 'direct'")
        assert rows(it)[0]["hourly_gap_reason"] == "no hourly series for the region in this month"


def test_a_marginal_series_has_columns_of_its_own_and_moves_nothing_else() -> None:
    with hourly() as it:
        value(it, at(1, 5), 700.0, signal="marginal", boundary="direct")
        row = rows(it)[0]
        assert (row["marginal_kg_co2e"], row["marginal_boundary"]) == (pytest.approx(1.4), "direct")  # 2 kWh x 700 g
        assert (row["hourly_location_based_kg_co2e"], row["difference_kg_co2e"]) == (None, None)
        assert row["hourly_gap_reason"] == "no hourly series for the region in this month"
        assert time_sections(it.connection, None, None) == []


def test_a_place_of_no_one_zone_says_so() -> None:
    with hourly() as it:
        value(it, at(1, 5), 250.0)
        it.connection.execute("update core.site_factor set region_ref = null")
        assert rows(it)[0]["hourly_gap_reason"] == "no grid zone: the region is unknown or several"


def test_a_months_value_serves_all_lines_of_the_month_and_no_hour() -> None:
    with hourly() as it:
        value(it, at(1) - timedelta(hours=2), 300.0, minutes=30 * 24 * 60)  # June in Berlin
        (row,) = it.query("from ledger.footprint_monthly")
        hours = rows(it)
        (table,) = time_sections(it.connection, None, None)
        assert audit_all(it.connection)[0].rows
    # 6 kWh x 300 g against 6 kWh x 400 g
    assert row["charge_month"] == JUNE
    assert row["monthly_location_based_kg_co2e"] == pytest.approx(1.8)
    assert row["annual_location_based_kg_co2e"] == pytest.approx(2.4)
    assert {hour["hourly_location_based_kg_co2e"] for hour in hours} == {None}
    assert (table.name, table.rows[-1][-1]) == ("monthly", pytest.approx(-25.0))


def test_days_that_fill_a_month_serve_as_its_value_weighted_by_their_length() -> None:
    with hourly() as it:
        for day in range(1, 30):
            value(it, at(day), 300.0, minutes=24 * 60)
        gap = it.query("from ledger.footprint_monthly")[0]["monthly_gap_reason"]
        value(it, at(30), 900.0, minutes=24 * 60)
        (row,) = it.query("from ledger.footprint_monthly")
        (table,) = time_sections(it.connection, None, None)
    assert table.name == "monthly"
    assert gap == "no monthly series for the region in this month"  # a day is missing
    # (29 x 300 + 900) / 30 = 320 g; 2 + 1 + 48 kWh of the three lines
    assert row["grid_g_co2e_per_kwh"] == pytest.approx(320.0)


def test_a_series_comes_and_goes_with_its_file_and_moves_no_figure_of_the_bill(tmp_path: Path) -> None:
    """A real bill: an m5.large hour in eu-central-1, through a sync of files."""
    bill, grid = tmp_path / "cur.csv", tmp_path / "grid"
    grid.mkdir()
    bill.write_text(
        "line_item_usage_account_id,line_item_line_item_type,line_item_product_code,line_item_usage_type,"
        "line_item_operation,line_item_usage_amount,line_item_usage_start_date,line_item_usage_end_date,"
        "line_item_unblended_cost,pricing_unit,product_instance_type,product_region_code\n"
        "1,Usage,AmazonEC2,EUC1-BoxUsage:m5.large,RunInstances,1,2023-06-01T05:00:00Z,2023-06-01T06:00:00Z,"
        "0.1,Hrs,m5.large,eu-central-1\n"
    )
    series = grid / "de.csv"
    series.write_text(
        "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
        "Carbon intensity gCO₂eq/kWh (Life cycle)\n"
        "2023-06-01 05:00:00,Germany,Germany,DE,200,250\n2023-06-01 06:00:00,Germany,Germany,DE,210,260\n"
    )
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
        driver = Sync(connection, tmp_path / "spool", tmp_path / "staging", fill_missing, lambda _: None)
        sources = [
            source_for(SourceSettings("bill", "aws-cur", str(bill))),
            source_for(SourceSettings("grid", "grid-csv", str(grid))),
        ]
        assert driver.run(sources).exit_code == 0
        found = "select grid_zone, grid_g_co2e_per_kwh, hourly_location_based_kg_co2e / energy_kwh, "
        hour = connection.execute(f"{found} location_based_kg_co2e from ledger.footprint_hourly").fetchall()
        assert hour[0][:3] == (MAPS, 250.0, pytest.approx(0.25))
        assert connection.execute("select count(*), min(file) from ledger.grid_intensity").fetchall() == [(4, "de.csv")]
        assert audit_all(connection)[1], audit_all(connection)[0].rows
        names = [table.name for table in sections(connection, None, None)]
        assert "hourly" in names and "monthly" not in names
        series.write_text("zone,start,g_co2e_per_kwh,boundary\n")
        assert driver.run(sources).exit_code == 0
        gone = connection.execute(f"{found} location_based_kg_co2e from ledger.footprint_hourly").fetchall()
        assert gone == [(None, None, None, hour[0][3])]
        assert connection.execute("select count(*) from ledger.restatements where source = 'bill'").fetchall() == [(0,)]


def test_the_worked_hour_of_the_method_page_follows_from_its_own_numbers() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## The hour instead of the year")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in row.split("|")] for row in section.splitlines() if " x " in row and "|" in row]
    worked = {name: (calculation, float(result.split()[0])) for _, name, calculation, result, _ in cells}
    assert len(worked) == 3
    for calculation, result in worked.values():
        typed_in = eval(calculation.replace(" x ", " * "), {"__builtins__": {}})  # our own page
        assert typed_in == pytest.approx(result, rel=1e-4)
    assert worked["difference"][1] == pytest.approx(
        worked["by the hour"][1] - worked["by the annual factor"][1], abs=1e-7
    )
