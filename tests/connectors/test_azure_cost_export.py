"""Azure cost exports become staged lines. All exports here are constructed from the published column lists."""

import gzip
import json
import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bills import Row, at, csv_of, gz_of, parquet_of, pick, put, read, source_at, stage, zip_of

from wattledger.contracts import ReadReport
from wattledger.errors import BrokenInputError

KIND = "azure-cost-export"
SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-00000000000a"
VM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/web-1"
SCALE_SET = VM.replace("virtualMachines", "virtualMachineScaleSets")
NO_GUID = "00000000-0000-0000-0000-000000000000"

# A day of a Standard_D2s_v5 under an Enterprise Agreement.
EA: Row = {
    "BillingAccountId": "00012345",
    "BillingPeriodStartDate": "06/01/2025",
    "BillingPeriodEndDate": "06/30/2025",
    "SubscriptionId": SUBSCRIPTION,
    "ResourceGroup": "shop",
    "ResourceLocation": "EastUS2",
    "Date": "06/03/2025",
    "ProductName": "Virtual Machines Dsv5 Series - D2s v5 - US East 2",
    "MeterCategory": "Virtual Machines",
    "MeterSubCategory": "Dsv5 Series",
    "MeterId": "11111111-2222-4333-8444-555555555555",
    "MeterName": "D2s v5",
    "MeterRegion": "US East 2",
    "UnitOfMeasure": "1 Hour",
    "Quantity": "24",
    "EffectivePrice": "0.096",
    "CostInBillingCurrency": "2.304",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": VM,
    "Tags": '"team": "search","env": "prod"',
    "AdditionalInfo": '{"UsageType":"ComputeHR","ServiceType":"Standard_D2s_v5","VCPUs":2}',
    "ServiceInfo1": "",
    "ServiceInfo2": "",
    "ChargeType": "Usage",
    "PricingModel": "OnDemand",
    "BillingCurrencyCode": "EUR",
}
# The same day as the dataset of a Microsoft Customer Agreement spells it, and of a partner (MPA).
MCA: Row = {
    "billingAccountId": "00012345",
    "billingPeriodStartDate": "06/01/2025",
    "billingPeriodEndDate": "06/30/2025",
    "SubscriptionId": SUBSCRIPTION,
    "resourceGroupName": "shop",
    "resourceLocation": "EastUS2",
    "location": "US East 2",
    "date": "06/03/2025",
    "meterCategory": "Virtual Machines",
    "meterSubCategory": "Dsv5 Series",
    "meterName": "D2s v5",
    "unitOfMeasure": "1 Hour",
    "quantity": "24",
    "costInBillingCurrency": "2.304",
    "costInPricingCurrency": "2.5",
    "costInUsd": "2.5",
    "consumedService": "Microsoft.Compute",
    "ResourceId": VM,
    "tags": '{"team": "search","env": "prod"}',
    "additionalInfo": '"UsageType":"ComputeHR","ServiceType":"Standard_D2s_v5","VCPUs":"2"',
    "chargeType": "Usage",
    "pricingModel": "OnDemand",
    "billingCurrency": "EUR",
}
MPA = MCA | {"customerTenantId": "t", "customerName": "Acme", "partnerName": "P", "partnerEarnedCreditApplied": "1"}
# Pay-as-you-go: usage only.
MOSP: Row = {
    "SubscriptionGuid": SUBSCRIPTION,
    "ResourceGroup": "shop",
    "ResourceLocation": "EastUS2",
    "UsageDateTime": "2025-06-03 00:00:00",
    "MeterCategory": "Virtual Machines",
    "MeterSubcategory": "Dsv5 Series",
    "MeterId": "11111111-2222-4333-8444-555555555555",
    "MeterName": "D2s v5",
    "MeterRegion": "US East 2",
    "UsageQuantity": "24",
    "ResourceRate": "0.096",
    "PreTaxCost": "2.304",
    "ConsumedService": "Microsoft.Compute",
    "ResourceType": "Microsoft.Compute/virtualMachines",
    "InstanceId": VM,
    "Tags": '{"team": "search","env": "prod"}',
    "OfferId": "MS-AZR-0003P",
    "AdditionalInfo": '{"UsageType":"ComputeHR","ServiceType":"Standard_D2s_v5"}',
    "ServiceInfo1": "",
    "ServiceInfo2": "",
    "ServiceName": "Virtual Machines",
    "ServiceTier": "Dsv5 Series",
    "Currency": "EUR",
    "UnitOfMeasure": "1 Hour",
}
# The smallest export that can be read: the seven required columns.
REQUIRED: Row = {
    name: EA[name]
    for name in (
        "Date",
        "MeterCategory",
        "MeterName",
        "UnitOfMeasure",
        "Quantity",
        "CostInBillingCurrency",
        "ChargeType",
    )
}
RESERVED = EA | {"PricingModel": "Reservation", "CostInBillingCurrency": "1.4"}
UNUSED = RESERVED | {"ChargeType": "UnusedReservation", "SubscriptionId": NO_GUID, "ResourceId": "", "Quantity": "5"}
PURCHASE = RESERVED | {"ChargeType": "Purchase", "CostInBillingCurrency": "500", "UnitOfMeasure": "1", "Quantity": "1"}


def read_azure(folder: Path, content: bytes | str, name: str = "bill.csv") -> tuple[list[Row], ReadReport]:
    return read(folder, content, name, KIND)


def without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize("row", [EA, MCA, MPA, MOSP], ids=["EA", "MCA", "MPA", "MOSP"])
def test_a_day_of_a_machine_in_each_dataset(row: Row, tmp_path: Path) -> None:
    (found,), report = read_azure(tmp_path, csv_of(row))
    assert found == {
        "provider_line_id": None,
        "provider": "azure",
        "billing_account_id": None if row is MOSP else "00012345",
        "sub_account_id": SUBSCRIPTION,
        "sub_account_name": None,
        "service_name": "Virtual Machines",
        "service_code": "Virtual Machines",
        "region_id": "EastUS2",
        "sku_meter": "D2s v5",
        "operation": "Dsv5 Series",
        "consumed_unit": "Hours",
        "instance_type": "Standard_D2s_v5",
        "product_family": "Dsv5 Series",
        "charge_category": "Usage",
        "line_type": "Usage",
        "is_split": False,
        "capacity_status": None,
        "resource_id": VM,
        "charge_period_start": at("2025-06-03"),
        "charge_period_end": at("2025-06-04"),
        "billing_month": date(2025, 6, 1),
        "consumed_quantity": 24.0,
        "billed_cost": Decimal("2.304"),
        "effective_cost": Decimal("2.304"),
        "cost_basis": "billed",
        "billing_currency": "EUR",
        "tags": {"team": "search", "env": "prod"},
        "split": None,
    }
    assert report.unknown_columns == ()
    assert ("no ChargeType: a pay-as-you-go export, which holds usage only" in report.notes) == (row is MOSP)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", b"\xef\xbb\xbf" + csv_of(EA)),
        ("b.csv", csv_of({name.lower(): value for name, value in EA.items()})),
        ("b.csv", csv_of({name: EA[name] for name in reversed(EA)})),
        ("b.csv", csv_of({f"Bezeichnung der Spalte ({name})": value for name, value in EA.items()})),
        ("b.csv.gz", gz_of(EA)),
        ("b.zip", zip_of(a__csv=csv_of(EA))),
        ("b.parquet", parquet_of(EA | {"Quantity": 24.0, "CostInBillingCurrency": 2.304})),
        ("b.parquet", parquet_of(EA | {"Date": date(2025, 6, 3), "Tags": [("team", "search"), ("env", "prod")]})),
    ],
    ids=["BOM", "lower case", "any order", "localised", "gzip", "zip", "parquet", "typed parquet"],
)
def test_every_form_of_the_file_gives_the_same_lines(name: str, content: bytes, tmp_path: Path) -> None:
    plain, _ = read_azure(tmp_path, csv_of(EA))
    assert read_azure(tmp_path / name, content, name)[0] == plain


def test_of_two_spellings_of_a_column_the_newer_counts_and_the_other_is_no_news(tmp_path: Path) -> None:
    (found,), report = read_azure(tmp_path, csv_of(EA | {"Cost": "9", "InstanceId": "x", "Whatever": ""}))
    assert pick([found], "billed_cost", "resource_id") == [(Decimal("2.304"), VM)]
    assert report.unknown_columns == ("Whatever",)


def test_the_required_columns_are_enough_and_the_rest_is_null_and_said(tmp_path: Path) -> None:
    row = REQUIRED | {"Date": "2025-06-03"}
    (found,), report = read_azure(tmp_path, csv_of(row))
    assert pick([found], "region_id", "operation", "instance_type", "resource_id", "tags") == [(None,) * 5]
    assert found["billing_month"] == date(2025, 6, 1)  # of the day
    assert any(note.startswith("not in this export, so null: ") and "tags" in note for note in report.notes)


@pytest.mark.parametrize("column", list(REQUIRED))
def test_a_required_column_that_is_missing_refuses_the_file_by_name(column: str, tmp_path: Path) -> None:
    with pytest.raises(
        BrokenInputError, match=rf"bill\.csv: has no column \w+ \({column}.*\), which azure-cost-export"
    ):
        read_azure(tmp_path, csv_of(without(EA, column)))


# Quantity, unit as Azure prints it, single units, unit.
@pytest.mark.parametrize(
    ("quantity", "measure", "single", "unit"),
    [
        ("24", "1 Hour", 24.0, "Hours"),
        ("0.0004", "10K", 4.0, "Units"),  # 0.0004 x 10,000 operations
        ("0.428", "1K", 428.0, "Units"),  # pipeline runs
        ("3", "100 GB/Month", 300.0, "GB/Month"),
        ("0.5", "1 GB/月", 0.5, "GB/Month"),
        ("0.5", "1 GB/hora", 0.5, "GB/Hour"),
        ("2", " 1  Hour ", 2.0, "Hours"),
        ("0.0333", "1/Month", 0.0333, "Units/Month"),  # a day of a disk, of its tier
        ("-1", "10 GB", -10.0, "GB"),  # a correction keeps its sign
    ],
)
def test_quantities_are_counted_in_blocks_of_the_unit(
    quantity: str, measure: str, single: float, unit: str, tmp_path: Path
) -> None:
    row = EA | {"MeterCategory": "Storage", "Quantity": quantity, "UnitOfMeasure": measure}
    (found,), _ = read_azure(tmp_path, csv_of(row))
    assert found["consumed_quantity"] == pytest.approx(single)
    assert found["consumed_unit"] == unit


def test_an_unknown_unit_is_kept_as_delivered_and_named(tmp_path: Path) -> None:
    row = EA | {"UnitOfMeasure": "500 Frobs", "Quantity": "0.3"}
    rows, report = read_azure(tmp_path, csv_of(EA, row, row))
    assert pick(rows, "consumed_quantity", "consumed_unit") == [(24.0, "Hours"), (0.3, "500 Frobs"), (0.3, "500 Frobs")]
    assert "unit '500 Frobs' is not in the list of units: the quantity of 2 lines is kept as delivered" in report.notes


def test_ten_hours_are_blocks_unless_a_machine_would_run_longer_than_its_day(tmp_path: Path) -> None:
    ten = EA | {"UnitOfMeasure": "10 Hours"}
    full, half = ten | {"Quantity": "2.4"}, ten | {"Quantity": "1.2"}  # 24 h and 12 h in blocks of ten
    rows, report = read_azure(tmp_path, csv_of(full, half))
    assert [row["consumed_quantity"] for row in rows] == [24.0, 12.0]
    assert "unit '10 Hours': 2 lines of virtual machines are read as blocks; none speaks against it" in report.notes
    # 24 x 10 = 240 h on one day of one machine cannot be: this export prints single hours, on its short day, too
    rows, report = read_azure(tmp_path, csv_of(ten | {"Quantity": "24"}, half))
    assert [row["consumed_quantity"] for row in rows] == [24.0, 1.2]
    assert (
        "unit '10 Hours': 2 lines of virtual machines are read as single hours, because on 1 of them blocks would be "
        "more than 24 hours a day" in report.notes
    )
    # ten machines of a scale set may run 240 h a day
    rows, _ = read_azure(tmp_path, csv_of(ten | {"Quantity": "24", "ResourceId": SCALE_SET}))
    assert rows[0]["consumed_quantity"] == 240.0


@pytest.mark.parametrize(
    ("charge", "category", "status"),
    [
        ("Usage", "Usage", None),
        ("Purchase", "Purchase", None),
        ("Refund", "Adjustment", None),
        ("Tax", "Tax", None),
        ("RoundingAdjustment", "Adjustment", None),
        ("UnusedReservation", "Usage", "Unused"),
        ("UnusedSavingsPlan", "Usage", "Unused"),
        ("Something new", None, None),
    ],
)
def test_the_charge_type_is_kept_and_mapped(
    charge: str, category: str | None, status: str | None, tmp_path: Path
) -> None:
    (found,), _ = read_azure(tmp_path, csv_of(EA | {"ChargeType": charge}))
    assert pick([found], "line_type", "charge_category", "capacity_status") == [(charge, category, status)]


@pytest.mark.parametrize(
    ("usage_type", "operation", "status"),
    [
        ("ComputeHR", "Dsv5 Series", None),
        ("ComputeHR_SW", "Dsv5 Series/ComputeHR_SW", None),  # licence hours of the same machine
        ("ComputeCR", "Dsv5 Series/ComputeCR", "Unused"),  # reserved capacity without a machine in it
    ],
)
def test_hours_of_a_licence_and_of_reserved_capacity_are_told_from_those_of_a_machine(
    usage_type: str, operation: str, status: str | None, tmp_path: Path
) -> None:
    info = json.dumps({"UsageType": usage_type, "ServiceType": "Standard_D2s_v5"})
    (found,), _ = read_azure(tmp_path, csv_of(EA | {"AdditionalInfo": info}))
    assert pick([found], "operation", "capacity_status") == [(operation, status)]


@pytest.mark.parametrize(
    ("info", "service_info", "size"),
    [
        ('{"ServiceType":"Standard_D2s_v5"}', "", "Standard_D2s_v5"),
        ('"ServiceType":"Standard_D2s_v5"', "", "Standard_D2s_v5"),
        ("", '{"ServiceType":"Standard_E4_v3"}', "Standard_E4_v3"),
        ("{broken", "Canonical", None),
        ("NULL", "", None),
    ],
)
def test_the_size_of_a_machine_comes_from_its_json(
    info: str, service_info: str, size: str | None, tmp_path: Path
) -> None:
    (found,), _ = read_azure(tmp_path, csv_of(EA | {"AdditionalInfo": info, "ServiceInfo2": service_info}))
    assert found["instance_type"] == size


def test_tags_that_are_no_json_are_null_and_counted(tmp_path: Path) -> None:
    rows, report = read_azure(tmp_path, csv_of(EA | {"Tags": "team=search"}, EA | {"Tags": ""}, EA))
    assert [row["tags"] for row in rows] == [None, None, {"team": "search", "env": "prod"}]
    assert "Tags: not a JSON object on 1 lines, whose tags are null" in report.notes


def test_the_region_is_what_the_line_says_and_the_empty_guid_is_no_subscription(tmp_path: Path) -> None:
    rows, _ = read_azure(
        tmp_path, csv_of(EA | {"ResourceLocation": "JA East"}, UNUSED | {"ResourceLocation": "Unassigned"})
    )
    assert pick(rows, "region_id", "sub_account_id") == [("JA East", SUBSCRIPTION), (None, None)]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (("06/03/2025", "06/13/2025"), "2025-06-03"),  # no month 13: the month comes first
        (("06/03/2025", "13/03/2025"), "2025-03-06"),
        (("6/3/2025", "6/30/2025 0:00"), "2025-06-03"),
        (("2025-06-03", "2025-06-04 00:00:00"), "2025-06-03"),
        (("2025-06-03T00:00:00Z", "2025-06-04T00:00:00.0000000Z"), "2025-06-03"),
        (("03/03/2025", "03/03/2025"), "2025-03-03"),  # the same either way
    ],
)
def test_how_days_are_written_is_decided_for_the_whole_file(written: tuple[str, str], day: str, tmp_path: Path) -> None:
    plain = without(EA, "BillingPeriodStartDate", "BillingPeriodEndDate")
    rows, _ = read_azure(tmp_path, csv_of(*[plain | {"Date": text} for text in written]))
    assert rows[0]["charge_period_start"] == at(day)


def test_the_end_of_the_billing_period_decides_too(tmp_path: Path) -> None:
    (found,), _ = read_azure(tmp_path, csv_of(EA | {"Date": "06/03/2025"}))
    assert found["charge_period_start"] == at("2025-06-03")


BROKEN: dict[str, tuple[bytes, str]] = {
    "a day in two readings": (
        csv_of(without(EA, "BillingPeriodStartDate", "BillingPeriodEndDate")),
        "the column Date can be read in two ways, '06/03/2025' as month/day or as day/month",
    ),
    "both readings in one file": (
        csv_of(EA, EA | {"Date": "06/13/2025"}, EA | {"Date": "13/06/2025"}),
        "the column Date holds '13/06/2025' in row 3 where a day",
    ),
    "no day": (csv_of(EA, EA | {"Date": "yesterday"}), "the column Date holds 'yesterday' in row 2 where a day"),
    "an empty day": (csv_of(EA, EA | {"Date": ""}), "the column Date is empty in row 2 where a day"),
    "the 31st of June": (csv_of(EA | {"Date": "2025-06-31"}), "the column Date holds '2025-06-31' in row 1"),
    "a decimal comma": (
        csv_of(EA | {"Quantity": "0,5"}),
        "the column Quantity holds '0,5' in row 1 where a number .below 1e22. belongs",
    ),
    "a thousands comma": (
        csv_of(EA | {"CostInBillingCurrency": "1,234.5"}),
        "holds '1,234.5' in row 1 where an amount",
    ),
    "semicolons": (csv_of(EA).replace(b",", b";"), "its fields are parted by semicolons"),
    "actual and amortised": (csv_of(RESERVED, PURCHASE), r"holds amortised costs \(1 lines\) and purchases"),
    "two columns, one meaning": (csv_of(EA | {"quantity": "1"}), "the columns 'Quantity' and 'quantity' both mean"),
    "a short line": (csv_of(EA) + b"a,b\n", "line 3 has 2 fields, the header has 26"),
    "a truncated gzip": (gz_of(EA)[:-9], "is truncated or damaged"),
    "a binary": (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64, "holds NUL bytes"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_broken_file_is_refused_by_name_with_the_next_step(case: str, tmp_path: Path) -> None:
    content, message = BROKEN[case]
    with pytest.raises(BrokenInputError, match=message) as caught:
        read_azure(tmp_path, content)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "export" / "bill.csv"))
    assert said.partition("Nothing of this unit was loaded. ")[2]
    assert "\n" not in said


@pytest.mark.parametrize("content", [b"", csv_of(EA).splitlines()[0], gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_an_empty_delivery(content: bytes, tmp_path: Path) -> None:
    assert read_azure(tmp_path, content)[0] == []


def test_an_amortised_export_says_so_and_its_unused_hours_are_unused(tmp_path: Path) -> None:
    rows, report = read_azure(tmp_path, csv_of(EA, RESERVED, UNUSED))
    assert pick(rows, "effective_cost", "cost_basis", "capacity_status") == [
        (Decimal("2.304"), "effective", None),
        (Decimal("1.4"), "effective", None),
        (Decimal("1.4"), "effective", "Unused"),
    ]
    assert any(note.startswith("amortised costs: ") for note in report.notes)


def test_an_actual_export_has_no_effective_cost_of_its_own(tmp_path: Path) -> None:
    rows, report = read_azure(tmp_path, csv_of(EA, RESERVED | {"CostInBillingCurrency": "0"}, PURCHASE))
    assert pick(rows, "billed_cost", "charge_category", "cost_basis") == [
        (Decimal("2.304"), "Usage", "billed"),
        (Decimal(0), "Usage", "billed"),
        (Decimal(500), "Purchase", "billed"),
    ]
    assert "actual costs: effective_cost is the billed cost (cost_basis = billed)" in report.notes


def test_an_export_of_a_real_account_keeps_the_sense_of_its_rare_rows(tmp_path: Path) -> None:
    """A row shaped as in a public anonymised EA export: no machine, no braces, a date without zeros, a tiny cost."""
    row = EA | {
        "Date": "9/2/2023",
        "BillingPeriodStartDate": "9/1/2023",
        "BillingPeriodEndDate": "9/30/2023",
        "MeterCategory": "Storage",
        "MeterSubCategory": "Tiered Block Blob",
        "MeterName": "All Other Operations",
        "UnitOfMeasure": "10K",
        "Quantity": "0.7974",  # 7,974 operations
        "CostInBillingCurrency": "0.000305367",
        "AdditionalInfo": '"additional": "meta-data"',
    }
    (found,), _ = read_azure(tmp_path, csv_of(row))
    assert pick([found], "charge_period_start", "billing_month", "billed_cost", "instance_type") == [
        (at("2023-09-02"), date(2023, 9, 1), Decimal("0.000305367"), None)
    ]
    assert found["consumed_quantity"] == pytest.approx(7974)


def test_small_costs_in_scientific_notation_keep_twelve_decimals(tmp_path: Path) -> None:
    (found,), _ = read_azure(tmp_path, csv_of(EA | {"CostInBillingCurrency": "4E-05", "Quantity": "1.5e-3"}))
    assert pick([found], "billed_cost", "consumed_quantity") == [(Decimal("0.00004"), 0.0015)]


# Runs of an export in a tree: what the manifest says counts, the folders only where it is silent.

ROOT = "exports/daily/20250601-20250630"


def run(stamp: str, *parts: bytes, **said: object) -> dict[str, bytes | str]:
    """The files of one run of June as the current generation writes them: parts, then the manifest."""
    folder = f"{ROOT}/{stamp}/run-{stamp}"
    named = {f"{folder}/part_{n}_0001.csv": content for n, content in enumerate(parts)}
    manifest: dict[str, object] = {
        "manifestVersion": "2024-04-01",
        "dataRowCount": sum(len(content.splitlines()) - 1 for content in parts),
        "exportConfig": {
            "exportName": "daily",
            "resourceId": "/subscriptions/S-1/providers/Microsoft.CostManagement/exports/daily",
            "type": said.pop("type", "ActualCost"),
        },
        "runInfo": {
            "submittedTime": f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[8:10]}:{stamp[10:12]}:09.1Z",
            "startDate": said.pop("start", "2025-06-01T00:00:00"),
            "endDate": said.pop("end", "2025-06-30T00:00:00"),
        },
        "blobs": [{"blobName": f"container/{name}", "byteCount": len(content)} for name, content in named.items()],
    } | said
    return {**named, f"{folder}/manifest.json": json.dumps(manifest)}


def listed(folder: Path, *files: Mapping[str, bytes | str]) -> list[tuple[str, str, str | None]]:
    for some in files:
        put(folder, some)
    return [(unit.period, unit.scope, unit.problem) for unit in source_at(folder, KIND).units(None)]


def lines_of(folder: Path, *files: Mapping[str, bytes | str]) -> list[Row]:
    assert [problem for *_, problem in listed(folder / "tree", *files)] == [None]
    source = source_at(folder / "tree", KIND)
    (unit,) = source.units(None)
    return stage(source, unit, folder)[0]


def day(number: int) -> bytes:
    return csv_of(*[EA | {"Date": f"06/{n:02}/2025"} for n in range(1, number + 1)])


def test_a_month_is_its_newest_run_and_all_parts_of_it(tmp_path: Path) -> None:
    older, newer = run("202506030500", day(2)), run("202506100500", day(5), csv_of(EA | {"Date": "06/09/2025"}))
    assert listed(tmp_path / "tree", older) == [("2025-06", "subscriptions/s-1", None)]
    before = next(iter(source_at(tmp_path / "tree", KIND).units(None)))
    rows = lines_of(tmp_path, newer)
    assert len(rows) == 6  # five days and one in the second part; nothing of the older run
    after = next(iter(source_at(tmp_path / "tree", KIND).units(None)))
    assert before.unit_id == after.unit_id  # so that the month is replaced
    assert before.version != after.version


def test_the_days_of_a_run_decide_between_two_readings(tmp_path: Path) -> None:
    plain = csv_of(without(EA, "BillingPeriodStartDate", "BillingPeriodEndDate") | {"Date": "06/03/2025"})
    assert lines_of(tmp_path, run("202506100500", plain))[0]["charge_period_start"] == at("2025-06-03")


def test_the_type_in_the_manifest_says_what_the_costs_are(tmp_path: Path) -> None:
    rows = lines_of(tmp_path, run("202506100500", csv_of(EA), type="AmortizedCost"))
    assert rows[0]["cost_basis"] == "effective"


def test_an_unfinished_newer_run_is_not_looked_at(tmp_path: Path) -> None:
    newer = run("202506100500", day(5))
    newer.popitem()  # the manifest comes last
    assert len(lines_of(tmp_path, run("202506030500", day(2)), newer)) == 2


def test_an_export_of_zero_rows_is_an_empty_delivery(tmp_path: Path) -> None:
    assert lines_of(tmp_path, run("202506100500", blobCount=0, blobs=[])) == []


def test_an_old_manifest_that_names_only_blobs_takes_the_month_from_its_folder(tmp_path: Path) -> None:
    files = {f"{ROOT}/202506100500/abc/000001.csv": day(3)}
    blobs = [{"blobName": f"{ROOT}/202506100500/abc/000001.csv", "byteCount": len(day(3)), "dataRowCount": 3}]
    files[f"{ROOT}/202506100500/abc/_manifest.json"] = json.dumps(
        {"manifestVersion": "2021-01-01", "blobs": blobs}
    ).encode()
    assert listed(tmp_path / "tree", files) == [("2025-06", "exports/daily", None)]
    assert len(lines_of(tmp_path)) == 3


def test_without_any_manifest_the_newest_file_of_the_range_counts(tmp_path: Path) -> None:
    files = {f"{ROOT}/daily_a.csv": day(3), f"{ROOT}/daily_b.csv": day(2)}
    put(tmp_path / "tree", files)
    os.utime(tmp_path / "tree" / f"{ROOT}/daily_b.csv", ns=(0, 1_000_000_000))
    assert len(lines_of(tmp_path)) == 3
    os.utime(tmp_path / "tree" / f"{ROOT}/daily_a.csv", ns=(0, 1_000_000_000))
    ((_, _, problem),) = listed(tmp_path / "tree")
    assert problem
    assert "have the same time and no manifest says which is the newest" in problem


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (run("202506100500", day(2), blobs=[{"blobName": "../../x.csv"}]), "which leads out of the export"),
        (run("202506100500", day(2), blobs=[{"blobName": "c/part_9.csv"}]), r"missing: part_9\.csv"),
        (
            run("202506100500", day(2), blobs=[{"blobName": "c/part_0_0001.csv", "byteCount": 7}]),
            "where the manifest promises 7",
        ),
        (run("202506100500", day(2), start="2025-04-01"), "covers 2025-04-01 to 2025-06-30, more than a month"),
        (run("202506100500", day(2), type="FocusCost"), 'kind = "azure-focus"'),
        (run("202506100500", day(2), type="PriceSheet"), "is of an export of type PriceSheet"),
        (run("202506100500", day(2), blobs="x"), "is no manifest of a cost export"),
        (run("202506100500", day(2), dataRowCount=float("inf")), "is no manifest of a cost export"),
        ({f"{ROOT}/202506100500/abc/manifest.json": b"[1, 2"}, "is no manifest of a cost export"),
        (
            run("202506030500", day(2), type="ActualCost") | run("202506100500", day(2), type="AmortizedCost"),
            r"\(amortised costs\) and .* \(actual costs\) repeat the same usage",
        ),
        (
            run("202506030500", day(2), end="2025-06-30") | run("202506100500", day(2), end="2025-06-10"),
            "covers 2025-06-01 to 2025-06-30, the newer .* only 2025-06-01 to 2025-06-10",
        ),
        (
            {f"daily/{days}/daily_1.csv": day(2) for days in ("20250601-20250607", "20250608-20250614")},
            "covers 2025-06-0. to 2025-06-.., the newer .* only",
        ),
        ({"weekly/20250629-20250705/weekly_1.csv": day(2)}, "covers 2025-06-29 to 2025-07-05, more than a month"),
        ({f"{ROOT}/202506100500/abc/000001.csv": day(2)}, "has no manifest, which Azure writes when a run is complete"),
    ],
    ids=[
        "out of the export", "missing part", "wrong size", "three months", "FOCUS", "price sheet", "no manifest",
        "endless", "half a manifest",
        "two datasets", "two halves", "two weeks", "a week of two months", "unfinished",
    ],
)  # fmt: skip
def test_a_run_that_is_not_whole_is_refused_with_the_next_step(
    files: Mapping[str, bytes | str], message: str, tmp_path: Path
) -> None:
    ((_, _, problem),) = listed(tmp_path, files)
    assert problem
    assert re.search(message, problem)
    assert problem.partition("Nothing of this unit was loaded. ")[2]


def test_rows_that_the_manifest_promises_and_the_files_lack_refuse_the_run(tmp_path: Path) -> None:
    put(tmp_path / "tree", run("202506100500", day(2), dataRowCount=3))
    source = source_at(tmp_path / "tree", KIND)
    (unit,) = source.units(None)
    with pytest.raises(BrokenInputError, match=r"manifest\.json: promises 3 rows, its files hold 2"):
        stage(source, unit, tmp_path)


def test_loose_files_of_actual_and_amortised_costs_in_one_place_are_refused(tmp_path: Path) -> None:
    found = listed(tmp_path, {"june-actual.csv": day(2), "june-amortized.csv": day(2), "other.csv": day(2)})
    assert [problem is None for *_, problem in found] == [False, False, True]
    assert "repeat the same usage" in (found[0][2] or "")


def test_a_file_beside_a_run_with_a_manifest_is_left_alone(tmp_path: Path) -> None:
    stray = {f"{ROOT}/daily_old.csv": day(9), f"{ROOT}/202506100500/run-202506100500/part_9_0001.csv": day(9)}
    assert len(lines_of(tmp_path, run("202506100500", day(2)), stray)) == 2


def test_the_folders_of_a_copied_run_do_not_matter(tmp_path: Path) -> None:
    flat = {f"june/{name.rpartition('/')[2]}": content for name, content in run("202506100500", day(2)).items()}
    assert len(lines_of(tmp_path, flat, {"june/part_9_0001.csv": day(9)})) == 2
    assert listed(tmp_path / "tree") == [("2025-06", "subscriptions/s-1", None)]


def test_the_last_day_of_a_run_may_be_the_first_of_the_next_month(tmp_path: Path) -> None:
    assert len(lines_of(tmp_path, run("202506100500", day(2), end="2025-07-01T00:00:00Z"))) == 2


def test_a_month_before_since_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, run("202506100500", day(2)))
    source = source_at(tmp_path, KIND)
    assert [unit.period for unit in source.units(date(2025, 6, 30))] == ["2025-06"]
    assert list(source.units(date(2025, 7, 1))) == []
