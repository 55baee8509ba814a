"""Business metrics: one row a day, metric and scope; what is not understood refuses the file, so no scope widens."""

from datetime import date
from pathlib import Path

import pytest
from staged import read_staged

from wattledger.contracts import BUSINESS_METRIC_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError


def read(folder: Path, text: str) -> tuple[list[tuple[object, ...]], ReadReport]:
    path = folder / "orders.csv"
    path.write_text(text)
    return read_staged(SourceSettings("shop", "business-metrics", str(path)), folder, BUSINESS_METRIC_COLUMNS)


def test_three_columns_are_enough_and_a_blank_quantity_is_no_zero(tmp_path: Path) -> None:
    rows, report = read(tmp_path, "date,metric,quantity\n2025-06-01,orders,1200\n2025-06-02,orders,\n")
    everything = (None,) * 7
    assert rows == [
        (date(2025, 6, 1), "orders", 1200.0, *everything),
        (date(2025, 6, 2), "orders", None, *everything),
    ]
    assert report == ReadReport(2, ("no quantity, so null: 1 of 2 rows",))


def test_a_scope_tells_two_rows_of_one_day_apart(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        "date,metric,quantity,provider,region,tag_key,tag_value\n"
        "2025-06-01,orders,5,aws,eu-*,,\n2025-06-01,orders,7,,,team,web*\n",
    )
    assert rows == [
        (date(2025, 6, 1), "orders", 5.0, "aws", None, None, "eu-*", None, None, None),
        (date(2025, 6, 1), "orders", 7.0, None, None, None, None, "team", "web*", None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("date,metric\n2025-06-01,orders\n", "has no column quantity"),
        ("date,metric,quantity,Team\n2025-06-01,orders,1,web\n", "unknown column 'Team'. The columns are date, metric"),
        ("date,metric,quantity\n2025-06,orders,1\n", "line 2: date holds '2025-06' where a UTC day like 2025-06-01"),
        ("date,metric,quantity\n2025-06-31,orders,1\n", "line 2: date holds '2025-06-31'"),
        ("date,metric,quantity\n2025-06-01,,1\n", "line 2: metric is empty"),
        ("date,metric,quantity\n2025-06-01,orders,many\n", "line 2: quantity holds 'many' where a number"),
        ("date,metric,quantity\n2025-06-01,orders,nan\n", "line 2: quantity holds 'nan' where a number"),
        ("date,metric,quantity\n2025-06-01,orders,-1\n", "line 2: quantity is -1: no metric is below 0"),
        (
            "date,metric,quantity\n2025-06-01,orders,1\n2025-06-01,orders,2\n",
            "line 3: the metric has that day and scope",
        ),
        ("date,metric,quantity,tag_key,tag_value\n2025-06-01,orders,1,,web\n", "tag_value without tag_key"),
    ],
)
def test_what_is_not_understood_refuses_the_file_by_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BrokenInputError, match=r"(?s).*") as error:
        read(tmp_path, text)
    assert says in str(error.value)
    assert "Nothing of this file was loaded" in str(error.value)
