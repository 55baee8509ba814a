"""What is left out at ingest is counted and said, and what is hashed is nowhere else in the warehouse."""

import hashlib
import hmac
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from project import CONFIG, Run, bill_line, write_bill

from wattledger.errors import Exit

KEY = "0123456789abcdef-key"
PRIVATE = '[privacy]\nhash = ["resource_id", "sub_account_id", "tags.team"]\nkey = "env:LEDGER_KEY"\n'


def query(folder: Path, sql: str, name: str = "wattledger.duckdb") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / name), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def configure(folder: Path, extra: str, before: str = "") -> None:
    (folder / "wattledger.toml").write_text(f"{before}{CONFIG}{extra}")


def hashed(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def texts(folder: Path, name: str) -> str:
    """Everything that is text in the tables of a warehouse, but where files lie."""
    with duckdb.connect(str(folder / name), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('core', 'ops')"
        ).fetchall()
        return "\n".join(str(connection.execute(f"from {table}").fetchall()) for (table,) in tables)


def test_lines_left_out_are_counted_and_a_changed_glob_is_a_restatement(project: Path, run: Run) -> None:
    s3 = bill_line(3, cost="0.30").replace("AmazonEC2", "AmazonS3").replace("444455556666", "999988887777")
    write_bill(project, [bill_line(1), bill_line(2), s3])
    assert run("sync").exit_code == 0
    configure(project, 'include = ["account:4444*", "service:amazonec?", "*.csv"]\n')
    synced = run("sync")
    assert "left out by include and exclude: 1 lines, 0.30 USD" in synced.stderr
    (unit,) = query(project, "select row_count, left_out_lines, status from ops.units")
    assert unit == (2, 1, "loaded")
    changed = query(
        project,
        "select cause, lines_from, lines_to, billed_cost_from from ledger.restatements where service_name = 'AmazonS3' "
        "and lines_to = 0",
    )
    assert changed == [("activity", 1, 0, Decimal("0.30"))]
    report = run("report", "coverage").stdout
    assert "in no figure: 1 lines, 0.30 USD." in " ".join(report.split())
    assert "1 unchanged" in run("sync", "--json").stdout  # the same globs read nothing again
    configure(project, 'exclude = ["region:EU-*"]\n')
    assert run("sync").exit_code == 0
    assert query(project, "select row_count, left_out_lines, status from ops.units") == [(0, 3, "delivered_empty")]
    assert run("audit").exit_code == 0
    configure(project, "")
    assert run("sync").exit_code == 0
    assert query(project, "select count(*), sum(billed_cost) from ledger.usage") == [(3, Decimal("0.50"))]


def test_hashed_columns_stay_hashed_alike_and_are_nowhere_in_the_clear(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_KEY", KEY)
    (project / "load").mkdir()
    (project / "load" / "load.csv").write_text("resource_id,time,utilization\ni-0a1b2c3d,2025-03-02T01:00Z,0.5\n")
    (project / "accounts.csv").write_text("provider,account_id,name\naws,444455556666,secret-project\n")
    more = "".join(
        f'[[source]]\nname = "{kind}"\nkind = "{kind}"\nlocation = "{place}"\n'
        for kind, place in (("utilization-csv", "load"), ("accounts-csv", "accounts.csv"))
    )
    write_bill(project, [bill_line(1), bill_line(2), bill_line(3)])
    configure(project, more)
    assert run("sync").exit_code == 0  # leaves a restatement with the account in the clear
    configure(project, more, PRIVATE)
    refused = run("sync")
    assert refused.exit_code == Exit.USAGE
    assert "Run `wattledger rebuild`" in refused.stderr
    assert run("rebuild").exit_code == 0
    assert run("publish").exit_code == 0
    for name in ("wattledger.duckdb", "wattledger.snapshot.duckdb"):
        found = texts(project, name)
        for plain in ("i-0a1b2c3d", "444455556666", "secret-project", "search", KEY):
            assert plain not in found, (plain, name)
    usage = query(project, "select distinct resource_id, sub_account_id, tags from ledger.usage")
    assert usage == [(hashed("i-0a1b2c3d"), hashed("444455556666"), {"user:team": hashed("search")})]
    observed = query(project, "select count(*) from ledger.lines where observed_share > 0")
    assert observed == [(1,)]  # the load still finds its machine
    assert query(project, "select distinct sub_account_id from core.generation_sum") == [(hashed("444455556666"),)]
    assert run("sync").exit_code == 0  # the same key and columns
    monkeypatch.setenv("LEDGER_KEY", KEY + "x")
    assert "hashes another key or other columns now" in run("sync").stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("0123456789abcdef0123456789abcdef", "never be the key itself"),
        ("env:NOT_THERE", "env:NOT_THERE is not there"),
        ("file:no.key", "no.key cannot be read"),
    ],
)
def test_a_key_in_the_configuration_or_none_at_all_is_refused(project: Path, run: Run, key: str, said: str) -> None:
    configure(project, "", PRIVATE.replace("env:LEDGER_KEY", key))
    refused = run("sync")
    assert refused.exit_code == Exit.USAGE
    assert said in refused.stderr
    assert key.removeprefix("file:") in refused.stderr or key not in refused.stderr


def test_lines_cannot_be_selected_where_there_are_none(fresh: Path, run: Run) -> None:
    configure(fresh, '[[source]]\nname = "a"\nkind = "accounts-csv"\nlocation = "a.csv"\ninclude = ["account:1*"]\n')
    assert "has no lines of accounts, services and regions" in run("config", "validate").stderr
