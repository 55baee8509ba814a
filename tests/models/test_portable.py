"""The rate and line queries read as Spark and BigQuery SQL, so that the card can be taken to the data."""

from importlib import resources

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

from warehouse.views import views

_CARD = {
    entry.name: entry.read_text(encoding="utf-8")
    for entry in (resources.files("models") / "sql").iterdir()
    if not entry.name.startswith("insert_")
}
_LINES = {
    view.name: view.sql
    for view in views()
    if view.name in ("ledger.footprint", "ledger.lines", "ledger.footprint_daily")
}


@pytest.mark.parametrize("engine", ["spark", "bigquery"])
@pytest.mark.parametrize("name", sorted(_CARD | _LINES))
def test_the_query_transpiles(name: str, engine: str) -> None:
    text = (_CARD | _LINES)[name]
    made = sqlglot.transpile(
        text, read="duckdb", write=engine, error_level=ErrorLevel.RAISE, unsupported_level=ErrorLevel.RAISE
    )
    assert len(made) == 1
    assert sqlglot.parse_one(made[0], read=engine)
