"""The SQL files and data files of this room, and the steps that they make."""

from collections.abc import Sequence
from importlib import resources

import duckdb


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("reconcile") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def make(connection: duckdb.DuckDBPyConnection, steps: Sequence[str]) -> None:
    """Keep the rows of each select as the temporary table of its name, in order."""
    for step in steps:
        connection.execute(f"create or replace temp table {step} as {sql(step)}")


def load_csv(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the temporary table ``name`` from this room's data file of that name; an empty field is null."""
    with resources.as_file(resources.files("reconcile") / f"{name}.csv") as path:
        connection.execute("set variable data_file = ?", [str(path)])
        connection.execute(
            f"create or replace temp table {name} as from read_csv(getvariable('data_file'), header = true)"
        )


def drop(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Drop temporary tables."""
    for table in tables:
        connection.execute(f"drop table if exists temp.{table}")
