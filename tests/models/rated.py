"""A warehouse with the shipped factor set, and single SKUs put on its bill."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from models import factor_set
from models.rates import fill_missing
from warehouse.database import migrate

JUNE = date(2023, 6, 1)  # 30 days; every us-east-1 factor is of the year itself


@contextmanager
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse with the shipped factors and the default model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        shutil.copyfile(Path(_template().name) / "w.duckdb", path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield connection


@cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    """Make the file once for all tests; it goes when the tests end."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        migrate(connection, path)
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
    return folder


def add_sku(connection: duckdb.DuckDBPyConnection, month: date = JUNE, **key: Any) -> int:
    """Put one unit of a SKU on the bill of a month: Usage of AWS in us-east-1 unless told otherwise; return its id."""
    given = {"provider": "aws", "region_id": "us-east-1", "line_type": "Usage", "is_split": False, **key}
    given.setdefault("service_name", given.get("service_code"))
    sku_id: int = connection.execute("select coalesce(max(sku_id), 0) + 1 from core.sku").fetchall()[0][0]
    names = ", ".join(given)
    marks = ", ".join("?" for _ in given)
    connection.execute(f"insert into core.sku (sku_id, {names}) values (?, {marks})", [sku_id, *given.values()])
    put_on_bill(connection, sku_id, month)
    return sku_id


def put_on_bill(connection: duckdb.DuckDBPyConnection, sku_id: int, month: date, quantity: float = 1.0) -> None:
    """Add a daily row of the SKU to the first day of a month."""
    connection.execute(
        "insert into core.usage_daily (unit_id, usage_date, charge_month, sku_id, lines, consumed_quantity) "
        "values (1, ?, ?, ?, 1, ?)",
        [month, month, sku_id, quantity],
    )


def rate(connection: duckdb.DuckDBPyConnection, sku_id: int, month: date = JUNE) -> dict[str, Any]:
    """The row of the rate card, made if it is missing."""
    connection.begin()
    fill_missing(connection)
    connection.commit()
    result = connection.execute("select * from core.rate where sku_id = ? and charge_month = ?", [sku_id, month])
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


def ec2(instance_type: str, **key: Any) -> dict[str, Any]:
    """The key of an hour of an EC2 instance, as a Cost and Usage Report has it."""
    found = {
        "service_code": "AmazonEC2",
        "sku_meter": f"BoxUsage:{instance_type}",
        "operation": "RunInstances",
        "consumed_unit": "Hrs",
        "instance_type": instance_type,
    }
    return {**found, **key}
