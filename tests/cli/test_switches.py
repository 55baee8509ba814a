"""The switches of [estimate] and the method: what made the rates is recorded, and other ones are a restatement."""

import json
from pathlib import Path

import duckdb
import pytest
from project import CONFIG, Run, asked, bill_line, write_bill


@pytest.fixture
def virginia(fresh: Path, run: Run) -> Path:
    """A project with two lines of us-east-1 in March 2023, loaded; the current folder."""
    (fresh / "bill" / "2025-03.csv").unlink()
    lines = [bill_line(number, month="2023-03") for number in (1, 2)]
    write_bill(fresh, [line.replace("EUC1-", "").replace("eu-central-1", "us-east-1") for line in lines])
    assert run("sync").exit_code == 0
    return fresh


RESTATED = (
    "select cause, lines_from, lines_to, energy_kwh_to / energy_kwh_from as energy, "
    "location_based_kg_co2e_to / location_based_kg_co2e_from as kg from ledger.restatements"
)


@pytest.mark.parametrize("command", ["sync", "estimate", "nightly"])
def test_another_boundary_restates_emissions_and_nothing_else(run: Run, virginia: Path, command: str) -> None:
    (virginia / "wattledger.toml").write_text('[estimate]\ngrid_boundary = "direct"\n' + CONFIG)
    result = run(command)
    assert result.exit_code == 0, result.stderr
    assert "grid_boundary = direct: all rates were made again" in result.stderr
    found = asked(run, RESTATED)
    assert [(row["cause"], row["lines_from"], row["lines_to"]) for row in found] == [("method", 2, 2)]
    assert found[0]["energy"] == pytest.approx(1, rel=1e-12)
    # life cycle of SRVC is its direct 270.5 x 392.9 / 349.7: the United States' ratio of 2023
    assert found[0]["kg"] == pytest.approx(349.7 / 392.9, rel=1e-12)
    assert asked(run, "select distinct grid_boundary from ledger.lines") == [{"grid_boundary": "direct"}]
    assert run("audit").exit_code == 0
    again = run(command)
    assert "made again" not in again.stderr
    assert len(asked(run, RESTATED)) == 1


def test_a_command_that_makes_no_rates_changes_no_switch(run: Run, virginia: Path) -> None:
    (virginia / "wattledger.toml").write_text('[estimate]\ngrid_boundary = "direct"\n' + CONFIG)
    assert run("publish").exit_code == 0
    assert asked(run, "select distinct grid_boundary from ledger.lines") == [{"grid_boundary": "lifecycle"}]


def test_a_rebuilt_warehouse_has_the_switches_of_the_configuration(run: Run, virginia: Path) -> None:
    (virginia / "wattledger.toml").write_text("[estimate]\nspend_proxy = true\n" + CONFIG)
    assert run("rebuild").exit_code == 0
    found = asked(run, "select value from core.setting where key = 'spend_proxy'")
    assert found == [{"value": "true"}]
    shown = run("config", "show", "--json")
    assert '"estimate.spend_proxy"' in shown.stdout


def test_the_report_names_the_grids_that_publishers_dispute(run: Run, virginia: Path) -> None:
    table = json.loads(run("report", "method", "--json").stdout)["tables"][0]
    said = [row for row in table["rows"] if row[0] == "grid disputed"]
    # eGRID SRVC 270.5 against Google's 322 for the same county: 322 / 270.5 = 1.19
    assert said == [
        [
            "grid disputed",
            "aws us-east-1: 270.5 here, 322.0 g/kWh by another publisher "
            "(direct, stated for gcp:us-east4 at 0 km in 2023): 1.19 x",
            2,
        ]
    ]


def older_method(virginia: Path, energy: float) -> None:
    """Leave the card as an earlier program may have: under its own method, with ``energy`` times today's figures."""
    with duckdb.connect(str(virginia / "wattledger.duckdb")) as connection:
        connection.execute("update core.setting set value = 'of an earlier version' where key = 'method'")
        connection.execute(
            "update core.rate set energy_kwh = ? * energy_kwh, location_based_kg_co2e = ? * location_based_kg_co2e",
            [energy, energy],
        )


@pytest.mark.parametrize("command", ["sync", "estimate", "nightly"])
def test_other_rules_or_formulas_restate_what_they_change(run: Run, virginia: Path, command: str) -> None:
    older_method(virginia, energy=2)
    result = run(command)
    assert result.exit_code == 0, result.stderr
    assert "rules or formulas of another version: all rates were made again" in result.stderr
    found = asked(run, RESTATED)
    assert [(row["cause"], row["lines_from"], row["lines_to"]) for row in found] == [("method", 2, 2)]
    assert (found[0]["energy"], found[0]["kg"]) == (pytest.approx(0.5), pytest.approx(0.5))
    again = run(command)
    assert "made again" not in again.stderr
    assert len(asked(run, RESTATED)) == 1


def test_other_rules_that_change_no_figure_leave_no_restatement(run: Run, virginia: Path) -> None:
    older_method(virginia, energy=1)
    assert "made again" in run("sync").stderr
    assert asked(run, RESTATED) == []


def test_estimate_leaves_what_it_changes_and_nothing_where_nothing_changed(run: Run, virginia: Path) -> None:
    assert run("estimate").exit_code == 0
    assert asked(run, RESTATED) == []
    with duckdb.connect(str(virginia / "wattledger.duckdb")) as connection:
        connection.execute("update core.rate set energy_kwh = 4 * energy_kwh")
    assert run("estimate").exit_code == 0
    found = asked(run, RESTATED)
    assert [(row["cause"], row["energy"]) for row in found] == [("method", pytest.approx(0.25))]


def test_a_rebuild_by_another_method_restates_it_too(run: Run, virginia: Path) -> None:
    older_method(virginia, energy=2)
    assert run("rebuild").exit_code == 0
    found = asked(run, RESTATED)
    assert [(row["cause"], row["energy"]) for row in found] == [("method", pytest.approx(0.5))]


def test_what_the_method_changes_is_not_laid_to_the_factors(run: Run, virginia: Path) -> None:
    older_method(virginia, energy=2)
    label = asked(run, "select value from core.setting where key = 'factor_set'")[0]["value"]
    assert run("factors", "use", label).exit_code == 0
    assert [row["cause"] for row in asked(run, RESTATED)] == ["method"]
