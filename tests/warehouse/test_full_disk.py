"""A full disk: the message says so, what was loaded is intact, and the next run goes on once there is room."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from toy import HEADER, ToySource, fill_rates, line, toy_warehouse

from warehouse.snapshot import publish
from warehouse.sync import Sync
from wattledger.errors import Exit, WarehouseError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _lines(count: int) -> str:
    """Lines that do not compress: ids and accounts are digests, no two quantities are the same."""
    return "".join(
        f"{hashlib.sha256(str(n).encode()).hexdigest()},{hashlib.md5(str(n).encode()).hexdigest()},"
        f"AmazonEC2,BoxUsage,Hrs,Usage,2025-04-01 00:00:00,{n}.5,0.{n}\n"
        for n in range(count)
    )


def _sync(disk: Path, bill: Path) -> Exit:
    with toy_warehouse(disk / "w.duckdb") as connection:
        driver = Sync(connection, disk / "spool", disk / "staging", fill_rates, lambda _: None)
        return driver.run([ToySource("toy", bill)]).exit_code


def _loaded(disk: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(disk / "w.duckdb"), read_only=True) as connection:
        return connection.execute("select scope, status, row_count from core.unit order by scope").fetchall()


@pytest.mark.parametrize("lines", [60_000, 200_000])  # full while it loads; full while it stages
def test_a_full_disk_is_named_and_leaves_what_was_loaded(small_disk: Path, tmp_path: Path, lines: int) -> None:
    bill = tmp_path / "bill"
    bill.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    assert _sync(small_disk, bill) is Exit.OK
    (small_disk / "ballast").write_bytes(b"\0" * 4_000_000)
    (bill / "2025-04.csv").write_text(HEADER + _lines(lines))
    with pytest.raises(WarehouseError, match=r"disk.*is full.*intact.*Make room"):
        _sync(small_disk, bill)
    assert _loaded(small_disk) == [("2025-03.csv", "loaded", 1)]
    (bill / "2025-04.csv").write_text(HEADER + line(2, day="2025-04-01"))
    (small_disk / "ballast").unlink()
    assert _sync(small_disk, bill) is Exit.OK
    assert _loaded(small_disk) == [("2025-03.csv", "loaded", 1), ("2025-04.csv", "loaded", 1)]


def test_a_disk_without_a_single_byte_left_is_named_as_well(small_disk: Path, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    bill.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    assert _sync(small_disk, bill) is Exit.OK
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(b"\0" * 4096):
            pass
    (bill / "2025-04.csv").write_text(HEADER + line(2, day="2025-04-01"))
    with pytest.raises(WarehouseError, match=r"disk.*is full"):
        _sync(small_disk, bill)
    (small_disk / "ballast").unlink()
    assert _sync(small_disk, bill) is Exit.OK
    assert [row[:2] for row in _loaded(small_disk)] == [("2025-03.csv", "loaded"), ("2025-04.csv", "loaded")]


def test_a_snapshot_that_does_not_fit_leaves_the_old_one(small_disk: Path, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    bill.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1))
    assert _sync(small_disk, bill) is Exit.OK
    target = small_disk / "snapshot.duckdb"
    with toy_warehouse(small_disk / "w.duckdb") as connection:
        publish(connection, target)
    before = target.read_bytes()
    room = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(b"\0" * (room - 500_000))
    with (
        pytest.raises(WarehouseError, match=r"disk.*is full"),
        toy_warehouse(small_disk / "w.duckdb") as connection,
    ):
        publish(connection, target)
    assert target.read_bytes() == before
