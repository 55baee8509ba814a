"""`wattledger factors`: own factors are checked, imported, put in force and held against each other."""

import json
from pathlib import Path

from project import ROOT, Run

SAMPLE = ROOT / "sample_data" / "factors" / "measured_pue.csv"
HEADER = SAMPLE.read_text(encoding="utf-8").splitlines()[0]


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
