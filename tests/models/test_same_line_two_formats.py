"""One charge, delivered in its provider's own format and in FOCUS, is the same energy by the same rule.

All bills are constructed: the columns of each format, and the meters, units and descriptions of the price lists.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import add_sku, rate, warehouse

from connectors.registry import source_for
from wattledger.contracts import SourceSettings

FROM, TO = "2023-06-13T07:00:00Z", "2023-06-13T08:00:00Z"
FOCUS: dict[str, str] = {
    "BilledCost": "1", "EffectiveCost": "1", "BillingCurrency": "USD", "BillingPeriodStart": "2023-06-01T00:00:00Z",
    "ChargePeriodStart": FROM, "ChargePeriodEnd": TO, "ChargeCategory": "Usage",
}  # fmt: skip
AWS_NAMES = {
    "AmazonEC2": "Amazon Elastic Compute Cloud",
    "AmazonS3": "Amazon Simple Storage Service",
    "AmazonRDS": "Amazon Relational Database Service",
    "AWSLambda": "AWS Lambda",
    "AmazonElastiCache": "Amazon ElastiCache",
    "AmazonECS": "Amazon Elastic Container Service",
    "AmazonEFS": "Amazon Elastic File System",
    "AWSGlue": "AWS Glue",
    "AmazonDynamoDB": "Amazon DynamoDB",
}
AWS = [  # product code, usage type, operation, unit of the report, unit of FOCUS, instance type
    ("AmazonEC2", "USE1-BoxUsage:m5.large", "RunInstances", "Hrs", "Hours", "m5.large"),
    ("AmazonEC2", "USE1-SpotUsage:c6g.xlarge", "RunInstances:SV006", "Hrs", "Hours", "c6g.xlarge"),
    ("AmazonEC2", "USE1-EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", "GB-Months", ""),
    ("AmazonEC2", "USE1-DataTransfer-Regional-Bytes", "InterZone-Out", "GB", "GB", ""),
    ("AmazonEC2", "USE1-NatGateway-Hours", "NatGateway", "Hrs", "Hours", ""),
    ("AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "GB-Months", ""),
    ("AmazonRDS", "USE1-Multi-AZUsage:db.m5.large", "CreateDBInstance:0002", "Hrs", "Hours", "db.m5.large"),
    ("AWSLambda", "USE1-Lambda-GB-Second", "Invoke", "Lambda-GB-Second", "Lambda-GB-Second", ""),
    ("AmazonElastiCache", "NodeUsage:cache.r6g.large", "CreateCacheCluster:0002", "Hrs", "Hours", "cache.r6g.large"),
    ("AmazonECS", "USE1-Fargate-vCPU-Hours:perCPU", "FargateTask", "hours", "Hours", ""),
    ("AmazonEFS", "USE1-TimedStorage-ByteHrs", "Storage", "GB-Mo", "GB-Months", ""),
    ("AWSGlue", "USE1-ETL-DPU-Hour", "Jobrun", "DPU-Hour", "DPU-Hour", ""),
    ("AmazonDynamoDB", "USE1-ReadRequestUnits", "GetItem", "ReadRequestUnits", "ReadRequestUnits", ""),
]
AZURE = [  # category, sub-category, meter, unit of measure, quantity in it, size of the machine, service name of FOCUS
    ("Virtual Machines", "Dsv5 Series", "D2s v5", "1 Hour", "24", "Standard_D2s_v5", "Virtual Machines"),
    ("Virtual Machines", "Dv3/DSv3 Series", "D2 v3/D2s v3 Spot", "100 Hours", "0.24", "", "Virtual Machines"),
    ("Virtual Machines Licenses", "Windows Server", "2 vCPU VM License", "1 Hour", "24", "", "Virtual Machines"),
    ("Storage", "Premium SSD Managed Disks", "P10 LRS Disk", "1/Month", "0.033", "", "Storage Accounts"),
    ("Storage", "Tiered Block Blob", "Hot RA-GRS Data Stored", "100 GB/Month", "0.05", "", "Storage Accounts"),
    ("Storage", "Tiered Block Blob", "Hot LRS Write Operations", "10K", "0.0003", "", "Storage Accounts"),
    ("SQL Database", "Single Standard", "S0 DTUs", "1/Day", "1", "", "Azure SQL Database"),
    ("Redis Cache", "Azure Redis Cache Standard", "C1 Cache", "1 Hour", "24", "", "Azure Cache for Redis"),
    ("Bandwidth", "Inter-Region", "Standard Data Transfer Out", "1 GB", "3", "", "Virtual Machines"),
    ("Azure App Service", "Azure App Service Premium v3 Plan", "P1 v3 App", "1 Hour", "24", "", "Azure App Service"),
]
GCP = [  # service, description of the SKU, unit, amount, machine, publisher, place where it is no region
    ("Compute Engine", "N2 Instance Core running in Belgium", "seconds", 14400, "n2-standard-4", "GOOGLE", None),
    ("Compute Engine", "N2 Instance Ram running in Belgium", "byte-seconds", 6.2e13, "n2-standard-4", "GOOGLE", None),
    ("Compute Engine", "Nvidia Tesla T4 GPU running in Belgium", "seconds", 3600, None, "GOOGLE", None),
    ("Compute Engine", "Balanced PD Capacity", "byte-seconds", 3.9e14, None, "GOOGLE", None),
    ("Compute Engine", "Network Inter Zone Egress", "bytes", 1e9, None, "GOOGLE", None),
    ("Compute Engine", "Commitment v1: N2 Cpu in Belgium for 1 Year", "seconds", 14400, None, "GOOGLE", None),
    ("Cloud Storage", "Standard Storage Europe Multi-region", "byte-seconds", 3.9e15, None, "GOOGLE", "eu"),
    ("BigQuery", "Active Logical Storage (eu)", "byte-seconds", 3.9e14, None, "GOOGLE", "eu"),
    ("BigQuery", "Analysis (europe-west1)", "bytes", 1e12, None, "GOOGLE", None),
    ("Cloud SQL", "Cloud SQL for PostgreSQL: Regional - vCPU in Belgium", "seconds", 3600, None, "GOOGLE", None),
    ("Cloud Run", "CPU Allocation Time", "seconds", 500, None, "GOOGLE", None),
    ("Partner Scanner", "Scanner Enterprise vCPU hours", "h", 4, None, "PARTNER", None),
]


def read_back(folder: Path, kind: str, name: str, content: str) -> list[dict[str, Any]]:
    """Return the staged lines of one loose file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    source = source_for(SourceSettings("bill", kind, str(folder / name)))
    (unit,) = source.units(None)
    staged = folder / "staged.parquet"
    source.read(source.fetch(unit, folder), staged, folder)
    with duckdb.connect() as connection:
        found = connection.execute("select * exclude (tags, split) from read_parquet(?)", [str(staged)])
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def csv_of(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def rated(connection: duckdb.DuckDBPyConnection, lines: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """What each line is, and its energy and emissions: the rate times the line's quantity."""
    columns = [row[0] for row in connection.execute("select column_name from (describe core.sku)").fetchall()]
    sku_ids = [add_sku(connection, **{name: line[name] for name in columns if name in line}) for line in lines]
    told = []
    for line, sku_id in zip(lines, sku_ids, strict=True):
        found = rate(connection, sku_id)
        numbers = (found[name] for name in ("it_energy_kwh", "location_based_kg_co2e", "embodied_kg_co2e"))
        totals = (one if one is None else pytest.approx(one * line["consumed_quantity"], rel=1e-9) for one in numbers)
        told.append((found["disposition"], found["gap_reason"], found["usage_state"], found["resource_kind"], *totals))
    return told


def compare(native: Sequence[Mapping[str, Any]], focus: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how each line was disposed, after checking that both formats agree on it."""
    with warehouse() as connection:
        mine, theirs = rated(connection, native), rated(connection, focus)
    assert mine == theirs
    return [str(one[0]) for one in mine]


def aws_report() -> str:
    return csv_of(
        [
            {
                "identity/LineItemId": str(n), "bill/PayerAccountId": "000000000012", "lineItem/LineItemType": "Usage",
                "bill/BillingPeriodStartDate": "2023-06-01T00:00:00Z", "lineItem/UsageAccountId": "012345678901",
                "lineItem/UsageStartDate": FROM, "lineItem/UsageEndDate": TO, "lineItem/ProductCode": code,
                "lineItem/UsageType": usage, "lineItem/Operation": operation, "lineItem/UsageAmount": "1",
                "lineItem/CurrencyCode": "USD", "lineItem/UnblendedCost": "1", "pricing/unit": unit,
                "product/instanceType": instance_type, "product/regionCode": "us-east-1",
            }
            for n, (code, usage, operation, unit, _, instance_type) in enumerate(AWS)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("version", ["1.0", "1.2", "without the columns of AWS"])
def test_aws_as_its_report_and_as_focus(version: str, tmp_path: Path) -> None:
    rows = []
    for code, usage, operation, _, unit, _ in AWS:
        row = FOCUS | {"ProviderName": "AWS", "RegionId": "us-east-1", "ServiceName": AWS_NAMES[code]}
        row |= {"ConsumedQuantity": "1", "ConsumedUnit": unit, "ChargeDescription": "$0.1 per unit", "SkuId": "7X2Q"}
        row["x_UsageType" if version == "1.0" else "SkuMeter"] = usage
        if version != "without the columns of AWS":
            row |= {"x_ServiceCode": code, "x_Operation": operation}
        rows.append(row)
    told = compare(
        read_back(tmp_path / "own", "aws-cur", "report.csv", aws_report()),
        read_back(tmp_path / "focus", "focus", "focus.csv", csv_of(rows)),
    )
    assert told.count("estimated") == 11  # all but the NAT gateway and the requests


def test_azure_as_its_export_and_as_focus(tmp_path: Path) -> None:
    own, focus = [], []
    for category, sub_category, meter, unit, quantity, size, service in AZURE:
        own.append(
            {
                "Date": "06/13/2023", "SubscriptionId": "0a1b", "MeterCategory": category, "MeterName": meter,
                "MeterSubCategory": sub_category, "UnitOfMeasure": unit, "Quantity": quantity, "ChargeType": "Usage",
                "CostInBillingCurrency": "1", "BillingCurrency": "EUR", "ResourceLocation": "westeurope",
                "AdditionalInfo": json.dumps({"ServiceType": size} if size else {}), "PublisherType": "Azure",
            }
        )  # fmt: skip
        focus.append(
            FOCUS
            | {
                "ProviderName": "Microsoft", "RegionId": "westeurope", "ServiceName": service, "ConsumedUnit": unit,
                "ConsumedQuantity": quantity, "x_PricingUnitDescription": unit, "x_SkuMeterCategory": category,
                "x_SkuMeterName": meter, "x_SkuMeterSubcategory": sub_category, "x_PublisherCategory": "Cloud Provider",
                "x_SkuDetails": json.dumps({"ServiceType": size} if size else {}), "SkuId": "DZH318Z0BNVW",
            }
        )  # fmt: skip
    told = compare(
        read_back(tmp_path / "own", "azure-cost-export", "export.csv", csv_of(own)),
        read_back(tmp_path / "focus", "focus", "focus.csv", csv_of(focus)),
    )
    assert told.count("estimated") == 8  # all but the licence and the operations


def test_google_cloud_as_its_export_and_as_focus(tmp_path: Path) -> None:
    own, focus = [], []
    for service, description, unit, amount, machine, publisher, place in GCP:
        labels = [("compute.googleapis.com/machine_spec", machine)] if machine else []
        location = {"location": place} if place else {"location": "europe-west1", "region": "europe-west1"}
        own.append(
            {
                "billing_account_id": "01AB23", "service": {"id": "6F81", "description": service},
                "sku": {"id": "2E27-4F75", "description": description}, "usage_start_time": FROM, "usage_end_time": TO,
                "project": {"id": "search"}, "system_labels": [{"key": key, "value": value} for key, value in labels],
                "location": location, "cost": 1, "currency": "USD", "usage": {"amount": amount, "unit": unit},
                "invoice": {"month": "202306", "publisher_type": publisher}, "cost_type": "regular",
            }
        )  # fmt: skip
        focus.append(
            FOCUS
            | {
                "ProviderName": "Google Cloud", "ServiceName": service, "ChargeDescription": description,
                "SkuId": "2E27-4F75", "ConsumedQuantity": str(amount), "ConsumedUnit": unit, "x_ServiceId": "6F81",
                "RegionId": "" if place else "europe-west1", "x_Location": place or "europe-west1",
                "x_SystemLabels": json.dumps([{"Key": key, "Value": value} for key, value in labels]),
                "PublisherName": "Google Cloud" if publisher == "GOOGLE" else "Partner Ltd",
            }
        )  # fmt: skip
    told = compare(
        read_back(tmp_path / "own", "gcp-billing", "rows.jsonl", "".join(json.dumps(row) + "\n" for row in own)),
        read_back(tmp_path / "focus", "focus", "focus.csv", csv_of(focus)),
    )
    assert told.count("estimated") == 9  # all but the commitment, the scanned bytes and the partner's software
    assert told[-1] == "out_of_scope"
