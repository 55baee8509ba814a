"""The benchmark runs: a small bill through every stage, without looking at the clock."""

from pathlib import Path

import duckdb

from bench.bill import HERE, make_bill
from bench.stages import run_stages
from bench.year import measure_uncertainty

LINES = 3_000


def test_the_bill_is_realistic_and_the_same_every_time(tmp_path: Path) -> None:
    rows = []
    for name in ("once", "again"):
        export = make_bill(LINES, tmp_path / name)
        with duckdb.connect() as connection:
            relation = f"read_parquet('{export}/data/*/*.parquet')"
            assert connection.execute(f"select count(*) from {relation}").fetchall() == [(LINES,)]
            assert len(connection.execute(f"describe from {relation}").fetchall()) >= 30
            rows.append(connection.execute(f"from {relation} order by identity_line_item_id").fetchall())
    assert rows[0] == rows[1]
    with duckdb.connect() as connection:
        skus = f"select count(*) from ({(HERE / 'sku.sql').read_text()})"
        assert connection.execute(skus).fetchall()[0][0] > 2_000


def test_every_stage_runs_and_is_measured(tmp_path: Path) -> None:
    stages = run_stages(make_bill(LINES, tmp_path / "data"), tmp_path / "work")
    assert stages.load.seconds > 0
    assert stages.parse.peak_bytes > 10_000_000
    with duckdb.connect(str(tmp_path / "work" / "snapshot.duckdb"), read_only=True) as snapshot:
        found = snapshot.execute("select sum(lines) from ledger.footprint_daily where energy_kwh > 0").fetchall()
        assert LINES / 3 < found[0][0] < LINES


def test_the_ranges_of_a_year_of_three_clouds_are_simulated(tmp_path: Path) -> None:
    measured, rows = measure_uncertainty(tmp_path, machines=5, days=40)
    assert measured.seconds > 0
    with duckdb.connect(str(tmp_path / "year.duckdb"), read_only=True) as connection:
        clouds = connection.execute(
            "select s.provider from core.rate as r inner join core.sku as s using (sku_id) "
            "where r.energy_kwh > 0 group by 1 order by 1"
        ).fetchall()
    assert clouds == [("aws",), ("azure",), ("gcp",)]
    assert rows > 10_000
