"""AWS carbon exports become kg by scope and method. No real export is public: these are constructed from the
column list that AWS documents."""

import gzip
import json
import pickle
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.aws.carbon_export import AwsCarbonExport
from wattledger.contracts import PROVIDER_FOOTPRINT_COLUMNS, ReadReport, SourceSettings, Unit
from wattledger.errors import BrokenInputError

ABOUT = {
    "usage_period_start": "2025-06-01 00:00:00Z", "usage_period_end": "2025-07-01 00:00:00Z",
    "payer_account_id": "000000000012", "usage_account_id": "012345678901", "region_code": "eu-central-1",
    "location": "EU (Frankfurt)", "product_code": "AmazonEC2", "model_version": "v3.0.1",
    "last_refresh_timestamp": "2025-07-20 03:04:05Z",
}  # fmt: skip
MARKET = {"total_mbm_emissions_value": "0.5", "total_mbm_emissions_unit": "MTCO2e"}
LOCATION = {"total_lbm_emissions_value": "0.75", "total_lbm_emissions_unit": "MTCO2e"}
SCOPES = {
    "total_scope_1_emissions_value": "0.125", "total_scope_1_emissions_unit": "MTCO2e",
    "total_scope_2_lbm_emissions_value": "0.5", "total_scope_2_lbm_emissions_unit": "MTCO2e",
    "total_scope_2_mbm_emissions_value": "0.25", "total_scope_2_mbm_emissions_unit": "MTCO2e",
    "total_scope_3_lbm_emissions_value": "0.125", "total_scope_3_lbm_emissions_unit": "MTCO2e",
    "total_scope_3_mbm_emissions_value": "0.125", "total_scope_3_mbm_emissions_unit": "MTCO2e",
}  # fmt: skip
SINCE_2025_10 = ABOUT | MARKET | LOCATION | SCOPES  # location 0.75 = 0.125 + 0.5 + 0.125; market 0.5 likewise
SINCE_2025_06 = ABOUT | MARKET | LOCATION
BEFORE_2025_06 = ABOUT | MARKET


def csv_of(*rows: dict[str, str]) -> str:
    header = list(rows[0])
    return "".join(",".join(cells) + "\n" for cells in (header, *([row[name] for name in header] for row in rows)))


def source_at(location: Path, **settings: object) -> AwsCarbonExport:
    return AwsCarbonExport(SourceSettings("carbon", "aws-carbon-export", str(location), **settings))


def stage(source: AwsCarbonExport, unit: Unit, folder: Path) -> tuple[list[dict[str, object]], ReadReport]:
    """Read one unit as the driver does."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    report = source.read(source.fetch(unit, folder), folder / "staged.parquet", scratch)
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(folder / "staged.parquet")])
        assert {column[0]: str(column[1]) for column in found.description} == dict(PROVIDER_FOOTPRINT_COLUMNS)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], report


def read(content: str | bytes, folder: Path, name: str = "carbon.csv") -> tuple[list[dict[str, object]], ReadReport]:
    """Write one loose file and read it."""
    path = folder / "export" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = source_at(path.parent)
    (unit,) = source.units(None)
    return stage(source, unit, folder)


def figures(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(row["scope"], row["method"], row["kg_co2e"], row["null_reason"]) for row in rows]


def test_a_row_becomes_seven_in_kg(tmp_path: Path) -> None:
    rows, report = read(csv_of(SINCE_2025_10), tmp_path)
    assert figures(rows) == [  # t x 1000
        ("total", "location_based", 750.0, None),
        ("total", "market_based", 500.0, None),
        ("scope_1", None, 125.0, None),
        ("scope_2", "location_based", 500.0, None),
        ("scope_2", "market_based", 250.0, None),
        ("scope_3", "location_based", 125.0, None),
        ("scope_3", "market_based", 125.0, None),
    ]
    assert (report.rows, report.notes, report.unknown_columns) == (7, (), ())
    first = rows[0]
    assert first["usage_month"] == date(2025, 6, 1)
    assert (first["billing_account_id"], first["sub_account_id"]) == ("000000000012", "012345678901")
    assert (first["service_name"], first["region_id"]) == ("AmazonEC2", "eu-central-1")
    assert (first["model_version"], first["model_version_key"]) == ("v3.0.1", "00003.00000.00001")
    assert str(first["refreshed_at"]) == "2025-07-20 03:04:05"
    assert (first["provider"], first["source_kind"]) == ("aws", "export")


def test_exports_from_before_october_2025_have_no_scopes_and_say_why(tmp_path: Path) -> None:
    rows, report = read(csv_of(SINCE_2025_06), tmp_path)
    assert figures(rows)[:2] == [("total", "location_based", 750.0, None), ("total", "market_based", 500.0, None)]
    assert {row["null_reason"] for row in rows[2:]} == {"column_not_in_export"}
    assert "total_scope_2_lbm_emissions_value" in report.notes[0]


def test_exports_from_before_june_2025_have_only_the_market_based_total(tmp_path: Path) -> None:
    rows, _ = read(csv_of(BEFORE_2025_06), tmp_path)
    assert figures(rows)[:2] == [
        ("total", "location_based", None, "column_not_in_export"),
        ("total", "market_based", 500.0, None),
    ]


def test_an_empty_cell_is_null_and_not_zero(tmp_path: Path) -> None:
    rows, _ = read(csv_of(SINCE_2025_06 | {"total_lbm_emissions_value": "", "region_code": ""}), tmp_path)
    assert figures(rows)[0] == ("total", "location_based", None, "empty_in_export")
    assert rows[0]["region_id"] is None


def test_column_names_in_any_case_and_order_are_read_and_others_reported(tmp_path: Path) -> None:
    row = {name.upper(): value for name, value in reversed(SINCE_2025_10.items())} | {"extra": "1"}
    rows, report = read(csv_of(row), tmp_path)
    assert figures(rows)[0] == ("total", "location_based", 750.0, None)
    assert report.unknown_columns == ("extra",)


def test_gzip_and_parquet_give_the_same_rows_as_text(tmp_path: Path) -> None:
    text, _ = read(csv_of(SINCE_2025_10), tmp_path)
    for folder in ("gz", "parquet"):
        (tmp_path / folder).mkdir()
    packed, _ = read(gzip.compress(csv_of(SINCE_2025_10).encode()), tmp_path / "gz", "carbon.csv.gz")
    typed: dict[str, list[object]] = {}
    for name, value in SINCE_2025_10.items():
        if name.endswith("_value"):
            typed[name] = [float(value)]
        elif name.endswith(("_start", "_end", "_timestamp")):
            typed[name] = [datetime.fromisoformat(value)]
        else:
            typed[name] = [value]
    pq.write_table(pa.table(typed), tmp_path / "carbon.parquet")
    parquet, _ = read((tmp_path / "carbon.parquet").read_bytes(), tmp_path / "parquet", "carbon.snappy.parquet")
    assert text == packed == parquet


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ("v3.0.1", "00003.00000.00001"),
        ("v10.2.0", "00010.00002.00000"),
        ("V2.0", "00002.00000.00000"),
        ("preview", "00000.00000.00000"),  # never newer than a version with a number
    ],
)
def test_the_text_order_of_the_key_is_the_order_of_versions(version: str, key: str, tmp_path: Path) -> None:
    rows, _ = read(csv_of(SINCE_2025_10 | {"model_version": version}), tmp_path)
    assert {(row["model_version"], row["model_version_key"]) for row in rows} == {(version, key)}


def test_totals_of_older_models_are_scope_1_and_2_and_that_is_said(tmp_path: Path) -> None:
    _, report = read(csv_of(SINCE_2025_06 | {"model_version": "v2.0.0"}), tmp_path)
    assert any("v2.0.0: totals are scope 1 + 2" in note for note in report.notes)


def test_totals_that_are_not_the_sum_of_their_scopes_are_kept_and_said(tmp_path: Path) -> None:
    # 0.76 - (0.125 + 0.5 + 0.125) = 0.01 t
    rows, report = read(csv_of(SINCE_2025_10 | {"total_lbm_emissions_value": "0.76"}), tmp_path)
    assert rows[0]["kg_co2e"] == 760.0
    assert report.notes == (
        "model version v3.0.1: the location-based totals exceed the sum of their scopes by 0.01 t; "
        "AWS's totals are kept",
    )


def test_a_sum_that_is_off_by_rounding_is_no_finding(tmp_path: Path) -> None:
    _, report = read(csv_of(SINCE_2025_10 | {"total_lbm_emissions_value": "0.7500009"}), tmp_path)  # 9e-7 t, 1 row
    assert report.notes == ()


def test_negative_figures_are_kept_and_said(tmp_path: Path) -> None:
    rows, report = read(csv_of(SINCE_2025_06 | {"total_mbm_emissions_value": "-0.25"}), tmp_path)
    assert rows[1]["kg_co2e"] == -250.0
    assert any("1 rows with a negative figure" in note for note in report.notes)


@pytest.mark.parametrize("content", ["", "\n", csv_of(SINCE_2025_10).splitlines()[0] + "\n"])
def test_the_empty_file_of_a_month_without_data_gives_no_rows(content: str, tmp_path: Path) -> None:
    rows, report = read(content, tmp_path)
    assert (rows, report.rows) == ([], 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"total_mbm_emissions_unit": "kgCO2e"},
            "row 2 .*_unit holds 'kgCO2e'; AWS documents MTCO2e",
        ),
        ({"total_mbm_emissions_value": "much"}, "row 2 .*total_mbm_emissions_value holds 'much'; a number of tonnes"),
        ({"total_mbm_emissions_value": "NaN"}, "holds 'NaN'; a number of tonnes"),
        ({"total_mbm_emissions_value": "1e30"}, "holds '1e30'; a number of tonnes below 1e12"),
        ({"usage_period_start": "June"}, "usage_period_start holds 'June'; a time like"),
        ({"usage_account_id": ""}, "usage_account_id is empty; an id"),
    ],
)
def test_a_cell_that_cannot_be_refuses_the_unit_and_names_file_and_row(
    change: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BrokenInputError, match=f"carbon.csv: .*{message}"):
        read(csv_of(SINCE_2025_06, SINCE_2025_06 | change), tmp_path)


@pytest.mark.parametrize(
    "column",
    ["usage_period_start", "payer_account_id", "usage_account_id", "model_version", "total_mbm_emissions_value"],
)
def test_a_required_column_that_is_missing_refuses_the_unit(column: str, tmp_path: Path) -> None:
    row = {name: value for name, value in SINCE_2025_10.items() if name != column}
    with pytest.raises(BrokenInputError, match=f"carbon.csv: has no column '{column}'"):
        read(csv_of(row), tmp_path)


def test_account_ids_as_numbers_have_lost_their_zeros_and_are_refused(tmp_path: Path) -> None:
    typed = {name: [value] for name, value in SINCE_2025_10.items()} | {"payer_account_id": [12]}
    pq.write_table(pa.table(typed), tmp_path / "carbon.parquet")
    with pytest.raises(BrokenInputError, match="'payer_account_id' is of type BIGINT"):
        read((tmp_path / "carbon.parquet").read_bytes(), tmp_path, "carbon.parquet")


def test_each_month_of_each_model_version_is_a_unit_oldest_first(tmp_path: Path) -> None:
    text = csv_of(SINCE_2025_10)
    for folder in (
        "carbon_model_version=v3.0.1/usage_period=2025-06",
        "carbon_model_version=v3.0.0/usage_period=2025-06",
        "model_version=v3.0.1/USAGE_PERIOD=2025-05",  # as the user guide prints it, and in capitals
    ):
        path = tmp_path / "payer" / "data" / folder / "payer-00001.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    source = source_at(tmp_path)
    units = list(source.units(None))
    assert [(unit.period, unit.scope.split("/")[2]) for unit in units] == [
        ("2025-05", "model_version=v3.0.1"),
        ("2025-06", "carbon_model_version=v3.0.0"),
        ("2025-06", "carbon_model_version=v3.0.1"),
    ]
    assert len({unit.unit_id for unit in units}) == 3
    assert [unit.period for unit in source.units(date(2025, 6, 15))] == ["2025-06", "2025-06"]


def test_the_manifest_says_which_files_of_a_partition_count(tmp_path: Path) -> None:
    partition = "carbon_model_version=v3.0.1/usage_period=2025-06"
    data = tmp_path / "payer" / "data" / partition
    for execution, tonnes in (("20250720-a", "0.5"), ("20250721-b", "0.25")):
        path = data / execution / "payer-00001.csv"
        path.parent.mkdir(parents=True)
        path.write_text(csv_of(SINCE_2025_06 | {"total_mbm_emissions_value": tonnes}))
    metadata = tmp_path / "payer" / "metadata" / partition
    metadata.mkdir(parents=True)
    named = f"s3://bucket/carbon/payer/data/{partition}/20250721-b/payer-00001.csv"
    (metadata / "payer-Manifest.json").write_text(json.dumps({"dataFiles": [named]}))
    source = source_at(tmp_path)
    (unit,) = source.units(None)
    rows, _ = stage(source, unit, tmp_path)
    assert figures(rows)[1] == ("total", "market_based", 250.0, None)
    assert len(rows) == 7


def test_a_partition_folder_copied_on_its_own_is_still_a_month(tmp_path: Path) -> None:
    path = tmp_path / "carbon_model_version=v3.0.1" / "usage_period=2025-06" / "payer-00001.csv"
    path.parent.mkdir(parents=True)
    path.write_text(csv_of(SINCE_2025_10))
    assert [unit.period for unit in source_at(tmp_path).units(None)] == ["2025-06"]


def test_a_source_can_be_sent_to_the_reading_child() -> None:
    source = source_at(Path("export"))
    assert pickle.loads(pickle.dumps(source)) == source
    assert (source.name, source.kind, source.table) == ("carbon", "aws-carbon-export", "provider_footprint")
