"""The rate and line queries read as Spark and BigQuery SQL, so that the card can be taken to the data."""

from importlib import resources
from importlib.resources.abc import Traversable

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

_CARD = sorted(
    (entry for entry in (resources.files("models") / "sql").iterdir() if not entry.name.startswith("insert_")),
    key=lambda entry: entry.name,
)
_LINES = [resources.files("warehouse") / "ledger" / f"{name}.sql" for name in ("footprint", "lines", "footprint_daily")]


@pytest.mark.parametrize("engine", ["spark", "bigquery"])
@pytest.mark.parametrize("query", [*_CARD, *_LINES], ids=lambda entry: entry.name)
def test_the_query_transpiles(query: Traversable, engine: str) -> None:
    text = query.read_text(encoding="utf-8")
    made = sqlglot.transpile(
        text, read="duckdb", write=engine, error_level=ErrorLevel.RAISE, unsupported_level=ErrorLevel.RAISE
    )
    assert len(made) == 1
    assert sqlglot.parse_one(made[0], read=engine)
