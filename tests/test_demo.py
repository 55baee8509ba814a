"""`wattledger demo` as a new user runs it: what is planted in the sample data is found, and a second night is quiet.

The program is installed from the wheel, beside somebody else's `models/` on the path and in the working directory.
"""

import csv
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import installed
import pytest

pytestmark = pytest.mark.xdist_group("demo")  # one worker, so that the demo runs once
ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


@dataclass(frozen=True)
class Demo:
    """What one run of the demo left and printed."""

    site: Path
    folder: Path
    stdout: str
    stderr: str
    exit_code: int
    wall_s: float

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return installed.run(self.site, self.folder, *arguments)

    def rows(self, query: str) -> list[dict[str, object]]:
        """Return what analysts get for a query."""
        result = self.run("sql", query, "--format", "json")
        assert result.returncode == 0, result.stderr
        found: list[dict[str, object]] = json.loads(result.stdout)
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    dist, site, folder = (tmp_path_factory.mktemp(name) for name in ("dist", "site", "newcomer"))
    installed.build(dist)
    installed.unpack(dist, site)
    installed.surround(folder)
    installed.surround(folder / "demo")
    start = time.monotonic()
    result = installed.run(site, folder, "demo")
    wall_s = time.monotonic() - start
    return Demo(site, folder / "demo", result.stdout, result.stderr, result.returncode, wall_s)


def planted(kind: str) -> list[dict[str, str]]:
    with (ROOT / "sample_data" / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["kind"] == kind]


def test_the_demo_ends_well_within_30_s(demo: Demo) -> None:
    assert demo.exit_code == 0, demo.stderr
    assert demo.wall_s < 30


def test_the_report_names_each_planted_cause_with_its_size(demo: Demo) -> None:
    report = {
        (str(row["usage_month"])[:7], row["sub_account_id"], row["region_id"]): row
        for row in demo.rows("select * from ledger.reconciliation_provider where grain = 'region'")
    }
    for gap in planted("gap"):
        found = report[gap["month"], gap["account"], gap["region"]][f"gap_{gap['cause']}_kg_co2e"]
        assert found == pytest.approx(float(gap["kg_co2e"]), rel=float(gap["within"])), gap


def test_the_gap_without_a_cause_stays_unexplained_and_is_flagged(demo: Demo) -> None:
    (row,) = demo.rows(
        "select * from ledger.reconciliation_provider "
        "where grain = 'region' and region_id = 'ap-southeast-2' and usage_month = '2025-06-01'"
    )
    assert row["verdict"] == "model_low"
    assert row["largest_cause"] == "unexplained"


def test_no_other_place_of_the_sample_is_flagged(demo: Demo) -> None:
    flagged = demo.rows(
        "select distinct sub_account_id, region_id, verdict from ledger.reconciliation_provider "
        "where grain = 'region' and verdict <> 'within_band' and provider = 'aws' order by all"
    )
    assert [(row["region_id"], row["verdict"]) for row in flagged] == [
        ("ap-southeast-2", "model_low"),  # planted without a cause
        ("Global", "model_missing"),  # CloudFront alone
    ]


def test_each_run_is_matched_at_the_planted_level_with_its_energy(demo: Demo) -> None:
    runs = {row["run_id"]: row for row in demo.rows("select * from ledger.tracker_runs")}
    levels = {row["run_id"]: row["match_level"] for row in demo.rows("select * from ledger.reconciliation_runs")}
    for run in planted("run"):
        assert levels[run["run_id"]] == run["cause"], run
        expected = pytest.approx(float(run["it_energy_kwh"]), rel=float(run["within"]))
        assert runs[run["run_id"]]["it_energy_kwh"] == expected, run


def test_the_days_without_a_count_are_in_no_ratio_of_carbon_per_unit(demo: Demo) -> None:
    rows = demo.rows("from ledger.sci where grain = 'month' order by metric, usage_month")
    # Planted: 12 June not counted, 4 July not written. 22, 20 and 22 weekdays of 12,000 orders count, and 9, 9 and 8
    # days at weekends of 9,000; 21 x 150,000 + 9 x 90,000 searches.
    assert [(row["metric"], row["days"], row["days_with_quantity"], row["quantity"]) for row in rows] == [
        ("orders", 31, 31, 345_000),
        ("orders", 30, 29, 321_000),
        ("orders", 31, 30, 336_000),
        ("searches", 30, 30, 3_960_000),
    ]
    for row in rows:
        kg = row["location_based_kg_co2e"] + row["embodied_kg_co2e"]  # type: ignore[operator]
        assert row["sci_g_co2e_per_unit"] == pytest.approx(kg * 1000 / row["quantity"])
        assert row["sci_g_co2e_per_unit_low"] < row["sci_g_co2e_per_unit"] < row["sci_g_co2e_per_unit_high"]  # type: ignore[operator]
        assert (row["left_out_kg_co2e"] is not None) == (row["days"] != row["days_with_quantity"])


def test_a_report_is_a_glance_for_people_and_whole_for_programs(demo: Demo) -> None:
    result = demo.run("report")
    assert len(result.stdout.splitlines()) < 210
    tables = {table["name"]: table for table in json.loads(demo.run("report", "--json").stdout)["tables"]}
    left_out = result.stderr.partition("`wattledger report NAME`: ")[2].strip(" .\n").split(", ")
    assert {"provider", "gaps", "attribution"} <= set(left_out) < set(tables)
    assert len(tables["services"]["rows"]) > 13  # all of them, not the first


def test_nothing_of_the_bill_is_lost(demo: Demo) -> None:
    # 36,964 + 38,766 + 39,485 lines of AWS, 4 resources x 30 days of Azure, and of Google Cloud
    # 11 SKUs x 30 days, a correction, a partner's software and the tax.
    lines = demo.rows("select provider, sum(lines)::bigint as lines from ledger.coverage group by all order by all")
    assert lines == [
        {"provider": "aws", "lines": 115_215},
        {"provider": "azure", "lines": 120},
        {"provider": "gcp", "lines": 333},
    ]


def test_what_is_planted_in_the_google_bill_is_estimated_or_says_why(demo: Demo) -> None:
    lines = demo.rows(
        "select disposition, gap_reason, sum(lines)::bigint as lines from ledger.coverage "
        "where provider = 'gcp' group by all order by all"
    )
    told = {(row["disposition"], str(row["gap_reason"]).partition(":")[0]): row["lines"] for row in lines}
    assert told == {
        ("estimated", "None"): 271,  # 9 SKUs x 30 days and the correction
        ("out_of_scope", "marketplace"): 1,
        ("out_of_scope", "tax"): 1,
        ("unmodelled", "bytes scanned"): 30,
        ("unmodelled", "internet transfer"): 30,
    }


def test_the_older_model_version_of_the_provider_can_still_be_asked_for(demo: Demo) -> None:
    versions = demo.rows(
        "select model_version, is_current, count(distinct usage_month) as months "
        "from ledger.provider_footprint group by all order by all"
    )
    assert versions == [
        {"model_version": "v3.0.0", "is_current": False, "months": 3},
        {"model_version": "v3.0.1", "is_current": True, "months": 3},
    ]


def test_every_audit_holds(demo: Demo) -> None:
    result = demo.run("audit")
    assert result.returncode == 0, result.stdout


def test_a_second_night_reads_no_data_and_reports_the_same_bytes(demo: Demo) -> None:
    before = demo.run("report", "--json").stdout
    second = demo.run("nightly", "--json")
    assert second.returncode == 0, second.stderr
    (sync,) = (table for table in json.loads(second.stdout)["tables"] if table["name"] == "sync")
    assert sync["rows"] == []  # one row for each unit that is not simply unchanged
    assert demo.run("report", "--json").stdout == before


def test_the_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    (shown,) = re.findall(r"```console\n\$ make demo\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.S)
    printed = set(demo.stdout.splitlines())
    for line in shown.splitlines():
        assert line == "..." or line in printed, f"run `make demo` and bring README.md up to date: {line}"
