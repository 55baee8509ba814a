"""The models beside the default one: filled when asked for, kept current, and put in force by the configuration."""

import json
from pathlib import Path

import duckdb
import pytest
from project import CONFIG, Run, asked, bill_line, write_bill

MODELS = (
    "select model, count(*) as lines, min(energy_kwh) as energy_kwh from ledger.footprint_models group by 1 order by 1"
)
RESTATED = "select cause, energy_kwh_from, energy_kwh_to from ledger.restatements order by all"


def test_a_lane_stands_beside_the_default_and_follows_the_bill(run: Run, project: Path) -> None:
    before = asked(run, "select * from ledger.footprint order by line_id")
    result = run("estimate", "--model", "teads")
    assert result.exit_code == 0, result.stderr
    found = asked(run, MODELS)
    assert [(row["model"], row["lines"]) for row in found] == [("default", 2), ("teads", 2)]
    assert found[1]["energy_kwh"] == pytest.approx(0.0127 * 1.2)  # tests/models/test_lanes.py
    assert asked(run, "select * from ledger.footprint order by line_id") == before
    write_bill(project, [bill_line(3, month="2025-04")], name="2025-04.csv")
    assert run("sync").exit_code == 0
    assert [row["lines"] for row in asked(run, MODELS)] == [3, 3]
    assert asked(run, RESTATED) == []
    assert run("audit").exit_code == 0


def test_a_rebuilt_warehouse_has_the_lanes_of_the_one_before(run: Run, project: Path) -> None:
    assert run("estimate", "--model", "teads").exit_code == 0
    assert run("rebuild").exit_code == 0
    assert [row["lines"] for row in asked(run, MODELS)] == [2, 2]


def test_other_files_of_a_lane_make_that_lane_again_and_leave_no_restatement(run: Run, project: Path) -> None:
    assert run("estimate", "--model", "teads").exit_code == 0
    with duckdb.connect(str(project / "wattledger.duckdb")) as connection:
        connection.execute("update core.setting set value = 'of another version' where key = 'lane teads'")
        connection.execute("update core.rate set energy_kwh = 2 * energy_kwh")
    result = run("sync")
    assert "teads: formulas or data of another version: made again" in result.stderr
    default, teads = asked(run, MODELS)
    assert teads["energy_kwh"] == pytest.approx(0.0127 * 1.2)
    assert default["energy_kwh"] == pytest.approx(
        2 * asked(run, "select it_energy_kwh * pue as e from ledger.lines")[0]["e"]
    )
    assert asked(run, RESTATED) == []
    assert "made again" not in run("sync").stderr


def test_a_lane_in_force_is_the_footprint_and_the_change_is_a_restatement(run: Run, project: Path) -> None:
    default_kwh = 2 * asked(run, MODELS)[0]["energy_kwh"]
    (project / "wattledger.toml").write_text('[estimate]\nmodel = "teads"\n' + CONFIG)
    result = run("sync")
    assert result.exit_code == 0, result.stderr
    assert "model = teads: all rates were made again" in result.stderr
    found = asked(run, "select distinct model, pue, it_energy_kwh, location_based_gap_reason from ledger.lines")
    assert [(row["model"], row["pue"]) for row in found] == [("teads", 1.2)]
    teads_kwh = 2 * 0.0127 * 1.2
    assert asked(run, RESTATED) == [
        {
            "cause": "method",
            "energy_kwh_from": pytest.approx(default_kwh),
            "energy_kwh_to": pytest.approx(teads_kwh),
        }
    ]
    assert [row["model"] for row in asked(run, MODELS)] == ["default", "teads"]
    assert run("audit").exit_code == 0
    assert run("report", "summary").exit_code == 0
    steps = json.loads(run("explain", "--service", "AmazonEC2", "--month", "2025-03", "--json").stdout)["tables"][1]
    # an hour: 10 W of TDP x (0.75 + 0.2) + 8 GiB x 0.4 W
    assert steps["rows"][0][2] == "(10 x (0.75 + 0.2) + 8 x 0.4 + 0 x 0.75) x 1 / 1000"
    assert "in a lane beside the default model" in steps["notes"][-1]
    (project / "wattledger.toml").write_text(CONFIG)
    assert run("sync").exit_code == 0
    assert len(asked(run, RESTATED)) == 2
    assert asked(run, "select distinct model from ledger.lines") == [{"model": "default"}]


def test_all_models_are_filled_at_once_and_an_unknown_one_is_named_with_its_nearest(run: Run, project: Path) -> None:
    result = run("estimate", "--model", "all", "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["tables"][0]["rows"]
    assert [row[:2] for row in rows if row[0] in ("default", "teads", "boavizta")] == [
        ["default", "estimated"], ["boavizta", "estimated"], ["teads", "estimated"],
    ]  # fmt: skip
    wrong = run("estimate", "--model", "tead")
    assert (wrong.exit_code, "Did you mean 'teads'?" in wrong.stderr) == (2, True)
    (project / "wattledger.toml").write_text('[estimate]\nmodel = "boavista"\n' + CONFIG)
    wrong = run("config", "validate")
    assert wrong.exit_code == 2
    assert "[estimate] model: there is no model 'boavista'. Did you mean 'boavizta'?" in wrong.stderr
