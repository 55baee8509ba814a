"""Meter readings become rows in UTC: what can be no PUE is kept with its reason, what is no reading is refused."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from connectors.dcim.pue_meter import PueMeter
from wattledger.contracts import PUE_READING_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError, ConfigError

HEADER = "site,interval_start,interval_end,facility_energy_kwh,it_energy_kwh"


at = datetime.fromisoformat


def read(
    folder: Path, *lines: str, header: str = HEADER, timezone: str | None = "UTC", mapping: str | None = None
) -> tuple[list[dict[str, object]], ReadReport]:
    """Read one file of these lines as the driver does; return its staged rows and the report."""
    path = folder / "readings.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    if mapping is not None:
        (folder / "sites.csv").write_text(mapping)
    place = None if mapping is None else str(folder / "sites.csv")
    source = PueMeter(SourceSettings("dcim", "pue-meter", str(path), timezone=timezone, mapping=place))
    (unit,) = source.units(None)
    (folder / "scratch").mkdir(exist_ok=True)
    report = source.read(source.fetch(unit, folder), folder / "staged.parquet", folder / "scratch")
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(folder / "staged.parquet")])
        names = list(PUE_READING_COLUMNS)
        assert [column[0] for column in found.description or ()] == names
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], report


def test_a_reading_of_a_site_that_is_not_mapped_measures_the_site_itself(tmp_path: Path) -> None:
    rows, report = read(tmp_path, "fra-1,2025-06-01T00:00Z,2025-06-01T01:00Z,12.5,10")
    assert rows == [{
        "site": "fra-1", "provider": "own", "region_id": "fra-1",
        "interval_start": at("2025-06-01"), "interval_end": at("2025-06-01T01:00"),
        "facility_energy_kwh": 12.5, "it_energy_kwh": 10.0, "reason": None,
    }]  # fmt: skip
    assert (report.rows, report.notes, report.unknown_columns) == (1, (), ())


def test_a_mapped_site_measures_the_region_it_is_mapped_to(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path, "colo,2025-06-01,2025-06-02,12,10", mapping="site,region,grid_zone\ncolo,aws:eu-central-1,\n"
    )
    assert (rows[0]["provider"], rows[0]["region_id"]) == ("aws", "eu-central-1")


def test_local_times_are_read_in_the_zone_of_the_source_and_offsets_keep_theirs(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        "a,2025-06-01T00:00,2025-06-01T01:00,12,10",  # summer in Berlin: UTC+2
        "b,2025-06-01T00:00+00:00,2025-06-01T01:00+00:00,12,10",
        timezone="Europe/Berlin",
    )
    assert [row["interval_start"] for row in rows] == [at("2025-05-31T22:00"), at("2025-06-01")]


def test_hours_stand_in_for_the_end(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path, "a,2025-06-01,0.25,3,2", header="site,interval_start,hours,facility_energy_kwh,it_energy_kwh"
    )
    assert rows[0]["interval_end"] == at("2025-06-01T00:15")


def test_what_can_be_no_pue_is_kept_with_its_reason_and_counted(tmp_path: Path) -> None:
    energies = ["12,0", "9,10", "-12,10", ",10", "12000,10", "12,10"]
    hours = [f"a,2025-06-01T0{n}:00,2025-06-01T0{n + 1}:00,{energy}" for n, energy in enumerate(energies)]
    again = "a,2025-06-01T05:30,2025-06-01T06:30,12,10"  # begins within the last, sound one
    rows, report = read(tmp_path, *hours, again)
    assert [row["reason"] for row in rows] == [
        "no IT energy", "facility below IT", "negative energy", "no reading", "facility over 10 times IT", None,
        "overlaps an earlier reading",
    ]  # fmt: skip
    assert "facility below IT: 1 of 7 readings left out" in report.notes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,yesterday,2025-06-02,12,10", "interval_start holds 'yesterday' where a time"),
        ("a,2025-06-02,2025-06-01,12,10", "does not end after its start"),
        ("a,2025-06-01,2025-06-02,much,10", "facility_energy_kwh holds 'much' where a number"),
        ("a,2025-06-01,2025-06-02,nan,10", "facility_energy_kwh holds 'nan'"),
        (",2025-06-01,2025-06-02,12,10", "site is empty"),
        ("a,2025-06-01,2025-06-02,12", "4 fields where the header has 5"),
        ("a,0025-06-01,2025-06-02,12,10", "not from 1990 to 2199"),
    ],
)
def test_a_line_that_is_no_reading_refuses_the_file_by_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BrokenInputError, match=rf"readings.csv, line 2: .*{message}.*Nothing of this file was loaded"):
        read(tmp_path, line)


def test_a_naive_time_without_a_zone_of_the_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match=r"has no offset: set `timezone` on the source"):
        read(tmp_path, "a,2025-06-01,2025-06-02,12,10", timezone=None)


def test_a_missing_column_is_named_and_an_unknown_one_reported(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match="has no column it_energy_kwh"):
        read(tmp_path, "a,2025-06-01,1,12", header="site,interval_start,hours,facility_energy_kwh")
    _, report = read(tmp_path, "a,2025-06-01,2025-06-02,12,10,1.2", header=f"{HEADER},pue")
    assert report.unknown_columns == ("pue",)


def test_an_empty_file_is_an_empty_delivery(tmp_path: Path) -> None:
    assert read(tmp_path)[1].rows == 0
    path = tmp_path / "readings.csv"
    path.write_text("")
    source = PueMeter(SourceSettings("dcim", "pue-meter", str(path)))
    (unit,) = source.units(None)
    report = source.read(source.fetch(unit, tmp_path), tmp_path / "staged.parquet", tmp_path / "scratch")
    assert report.rows == 0


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("site,zone\na,iso3:DEU\n", "takes the columns site, region and grid_zone"),
        ("site,region\na,Frankfurt\n", "region 'Frankfurt' should be like aws:eu-central-1"),
        ("site,grid_zone\na,iso3:DEU\na,iso3:FRA\n", "line 3: site 'a' stands twice"),
    ],
)
def test_a_mistake_in_the_mapping_file_shows_before_any_row_is_read(tmp_path: Path, mapping: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, "a,2025-06-01,2025-06-02,12,10", mapping=mapping)
