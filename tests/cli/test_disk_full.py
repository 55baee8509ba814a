"""A full disk: words, exit 1, the warehouse as it was, and it goes on once there is room."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import CONFIG, ROOT, bill_line, run_process, write_bill

from warehouse.database import open_for_reading

DISK_MB = 32
MANY = 250_000  # lines: more than the room that is free within the file


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB, mounted for this test; the bill lies elsewhere."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def lines_in(path: Path) -> int:
    with open_for_reading(path) as connection:
        return int(connection.execute("select count(*) from ledger.usage").fetchall()[0][0])


def test_a_full_disk_is_said_in_words_and_changes_nothing(small_disk: Path, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    (small_disk / "wattledger.toml").write_text(
        CONFIG.replace('"bill"\n', f'"{bill}"\n', 2).replace(f'name = "{bill}"', 'name = "bill"')
    )
    write_bill(tmp_path, [bill_line(1), bill_line(2)])
    assert run_process(small_disk, "sync").returncode == 0

    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (free_bytes(small_disk) - 3_000_000))  # 3 MB are left
    write_bill(tmp_path, [bill_line(n, month="2025-04") for n in range(MANY)], "2025-04.csv")
    done = run_process(small_disk, "sync")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "disk" in done.stderr and "is full" in done.stderr
    assert "make room" in done.stderr.lower()
    assert lines_in(small_disk / "wattledger.duckdb") == 2

    ballast.unlink()
    write_bill(tmp_path, [bill_line(n, month="2025-04") for n in range(1000)], "2025-04.csv")
    done = run_process(small_disk, "sync")
    assert done.returncode == 0, done.stderr
    assert lines_in(small_disk / "wattledger.duckdb") == 1002


def free_bytes(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def test_a_snapshot_that_does_not_fit_leaves_the_old_one(small_disk: Path, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    write_bill(tmp_path, [bill_line(1), bill_line(2)])
    text = f'[warehouse]\nsnapshot = "{small_disk}/s.duckdb"\n\n{CONFIG}'
    (tmp_path / "wattledger.toml").write_text(text)
    assert run_process(tmp_path, "nightly").returncode == 0
    before = (small_disk / "s.duckdb").read_bytes()

    (small_disk / "ballast").write_bytes(b"\0" * (free_bytes(small_disk) - 1_000_000))
    (bill / "2025-04.csv").write_text((bill / "2025-03.csv").read_text().replace("2025-03", "2025-04"))
    done = run_process(tmp_path, "nightly")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "is full" in done.stderr
    assert (small_disk / "s.duckdb").read_bytes() == before
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", "s.duckdb"]

    (small_disk / "ballast").unlink()
    assert run_process(tmp_path, "nightly").returncode == 0
    assert lines_in(small_disk / "s.duckdb") == 4


LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["wattledger", *sys.argv[2:]]
if __name__ == "__main__":
    runpy.run_module("wattledger", run_name="__main__")
"""


def test_a_quota_is_said_in_words_and_changes_nothing(fresh: Path) -> None:
    """The limit on file size stands in for a quota, which needs no rights to set."""
    assert run_process(fresh, "sync").returncode == 0
    write_bill(fresh, [bill_line(n, month="2025-04") for n in range(MANY)], "2025-04.csv")
    limit = (fresh / "wattledger.duckdb").stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), "sync"],
        cwd=fresh,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "is full" in done.stderr
    assert lines_in(fresh / "wattledger.duckdb") == 2
    assert run_process(fresh, "sync").returncode == 0
    assert lines_in(fresh / "wattledger.duckdb") == MANY + 2
