"""A user's own factors: every problem of a file is found, with line, column, value and what is allowed."""

from pathlib import Path

import pytest

from models.own_factors import OwnFactors, columns_of, read
from wattledger.errors import ConfigError

PUE = {
    "provider": "aws", "region_id": "us-east-1", "year": "2023", "metric": "pue", "low": "1.09", "central": "1.10",
    "high": "1.12", "unit": "ratio", "basis": "measured", "source": "Meters of hall 3", "source_release": "2024-01",
    "licence": "internal", "verification": "measured", "note": "",
}  # fmt: skip
GRID = {
    "zone_scheme": "iso3", "zone": "DEU", "country_iso3": "DEU", "covers": "country", "year": "2023",
    "low_g_co2e_per_kwh": "300", "central_g_co2e_per_kwh": "350", "high_g_co2e_per_kwh": "400",
    "boundary": "lifecycle", "flow": "consumption", "accounting": "location_average", "source": "Supplier",
    "source_release": "2024", "licence": "internal", "verification": "published", "note": "",
}  # fmt: skip


def write(path: Path, *rows: dict[str, str]) -> Path:
    """Write rows as a CSV; every field quoted."""
    lines = [",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def check(tmp_path: Path, *rows: dict[str, str]) -> OwnFactors:
    return read(write(tmp_path / "own.csv", *rows))


def test_the_columns_are_those_of_the_shipped_tables() -> None:
    assert columns_of("site_metric") == list(PUE)
    assert columns_of("grid_intensity") == list(GRID)


def test_a_good_file_has_no_problem_and_its_keys_are_made_as_the_shipped_ones(tmp_path: Path) -> None:
    market = GRID | {"accounting": "residual_mix"}
    region = GRID | {"zone_scheme": "region", "zone": "aws:eu-central-1", "covers": "part", "boundary": "direct"}
    assert check(tmp_path, PUE).problems == []
    found = check(tmp_path, GRID, market, region)
    assert found.problems == []
    assert [row["factor_id"] for row in found.rows] == [
        "grid/iso3:DEU/2023/lifecycle",
        "grid/iso3:DEU/2023/lifecycle/residual_mix",
        "grid/region:aws:eu-central-1/2023/direct",
    ]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("region_id", "", "blank: must be stated"),
        ("region_id", "us-esat-1", "unknown region of aws; nearest: us-"),
        ("region_id", "westeurope", "unknown region of aws"),  # Azure's: names mean nothing elsewhere
        ("provider", "amazon", "allowed: aws, azure, gcp"),
        ("year", "", "blank: must be stated"),
        ("year", "23", "allowed: 2010 to 2100"),
        ("metric", "wue", "allowed: pue"),
        ("unit", "percent", "allowed: ratio"),
        ("basis", "fleet", "allowed: measured, region"),
        ("source", "", "blank: must be stated"),
        ("licence", "", "blank: must be stated"),
        ("licence", "unknown", "must be stated"),
        ("verification", "recalled", "allowed: measured, published"),
        ("high", "1120", "1.12 would be in it: a slip by 10^3? allowed: 1 to 2"),
        ("high", "1120000", "1.12 would be in it: a slip by 10^6?"),
        ("high", "112", "1.12 would be in it: a slip by 10^2?"),
        ("high", "1,12", "not a number"),
        ("high", "nan", "not a number"),
        ("high", "inf", "not a number"),
        ("high", "1e999", "not a number"),
        ("high", "2.5", "out of range; allowed: 1 to 2"),
        ("low", "1.11", "above the central value 1.10; allowed: low <= central <= high"),
        ("high", "1.05", "below the central value 1.10"),
    ],
)
def test_a_wrong_field_of_a_pue_row_is_named(tmp_path: Path, column: str, value: str, says: str) -> None:
    found = check(tmp_path, PUE | {"region_id": "us-east-2"}, PUE | {column: value})
    assert [(p.line, p.column, p.value) for p in found.problems] == [(3, column, value)]
    assert says in found.problems[0].problem


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"zone": "XXX"}, "unknown zone of iso3"),
        ({"zone_scheme": "region", "zone": "eu-central-1"}, "write PROVIDER:REGION"),
        ({"zone_scheme": "postcode"}, "allowed: egrid_subregion, iso3, iso3166-2, region"),
        ({"country_iso3": "FRA"}, "not the country of iso3:DEU; allowed: DEU"),
        ({"boundary": "scope2"}, "allowed: lifecycle, direct"),
        ({"accounting": "marginal"}, "allowed: location_average, market_based, residual_mix"),
        ({"central_g_co2e_per_kwh": "0.35", "low_g_co2e_per_kwh": "5"}, "350 would be in it: a slip by 10^3?"),
        ({"high_g_co2e_per_kwh": "400000000"}, "400 would be in it: a slip by 10^6?"),
        ({"low_g_co2e_per_kwh": "0"}, "out of range; allowed: 5 to 1400 g CO2e/kWh"),
    ],
)
def test_a_wrong_field_of_a_grid_row_is_named(tmp_path: Path, change: dict[str, str], says: str) -> None:
    found = check(tmp_path, GRID | change)
    assert says in found.problems[0].problem
    assert found.problems[0].column in change
    assert found.problems[0].line == 2


def test_a_contract_may_be_for_power_without_emissions_and_a_location_may_not(tmp_path: Path) -> None:
    zero = dict.fromkeys(("low_g_co2e_per_kwh", "central_g_co2e_per_kwh", "high_g_co2e_per_kwh"), "0")
    assert check(tmp_path, GRID | zero | {"accounting": "market_based"}).problems == []
    assert [p.column for p in check(tmp_path, GRID | zero).problems] == list(zero)


def test_every_problem_is_told_at_once_and_a_field_over_two_lines_does_not_shift_the_count(tmp_path: Path) -> None:
    long_note = PUE | {"note": "first line\nsecond line"}
    found = check(tmp_path, long_note, PUE, PUE | {"region_id": "", "licence": "", "low": "1.2"})
    assert [(p.line, p.column) for p in found.problems] == [
        (4, "factor_id"),  # lines 2 and 3 are one row; line 4 repeats its key
        (5, "region_id"),
        (5, "licence"),
        (5, "low"),
    ]
    assert found.findings().notes == ["rows with a problem: 2"]


def test_a_row_of_another_width_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", PUE)
    path.write_text(path.read_text() + "aws,us-east-1\n")
    assert [(p.line, p.problem) for p in read(path).problems] == [(3, "2 fields where the header has 14")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "its header is that of no factor table"),
        (b"a,b\n1,2\n", "its header is that of no factor table"),
        (",".join(PUE).encode() + b"\n", "a header and no row"),
        (",".join(PUE).replace("licence", "license").encode() + b"\n", "missing: 'licence'; unknown: 'license'"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (",".join(PUE).encode() + b'\n"aws"x,1\n', "line 2: not a CSV"),
    ],
)
def test_what_is_no_factor_table_is_refused_with_the_next_step(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        read(tmp_path / "own.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.csv")
