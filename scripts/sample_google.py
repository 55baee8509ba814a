"""The invented company's Google Cloud bill: a month of rows of the detailed billing export, as JSON Lines.

Constructed from the export's published schema. Descriptions of SKUs are those of Google's price list; identifiers,
prices and quantities are INVENTED. A row is a day of one SKU; the export itself has rows by the hour.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sample_world import JULY, JUNE

DAY = timedelta(days=1)
HOURS = 24
GIB = 2**30
HOUR_S = 3600
DAY_S = HOURS * HOUR_S
ACCOUNT = "0A1B2C-3D4E5F-678901"
SEARCH, VISION = "northlight-search", "northlight-vision"
REGIONS = {SEARCH: ("europe-west1", "BE"), VISION: ("us-central1", "US")}
TEAMS = {SEARCH: "search", VISION: "research"}


@dataclass(frozen=True)
class Sku:
    """One SKU that a project uses every day: ``amount`` in ``unit``, ``cost`` in USD, ``credit`` as a share of it."""

    project: str
    service: str
    description: str
    amount: float
    unit: str
    cost: float
    machine: str = ""
    resource: str = ""
    credit: float = 0.0


SKUS = (
    # two n2-standard-4, always on: 8 vCPU, 32 GiB
    Sku(SEARCH, "Compute Engine", "N2 Instance Core running in Belgium", 8 * DAY_S, "seconds", 6.6, "n2-standard-4",
        "index-1", 0.2),
    Sku(SEARCH, "Compute Engine", "N2 Instance Ram running in Belgium", 32 * GIB * DAY_S, "byte-seconds", 3.6,
        "n2-standard-4", "index-1", 0.2),
    Sku(SEARCH, "Compute Engine", "Balanced PD Capacity in Belgium", 500 * GIB * DAY_S, "byte-seconds", 1.7),
    Sku(SEARCH, "Cloud Storage", "Standard Storage Belgium", 2000 * GIB * DAY_S, "byte-seconds", 1.3),
    Sku(SEARCH, "Compute Engine", "Network Inter Region Data Transfer Out from Belgium to Americas", 40 * GIB,
        "bytes", 2.0),
    Sku(SEARCH, "Compute Engine", "Network Internet Data Transfer Out from EMEA to EMEA", 20 * GIB, "bytes", 2.4),
    # one n1-standard-8 with a T4, ten hours a day: 8 vCPU, 30 GiB, one board
    Sku(VISION, "Compute Engine", "N1 Predefined Instance Core running in Americas", 80 * HOUR_S, "seconds", 2.5,
        "n1-standard-8", "train-1"),
    Sku(VISION, "Compute Engine", "N1 Predefined Instance Ram running in Americas", 300 * GIB * HOUR_S, "byte-seconds",
        1.3, "n1-standard-8", "train-1"),
    Sku(VISION, "Compute Engine", "Nvidia Tesla T4 GPU running in Americas", 10 * HOUR_S, "seconds", 3.5,
        "n1-standard-8", "train-1"),
    Sku(VISION, "BigQuery", "Active Logical Storage (us-central1)", 3000 * GIB * DAY_S, "byte-seconds", 2.0),
    Sku(VISION, "BigQuery", "Analysis (us-central1)", 200 * GIB, "bytes", 1.2),
)  # fmt: skip


def write_billing(path: Path) -> None:
    """Write the month's rows, one JSON object per line; what is null is left out, as an extract does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in rows())
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def rows() -> Iterator[dict[str, object]]:
    """Every day of every SKU, then a correction, a partner's software and the tax."""
    day = JUNE
    while day < JULY:
        for number, sku in enumerate(SKUS, start=1):
            yield row(sku, f"0000-0000-{number:04}", day)
        day += DAY
    # Two hours of the machine that were billed twice: a row of its own with a minus sign.
    back = Sku(VISION, "Compute Engine", SKUS[6].description, -16 * HOUR_S, "seconds", -0.5, "n1-standard-8", "train-1")
    yield row(back, "0000-0000-0007", JUNE + 9 * DAY) | {"adjustment_info": {"type": "USAGE_CORRECTION"}}
    partner = Sku(SEARCH, "Log Scanner Enterprise", "Log Scanner node hours", 48.0, "h", 20.0)
    yield row(partner, "0000-0000-0101", JULY - DAY) | {"invoice": {"month": "202506", "publisher_type": "PARTNER"}}
    tax = Sku(SEARCH, "Invoice", "Tax", 0.0, "", 61.0)
    yield row(tax, "0000-0000-0102", JULY - DAY) | {"cost_type": "tax"}


def row(sku: Sku, sku_id: str, day: datetime) -> dict[str, object]:
    """One row of the detailed export."""
    region, country = REGIONS[sku.project]
    labels = [{"key": "compute.googleapis.com/machine_spec", "value": sku.machine}] if sku.machine else []
    found: dict[str, object] = {
        "billing_account_id": ACCOUNT,
        "service": {"id": sku.service.upper().replace(" ", "-"), "description": sku.service},
        "sku": {"id": sku_id, "description": sku.description},
        "usage_start_time": f"{day:%Y-%m-%d %H:%M:%S} UTC",
        "usage_end_time": f"{day + DAY:%Y-%m-%d %H:%M:%S} UTC",
        "project": {"id": sku.project, "name": sku.project},
        "labels": [{"key": "team", "value": TEAMS[sku.project]}],
        "system_labels": labels,
        "location": {"location": region, "country": country, "region": region},
        "cost": sku.cost,
        "currency": "USD",
        "usage": {"amount": sku.amount, "unit": sku.unit},
        "credits": [],
        "invoice": {"month": "202506", "publisher_type": "GOOGLE"},
        "cost_type": "regular",
    }
    if sku.credit:
        amount = -round(sku.cost * sku.credit, 6)
        found["credits"] = [{"name": "Sustained use discount", "type": "SUSTAINED_USAGE_DISCOUNT", "amount": amount}]
    if sku.resource:
        found["resource"] = {"name": sku.resource}
    return found
