"""What is printed: exact for programs, readable for people, harmless for both."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from cli.foreign import harmless
from cli.render import to_csv, to_json, to_records, to_terminal
from wattledger.tables import Table


def one(*values: object) -> Table:
    return Table("t", "T", [f"c{n}" for n in range(len(values))], [values])


def test_json_decimals_keep_every_digit_and_missing_is_null() -> None:
    text = to_records(Table("t", "", ["cost", "kwh", "day"], [(Decimal("0.100000000001"), None, date(2025, 3, 1))]))
    assert '"cost": 0.100000000001' in text  # a number, as written: no float came between
    assert json.loads(text, parse_float=str) == [{"cost": "0.100000000001", "kwh": None, "day": "2025-03-01"}]


def test_json_has_no_nan_and_no_infinity() -> None:
    assert json.loads(to_records(one(float("nan"), float("inf"), Decimal("NaN")))) == [
        {"c0": None, "c1": None, "c2": None}
    ]


def test_json_lists_and_maps_stay_such() -> None:
    assert json.loads(
        to_records(one({"team": "ml"}, [1, 2], b"\x00\xff", datetime.fromisoformat("2025-03-01T02:00")))
    ) == [{"c0": {"team": "ml"}, "c1": [1, 2], "c2": "00ff", "c3": "2025-03-01T02:00:00"}]


def test_a_repeated_column_name_loses_no_value() -> None:
    assert json.loads(to_records(Table("t", "", ["a", "a", "a"], [(1, 2, 3)]))) == [{"a": 1, "a_1": 2, "a_2": 3}]


def test_other_commands_print_an_object_with_a_schema_version() -> None:
    assert json.loads(to_json([Table("t", "T", ["a"], [(1,)], ["note"])])) == {
        "schema_version": 1,
        "tables": [{"name": "t", "title": "T", "columns": ["a"], "rows": [[1]], "notes": ["note"]}],
    }


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|'/c calc'!A0", "+SUM(A1)", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("x")'],
)
def test_a_csv_cell_that_a_spreadsheet_would_run_is_inert(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv([one(text)]), newline="")))
    assert rows[1] == ["'" + text]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (-1.5, "-1.5"),  # numbers stay numbers
        (Decimal("-0.10"), "-0.10"),
        ("-12.5", "-12.5"),  # and so does text that is nothing but a number
        ("+4e3", "+4e3"),
        ("plain", "plain"),
        (None, ""),
        (True, "true"),
        (0.1 + 0.2, "0.30000000000000004"),  # every digit: programs read this
        (Decimal("0E-12"), "0.000000000000"),
        ({"team": "=1"}, '{"team": "=1"}'),  # begins with a brace
    ],
)
def test_csv_prints_values_as_they_are(value: object, printed: str) -> None:
    assert list(csv.reader(io.StringIO(to_csv([one(value)]))))[1] == [printed]


def test_a_row_of_one_missing_value_is_a_row() -> None:
    assert to_csv([Table("t", "", ["a"], [(None,), (1,)])]) == 'a\n""\n1\n'


def test_a_column_named_by_foreign_text_is_inert_too() -> None:
    assert to_csv([Table("t", "", ["=1"], [])]) == "'=1\n"


def test_several_tables_as_csv_follow_one_another_with_their_name() -> None:
    tables = [Table("a", "", ["x"], [(1,)]), Table("b", "", ["y"], [(2,)])]
    assert to_csv(tables) == "section,x\na,1\n\nsection,y\nb,2\n"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\x9bb", "a\\x9bb"),  # C1: a one-byte escape sequence
        ("file\u202egpj.exe", "file\\u202egpj.exe"),  # right-to-left override
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("a\rb\x08c\x00", "a\\rb\\x08c\\x00"),
        ("Zürich 東京 ✓", "Zürich 東京 ✓"),
    ],
)
def test_what_could_steer_a_terminal_is_spelled_out(text: str, printed: str) -> None:
    assert harmless(text) == printed
    assert printed in to_terminal([one(text)], 100, False)
    assert printed in to_terminal([Table("t", text, ["a"], [(1,)], [text])], 100, False)


def test_markup_in_foreign_text_is_text() -> None:
    assert "[red]x[/red] :smile:" in to_terminal([one("[red]x[/red] :smile:")], 100, False)


def test_a_table_names_units_aligns_numbers_and_shows_sensible_digits() -> None:
    table = Table(
        "t", "By service", ["service_name", "energy_kwh", "billed_cost", "lines"],
        [("AmazonEC2", 1234.5678, Decimal("45081.0534"), 117423), ("AmazonS3", 0.004, Decimal("0.001"), 7)],
        ["A note."],
    )  # fmt: skip
    assert to_terminal([table], 100, False).splitlines() == [
        "By service",
        "service    energy     billed",
        "name          kWh       cost    lines",
        "─────────────────────────────────────",
        "AmazonEC2   1,235  45,081.05  117,423",
        "AmazonS3       <1      <0.01        7",
        "  A note.",
    ]


def test_missing_is_a_dash_and_never_a_zero() -> None:
    printed = to_terminal([Table("t", "", ["name", "energy_kwh"], [("a", None), ("b", 0.0)])], 100, False)
    assert [line.split() for line in printed.splitlines()[3:]] == [["a", "–"], ["b", "0"]]  # noqa: RUF001


def test_a_table_too_wide_for_the_terminal_is_printed_row_by_row() -> None:
    names = [f"a_rather_long_name_{n}_kwh" for n in range(12)]
    printed = to_terminal([Table("t", "", names, [[1.5e9] * 12])], 80, False)
    assert len(printed.splitlines()) == 12
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_a_table_too_wide_for_the_terminal_is_cut_into_grids_that_each_name_the_row() -> None:
    """48 characters: the name, 9 wide, and four columns of 8; with two blanks between them three of these fit."""
    names = ["service_name", *(f"number_{n}_kwh" for n in range(5))]
    rows = [("AmazonEC2", *[1.5e6] * 5), ("AmazonS3", *[2.5e6] * 5)]
    assert to_terminal([Table("t", "", names, rows)], 48, False).splitlines() == [
        "service     number 0   number 1   number 2",
        "name             kWh        kWh        kWh",
        "──────────────────────────────────────────",
        "AmazonEC2  1,500,000  1,500,000  1,500,000",
        "AmazonS3   2,500,000  2,500,000  2,500,000",
        "",
        "service     number 3   number 4",
        "name             kWh        kWh",
        "───────────────────────────────",
        "AmazonEC2  1,500,000  1,500,000",
        "AmazonS3   2,500,000  2,500,000",
    ]


def test_a_column_of_a_quantity_without_any_figure_stands_like_the_others() -> None:
    printed = to_terminal([Table("t", "", ["name", "gap_kg_co2e", "lines"], [("a", None, 1)])], 100, False)
    assert printed.splitlines()[-1] == "a           –      1"  # noqa: RUF001


def test_a_number_too_long_to_read_is_written_with_an_exponent() -> None:
    assert "2e+15" in to_terminal([one(2e15)], 100, False)
    assert "2,000,000" in to_terminal([one(2e6)], 100, False)


def test_values_beside_their_unit_keep_every_digit() -> None:
    printed = to_terminal(
        [Table("t", "", ["value", "unit"], [(0.000123456789, "kWh"), (1234567.5, "Hrs")])], 100, False
    )
    assert "0.000123456789" in printed
    assert "1234567.5" in printed


def test_figures_of_several_units_are_rounded_each_for_itself() -> None:
    rows = [("energy_kwh", "kWh", 17404.4567), ("energy_kwh", "kWh", 0.5), ("embodied_kg_co2e", "kg CO2e", 0.0123456)]
    printed = to_terminal([Table("t", "", ["figure", "unit", "low"], rows)], 100, False).splitlines()
    assert [line.split()[-1] for line in printed[-3:]] == ["17,404", "<1", "0.01235"]


def test_a_column_that_names_the_row_is_no_unit_of_its_figures() -> None:
    printed = to_terminal([Table("t", "", ["unit", "energy_kwh_then"], [("Shop", 218.675355)])], 100, False)
    assert printed.splitlines()[-1].split() == ["Shop", "218.7"]
    assert "kWh" in printed


def test_a_long_table_by_month_has_a_blank_line_between_months() -> None:
    rows = [(date(2025, month, 1), n) for month in (3, 4) for n in range(4)]
    printed = to_terminal([Table("t", "", ["usage_month", "lines"], rows)], 100, False).splitlines()
    assert printed[-5:] == ["", "2025-04      0", "2025-04      1", "2025-04      2", "2025-04      3"]


def test_of_a_long_table_a_person_sees_the_first_rows_and_how_many_more_there_are() -> None:
    table = Table("t", "", ["number"], [(number,) for number in range(1_250)])
    printed = to_terminal([table], 80, False).splitlines()
    assert "99" in printed[-2]
    assert printed[-1].strip() == "1,150 more rows: `--format csv` or `-o FILE` has them all."
    assert len(to_csv([table]).splitlines()) == 1_251
