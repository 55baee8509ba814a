"""Power figures of other tools that physics contradicts: ours, theirs, and why."""

import csv
from pathlib import Path

import pytest
from rated import add_sku, ec2, rate, warehouse

ROOT = Path(__file__).parents[2]


def _rows(table: str) -> list[dict[str, str]]:
    with (ROOT / "models" / "factors" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _peer(file: str, column: str, value: str, of: str) -> float:
    with (ROOT / "tests" / "data" / "peer_reference" / file).open(encoding="utf-8", newline="") as rows:
        return next(float(row[of]) for row in csv.DictReader(rows) if row[column] == value)


CPUS = {row["microarch"]: row for row in _rows("cpu_power")}
BOARDS = {row["accelerator"]: row for row in _rows("accelerator_power")}


def _hour_w(instance_type: str, part: str) -> float:
    """W of a part of an instance in use."""
    with warehouse() as connection:
        return float(rate(connection, add_sku(connection, **ec2(instance_type)))[f"{part}_it_energy_kwh"]) * 1000


def test_epyc_5_is_not_the_average_of_all_servers() -> None:
    # CCF 2026: 3.68 idle and 8.96 W full per vCPU, because 49 blank lines of its list match 1,039 of 1,088 results.
    # The same list without blanks (41 results, dense and standard parts together): 0.267 and 1.481.
    for load, blank, repaired in (("idle", 3.68, 0.267), ("full", 8.96, 1.481)):
        dense, standard = (float(CPUS[name][f"{load}_w_per_thread"]) for name in ("zen5c-turin-dense", "zen5-turin"))
        assert dense < repaired < standard < blank / 4
    # 192 threads of one package at 8.96 W would be 1,720 W at the wall, of a package of 400 W
    assert 192 * float(CPUS["zen5-turin"]["full_w_per_thread"]) < 1.2 * 400 < 192 * 8.96


def test_a_joule_factor_is_applied_once() -> None:
    # Boavizta's method for m5.metal: (2 x 180 W + 109 W) x 1.33 / 48 = 13.0 W for an m5.large (one of 48).
    # SPRUCE multiplies kWh by 0.2778, as if they were MJ: 3.61 W.
    boavizta_w = (2 * 180 + 109) * 1.33 / 48
    spruce_w = 1000 * _peer("spruce_aws_cur.csv", "product_instance_type", "m5.large", "operational_energy_kwh")
    assert boavizta_w == pytest.approx(13.0, abs=0.01)
    assert spruce_w == pytest.approx(boavizta_w / 3.6, rel=0.001)
    # Ours, hand-made in test_rates: 4.10 W at 18 % load; near 3.61 W by chance alone, as that one claims half load
    assert _hour_w("m5.large", "compute") + _hour_w("m5.large", "memory") == pytest.approx(4.105, abs=0.001)


@pytest.mark.parametrize(
    ("board", "rated_w"), [("NVIDIA K80", 300), ("NVIDIA M60", 300), ("NVIDIA K520", 225)]
)  # both GPUs
def test_a_gpu_of_a_dual_board_is_half_a_board(board: str, rated_w: float) -> None:
    # CCF, Teads and SPRUCE give each GPU of K80 and M60 35 to 306 W: two of them would draw 612 W on a 300 W board
    row = BOARDS[f"{board} (half board)"]
    assert 2 * float(row["busy_w_high"]) <= rated_w < 2 * 306
    assert row["node_overhead_key"] == "node.overhead_half_board"


def test_a_p2_xlarge_has_half_a_k80() -> None:
    # 15 W idle + 40 % x (110 - 15) + 17.5 W of the node = 70.5 W. SPRUCE: 181 W, of which the whole board
    # at half load is (35 + 306) / 2 = 170.5 W.
    spruce_w = 1000 * _peer("spruce_aws_cur.csv", "product_instance_type", "p2.xlarge", "operational_energy_kwh")
    assert _hour_w("p2.xlarge", "accelerator") == pytest.approx(70.5)
    assert spruce_w > (35 + 306) / 2 > 2 * 70.5


def test_graviton_is_no_epyc() -> None:
    # CCF gives Graviton2 the row of EPYC 2 (0.47 to 1.69 W per thread): (0.4742 + 1.6859) / 2 x PUE 1.135 = 1.2258 Wh,
    # a thread of a core that has two; a Graviton vCPU is a core.
    ccf_w = 1000 * _peer("ccf.csv", "usage_type", "BoxUsage:m6g.medium", "kwh_cpu")
    assert ccf_w == pytest.approx((0.4742 + 1.6859) / 2 * 1.135, rel=0.002)
    for row in _rows("instance"):
        of_ec2 = row["provider"] == "aws" and row["category"] != "service"
        if of_ec2 and row["isa"] == "arm64" and not row["family"].startswith(("mac", "p6e")):
            assert row["microarch"].startswith("graviton"), row["instance_type"]
            assert row["vcpu_is"] == "core"
    # 0.6 idle to 1.9 W full, 18 % load: 0.18 + 0.08 / 0.4 x 0.26 = 0.232 of the span; x 1.2 host overhead
    assert _hour_w("m6g.medium", "compute") == pytest.approx((0.6 + 0.232 * 1.3) * 1.2)


def test_a_vcpu_that_is_a_core_draws_both_threads() -> None:
    # m7a.large sells two whole Genoa cores, so four threads of 0.331 to 1.865 W: EPYC at 18 % is
    # 0.26 + 0.08 / 0.4 x 0.31 = 0.322 of the span. CCF charges two threads.
    threads_w = (0.331 + 0.322 * (1.865 - 0.331)) * 1.2
    assert _hour_w("m7a.large", "compute") == pytest.approx(4 * threads_w)
    whole = {"m7a", "c7a", "r7a", "m8a", "c8a", "r8a", "hpc6a", "hpc7a"}
    found = {row["family"]: row["vcpu_is"] for row in _rows("instance") if row["family"] in whole}
    assert found == dict.fromkeys(whole, "core")
