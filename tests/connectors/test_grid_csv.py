"""Series of grid intensity: times become UTC, what is said twice or not at all is seen, the rest is refused."""

import gzip
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from staged import read_staged

from wattledger.contracts import GRID_INTERVAL_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError, ConfigError

HEADER = "zone,start,g_co2e_per_kwh,boundary\n"
BERLIN = "Europe/Berlin"


def read(
    folder: Path, text: str | bytes, timezone: str | None = None, name: str = "grid.csv"
) -> tuple[list[tuple[object, ...]], ReadReport]:
    """Rows as (zone, start, end, signal, boundary, g, low, high, source, licence)."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    short = ", ".join(f"strftime({end}, '%m-%d %H:%M') as {end}" for end in ("interval_start", "interval_end"))
    settings = SourceSettings("grid", "grid-csv", str(path), timezone=timezone)
    return read_staged(settings, folder, GRID_INTERVAL_COLUMNS, f"* replace ({short})")


def hours(*rows: str) -> str:
    """A file of Germany's lifecycle intensity; ``rows`` are start and value."""
    return HEADER + "".join(f"iso3:DEU,{row},lifecycle\n" for row in rows)


def spans(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(row[1], row[2], row[5]) for row in rows]


def test_rows_in_any_order_become_intervals_of_the_spacing_of_their_series(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "\ufeffzone,start,g_co2e_per_kwh,boundary,signal,low,high,source,licence,note\n"
        "iso3:DEU,2025-06-01T01:00Z,310,Lifecycle,,300,320,me,mine,x\n"
        "iso3:DEU,2025-06-01 02:00+02:00,300,lifecycle,average,,,,,x\n"
        "aws:eu-central-1,2025-06-01T00:15Z,600,direct,marginal,,,,,x\n"
        "aws:eu-central-1,2025-06-01T00:00Z,500,direct,marginal,,,,,x\n",
    )
    assert rows == [
        ("iso3:DEU", "06-01 00:00", "06-01 01:00", "average", "lifecycle", 300.0, None, None, None, None),
        ("iso3:DEU", "06-01 01:00", "06-01 02:00", "average", "lifecycle", 310.0, 300.0, 320.0, "me", "mine"),
        ("region:aws:eu-central-1", "06-01 00:00", "06-01 00:15", "marginal", "direct", 500.0, None, None, None, None),
        ("region:aws:eu-central-1", "06-01 00:15", "06-01 00:30", "marginal", "direct", 600.0, None, None, None, None),
    ]
    assert report == ReadReport(4, (), ("note",))


def test_the_hour_that_the_clock_repeats_stands_twice_and_the_one_that_it_skips_is_no_gap(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path, hours("2025-10-26 01:00,1", "2025-10-26 02:00,22", "2025-10-26 02:00,3", "2025-10-26 03:00,4"), BERLIN
    )
    # 01:00 CEST is 23:00 UTC; the two 02:00 are 00:00 and 01:00 UTC
    assert spans(rows) == [
        ("10-25 23:00", "10-26 00:00", 1.0),
        ("10-26 00:00", "10-26 01:00", 22.0),
        ("10-26 01:00", "10-26 02:00", 3.0),
        ("10-26 02:00", "10-26 03:00", 4.0),
    ]
    assert report.notes == ()
    rows, report = read(tmp_path, hours("2025-03-30 01:00,11", "2025-03-30 03:00,12", "2025-03-30 04:00,13"), BERLIN)
    assert spans(rows) == [
        ("03-30 00:00", "03-30 01:00", 11.0),
        ("03-30 01:00", "03-30 02:00", 12.0),
        ("03-30 02:00", "03-30 03:00", 13.0),
    ]
    assert report.notes == ()


def test_a_repeated_hour_with_its_end_and_one_that_stands_once(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        "zone,start,end,g_co2e_per_kwh,boundary\n"
        "iso3:DEU,2025-10-26 01:00,2025-10-26 02:00,10,lifecycle\n"
        "iso3:DEU,2025-10-26 02:00,2025-10-26 03:00,20,lifecycle\n"
        "iso3:DEU,2025-10-26 02:00,2025-10-26 03:00,30,lifecycle\n",
        BERLIN,
    )
    assert spans(rows)[0] == ("10-25 23:00", "10-26 00:00", 10.0)
    assert spans(rows)[1:] == [("10-26 00:00", "10-26 01:00", 20.0), ("10-26 01:00", "10-26 02:00", 30.0)]
    rows, report = read(
        tmp_path,
        hours("2025-10-26 00:00,1", "2025-10-26 01:00,10", "2025-10-26 02:00,20", "2025-10-26 03:00,30"),
        BERLIN,
    )
    assert [row[5] for row in rows] == [1.0, 10.0, 30.0]  # nobody says whether 02:00 was summer or winter time
    assert report.notes == (
        "1 rows of an hour that the clock repeats stand once and do not say which of the two they are: left out",
        "iso3:DEU average lifecycle: 2.0 hours without a value between 2025-10-25 22:00 and 2025-10-26 03:00",
    )


def test_hours_without_a_value_are_no_rows_and_are_said(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        hours("2025-06-01T00:00Z,10", "2025-06-01T01:00Z,", "2025-06-01T04:00Z,20", "2025-06-01T04:00Z,20"),
    )
    assert spans(rows) == [("06-01 00:00", "06-01 01:00", 10.0), ("06-01 04:00", "06-01 05:00", 20.0)]
    # 01:00 has no value, 02:00 and 03:00 no row
    assert report.notes == (
        "1 rows without a value were left out",
        "1 rows say the same as an earlier one and were left out",
        "iso3:DEU average lifecycle: 3.0 hours without a value between 2025-06-01 00:00 and 2025-06-01 05:00",
    )


def test_days_and_months_are_those_of_the_clock(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, hours("2025-03-29,10", "2025-03-30,20", "2025-03-31,30"), BERLIN)
    assert spans(rows)[1] == ("03-29 23:00", "03-30 22:00", 20.0)  # a day of 23 hours
    rows, _ = read(tmp_path, hours("2025-01,10", "2025-02,20", "2025-03,30"), "UTC")
    assert spans(rows) == [
        ("01-01 00:00", "02-01 00:00", 10.0),
        ("02-01 00:00", "03-01 00:00", 20.0),
        ("03-01 00:00", "04-01 00:00", 30.0),
    ]


@pytest.mark.parametrize(
    ("direct", "lifecycle", "zone"),
    [
        ("Carbon intensity gCO₂eq/kWh (direct)", "Carbon intensity gCO₂eq/kWh (Life cycle)", "Zone id"),
        ("Carbon Intensity gCO₂eq/kWh (direct)", "Carbon Intensity gCO₂eq/kWh (LCA)", "Zone Id"),
    ],
)
def test_a_file_of_electricity_maps_is_a_direct_and_a_lifecycle_series_in_utc(
    tmp_path: Path, direct: str, lifecycle: str, zone: str
) -> None:
    rows, report = read(
        tmp_path,
        f"Datetime (UTC),Country,Zone name,{zone},{direct},{lifecycle},Data source,Data estimated\n"
        "2025-01-01 00:00:00,Germany,Germany,DE,300.5,350,entsoe.eu,false\n"
        "2025-01-01 01:00:00,Germany,Germany,DE,0.4,351,entsoe.eu,true\n",
        BERLIN,  # of other files of the source
    )
    assert [(row[0], row[1], row[4], row[5], row[8]) for row in rows] == [
        ("electricity_maps:DE", "01-01 00:00", "direct", 300.5, "Electricity Maps"),
        ("electricity_maps:DE", "01-01 01:00", "direct", 0.4, "Electricity Maps"),
        ("electricity_maps:DE", "01-01 00:00", "lifecycle", 350.0, "Electricity Maps"),
        ("electricity_maps:DE", "01-01 01:00", "lifecycle", 351.0, "Electricity Maps"),
    ]
    assert report == ReadReport(4)


def test_one_file_may_hold_both_boundaries_and_signals_each_its_own_series(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "zone,start,g_co2e_per_kwh,boundary,signal\n"
        "iso3:NOR,2025-06-01T00:00Z,25,lifecycle,average\niso3:NOR,2025-06-01T01:00Z,25,lifecycle,average\n"
        "iso3:NOR,2025-06-01T00:00Z,0.5,direct,average\niso3:NOR,2025-06-01T01:00Z,0.4,direct,average\n",
    )
    assert [(row[4], row[5]) for row in rows] == [
        ("direct", 0.5), ("direct", 0.4), ("lifecycle", 25.0), ("lifecycle", 25.0)
    ]  # fmt: skip
    # A grid of dams can be that low; so is every grid in kg.
    assert report.notes == ("iso3:NOR average direct: at most 0.5 g CO2e per kWh. If it is in kg, give it times 1000",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (hours("2025-06-01T00:00Z,0.3", "2025-06-01T01:00Z,0.42"), "row 2 .* 'iso3:DEU 0.42': too low for g CO2e"),
        (hours("2025-06-01T00:00Z,300000"), "row 1 holds '300000' where g CO2e per kWh from 0 to 3000 belong"),
        (hours("2025-06-01T00:00Z,-1"), "row 1 holds '-1' where g CO2e"),
        (hours("2025-06-01T00:00Z,nan"), "row 1 holds 'nan' where g CO2e"),
        (hours("2025-06-01T00:00Z,much"), "row 1 holds 'much' where g CO2e"),
        (hours("2025-06-01 00:00,300"), "a time without an offset: set `timezone`"),
        (hours("yesterday,300"), "row 1 holds 'yesterday' where a time like"),
        (hours("1789-07-14T00:00Z,300"), "from 1990 to 2199"),
        (hours(",300"), "row 1 holds nothing where a time like"),
        (hours("2025-06-01T00:00Z,300"), "leaves open how long 'iso3:DEU 2025-06-01T00:00Z' lasts"),
        (hours("2024-01-01T00:00Z,300", "2025-01-01T00:00Z,310"), "leaves open how long"),  # years are own factors
        (
            hours("2025-06-01T00:00Z,300", "2025-06-01T01:00Z,310", "2025-06-01T01:00Z,311"),
            "row 3 gives 'iso3:DEU 2025-06-01T01:00Z' once more with another value",
        ),
        (
            hours(*(f"2025-06-01T0{hour}:00Z,300" for hour in range(5)), "2025-06-01T01:30Z,310"),
            "begins before the one ahead of it has ended",
        ),
        (HEADER + "iso3:DEU,2025-06-01T00:00Z,300,\n", "row 1 holds nothing where lifecycle or direct"),
        (HEADER + "DE,2025-06-01T00:00Z,300,direct\n", "row 1 holds 'DE' where a zone as scheme:zone"),
        ("zone,start,g_co2e_per_kwh\niso3:DEU,2025-06-01T00:00Z,300\n", "needs the column boundary"),
        (
            "zone,start,end,g_co2e_per_kwh,boundary\niso3:DEU,2025-06-01T00:00Z,2025-06-01T00:00Z,300,direct\n",
            "row 1 ends at '2025-06-01T00:00Z', which is not after its start",
        ),
        (
            "zone,start,end,g_co2e_per_kwh,boundary\niso3:DEU,2025-01-01T00:00Z,2026-01-01T00:00Z,300,direct\n",
            "within a month of it",
        ),
        (
            "zone,start,g_co2e_per_kwh,low,high,boundary\niso3:DEU,2025-06-01T00:00Z,300,310,320,direct\n",
            "row 1 holds '300' outside of its low and high",
        ),
        (
            "zone,start,g_co2e_per_kwh,boundary,signal\niso3:DEU,2025-06-01T00:00Z,300,direct,sum\n",
            "where average or marginal belongs",
        ),
        ("Datetime (UTC),Zone id,Price\n2025-06-01 00:00:00,DE,3\n", "has no column of carbon intensity"),
        (hours("2025-06-01T00:00Z,300,7"), "line 2 has 5 fields"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused_by_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BrokenInputError, match=message):
        read(tmp_path, text)


def test_a_time_that_the_clock_skips_is_refused_and_so_is_a_zone_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match="'2025-03-30 02:30', which the clock skips"):
        read(tmp_path, hours("2025-03-30 01:30,300", "2025-03-30 02:30,310"), BERLIN)
    with pytest.raises(ConfigError, match=r"`timezone`: there is no time zone 'Europe/Berln'"):
        read(tmp_path, hours("2025-03-30 01:00,300"), "Europe/Berln")


@pytest.mark.parametrize("text", ["", HEADER, "\ufeff" + HEADER])
def test_a_file_without_rows_is_an_empty_delivery(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == ([], ReadReport(0))


def test_a_year_of_local_hours_covers_its_year_of_utc_once(tmp_path: Path) -> None:
    first = datetime(2024, 12, 31, 23, tzinfo=UTC)  # midnight in Berlin
    local = [(first + timedelta(hours=hour)).astimezone(ZoneInfo(BERLIN)) for hour in range(8760)]
    text = hours(*(f"{moment:%Y-%m-%d %H:%M},{100 + hour % 24}" for hour, moment in enumerate(local)))
    rows, report = read(tmp_path, gzip.compress(text.encode()), BERLIN, "grid.csv.gz")
    assert report == ReadReport(8760)
    assert [row[5] for row in rows] == [100 + hour % 24 for hour in range(8760)]
    assert rows[0][1] == "12-31 23:00"
    assert all(row[2] == after[1] for row, after in pairwise(rows))
