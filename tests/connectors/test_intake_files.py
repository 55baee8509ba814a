"""What is done to any source's files: accounts are chosen alike in each format, damage never becomes half a load."""

import random
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from bills import LEGACY, csv_of, put
from gcp_rows import ROW, json_lines
from test_azure_cost_export import EA
from test_carbon_export import SINCE_2025_10
from test_carbon_export import csv_of as carbon_csv_of
from test_fuzz import damaged

from connectors.registry import source_for
from warehouse.intake import Intake
from warehouse.reading import ReadingChild
from wattledger.contracts import Source, SourceSettings
from wattledger.errors import BrokenInputError
from wattledger.selection import Selection

FOCUS = {
    "ProviderName": "AWS", "BillingAccountId": "1", "SubAccountId": "ours", "ChargeCategory": "Usage",
    "BilledCost": "0.5",
    "ChargePeriodStart": "2025-06-03T07:00:00Z", "ServiceName": "Amazon EC2", "ConsumedQuantity": "1",
}  # fmt: skip


def _carbon(account: str) -> dict[str, str]:
    return SINCE_2025_10 | {"usage_account_id": account}


# Two lines of an account each, and one of none where the format has such lines; "Ours" is asked for.
DELIVERIES: dict[str, Callable[[], str | bytes]] = {
    "aws-cur": lambda: csv_of(
        *(LEGACY | {"identity/LineItemId": name, "lineItem/UsageAccountId": name} for name in ("Ours", "theirs"))
    ),
    "focus": lambda: csv_of(*(FOCUS | {"SubAccountId": name} for name in ("Ours", "theirs", ""))),
    "azure-cost-export": lambda: csv_of(*(EA | {"SubscriptionId": name} for name in ("Ours", "theirs"))),
    "gcp-billing": lambda: json_lines(
        *(ROW | {"project": ROW["project"] | {"id": name, "name": name}} for name in ("Ours", "theirs")),
        ROW | {"project": None},
    ),
    "aws-carbon-export": lambda: carbon_csv_of(_carbon("000000000012"), _carbon("012345678901")),
}


def staged(folder: Path, kind: str, content: str | bytes, name: str) -> tuple[Source, Path]:
    put(folder / "in", {name: content if isinstance(content, bytes) else content.encode()})
    source = source_for(SourceSettings("x", kind, str(folder / "in")))
    (unit,) = source.units(None)
    (folder / "scratch").mkdir(exist_ok=True)
    source.read(source.fetch(unit, folder), folder / "staged.parquet", folder / "scratch")
    return source, folder / "staged.parquet"


@pytest.mark.parametrize("kind", DELIVERIES)
def test_an_account_is_chosen_alike_in_each_format_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    name = "d.jsonl" if kind == "gcp-billing" else "d.csv"
    source, path = staged(tmp_path, kind, DELIVERIES[kind](), name)
    cost = "kg_co2e" if source.table == "provider_footprint" else "billed_cost"
    glob = "account:0000*" if kind == "aws-carbon-export" else "account:OUR?"
    with duckdb.connect() as connection:

        def total(where: str) -> tuple[int, Decimal | None]:
            query = f"select count(*), sum({cost}::decimal(38, 12)) from read_parquet(?) where {where}"
            return connection.execute(query, [str(path)]).fetchall()[0]

        whole = total("true")
        accountless = total("sub_account_id is null")[0]
        kept = Intake(Selection(include=(glob,))).keeps(source.table)
        rest = Intake(Selection(exclude=(glob,))).keeps(source.table)
        none = Intake(Selection(exclude=("account:*",))).keeps(source.table)
        assert 0 < total(kept)[0] == total("lower(sub_account_id) in ('ours', '000000000012')")[0]
        assert total(kept)[0] + total(rest)[0] == whole[0]
        assert sum(part[1] or 0 for part in (total(kept), total(rest))) == whole[1]
        assert total(f"{rest} and sub_account_id is null")[0] == accountless  # of no account: fits no name
        assert total(none)[0] == 0  # `*` fits what has none, too


DAYS = 60
SMALL = {
    "grid-csv": "zone,start,g_co2e_per_kwh,boundary\n"
    + "".join(f"iso3:DEU,2025-06-{1 + n // 24:02}T{n % 24:02}:00Z,{300 + n},lifecycle\n" for n in range(DAYS)),
    "business-metrics": "date,metric,quantity,account\n"
    + "".join(f"2025-{6 + n // 30:02}-{1 + n % 30:02},orders,{100 + n},web-*\n" for n in range(DAYS)),
    "accounts-csv": "provider,account_id,name,parent_id\n"
    + "".join(f"aws,{100 + n},Team {n},{100 + n // 2 if n else ''}\n" for n in range(DAYS)).replace(
        "aws,100,", "aws,r,"
    ),
}


def test_damaged_small_files_are_refused_by_name_or_read_row_by_row(tmp_path: Path) -> None:
    """A csv has no checksum: a digit may turn into another. But there is no row more than its lines."""
    dice = random.Random(20250603)
    read = 0
    for kind, text in SMALL.items():
        source = source_for(SourceSettings("x", kind, str(tmp_path / "in")))
        with ReadingChild(source, seconds_per_unit=30) as child:
            for _ in range(15):
                content = damaged(text.encode(), dice)
                put(tmp_path / "in", {"a.csv": content})
                (unit,) = source.units(None)
                scratch = tmp_path / "scratch"
                scratch.mkdir()
                try:
                    report = child.read(unit.label, source.fetch(unit, tmp_path), tmp_path / "staged", scratch)
                except BrokenInputError as error:
                    assert str(error).startswith((str(tmp_path / "in" / "a.csv"), unit.label)), error
                    assert "the reader died" not in str(error)
                else:
                    assert report.rows <= content.count(b"\n") + content.count(b"\r") + 1
                    read += 1
                shutil.rmtree(scratch)
    assert 0 < read < 45


GRID = "zone,start,end,g_co2e_per_kwh,boundary,source\n"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("grid-csv", f"{GRID}iso3:DEU,2025-06-01T00:00Z,2025-06-01T01:00Z,1e308,lifecycle,x\n", "'1e308' where g CO2e"),
        ("grid-csv", f"{GRID}iso3:{'D' * 500},2025-06-01T00:00Z,2025-06-01T01:00Z,300,lifecycle,x\n", "more than 200"),
        (
            "grid-csv",
            f"{GRID}iso3:DEU,2025-06-01T00:00Z,2025-06-01T01:00Z,300,lifecycle,{'x' * 500}\n",
            "more than 200",
        ),
        ("grid-csv", f"{GRID}iso3:D\0EU,2025-06-01T00:00Z,2025-06-01T01:00Z,300,lifecycle,x\n", "."),
        (
            "grid-csv",
            f"{GRID}iso3:DEU,2025-06-01T00:00Z,2025-06-01T01:00Z,300,lifecycle,\x1b[2J\n",
            "control character",
        ),
        ("business-metrics", "date,metric,quantity\n2025-06-01,orders,1e308\n", "below 1e15"),
        ("business-metrics", "date,metric,quantity\n2025-06-01,or\0ders,1\n", "."),
        ("business-metrics", 'date,metric,quantity\n2025-06-01,"orders,1\n', "no whole csv"),
        ("accounts-csv", "provider,account_id\naws,\0\n", "."),
        ("accounts-csv", 'provider,account_id\naws,"1\n', "no whole csv"),
    ],
)
def test_hostile_cells_are_refused(tmp_path: Path, kind: str, text: str, said: str) -> None:
    with pytest.raises(BrokenInputError, match="Nothing of") as refused:
        staged(tmp_path, kind, text, "a.csv")
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
