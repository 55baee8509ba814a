"""The benchmark's bill: a Data Export of CUR 2.0 in parquet, made once and kept under bench/data."""

import shutil
from datetime import date
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
LINES_PER_FILE = 250_000
FILES_PER_MONTH = 2
FIRST_MONTH = (2025, 1)


def make_bill(lines: int, folder: Path = HERE / "data") -> Path:
    """Return the export's folder, holding ``lines`` lines in months of two files; made if it is not there."""
    export = folder / f"cur-{lines}"
    if export.exists():
        return export
    fresh = export.with_suffix(".part")
    shutil.rmtree(fresh, ignore_errors=True)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"create table sku as {(HERE / 'sku.sql').read_text()}")
        connection.execute("set variable skus = (select count(*) from sku)")
        for number, first in enumerate(range(0, lines, LINES_PER_FILE)):
            month = date(FIRST_MONTH[0], FIRST_MONTH[1] + number // FILES_PER_MONTH, 1)
            partition = fresh / "data" / f"BILLING_PERIOD={month:%Y-%m}"
            partition.mkdir(parents=True, exist_ok=True)
            count = min(LINES_PER_FILE, lines - first)
            for name, value in (("first_line", first), ("lines", count), ("month", month)):
                connection.execute(f"set variable {name} = ?", [value])
            target = partition / f"bill-{number % FILES_PER_MONTH + 1:05}.snappy.parquet"
            connection.execute(
                f"copy ({(HERE / 'bill.sql').read_text()}) to '{target}' (format parquet, compression snappy)"
            )
    fresh.rename(export)
    return export
