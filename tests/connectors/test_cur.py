"""The Cost and Usage Report, both generations, becomes staged lines. All bills here are constructed."""

import gzip
import io
import json
import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bills import (
    CUR2,
    LEGACY,
    REQUIRED,
    STAGED,
    at,
    csv_of,
    gz_of,
    parquet_of,
    pick,
    put,
    read,
    source_at,
    stage,
    zip_of,
)

from wattledger.errors import BrokenInputError

CUR2_AS_TEXT = CUR2 | {
    "bill_billing_period_start_date": "2025-06-01T00:00:00.000Z",
    "line_item_usage_start_date": "2025-06-03T07:00:00.000Z",
    "line_item_usage_end_date": "2025-06-03T08:00:00.000Z",
    "product": json.dumps(dict(CUR2["product"])),  # type: ignore[call-overload]
    "resource_tags": json.dumps(dict(CUR2["resource_tags"])),  # type: ignore[call-overload]
}


@pytest.mark.parametrize(
    ("name", "content", "tags"),
    [
        ("legacy.csv", csv_of(LEGACY | {"resourceTags/user:Team": "search"}), {"user:Team": "search"}),
        ("legacy.csv.gz", gz_of(LEGACY | {"resourceTags/user:Team": "search"}), {"user:Team": "search"}),
        (
            "legacy.zip",
            zip_of(report_1__csv=csv_of(LEGACY | {"resourceTags/user:Team": "search"})),
            {"user:Team": "search"},
        ),
        ("cur2.csv", csv_of(CUR2_AS_TEXT), {"user_team": "search"}),
        ("cur2.csv.gz", gz_of(CUR2_AS_TEXT), {"user_team": "search"}),
        ("cur2.parquet", parquet_of(CUR2), {"user_team": "search"}),
        ("a_misleading_name.csv", parquet_of(CUR2), {"user_team": "search"}),
    ],
)
def test_every_form_of_the_report_gives_the_same_line(
    name: str, content: bytes, tags: dict[str, str], tmp_path: Path
) -> None:
    (row,), report = read(tmp_path, content, name)
    assert {key: row[key] for key in STAGED} == STAGED
    assert (row["charge_period_start"], row["charge_period_end"]) == (
        at("2025-06-03 07:00"),
        at("2025-06-03 08:00"),
    )
    assert row["billing_month"] == date(2025, 6, 1)
    assert row["billed_cost"] == row["effective_cost"] == Decimal("0.115")
    assert row["tags"] == tags
    assert (report.notes, report.unknown_columns) == ((), ())


def test_a_legacy_parquet_spreads_attributes_and_tags_over_columns(tmp_path: Path) -> None:
    spread = {name: value for name, value in CUR2.items() if name not in ("product", "resource_tags")} | {
        "product_region": "eu-central-1",
        "product_vcpu": "2",
        "resource_tags_user_team": "search",
        "resource_tags_user_stage": None,
    }
    del spread["product_region_code"]
    (row,), report = read(tmp_path, parquet_of(spread, types={"resource_tags_user_stage": pa.string()}), "l.parquet")
    assert row["region_id"] == "eu-central-1"
    assert row["tags"] == {"user_team": "search"}  # a tag column without a value is no tag
    assert report.unknown_columns == ()


def test_columns_in_any_order_and_unknown_ones_are_reported_by_name(tmp_path: Path) -> None:
    names = [*LEGACY, "lineItem/NewColumn", "somethingElse"]
    random.Random(4).shuffle(names)
    row = {name: LEGACY.get(name, "1") for name in names}
    (found,), report = read(tmp_path, csv_of(row))
    assert {key: found[key] for key in STAGED} == STAGED
    assert report.unknown_columns == ("lineItem/NewColumn", "somethingElse")


def test_the_seven_required_columns_are_enough_and_the_rest_is_said_once(tmp_path: Path) -> None:
    put(tmp_path / "data" / "BILLING_PERIOD=2025-06", {"a.csv": csv_of(REQUIRED), "b.csv.gz": gz_of(REQUIRED)})
    source = source_at(tmp_path / "data")
    (unit,) = source.units(None)
    rows, report = stage(source, unit, tmp_path)
    assert (
        pick(rows, "sub_account_id", "region_id", "tags", "instance_type", "cost_basis")
        == [
            ("012345678901", "eu-central-1", None, None, "billed"),  # the region from the prefix EUC1
        ]
        * 2
    )
    assert report.notes == (
        "not in this export, so null: provider_line_id, billing_account_id, charge_period_end, operation, resource_id, "
        "billing_currency, consumed_unit, product_family, instance_type, tags",
        "no amortised cost in this export: effective_cost is the billed cost (cost_basis = billed)",
        "no region column in this export: the region is read from the usage type and the availability zone",
    )


@pytest.mark.parametrize("column", list(REQUIRED))
def test_a_required_column_that_is_missing_refuses_the_unit_by_name(column: str, tmp_path: Path) -> None:
    row = {name: value for name, value in LEGACY.items() if name != column}
    with pytest.raises(BrokenInputError, match=rf"bill.csv: has no column \w+ \({column}\), which aws-cur needs"):
        read(tmp_path, csv_of(row))


def test_attributes_that_the_export_has_only_in_the_product_map_are_found_there(tmp_path: Path) -> None:
    row = CUR2 | {"product": [("region_code", "eu-west-3"), ("instance_type", "c7g.large"), ("product_family", "X")]}
    for name in ("product_region_code", "product_instance_type", "product_product_family"):
        del row[name]
    (found,), _ = read(tmp_path, parquet_of(row), "cur2.parquet")
    assert (found["region_id"], found["instance_type"], found["product_family"]) == ("eu-west-3", "c7g.large", "X")


def test_a_marketplace_product_is_called_by_its_name_where_the_export_has_it(tmp_path: Path) -> None:
    # The random code is no name; codes of AWS's own services stay, whatever the product is called.
    code, name = "d2k7wvxa1fzcxnrqj1ez6gw4m", "Claude Sonnet 4 (Amazon Bedrock Edition)"
    sold = LEGACY | {"lineItem/ProductCode": code}
    own = LEGACY | {"lineItem/ProductCode": "AmazonEC2", "product/ProductName": "Amazon Elastic Compute Cloud"}
    rows, _ = read(tmp_path, csv_of(sold | {"product/ProductName": name}, own, sold | {"product/ProductName": ""}))
    assert pick(rows, "service_name", "service_code") == [(name, code), ("AmazonEC2", "AmazonEC2"), (code, code)]


def test_tags_that_are_no_json_object_are_null_and_counted(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path, csv_of(CUR2_AS_TEXT, CUR2_AS_TEXT | {"resource_tags": "team=x"}, CUR2_AS_TEXT | {"resource_tags": ""})
    )
    assert [row["tags"] for row in rows] == [{"user_team": "search"}, None, None]
    assert report.notes == ("resource_tags: not a JSON object on 1 lines, whose tags are null",)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.struct([("user_team", pa.string()), ("other", pa.string())]), {"user_team": "search", "other": None}),
        (pa.map_(pa.string(), pa.string()), [("user_team", "search")]),
        (pa.string(), '{"user_team": "search"}'),
    ],
)
def test_tags_may_be_a_map_an_object_or_json_text_in_parquet(kind: pa.DataType, value: object, tmp_path: Path) -> None:
    content = parquet_of(CUR2 | {"resource_tags": value}, types={"resource_tags": kind})
    (row,), _ = read(tmp_path, content, "cur2.parquet")
    assert row["tags"] == {"user_team": "search"}


@pytest.mark.parametrize(
    ("what", "zone", "line_type", "region"),
    [
        ("AmazonEC2 EUC1-BoxUsage:m5.large", "", "Usage", "eu-central-1"),
        ("AmazonEC2 EU-BoxUsage:m5.large", "", "Usage", "eu-west-1"),
        ("AmazonEC2 BoxUsage:m5.large", "", "Usage", "us-east-1"),  # no prefix is Virginia
        ("awskms ca-central-1-KMS-Requests", "", "Usage", "ca-central-1"),  # a whole name as prefix
        ("AmazonNew XYZ9-BoxUsage:m5.large", "ap-south-1b", "Usage", "ap-south-1"),  # unknown prefix: the zone
        ("AmazonNew Something", "", "Usage", None),  # a service whose habit is not known
        ("AmazonCloudFront EU-DataTransfer-Out-Bytes", "", "Usage", None),  # a price zone of the edge
        ("AmazonEC2 ", "", "Tax", None),  # a tax has no place
    ],
)
def test_the_region_is_read_from_the_usage_type_where_no_column_has_it(
    what: str, zone: str, line_type: str, region: str | None, tmp_path: Path
) -> None:
    service, usage_type = what.split(" ")
    line = LEGACY | {
        "lineItem/UsageType": usage_type,
        "lineItem/ProductCode": service,
        "lineItem/AvailabilityZone": zone,
        "lineItem/LineItemType": line_type,
        "product/regionCode": "",
    }
    (row,), _ = read(tmp_path, csv_of(line))
    assert row["region_id"] == region


@pytest.mark.parametrize(
    ("usage_type", "part"),
    [
        ("USE2-EKS-EC2-vCPU-Hours", "compute"),
        ("USE2-EKS-EC2-GB-Hours", "memory"),
        ("ECS-EC2-GB-Hours", "memory"),
        ("EKS-EC2-GPU-Hours", "accelerator"),
    ],
)
@pytest.mark.parametrize(("ratio", "stated"), [("0.25", 0.25), ("", None), ("-0.25", None)])
def test_a_split_row_says_which_share_of_its_parent_it_had(
    usage_type: str, part: str, ratio: str, stated: float | None, tmp_path: Path
) -> None:
    line = LEGACY | {
        "lineItem/UsageType": usage_type,
        "lineItem/ResourceId": "arn:aws:ecs:us-east-2:012345678901:task/shop/0123",
        "splitLineItem/ParentResourceId": "i-0abc1234def567890",
        "splitLineItem/SplitUsage": "0.5",
        "splitLineItem/SplitUsageRatio": ratio,
        "resourceTags/aws:eks:namespace": "web",
    }
    (row,), _ = read(tmp_path, csv_of(line))
    assert row["split"] == {
        "parent_resource_id": "i-0abc1234def567890",
        "part": part,
        "split_usage": 0.5,
        "split_usage_ratio": stated,
        "cluster_name": "shop",
        "namespace": "web",
        "workload": None,
    }


def test_split_rows_and_unused_capacity_are_marked(tmp_path: Path) -> None:
    line = LEGACY | {"splitLineItem/ParentResourceId": "", "capacityReservation/CapacityReservationStatus": ""}
    rows, _ = read(
        tmp_path,
        csv_of(
            line,
            line | {"splitLineItem/ParentResourceId": "i-0abc1234def567890"},
            line | {"lineItem/UsageType": "EUC1-UnusedBox:m5.large"},
            line | {"lineItem/UsageType": "UnusedDed:m5.large"},
        ),
    )
    assert pick(rows, "is_split", "capacity_status") == [
        (False, None),
        (True, None),
        (False, "Unused"),
        (False, "Unused"),
    ]
    (row,), _ = read(
        tmp_path, parquet_of(CUR2 | {"capacity_reservation_capacity_reservation_status": "unused"}), "cur2.parquet"
    )
    assert row["capacity_status"] == "Unused"


AMORTISED = LEGACY | {
    "savingsPlan/TotalCommitmentToDate": "",
    "savingsPlan/UsedCommitment": "",
    "reservation/ReservationARN": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
    "reservation/UnusedRecurringFee": "",
}


@pytest.mark.parametrize(
    ("line_type", "change", "effective", "basis"),
    [
        ("Usage", {}, "0.115", "effective"),
        ("SavingsPlanCoveredUsage", {"savingsPlan/SavingsPlanEffectiveCost": "0.08"}, "0.08", "effective"),
        ("SavingsPlanNegation", {"lineItem/UnblendedCost": "-0.115"}, "0", "effective"),  # its pair carries it
        ("SavingsPlanUpfrontFee", {"lineItem/UnblendedCost": "500"}, "0", "effective"),  # amortised in covered usage
        (
            "SavingsPlanRecurringFee",  # bought 10, used 7: 3 are lost
            {"savingsPlan/TotalCommitmentToDate": "10", "savingsPlan/UsedCommitment": "7"},
            "3",
            "effective",
        ),
        ("DiscountedUsage", {"reservation/EffectiveCost": "0.07"}, "0.07", "effective"),
        (
            "RIFee",  # the unused part: 1.25 of the upfront fee and 0.5 of the recurring one
            {
                "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "1.25",
                "reservation/UnusedRecurringFee": "0.5",
            },
            "1.75",
            "effective",
        ),
        ("RIFee", {"reservation/UnusedRecurringFee": "0.5"}, "0.5", "effective"),
        ("Fee", {"reservation/ReservationARN": "arn:aws:ec2:ri"}, "0", "effective"),  # amortised in discounted usage
        ("Fee", {"lineItem/UnblendedCost": "15"}, "15", "effective"),  # a fee of no reservation
        ("Tax", {"lineItem/UnblendedCost": "0.02"}, "0.02", "effective"),
        ("Refund", {"lineItem/UnblendedCost": "-0.02"}, "-0.02", "effective"),
        ("SavingsPlanCoveredUsage", {}, "0.115", "billed"),  # its effective cost is empty
        ("DiscountedUsage", {}, "0.115", "billed"),
    ],
)
def test_effective_cost_follows_the_table_of_the_documentation(
    line_type: str, change: dict[str, str], effective: str, basis: str, tmp_path: Path
) -> None:
    (row,), _ = read(tmp_path, csv_of(AMORTISED | {"lineItem/LineItemType": line_type} | change))
    assert (row["effective_cost"], row["cost_basis"]) == (Decimal(effective), basis)
    assert row["billed_cost"] == Decimal(change.get("lineItem/UnblendedCost", "0.115"))


@pytest.mark.parametrize(
    ("line_type", "category"),
    [
        ("Usage", "Usage"),
        ("DiscountedUsage", "Usage"),
        ("SavingsPlanCoveredUsage", "Usage"),
        ("SavingsPlanNegation", "Adjustment"),
        ("Tax", "Tax"),
        ("Credit", "Credit"),
        ("RIFee", "Purchase"),
        ("SomethingNewIn2027", None),  # loaded with the provider's word and no category
    ],
)
def test_line_types_become_focus_categories(line_type: str, category: str | None, tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, csv_of(LEGACY | {"lineItem/LineItemType": line_type}))
    assert (row["line_type"], row["charge_category"]) == (line_type, category)


@pytest.mark.parametrize(
    "stamp",
    ["2025-06-03T07:00:00Z", "2025-06-03T07:00:00.000Z", "2025-06-03 07:00:00", "2025-06-03T09:00:00+02:00"],
)
def test_times_with_any_zone_or_none_are_utc(stamp: str, tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, csv_of(LEGACY | {"lineItem/UsageStartDate": stamp}))
    assert row["charge_period_start"] == at("2025-06-03 07:00")


@pytest.mark.parametrize(
    ("amount", "cost", "quantity", "money"),
    [
        ("1.5E-7", "2.5e-10", 1.5e-7, "0.00000000025"),
        ("0.0000011574", "0.0000000133", 1.1574e-6, "0.0000000133"),
        ("-3.25", "-0.1234567891", -3.25, "-0.1234567891"),
        ("12345678.123456789", "98765432.1234567891", 12345678.123456789, "98765432.1234567891"),
        ("", "0", None, "0"),  # a line without a quantity
    ],
)
def test_numbers_keep_sign_exponent_and_every_decimal(
    amount: str, cost: str, quantity: float | None, money: str, tmp_path: Path
) -> None:
    (row,), _ = read(tmp_path, csv_of(LEGACY | {"lineItem/UsageAmount": amount, "lineItem/UnblendedCost": cost}))
    assert row["consumed_quantity"] == quantity
    assert row["billed_cost"] == Decimal(money)


@pytest.mark.parametrize(
    ("kind", "value", "money"),
    [
        (pa.float64(), 0.1234567891, "0.1234567891"),
        (pa.float64(), 98765.4321012345, "98765.4321012345"),  # past the binary error of a direct cast
        (pa.float64(), -1e-10, "-0.0000000001"),
        (pa.float32(), 0.1, "0.1"),  # not 0.100000001490
        (pa.decimal128(38, 10), Decimal("98765432.1234567891"), "98765432.1234567891"),
        (pa.int64(), 3, "3"),
        (pa.string(), "0.1234567891", "0.1234567891"),
    ],
)
def test_money_in_parquet_is_the_decimal_that_a_csv_would_print(
    kind: pa.DataType, value: object, money: str, tmp_path: Path
) -> None:
    content = parquet_of(CUR2 | {"line_item_unblended_cost": value}, types={"line_item_unblended_cost": kind})
    (row,), _ = read(tmp_path, content, "cur2.parquet")
    assert row["billed_cost"] == Decimal(money)


def test_what_is_unfamiliar_is_loaded_as_delivered(tmp_path: Path) -> None:
    strange = {
        "lineItem/ProductCode": "AmazonQuantumToaster",
        "lineItem/UsageType": "ZZZ7-ToastHours:toast9.mega",
        "lineItem/LineItemType": "Toasting",
        "lineItem/UsageAmount": "-2",
        "product/instanceType": "toast9.mega",
        "product/regionCode": "moon-central-1",
        "pricing/unit": "Toasts",
    }
    (row,), _ = read(tmp_path, csv_of(LEGACY | strange))
    assert pick([row], "service_code", "sku_meter", "line_type", "consumed_quantity", "instance_type", "region_id") == [
        ("AmazonQuantumToaster", "ZZZ7-ToastHours:toast9.mega", "Toasting", -2.0, "toast9.mega", "moon-central-1")
    ]
    assert (row["charge_category"], row["consumed_unit"]) == (None, "Toasts")


def test_the_costs_of_a_bill_sum_to_what_python_finds_in_the_text(tmp_path: Path) -> None:
    dice = random.Random(11)
    costs = [f"{dice.choice(('', '-'))}{dice.randrange(10**6)}.{dice.randrange(10**10):010}" for _ in range(3_000)]
    lines = [LEGACY | {"lineItem/UnblendedCost": cost, "lineItem/UsageAmount": cost} for cost in costs]
    rows, _ = read(tmp_path, gz_of(*lines), "bill.csv.gz")
    assert [row["billed_cost"] for row in rows] == [Decimal(cost) for cost in costs]
    assert [row["consumed_quantity"] for row in rows] == [float(cost) for cost in costs]
    binary = [CUR2 | {"line_item_unblended_cost": float(cost)} for cost in costs]
    rows, _ = read(tmp_path, parquet_of(*binary), "bill.parquet")
    # A double keeps 15 to 17 digits: up to 99999.9999999999 a cost of ten decimals comes back exactly.
    small = [
        (row["billed_cost"], Decimal(cost)) for row, cost in zip(rows, costs, strict=True) if abs(float(cost)) < 1e5
    ]
    assert small
    assert all(found == given for found, given in small)


def test_lines_keep_the_order_of_delivery_across_row_groups_and_threads(tmp_path: Path) -> None:
    # 3 files of 150,000 lines; two threads read them and write several row groups.
    lines = 150_000
    names = ("line_item_usage_account_id", "line_item_line_item_type", "line_item_product_code")
    names = (*names, "line_item_usage_start_date", "line_item_unblended_cost", "line_item_usage_type")
    for number in range(3):
        columns = {name: pa.array([CUR2[name]] * lines) for name in names}
        columns["line_item_usage_amount"] = pa.array([float(number * lines + n) for n in range(lines)])
        if number == 1:  # a month whose columns changed midway
            columns["line_item_operation"] = pa.array(["RunInstances"] * lines)
        put(tmp_path / "x" / "BILLING_PERIOD=2025-06", {f"part-{number}.parquet": packed(pa.table(columns))})
    source = source_at(tmp_path / "x")
    (unit,) = source.units(None)
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        source.read(source.fetch(unit, tmp_path), tmp_path / run / "staged.parquet", tmp_path / run)
    staged = pq.read_table(tmp_path / "first" / "staged.parquet")
    assert staged["consumed_quantity"].to_pylist() == [float(n) for n in range(3 * lines)]
    assert staged.equals(pq.read_table(tmp_path / "second" / "staged.parquet"))


def packed(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def test_a_csv_with_line_ends_inside_quotes_is_read_whole_even_where_threads_cannot_cut_it(tmp_path: Path) -> None:
    # Over 64 MB of lines whose last field looks like lines itself.
    header = ",".join([*REQUIRED, "lineItem/Operation"]) + "\n"
    values = ",".join(REQUIRED.values())
    look_alike = "x\n" + f"999999999999,{values.partition(',')[2]},look-alike\n" * 2_000
    count = 400
    text = header + "".join(f'{values},"{look_alike}"\n' for _ in range(count))
    assert len(text) > 64e6
    rows, _ = read(tmp_path, gzip.compress(text.encode(), 1), "bill.csv.gz")
    assert {row["sub_account_id"] for row in rows} == {"012345678901"}
    assert len(rows) == count
