"""What the commands promise beyond their output: exit codes, quiet nights, whole rebuilds."""

import json
import resource
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from project import CONFIG, Run, bill_line, run_process, write_bill

from warehouse.database import open_for_reading, open_for_writing

SNAPSHOT = "wattledger.snapshot.duckdb"


def rows(folder: Path, query: str, name: str = "wattledger.duckdb") -> list[Any]:
    with open_for_reading(folder / name) as connection:
        return connection.execute(query).fetchall()


def mark(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ino


def test_init_writes_a_commented_configuration_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    first = run("init")
    assert first.exit_code == 0
    assert "wrote" in first.stderr
    assert run("config", "validate").exit_code == 0
    (tmp_path / "wattledger.toml").write_text(CONFIG)
    assert "wrote" not in run("init").stderr
    assert (tmp_path / "wattledger.toml").read_text() == CONFIG


def test_the_examples_in_the_template_are_valid_once_the_hash_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    run("init")
    path = tmp_path / "wattledger.toml"
    lines = path.read_text().splitlines()
    keys = (
        "# [[",
        "# name",
        "# kind",
        "# location",
        "# since",
        "# timezone",
        "# snapshot",
        "# spool",
        "# mem",
        "# thr",
    )
    path.write_text("\n".join(line[2:] if line.startswith(keys) else line for line in lines))
    result = run("config", "validate", "--json")
    assert result.exit_code == 0, result.stderr
    assert [row[1] for row in json.loads(result.stdout)["tables"][0]["rows"][1:]] == [
        "payer-cur", "payer-carbon", "training-logs",
    ]  # fmt: skip


def test_a_command_without_a_warehouse_says_the_next_step(fresh: Path, run: Run) -> None:
    result = run("report")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no warehouse at ")
    assert "wattledger sync" in result.stderr


@pytest.mark.parametrize("command", ["estimate", "reconcile", "publish"])
def test_a_mistyped_warehouse_leaves_no_empty_one_behind(project: Path, run: Run, command: str) -> None:
    result = run(command, "--warehouse", "wattleger.duckdb")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no warehouse at ")
    assert not list(project.glob("wattleger*"))


def test_init_writes_the_configuration_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init", "--config", "ledger/own.toml").exit_code == 0
    assert (tmp_path / "ledger" / "wattledger.duckdb").exists()
    assert run("config", "validate", "--config", "ledger/own.toml").exit_code == 0
    assert run("status", "--config", "ledger/other.toml").exit_code == 2


def test_a_sync_without_sources_says_where_to_add_one(fresh: Path, run: Run) -> None:
    (fresh / "wattledger.toml").write_text("")
    result = run("sync")
    assert result.exit_code == 2
    assert f"Add a [[source]] to {fresh}/wattledger.toml" in result.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("aws-cur", "aws-curr"), "there is no kind 'aws-curr'. Did you mean 'aws-cur'?"),
        (('"bill"\n', '"s3://exports/cur"\n'), "is remote, and this release reads local paths"),
        (("[[source]]", "[estimate]\nmodel = 'defualt'\n[[source]]"), "there is no model 'defualt'"),
    ],
)
def test_what_this_release_cannot_do_is_refused_before_anything_runs(
    fresh: Path, run: Run, change: tuple[str, str], says: str
) -> None:
    old, new = change
    text = CONFIG[::-1].replace(old[::-1], new[::-1], 1)[::-1]  # the last place: the location, not the name
    (fresh / "wattledger.toml").write_text(text)
    for command in (["config", "validate"], ["sync"], ["nightly"]):
        result = run(*command)
        assert result.exit_code == 2
        assert says in result.stderr


def test_an_unknown_source_name_is_refused_with_the_nearest(project: Path, run: Run) -> None:
    result = run("sync", "--source", "bil")
    assert result.exit_code == 2
    assert "Did you mean 'bill'?" in result.stderr


def test_config_show_prints_origins_and_masks(fresh: Path, run: Run) -> None:
    (fresh / "wattledger.toml").write_text(CONFIG + 'external_id = "tenant-4711"\n')
    result = run("config", "show", "--warehouse", "w.duckdb")
    assert result.exit_code == 0
    assert "--warehouse" in result.stdout
    assert "4711" not in result.stdout + result.stderr
    assert "***" in result.stdout


def test_a_refused_file_gives_3_and_the_rest_is_published(project: Path, run: Run) -> None:
    write_bill(project, [bill_line(3, month="2025-04")], "2025-04.csv")
    (project / "bill" / "2025-05.csv").write_bytes(b"\x00\x01\x02 no bill")
    result = run("nightly")
    assert result.exit_code == 3
    assert "2025-05.csv: " in result.stderr.partition("Error: ")[2]
    assert rows(project, "select count(*) from ledger.usage", SNAPSHOT) == [(3,)]  # 2 of March, 1 of April


def test_nothing_current_gives_1_and_publishes_nothing(fresh: Path, run: Run) -> None:
    (fresh / "bill" / "2025-03.csv").write_bytes(b"\x00\x01\x02 no bill")
    result = run("nightly")
    assert result.exit_code == 1
    assert not (fresh / SNAPSHOT).exists()


def test_a_night_that_changes_nothing_reads_nothing_and_keeps_the_snapshot(project: Path, run: Run) -> None:
    before = mark(project / SNAPSHOT)
    data = mark(project / "bill" / "2025-03.csv")
    (project / "bill" / "2025-03.csv").chmod(0o000)
    result = run("nightly")
    assert result.exit_code == 0
    assert "nothing changed" in result.stderr
    assert "1 unchanged" in result.stdout
    assert mark(project / SNAPSHOT) == before
    assert mark(project / "bill" / "2025-03.csv") == data


@pytest.mark.xdist_group("cli_demo")
def test_a_night_that_changes_nothing_takes_less_than_two_seconds(demo: Path, tmp_path: Path) -> None:
    """Of processor time, whatever else the machine does: 0.4 s measured. `make bench` holds the wall clock."""
    shutil.copytree(demo, tmp_path / "demo")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_process(tmp_path / "demo", "nightly")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "nothing changed" in done.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_after_a_sync_alone_the_next_night_publishes(project: Path, run: Run) -> None:
    write_bill(project, [bill_line(3, month="2025-04")], "2025-04.csv")
    assert run("sync").exit_code == 0
    assert rows(project, "select count(*) from ledger.usage", SNAPSHOT) == [(2,)]
    assert "published" in run("nightly").stderr
    assert rows(project, "select count(*) from ledger.usage", SNAPSHOT) == [(3,)]


def test_a_broken_promise_gives_4_and_blocks_the_snapshot(project: Path, run: Run) -> None:
    before = mark(project / SNAPSHOT)
    with open_for_writing(project / "wattledger.duckdb") as connection:
        connection.execute("update core.unit set row_count = row_count + 1")
    assert run("audit").exit_code == 4
    result = run("nightly")
    assert result.exit_code == 4
    assert "manifest_matches_rows" in result.stdout
    assert mark(project / SNAPSHOT) == before


def test_status_says_6_when_the_last_good_sync_is_too_old(project: Path, run: Run) -> None:
    assert run("status", "--max-age", "36h").exit_code == 0
    with open_for_writing(project / "wattledger.duckdb") as connection:
        connection.execute("update core.run set finished_at = finished_at - interval 37 hours")
    assert run("status").exit_code == 0
    stale = run("status", "--max-age", "36h")
    assert stale.exit_code == 6
    assert "stale" in stale.stderr
    assert run("status", "--max-age", "2d").exit_code == 0
    assert run("status", "--max-age", "soon").exit_code == 2


def test_status_shows_a_source_that_never_delivered(project: Path, run: Run) -> None:
    more = CONFIG.replace('name = "bill"', 'name = "more"').replace('location = "bill"', 'location = "nowhere"')
    (project / "wattledger.toml").write_text(CONFIG + more)
    assert run("sync").exit_code == 3  # there is no folder `nowhere`
    lines = run("status", "--format", "csv").stdout.splitlines()
    assert lines[2] == "more,aws-cur,0,0,0,0,0,,"
    assert "more: nothing was ever loaded from it" in run("status").stdout


def test_status_says_what_was_refused_and_is_stale_while_it_is(project: Path, run: Run) -> None:
    (project / "bill" / "2025-05.csv").write_bytes(b"\x00 not a bill")
    assert run("sync").exit_code == 3
    shown = " ".join(run("status").stdout.split())
    assert "bill: refused:" in shown
    assert "2025-05.csv" in shown
    with open_for_writing(project / "wattledger.duckdb") as connection:
        connection.execute("update core.run set finished_at = finished_at - interval 37 hours where exit_code = 0")
    assert run("status", "--max-age", "36h").exit_code == 6  # tonight's run had trouble: it does not count


def test_a_warehouse_with_the_views_of_another_version_is_refused_in_words(project: Path, run: Run) -> None:
    with open_for_writing(project / "wattledger.duckdb") as connection:
        connection.execute("update core.setting set value = 'another' where key = 'views_digest'")
    result = run("report")
    assert result.exit_code == 1
    assert "another version of wattledger" in result.stderr
    assert run("init").exit_code == 0
    assert run("report").exit_code == 0


def test_doctor_is_content_with_a_project_in_order(project: Path, run: Run) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 0, result.stdout
    found = {row[0]: row[1] for row in json.loads(result.stdout)["tables"][0]["rows"]}
    assert set(found.values()) == {"ok"}
    assert {"versions", "configuration", "source bill", "disk", "lock", "schema", "storage version", "factor set",
            "extensions", "last good sync", "snapshot"} == set(found)  # fmt: skip


@pytest.mark.parametrize(
    ("break_it", "check"),
    [
        (lambda folder: (folder / "wattledger.toml").write_text("[warehous]\n"), "configuration"),
        (lambda folder: shutil.rmtree(folder / "bill"), "source bill"),
        (lambda folder: (folder / "wattledger.toml").write_text(""), "sources"),
        (lambda folder: (folder / "wattledger.duckdb").write_bytes(b"not a database" * 1000), "warehouse"),
    ],
)
def test_doctor_names_what_is_wrong_and_the_fix(project: Path, run: Run, break_it: Any, check: str) -> None:
    break_it(project)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    problems = [row for row in json.loads(result.stdout)["tables"][0]["rows"] if row[1] == "problem"]
    assert [row[0] for row in problems] == [check]
    assert problems[0][3]


def test_rebuild_makes_the_same_ledger_and_leaves_nothing_beside_it(project: Path, run: Run) -> None:
    before = rows(project, "from ledger.lines order by line_id")
    files = {path.name for path in project.iterdir()}
    assert run("rebuild").exit_code == 0
    assert rows(project, "from ledger.lines order by line_id") == before
    assert {path.name for path in project.iterdir()} <= files
    assert run("nightly").exit_code == 0


def test_rebuild_is_the_way_out_of_a_factor_set_with_other_content(project: Path, run: Run) -> None:
    with duckdb.connect(str(project / "wattledger.duckdb")) as connection:
        connection.execute("update factors.factor_set set digest = 'of another build'")
    refused = run("sync")
    assert (refused.exit_code, "run `wattledger rebuild`" in refused.stderr) == (1, True)
    assert run("rebuild").exit_code == 0
    assert run("sync").exit_code == 0


def test_rebuild_keeps_the_history_of_restated_months(project: Path, run: Run) -> None:
    write_bill(project, [bill_line(1, cost="0.30")])  # March again: 1 line instead of 2
    assert run("sync").exit_code == 0
    query = "select unit_id, generation, lines, billed_cost from core.generation_sum order by all"
    kept = rows(project, query)
    assert [row[1:3] for row in kept] == [(1, 2)]
    write_bill(project, [bill_line(1, cost="0.40")])  # and again, unseen until the rebuild
    assert run("rebuild").exit_code == 0
    assert [row[1:3] for row in rows(project, query)] == [(1, 2), (2, 1)]
    assert rows(project, "select generation from core.unit") == [(3,)]


def test_rebuild_refuses_to_lose_what_its_source_no_longer_has(project: Path, run: Run) -> None:
    write_bill(project, [bill_line(3, month="2025-04")], "2025-04.csv")
    assert run("sync").exit_code == 0
    (project / "bill" / "2025-04.csv").unlink()
    result = run("rebuild")
    assert result.exit_code == 1
    assert "1 units of" in result.stderr
    assert "2025-04.csv" in result.stderr
    assert rows(project, "select count(*) from ledger.usage") == [(3,)]
    assert not list(project.glob("*.rebuild*"))


def test_publish_refuses_to_write_over_the_warehouse(project: Path, run: Run) -> None:
    assert run("publish", "--to", "wattledger.duckdb").exit_code == 2


def test_the_files_are_for_their_owner(project: Path, run: Run) -> None:
    assert (project / "wattledger.duckdb").stat().st_mode & 0o777 == 0o600
    assert (project / SNAPSHOT).stat().st_mode & 0o777 == 0o640


def test_demo_refuses_a_folder_with_another_configuration(fresh: Path, run: Run) -> None:
    result = run("demo", ".")
    assert result.exit_code == 2
    assert (fresh / "wattledger.toml").read_text() == CONFIG


def test_an_older_schema_is_refused_in_words(project: Path, run: Run) -> None:
    with open_for_writing(project / "wattledger.duckdb") as connection:
        connection.execute("delete from ops.migration where version = (select max(version) from ops.migration)")
    result = run("report")
    assert result.exit_code == 1
    assert "Run `wattledger init`" in result.stderr


def test_a_secret_in_the_configuration_reaches_no_output_and_no_file(fresh: Path, run: Run) -> None:
    canary = "wJalrXUtnFEMI0K7MDENG0bPxRfiCYEXAMPLEKEY"
    (fresh / "wattledger.toml").write_text(f'{CONFIG}aws_secret_access_key = "{canary}"\n')
    for command in (
        ["config", "show"],
        ["config", "validate"],
        ["doctor", "--json"],
        ["sync", "-v"],
        ["nightly", "--json"],
    ):
        result = run(*command)
        assert result.exit_code in (1, 2)
        assert "looks like a secret" in result.stdout + result.stderr
        assert canary not in result.stdout + result.stderr
    written = [path for path in fresh.rglob("*") if path.is_file() and path.name != "wattledger.toml"]
    assert not [path for path in written if canary.encode() in path.read_bytes()]


def test_the_report_as_of_an_earlier_moment_shows_what_was_known_then(run: Run, project: Path) -> None:
    assert "Nothing of this period was loaded then" in run("report", "--as-of", "2020-01-01").stdout
    then = json.loads(run("sql", "select max(recorded_from) as then from ledger.history", "--json").stdout)[0]["then"]
    write_bill(project, [bill_line(1, cost="7.00")])  # of two lines at 0.10 one is left, at 7.00
    assert run("sync").exit_code == 0
    found = []
    for moment in (then, "2999-12-31"):
        (table,) = json.loads(run("report", "services", "--as-of", moment, "--json").stdout)["tables"]
        found.append(dict(zip(table["columns"], table["rows"][-1], strict=True)))
    assert [(row["lines"], row["effective_cost"]) for row in found] == [(2, 0.2), (1, 7.0)]
    assert run("report", "--as-of", "yesterday").exit_code == 2
    other = run("report", "emissions", "--as-of", then)
    assert other.exit_code == 2
    assert "It has: services, changes" in other.stderr
