"""FOCUS bills of any provider become staged lines. All bills here are constructed from the specification's columns."""

import gzip
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from bills import at, csv_of, gz_of, parquet_of, pick, read

from wattledger.errors import BrokenInputError

# FOCUS 1.0, one hour of a virtual machine, without the columns of any provider.
PLAIN: dict[str, object] = {
    "BilledCost": "0.1150000000",
    "BillingAccountId": "000000000012",
    "BillingCurrency": "EUR",
    "BillingPeriodEnd": "2025-07-01T00:00:00Z",
    "BillingPeriodStart": "2025-06-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargePeriodEnd": "2025-06-03T08:00:00Z",
    "ChargePeriodStart": "2025-06-03T07:00:00Z",
    "ConsumedQuantity": "1",
    "ConsumedUnit": "Hours",
    "EffectiveCost": "0.0800000000",
    "ProviderName": "Acme Cloud",
    "RegionId": "eu-1",
    "ResourceId": "vm-1",
    "ServiceName": "Virtual Machines",
    "SubAccountId": "012345678901",
    "Tags": '{"team": "search"}',
}
AWS_10 = PLAIN | {
    "ProviderName": "AWS",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "RegionId": "eu-central-1",
    "x_ServiceCode": "AmazonEC2",
    "x_UsageType": "EUC1-BoxUsage:m5.large",
    "x_Operation": "RunInstances",
    "CommitmentDiscountStatus": "",
}
AWS_12: dict[str, object] = {name: value for name, value in AWS_10.items() if name != "x_UsageType"} | {
    "SkuMeter": "EUC1-BoxUsage:m5.large",
    "CapacityReservationStatus": None,
    "InvoiceId": "INV-1",
    "SkuPriceDetails": [("InstanceType", "m5.large")],
    "Tags": [("team", "search")],
    "BilledCost": 0.115,
    "EffectiveCost": 0.08,
    "ConsumedQuantity": 1.0,
    "ChargePeriodStart": at("2025-06-03 07:00"),
    "ChargePeriodEnd": at("2025-06-03 08:00"),
    "BillingPeriodStart": at("2025-06-01"),
}
AZURE_10 = PLAIN | {
    "ProviderName": "Microsoft",
    "RegionId": "westeurope",
    "x_SkuMeterCategory": "Virtual Machines",
    "x_SkuMeterName": "D2s v5",
    "x_SkuMeterSubcategory": "Dsv5 Series",
    "x_SkuDetails": '{"ServiceType": "Standard_D2s_v5", "VCPUs": 2}',
}
GCP_10 = PLAIN | {"ProviderName": "Google Cloud", "ServiceName": "Compute Engine", "RegionId": "europe-west4"}


@pytest.mark.parametrize(
    ("row", "told"),  # provider, service code, meter, instance type
    [
        (PLAIN, ("acme cloud", None, None, None)),
        (AWS_10, ("aws", "AmazonEC2", "EUC1-BoxUsage:m5.large", None)),
        (AWS_12, ("aws", "AmazonEC2", "EUC1-BoxUsage:m5.large", "m5.large")),
        (AZURE_10, ("azure", "Virtual Machines", "D2s v5", "Standard_D2s_v5")),
        (GCP_10, ("gcp", None, None, None)),
    ],
    ids=["any provider", "aws 1.0", "aws 1.2", "azure", "gcp"],
)
def test_a_line_of_each_provider(row: dict[str, object], told: tuple[object, ...], tmp_path: Path) -> None:
    content = parquet_of(row, types={"CapacityReservationStatus": pa.string()}) if row is AWS_12 else csv_of(row)
    (found,), report = read(tmp_path, content, "focus", kind="focus")
    assert pick([found], "provider", "service_code", "sku_meter", "instance_type") == [told]
    assert pick([found], "billing_account_id", "sub_account_id", "service_name", "region_id", "resource_id") == [
        ("000000000012", "012345678901", row["ServiceName"], row["RegionId"], "vm-1")
    ]
    assert (found["charge_period_start"], found["charge_period_end"]) == (
        at("2025-06-03 07:00"),
        at("2025-06-03 08:00"),
    )
    assert found["billing_month"] == date(2025, 6, 1)
    assert (found["consumed_quantity"], found["consumed_unit"]) == (1.0, "Hours")
    assert pick([found], "billed_cost", "effective_cost", "cost_basis", "billing_currency") == [
        (Decimal("0.115"), Decimal("0.08"), "effective", "EUR")
    ]
    assert pick([found], "charge_category", "line_type", "is_split", "tags") == [
        ("Usage", "Usage", False, {"team": "search"})
    ]
    assert report.unknown_columns == ()


def test_snake_case_and_any_order_and_case_are_the_same_columns(tmp_path: Path) -> None:
    def snake(name: str) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

    plain, _ = read(tmp_path, csv_of(PLAIN), kind="focus")
    for spelled in (
        {snake(name): PLAIN[name] for name in sorted(PLAIN)},
        {name.lower(): PLAIN[name] for name in reversed(PLAIN)},
        {name.upper(): PLAIN[name] for name in PLAIN},
    ):
        assert read(tmp_path, csv_of(spelled), kind="focus")[0] == plain
    assert read(tmp_path, gz_of(PLAIN), "focus.csv.gz", kind="focus")[0] == plain


def test_null_as_a_word_is_null(tmp_path: Path) -> None:
    row = PLAIN | {"RegionId": "NULL", "ConsumedQuantity": "NULL", "Tags": "NULL", "ResourceId": "NULL"}
    (found,), report = read(tmp_path, csv_of(row | {"x_Something": "NULL"}), kind="focus")
    assert pick([found], "region_id", "consumed_quantity", "tags", "resource_id") == [(None, None, None, None)]
    assert not any("JSON" in note for note in report.notes)


def test_stamps_without_a_zone_are_utc(tmp_path: Path) -> None:
    row = PLAIN | {"ChargePeriodStart": "2025-06-03 07:00:00", "BillingPeriodStart": "2025-06-01"}
    (found,), _ = read(tmp_path, csv_of(row), kind="focus")
    assert found["charge_period_start"] == at("2025-06-03 07:00")


def test_a_correction_sits_in_its_bill_and_keeps_its_charge_month_and_sign(tmp_path: Path) -> None:
    row = PLAIN | {
        "ChargeClass": "Correction",
        "BillingPeriodStart": "2025-08-01T00:00:00Z",
        "ConsumedQuantity": "-1",
        "BilledCost": "-0.115",
        "EffectiveCost": "-0.08",
    }
    (found,), _ = read(tmp_path, csv_of(row), kind="focus")
    assert pick([found], "billing_month", "charge_period_start", "consumed_quantity", "billed_cost") == [
        (date(2025, 8, 1), at("2025-06-03 07:00"), -1.0, Decimal("-0.115"))
    ]


@pytest.mark.parametrize(
    ("commitment", "capacity", "status"),
    [("Used", "", "Used"), ("Unused", "", "Unused"), ("Used", "Unused", "Unused"), ("", "", None)],
)
def test_an_unused_commitment_or_reservation_makes_the_line_unused(
    commitment: str, capacity: str, status: str | None, tmp_path: Path
) -> None:
    row = PLAIN | {"CommitmentDiscountStatus": commitment, "CapacityReservationStatus": capacity}
    (found,), _ = read(tmp_path, csv_of(row), kind="focus")
    assert found["capacity_status"] == status


def test_a_purchase_has_no_quantity_and_is_loaded(tmp_path: Path) -> None:
    row = PLAIN | {"ChargeCategory": "Purchase", "ConsumedQuantity": "", "ConsumedUnit": ""}
    (found,), _ = read(tmp_path, csv_of(row), kind="focus")
    assert pick([found], "charge_category", "consumed_quantity", "consumed_unit") == [("Purchase", None, None)]


def test_without_effective_cost_the_billed_cost_stands_and_says_so(tmp_path: Path) -> None:
    row = {name: value for name, value in PLAIN.items() if name != "EffectiveCost"}
    (found,), report = read(tmp_path, csv_of(row), kind="focus")
    assert (found["effective_cost"], found["cost_basis"]) == (Decimal("0.115"), "billed")
    assert "no EffectiveCost in this bill: effective_cost is the billed cost (cost_basis = billed)" in report.notes


def test_without_billed_cost_it_is_null_and_never_the_effective_one(tmp_path: Path) -> None:
    row = {name: value for name, value in PLAIN.items() if name != "BilledCost"}
    (found,), report = read(tmp_path, csv_of(row), kind="focus")
    assert pick([found], "billed_cost", "effective_cost", "cost_basis") == [(None, Decimal("0.08"), "effective")]
    assert any("billed_cost" in note for note in report.notes)


def test_a_bill_without_any_cost_is_refused(tmp_path: Path) -> None:
    row = {name: value for name, value in PLAIN.items() if name not in ("BilledCost", "EffectiveCost")}
    with pytest.raises(BrokenInputError, match=r"bill\.csv: has neither BilledCost nor EffectiveCost"):
        read(tmp_path, csv_of(row), kind="focus")


@pytest.mark.parametrize("column", ["ChargeCategory", "ChargePeriodStart", "ServiceName", "ConsumedQuantity"])
def test_a_required_column_that_is_missing_refuses_the_bill_by_name(column: str, tmp_path: Path) -> None:
    row = {name: value for name, value in PLAIN.items() if name != column}
    with pytest.raises(BrokenInputError, match=rf"bill\.csv: has no column \w+ \({column}\), which focus needs"):
        read(tmp_path, csv_of(row), kind="focus")


@pytest.mark.parametrize(("kind", "row"), [("aws-focus", AWS_10), ("azure-focus", AZURE_10), ("gcp-focus", GCP_10)])
def test_a_kind_that_names_a_provider_takes_its_lines_only(kind: str, row: dict[str, object], tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, csv_of(row), kind=kind)
    assert found["provider"] == kind.partition("-")[0]
    with pytest.raises(BrokenInputError, match=rf"holds lines of acme cloud, but the kind {kind} takes lines of"):
        read(tmp_path, csv_of(row, row | {"ProviderName": "Acme Cloud"}), kind=kind)


def test_a_kind_that_names_a_provider_fills_it_where_the_bill_does_not(tmp_path: Path) -> None:
    row = {name: value for name, value in PLAIN.items() if name != "ProviderName"}
    (found,), report = read(tmp_path, csv_of(row), kind="azure-focus")
    assert found["provider"] == "azure"
    (found,), report = read(tmp_path, csv_of(row), kind="focus")
    assert found["provider"] is None
    assert "no ProviderName in this bill, so provider is null; a kind like aws-focus asserts it" in report.notes


def test_account_ids_as_numbers_have_lost_their_zeros_and_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match="the column SubAccountId is of type BIGINT where text"):
        read(
            tmp_path,
            parquet_of(AWS_12 | {"SubAccountId": 12345678901, "CapacityReservationStatus": "Used"}),
            "f",
            "focus",
        )


def test_provider_columns_are_no_news_but_misspelt_ones_are(tmp_path: Path) -> None:
    _, report = read(tmp_path, csv_of(PLAIN | {"x_Whatever": "1", "ChargeCategry": "Usage"}), kind="focus")
    assert report.unknown_columns == ("ChargeCategry",)


def test_a_header_without_lines_is_an_empty_delivery(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, gzip.compress(csv_of(PLAIN).splitlines()[0]), kind="aws-focus")
    assert rows == []


@pytest.mark.parametrize(
    ("described", "consumed", "stored"),
    [
        ("10K", 0.0003, (3, "Units")),  # three operations: their list cost is 0.0003 x the price of ten thousand
        ("1 GB/Month", 2.5, (2.5, "GB/Month")),
        ("100 Hours", 0.24, (24, "Hours")),
        ("7 Blinks", 2, (2, "7 Blinks")),  # unknown: as delivered
        ("", 1, (1, "Hours")),  # ConsumedUnit stands in
    ],
)
def test_azure_counts_in_blocks_of_its_pricing_unit(
    described: str, consumed: float, stored: tuple[float, str], tmp_path: Path
) -> None:
    row = AZURE_10 | {"x_PricingUnitDescription": described, "ConsumedQuantity": consumed}
    (found,), _ = read(tmp_path, csv_of(row), "focus", kind="focus")
    assert (found["consumed_quantity"], found["consumed_unit"]) == (pytest.approx(stored[0]), stored[1])


@pytest.mark.parametrize(
    ("change", "told"),  # service code, operation, capacity status
    [
        ({}, ("Virtual Machines", "Dsv5 Series", None)),
        (
            {"x_SkuDetails": '{"UsageType": "ComputeHR_SW"}'},
            ("Virtual Machines", "Dsv5 Series/ComputeHR_SW", None),
        ),
        ({"x_SkuDetails": '{"UsageType": "ComputeCR"}'}, ("Virtual Machines", "Dsv5 Series/ComputeCR", "Unused")),
        ({"x_PublisherCategory": "Vendor"}, ("Marketplace", "Dsv5 Series", None)),
        # A machine's traffic has the machine's service name: the meter category tells it apart.
        ({"x_SkuMeterCategory": "Bandwidth"}, ("Bandwidth", "Dsv5 Series", None)),
    ],
)
def test_an_azure_meter_reads_as_in_azures_own_export(
    change: dict[str, object], told: tuple[object, ...], tmp_path: Path
) -> None:
    (found,), _ = read(tmp_path, csv_of(AZURE_10 | change), "focus", kind="focus")
    assert pick([found], "service_code", "operation", "capacity_status") == [told]


GCP_12: dict[str, object] = PLAIN | {
    "ProviderName": "Google Cloud",
    "PublisherName": "Google Cloud",
    "ServiceName": "Compute Engine",
    "RegionId": "europe-west4",
    "ChargeDescription": "N2 Instance Core running in Netherlands",
    "SkuId": "AB12-CD34-EF56",
    "x_ServiceId": "6F81-5844-456A",
    "x_SystemLabels": '[{"Key":"compute.googleapis.com/machine_spec","Value":"n2-standard-4"}]',
    "x_Labels": '[{"Key":"team","Value":"search"}]',
}
del GCP_12["Tags"]  # Google has none


def test_a_google_line_is_told_by_its_description_and_its_system_labels(tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, csv_of(GCP_12), kind="focus")
    assert pick([found], "service_code", "sku_meter", "operation", "instance_type", "line_type", "tags") == [
        (
            "6F81-5844-456A", "N2 Instance Core running in Netherlands", "AB12-CD34-EF56", "n2-standard-4", "Usage",
            {"team": "search"},
        )
    ]  # fmt: skip


def test_google_lists_of_labels_are_read_from_parquet_too(tmp_path: Path) -> None:
    pairs = pa.list_(pa.struct({"Key": pa.string(), "Value": pa.string()}))
    spec, unused = "compute.googleapis.com/machine_spec", "compute.googleapis.com/is_unused_reservation"
    row = GCP_12 | {
        "x_SystemLabels": [{"Key": spec, "Value": "n2-standard-4"}, {"Key": unused, "Value": "true"}],
        "x_ProjectLabels": [{"Key": "team", "Value": "platform"}, {"Key": "cost-centre", "Value": "42"}],
        "x_Labels": [{"Key": "team", "Value": "search"}],
        "ConsumedQuantity": 1.0,
    }
    kinds = dict.fromkeys(("x_SystemLabels", "x_ProjectLabels", "x_Labels"), pairs)
    (found,), _ = read(tmp_path, parquet_of(row, types=kinds), "focus", kind="gcp-focus")
    assert pick([found], "instance_type", "capacity_status", "tags") == [
        ("n2-standard-4", "Unused", {"team": "search", "cost-centre": "42"})  # label before label of the project
    ]


@pytest.mark.parametrize(
    ("change", "told"),  # region, line type
    [
        ({}, ("europe-west4", "Usage")),
        ({"RegionId": "", "x_Location": "eu"}, ("eu", "Usage")),
        ({"PublisherName": "Partner Ltd"}, ("europe-west4", "marketplace")),
        ({"PublisherName": "Partner Ltd", "ChargeCategory": "Tax"}, ("europe-west4", "Tax")),
        ({"PublisherName": ""}, ("europe-west4", "Usage")),
    ],
)
def test_where_a_google_line_runs_and_who_publishes_it(
    change: dict[str, object], told: tuple[str, str], tmp_path: Path
) -> None:
    (found,), _ = read(tmp_path, csv_of(GCP_12 | change), kind="focus")
    assert pick([found], "region_id", "line_type") == [told]


def test_the_view_that_google_published_before_its_export_reads_alike(tmp_path: Path) -> None:
    kept = {name: value for name, value in GCP_12.items() if name not in ("x_SystemLabels", "x_Labels")}
    tags = [
        {"key": "team", "value": "search", "x_type": "label"},
        {"key": "compute.googleapis.com/machine_spec", "value": "n2-standard-4", "x_type": "system_label"},
    ]
    row = kept | {"ChargeCategory": "usage", "ConsumedQuantity": 1.0, "Tags": tags}
    kinds = {"Tags": pa.list_(pa.struct({name: pa.string() for name in ("key", "value", "x_type")}))}
    (found,), _ = read(tmp_path, parquet_of(row, types=kinds), "focus", kind="focus")
    assert pick([found], "charge_category", "line_type", "instance_type") == [("Usage", "Usage", "n2-standard-4")]
    assert found["tags"] == {tag["key"]: tag["value"] for tag in tags}
