"""What is left out at ingest is counted and said, and what is hashed is nowhere else in the warehouse."""

import hashlib
import hmac
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from project import CONFIG, HEADER, Run, bill_line, write_bill

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
    configure(project, 'include = ["account:4444*", "account:nobody"]\nexclude = ["region:EU-*"]\n')
    assert "bill: no line fits account:nobody of include and exclude" in run("sync").stderr
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
    hidden = query(project, "select count(distinct version) from ops.units where version like '%4444%'")
    assert hidden == [(0,)]
    assert run("sync").exit_code == 0  # the same key and columns
    monkeypatch.setenv("LEDGER_KEY", KEY + "x")
    assert "hashes another key or other columns now" in run("sync").stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("0123456789abcdef0123456789abcdef", "never be the key itself"),
        ("env:NOT_THERE", "env:NOT_THERE is not there"),
        ("env:TOO_SHORT", "env:TOO_SHORT holds 15 bytes; a key has 16 or more"),
        ("file:no.key", "no.key cannot be read"),
    ],
)
def test_a_key_in_the_configuration_or_none_at_all_is_refused(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    monkeypatch.setenv("TOO_SHORT", "fifteen-bytes-x")
    configure(project, "", PRIVATE.replace("env:LEDGER_KEY", key))
    refused = run("sync")
    assert refused.exit_code == Exit.USAGE
    assert said in refused.stderr
    assert key.removeprefix("file:") in refused.stderr or key not in refused.stderr
    assert "fifteen-bytes-x" not in refused.stderr


ARN = "arn:aws:ec2:eu-central-1:444455556666:instance/i-0a1b2c3d"
RUN = (
    "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,"
    "cpu_energy,gpu_energy,ram_energy,energy_consumed,country_name,country_iso_code,region,cloud_provider,cloud_region,"
    "os,python_version,codecarbon_version,cpu_count,cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,"
    "tracking_mode,on_cloud,pue\n"
    "2025-03-02T02:00:00,rid=i-0a1b2c3d|team=search,5a000000-0000-4000-8000-000000000001,,3600,0.01,0.001,10,0,3,"
    "0.01,0,0.003,0.013,Germany,DEU,hesse,,,Linux,3.11,2.7.4,2,Intel,,,8,50,8,machine,N,1.0\n"
)


def test_runs_pods_owners_and_metrics_still_find_what_is_hashed(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place that repeats a named column: an ARN and its tail, pods, rules, names, globs, scopes."""
    monkeypatch.setenv("LEDGER_KEY", KEY)
    header = (
        HEADER.rstrip("\n") + ",splitLineItem/ParentResourceId,splitLineItem/SplitUsage,splitLineItem/SplitUsageRatio\n"
    )
    machine = bill_line(1).replace("i-0a1b2c3d", ARN).rstrip("\n")
    pod = bill_line(1, cost="0").replace("line-", "pod-").replace("AmazonEC2", "AmazonEKS")
    pod = pod.replace("EUC1-BoxUsage:m5.large", "EUC1-EKS-EC2-vCPU-Hours").replace(
        "i-0a1b2c3d", "arn:aws:eks:eu-central-1:444455556666:pod/shop/web/p-1/uid"
    )
    (project / "bill" / "2025-03.csv").write_text(f"{header}{machine},,,\n{pod.rstrip()},{ARN},0.5,0.5\n")
    (project / "runs").mkdir()
    (project / "runs" / "emissions.csv").write_text(RUN)
    (project / "shop.csv").write_text(
        "date,metric,quantity,account,tag_key,tag_value,owner\n2025-03-02,orders,10,444455556666,,,\n"
        "2025-03-02,visits,10,,team,search,\n2025-03-02,jobs,10,,,,team:Finder\n"
    )
    configure(
        project,
        'include = ["account:444455556666"]\n[[source]]\nname = "runs"\nkind = "codecarbon"\nlocation = "runs"\n'
        'timezone = "UTC"\n[[source]]\nname = "shop"\nkind = "business-metrics"\nlocation = "shop.csv"\n',
        PRIVATE.replace('"tags.team"', '"billing_account_id", "tags.user:Team"')
        + '[owners]\nteam = ["tag:team"]\npayer = ["payer"]\nshared = ["account:999900001111", "tag:team=other-team"]\n'
        'names = {search = "Finder", "111122223333" = "Head office"}\n',
    )
    synced = run("rebuild")
    assert synced.exit_code == 0, synced.stderr
    assert run("nightly").exit_code == 0
    for name in ("wattledger.duckdb", "wattledger.snapshot.duckdb"):
        found = texts(project, name)
        for plain in (
            "i-0a1b2c3d",
            "444455556666",
            "111122223333",
            "999900001111",
            "search",
            "other-team",
        ):
            assert plain not in found, (plain, name)
    assert query(project, "select match_level from ledger.reconciliation_runs") == [("L1",)]
    assert query(project, "select count(*) from ledger.allocation where energy_kwh > 0") == [(2,)]  # the pod, the rest
    assert query(project, "select distinct dimension, owner from ledger.owners order by all") == [
        ("payer", "Head office"),
        ("team", "Finder"),
    ]
    assert query(project, "select metric, energy_kwh > 0 from ledger.sci where grain = 'month' order by all") == [
        ("jobs", True),
        ("orders", True),
        ("visits", True),
    ]
    assert run("audit").exit_code == 0


def test_a_glob_over_what_is_hashed_is_refused_and_no_id_is_told(
    fresh: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_KEY", KEY)
    (fresh / "shop.csv").write_text(
        "date,metric,quantity,account\n2025-03-02,orders,1,*\n2025-03-03,orders,1,4444555566*\n"
    )
    (fresh / "accounts.csv").write_text("provider,account_id\naws,444455556666\naws,444455556666\n")
    more = "".join(
        f'[[source]]\nname = "{kind}"\nkind = "{kind}"\nlocation = "{place}"\n'
        for kind, place in (("business-metrics", "shop.csv"), ("accounts-csv", "accounts.csv"))
    )
    write_bill(fresh, [bill_line(1)])
    configure(fresh, more, PRIVATE)
    synced = run("sync")
    assert "row 2 has a glob in account, whose values [privacy] hashes" in synced.stderr
    assert "line 3: the account stands in line 2 already" in synced.stderr
    assert "4444555566" not in synced.stdout + synced.stderr + texts(fresh, "wattledger.duckdb")
    configure(fresh, "", PRIVATE + '[owners]\nteam = ["account"]\nshared = ["account:4444555566*"]\n')
    refused = run("estimate")
    assert refused.exit_code == Exit.USAGE
    assert "[owners] shared, 'account:4444555566*': has a glob over what [privacy] hashes" in refused.stderr


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('"sub_account_id"', "'sub_account_id' needs 'resource_id', too"),
        ('"billing_account_id"', "'billing_account_id' needs 'sub_account_id', too"),
    ],
)
def test_an_id_that_another_column_repeats_is_hashed_with_it_or_not_at_all(
    project: Path, run: Run, columns: str, said: str
) -> None:
    configure(project, "", f'[privacy]\nhash = [{columns}]\nkey = "env:LEDGER_KEY"\n')
    assert said in run("config", "validate").stderr


def test_lines_cannot_be_selected_where_there_are_none(fresh: Path, run: Run) -> None:
    configure(fresh, '[[source]]\nname = "a"\nkind = "accounts-csv"\nlocation = "a.csv"\ninclude = ["account:1*"]\n')
    assert "has no lines of accounts, services and regions" in run("config", "validate").stderr
