"""The bill of the sample world, hour by hour, as a CUR 2.0 data export in parquet with its manifest."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sample_world as world
from sample_world import HOUR, METERS, Meter

PLAN_SHARE = 0.72  # of the public price, under the savings plan
PLAN_ARN = f"arn:aws:savingsplans::{world.PAYER}:savingsplan/0f0e0d0c"
PLAN_COMMITMENT = 0.3  # an hour
RESERVED_RATE = 0.33  # an hour
RESERVATION_ARN = f"arn:aws:ec2:eu-central-1:{world.ANALYTICS}:reserved-instances/0c0b0a09"

_TEXT, _TIME, _NUMBER = pa.string(), pa.timestamp("ms"), pa.float64()
_MAP = pa.map_(pa.string(), pa.string())
COLUMNS = {
    "identity_line_item_id": _TEXT,
    "identity_time_interval": _TEXT,
    "bill_billing_entity": _TEXT,
    "bill_bill_type": _TEXT,
    "bill_invoice_id": _TEXT,
    "bill_payer_account_id": _TEXT,
    "bill_billing_period_start_date": _TIME,
    "bill_billing_period_end_date": _TIME,
    "line_item_usage_account_id": _TEXT,
    "line_item_usage_account_name": _TEXT,
    "line_item_line_item_type": _TEXT,
    "line_item_usage_start_date": _TIME,
    "line_item_usage_end_date": _TIME,
    "line_item_product_code": _TEXT,
    "line_item_usage_type": _TEXT,
    "line_item_operation": _TEXT,
    "line_item_availability_zone": _TEXT,
    "line_item_resource_id": _TEXT,
    "line_item_usage_amount": _NUMBER,
    "line_item_currency_code": _TEXT,
    "line_item_unblended_rate": _TEXT,
    "line_item_unblended_cost": _NUMBER,
    "line_item_line_item_description": _TEXT,
    "pricing_unit": _TEXT,
    "pricing_term": _TEXT,
    "pricing_public_on_demand_cost": _NUMBER,
    "product": _MAP,
    "product_product_family": _TEXT,
    "product_instance_type": _TEXT,
    "product_region_code": _TEXT,
    "reservation_effective_cost": _NUMBER,
    "reservation_reservation_arn": _TEXT,
    "reservation_unused_recurring_fee": _NUMBER,
    "savings_plan_savings_plan_a_r_n": _TEXT,
    "savings_plan_savings_plan_effective_cost": _NUMBER,
    "savings_plan_total_commitment_to_date": _NUMBER,
    "savings_plan_used_commitment": _NUMBER,
    "resource_tags": _MAP,
}
Row = dict[str, object]


def billed_hours(meter: Meter, month: datetime, whole_month: bool = False) -> Iterator[datetime]:
    """Yield the hours of the month in which the meter runs; those before the account's bill begins only if asked."""
    begins = world.MAY if whole_month else world.BILL_BEGINS.get(meter.account, world.MAY)
    hour = month
    while hour.month == month.month:
        if hour >= begins and meter.is_on(hour):
            yield hour
        hour += HOUR


def bill_rows(month: datetime) -> Iterator[Row]:
    """Yield the lines of a billing month: usage, then what is billed once a month."""
    hours_of_month = (month.replace(month=month.month + 1) - month) / HOUR
    for meter in METERS:
        for hour in billed_hours(meter, month):
            yield from _usage(meter, month, hour, hours_of_month)
    yield from _monthly(month, hours_of_month)


def write_bill(folder: Path, bucket: str, month: datetime, rows: Iterable[Row]) -> None:
    """Write the data file of a billing period and, after it, the manifest."""
    lines = list(rows)
    for number, line in enumerate(lines):
        line["identity_line_item_id"] = f"{number:010x}"
    arrays = [pa.array([line.get(name) for line in lines], kind) for name, kind in COLUMNS.items()]
    partition, name = f"BILLING_PERIOD={month:%Y-%m}", "northlight-cur-00001.snappy.parquet"
    target = folder / "data" / partition / name
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays, names=list(COLUMNS)), target, compression="snappy")
    manifest = {"executionId": f"cur-{month:%Y-%m}", "dataFiles": [f"{bucket}/cur/data/{partition}/{name}"]}
    path = folder / "metadata" / partition / "northlight-cur-Manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _line(month: datetime, account: str, line_type: str, start: datetime, end: datetime, cost: float) -> Row:
    return {
        "identity_time_interval": f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}",
        "bill_billing_entity": "AWS",
        "bill_bill_type": "Anniversary",
        "bill_invoice_id": f"10{month:%y%m}",
        "bill_payer_account_id": world.PAYER,
        "bill_billing_period_start_date": month,
        "bill_billing_period_end_date": month.replace(month=month.month + 1),
        "line_item_usage_account_id": account,
        "line_item_usage_account_name": world.ACCOUNT_NAMES[account],
        "line_item_line_item_type": line_type,
        "line_item_usage_start_date": start,
        "line_item_usage_end_date": end,
        "line_item_currency_code": "USD",
        "line_item_unblended_cost": round(cost, 10),
        "product": [],
        "resource_tags": [],
    }


def _usage(meter: Meter, month: datetime, hour: datetime, hours_of_month: float) -> Iterator[Row]:
    amount = meter.per_hour / hours_of_month if meter.unit == "GB-Mo" else meter.per_hour
    amount, prefix = round(amount, 10), world.PREFIXES[meter.region]
    public = round(amount * meter.price, 10)
    is_reserved = meter.line_type == "DiscountedUsage"
    row = _line(month, meter.account, meter.line_type, hour, hour + HOUR, 0.0 if is_reserved else public)
    zone = f"{meter.region}a" if meter.instance_type and meter.region else None
    row |= {
        "line_item_product_code": meter.service,
        "line_item_usage_type": f"{'' if meter.region == 'us-east-1' else prefix}{meter.usage_type}",
        "line_item_operation": meter.operation or None,
        "line_item_availability_zone": zone,
        "line_item_resource_id": meter.resource or None,
        "line_item_usage_amount": amount,
        "line_item_unblended_rate": f"{0.0 if is_reserved else meter.price:.10f}",
        "line_item_line_item_description": f"{meter.price:g} USD per {meter.unit}",
        "pricing_unit": meter.unit,
        "pricing_term": "Reserved" if is_reserved else "OnDemand",
        "pricing_public_on_demand_cost": public,
        "product": [("region", meter.region)] if meter.region else [],
        "product_product_family": meter.family or None,
        "product_instance_type": meter.instance_type or None,
        "product_region_code": meter.region or None,
        "resource_tags": sorted(meter.tags.items()),
    }
    if is_reserved:
        row |= {"reservation_effective_cost": RESERVED_RATE, "reservation_reservation_arn": RESERVATION_ARN}
    if meter.line_type != "SavingsPlanCoveredUsage":
        yield row
        return
    plan = {"savings_plan_savings_plan_a_r_n": PLAN_ARN}
    yield row | plan | {"savings_plan_savings_plan_effective_cost": round(public * PLAN_SHARE, 10)}
    yield (
        row
        | plan
        | {
            "line_item_line_item_type": "SavingsPlanNegation",
            "line_item_usage_amount": -amount,
            "line_item_unblended_cost": -public,
            "pricing_public_on_demand_cost": 0.0,
        }
    )


def _monthly(month: datetime, hours_of_month: float) -> Iterator[Row]:
    """Plan and reservation fees, tax, support, a refund, a credit, and a correction with a negative quantity."""
    after = month.replace(month=month.month + 1)
    covered = [meter for meter in METERS if meter.line_type == "SavingsPlanCoveredUsage"]
    used = round(sum(meter.price * PLAN_SHARE for meter in covered) * hours_of_month, 10)
    commitment = round(PLAN_COMMITMENT * hours_of_month, 10)
    yield _line(month, world.PAYER, "SavingsPlanRecurringFee", month, after, commitment) | {
        "line_item_product_code": "ComputeSavingsPlans",
        "line_item_usage_type": "ComputeSP:1yrNoUpfront",
        "line_item_usage_amount": hours_of_month,
        "line_item_line_item_description": "1 year no upfront compute savings plan",
        "savings_plan_savings_plan_a_r_n": PLAN_ARN,
        "savings_plan_total_commitment_to_date": commitment,
        "savings_plan_used_commitment": used,
    }
    begins = max(month, world.BILL_BEGINS[world.ANALYTICS])
    hours = (after - begins) / HOUR
    yield _line(month, world.ANALYTICS, "RIFee", begins, after, RESERVED_RATE * hours) | {
        "line_item_product_code": "AmazonEC2",
        "line_item_usage_type": "EUC1-HeavyUsage:r6i.2xlarge",
        "line_item_operation": "RunInstances",
        "line_item_usage_amount": hours,
        "pricing_unit": "Hrs",
        "product_region_code": "eu-central-1",
        "reservation_reservation_arn": RESERVATION_ARN,
        "reservation_unused_recurring_fee": 0.0,
    }
    yield _line(month, world.WEB, "Tax", month, after, 41.17) | {
        "line_item_product_code": "AmazonEC2",
        "line_item_line_item_description": "Tax for product code AmazonEC2",
        "line_item_usage_amount": 1.0,
    }
    yield _line(month, world.PAYER, "Fee", month, after, 100.0) | {
        "line_item_product_code": "AWSSupportBusiness",
        "line_item_usage_type": "Dollar",
        "line_item_usage_amount": 1.0,
        "pricing_unit": "Dollar",
    }
    if month == world.JUNE:
        yield _line(month, world.WEB, "Refund", month, after, -12.5) | {
            "line_item_product_code": "AmazonS3",
            "line_item_usage_type": "Requests-Tier1",
            "line_item_usage_amount": 1.0,
            "product_region_code": "us-east-1",
        }
        yield _line(month, world.ML, "Credit", month, after, -250.0) | {
            "line_item_product_code": "AmazonEC2",
            "line_item_usage_type": "USW2-BoxUsage:p4d.24xlarge",
            "line_item_usage_amount": 1.0,
            "product_region_code": "us-west-2",
        }
    if month == world.JULY:
        day = month.replace(day=3)
        yield _line(month, world.ANALYTICS, "Usage", day, day + 24 * HOUR, -24 * 0.504) | {
            "line_item_product_code": "AmazonEC2",
            "line_item_usage_type": "EUC1-BoxUsage:r6i.2xlarge",
            "line_item_operation": "RunInstances",
            "line_item_resource_id": "i-0c1b2c3d4e5f60002",
            "line_item_usage_amount": -24.0,
            "line_item_line_item_description": "correction of 24 hours billed twice",
            "pricing_unit": "Hrs",
            "pricing_term": "OnDemand",
            "product_product_family": "Compute Instance",
            "product_instance_type": "r6i.2xlarge",
            "product_region_code": "eu-central-1",
        }
