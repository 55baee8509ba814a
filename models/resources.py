"""The SQL files of this room, and the steps that they make."""

import hashlib
from importlib import resources

import duckdb

METHOD = "method"  # the key of core.setting that holds `method_digest`


def sql(name: str) -> str:
    """Return the text of one of this room's SQL files."""
    return (resources.files("models") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def make(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Keep the rows of the select named ``step`` as the temporary table of that name."""
    connection.execute(f"create or replace temp table {step} as {sql(step)}")


def method_digest() -> str:
    """Return the SHA-256 over the rules, units, sizes and formulas: rates made under another one may differ."""
    room = resources.files("models")
    files = [entry for folder in ("rules", "sql") for entry in (room / folder).iterdir()]
    kept = [entry for entry in files if entry.name.endswith((".csv", ".sql"))]
    texts = (f"{entry.name}\0{entry.read_text(encoding='utf-8')}\0" for entry in sorted(kept, key=lambda e: e.name))
    return hashlib.sha256("".join(texts).encode()).hexdigest()
