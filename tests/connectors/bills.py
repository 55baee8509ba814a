"""Constructed bill lines in the shapes that AWS documents, and how tests deliver and read them.

No real Cost and Usage Report 2.0 or FOCUS 1.2 file is public; these follow the published column lists.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.registry import source_for
from wattledger.contracts import USAGE_COLUMNS, ReadReport, Source, SourceSettings, Unit

Row = dict[str, object]


def at(text: str) -> datetime:
    """A moment in UTC, without a zone as the warehouse keeps it."""
    return datetime.fromisoformat(text)


# One hour of an m5.large in Frankfurt, as the legacy report prints it.
LEGACY: dict[str, str] = {
    "identity/LineItemId": "line-1",
    "bill/PayerAccountId": "000000000012",
    "bill/BillingPeriodStartDate": "2025-06-01T00:00:00Z",
    "lineItem/UsageAccountId": "012345678901",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2025-06-03T07:00:00Z",
    "lineItem/UsageEndDate": "2025-06-03T08:00:00Z",
    "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "EUC1-BoxUsage:m5.large",
    "lineItem/Operation": "RunInstances",
    "lineItem/AvailabilityZone": "eu-central-1a",
    "lineItem/ResourceId": "i-0abc1234def567890",
    "lineItem/UsageAmount": "1",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "0.1150000000",
    "pricing/unit": "Hrs",
    "product/instanceType": "m5.large",
    "product/productFamily": "Compute Instance",
    "product/regionCode": "eu-central-1",
    "reservation/EffectiveCost": "",
    "savingsPlan/SavingsPlanEffectiveCost": "",
}

# The same hour as CUR 2.0 delivers it in parquet.
CUR2: dict[str, object] = {
    "identity_line_item_id": "line-1",
    "bill_payer_account_id": "000000000012",
    "bill_billing_period_start_date": at("2025-06-01"),
    "line_item_usage_account_id": "012345678901",
    "line_item_line_item_type": "Usage",
    "line_item_usage_start_date": at("2025-06-03 07:00"),
    "line_item_usage_end_date": at("2025-06-03 08:00"),
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_type": "EUC1-BoxUsage:m5.large",
    "line_item_operation": "RunInstances",
    "line_item_availability_zone": "eu-central-1a",
    "line_item_resource_id": "i-0abc1234def567890",
    "line_item_usage_amount": 1.0,
    "line_item_currency_code": "USD",
    "line_item_unblended_cost": 0.115,
    "pricing_unit": "Hrs",
    "product": [("vcpu", "2"), ("region", "eu-central-1")],
    "product_product_family": "Compute Instance",
    "product_instance_type": "m5.large",
    "product_region_code": "eu-central-1",
    "reservation_effective_cost": 0.0,
    "savings_plan_savings_plan_effective_cost": 0.0,
    "resource_tags": [("user_team", "search")],
}

STAGED: Row = {
    "provider_line_id": "line-1",
    "provider": "aws",
    "billing_account_id": "000000000012",
    "sub_account_id": "012345678901",
    "service_name": "AmazonEC2",
    "service_code": "AmazonEC2",
    "region_id": "eu-central-1",
    "sku_meter": "EUC1-BoxUsage:m5.large",
    "operation": "RunInstances",
    "consumed_unit": "Hrs",
    "instance_type": "m5.large",
    "product_family": "Compute Instance",
    "charge_category": "Usage",
    "line_type": "Usage",
    "is_split": False,
    "capacity_status": None,
    "resource_id": "i-0abc1234def567890",
    "consumed_quantity": 1.0,
    "cost_basis": "effective",
    "billing_currency": "USD",
}

# The smallest legacy report that can be read: the seven required columns.
REQUIRED: dict[str, str] = {
    f"lineItem/{name}": LEGACY[f"lineItem/{name}"]
    for name in (
        "UsageAccountId", "LineItemType", "ProductCode", "UsageType", "UsageAmount", "UsageStartDate", "UnblendedCost",
    )
}  # fmt: skip


def csv_of(*rows: Mapping[str, object]) -> bytes:
    """A csv with the columns of the first row, in their order."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def gz_of(*rows: Mapping[str, object]) -> bytes:
    return gzip.compress(csv_of(*rows), mtime=0)


def zip_of(**members: bytes) -> bytes:
    """A zip with these members; ``a__csv`` is ``a.csv``. The same bytes whenever it is made: test ids can hold them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def parquet_of(*rows: Mapping[str, object], types: Mapping[str, pa.DataType] | None = None) -> bytes:
    """A snappy parquet of these rows as another program writes it; pairs become a map."""
    text_map = pa.map_(pa.string(), pa.string())
    arrays = {}
    for name, first in rows[0].items():
        kind = (types or {}).get(name, text_map if isinstance(first, list) else None)
        arrays[name] = pa.array([row[name] for row in rows], type=kind)
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out, compression="snappy")
    return out.getvalue()


def put(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below ``folder`` and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def source_at(location: Path, kind: str = "aws-cur", **settings: object) -> Source:
    return source_for(SourceSettings("bill", kind, str(location), **settings))  # type: ignore[arg-type]


def stage(source: Source, unit: Unit, folder: Path) -> tuple[list[Row], ReadReport]:
    """Read one unit as the driver does; the staged file keeps the contract."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    staged = folder / "staged.parquet"
    report = source.read(source.fetch(unit, folder), staged, scratch)
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(staged)])
        assert {column[0]: str(column[1]) for column in found.description} == dict(USAGE_COLUMNS)
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert report.rows == len(rows)
    return rows, report


def read(
    folder: Path, content: bytes | str, name: str = "bill.csv", kind: str = "aws-cur"
) -> tuple[list[Row], ReadReport]:
    """Deliver one loose file and read it."""
    source = source_at(put(folder / "export", {name: content}) / name, kind)
    (unit,) = source.units(None)
    return stage(source, unit, folder)


def pick(rows: Sequence[Row], *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]
