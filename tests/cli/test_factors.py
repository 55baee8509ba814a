"""`wattledger factors`: own factors are checked, imported, put in force and held against each other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, Run, asked, bill_line, write_bill

from models.factor_set import shipped

CORE = shipped().label
SAMPLE = ROOT / "sample_data" / "factors" / "measured_pue.csv"
FILES = ROOT / "tests" / "data" / "own_factors"
HEADER = SAMPLE.read_text(encoding="utf-8").splitlines()[0]

# What a restatement sums: daily rows, each rounded once.
DAILY_KWH = "select sum(energy_kwh::decimal(38, 15))::double as kwh from ledger.footprint_daily"


def write_pue(path: Path, central: float, region: str = "eu-central-1", year: int = 2025) -> Path:
    """A measured PUE, exact to 0.01 either way."""
    values = f"{central - 0.01},{central},{central + 0.01}"
    row = f"aws,{region},{year},pue,{values},ratio,measured,Meters,2026,internal,measured,"
    path.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    return path


def test_validate_prints_every_problem_and_exits_4(run: Run, tmp_path: Path) -> None:
    path = write_pue(tmp_path / "own.csv", 1150, region="eu-centrall-1")
    result = run("factors", "validate", str(path), "--json")
    assert result.exit_code == 4
    table = json.loads(result.stdout)["tables"][0]
    found = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [(row["file"], row["line"], row["column"], row["value"]) for row in found] == [
        ("own.csv", 2, "region_id", "eu-centrall-1"),
        ("own.csv", 2, "low", "1149.99"),
        ("own.csv", 2, "central", "1150"),
        ("own.csv", 2, "high", "1150.01"),
    ]
    assert "1.15 would be in it: a slip by 10^3? allowed: 1 to 2" in found[2]["problem"]
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]  # nothing is written, no warehouse is needed


def test_validate_of_a_good_file_exits_0_and_of_another_one_2(run: Run, tmp_path: Path) -> None:
    good = run("factors", "validate", str(SAMPLE))
    assert (good.exit_code, "2 rows of site_metric: all are well" in good.stdout) == (0, True)
    (tmp_path / "bill.csv").write_text("a,b\n1,2\n")
    bad = run("factors", "validate", str(tmp_path / "bill.csv"))
    assert (bad.exit_code, "no factor table" in bad.stderr) == (2, True)


def rows_of(run: Run, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a command's last table."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    table = json.loads(result.stdout)["tables"][-1]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_a_measured_pue_restates_energy_by_exactly_its_ratio(run: Run, project: Path) -> None:
    """Frankfurt in March 2025: ours is PUE 1.35 of 2024. Two hours of m5.large at a measured 1.20."""
    before = asked(run, DAILY_KWH)
    assert asked(run, "select distinct pue from ledger.lines") == [{"pue": 1.35}]
    path = write_pue(project / "own.csv", 1.20)
    imported = rows_of(run, "factors", "import", str(path), "--name", "acme")
    assert (imported[0]["layer"], imported[0]["outcome"]) == ("acme@1", "stored, not in force")
    assert asked(run, "from ledger.restatements") == []
    told = rows_of(run, "factors", "use", f"{CORE}+acme")
    assert [(row["cause"], row["charge_month"], row["lines"]) for row in told] == [("factors", "2025-03-01", 2)]
    restated = asked(
        run,
        "select cause, generation_from, lines_from, lines_to, billed_cost_from = billed_cost_to as same_cost, "
        "energy_kwh_from, energy_kwh_to, energy_kwh_to / energy_kwh_from as energy, "
        "location_based_kg_co2e_to / location_based_kg_co2e_from as kg, embodied_kg_co2e_to = embodied_kg_co2e_from as "
        "same_embodied from ledger.restatements",
    )
    assert len(restated) == 1
    row = restated[0]
    assert (row["cause"], row["generation_from"], row["lines_from"], row["lines_to"]) == ("factors", 1, 2, 2)
    assert (row["same_cost"], row["same_embodied"]) == (True, True)
    assert row["energy"] == pytest.approx(1.20 / 1.35, rel=1e-12)
    assert row["kg"] == pytest.approx(1.20 / 1.35, rel=1e-12)
    assert row["energy_kwh_from"] == before[0]["kwh"]
    now = asked(run, "select distinct factor_set, pue from ledger.lines")
    assert now == [{"factor_set": f"{CORE}+acme@1", "pue": 1.2}]
    explained = run("explain", "--service", "AmazonEC2", "--month", "2025-03", "--json").stdout
    assert "pue/aws:eu-central-1/2025+acme@1" in explained
    assert "Meters" in explained
    assert run("audit").exit_code == 0
    listed = rows_of(run, "factors", "list")
    assert [(row["layer"], row["is_in_force"], row["file"]) for row in listed] == [("acme@1", True, "own.csv")]


def test_a_set_that_is_in_force_already_changes_nothing(run: Run, project: Path) -> None:
    units = asked(run, "select unit_id, generation from ops.units")
    result = run("factors", "use", CORE)
    assert (result.exit_code, "nothing changed" in result.stderr) == (0, True)
    assert asked(run, "select unit_id, generation from ops.units") == units


def test_a_unit_restated_after_its_factors_keeps_both_steps_in_order(run: Run, project: Path) -> None:
    """Generation 1: ours. 2: the measured PUE. 3: one line more is delivered. 4: ours again. Each leads to the next."""
    assert run("factors", "import", str(write_pue(project / "own.csv", 1.20)), "--name", "acme").exit_code == 0
    assert run("factors", "use", f"{CORE}+acme").exit_code == 0
    write_bill(project, [bill_line(1), bill_line(2), bill_line(3)])
    assert run("nightly").exit_code == 0
    assert run("factors", "use", CORE).exit_code == 0
    steps = asked(
        run,
        "select generation_from, cause, lines_from, lines_to, energy_kwh_from as a, energy_kwh_to as b "
        "from ledger.restatements order by generation_from",
    )
    assert [(s["generation_from"], s["cause"], s["lines_from"], s["lines_to"]) for s in steps] == [
        (1, "factors", 2, 2),
        (2, "activity", 2, 3),
        (3, "factors", 3, 3),
    ]
    assert [s["b"] / s["a"] for s in steps] == pytest.approx([1.20 / 1.35, 3 / 2, 1.35 / 1.20], rel=1e-12)
    assert [s["b"] for s in steps[:-1]] == [s["a"] for s in steps[1:]]
    assert asked(run, "select generation from ops.units") == [{"generation": 4}]
    assert asked(run, DAILY_KWH) == [{"kwh": steps[-1]["b"]}]


def test_units_that_no_own_row_touches_are_not_restated(run: Run, project: Path) -> None:
    path = write_pue(project / "own.csv", 1.20, region="eu-west-1")
    assert run("factors", "import", str(path), "--name", "acme").exit_code == 0
    result = run("factors", "use", f"{CORE}+acme")
    assert "acme@1: 1 of 1 rows stand behind no figure of this warehouse" in result.stdout
    assert asked(run, "from ledger.restatements") == []
    assert asked(run, "select generation from ops.units") == [{"generation": 1}]
    assert asked(run, "select distinct factor_set from ledger.lines") == [{"factor_set": f"{CORE}+acme@1"}]


def test_the_next_night_publishes_what_the_new_factors_say(run: Run, project: Path) -> None:
    assert run("factors", "import", str(write_pue(project / "own.csv", 1.20)), "--name", "acme").exit_code == 0
    assert run("factors", "use", f"{CORE}+acme").exit_code == 0
    assert "published" in run("nightly").stderr
    assert "nothing changed" in run("nightly").stderr
    snapshot = asked(run, "select distinct pue from ledger.lines")
    assert snapshot == [{"pue": 1.2}]


@pytest.mark.parametrize(("name", "count"), [("coefficients", 2), ("machines", 2), ("sites", 2)])
def test_a_file_of_each_table_is_well(run: Run, name: str, count: int) -> None:
    result = run("factors", "validate", str(FILES / f"{name}.csv"))
    assert result.exit_code == 0
    assert f"{count} rows of " in result.stdout


def test_the_rows_that_the_page_shows_can_be_imported(run: Run, project: Path) -> None:
    page = (ROOT / "docs" / "factors.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```csv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == 5
    for number, text in enumerate(shown):
        (project / "own.csv").write_text(text, encoding="utf-8")
        assert run("factors", "import", str(project / "own.csv"), "--name", f"own{number}").exit_code == 0
    # rows of peer_instance are kept as the last one
    tables = ["site_metric", "coefficient", "instance", "electricity_price", "coefficient"]
    assert [row["table"] for row in rows_of(run, "factors", "list")] == tables


def test_every_slip_of_a_file_of_coefficients_is_named_with_what_is_allowed(run: Run) -> None:
    result = run("factors", "validate", str(FILES / "broken.csv"), "--json")
    assert result.exit_code == 4
    table = json.loads(result.stdout)["tables"][0]
    found = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    told = [(row["file"], row["line"], row["column"], row["value"]) for row in found]
    assert told == [
        ("broken.csv", 2, "unit", "kWh/TB-h"),
        ("broken.csv", 3, "key", "storage.sdd"),
        ("broken.csv", 4, "central", "2000000"),
        ("broken.csv", 4, "high", "2200000"),
        ("broken.csv", 5, "licence", ""),
        ("broken.csv", 5, "low", "0.2"),
    ]


def test_own_machines_and_coefficients_restate_the_bill_and_stay_over_a_rebuild(run: Run, project: Path) -> None:
    machines = (FILES / "machines.csv").read_text(encoding="utf-8").replace("m5.xlarge", "m5.large")
    (project / "machines.csv").write_text(machines, encoding="utf-8")
    assert run("factors", "import", str(project / "machines.csv"), "--name", "iron").exit_code == 0
    assert run("factors", "import", str(FILES / "coefficients.csv"), "--name", "disks").exit_code == 0
    told = rows_of(run, "factors", "use", f"{CORE}+iron+disks")
    assert [row["cause"] for row in told] == ["factors"]
    query = "select line_id, it_energy_kwh, factor_set from ledger.lines order by 1"
    lines = asked(run, query)
    assert {row["factor_set"] for row in lines} == {f"{CORE}+iron@1+disks@1"}
    assert run("rebuild").exit_code == 0
    assert asked(run, query) == lines
    assert {row["layer"] for row in rows_of(run, "factors", "list")} == {"iron@1", "disks@1"}


def test_a_rebuilt_warehouse_keeps_the_layers_and_the_history(run: Run, project: Path) -> None:
    assert run("factors", "import", str(write_pue(project / "own.csv", 1.20)), "--name", "acme").exit_code == 0
    assert run("factors", "use", f"{CORE}+acme").exit_code == 0
    query = "select line_id, energy_kwh, factor_set from ledger.lines order by 1"
    lines, history = asked(run, query), asked(run, "from ledger.restatements")
    assert run("rebuild").exit_code == 0
    assert asked(run, query) == lines
    assert asked(run, "from ledger.restatements") == history
    assert rows_of(run, "factors", "list")[0]["layer"] == "acme@1"


def test_a_file_with_a_problem_is_not_imported(run: Run, project: Path) -> None:
    result = run("factors", "import", str(write_pue(project / "own.csv", 11.5)), "--name", "acme")
    assert (result.exit_code, "own.csv" in result.stdout) == (4, True)
    assert rows_of(run, "factors", "list") == []


def test_an_unknown_set_or_layer_is_a_usage_error_and_changes_nothing(run: Run, project: Path) -> None:
    for label, says in (("core@1999.1.0", f"it holds {CORE}"), (f"{CORE}+acme", "factors import")):
        result = run("factors", "use", label)
        assert result.exit_code == 2
        assert says in result.stderr
    assert asked(run, "select distinct factor_set from ledger.lines") == [{"factor_set": CORE}]


def test_diff_holds_a_file_against_the_set_in_force_and_two_sets_against_each_other(run: Run, project: Path) -> None:
    """Ours for Frankfurt ends in 2024, so a measured 2025 is a new row; a measured 2024 changes 1.35."""
    new, other = write_pue(project / "new.csv", 1.20), write_pue(project / "other.csv", 1.25, year=2024)
    added = rows_of(run, "factors", "diff", str(new))
    assert {(row["change"], row["factor_id"]) for row in added} == {("added", "pue/aws:eu-central-1/2025")}
    changed = rows_of(run, "factors", "diff", str(other))
    assert [(row["change"], row["from"], row["to"]) for row in changed if row["field"] == "central"] == [
        ("changed", 1.35, 1.25)
    ]
    assert run("factors", "import", str(new), "--name", "acme").exit_code == 0
    assert rows_of(run, "factors", "diff", CORE, f"{CORE}+acme") == added
    assert rows_of(run, "factors", "diff", CORE, CORE) == []
    broken = run("factors", "diff", str(write_pue(project / "new.csv", 120)))
    assert (broken.exit_code, "slip" in broken.stdout) == (4, True)


def test_a_contract_restates_the_market_based_figure_alone(run: Run, project: Path) -> None:
    """A contract at 50 g/kWh for Frankfurt in 2025: market-based kg are kWh x 0.05; no other figure moves."""
    (project / "contract.csv").write_text(
        "zone_scheme,zone,country_iso3,covers,year,low_g_co2e_per_kwh,central_g_co2e_per_kwh,high_g_co2e_per_kwh,boundary,"
        "flow,accounting,source,source_release,licence,verification\n"
        "region,aws:eu-central-1,DEU,part,2025,40,50,60,direct,consumption,market_based,Supply contract 7,2025,"
        "internal,published\n"
    )
    assert run("factors", "import", str(project / "contract.csv"), "--name", "supply").exit_code == 0
    assert run("factors", "use", f"{CORE}+supply").exit_code == 0
    step = asked(run, "from ledger.restatements")[0]
    assert step["cause"] == "factors"
    assert step["market_based_kg_co2e_from"] is None
    assert step["market_based_kg_co2e_to"] == pytest.approx(step["energy_kwh_to"] * 0.05, rel=1e-12)
    for figure in ("energy_kwh", "location_based_kg_co2e", "embodied_kg_co2e", "billed_cost"):
        assert step[f"{figure}_from"] == step[f"{figure}_to"]
    assert asked(
        run, "select distinct market_based_gap_reason as reason from ledger.rates where factor_set like '%+%'"
    ) == [{"reason": None}]
    assert "Supply contract 7" in run("report", "--json").stdout  # whom the report credits


def test_a_report_that_rests_on_the_share_alike_set_says_what_its_licence_asks_for(run: Run, project: Path) -> None:
    assert "ODbL" not in run("report", "attribution").stdout
    told = rows_of(run, "factors", "use", f"{CORE}+sharealike")
    assert [(row["cause"], row["lines"]) for row in told] == [("factors", 2)]
    assert asked(run, "select distinct factor_set from ledger.lines") == [
        {"factor_set": f"{CORE}+sharealike@2026.11.0"}
    ]
    said = " ".join(run("report", "attribution").stdout.split())
    assert (
        "Contains information from Electricity Maps, made available under the Open Database License (ODbL) 1.0" in said
    )
    assert run("rebuild").exit_code == 0  # a rebuilt warehouse keeps it
    assert asked(run, "select distinct factor_set from ledger.lines") == [
        {"factor_set": f"{CORE}+sharealike@2026.11.0"}
    ]
    assert run("factors", "import", str(SAMPLE), "--name", "sharealike").exit_code == 2
