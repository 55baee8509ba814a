"""Constructed rows of the detailed Cloud Billing export, and how BigQuery delivers them.

No real export is public; these follow the published schema. One hour of an n1-standard-4 in Iowa: 4 vCPU x 3,600 s on
the Core SKU.
"""

import csv
import gzip
import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from bills import at

ROW: dict[str, Any] = {
    "billing_account_id": "01AB23-4567CD-89EF01",
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "2E27-4F75-95CD", "description": "N1 Predefined Instance Core running in Americas"},
    "usage_start_time": "2025-06-03 07:00:00 UTC",
    "usage_end_time": "2025-06-03 08:00:00 UTC",
    "project": {
        "id": "search-prod",
        "number": "123456789012",
        "name": "search-prod",
        "ancestry_numbers": "/111/222/",
        "ancestors": [{"resource_name": "organizations/111", "display_name": "example.com"}],
        "labels": [{"key": "team", "value": "platform"}, {"key": "cost-centre", "value": "42"}],
    },
    "labels": [{"key": "team", "value": "search"}],
    "system_labels": [
        {"key": "compute.googleapis.com/machine_spec", "value": "n1-standard-4"},
        {"key": "compute.googleapis.com/cores", "value": "4"},
        {"key": "compute.googleapis.com/memory", "value": "15360"},
        {"key": "compute.googleapis.com/is_unused_reservation", "value": "false"},
    ],
    "tags": [
        {"key": "env", "value": "prod", "inherited": True, "namespace": "111"},
        {"key": "team", "value": "all", "inherited": True, "namespace": "111"},
    ],
    "location": {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"},
    "cost": 0.126444,
    "currency": "USD",
    "currency_conversion_rate": 1.0,
    "usage": {
        "amount": 14400.0,
        "unit": "seconds",
        "amount_in_pricing_units": 4.0,
        "pricing_unit": "hour",
    },
    "credits": [
        {"id": "1", "full_name": "Sustained", "type": "SUSTAINED_USAGE_DISCOUNT", "name": "SUD", "amount": -0.025},
        {"id": "2", "full_name": "Trial", "type": "PROMOTION", "name": "Trial", "amount": -0.001444},
    ],
    "invoice": {"month": "202506", "publisher_type": "GOOGLE"},
    "cost_type": "regular",
    "adjustment_info": {"id": None, "description": None, "type": None, "mode": None},
    "export_time": "2025-06-03 12:34:56.789012 UTC",
    "transaction_type": "GOOGLE",
    "seller_name": "Google",
    "resource": {
        "name": "worker-1",
        "global_name": "//compute.googleapis.com/projects/search-prod/zones/us-central1-a/instances/4567",
    },
}  # fmt: skip

STAGED: dict[str, object] = {
    "provider_line_id": None,
    "provider": "gcp",
    "billing_account_id": "01AB23-4567CD-89EF01",
    "sub_account_id": "search-prod",
    "sub_account_name": "search-prod",
    "service_name": "Compute Engine",
    "service_code": "6F81-5844-456A",
    "region_id": "us-central1",
    "sku_meter": "N1 Predefined Instance Core running in Americas",
    "operation": "2E27-4F75-95CD",
    "consumed_unit": "seconds",
    "instance_type": "n1-standard-4",
    "product_family": None,
    "charge_category": "Usage",
    "line_type": "regular",
    "is_split": False,
    "capacity_status": None,
    "resource_id": "//compute.googleapis.com/projects/search-prod/zones/us-central1-a/instances/4567",
    "charge_period_start": at("2025-06-03 07:00"),
    "charge_period_end": at("2025-06-03 08:00"),
    "billing_month": date(2025, 6, 1),
    "consumed_quantity": 14400.0,
    "billed_cost": Decimal("0.1"),  # 0.126444 - 0.025 - 0.001444
    "effective_cost": Decimal("0.1"),
    "cost_basis": "effective",
    "billing_currency": "USD",
    "tags": {"team": "search", "cost-centre": "42", "env": "prod"},  # label before tag before label of the project
    "split": None,
}

_PAIR = pa.struct({"key": pa.string(), "value": pa.string()})
_LISTS = {
    "labels": pa.list_(_PAIR),
    "system_labels": pa.list_(_PAIR),
    "tags": pa.list_(
        pa.struct({"key": pa.string(), "value": pa.string(), "inherited": pa.bool_(), "namespace": pa.string()})
    ),
    "credits": pa.list_(
        pa.struct({**dict.fromkeys(("id", "full_name", "type", "name"), pa.string()), "amount": pa.float64()})
    ),
}


def row(**changes: object) -> dict[str, Any]:
    """The hour with changes by dotted name, the dot written ``__``; an object of which all is None is a null."""
    changed = json.loads(json.dumps(ROW))
    for name, value in changes.items():
        parent, _, leaf = name.partition("__")
        if leaf:
            changed[parent][leaf] = value
        else:
            changed[name] = value
    return changed  # type: ignore[no-any-return]


def system_label(key: str, value: str) -> list[dict[str, str]]:
    return [{"key": f"compute.googleapis.com/{key}", "value": value}]


def credit(kind: str, amount: object) -> dict[str, object]:
    return {"type": kind, "name": "a credit", "amount": amount}


def json_lines(*rows: Mapping[str, object]) -> bytes:
    """Newline-delimited JSON as an extract job writes it: what is null is left out."""
    return "".join(json.dumps(_filled(one), separators=(",", ":")) + "\n" for one in rows).encode()


def json_gz(*rows: Mapping[str, object]) -> bytes:
    return gzip.compress(json_lines(*rows), mtime=0)


def parquet(*rows: Mapping[str, object]) -> bytes:
    """Nested parquet with times in UTC, as an extract job writes it."""
    arrays = {}
    for name in rows[0]:
        values = [one[name] for one in rows]
        if name.endswith("_time"):
            moments = [datetime.fromisoformat(str(value).replace(" UTC", "")).replace(tzinfo=UTC) for value in values]
            arrays[name] = pa.array(moments, pa.timestamp("us", tz="UTC"))
        else:
            arrays[name] = pa.array(values, _LISTS.get(name))
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out, compression="snappy")
    return out.getvalue()


def flat_csv(*rows: Mapping[str, object], dot: str = ".") -> bytes:
    """A csv with a column for each leaf and lists as JSON text, as a query with TO_JSON_STRING writes it."""
    flat = [_flat(one, dot) for one in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue().encode()


def _filled(one: Mapping[str, object]) -> dict[str, object]:
    filled = {name: _filled(value) if isinstance(value, dict) else value for name, value in one.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _flat(one: Mapping[str, object], dot: str) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in one.items():
        if isinstance(value, dict):
            flat |= {f"{name}{dot}{leaf}": found for leaf, found in _flat(value, dot).items()}
        else:
            flat[name] = json.dumps(value) if isinstance(value, list) else value
    return flat
