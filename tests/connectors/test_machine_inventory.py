"""Own machines become lines of a bill: one for each UTC day, hours and cost spread, hardware in the SKU."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from connectors.dcim.machine_inventory import MachineInventory
from wattledger.contracts import USAGE_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError

HEADER = "machine,site,cpu,cores,memory_gib,from,to,hours,cost,currency"


at = datetime.fromisoformat


def read(folder: Path, *lines: str, header: str = HEADER) -> tuple[list[dict[str, object]], ReadReport]:
    """Read one file of these lines as the driver does; return its staged lines and the report."""
    path = folder / "machines.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    (folder / "sites.csv").write_text("site,grid_zone\nfra-1,iso3:DEU\n")
    settings = SourceSettings(
        "racks", "machine-inventory", str(path), timezone="UTC", mapping=str(folder / "sites.csv")
    )
    source = MachineInventory(settings)
    (unit,) = source.units(None)
    (folder / "scratch").mkdir(exist_ok=True)
    report = source.read(source.fetch(unit, folder), folder / "staged.parquet", folder / "scratch")
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(folder / "staged.parquet")])
        names = list(USAGE_COLUMNS)
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], report


def test_a_machine_is_a_line_for_each_day_with_its_hours_and_its_part_of_the_cost(tmp_path: Path) -> None:
    rows, report = read(tmp_path, "r1,fra-1,skylake-sp,40,384,2025-06-01T12:00Z,2025-06-03T00:00Z,,3,EUR")
    # 12 h and 24 h of 36 h; of 3 EUR a third and the rest.
    assert [(row["charge_period_start"], row["consumed_quantity"], row["billed_cost"]) for row in rows] == [
        (at("2025-06-01T12:00"), pytest.approx(12), Decimal(1)),
        (at("2025-06-02"), pytest.approx(24), Decimal(2)),
    ]
    first = rows[0]
    assert first["provider_line_id"] == "r1/2025-06-01T12:00:00"
    assert (first["provider"], first["billing_account_id"], first["service_name"]) == ("own", "racks", "Machines")
    assert (first["region_id"], first["operation"], first["resource_id"]) == ("fra-1", "iso3:DEU", "r1")
    assert first["instance_type"] == "40c/1s/384gib/0gb/skylake-sp"
    assert (first["cost_basis"], first["billing_currency"]) == ("billed", "EUR")
    assert report.notes == ()


def test_cost_spread_over_days_adds_up_to_the_last_decimal(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "r1,fra-1,skylake-sp,40,384,2025-06-01,2025-06-08,,100,EUR")
    costs = [row["billed_cost"] for row in rows]
    assert costs[0] == Decimal("14.285714285714")  # 100 / 7
    assert sum(costs) == Decimal(100)  # type: ignore[call-overload]


def test_hours_alone_run_on_from_the_start_and_within_an_interval_are_spread(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        "r1,fra-1,skylake-sp,40,384,2025-06-01,,30,,",  # 24 h and 6 h
        "r2,fra-1,skylake-sp,40,384,2025-06-01,2025-06-03,12,,",  # 12 h of 48 h: 6 h a day
    )
    assert [row["consumed_quantity"] for row in rows] == pytest.approx([24, 6, 6, 6])


def test_a_cost_that_is_not_given_is_null_and_a_cost_of_nothing_is_zero(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "r1,fra-1,skylake-sp,40,384,2025-06-01,2025-06-02,,,EUR",
        "r2,fra-1,skylake-sp,40,384,2025-06-01,2025-06-02,,0,EUR",
    )
    assert [(row["billed_cost"], row["effective_cost"], row["billing_currency"]) for row in rows] == [
        (None, None, None),
        (Decimal(0), Decimal(0), "EUR"),
    ]
    assert report.notes == ("no cost, so null: 1 of 2 rows",)


def test_boards_sockets_disks_tags_and_accounts_are_optional_columns(tmp_path: Path) -> None:
    header = (
        "machine,site,cpu,cores,sockets,memory_gib,ssd_gb,accelerator,accelerator_count,from,hours,account,tag.team"
    )
    rows, report = read(
        tmp_path, "g1,lab,zen3-milan,128,2,1024,7680,NVIDIA A100 80GB SXM4,8,2025-06-01,24,ml,vision", header=header
    )
    assert rows[0]["instance_type"] == "128c/2s/1024gib/7680gb/zen3-milan+8x nvidia a100 80gb sxm4"
    assert (rows[0]["sub_account_id"], rows[0]["tags"]) == ("ml", {"team": "vision"})
    assert rows[0]["operation"] is None
    assert "no grid_zone in the mapping file, so without emissions: lab" in report.notes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("r1,fra-1,skylake-sp,40,384,2025-06-01,,,,", "neither `to` nor `hours`"),
        ("r1,fra-1,skylake-sp,40,384,2025-06-01,2025-06-02,25,,", "hours is 25, more than the 24 h"),
        ("r1,fra-1,skylake-sp,40,393216,2025-06-01,,1,,", "memory_gib is 393216.* is its unit right"),
        ("r1,fra-1,skylake-sp,0,384,2025-06-01,,1,,", "cores is 0"),
        ("r1,fra-1,skylake-sp,,384,2025-06-01,,1,,", "cores is empty"),
        ("r1,fra-1,skylake-sp,40,384,2025-06-01,,1,dear,", "cost holds 'dear'"),
        ("r1,fra-1,skylake-sp,40,384,2025-06-02,2025-06-01,,,", "does not end after its start"),
    ],
)
def test_a_line_that_is_no_machine_refuses_the_file_by_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BrokenInputError, match=rf"machines.csv, line 2: .*{message}.*Nothing of this file was loaded"):
        read(tmp_path, line)


def test_a_machine_that_runs_twice_at_once_is_refused_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match="line 3: the machine runs already in line 2 at that time"):
        read(
            tmp_path,
            "r1,fra-1,skylake-sp,40,384,2025-06-01,2025-06-03,,,",
            "r1,fra-1,skylake-sp,40,384,2025-06-02,2025-06-04,,,",
        )
