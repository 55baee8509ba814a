"""A source with one file, read as the driver reads it: what it stages and what it reports."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from connectors.registry import source_for
from wattledger.contracts import ReadReport, SourceSettings


def read_staged(
    settings: SourceSettings, folder: Path, columns: Iterable[str], select: str = "*"
) -> tuple[list[tuple[object, ...]], ReadReport]:
    """Read the one unit of a source within ``folder``; return its rows, which have these columns, and the report."""
    source = source_for(settings)
    (unit,) = source.units(None)
    scratch, staged = folder / "scratch", folder / "staged.parquet"
    scratch.mkdir(exist_ok=True)
    report = source.read(source.fetch(unit, folder), staged, scratch)
    with duckdb.connect() as connection:
        found = connection.execute(f"select {select} from read_parquet(?)", [str(staged)])
        assert [column[0] for column in found.description or ()] == list(columns)
        return found.fetchall(), report
