"""What belongs together in a delivered tree: one unit per billing period of one export."""

import json
from datetime import date
from pathlib import Path

import pytest
from bills import REQUIRED, csv_of, gz_of, pick, put, source_at, stage

from wattledger.contracts import Unit


def bill(account: str) -> bytes:
    """A bill of one line, told apart by its account."""
    return csv_of(REQUIRED | {"lineItem/UsageAccountId": account})


def units(location: Path, since: date | None = None) -> list[Unit]:
    return list(source_at(location).units(since))


def accounts(unit: Unit, location: Path, folder: Path) -> list[object]:
    rows, _ = stage(source_at(location), unit, folder)
    return [account for (account,) in pick(rows, "sub_account_id")]


JUNE = "cur/main/data/BILLING_PERIOD=2025-06"
JUNE_MANIFEST = "cur/main/metadata/BILLING_PERIOD=2025-06/main-Manifest.json"


@pytest.mark.parametrize(
    "manifest",
    [
        {"dataFiles": [f"s3://bucket/{JUNE}/main-00001.csv", f"s3://bucket/{JUNE}/main-00002.csv"]},
        {"dataFiles": [{"s3Uri": f"s3://bucket/{JUNE}/main-0000{n}.csv", "size": 1} for n in (1, 2)]},
        {"reportKeys": [f"{JUNE}/main-00001.csv", f"{JUNE}/main-00002.csv"], "account": "1"},
    ],
    ids=["uris", "objects", "keys"],
)
def test_a_manifest_says_which_files_of_a_month_count(manifest: dict[str, object], tmp_path: Path) -> None:
    put(tmp_path / "in", {
        f"{JUNE}/main-00001.csv": bill("1"), f"{JUNE}/main-00002.csv": bill("2"),
        f"{JUNE}/main-00003.csv": bill("old chunk"), JUNE_MANIFEST: json.dumps(manifest),
    })  # fmt: skip
    (unit,) = units(tmp_path / "in")
    assert (unit.period, unit.scope, unit.problem) == ("2025-06", "cur/main/data/BILLING_PERIOD=2025-06", None)
    assert accounts(unit, tmp_path / "in", tmp_path) == ["1", "2"]


def test_a_manifest_is_followed_wherever_the_tree_was_copied_to(tmp_path: Path) -> None:
    manifest = {"dataFiles": ["s3://bucket/cur/main/data/BILLING_PERIOD=2025-06/main-00001.csv"]}
    put(tmp_path / "in", {
        "data/BILLING_PERIOD=2025-06/main-00001.csv": bill("1"),
        "metadata/BILLING_PERIOD=2025-06/main-Manifest.json": json.dumps(manifest),
    })  # fmt: skip
    (unit,) = units(tmp_path / "in")
    assert (unit.scope, unit.problem) == ("data/BILLING_PERIOD=2025-06", None)
    assert accounts(unit, tmp_path / "in", tmp_path) == ["1"]


def test_a_chunk_that_the_manifest_names_and_nobody_delivered_is_a_problem(tmp_path: Path) -> None:
    manifest = {"dataFiles": [f"s3://bucket/{JUNE}/main-0000{n}.csv" for n in (1, 2, 3)]}
    put(tmp_path, {
        f"{JUNE}/main-00001.csv": bill("1"), f"{JUNE}/main-00003.csv": bill("3"), JUNE_MANIFEST: json.dumps(manifest),
    })  # fmt: skip
    (unit,) = units(tmp_path)
    assert unit.problem == (
        "bill, 2025-06: the manifest names 3 files, 2 are there (missing: main-00002.csv). "
        "Nothing of this unit was loaded. Run `sync` again when the export is complete."
    )


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ('{"dataFiles": [', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (json.dumps({"reportKeys": ["../../etc/passwd.csv"]}), "leads out of the export"),
        (json.dumps({"reportKeys": ["/etc/passwd.csv"]}), "leads out of the export"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_a_problem(manifest: str | bytes, problem: str, tmp_path: Path) -> None:
    put(tmp_path, {f"{JUNE}/main-00001.csv": bill("1"), JUNE_MANIFEST: manifest})
    (unit,) = units(tmp_path)
    assert unit.problem is not None
    assert problem in unit.problem


def test_a_manifest_that_names_no_file_leaves_it_to_the_folder(tmp_path: Path) -> None:
    put(tmp_path / "in", {f"{JUNE}/main-00001.csv": bill("1"), JUNE_MANIFEST: '{"executionId": "x"}'})
    (unit,) = units(tmp_path / "in")
    assert accounts(unit, tmp_path / "in", tmp_path) == ["1"]


def test_of_several_executions_the_one_of_the_manifest_counts(tmp_path: Path) -> None:
    first, second = "20250701T0100-aaaa", "20250702T0100-bbbb"
    tree = {
        f"{JUNE}/{first}/main-00001.csv": bill("first"),
        f"{JUNE}/{second}/main-00001.csv": bill("second"),
        f"cur/main/metadata/BILLING_PERIOD=2025-06/{second}/main-Manifest.json": '{"dataFiles": ["never.csv"]}',
        JUNE_MANIFEST: json.dumps({"dataFiles": [f"s3://b/{JUNE}/{first}/main-00001.csv"]}),
    }
    put(tmp_path / "in", tree)
    (unit,) = units(tmp_path / "in")
    assert accounts(unit, tmp_path / "in", tmp_path) == ["first"]
    (tmp_path / "in" / JUNE_MANIFEST).unlink()
    (unit,) = units(tmp_path / "in")
    assert accounts(unit, tmp_path / "in", tmp_path) == ["second"]  # no manifest: the newest by its name


LEGACY_JUNE = "cur/report/20250601-20250701"


def test_all_files_of_one_legacy_assembly_are_summed_and_those_of_another_are_not(tmp_path: Path) -> None:
    keys = [f"{LEGACY_JUNE}/bbbb/report-{n}.csv.gz" for n in (1, 2)]
    manifest = json.dumps({"assemblyId": "bbbb", "reportKeys": keys, "additionalArtifactKeys": ["x/y.csv"]})
    put(tmp_path / "in", {
        f"{LEGACY_JUNE}/aaaa/report-1.csv.gz": gz_of(REQUIRED | {"lineItem/UsageAccountId": "old"}),
        f"{LEGACY_JUNE}/aaaa/report-Manifest.json": manifest.replace("bbbb", "aaaa"),
        keys[0]: gz_of(REQUIRED | {"lineItem/UsageAccountId": "1"}),
        keys[1]: gz_of(REQUIRED | {"lineItem/UsageAccountId": "2"}),
        f"{LEGACY_JUNE}/bbbb/report-Manifest.json": manifest,
        f"{LEGACY_JUNE}/report-Manifest.json": manifest,
    })  # fmt: skip
    (unit,) = units(tmp_path / "in")
    assert (unit.period, unit.scope) == ("2025-06", LEGACY_JUNE)
    assert accounts(unit, tmp_path / "in", tmp_path) == ["1", "2"]


def test_several_legacy_assemblies_without_the_manifest_that_chooses_are_a_problem(tmp_path: Path) -> None:
    put(tmp_path, {f"{LEGACY_JUNE}/{name}/report-1.csv": bill(name) for name in ("aaaa", "bbbb")})
    (unit,) = units(tmp_path)
    assert unit.problem is not None
    assert "holds 2 deliveries and no manifest says which counts" in unit.problem


def test_a_legacy_parquet_report_lies_in_year_and_month_folders_beside_its_manifest(tmp_path: Path) -> None:
    keys = [f"cur/report/report/year=2025/month=6/report-0000{n}.csv" for n in (1, 2)]
    put(tmp_path / "in", {
        keys[0]: bill("1"), keys[1]: bill("2"),
        "cur/report/report/year=2025/month=6/report-00003.csv": bill("stale"),
        "cur/report/report/cost_and_usage_data_status/status.parquet": b"PAR1",
        "cur/report/20250601-20250701/report-Manifest.json": json.dumps({"reportKeys": keys}),
    })  # fmt: skip
    (unit,) = units(tmp_path / "in")
    assert (unit.period, unit.problem) == ("2025-06", None)
    assert accounts(unit, tmp_path / "in", tmp_path) == ["1", "2"]


def test_partition_folders_without_a_manifest_are_periods_oldest_first(tmp_path: Path) -> None:
    put(tmp_path / "in", {
        "year=2025/month=10/a.csv": bill("oct"), "year=2025/month=6/a.csv": bill("jun 1"),
        "year=2025/month=6/b.csv": bill("jun 2"), "billing_period=2025-05/a.csv": bill("may"),
    })  # fmt: skip
    found = units(tmp_path / "in")
    assert [unit.period for unit in found] == ["2025-05", "2025-06", "2025-10"]
    assert accounts(found[1], tmp_path / "in", tmp_path) == ["jun 1", "jun 2"]
    assert [unit.period for unit in units(tmp_path / "in", date(2025, 7, 1))] == ["2025-10"]
    assert [unit.period for unit in units(tmp_path / "in", date(2025, 6, 30))] == ["2025-06", "2025-10"]


def test_a_folder_named_like_no_month_is_no_period(tmp_path: Path) -> None:
    put(tmp_path, {"billing_period=0000-13/a.csv": bill("1"), "year=2025/month=0/a.csv": bill("2")})
    assert [(unit.period, unit.scope) for unit in units(tmp_path, date(2025, 7, 1))] == [
        ("", "billing_period=0000-13/a.csv"),
        ("", "year=2025/month=0/a.csv"),
    ]


def test_loose_files_are_units_keyed_by_their_path(tmp_path: Path) -> None:
    put(tmp_path, {"june.csv": bill("1"), "old/may.csv.gz": gz_of(REQUIRED), "notes.txt": "x", ".hidden.csv": "x"})
    found = units(tmp_path, date(2030, 1, 1))  # what month a loose file holds is not known, so it is always listed
    assert [(unit.period, unit.scope) for unit in found] == [("", "june.csv"), ("", "old/may.csv.gz")]
    (alone,) = units(tmp_path / "june.csv")
    assert alone.scope == "june.csv"
    assert len({unit.unit_id for unit in found}) == 2


def test_include_and_exclude_choose_files_and_never_the_manifest(tmp_path: Path) -> None:
    put(tmp_path, {"a/june.csv": bill("1"), "b/june.csv": bill("2"), "b/july.csv": bill("3")})
    assert [unit.scope for unit in source_at(tmp_path, include=("b/*",)).units(None)] == ["b/july.csv", "b/june.csv"]
    assert [unit.scope for unit in source_at(tmp_path, exclude=("june.csv",)).units(None)] == ["b/july.csv"]
    manifest = {"dataFiles": [f"s3://bucket/{JUNE}/main-00001.csv"]}
    put(tmp_path / "c", {f"{JUNE}/main-00001.csv": bill("1"), JUNE_MANIFEST: json.dumps(manifest)})
    (unit,) = source_at(tmp_path / "c", include=("*.csv",)).units(None)
    assert len(unit.files) == 1


def test_a_version_changes_when_any_file_or_the_manifest_does(tmp_path: Path) -> None:
    put(tmp_path, {f"{JUNE}/main-00001.csv": bill("1"), f"{JUNE}/main-00002.csv": bill("2")})
    versions = [units(tmp_path)[0].version]
    put(tmp_path, {f"{JUNE}/main-00002.csv": bill("three")})
    versions.append(units(tmp_path)[0].version)
    put(tmp_path, {f"{JUNE}/main-00003.csv": bill("4")})
    versions.append(units(tmp_path)[0].version)
    manifest = {"dataFiles": [f"s3://bucket/{JUNE}/main-0000{n}.csv" for n in (1, 2, 3)]}
    put(tmp_path, {JUNE_MANIFEST: json.dumps(manifest)})
    versions.append(units(tmp_path)[0].version)
    assert len(set(versions)) == 4
    assert units(tmp_path)[0].version == versions[-1]
