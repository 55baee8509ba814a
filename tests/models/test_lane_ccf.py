"""The lane `ccf` against what Cloud Carbon Footprint's released code computed, and by hand where no row of it exists.

Its energy is compared without the embodied carbon that it turns into kWh. Its figures of AWS GB-months are of its
lookup table, 30.42 days; June has 30.
"""

import csv
import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import add_sku, warehouse

from models.classify import classify
from models.lanes import card
from models.sites import fill_sites
from warehouse.audits import audit_all

DATA = Path(__file__).parents[1] / "data" / "peer_reference" / "ccf.csv"
PAGE = Path(__file__).parents[2] / "docs" / "method.md"
COMPARABLE = ("estimated", "estimated_cli_nan")
# Billed units in the unit of the peer's figure.
UNITS = {
    "per GB-Mo": 30.42 / 30,
    "per GiB": 2**30,
    "per GiB-hour": 2**30 * 3600,
    "per GiB-hour (CCF reads this usage type as byte-hours)": 2**30,
    "billing path, per vCPU-hour (or GPU-hour/cluster-hour)": 3600,
}
OTHERS = {  # what its rows do not hold; worked out below
    "glue": {"service_code": "AWSGlue", "sku_meter": "USE1-ETL-DPU-Hour", "consumed_unit": "DPU-Hour"},
    "fargate": {"service_code": "AmazonECS", "sku_meter": "USE1-Fargate-GB-Hours", "consumed_unit": "hours"},
    "kafka": {"service_code": "AmazonMSK", "sku_meter": "USE1-Kafka.m5.large", "consumed_unit": "Hrs"},
    "memory": {"service_code": "AmazonEC2", "sku_meter": "BoxUsage:u-6tb1.56xlarge", "consumed_unit": "Hrs"},
    "licence": {"service_code": "ElasticMapReduce", "sku_meter": "USE1-BoxUsage:m5.xlarge", "consumed_unit": "Hrs"},
    "composer": {"provider": "gcp", "service_name": "Cloud Composer", "sku_meter": "Cloud Composer vCPU Time Iowa",
                 "consumed_unit": "seconds", "region_id": "us-central1", "line_type": "regular"},
    "cluster": {"provider": "gcp", "service_name": "Kubernetes Engine", "sku_meter": "Regional Kubernetes Clusters",
                "consumed_unit": "seconds", "region_id": "us-central1", "line_type": "regular"},
    "hdd": {"provider": "azure", "service_code": "Storage", "sku_meter": "S10 Disks", "consumed_unit": "Units/Month",
            "region_id": "eastus"},
    "february": {"service_code": "AmazonEC2", "sku_meter": "EBS:VolumeUsage.gp3", "consumed_unit": "GB-Mo",
                 "month": date(2023, 2, 1)},
    "page": {"service_code": "AmazonEC2", "sku_meter": "BoxUsage:m5.large", "consumed_unit": "Hrs"},
    "spot": {"provider": "azure", "service_code": "Virtual Machines", "sku_meter": "D2s v3 Spot",
             "consumed_unit": "Hours", "region_id": "eastus"},
}  # fmt: skip


def _csv(path: Any) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _name(row: dict[str, str]) -> str:
    return f"{row['provider'].lower()}:{row['input_row']}"


ROWS = {_name(row): row for row in _csv(DATA)}
DIFFERENCES = {row["key"]: row for row in _csv(resources.files("models") / "lanes" / "ccf" / "differences.csv")}
SPELLED = {row["unit_of_measure"]: row["unit"] for row in _csv(resources.files("connectors") / "azure" / "units.csv")}


def _listed(*keys: str) -> set[str]:
    return {name for key in keys for name in DIFFERENCES[key]["rows"].split()}


def _sku(row: dict[str, str]) -> dict[str, Any]:
    """A peer's input row as a bill of ours holds it."""
    key: dict[str, Any] = {
        "provider": row["provider"].lower(), "region_id": row["region"], "sku_meter": row["usage_type"],
        "service_code": row["service_name"], "consumed_unit": row["usage_unit"], "charge_category": "Usage",
    }  # fmt: skip
    if key["provider"] == "gcp":
        return key | {"line_type": "regular", "instance_type": row["vcpus_or_machine_type"] or None}
    if key["provider"] == "azure":
        return key | {
            "region_id": row["region"].replace("EU West", "westeurope"),
            "consumed_unit": SPELLED[row["usage_unit"]],
        }
    bare_box = (row["service_name"], row["usage_type"]) == (
        "AmazonEC2",
        "BoxUsage",
    )  # the machine before there were names
    return key | {"instance_type": "m1.small" if bare_box else None}


@pytest.fixture(scope="module")
def bill() -> Iterator[duckdb.DuckDBPyConnection]:
    """A bill of every row and the others, rated by the lane."""
    with warehouse() as connection:
        for key in (*map(_sku, ROWS.values()), *OTHERS.values()):
            add_sku(connection, **key)
        classify(connection)
        fill_sites(connection)
        card.keep(connection, "ccf")
        card.fill_missing(connection)
        yield connection


@pytest.fixture(scope="module")
def rates(bill: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """The lane's rates, of the rows by provider and number, of the others by name."""
    result = bill.execute(
        "select r.*, i.* exclude (model, factor_set, sku_id, charge_month) from core.rate as r "
        "left join core.lane_input as i using (model, factor_set, sku_id, charge_month) "
        "where r.model = 'ccf'"
    )
    columns = [column[0] for column in result.description or ()]
    names = dict(enumerate((*ROWS, *OTHERS), start=1))
    found = [dict(zip(columns, values, strict=True)) for values in result.fetchall()]
    return {names[row["sku_id"]]: row for row in found}


def _theirs(row: dict[str, str]) -> tuple[float, float, float]:
    """Their operational kWh, operational kg and embodied kg, in the unit of their basis."""
    embodied = float(row["kgco2e_embodied"] or 0)
    return (
        float(row["norm_kwh"]) - float(row["kwh_embodied_converted"] or 0),
        float(row["norm_kgco2e"]) - embodied,
        embodied,
    )


def _ours(row: dict[str, str], rate: dict[str, Any]) -> tuple[float, float, float]:
    figures = (rate["energy_kwh"], rate["location_based_kg_co2e"], rate["embodied_kg_co2e"])
    units = UNITS.get(row["norm_basis"], 1.0)
    return (figures[0] * units, figures[1] * units, figures[2] * units)


@pytest.mark.parametrize(("provider", "rows"), [("AWS", 97), ("GCP", 55), ("AZURE", 68)])
def test_every_comparable_row_is_the_peers_figure_but_for_listed_grids(
    rates: dict[str, dict[str, Any]], provider: str, rows: int
) -> None:
    compared = {
        name: row for name, row in ROWS.items() if row["provider"] == provider and row["ccf_status"] in COMPARABLE
    }
    assert len(compared) == rows
    other_grid = _listed("grid-proprietary", "grid-unknown")
    for name, row in compared.items():
        theirs, ours = _theirs(row), _ours(row, rates[name])
        assert ours[0] == pytest.approx(theirs[0], rel=1e-6, abs=0), name
        assert ours[2] == pytest.approx(theirs[2], rel=1e-6, abs=0), name
        their_grid, our_grid = 1000 * float(row["grid_kgco2e_per_kwh"]), rates[name]["grid_g_co2e_per_kwh"]
        assert (our_grid != pytest.approx(their_grid, rel=1e-6)) == (name in other_grid), name
        assert ours[1] * their_grid / our_grid == pytest.approx(theirs[1], rel=1e-6, abs=0), name
        turned = float(row["kwh_embodied_converted"] or 0)  # never part of our energy
        ours_turned = (rates[name]["embodied_energy_kwh"] or 0) * UNITS.get(row["norm_basis"], 1.0)
        assert ours_turned * our_grid / their_grid == pytest.approx(turned, rel=1e-6), name


def test_a_row_without_a_figure_of_its_own_is_listed_and_says_why(rates: dict[str, dict[str, Any]]) -> None:
    without = {name for name, rate in rates.items() if name in ROWS and rate["disposition"] != "estimated"}
    assert without == _listed("spread", "nan", "stopped", "dropped", "out-of-scope")
    assert all(rates[name]["gap_reason"] and rates[name]["it_energy_kwh"] is None for name in without)
    assert not any(ROWS[name]["ccf_status"] in COMPARABLE for name in without)
    assert rates["aws:131"]["gap_reason"] == "ccf finds no vCPU and prints NaN"


def test_what_the_peer_prints_as_zero_is_zero_and_says_that_it_is_an_error(rates: dict[str, dict[str, Any]]) -> None:
    printed = {name for name, row in ROWS.items() if row["ccf_status"] == "unknown_zero"}
    zeros = {name for name, rate in rates.items() if name in ROWS and rate["it_energy_kwh"] == 0}
    # a workspace-hour is 0 because no other row of that bill was in `Hours`; `1/Month` is `1 /Month` on our bills
    assert printed - zeros == {"aws:241", "azure:73"}
    assert zeros <= printed
    assert {rates[name]["known_error"] for name in zeros} == {"a unit without a formula is printed as 0"}


@pytest.mark.parametrize(
    ("name", "kwh"),
    [
        ("glue", 4 * 2.12 * 1.135 / 1000),  # a DPU is 4 vCPU of 0.74 + 0.5 x (3.5 - 0.74) W
        ("fargate", 1.2 / 1000 / 1000 * 1.135),  # a GB-hour of memory, as SSD at 1.2 Wh/TB-h
        ("kafka", 0.008378441),  # a broker is an m5.large: 0.00557285 and 0.00280559 of memory
        ("licence", 2 * 0.008378441),  # the surcharge on an m5.xlarge is a second one
        ("composer", 14 * 2.395 * 1.11 / 1000 / 3600),  # 14 vCPU of 0.68 + 0.5 x (4.11 - 0.68) W
        ("cluster", 3 * 3 * 2.395 * 1.11 / 1000 / 3600),  # 3 vCPU, three times
        ("hdd", 128 * 24 / 1000 * 0.65 * 1.185 * 3 / 1000),  # one day of 128 GB, three copies, 0.65 Wh/TB-h
        ("spot", 0.0085359105),  # as D2s v3
        ("february", 28 * 24 * 1.2 * 1.135 * 2 / 1e6),  # the hours of its month x 1.2 Wh/TB-h, two copies
    ],
)
def test_what_its_rows_do_not_hold_is_worked_out_by_hand(
    rates: dict[str, dict[str, Any]], name: str, kwh: float
) -> None:
    assert rates[name]["energy_kwh"] == pytest.approx(kwh, rel=1e-6)


def test_a_known_error_comes_with_its_row(rates: dict[str, dict[str, Any]]) -> None:
    # The embodied carbon of a high-memory machine: its 6,144 GiB as tonnes, by 35,040 h and the 448 vCPU of its family.
    assert rates["memory"]["embodied_kg_co2e"] == pytest.approx(6144 * 1000 / 35040 / 448)
    # One that leaves energy alone stands among the inputs: no part of the difference in energy is laid to it.
    errors = {name: f"{rate['known_error']}; {rate['inputs']}" for name, rate in rates.items()}
    for name, text in {
        "memory": "memory in GiB, taken for tonnes",
        "licence": "counted twice",
        "fargate": "memory of a container counted as SSD",
        "aws:3": "an eighth of a whole server",
        "aws:17": "does not grow with the size",
        "aws:75": "boards missing from its table",
        "aws:161": "read as byte-hours",
        "aws:219": "the prefix ml. stays on the name",
        "gcp:22": "read from two letters",
        "gcp:50": "mean of six",
        "gcp:92": "the sum over its regions",
        "azure:57": "is one vCPU",
        "azure:83": "one day of a billed month",
        "azure:143": "an hour of a managed service is one vCPU",
    }.items():
        assert text in errors[name], name
    assert {rates[name]["known_error"] for name in ("memory", "aws:3", "aws:17", "gcp:92", "gcp:42")} == {None}
    assert "error" not in errors["gcp:42"]


def test_the_lane_says_what_it_assumed(rates: dict[str, dict[str, Any]]) -> None:
    # m5.large at our 18 % instead of half load: 2 x (0.65 + 0.18 x 3.61) = 2.5996 W. Memory beyond the measured chip's,
    # (384 - 81.32) GB / 48 = 6.3058 GB x 0.392 W = 2.4719 W, is the same at either.
    large = rates["aws:99"]
    assert large["utilization"] == 0.5
    assert large["it_energy_kwh_at_default_utilization"] == pytest.approx((2.5996 + 2.47189) / 1000, rel=1e-5)
    # t3.nano: a vCPU at half load counts as 5/50 of its two; at our 5 % both count: 2 x (0.64 + 0.05 x 3.33) W
    assert rates["aws:3"]["it_energy_kwh"] == pytest.approx(2 * 0.1 * 2.305 / 1000)
    assert rates["aws:3"]["it_energy_kwh_at_default_utilization"] == pytest.approx(2 * 0.8065 / 1000)
    assert (rates["aws:161"]["copies"], rates["aws:123"]["copies"]) == (6, None)
    assert rates["aws:109"]["utilization"] is None
    assert {rate["uplift"] for rate in rates.values() if rate["disposition"] == "estimated"} == {1.0}


def test_the_worked_numbers_of_the_method_page_are_the_lanes(rates: dict[str, dict[str, Any]]) -> None:
    table = (
        PAGE.read_text(encoding="utf-8").split("| step | calculation | by ccf |\n|---|---|---|\n")[1].split("\n\n")[0]
    )
    columns = (
        "compute_it_energy_kwh", "memory_it_energy_kwh", "energy_kwh", "location_based_kg_co2e", "embodied_kg_co2e",
    )  # fmt: skip
    for column, row in zip(columns, table.splitlines(), strict=True):
        _, calculation, result = (cell.strip() for cell in row.strip("|").split("|"))
        typed_in = eval(calculation.replace(" x ", " * "), {"__builtins__": {}})  # our own page
        assert typed_in == pytest.approx(float(result.split()[0]), rel=1e-4), column
        assert rates["page"][column] == pytest.approx(float(result.split()[0]), rel=1e-4), column
    assert rates["page"]["embodied_energy_kwh"] == pytest.approx(0.00126, rel=1e-2)


def test_the_audits_of_rates_hold(bill: duckdb.DuckDBPyConnection) -> None:
    outcomes = {row[0]: row[1] for row in audit_all(bill)[0].rows}
    of_rates = ("parts_sum_to_whole", "range_holds_value", "rates_follow_factors")
    assert [outcomes[name] for name in of_rates] == ["held"] * 3
    assert bill.execute("select count(*) from core.rate where model = 'ccf'").fetchall() == [(len(ROWS) + len(OTHERS),)]


def test_every_rate_is_its_formula_over_its_inputs(rates: dict[str, dict[str, Any]]) -> None:
    formula = (resources.files("models") / "lanes" / "ccf" / "formula.txt").read_text(encoding="utf-8")
    with_inputs = [rate for rate in rates.values() if rate["inputs"]]
    assert len(with_inputs) > 220
    for rate in with_inputs:
        numbers = formula.format_map(json.loads(rate["inputs"])).replace(" x ", " * ")
        assert eval(numbers, {"__builtins__": {}}) == pytest.approx(rate["it_energy_kwh"], rel=1e-9, abs=0)
