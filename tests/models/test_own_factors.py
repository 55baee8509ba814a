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

COEFFICIENT = {
    "key": "storage.ssd", "scope": "our storage", "low": "1.8", "central": "2", "high": "2.2", "unit": "Wh/TB-h",
    "distribution": "triangular", "year": "2023", "source_low": "", "source": "Rack meter", "source_high": "",
    "source_release": "2024", "licence": "internal", "verification": "measured", "note": "",
}  # fmt: skip
INSTANCE = {
    "provider": "azure", "instance_type": "Standard_Z9", "family": "Z", "category": "general", "vcpu": "2",
    "memory_gib": "8", "isa": "x86_64", "vcpu_is": "thread", "microarch": "skylake-sp", "host_vcpu": "96",
    "host_memory_gib": "384", "host_sockets": "2", "accelerator": "", "accelerator_count": "0", "local_ssd_gb": "0",
    "year": "2023", "source": "Supplier", "source_release": "2024", "licence": "internal", "verification": "published",
    "note": "",
}  # fmt: skip
PRICE = {
    "zone_scheme": "iso3", "zone": "DEU", "period": "2023", "price_per_kwh": "0.185", "currency": "EUR",
    "source": "Supplier", "source_release": "2024", "licence": "internal", "verification": "published", "note": "",
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
    assert columns_of("coefficient") == list(COEFFICIENT)
    assert columns_of("instance") == list(INSTANCE)
    assert columns_of("electricity_price") == list(PRICE)


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


def test_a_price_of_electricity_is_of_a_region_a_zone_a_provider_or_an_own_site(tmp_path: Path) -> None:
    places = (("region", "aws:us-east-1"), ("provider", "gcp"), ("iso3166-2", "US-VA"), ("region", "own:fra-1"))
    rows = [PRICE | {"zone_scheme": scheme, "zone": zone, "period": "2023-06"} for scheme, zone in places]
    found = check(tmp_path, PRICE, *rows)
    assert found.problems == []
    assert [row["factor_id"] for row in found.rows][:2] == [
        "electricity_price/iso3:DEU/2023",
        "electricity_price/region:aws:us-east-1/2023-06",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"zone": "XXX"}, "unknown zone of iso3"),
        ({"zone_scheme": "provider", "zone": "oracle"}, "allowed: aws, azure, gcp, own"),
        ({"zone_scheme": "region", "zone": "us-east-1"}, "write PROVIDER:REGION"),
        ({"period": "2023-13"}, "not a year or month"),
        ({"period": "June"}, "allowed: 2010 to 2100, or a month like 2025-06"),
        ({"price_per_kwh": "0,185"}, "not a price; allowed: 0 or more per kWh"),
        ({"price_per_kwh": "-0.1"}, "not a price"),
        ({"currency": "euro"}, "three capitals, e.g. EUR"),
    ],
)
def test_a_wrong_field_of_a_price_is_named(tmp_path: Path, change: dict[str, str], says: str) -> None:
    (problem,) = check(tmp_path, PRICE | change).problems
    assert says in problem.problem
    assert problem.column in change


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("region_id", "", "blank: must be stated"),
        ("region_id", "us-esat-1", "unknown region of aws; nearest: us-"),
        ("region_id", "westeurope", "unknown region of aws"),  # Azure's: names mean nothing elsewhere
        ("provider", "amazon", "allowed: aws, azure, gcp, own"),
        ("year", "", "blank: must be stated"),
        ("year", "23", "allowed: 2010 to 2100"),
        ("metric", "power", "allowed: pue, wue"),
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


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"key": "storage.sdd"},
            "no rule reads it; a new key is llm.output.NAME, compute.burst_baseline.NAME; nearest",
        ),
        ({"key": "llm.output.My Model"}, "in lower case, with - for blanks"),
        ({"unit": "kWh/TB-h"}, "not the unit of storage.ssd; allowed: Wh/TB-h"),
        ({"key": "llm.output.mine"}, "not the unit of llm.output.mine; allowed: kWh/kilotoken"),
        ({"high": "2200000"}, "2.2 would be in it: a slip by 10^6?"),
        ({"high": "2200"}, "2.2 would be in it: a slip by 10^3?"),
        (
            {"low": "0.0000018"},
            "1.8 would be in it: a slip by 10^6? allowed: 0, or 0.05 to 25 Wh/TB-h",
        ),  # .5 to 2.5, by 10
        ({"central": "0"}, "allowed: 0.05 to 25"),
        ({"low": "2.1"}, "above the central value 2"),
        ({"high": "1.9"}, "below the central value 2"),
        ({"licence": ""}, "blank: must be stated"),
        ({"source": ""}, "blank: must be stated"),
        ({"distribution": "normal"}, "allowed: triangular, lognormal, none"),
        ({"key": "compute.cpu_utilisation_unknown", "unit": "percent", "high": "101"}, "allowed: 0.5 to 100 percent"),
    ],
)
def test_a_wrong_field_of_a_coefficient_is_named(tmp_path: Path, change: dict[str, str], says: str) -> None:
    found = check(tmp_path, COEFFICIENT | change)
    assert any(says in p.problem and p.line == 2 for p in found.problems), [p.problem for p in found.problems]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"instance_type": "standard_d2s_v5"}, "the set has it as Standard_D2s_v5: write it so"),
        ({"provider": "*"}, "allowed: generic-arm, generic-x86"),
        ({"provider": "own"}, "allowed: aws, azure, gcp, *"),  # own machines say their parts in the inventory
        ({"memory_gib": "8192"}, "a slip by 10^3? allowed: 0.2 to 512 GiB"),  # MiB
        ({"memory_gib": "8000000"}, "a slip by 10^6?"),
        ({"vcpu": "0"}, "allowed: 0.01 to 4096 vCPU"),
        ({"host_vcpu": "1"}, "allowed: 2 to 4096 vCPU, of the whole host"),
        ({"host_memory_gib": "4"}, "allowed: 8 to 24576 GiB"),
        ({"microarch": "skylake"}, "unknown CPU family; nearest: skylake"),
        ({"isa": "arm64"}, "skylake-sp is x86_64"),
        ({"vcpu_is": "half"}, "allowed: thread, core"),
        ({"accelerator": "NVIDIA H1000"}, "unknown accelerator; nearest: NVIDIA"),
        ({"accelerator_count": "1"}, "an accelerator is counted and none is named"),
        ({"accelerator": "NVIDIA L4"}, "allowed: 0.01 to 128 x NVIDIA L4"),
        ({"licence": ""}, "blank: must be stated"),
    ],
)
def test_a_wrong_field_of_a_machine_is_named(tmp_path: Path, change: dict[str, str], says: str) -> None:
    found = check(tmp_path, INSTANCE | change)
    assert any(says in p.problem and p.line == 2 for p in found.problems), [p.problem for p in found.problems]


def test_good_coefficients_machines_and_sites_have_no_problem(tmp_path: Path) -> None:
    assert check(tmp_path, COEFFICIENT, COEFFICIENT | {"key": "memory.power_idle", "unit": "W/GiB", "low": "0",
                 "central": "0.1", "high": "0.2"}).problems == []  # fmt: skip
    known = INSTANCE | {"instance_type": "Standard_D2s_v5"}
    boards = INSTANCE | {"instance_type": "Standard_Z8", "accelerator": "NVIDIA L4", "accelerator_count": "0.5"}
    found = check(tmp_path, INSTANCE, known, boards)
    assert found.problems == []
    assert found.rows[0]["factor_id"] == "instance/azure:Standard_Z9"
    wue = PUE | {"metric": "wue", "unit": "l/kwh_it", "low": "0", "central": "0.2", "high": "0.5"}
    assert check(tmp_path, wue, PUE | {"provider": "own", "region_id": "hall-3"}).problems == []
    assert [p.column for p in check(tmp_path, wue | {"high": "500"}).problems] == ["high"]
    assert [p.column for p in check(tmp_path, wue | {"unit": "ratio"}).problems] == ["unit"]


def test_one_machine_spelled_in_two_ways_is_one_key_twice(tmp_path: Path) -> None:
    found = check(tmp_path, INSTANCE, INSTANCE | {"instance_type": "standard_z9"})
    assert [(p.line, p.column) for p in found.problems] == [(3, "factor_id")]


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
