"""`wattledger sql` reads the warehouse and nothing else."""

import json
from pathlib import Path

import pytest
from project import Run


def test_json_is_a_list_of_objects_with_exact_decimals(project: Path, run: Run) -> None:
    query = "select service_name, count(*) as lines, sum(billed_cost) as cost from ledger.usage group by all"
    result = run("sql", query, "--json")
    assert '"cost": 0.200000000000' in result.stdout  # 2 lines x 0.10, DECIMAL(38,12) as a number with its digits
    assert json.loads(result.stdout) == [{"service_name": "AmazonEC2", "lines": 2, "cost": 0.2}]


def test_a_query_can_come_from_stdin(project: Path, run: Run) -> None:
    assert run("sql", "-", "--format", "csv", stdin="select 1 as one").stdout == "one\n1\n"


@pytest.mark.parametrize(
    "query",
    ["from ledger.usage", "describe ledger.usage", "summarize ledger.usage", "show all tables", "explain select 1",
     "with x as (select 1 as a) from x", "pivot ledger.usage on service_name using count(*)", "values (1)"],
)  # fmt: skip
def test_reading_works_in_every_form(project: Path, run: Run, query: str) -> None:
    assert run("sql", query, "--json").exit_code == 0


REFUSED = [
    "select * from read_csv('wattledger.toml')",
    "select * from 'wattledger.toml'",
    "select * from 'bill/2025-03.csv'",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from read_parquet('https://example.org/x.parquet')",
    "select * from read_csv('s3://bucket/x.csv')",
    "attach 'other.duckdb'",
    "copy ledger.usage to 'out.csv'",
    "copy (select 1) to '/dev/stdout'",
    "export database 'out'",
    "import database 'out'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set threads = 1",
    "reset threads",
    "set variable x = 1",
    "pragma enable_profiling",
    "call pragma_version()",
    "use memory",
    "begin",
    "checkpoint",
    "create table core.x (a integer)",
    "create temp table x as select 1",
    "insert into core.setting values ('a', 'b')",
    "with x as (insert into core.setting values ('a', 'b') returning *) select * from x",
    "update core.setting set value = ''",
    "delete from core.unit",
    "drop table core.unit",
    "create secret (type s3)",
    "select * from duckdb_secrets()",
    "prepare p as select 1",
    "select 1; select 2",
    "select 1; drop table core.unit",
    "",
    "/* nothing */",
    "selec 1",
]


@pytest.mark.parametrize("query", REFUSED)
def test_everything_else_is_refused_and_writes_nothing(project: Path, run: Run, query: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
    result = run("sql", query)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()} == before


def test_a_refused_query_shows_what_the_engine_says(project: Path, run: Run) -> None:
    assert "usagee" in run("sql", "from ledger.usagee").stderr
    assert "Did you mean" in run("sql", "from ledger.usagee").stderr
