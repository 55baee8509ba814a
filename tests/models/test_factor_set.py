"""The factor set: installed once, kept by older warehouses, and its tables plausible row by row."""

import csv
from importlib import resources
from pathlib import Path

import duckdb
import pytest
from rated import warehouse

from models import factor_set
from wattledger.errors import ConfigError, WarehouseError

TABLES = tuple(factor_set.FACTOR_IDS)
OVERRIDES = Path(__file__).parents[2] / "scripts" / "factor_overrides"


def _text(table: str) -> str:
    return (resources.files("models") / "factors" / f"{table}.csv").read_text(encoding="utf-8")


def _rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(table).splitlines()))


def test_the_files_are_those_that_the_set_was_built_with() -> None:
    assert factor_set.digest(factor_set.file_digests()) == factor_set.shipped().digest, (
        "a table changed: run scripts/build_factor_set.py, and give a released set a new version"
    )


def test_installing_twice_is_installing_once() -> None:
    with warehouse() as connection:
        before = factor_set.factor_list(connection)
        factor_set.install(connection)
        assert factor_set.factor_list(connection) == before
        assert [row[1] for row in before.rows] == sorted(f"{table}.csv" for table in TABLES)


def test_a_warehouse_keeps_the_set_that_it_was_made_with() -> None:
    with warehouse() as connection:
        connection.execute("update core.setting set value = 'core@2020.1.0' where key = 'factor_set'")
        connection.execute("update factors.factor_set set version = '2020.1.0', digest = 'old'")
        connection.execute("delete from factors.coefficient")
        factor_set.install(connection)
        assert connection.execute("select value from core.setting where key = 'factor_set'").fetchall() == [
            ("core@2020.1.0",)
        ]
        assert connection.execute("select count(*) from factors.coefficient").fetchall() == [(0,)]


def test_other_content_under_the_same_version_is_refused() -> None:
    with warehouse() as connection:
        connection.execute("update factors.factor_set set digest = 'other'")
        with pytest.raises(WarehouseError, match=r"other content.*run `wattledger rebuild`"):
            factor_set.install(connection)


def test_a_factor_is_shown_with_its_source_and_a_misspelt_one_with_its_neighbours() -> None:
    with warehouse() as connection:
        table = factor_set.factor_show(connection, "pue/aws:us-east-1/2023")
        assert dict(zip(table.columns, table.rows[0], strict=True)) == {
            "factor_id": "pue/aws:us-east-1/2023", "quantity": "pue", "low": 1.1155, "central": 1.15, "high": 1.1845,
            "unit": "ratio", "year": 2023, "source_release": "2025", "licence": "published facts",
            "verification": "published", "note": None,
            "source": "Amazon, AWS data center PUE and WUE by region (sustainability.aboutamazon.com/aws-wue-pue.csv); "
            "read in GSF Real Time Cloud metadata table",
        }  # fmt: skip
        with pytest.raises(ConfigError, match=r"Nearest: .*pue/aws:us-east-1/2023"):
            factor_set.factor_show(connection, "pue/aws:us-esat-1/2023")
        with pytest.raises(
            ConfigError,
            match="accelerator_power, cfe_annual, cfe_hourly, coefficient, cpu_power, electricity_price, grid",
        ):
            factor_set.factor_show(connection, "%")


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_source_and_a_licence_that_lets_it_be_passed_on(table: str) -> None:
    for row in _rows(table):
        assert row["source"], row
        assert row["licence"], row
        assert not any(word in row["licence"] for word in ("ODbL", "BY-SA", "AGPL", "NC", "unknown")), row


@pytest.mark.parametrize("table", TABLES)
def test_no_text_is_padded_and_no_number_stands_for_missing(table: str) -> None:
    for row in _rows(table):
        for name, value in row.items():
            assert value == value.strip(), (name, row)
            assert value.lower() not in ("nan", "null", "none", "n/a", "inf", "-"), (name, row)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("coefficient", "high", "1000000"),  # a slip by a million
        ("coefficient", "low", "999999"),  # low above high
        ("coefficient", "unit", "kWh/fortnight"),
        ("coefficient", "licence", "CC BY-SA 4.0"),
        ("coefficient", "source", ""),
        ("grid_intensity", "central_g_co2e_per_kwh", "405000"),  # kg taken for g
        ("grid_intensity", "central_g_co2e_per_kwh", "0"),  # unknown taken for zero
        ("grid_intensity", "boundary", "marginal"),
        ("grid_intensity", "licence", "ODbL 1.0"),
        ("site_metric", "central", "115"),  # percent
        ("site_metric", "high", "0.9"),
        ("cpu_power", "idle_w_per_thread", "49"),  # idle above full
        ("cpu_power", "curve_f10", "0.9"),  # 10 % load above 50 %
        ("accelerator_power", "busy_w_high", "700000"),  # mW
        ("instance", "vcpu", "100000"),  # more than its host
        ("instance", "vcpu_is", "hyperthread"),
        ("region", "grid_chain", ""),
    ],
)
def test_a_value_that_cannot_be_is_refused_on_load(table: str, column: str, value: str) -> None:
    row = {**_rows(table)[0], column: value}
    text = ",".join(row) + "\n" + ",".join(f'"{field}"' for field in row.values()) + "\n"
    with warehouse() as connection:
        connection.execute(f"delete from factors.{table}")
        with pytest.raises(duckdb.ConstraintException):
            factor_set.insert_rows(connection, table, factor_set.FACTOR_IDS[table], text)


def test_families_sell_no_more_than_their_hosts_hold() -> None:
    # of a shared host the memory of the largest size, scaled to the whole host, fits
    for row in _rows("instance"):
        share = float(row["vcpu"]) / float(row["host_vcpu"])
        if row["accelerator"] == "":
            assert float(row["memory_gib"]) <= float(row["host_memory_gib"]) * 1.001, row
        assert share <= 1, row


def test_a_host_without_memory_and_boards_is_below_ten_tonnes_embodied() -> None:
    # 1000 kg and 100 kg per further socket; drives at 0.06 kg/GB
    for row in _rows("instance"):
        share = float(row["vcpu"]) / float(row["host_vcpu"])
        server_kg = share * (1000 + (float(row["host_sockets"]) - 1) * 100)
        assert server_kg + float(row["local_ssd_gb"]) * 0.06 < 10_000, row


def test_no_hard_disk_is_counted_as_local_ssd() -> None:
    # families of AWS whose local storage is disks: d2, d3, d3en, h1, and the oldest
    for row in _rows("instance"):
        if row["provider"] == "aws" and row["family"] in ("d2", "d3", "d3en", "h1", "hs1", "m1", "c1", "m2"):
            assert float(row["local_ssd_gb"]) == 0, row


def test_references_between_the_tables_hold() -> None:
    microarchs = {row["microarch"] for row in _rows("cpu_power")}
    boards = {row["accelerator"]: row for row in _rows("accelerator_power")}
    keys = {row["key"] for row in _rows("coefficient")}
    zones = {f"{row['zone_scheme']}:{row['zone']}" for row in _rows("grid_intensity")}
    for row in _rows("instance"):
        assert row["microarch"] in microarchs, row
        assert row["accelerator"] in {"", *boards}, row
    for board in boards.values():
        assert board["node_overhead_key"] in keys, board
    for row in _rows("region"):
        assert zones & set(row["grid_chain"].split(">")), row


def test_a_name_of_a_region_means_one_region_of_its_provider() -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in _rows("region"):
        for name in {row["region_id"].lower(), *row["aliases"].lower().split("|")} - {""}:
            assert seen.setdefault((row["provider"], name), row["region_id"]) == row["region_id"], (name, row)


def test_jumps_from_year_to_year_are_known_ones() -> None:
    """More than two thirds up or down within a year is looked at by hand; these are real."""
    known = {
        ("iso3:LTU", "direct", 2020),  # imports fell when the interconnector's partner changed; EEA restated
        ("iso3:LVA", "direct", 2018),  # a dry year after a wet one: hydro
        ("iso3:VEN", "lifecycle", 2023),  # gas reporting changed
    }
    values = {
        (f"{row['zone_scheme']}:{row['zone']}", row["boundary"], int(row["year"])): float(row["central_g_co2e_per_kwh"])
        for row in _rows("grid_intensity")
        if row["verification"] != "recalled"
    }
    jumps = {
        (zone, boundary, year)
        for (zone, boundary, year), value in values.items()
        if (earlier := values.get((zone, boundary, year - 1))) and not 1 / 1.67 <= value / earlier <= 1.67
    }
    assert jumps == known


@pytest.mark.parametrize("path", sorted(OVERRIDES.glob("*.csv")), ids=lambda path: path.stem)
def test_a_row_that_overrides_the_facts_is_in_the_set_as_it_stands(path: Path) -> None:
    shipped = _rows(next(table for table in TABLES if path.stem == table or path.stem.startswith(f"{table}_")))
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        assert row in shipped, row
