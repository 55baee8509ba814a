"""Cloud Billing exports become staged lines. All rows here are constructed from the published schema."""

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bills import at, pick, put, read, source_at, stage
from gcp_rows import ROW, STAGED, credit, flat_csv, json_gz, json_lines, parquet, row, system_label
from test_fuzz import damaged, read_whole
from toy import fill_rates, toy_warehouse

from connectors.registry import source_for
from warehouse.reading import ReadingChild
from warehouse.sync import Sync, SyncReport
from wattledger.contracts import ReadReport, SourceSettings
from wattledger.errors import BrokenInputError, ConfigError

KIND = "gcp-billing"
DELIVERIES: dict[str, Callable[..., bytes]] = {
    "rows.json": json_lines,
    "rows.json.gz": json_gz,
    "rows.parquet": parquet,
    "dotted.csv": flat_csv,
    "underscored.csv": lambda *rows: flat_csv(*rows, dot="_"),
}


def read_rows(folder: Path, *rows: dict[str, object]) -> tuple[list[dict[str, object]], ReadReport]:
    return read(folder, json_lines(*rows), "rows.json", KIND)


def read_bytes(folder: Path, content: bytes, name: str = "rows.json") -> tuple[list[dict[str, object]], ReadReport]:
    return read(folder, content, name, KIND)


def in_parquet(**columns: object) -> bytes:
    """The hour in parquet with columns of another type than BigQuery gives them."""
    table = pq.read_table(io.BytesIO(parquet(ROW)))
    for name, value in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array([value]))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


# --- what a row becomes


@pytest.mark.parametrize("name", list(DELIVERIES))
def test_the_same_hour_is_the_same_line_from_every_kind_of_file(name: str, tmp_path: Path) -> None:
    (line,), report = read_bytes(tmp_path, DELIVERIES[name](ROW), name)
    assert line == STAGED
    assert (report.notes, report.unknown_columns) == ((), ())


def test_the_order_of_the_rows_is_kept(tmp_path: Path) -> None:
    rows = [row(usage__amount=float(n)) for n in range(3_000)]
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(*rows), name)
        assert [line["consumed_quantity"] for line in lines] == list(range(3_000)), name


def test_the_cost_of_a_row_is_its_cost_and_its_credits_to_the_last_decimal(tmp_path: Path) -> None:
    rows = [
        row(cost=0.3, credits=[credit("DISCOUNT", -0.1), credit("PROMOTION", -0.2)]),  # in binary: 5.6e-17
        row(cost=1234.567890123456, credits=[]),
        row(cost=2e-7, credits=[credit("DISCOUNT", -1e-7)]),
        row(cost=0, credits=[credit("DISCOUNT", -1e-12)]),
    ]
    expected = ["0", "1234.567890123456", "0.0000001", "-0.000000000001"]
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(*rows), name)
        assert [line["billed_cost"] for line in lines] == [Decimal(text) for text in expected], name
        assert [line["effective_cost"] for line in lines] == [Decimal(text) for text in expected], name


def test_a_number_for_credits_is_their_sum_and_says_nothing_of_commitments(tmp_path: Path) -> None:
    (line,), _ = read_bytes(tmp_path, flat_csv(ROW | {"credits": -0.026444}), "rows.csv")
    assert pick([line], "billed_cost", "cost_basis") == [(Decimal("0.1"), "billed")]
    (line,), report = read_bytes(
        tmp_path, flat_csv({name: value for name, value in ROW.items() if name != "credits"}), "rows.csv"
    )
    assert pick([line], "billed_cost", "cost_basis") == [(Decimal("0.126444"), "billed")]
    assert "no credits in this export: billed_cost is the cost before credits (cost_basis = billed)" in report.notes


@pytest.mark.parametrize(
    ("sku", "credits", "category", "basis"),
    [
        ("N1 Predefined Instance Core running in Americas", [], "Usage", "effective"),
        ("N1 Predefined Instance Core running in Americas", [("DISCOUNT", -1)], "Usage", "effective"),
        ("N1 Predefined Instance Core running in Americas", [("COMMITTED_USAGE_DISCOUNT", -1)], "Usage", "billed"),
        ("N2 Instance Core", [("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", -1)], "Usage", "billed"),
        ("Commitment v1: N1 Predefined Instance Core in Americas for 1 Year", [], "Purchase", "billed"),
    ],
)
def test_what_a_commitment_pays_for_stays_as_billed(
    sku: str, credits: list[tuple[str, float]], category: str, basis: str, tmp_path: Path
) -> None:
    one = row(sku__description=sku, cost=1.5, credits=[credit(kind, amount) for kind, amount in credits])
    cost = Decimal("1.5") + sum(Decimal(amount) for _, amount in credits)
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(one), name)
        assert pick(lines, "charge_category", "billed_cost", "effective_cost", "cost_basis") == [
            (category, cost, cost, basis)
        ], name


@pytest.mark.parametrize(
    ("cost_type", "category"),
    [
        ("regular", "Usage"),
        ("tax", "Tax"),
        ("adjustment", "Adjustment"),
        ("rounding_error", "Adjustment"),
        ("new", None),
    ],
)
def test_the_cost_type_is_the_line_type_and_leads_to_the_charge_category(
    cost_type: str, category: str | None, tmp_path: Path
) -> None:
    lines, _ = read_rows(tmp_path, row(cost_type=cost_type))
    assert pick(lines, "line_type", "charge_category") == [(cost_type, category)]


def test_cost_goes_by_the_invoice_month_and_usage_by_the_utc_hour(tmp_path: Path) -> None:
    # 02:00 UTC on the first of July is 19:00 on the last of June in California: June's invoice, July's usage.
    one = row(usage_start_time="2025-07-01 02:00:00 UTC", usage_end_time="2025-07-01 03:00:00 UTC")
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(one), name)
        assert pick(lines, "billing_month", "charge_period_start") == [(date(2025, 6, 1), at("2025-07-01 02:00"))], name


def test_without_an_invoice_month_the_usage_is_of_the_month_it_began_in_in_california(tmp_path: Path) -> None:
    starts = [
        "2025-07-01 06:59:59 UTC",
        "2025-07-01 07:00:00 UTC",
        "2025-12-01 07:59:59 UTC",
        "2025-12-01 08:00:00 UTC",
    ]
    rows = [row(usage_start_time=start, invoice=None) for start in starts]
    lines, report = read_rows(tmp_path, *rows)
    assert [str(line["billing_month"])[:7] for line in lines] == ["2025-06", "2025-07", "2025-11", "2025-12"]
    assert any("no invoice.month in this export" in note for note in report.notes)
    lines, report = read_rows(tmp_path, ROW, rows[0])
    assert pick(lines, "billing_month") == [(date(2025, 6, 1),), (date(2025, 6, 1),)]


def test_a_correction_is_a_row_of_its_own_with_its_sign(tmp_path: Path) -> None:
    correction = row(usage__amount=-14400.0, cost=-0.126444, credits=[credit("SUSTAINED_USAGE_DISCOUNT", 0.026444)])
    correction |= {"invoice": {"month": "202507", "publisher_type": "GOOGLE"}}
    correction["adjustment_info"] |= {"type": "USAGE_CORRECTION", "mode": "COMPLETE_NEGATION"}
    lines, _ = read_rows(tmp_path, ROW, correction)
    assert pick(lines, "charge_period_start", "billing_month", "consumed_quantity", "billed_cost", "line_type") == [
        (at("2025-06-03 07:00"), date(2025, 6, 1), 14400.0, Decimal("0.1"), "regular"),
        (at("2025-06-03 07:00"), date(2025, 7, 1), -14400.0, Decimal("-0.1"), "regular"),
    ]


@pytest.mark.parametrize(
    ("location", "region", "told"),
    [("us-central1", "us-central1", "us-central1"), ("us", None, "us"), ("global", None, "global"), (None, None, None)],
)
def test_a_multi_region_stays_as_delivered(
    location: str | None, region: str | None, told: str | None, tmp_path: Path
) -> None:
    lines, _ = read_rows(tmp_path, ROW, row(location__location=location, location__region=region))
    assert lines[1]["region_id"] == told


def test_an_unused_reservation_is_unused_capacity(tmp_path: Path) -> None:
    lines, _ = read_rows(
        tmp_path,
        row(system_labels=system_label("is_unused_reservation", "true")),
        row(system_labels=system_label("machine_spec", "custom-2-2048")),
        row(system_labels=[]),
    )
    assert pick(lines, "capacity_status", "instance_type") == [("Unused", None), (None, "custom-2-2048"), (None, None)]


def test_the_standard_export_has_no_resource_and_an_account_row_no_project(tmp_path: Path) -> None:
    standard = {name: value for name, value in ROW.items() if name != "resource"} | {"project": None}
    lines, report = read_rows(tmp_path, standard)
    assert pick(lines, "resource_id", "sub_account_id", "tags") == [(None, None, {"team": "search", "env": "prod"})]
    assert report.notes == ("not in this export, so null: sub_account_id, resource_id",)
    lines, _ = read_rows(tmp_path, row(resource__global_name=None))
    assert lines[0]["resource_id"] == "worker-1"


def test_of_one_key_the_label_wins_then_the_tag_then_the_label_of_the_project(tmp_path: Path) -> None:
    one = row(
        labels=[{"key": "a", "value": "label"}],
        tags=[{"key": key, "value": "tag", "inherited": False, "namespace": "1"} for key in ("a", "b")],
        project__labels=[{"key": key, "value": "project"} for key in ("a", "b", "c")],
    )
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(one), name)
        assert lines[0]["tags"] == {"a": "label", "b": "tag", "c": "project"}, name


def test_a_key_of_two_namespaces_keeps_its_first_value_and_a_key_without_a_value_is_none(tmp_path: Path) -> None:
    tags = [
        {"key": "env", "value": "prod", "inherited": False, "namespace": "111"},
        {"key": "env", "value": "test", "inherited": True, "namespace": "222"},
    ]
    one = row(tags=tags, project__labels=[], labels=[{"key": "team", "value": None}, {"key": "kept", "value": ""}])
    for name, deliver in DELIVERIES.items():
        lines, _ = read_bytes(tmp_path, deliver(one), name)
        assert lines[0]["tags"] == {"env": "prod", "kept": ""}, name


def test_labels_of_another_tool_are_an_object_or_a_map(tmp_path: Path) -> None:
    for labels in ({"team": "search"}, {"team": "search", "none": None}):
        content = in_parquet(labels=labels)
        assert read_bytes(tmp_path, content, "rows.parquet")[0][0]["tags"] == STAGED["tags"]
    table = pq.read_table(io.BytesIO(parquet(ROW)))
    as_map = pa.array([[("team", "search")]], pa.map_(pa.string(), pa.string()))
    out = io.BytesIO()
    pq.write_table(table.set_column(table.column_names.index("labels"), "labels", as_map), out)
    assert read_bytes(tmp_path, out.getvalue(), "rows.parquet")[0] == [STAGED]


def test_labels_that_are_no_list_are_null_and_counted(tmp_path: Path) -> None:
    cells = ["team=search", "[not json", '{"team": "search"}', "", "null", "[]"]
    one = row(tags=[], project__labels=[])
    lines, report = read_bytes(tmp_path, flat_csv(*(one | {"labels": cell} for cell in cells)), "rows.csv")
    assert [line["tags"] for line in lines] == [None, None, {"team": "search"}, {}, {}, {}]
    assert report.notes == (
        "labels, project_labels, tags: not a JSON list of keys and values on 2 lines, whose tags are null",
    )


def test_meters_that_share_a_description_are_told_apart_by_the_sku_id(tmp_path: Path) -> None:
    lines, _ = read_rows(tmp_path, ROW, row(sku__id="AAAA-BBBB-CCCC"))
    assert pick(lines, "sku_meter", "operation") == [
        (STAGED["sku_meter"], "2E27-4F75-95CD"),
        (STAGED["sku_meter"], "AAAA-BBBB-CCCC"),
    ]


def test_columns_that_nobody_knows_are_named_also_nested_ones_and_those_google_lists_are_not(tmp_path: Path) -> None:
    one = row(cost_at_list=1.0, price={"list_price": "0.19", "unit": "hour"}, subscription={"instance_id": "s-1"})
    one |= {"consumption_model": {"id": "7754"}, "made_up": 1, "_PARTITIONDATE": "2025-06-03"}
    one["usage"]["of_late"] = 2
    for name, deliver in DELIVERIES.items():
        lines, report = read_bytes(tmp_path, deliver(one), name)
        nested = "usage_of_late" if name == "underscored.csv" else "usage.of_late"
        assert report.unknown_columns == ("made_up", nested), name
        assert lines == [STAGED], name


def test_a_key_that_a_row_leaves_out_is_null_in_that_row_only(tmp_path: Path) -> None:
    bare = {"cost": 1, "cost_type": "tax", "invoice": {"month": "202506"}, "usage_start_time": "2025-06-30T07:00:00Z"}
    lines, _ = read_rows(tmp_path, bare, ROW)
    assert pick(lines, "service_name", "consumed_quantity", "billed_cost", "charge_category", "cost_basis") == [
        (None, None, Decimal(1), "Tax", "effective"),
        ("Compute Engine", 14400.0, Decimal("0.1"), "Usage", "effective"),
    ]


def test_foreign_keys_never_reach_sql(tmp_path: Path) -> None:
    one = ROW | {"a\"b'c); drop table x; --": 1}
    one["usage"] = ROW["usage"] | {"z\"'); --": 2}
    for name in ("rows.json", "rows.parquet", "dotted.csv"):
        lines, report = read_bytes(tmp_path, DELIVERIES[name](one), name)
        assert lines == [STAGED]
        assert len(report.unknown_columns) == 2


def test_windows_line_ends_blank_lines_and_a_byte_order_mark_are_no_trouble(tmp_path: Path) -> None:
    line = json_lines(ROW).strip()
    lines, _ = read_bytes(tmp_path, b"\xef\xbb\xbf" + line + b"\r\n\r\n  \n" + line)
    assert lines == [STAGED, STAGED]


@pytest.mark.parametrize("name", ["rows.json", "rows.csv", "rows.parquet"])
def test_an_empty_file_is_an_empty_delivery(name: str, tmp_path: Path) -> None:
    for content in (b"", b"\n \n", gzip.compress(b"", mtime=0)):
        lines, report = read_bytes(tmp_path, content, name)
        assert (lines, report.rows) == ([], 0)


# --- what is a unit


def test_a_folder_of_a_day_is_a_unit_and_every_other_file_is_one(tmp_path: Path) -> None:
    names = [
        "loose.json", "t/_PARTITIONDATE=2025-06-03/part-1.json.gz", "t/_PARTITIONDATE=2025-06-03/part-0.json.gz",
        "t/_PARTITIONTIME=2025-06-04 00:00:00/x.parquet", "dt=2025-05-31/deep/y.ndjson", "dt=2025-02-31/z.jsonl",
        "dt=2025-06-05/readme.txt",
    ]  # fmt: skip
    put(tmp_path, dict.fromkeys(names, b"{}"))
    source = source_at(tmp_path, KIND)
    units = [(unit.period, unit.scope, len(unit.files)) for unit in source.units(None)]
    assert units == [
        ("2025-05-31", "dt=2025-05-31", 1),
        ("2025-06-03", "t/_PARTITIONDATE=2025-06-03", 2),
        ("2025-06-04", "t/_PARTITIONTIME=2025-06-04 00:00:00", 1),
        ("", "dt=2025-02-31/z.jsonl", 1),  # no such day
        ("", "loose.json", 1),
    ]
    assert [unit.period for unit in source.units(date(2025, 6, 4))] == ["2025-06-04", "", ""]
    (day,) = [unit for unit in source.units(None) if unit.period == "2025-06-03"]
    assert [Path(name).name for name in day.files] == ["part-0.json.gz", "part-1.json.gz"]


def test_a_day_reads_all_its_files_also_of_several_kinds(tmp_path: Path) -> None:
    day = put(tmp_path / "x" / "dt=2025-06-03", {name: deliver(ROW) for name, deliver in DELIVERIES.items()}).parent
    (unit,) = source_at(day, KIND).units(None)
    lines, _ = stage(source_at(day, KIND), unit, tmp_path)
    assert lines == [STAGED] * len(DELIVERIES)


def sync(folder: Path) -> SyncReport:
    with toy_warehouse(folder / "w.duckdb") as connection:
        driver = Sync(connection, folder / "spool", folder / "staging", fill_rates, [].append)
        return driver.run([source_at(folder / "export", KIND)])


def loaded(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_days_share_a_month_and_a_late_row_replaces_its_day_only(tmp_path: Path) -> None:
    third, fourth = "export/dt=2025-06-03/rows.json", "export/dt=2025-06-04/rows.json"
    next_day = row(usage_start_time="2025-06-04 07:00:00 UTC", usage_end_time="2025-06-04 08:00:00 UTC")
    put(tmp_path, {third: json_lines(ROW, ROW), fourth: json_lines(next_day)})
    first = sync(tmp_path)
    assert (first.loaded, first.refused, first.shadowed) == (2, 0, 0)
    # Two equal rows are two lines: the export has no line ids, and equal rows may be two machines.
    months = "select billing_month, count(*), sum(billed_cost) from ledger.usage group by all"
    assert loaded(tmp_path, months) == [(date(2025, 6, 1), 3, Decimal("0.3"))]
    put(tmp_path, {third: json_lines(ROW, ROW, row(usage__amount=-14400.0, cost=-0.126444, credits=[]))})
    second = sync(tmp_path)
    assert (second.loaded, second.unchanged, second.refused) == (1, 1, 0)
    # 0.3 - 0.126444
    assert loaded(tmp_path, months) == [(date(2025, 6, 1), 4, Decimal("0.173556"))]
    assert loaded(tmp_path, "select distinct disposition from ledger.lines") == [("unmodelled",)]


# --- what is refused

LINES = json_lines(*[row(usage__amount=float(n)) for n in range(300)])
PACKED = gzip.compress(LINES, mtime=0)
PARQUET = parquet(*[row(usage__amount=float(n)) for n in range(300)])


def without(name: str) -> dict[str, object]:
    parent, _, leaf = name.partition(".")
    if not leaf:
        return {key: value for key, value in ROW.items() if key != name}
    return ROW | {parent: {key: value for key, value in ROW[parent].items() if key != leaf}}


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "truncated gzip": ("b.json.gz", PACKED[:-100], "is truncated or damaged"),
    "gzip with a wrong CRC": ("b.json.gz", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "is truncated or damaged"),
    "gzip with junk behind it": ("b.json.gz", PACKED + b"junk", "is truncated or damaged"),
    "gzip of four bytes": ("b.json.gz", PACKED[:4], "is truncated or damaged"),
    "truncated parquet": ("b.parquet", PARQUET[:-100], "is truncated or not a parquet file"),
    "a program": ("b.json", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64, "holds NUL bytes"),
    "NUL bytes": ("b.json", LINES + b"\0", "holds NUL bytes"),
    "UTF-16": ("b.json", LINES.decode().encode("utf-16"), "binary file or UTF-16"),
    "Latin-1": ("b.json", LINES.replace(b"worker", b"w\xf6rker"), "is not UTF-8 text"),
    "half a character": ("b.json", LINES + b"\xc3", "ends in the middle of a character"),
    "a cut line": ("b.json", LINES[:-20], "line 300 is no whole JSON object"),
    "no JSON": ("b.json", LINES + b"total: 300 rows\n", "line 301 is no whole JSON object"),
    "two objects on a line": ("b.json", LINES + b"{} {}\n", "line 301 is no whole JSON object .Extra data"),
    "a list among objects": ("b.json", LINES + b"[1]\n", "line 301 is no JSON object"),
    "a key twice": ("b.json", LINES + b'{"cost": 1, "cost": 2}\n', "line 301 .*a key stands in it twice"),
    "keys that differ in case": ("b.json", LINES + b'{"Cost": 1}\n', "the columns 'Cost' and 'cost' both mean cost"),
    "text for an object": ("b.json", LINES + json_lines(ROW | {"sku": "x"}), "line 301 has no object where sku"),
    "deep nesting": ("b.json", LINES + b'{"a": ' + b"[" * 100_000 + b"\n", "line 301 is no whole JSON object"),
    "an array": ("b.json", json.dumps([ROW]).encode(), "is one JSON array. .* one object per line"),
    "objects of nothing": ("b.json", b"{}\n{}\n", "its objects hold nothing"),
    "10,000 keys": ("b.json", json.dumps({f"k{n}": n for n in range(10_000)}).encode(), "has over 2000 keys"),
    "a line of 17 MiB": ("b.json", LINES + b'{"a": "' + b"a" * (17 << 20) + b'"}\n', "a line is longer than 16 MiB"),
    "text for a number": (
        "b.json",
        LINES + json_lines(row(usage__amount="many")),
        "the column usage.amount holds 'many' in row 301 where a number",
    ),
    "not a number": ("b.parquet", parquet(row(cost=float("nan"))), "the column cost holds 'nan' in row 1"),
    "a credit in words": (
        "b.json",
        LINES + json_lines(row(credits=[credit("DISCOUNT", "free")])),
        "the column credits holds '.*' in row 301 where an amount of money",
    ),
    "a credit without an amount": (
        "b.csv",
        flat_csv(row(credits=[{"type": "DISCOUNT"}])),
        "the column credits holds '.*' in row 1 where an amount of money",
    ),
    "credits cut short": (
        "b.csv",
        flat_csv(ROW | {"credits": '[{"type": "DISCOUNT", "amount": -0.1'}),
        "the column credits holds '.*' in row 1 where an amount of money",
    ),
    "credits that are no list": (
        "b.json",
        json_lines(ROW | {"credits": {"amount": -0.1}}),
        "the column credits holds '.*' in row 1 where an amount of money",
    ),
    "credits that are no list in parquet": (
        "b.parquet",
        in_parquet(credits={"amount": -0.1}),
        "the column credits holds '.*' in row 1 where an amount of money",
    ),
    "a month in words": (
        "b.json",
        LINES + json_lines(row(invoice__month="June")),
        "the column invoice.month holds 'June' in row 301 where a time",
    ),
    "the thirteenth month": ("b.parquet", parquet(row(invoice__month="202513")), "invoice.month holds '202513'"),
    "no start": ("b.json", LINES + json_lines(row(usage_start_time=None)), "usage_start_time is empty in row 301"),
    "a quantity that overflows sums": ("b.json", json_lines(row(usage__amount=1e22)), "usage.amount holds '1e.?22'"),
    "one meaning, two columns": (
        "b.csv",
        flat_csv(ROW | {"service_id": "x"}),
        "the columns 'service.id' and 'service_id' both mean service_id",
    ),
    "a number for an account": (
        "b.parquet",
        parquet(row(billing_account_id=1)),
        "the column billing_account_id is of type BIGINT where text",
    ),
} | {
    f"no {name} in {file}": (
        file,
        deliver(without(name)),
        rf"has no column {name.replace('.', '_')} \({name}\), which gcp-billing needs",
    )
    for name in ("service.description", "sku.description", "usage_start_time", "usage.amount", "cost", "cost_type")
    for file, deliver in DELIVERIES.items()
}  # fmt: skip


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingChild]:
    """One child for all: a refused file leaves it alive."""
    with ReadingChild(source_at(tmp_path_factory.mktemp("any"), KIND), seconds_per_unit=30) as reading:
        yield reading


def read_in(child: ReadingChild, folder: Path, name: str, content: bytes) -> ReadReport:
    source = source_at(put(folder, {name: content}) / name, KIND)
    (unit,) = source.units(None)
    scratch = folder / "scratch"
    scratch.mkdir()
    return child.read(unit.label, source.fetch(unit, folder), folder / "staged", scratch)


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_broken_file_is_refused_by_name_with_the_next_step(case: str, child: ReadingChild, tmp_path: Path) -> None:
    name, content, message = BROKEN[case]
    with pytest.raises(BrokenInputError, match=message) as caught:
        read_in(child, tmp_path, name, content)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / name))
    assert "Nothing of this unit was loaded. " in said
    assert said.rpartition("loaded. ")[2]  # what to do next
    assert "\n" not in said


def test_60_damaged_files_are_refused_by_name_or_read_whole(child: ReadingChild, tmp_path: Path) -> None:
    dice = random.Random(20250603)
    rows = [row(usage__amount=n + 0.5) for n in range(200)]  # as many as test_fuzz.read_whole expects
    seeds = {"b.json": json_lines(*rows), "b.json.gz": json_gz(*rows), "b.parquet": parquet(*rows)}
    for number in range(60):
        name = dice.choice(list(seeds))
        content = damaged(seeds[name], dice)
        try:
            read_in(child, tmp_path / str(number), name, content)
        except BrokenInputError as error:
            assert str(error).startswith(str(tmp_path / str(number) / name))
        else:
            whole = read_whole(tmp_path / str(number) / "staged", checked=name.endswith(".gz"))
            assert whole == ("whole" if content else "empty"), name


def test_a_line_just_under_the_limit_is_read(tmp_path: Path) -> None:
    lines, report = read_rows(tmp_path, ROW, ROW | {"long": "a" * (15 << 20)})
    assert (lines, report.unknown_columns) == ([STAGED, STAGED], ("long",))


def test_a_gzip_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match="unpacks to more than 300 times its size"):
        read_bytes(tmp_path, gzip.compress(json_lines(ROW)) + gzip.compress(b"\n" * (1 << 20)) * 128)


def test_a_table_in_bigquery_says_to_copy_it_first() -> None:
    with pytest.raises(ConfigError, match="is remote, and this release reads local paths"):
        source_for(SourceSettings("bill", KIND, "bigquery://project.dataset.gcp_billing_export_v1_01AB23"))


@pytest.mark.parametrize(
    ("publisher", "cost_type", "line_type"),
    [
        ("GOOGLE", "regular", "regular"),
        ("PARTNER", "regular", "marketplace"),
        ("PARTNER", "tax", "tax"),
        (None, "regular", "regular"),
    ],
)
def test_usage_that_a_partner_publishes_is_sold_in_the_marketplace(
    publisher: str | None, cost_type: str, line_type: str, tmp_path: Path
) -> None:
    line = row(invoice__publisher_type=publisher, cost_type=cost_type)
    (found,), _ = read(tmp_path, json_lines(line), "rows.jsonl", KIND)
    assert found["line_type"] == line_type
