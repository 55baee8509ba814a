"""The shipped factors against statistics of measurements, and docs/accuracy.md against the shipped factors.

tests/data/measured_power.csv holds medians of what was measured, none of the model's; scripts/accuracy.py makes it.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest

from models.power import cpu_power_w

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MEASURED = _rows(ROOT / "tests" / "data" / "measured_power.csv")
CPUS = {row["microarch"]: row for row in _rows(ROOT / "models" / "factors" / "cpu_power.csv")}
COEFFICIENTS = {row["key"]: row for row in _rows(ROOT / "models" / "factors" / "coefficient.csv")}
BOARDS = {row["accelerator"]: row for row in _rows(ROOT / "models" / "factors" / "accelerator_power.csv")}


def _medians(quantity: str) -> Iterator[tuple[str, int, float, float]]:
    """Family, results, load and measured value of a quantity of servers."""
    for row in MEASURED:
        if row["truth"] == "server" and row["quantity"].startswith(quantity):
            yield row["key"], int(row["n"]), float(row["quantity"].split()[-1]), float(row["value"])


def _watts(microarch: str, load: float) -> float:
    row = CPUS[microarch]
    return cpu_power_w(
        1, load, idle_w_per_vcpu=float(row["idle_w_per_thread"]), full_w_per_vcpu=float(row["full_w_per_thread"]),
        curve_f10=float(row["curve_f10"]), curve_f50=float(row["curve_f50"]),
    )  # fmt: skip


def test_one_row_by_hand() -> None:
    # Skylake at 50 %: 0.532 + 0.42 x (4.118 - 0.532) = 2.038 W per thread; 49 servers had a median of 1.92
    measured = {(family, load): watts for family, _, load, watts in _medians("W per thread")}
    assert _watts("skylake-sp", 0.5) == pytest.approx(2.038, abs=0.001)
    assert _watts("skylake-sp", 0.5) / measured["skylake-sp", 0.5] == pytest.approx(1.06, abs=0.01)


@pytest.mark.parametrize(("load", "limit"), [(0, 0.25), (0.1, 0.15), (0.3, 0.15), (0.5, 0.15), (1, 0.12)])
def test_family_rows_are_near_the_median_server(load: float, limit: float) -> None:
    # the limits of gate 1 for single servers; here for family medians, each family by the number of its results
    found = [(n, _watts(family, load) / watts) for family, n, at, watts in _medians("W per thread") if at == load]
    assert sum(n for n, _ in found) == 197  # the eight families with five results and more
    assert sum(n * abs(ratio - 1) for n, ratio in found) / 197 <= limit


def test_wall_over_tdp_serves_where_the_family_is_unknown() -> None:
    # generic-x86 stands for 280 W on 48 cores of 2 threads: 2.917 W TDP per thread x 0.1888 idle, x 1.052 full
    assert _watts("generic-x86", 0) == pytest.approx(280 / 96 * 0.1888, abs=0.001)
    assert _watts("generic-x86", 1) == pytest.approx(280 / 96 * 1.052, abs=0.001)
    wrong: dict[str, list[float]] = {}
    for family, _, load, ratio in _medians("wall over TDP"):
        wrong.setdefault(family, []).append(abs(_watts("generic-x86", load) / (280 / 96) / ratio - 1))
    assert len(wrong) == 8
    assert fmean(fmean(of_family) for of_family in wrong.values()) <= 0.20


@pytest.mark.parametrize(
    ("row", "tdp_per_thread", "idle", "full"),
    [
        ("skylake-sp-8151", 220 / 24, 0.1716, 1.093),  # z1d
        ("cascade-lake-sp-8252c", 236 / 24, 0.1716, 1.093),  # m5zn, x2iezn
        ("cascade-lake-sp-6246r", 205 / 32, 0.1716, 1.093),  # FXmds
        ("zen3-milan-74f3", 240 / 48, 0.2195, 0.9092),  # NVads_A10_v5
        ("zen4-genoa-9374f", 320 / 64, 0.2195, 0.9092),  # NVads_V710_v5
    ],
)
def test_high_clocks_are_scaled_by_tdp_per_thread(row: str, tdp_per_thread: float, idle: float, full: float) -> None:
    assert float(CPUS[row]["idle_w_per_thread"]) == pytest.approx(tdp_per_thread * idle, abs=0.001)
    assert float(CPUS[row]["full_w_per_thread"]) == pytest.approx(tdp_per_thread * full, abs=0.001)


def test_instances_with_high_clocks_stand_on_their_own_row() -> None:
    instances = _rows(ROOT / "models" / "factors" / "instance.csv")
    found = {row["family"]: row["microarch"] for row in instances if row["provider"] == "aws"}
    assert found["z1d"] == "skylake-sp-8151"
    assert found["m5zn"] == found["x2iezn"] == "cascade-lake-sp-8252c"
    assert found["m5"] == "skylake-sp"


@pytest.mark.parametrize("row", [row for row in MEASURED if row["truth"] == "board"], ids=lambda row: row["key"])
def test_a_busy_board_draws_what_busy_boards_drew(row: dict[str, str]) -> None:
    # e.g. H100: 500 over a median of 527 W in 888 configurations = 0.95
    assert 0.9 <= float(BOARDS[row["key"]]["busy_w"]) / float(row["value"]) <= 1.1


def _table(after: str) -> list[list[str]]:
    """The rows of the first table behind a text of the page."""
    lines = PAGE.split(after)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    found = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_the_page_shows_the_shipped_cpu_rows() -> None:
    found = _table("Shipped rows")
    assert len(found) >= 15
    for name, *numbers in found:
        row = CPUS[name]
        watts = [
            f"{row[load]} ({row[f'{load}_low']}-{row[f'{load}_high']})"
            for load in ("idle_w_per_thread", "full_w_per_thread")
        ]
        assert numbers == [*watts, row["curve_f10"], row["curve_f50"]], name


def test_the_page_holds_four_in_five_of_every_table_with_the_bands_of_the_card() -> None:
    shares = {name: int(inside.removesuffix(" %")) for name, _, inside in _table("## What low to high holds")}
    assert {"spec_load_levels", "ec2_metal_rapl", "mlperf_node_power"} <= shares.keys()
    assert min(shares.values()) >= 80
    # and these are the bands: whoever moves an end makes the page again, from measurements that are not shipped
    found = dict(_table("the bands rest on these coefficients"))
    assert {"compute.host_overhead_uplift", "compute.curve_f50", "memory.power_heavy"} <= found.keys()
    for key, text in found.items():
        row = COEFFICIENTS[key]
        assert text == f"{row['central']} ({row['low']}-{row['high']})", key


def test_the_page_shows_the_shipped_boards() -> None:
    for name, _, _, busy, *_ in _table("## Boards at work"):
        row = BOARDS[name]
        assert busy == f"{row['busy_w']} ({row['busy_w_low']}-{row['busy_w_high']})"


def test_the_page_shows_the_measured_medians() -> None:
    measured = {(family, load): watts for family, _, load, watts in _medians("W per thread")}
    for family, _, *watts, _ in _table("Measured medians"):
        for text, load in zip(watts, (0, 0.1, 0.3, 0.5, 1), strict=True):
            assert float(text) == pytest.approx(measured[family, load], abs=0.006), (family, load)


def test_the_page_says_which_gates_are_met() -> None:
    verdicts = {row[0][0]: row[-1] for row in _table("## The gates")}
    # 4: one of two uncapped B200 nodes draws more at full load than boards at their serving power and the host
    assert verdicts == {"1": "met", "2": "met", "3": "met", "4": "**not met**", "5": "met"}
