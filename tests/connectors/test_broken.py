"""Bytes that cannot be trusted are refused by name, with the next step, by the real reading child. All constructed."""

import gzip
import io
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bills import CUR2, LEGACY, REQUIRED, at, csv_of, parquet_of, put, read, source_at, zip_of

from warehouse.reading import ReadingChild
from wattledger.contracts import ReadReport
from wattledger.errors import BrokenInputError

MIB = 1 << 20
LINES = csv_of(*[LEGACY | {"identity/LineItemId": f"line-{n}"} for n in range(500)])
PACKED = gzip.compress(LINES, mtime=0)
PARQUET = parquet_of(*[CUR2 | {"identity_line_item_id": f"line-{n}"} for n in range(500)])


def encrypted(content: bytes) -> bytes:
    """The zip with the flag that says its member is encrypted, in both of its headers."""
    marked = bytearray(content)
    marked[6] |= 1
    marked[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(marked)


def in_the_middle(content: bytes, new: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + new + content[half + len(new) :]


def parquet_columns(*columns: tuple[str, pa.Array]) -> bytes:
    out = io.BytesIO()
    table = pa.Table.from_arrays([array for _, array in columns], names=[name for name, _ in columns])
    pq.write_table(table, out)
    return out.getvalue()


def without(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}


TWICE = [(name, pa.array([value])) for name, value in CUR2.items() if not isinstance(value, list)]
QUANTITY = "line_item_usage_amount"

BROKEN: dict[str, tuple[str, bytes, str]] = {
    "truncated gzip": ("b.csv.gz", PACKED[:-100], "is truncated or damaged"),
    "gzip with a wrong CRC": ("b.csv.gz", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "is truncated or damaged"),
    "gzip with junk behind it": ("b.csv.gz", PACKED + b"junk", "is truncated or damaged"),
    "damaged gzip": ("b.csv.gz", in_the_middle(PACKED, b"\xff" * 20), "is truncated or damaged"),
    "truncated parquet": ("b.parquet", PARQUET[:-100], "is truncated or not a parquet file"),
    "parquet of four bytes": ("b.parquet", b"PAR1", "is truncated or not a parquet file"),
    "damaged parquet": ("b.parquet", PARQUET[:400] + b"\xff" * 400 + PARQUET[800:], "cannot be read"),
    "encrypted parquet": ("b.parquet", b"PARE" + PARQUET[4:], "is an encrypted parquet file"),
    "truncated zip": ("b.zip", zip_of(a__csv=LINES)[:-50], "is not a whole zip file"),
    "zip with a wrong CRC": ("b.zip", in_the_middle(zip_of(a__csv=LINES), b"\xff"), "damaged|not a whole zip"),
    "zip in a zip": ("b.zip", zip_of(inner__zip=zip_of(a__csv=LINES)), "'inner.zip': is not a csv"),
    "zip in a zip by another name": ("b.zip", zip_of(inner__csv=zip_of(a__csv=LINES)), "holds NUL bytes"),
    "encrypted zip": ("b.zip", encrypted(zip_of(a__csv=LINES)), "'a.csv': is encrypted"),
    "a program": ("b.csv", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64, "holds NUL bytes: it is a binary file"),
    "UTF-16": ("b.csv", LINES.decode().encode("utf-16"), "binary file or UTF-16"),
    "Latin-1": ("b.csv", LINES.replace(b"Hrs", b"H\xfcrs"), "is not UTF-8 text"),
    "half a character": ("b.csv", LINES + b"\xc3", "ends in the middle of a character"),
    "a short line": ("b.csv", LINES + b"a,b\n", "line 502 has 2 fields, the header has 21"),
    "a long line": ("b.csv", LINES.rstrip() + b",more\n", "line 501 has 22 fields, the header has 21"),
    "a quote without an end": ("b.csv", LINES + b'"abc,' + LINES, "line 502 has a quote that does not end"),
    "a bare carriage return": ("b.csv", LINES.replace(b"BoxUsage", b"Box\rUsage", 1), "mixes line ends or holds a"),
    "a blank first line": ("b.csv", b"\n" + LINES, "its first line is blank"),
    "10,000 columns": ("b.csv", ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n", "has 10000 columns"),
    "10,000 columns of parquet": (
        "b.parquet",
        parquet_columns(*((f"c{n}", pa.array([1])) for n in range(10_000))),
        "has 10000 columns",
    ),
    "a missing column": ("b.csv", csv_of(without(LEGACY, "lineItem/UsageAmount")), f"has no column {QUANTITY}"),
    "a missing column of parquet": ("b.parquet", parquet_of(without(CUR2, QUANTITY)), f"has no column {QUANTITY}"),
    "text for a number": (
        "b.csv",
        LINES + csv_of(LEGACY | {"lineItem/UsageAmount": "many"}).splitlines()[1],
        "the column lineItem/UsageAmount holds 'many' in row 501 where a number .below 1e22. belongs",
    ),
    "no number": (
        "b.parquet",
        parquet_of(CUR2 | {QUANTITY: float("nan")}),
        f"the column {QUANTITY} holds 'nan' in row 1 where a number",
    ),
    "a cost in words": (
        "b.csv",
        csv_of(LEGACY | {"lineItem/UnblendedCost": "free"}),
        "holds 'free' in row 1 where an amount of money .below 1e15. belongs",
    ),
    "no time": (
        "b.csv",
        csv_of(LEGACY | {"lineItem/UsageStartDate": ""}),
        "is empty in row 1 where a time .from 1990 to 2199. belongs",
    ),
    "never": ("b.csv", csv_of(LEGACY | {"lineItem/UsageEndDate": "infinity"}), "holds 'infinity' in row 1"),
    "the year 1066": ("b.parquet", parquet_of(CUR2 | {"line_item_usage_end_date": at("1066-10-14")}), "in row 1"),
    "a quantity that overflows sums": ("b.csv", csv_of(LEGACY | {"lineItem/UsageAmount": "-1e22"}), "holds '-1e22'"),
    "a cost that overflows sums": ("b.csv", csv_of(LEGACY | {"lineItem/UnblendedCost": "1e15"}), "holds '1e15'"),
    "a time for a number": (
        "b.parquet",
        parquet_of(CUR2 | {QUANTITY: CUR2["line_item_usage_start_date"]}),
        f"the column {QUANTITY} is of type TIMESTAMP where a number belongs",
    ),
    "a number for an account": (
        "b.parquet",
        parquet_of(CUR2 | {"line_item_usage_account_id": 12345678901}),
        "the column line_item_usage_account_id is of type BIGINT where text",
    ),
    "lists for tags": (
        "b.parquet",
        parquet_of(CUR2 | {"resource_tags": ["a"]}, types={"resource_tags": pa.list_(pa.string())}),
        r"the column resource_tags is of type VARCHAR\[\] where",
    ),
    "one meaning, two columns": (
        "b.csv",
        csv_of(LEGACY | {QUANTITY: "1"}),
        f"the columns 'lineItem/UsageAmount' and '{QUANTITY}' both mean {QUANTITY}",
    ),
    "one name twice in parquet": (
        "b.parquet",
        parquet_columns(*TWICE, (QUANTITY, pa.array([2.0]))),
        f"the columns '{QUANTITY}' and '{QUANTITY}' both mean",
    ),
}


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingChild]:
    """One child for all: a refused file leaves it alive."""
    with ReadingChild(source_at(tmp_path_factory.mktemp("any")), seconds_per_unit=30) as reading:
        yield reading


def read_in(child: ReadingChild, folder: Path, name: str) -> ReadReport:
    (unit,) = source_at(folder / name).units(None)
    scratch = folder / "scratch"
    scratch.mkdir()
    return child.read(unit.label, source_at(folder / name).fetch(unit, folder), folder / "staged", scratch)


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_broken_file_is_refused_by_name_with_the_next_step(case: str, child: ReadingChild, tmp_path: Path) -> None:
    name, content, message = BROKEN[case]
    put(tmp_path, {name: content})
    with pytest.raises(BrokenInputError, match=message) as caught:
        read_in(child, tmp_path, name)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / name))
    assert "Nothing of this unit was loaded. " in said
    assert said.rpartition("loaded. ")[2]  # what to do next
    assert "\n" not in said


def test_one_broken_file_refuses_the_whole_month_and_is_the_one_named(child: ReadingChild, tmp_path: Path) -> None:
    month = tmp_path / "x" / "BILLING_PERIOD=2025-06"
    put(month, {"a.csv": LINES, "b.csv": LINES + b"a,b\n", "c.csv": LINES})
    source = source_at(tmp_path / "x")
    (unit,) = source.units(None)
    with pytest.raises(BrokenInputError, match=r"b\.csv: line 502 has 2 fields") as caught:
        child.read(unit.label, source.fetch(unit, tmp_path), tmp_path / "staged", tmp_path)
    assert "a.csv" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n  \n",
        b"\xef\xbb\xbf",
        LINES.splitlines()[0],
        LINES.splitlines()[0] + b"\n\n",
        gzip.compress(b"", mtime=0),
        zip_of(),
        zip_of(a__csv=b""),
    ],
)
def test_an_empty_file_is_an_empty_delivery(content: bytes, tmp_path: Path) -> None:
    rows, report = read(tmp_path, content)
    assert (rows, report.rows) == ([], 0)


def test_a_parquet_without_rows_and_empty_chunks_beside_full_ones_are_read(tmp_path: Path) -> None:
    empty = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(PARQUET)).slice(0, 0), empty)
    assert read(tmp_path, empty.getvalue(), "b.parquet")[1].rows == 0
    month = tmp_path / "x" / "BILLING_PERIOD=2025-06"
    put(month, {"1.parquet": PARQUET, "2.parquet": empty.getvalue(), "3.parquet": b"", "4.csv.gz": gzip.compress(b"")})
    source = source_at(tmp_path / "x")
    (unit,) = source.units(None)
    assert source.read(source.fetch(unit, tmp_path), tmp_path / "staged", tmp_path).rows == 500


def test_blank_lines_among_lines_are_no_lines(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, csv_of(REQUIRED) + b"\n" + csv_of(REQUIRED).splitlines()[1] + b"\n\n")
    assert len(rows) == 2


def endless_line() -> bytes:
    """1 GiB without a line end in about 1 MB: a gzip may consist of many."""
    return gzip.compress(csv_of(REQUIRED)) + gzip.compress(b"a" * MIB) * 1024


def thin_lines() -> bytes:
    """1 GiB of blank lines in about 1 MB."""
    return gzip.compress(csv_of(REQUIRED)) + gzip.compress(b"\n" * MIB) * 1024


def many_rows() -> bytes:
    """200 million rows of nothing in well under a megabyte."""
    out = io.BytesIO()
    nothing = pa.table({name: pa.nulls(10_000_000, pa.string()) for name in ("line_item_usage_amount",)})
    with pq.ParquetWriter(out, nothing.schema) as writer:
        for _ in range(20):
            writer.write_table(nothing, row_group_size=10_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("b.csv.gz", endless_line, "a line is longer than 16 MiB"),
        ("b.csv.gz", thin_lines, "unpacks to more than 300 times its size"),
        ("b.zip", lambda: zip_of(a__csv=csv_of(REQUIRED) + b"\n" * (200 * MIB)), "unpacks to more than 300 times"),
        ("b.parquet", many_rows, "claims 200000000 rows"),
    ],
    ids=["1 GiB line", "gzip ratio", "zip ratio", "200M rows"],
)
def test_a_bomb_is_refused_within_20_seconds_and_1_gb(name: str, make: object, message: str, tmp_path: Path) -> None:
    put(tmp_path, {name: make()})  # type: ignore[operator]
    started = time.monotonic()
    with ReadingChild(source_at(tmp_path / name)) as child, pytest.raises(BrokenInputError, match=message):
        read_in(child, tmp_path, name)
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_000_000  # kB, of the largest child so far
