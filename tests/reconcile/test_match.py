"""Model against trackers: how a run meets a billed machine, what is compared, and what counts in sums.

Unless a test says otherwise an hour of the billed m5.large is 0.10 kWh (compute and memory) and costs 1.00 USD, and the
run is of a host that looks like one: 2 processors, 7.6 of 8 GiB, in Germany.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from ledgers import Ledger, at, ledger

HOST = "i-0aaa"


@pytest.fixture
def small() -> Iterator[Ledger]:
    with ledger() as made:
        made.sku("m5", machine="m5.large", kwh=0.1)
        yield made


def test_a_named_resource_with_an_overlap_is_level_1(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)  # 08:00 to 18:00
    small.run("run", at(3, 10), 4, kwh=0.32, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["resource_id"], run["instance_type"]) == ("L1", HOST, "m5.large")
    assert (run["overlap_start"], run["overlap_end"]) == (at(3, 10), at(3, 14))
    assert (run["overlap_h"], run["run_h"], run["billed_h"]) == (4.0, 4.0, 10.0)
    # 4 h x 0.10 kWh = 0.40; 0.32 / 0.40 = 0.8, within 0.6 to 1.1 for a counter
    assert run["model_it_energy_kwh"] == pytest.approx(0.4)
    assert (run["model_it_energy_kwh_low"], run["model_it_energy_kwh_high"]) == (
        pytest.approx(0.2),
        pytest.approx(0.8),
    )
    assert (run["ratio"], run["verdict"]) == (pytest.approx(0.8), "consistent")
    assert (run["effective_cost"], run["billing_currency"]) == (Decimal("4"), "USD")
    assert (run["is_counted"], run["run_group"]) == (True, None)


@pytest.mark.parametrize(
    ("billed", "logged"),
    [
        ("arn:aws:ec2:eu-central-1:111122223333:instance/i-0aaa", "i-0aaa"),
        ("i-0aaa", "arn:aws:ec2:eu-central-1:111122223333:instance/i-0aaa"),
    ],
)
def test_an_id_inside_an_arn_is_the_same_resource(billed: str, logged: str, small: Ledger) -> None:
    small.machine(billed, at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id=logged)
    small.compare()
    assert (small.runs()["run"]["match_level"], small.runs()["run"]["resource_id"]) == ("L1", billed)


def test_a_bare_name_at_the_end_of_two_paths_is_ambiguous(small: Ledger) -> None:
    small.machine("/subscriptions/a/virtualMachines/trainer", at(3, 8), 4)
    small.machine("/subscriptions/b/virtualMachines/trainer", at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id="trainer")
    small.compare()
    assert small.runs()["run"]["match_level"] == "L4"


def test_a_named_resource_outside_its_billed_hours_stays_unmatched(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.machine("i-0bbb", at(5, 8), 4)  # another machine would fit by hardware: the name forbids it
    small.run("run", at(5, 8), 2, kwh=0.16, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["verdict"], run["model_it_energy_kwh"]) == ("L5", "not_comparable", None)
    assert run["match_reason"] == "i-0aaa is on a bill, but not as a machine in these hours"
    assert run["run_it_energy_kwh"] == 0.16


def test_a_resource_on_no_bill_says_so(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id="i-0zzz")
    small.compare()
    assert small.runs()["run"]["match_reason"] == "i-0zzz is on no bill that is loaded"


def test_tags_that_are_all_on_one_resource_are_level_2(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4, tags={"user_team": "ml", "user_job": "train"})
    small.machine("i-0bbb", at(3, 8), 4, tags={"user_team": "ml", "user_job": "serve"})
    small.run("run", at(3, 8), 2, kwh=0.16, tags={"team": "ml", "Job": "train"})
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["resource_id"]) == ("L2", HOST)


def test_tags_on_several_resources_are_a_group_without_a_comparison(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4, tags={"team": "ml"})
    small.machine("i-0bbb", at(3, 8), 4, tags={"team": "ml"})
    small.run("run", at(3, 8), 2, kwh=0.16, tags={"team": "ml"})
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["resource_id"], run["ratio"]) == ("L4", None, None)
    assert run["match_reason"] == "several billed resources fit by tags: i-0aaa, i-0bbb"


def test_hardware_in_one_place_at_one_time_is_level_3(small: Ledger) -> None:
    small.sku("big", machine="m5.4xlarge", kwh=0.8)
    small.sku("irish", machine="m5.large", kwh=0.1, region="eu-west-1")
    small.machine(HOST, at(3, 8), 4)
    small.machine("i-0big", at(3, 8), 4, meter="big")  # 16 processors
    small.machine("i-0irish", at(3, 8), 4, meter="irish")  # another country
    small.machine("i-0later", at(4, 8), 4)  # another day
    small.run("run", at(3, 8), 2, kwh=0.16)
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["resource_id"]) == ("L3", HOST)


def test_the_region_of_the_log_stands_before_its_country(small: Ledger) -> None:
    small.sku("virginia", machine="m5.large", kwh=0.1, region="us-east-1")
    small.sku("oregon", machine="m5.large", kwh=0.1, region="us-west-2")
    small.machine("i-0virginia", at(3, 8), 4, meter="virginia")
    small.machine("i-0oregon", at(3, 8), 4, meter="oregon")
    small.run("by country", at(3, 8), 2, kwh=0.16, country_iso3="USA")
    small.run("by region", at(3, 8), 2, kwh=0.16, country_iso3="USA", region_id="us-west-2", provider="aws")
    small.compare()
    assert small.runs()["by country"]["match_level"] == "L4"
    assert (small.runs()["by region"]["match_level"], small.runs()["by region"]["resource_id"]) == ("L3", "i-0oregon")


def test_memory_more_than_a_tenth_off_is_another_machine(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("near", at(3, 8), 2, kwh=0.16, ram_total_gib=7.2)  # 90 % of 8
    small.run("far", at(3, 8), 2, kwh=0.16, ram_total_gib=7.1)
    small.compare()
    assert (small.runs()["near"]["match_level"], small.runs()["far"]["match_level"]) == ("L3", "L5")


def test_a_gpu_is_matched_by_its_chip_and_number(small: Ledger) -> None:
    small.sku("one A10G", machine="g5.2xlarge", kwh=0.1, accelerator_kwh=0.2)
    small.machine("i-0gpu", at(3, 8), 4, meter="one A10G")
    host = {"cpu_count": 8, "ram_total_gib": 31.0, "gpu_kwh": 0.3}
    small.run("A10G", at(3, 8), 2, kwh=0.1, gpu_model="NVIDIA A10G", gpu_count=1, **host)
    small.run("A10", at(3, 8), 2, kwh=0.1, gpu_model="NVIDIA A10", gpu_count=1, **host)
    small.run("two", at(3, 8), 2, kwh=0.1, gpu_model="NVIDIA A10G", gpu_count=2, **host)
    small.run("none", at(3, 8), 2, kwh=0.1, cpu_count=8, ram_total_gib=31.0)
    small.compare()
    levels = {run_id: run["match_level"] for run_id, run in small.runs().items()}
    assert levels == {"A10G": "L3", "A10": "L5", "two": "L5", "none": "L5"}


def test_a_run_beyond_the_billed_hours_is_clipped_on_both_sides(small: Ledger) -> None:
    small.machine(HOST, at(3, 10), 2)  # 10:00 to 12:00
    small.run("run", at(3, 8), 8, kwh=0.64, resource_id=HOST)  # 08:00 to 16:00
    small.compare()
    run = small.runs()["run"]
    assert (run["overlap_start"], run["overlap_end"]) == (at(3, 10), at(3, 12))
    assert (run["overlap_h"], run["run_h"]) == (2.0, 8.0)
    # tracker 0.64 x 2 / 8 = 0.16; model 2 x 0.10 = 0.20
    assert (run["tracker_it_energy_kwh"], run["model_it_energy_kwh"]) == (pytest.approx(0.16), pytest.approx(0.2))
    assert "6.0 of 8.0 h of the run are not billed" in run["reason"]


def test_a_part_of_a_billed_hour_is_that_part_of_its_energy_and_cost(small: Ledger) -> None:
    small.machine(HOST, at(3, 10), 3)
    small.run("run", at(3, 10, 30), 1.25, kwh=0.1, resource_id=HOST)  # half of 10 to 11, three quarters of 11 to 12
    small.compare()
    run = small.runs()["run"]
    assert run["overlap_h"] == pytest.approx(1.25)
    assert run["model_it_energy_kwh"] == pytest.approx(0.125)
    assert run["effective_cost"] == Decimal("1.25")


def test_a_partly_used_slot_counts_as_used_while_the_tracker_ran(small: Ledger) -> None:
    # A daily bill: 8 of 24 hours. The run of 2 h is a quarter of the 8 h, not a twelfth of the day.
    small.line("m5", at(3), 24, quantity=8.0, cost="8.00", resource=HOST)
    small.run("run", at(3, 10), 2, kwh=0.16, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["overlap_h"], run["model_it_energy_kwh"]) == (2.0, pytest.approx(0.2))
    assert run["effective_cost"] == Decimal("2")


def test_two_lines_of_one_hour_are_one_hour(small: Ledger) -> None:
    # The savings plan covered half of the hour, the rest is on demand.
    small.line("m5", at(3, 10), 1, quantity=0.5, cost="0.30", resource=HOST)
    small.line("m5", at(3, 10), 1, quantity=0.5, cost="0.50", resource=HOST)
    small.run("run", at(3, 10), 0.5, kwh=0.04, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    # half an hour: 0.5 x 0.10 kWh, half of 0.80 USD
    assert (run["overlap_h"], run["model_it_energy_kwh"]) == (0.5, pytest.approx(0.05))
    assert run["effective_cost"] == Decimal("0.40")


def test_a_run_over_midnight_and_a_day_of_hours_counts_each_hour_once(small: Ledger) -> None:
    small.machine(HOST, at(3, 0), 72)
    small.run("run", at(3, 22), 30, kwh=2.4, resource_id=HOST)
    small.compare()
    assert (small.runs()["run"]["overlap_h"], small.runs()["run"]["model_it_energy_kwh"]) == (30.0, pytest.approx(3.0))


def test_a_run_over_the_end_of_a_month_is_in_both_by_its_hours(small: Ledger) -> None:
    july = at(1).replace(month=7)
    small.sku("july m5", machine="m5.large", kwh=0.1, month=july.date())
    small.machine(HOST, july - timedelta(hours=4), 4)
    small.machine(HOST, july, 8, meter="july m5")
    small.run("run", july - timedelta(hours=2), 8, kwh=0.64, resource_id=HOST)
    small.compare()
    columns = "tracker_it_energy_kwh, tracked_model_it_energy_kwh, tracked_machine_hours_share, tracker_runs"
    june, second = small.query(f"select {columns} from ledger.reconciliation_summary order by usage_month")
    # 2 of 8 h in June and 6 in July: 0.64 kWh and 0.80 kWh by quarters; 2 of 4 and 6 of 8 billed hours
    assert list(june.values()) == [pytest.approx(0.16), pytest.approx(0.2), pytest.approx(0.5), 1]
    assert list(second.values()) == [pytest.approx(0.48), pytest.approx(0.6), pytest.approx(0.75), 1]


def test_ranks_on_one_machine_count_once_and_what_is_left_out_is_told(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)
    for rank in range(4):
        small.run(f"rank-{rank}", at(3, 8) + timedelta(minutes=rank), 4, kwh=0.32, resource_id=HOST)
    small.run("later", at(3, 14), 2, kwh=0.16, resource_id=HOST)
    small.compare()
    runs = small.runs()
    assert [run_id for run_id, run in runs.items() if run["is_counted"]] == ["later", "rank-0"]
    assert {run["run_group"] for run_id, run in runs.items() if run_id != "later"} == {"rank-0"}
    assert runs["later"]["run_group"] is None
    assert "measured the same machine as rank-0" in runs["rank-3"]["reason"]
    (month,) = small.query("from ledger.reconciliation_summary")
    # one rank 0.32 + later 0.16; three ranks x 0.32 are left out; 6 of 10 billed hours
    assert month["tracker_it_energy_kwh"] == pytest.approx(0.48)
    assert month["tracked_model_it_energy_kwh"] == pytest.approx(0.6)
    assert month["tracker_repeated_it_energy_kwh"] == pytest.approx(0.96)
    assert (month["tracker_runs"], month["tracker_runs_counted"]) == (5, 2)
    assert month["tracked_machine_hours_share"] == pytest.approx(0.6)


def test_the_best_grade_of_a_group_counts(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)
    small.run("a long one", at(3, 8), 8, kwh=0.64, resource_id=HOST, grade="C")
    small.run("b counter", at(3, 9), 2, kwh=0.16, resource_id=HOST)
    small.compare()
    assert [run_id for run_id, run in small.runs().items() if run["is_counted"]] == ["b counter"]


def test_machines_that_look_alike_are_no_group_once_they_are_told_apart(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.machine("i-0bbb", at(3, 8), 4)
    small.run("one", at(3, 8), 2, kwh=0.16, resource_id=HOST)
    small.run("two", at(3, 8), 2, kwh=0.16, resource_id="i-0bbb")
    small.compare()
    assert all(run["is_counted"] for run in small.runs().values())


def test_flushes_and_copies_of_a_run_are_one_run(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)
    small.run("run", at(3, 8), 1, kwh=0.08, resource_id=HOST)  # flush
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id=HOST)  # flush, cumulative
    small.run("run", at(3, 8), 4, kwh=0.32, resource_id=HOST)  # stop
    small.run("run", at(3, 8), 4, kwh=0.32, resource_id=HOST)  # the same file again
    small.compare()
    (logged,) = small.query("from ledger.tracker_runs")
    assert (logged["it_energy_kwh"], logged["rows_collapsed"]) == (0.32, 4)
    assert small.runs()["run"]["tracker_it_energy_kwh"] == pytest.approx(0.32)


def test_tasks_give_a_run_its_length_and_are_not_added_to_it(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)
    small.run("run", at(3, 11), 1, kwh=0.32, resource_id=HOST)  # all the energy, the length of the last task
    for task in range(4):
        small.run("run", at(3, 8 + task), 1, kwh=0.08, row_kind="task", task_name=f"task-{task}")
    small.compare()
    run = small.runs()["run"]
    assert (run["run_h"], run["run_it_energy_kwh"], run["model_it_energy_kwh"]) == (4.0, 0.32, pytest.approx(0.4))


def test_a_task_file_without_its_run_is_the_sum_of_its_tasks(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 10)
    for task in range(4):
        for _ in range(2):  # the file and a copy of it
            small.run("run", at(3, 8 + task), 1, kwh=0.08, row_kind="task", task_name=f"task-{task}", resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["run_h"], run["run_it_energy_kwh"], run["overlap_start"]) == (4.0, pytest.approx(0.32), at(3, 8))


def test_energy_is_it_energy_whatever_the_trackers_pue(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("known", at(3, 8), 2, kwh=0.16, resource_id=HOST, tracker_pue=1.5)  # already divided by the reader
    small.run("unknown", at(3, 10), 2, kwh=0.16, resource_id=HOST, tracker_pue=None)
    small.compare()
    runs = small.runs()
    assert runs["known"]["ratio"] == runs["unknown"]["ratio"] == pytest.approx(0.8)
    assert "PUE" not in runs["known"]["reason"]
    assert "the log has no PUE" in runs["unknown"]["reason"]


def test_process_mode_is_not_held_against_a_machine(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id=HOST, tracking_mode="process")
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["verdict"], run["ratio"], run["is_counted"]) == (
        "L1",
        "not_comparable",
        None,
        False,
    )
    assert run["reason"] == "process mode measures one process, the bill a whole machine"


def test_without_a_gpu_part_the_accelerators_are_left_out(small: Ledger) -> None:
    small.sku("gpu", machine="g5.2xlarge", kwh=0.1, accelerator_kwh=0.3)
    small.machine("i-0gpu", at(3, 8), 4, meter="gpu")
    host = {"resource_id": "i-0gpu", "cpu_count": 8, "ram_total_gib": 31.0}
    small.run("with", at(3, 8), 2, kwh=0.16, gpu_kwh=0.6, **host)
    small.run("without", at(3, 10), 2, kwh=0.16, **host)
    small.compare()
    runs = small.runs()
    # 2 h x (0.1 + 0.3) = 0.8 against 0.16 + 0.6 = 0.76; 2 h x 0.1 = 0.2 against 0.16
    assert (runs["with"]["model_it_energy_kwh"], runs["with"]["ratio"]) == (pytest.approx(0.8), pytest.approx(0.95))
    assert runs["with"]["compared_parts"] == "processor, memory and GPU"
    assert (runs["without"]["model_it_energy_kwh"], runs["without"]["ratio"]) == (
        pytest.approx(0.2),
        pytest.approx(0.8),
    )
    assert runs["without"]["compared_parts"] == "processor and memory"
    assert "the accelerators are left out" in runs["without"]["reason"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"cpu_count": 96}, "the tracker saw 96 processors, the billed m5.large has 2"),
        ({"ram_total_gib": 1024.0}, "the tracker saw 1024.0 GiB of memory, the billed m5.large has 8.0"),
        ({"gpu_kwh": 0.2}, "the tracker measured a GPU, and the billed m5.large has none"),
        ({"flags": ["duration_of_last_task"]}, "the log has the length of the last task only"),
        ({"grade": "D", "grade_reason": "constant 42.5 W"}, "grade D: constant 42.5 W"),
        ({"it_energy_kwh": 0.0}, "the log has no energy"),
    ],
)
def test_what_cannot_be_compared_says_why_and_counts_in_no_sum(
    more: dict[str, object], reason: str, small: Ledger
) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("run", at(3, 8), 2, **{"kwh": 0.16, "resource_id": HOST, **more})
    small.compare()
    run = small.runs()["run"]
    assert (run["verdict"], run["ratio"], run["is_counted"]) == ("not_comparable", None, False)
    assert reason in run["reason"]


@pytest.mark.parametrize(
    ("grade", "kwh", "verdict"),
    [
        ("A", 0.12, "consistent"),  # 0.12 / 0.20 = 0.6
        ("A", 0.11, "tracker_low"),
        ("A", 0.22, "consistent"),  # 1.1
        ("A", 0.23, "tracker_high"),
        ("B", 0.23, "tracker_high"),
        ("C", 0.07, "consistent"),  # 0.35
        ("C", 0.60, "consistent"),  # 3
        ("C", 0.61, "tracker_high"),
        ("C", 0.06, "tracker_low"),
    ],
)
def test_the_band_depends_on_how_the_tracker_measured(grade: str, kwh: float, verdict: str, small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=kwh, resource_id=HOST, grade=grade)
    small.compare()
    assert small.runs()["run"]["verdict"] == verdict


def test_a_run_without_a_start_keeps_its_row(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 4)
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id=HOST, duration_s=None, started_at=None)
    small.compare()
    run = small.runs()["run"]
    assert (run["match_level"], run["match_reason"]) == ("L5", "the log has no usable start, so nothing can overlap")


def test_cost_over_two_currencies_is_not_summed(small: Ledger) -> None:
    small.machine(HOST, at(3, 8), 1)
    small.machine(HOST, at(3, 9), 1, currency="EUR")
    small.run("run", at(3, 8), 2, kwh=0.16, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["effective_cost"], run["billing_currency"]) == (None, None)
    assert "cost over several currencies is not summed" in run["reason"]


def test_without_any_run_or_bill_there_is_nothing_and_no_error(small: Ledger) -> None:
    small.compare()
    assert small.runs() == {}
    small.run("run", at(3, 8), 2, kwh=0.16)
    small.compare()
    assert small.runs()["run"]["match_reason"] == "no bill with resource ids and machine hours overlaps any run"


def test_whole_host_runs_that_overlap_on_hosts_alike_share_a_group_before_any_match(small: Ledger) -> None:
    small.run("a", at(3, 8), 2, kwh=0.16)
    small.run("b", at(3, 9), 2, kwh=0.16)  # overlaps a
    small.run("c", at(3, 10, 30), 2, kwh=0.16)  # overlaps b
    small.run("d", at(3, 13), 2, kwh=0.16)  # starts after c
    small.run("other host", at(3, 9), 2, kwh=0.16, cpu_model="EPYC")
    small.run("process", at(3, 9), 2, kwh=0.16, tracking_mode="process")
    groups = {row["run_id"]: row["run_group"] for row in small.query("from ledger.tracker_runs")}
    assert groups == {"a": "a", "b": "a", "c": "a", "d": None, "other host": None, "process": None}


def test_a_run_that_outlasts_the_billed_part_of_an_hour_covers_that_part_only(small: Ledger) -> None:
    small.line("m5", at(3, 10), 1, quantity=0.25, cost="0.25", resource=HOST)  # 15 minutes were billed
    small.run("run", at(3, 10), 1, kwh=0.08, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    # tracker 0.08 x 0.25 / 1 = 0.02; model 0.25 x 0.10 = 0.025
    assert (run["overlap_h"], run["tracker_it_energy_kwh"]) == (0.25, pytest.approx(0.02))
    assert (run["model_it_energy_kwh"], run["effective_cost"]) == (pytest.approx(0.025), Decimal("0.25"))


def test_a_run_of_days_in_a_line_of_days_counts_its_hours_once(small: Ledger) -> None:
    small.line("m5", at(3), 240, quantity=240.0, cost="240.00", resource=HOST)  # ten days in one line
    small.run("run", at(4, 22), 50, kwh=4.0, resource_id=HOST)
    small.compare()
    run = small.runs()["run"]
    assert (run["overlap_h"], run["model_it_energy_kwh"]) == (50.0, pytest.approx(5.0))
    assert round(run["effective_cost"], 6) == Decimal("50")  # 50 of 240 h is no finite decimal share
