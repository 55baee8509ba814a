"""The SQL files of this room, and the steps that they make."""

from importlib import resources

import duckdb


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("models") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def make(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Keep the rows of the select named ``step`` as the temporary table of that name."""
    connection.execute(f"create or replace temp table {step} as {sql(step)}")
