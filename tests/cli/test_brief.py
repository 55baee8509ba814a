"""A report at a glance: what is left out is named, and nothing else is lost."""

from cli.brief import brief, left_out
from wattledger.tables import Table

SERVICES = Table(
    "services",
    "",
    ("service_name", "lines"),
    [*((f"s{n}", n) for n in range(20)), ("total", 190)],
    ("a", "b", "c", "d"),
)


def test_a_long_table_keeps_its_first_rows_and_its_total_and_says_where_the_rest_is() -> None:
    (shown,) = brief([SERVICES])
    assert [row[0] for row in shown.rows] == [*(f"s{n}" for n in range(10)), "total"]
    assert shown.notes == ["a", "b", "c", "11 of 21 rows; `wattledger report services` has all."]
    (whole,) = brief([SERVICES], whole=("services",))
    assert ([tuple(row) for row in whole.rows], whole.notes[-1]) == (
        SERVICES.rows,
        "`wattledger report services` has 1 more notes.",
    )


def test_a_detail_is_left_out_and_named_where_it_has_something_to_show() -> None:
    gaps = Table("gaps", "", ("kg_co2e",), [(1.0,)], is_detail=True)
    variants = Table("variants", "", ("model",), [], is_detail=True)
    assert brief([gaps, variants]) == []
    assert left_out([SERVICES, gaps, variants]) == "Details, each printed by `wattledger report NAME`: gaps."
    assert left_out([SERVICES, variants]) is None


def test_a_run_that_another_measures_waits_and_a_reason_never_does() -> None:
    runs = Table("runs", "", ("run_id", "is_counted"), [("a", True), ("b", False)])
    sci = Table("sci", "", ("metric", "days", "gap_reason"), [("orders", 30, None), ("searches", 30, "no grid factor")])
    some, reasoned = brief([runs, sci])
    assert (some.columns, some.rows) == (["run_id"], [["a"]])
    assert (reasoned.columns, reasoned.rows) == (
        ["metric", "gap_reason"],
        [["orders", None], ["searches", "no grid factor"]],
    )
