"""Utilisation files: samples become hours, and a value that is no share of an hour is refused by row."""

from pathlib import Path

import pytest
from staged import read_staged

from wattledger.contracts import UTILIZATION_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError


def read(folder: Path, text: str) -> tuple[list[tuple[object, ...]], ReadReport]:
    path = folder / "load.csv"
    path.write_text(text)
    settings = SourceSettings("meters", "utilization-csv", str(path))
    return read_staged(settings, folder, UTILIZATION_COLUMNS, "* replace (hour_start::varchar as hour_start)")


def test_samples_of_an_hour_become_their_mean_and_times_utc(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "resource_id,time,utilization\n"
        "i-1,2025-03-01T07:10:00Z,0.2\ni-1,2025-03-01T07:40:00Z,0.4\ni-1,2025-03-01T10:00:00+02:00,0.5\n",
    )
    assert rows == [
        ("i-1", "2025-03-01 07:00:00", "cpu", pytest.approx(0.3)),
        ("i-1", "2025-03-01 08:00:00", "cpu", 0.5),
    ]
    assert report == ReadReport(2)


def test_percent_metrics_and_what_was_left_out(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "Resource_Id,Time,Metric,Utilization_Pct,host\n"
        "i-1,2025-03-01 07:00,CPU,100.4,a\ni-1,2025-03-01 07:00,gpu,25,a\n"
        "i-1,2025-03-01 08:00,cpu,,a\ni-1,2025-03-01 08:00,disk,5,a\n",
    )
    # 100.4 % is a meter's rounding; an hour without a sample is no hour at 0
    assert rows == [("i-1", "2025-03-01 07:00:00", "cpu", 1.0), ("i-1", "2025-03-01 07:00:00", "gpu", 0.25)]
    assert report.notes == (
        "1 samples without a value were left out",
        "1 samples of another metric than cpu and gpu were left out",
    )
    assert report.unknown_columns == ("host",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resource_id,time,utilization\ni-1,2025-03-01 07:00,35\n", "row 1 holds '35' where a share of the hour"),
        ("resource_id,time,utilization\ni-1,2025-03-01 07:00,-0.1\n", "row 1 holds '-0.1'"),
        ("resource_id,time,utilization\ni-1,2025-03-01 07:00,nan\n", "row 1 holds 'nan'"),
        ("resource_id,time,utilization\ni-1,2025-03-01 07:00,busy\n", "row 1 holds 'busy'"),
        ("resource_id,time,utilization\ni-1,yesterday,0.1\n", "row 1 holds 'yesterday' where a time belongs"),
        ("resource_id,time,utilization\n,2025-03-01 07:00,0.1\n", "where the id of a machine belongs"),
        ("resource_id,utilization\ni-1,0.1\n", "needs the column time"),
        ("resource_id,time\ni-1,2025-03-01 07:00\n", "needs the column one of utilization"),
        ("resource_id,time,utilization,utilization_pct\ni-1,2025-03-01 07:00,0.1,10\n", "needs the column one of"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_its_row(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match=message):
        read(tmp_path, text)
