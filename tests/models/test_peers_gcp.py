"""Known errors of Cloud Carbon Footprint on Google Cloud: our figure, its own, and the physics between them."""

import csv
from pathlib import Path
from typing import Any

import pytest
from rated import add_sku, rate, warehouse

PEER_ROWS = Path(__file__).parents[1] / "data" / "peer_reference" / "ccf.csv"


def _row(number: int) -> dict[str, str]:
    with PEER_ROWS.open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["input_row"] == str(number) and row["provider"] == "GCP")


def _ours(number: int) -> tuple[dict[str, Any], float]:
    """Our rate of a row of the peer's, and our IT energy in kWh of an hour of what it counts."""
    row = _row(number)
    key = {
        "provider": "gcp", "region_id": row["region"], "service_name": row["service_name"],
        "sku_meter": row["usage_type"], "consumed_unit": row["usage_unit"], "line_type": "regular",
        "charge_category": "Usage", "instance_type": row["vcpus_or_machine_type"] or None,
    }  # fmt: skip
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **key))
    return found, found["it_energy_kwh"] / found["physical_per_unit"]


def test_a_t4_is_a_70_w_board_and_no_mean_of_six() -> None:
    _, it_kwh = _ours(50)
    # 10 W idle, 55 W busy, 40 % of the time, 10 W of the node; the peer takes 136 W, about twice the rated power
    assert it_kwh == pytest.approx((10 + 0.4 * 45 + 10) / 1000)
    assert float(_row(50)["norm_kwh"]) == pytest.approx(0.1464, rel=1e-3)


def test_n2d_is_amd_and_t2d_sells_whole_cores() -> None:
    (_, n2d), (_, t2d) = _ours(22), _ours(26)
    # Milan 0.424 to 1.916 W per thread, .26 + .2 x .31 = .322 of the span at 18 %, x 1.2
    assert n2d == pytest.approx((0.424 + 0.322 * 1.492) * 1.2 / 1000)
    assert t2d == pytest.approx(2 * n2d)  # two threads to a core
    peer_n2d, peer_t2d = (float(_row(n)["kwh_cpu"]) for n in (22, 26))
    assert peer_t2d / peer_n2d == pytest.approx(1.04, abs=0.01)  # the watts of n2, and of an unknown machine


@pytest.mark.parametrize("number", [32, 34, 52])
def test_a_new_or_custom_machine_has_a_number(number: int) -> None:
    found, _ = _ours(number)
    assert found["it_energy_kwh"] > 0
    assert _row(number)["cli_kwh"] == "NaN"


def test_a_multi_region_is_a_mean_and_no_sum_of_grids() -> None:
    found, _ = _ours(92)
    assert found["grid_g_co2e_per_kwh"] < 700
    assert float(_row(92)["grid_kgco2e_per_kwh"]) == 2.805


def test_embodied_carbon_is_no_energy() -> None:
    found, it_kwh = _ours(58)
    assert found["energy_kwh"] / found["physical_per_unit"] == pytest.approx(it_kwh * found["pue"])
    row = _row(58)
    assert float(row["kwh_embodied_converted"]) > 2 * float(row["kwh_cpu"])


def test_an_extreme_disk_is_ssd() -> None:
    (_, extreme), (_, ssd) = _ours(68), _ours(66)
    assert extreme == ssd
    assert float(_row(68)["norm_kwh"]) < float(_row(66)["norm_kwh"])  # the peer looks for the word SSD


def test_the_memory_of_a_cache_is_no_hard_disk() -> None:
    _, it_kwh = _ours(122)
    assert it_kwh == pytest.approx(2 * 0.0002)
    assert it_kwh > 250 * float(_row(122)["norm_kwh"])


def test_the_shape_of_a_database_is_all_its_cores_and_memory() -> None:
    (_, shape), (_, core) = _ours(120), _ours(2)
    assert shape > 2 * core
    assert _row(120)["norm_kwh"] == _row(54)["norm_kwh"]  # one vCPU
