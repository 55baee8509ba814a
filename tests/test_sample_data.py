"""The sample data is what its generator writes, and the generator knows nothing of wattledger."""

import ast
import csv
import gzip
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_data"
BY_HAND = {"README.md", "wattledger.toml", "__init__.py", "measured_pue.csv", "accounts.csv"}
ROOMS = {"wattledger", "connectors", "warehouse", "models", "reconcile", "cli"}


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "make_sample_data.py"), str(folder)], check=True)
    return folder


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in BY_HAND and "__pycache__" not in path.parts
    }


def content_of(path: Path) -> object:
    """Return what a file holds; two builds of zlib may pack the same content differently."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pydict()
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def test_the_generator_writes_the_sample_data_again(regenerated: Path) -> None:
    assert files_of(regenerated) == files_of(SAMPLES)
    for name in sorted(files_of(SAMPLES)):
        assert content_of(regenerated / name) == content_of(SAMPLES / name), name


def test_the_generator_shares_no_code_with_wattledger() -> None:
    imported = set()
    for path in [ROOT / "scripts" / "make_sample_data.py", *(ROOT / "scripts").glob("sample_*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert not imported & ROOMS


def test_the_real_logs_are_the_files_of_the_tests_unchanged() -> None:
    kept = {path.read_bytes() for path in (ROOT / "tests" / "data" / "codecarbon").rglob("*.csv")}
    logs = list((SAMPLES / "codecarbon-real").iterdir())
    assert len(logs) == 3
    assert all(path.read_bytes() in kept for path in logs)


def test_the_sample_data_stays_small() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in files_of(SAMPLES)) < 1_500_000


def test_the_planted_timing_gap_can_be_worked_out_by_hand() -> None:
    # ap-southeast-2 in May: two m5.xlarge of 4 x 2.6 W + 16 x 0.25 W = 14.4 W, 0.3 TB of SSD at 4 W, 3 TB of S3 at 2 W:
    # 28.8 + 1.2 + 6 = 36 W over 744 h = 26.784 kWh, x PUE 1.14 = 30.534 kWh, x 630 g = 19.236 kg.
    # The bill lacks 10 of the 31 days: 6.205 kg.
    with (SAMPLES / "expected.csv").open(encoding="utf-8", newline="") as stream:
        timing = [
            row for row in csv.DictReader(stream) if (row["cause"], row["region"]) == ("timing", "ap-southeast-2")
        ]
    assert [float(row["kg_co2e"]) for row in timing] == [pytest.approx(-6.205, abs=0.001)]
