"""The spend proxy: what no model covers, by its cost, in a bucket of its own."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from ledgers import Ledger, at, ledger

from reconcile.explain import explain
from reconcile.report import sections
from warehouse.audits import audit_all
from wattledger.tables import Table

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
OFF, ON = "false", "true"
# What the estimated lines of use come to: 10 h x 0.2 kWh for 1 USD and 20 GB-months x 0.15 kWh for 3 USD are 5 kWh for
# 4 USD; at 400 g/kWh 2 kg. The unused reservation, the tax and the line in euro have no part in it.
KWH, KG, USD = 5.0, 2.0, 4.0


@pytest.fixture
def bill() -> Iterator[Ledger]:
    with ledger() as made:
        made.site()
        made.sku("m5", machine="m5.large", kwh=0.2)
        made.sku("bucket", service="AmazonS3", kwh=0.15, unit="GB-Mo")
        made.sku("dns", service="AmazonRoute53", kwh=None, gap_reason="no rule yet")
        made.sku("unused", state="reserved_idle", kwh=0.7)
        made.sku("tax", kwh=None, disposition="out_of_scope", gap_reason="tax")
        made.sku("vm", provider="azure", service="Virtual Machines", kwh=0.2)
        made.sku("bot", provider="azure", service="Bot Service", kwh=None, gap_reason="no physics")
        made.days("m5", 10, quantity=1.0, cost="0.10", resource="i-1")
        made.days("bucket", 10, quantity=2.0, cost="0.30")
        made.days("unused", 2, quantity=1.0, cost="0.50")
        made.days("tax", 1, cost="1.00")
        made.line("vm", at(1), cost="9.00", currency="EUR")
        yield made


def switch(bill: Ledger, value: str) -> None:
    bill.connection.execute("update core.setting set value = ? where key = 'spend_proxy'", [value])


def tables(bill: Ledger) -> dict[str, Table]:
    return {table.name: table for table in sections(bill.connection, None, None)}


def test_a_line_without_a_model_gets_its_cost_times_the_ratio_of_the_bill(bill: Ledger) -> None:
    line = bill.line("dns", at(5), cost="0.80")
    back = bill.line("dns", at(6), cost="-0.40")
    switch(bill, ON)
    # 0.80 USD x 5 kWh / 4 USD = 1 kWh and 0.4 kg; a correction of -0.40 USD takes half of it back
    found = bill.query("from ledger.footprint_proxy order by line_id")
    assert [(row["line_id"], row["energy_kwh"], row["location_based_kg_co2e"]) for row in found] == [
        (line, pytest.approx(0.80 * KWH / USD), pytest.approx(0.80 * KG / USD)),
        (back, pytest.approx(-0.5), pytest.approx(-0.2)),
    ]
    assert (found[0]["estimated_effective_cost"], found[0]["estimated_energy_kwh"]) == (Decimal(4), pytest.approx(KWH))
    assert (found[0]["gap_reason"], found[0]["proxy_gap_reason"]) == ("no rule yet", None)
    (row,) = bill.query("from ledger.lines where line_id = ?", line)
    assert (row["disposition"], row["method"], row["quality"]) == ("proxy", "spend_proxy", 5)
    assert row["gap_reason"] == "no rule yet"  # why the model has nothing stays visible
    figures = [name for name in row if name.endswith(("_kwh", "_kg_co2e", "_low", "_high")) or name == "water_l"]
    assert len(figures) > 15
    assert {row[name] for name in figures} == {None}


def test_off_by_default_it_changes_nothing(bill: Ledger) -> None:
    line = bill.line("dns", at(5), cost="0.80")
    assert bill.setting("spend_proxy") == OFF
    assert bill.query("from ledger.footprint_proxy") == []
    (row,) = bill.query("from ledger.footprint where line_id = ?", line)
    assert (row["disposition"], row["method"], row["quality"]) == ("unmodelled", None, None)


def test_another_currency_gets_nothing_and_says_why(bill: Ledger) -> None:
    euro = bill.line("dns", at(5), cost="0.80", currency="EUR")
    lone = bill.line("bot", at(5), cost="0.80")  # Azure has estimated lines in euro only
    no_cost = bill.line("dns", at(6), cost=None)
    switch(bill, ON)
    found = bill.query("select line_id, energy_kwh, proxy_gap_reason from ledger.footprint_proxy order by line_id")
    assert [tuple(row.values()) for row in found] == [
        (euro, None, "cost in EUR: the ratio is of USD"),
        (lone, None, "the provider has no estimated cost in USD in this month"),
        (no_cost, None, "no cost"),
    ]
    assert bill.query("select distinct disposition from ledger.footprint where line_id >= ?", euro) == [
        {"disposition": "unmodelled"}
    ]


def test_no_total_and_no_reconciliation_holds_it(bill: Ledger) -> None:
    """All that the report and the reconciliations say is the same with and without it."""
    bill.figure(10.0)
    bill.run("run", at(3), 1, 0.1)
    bill.line("dns", at(5), cost="0.80")

    def said() -> list[object]:
        bill.compare()
        shown = tables(bill)
        return [
            bill.regions(),
            bill.services(),
            bill.runs(),
            bill.query(
                "select * exclude (proxy_energy_kwh, proxy_location_based_kg_co2e) from ledger.reconciliation_summary"
            ),
            bill.query(
                "select sum(lines), sum(billed_cost), sum(energy_kwh::decimal(38, 15)), "
                "sum(location_based_kg_co2e::decimal(38, 15)) from ledger.footprint_daily"
            ),
            *(shown[name].rows for name in ("summary", "emissions", "causes", "services", "runs", "method")),
        ]

    without = said()
    assert not any("spend proxy" in note for note in tables(bill)["summary"].notes)
    switch(bill, ON)
    assert said() == without
    assert "in none of them, the spend proxy of what no model covers: aws 1.000 kWh" in "".join(
        tables(bill)["summary"].notes
    )
    (month,) = bill.query("from ledger.reconciliation_summary where provider = 'aws'")
    assert (month["proxy_energy_kwh"], month["proxy_location_based_kg_co2e"]) == (
        pytest.approx(1.0),
        pytest.approx(0.4),
    )


def test_coverage_shows_it_as_a_disposition_of_its_own(bill: Ledger) -> None:
    bill.line("dns", at(5), cost="0.80")
    bill.line("dns", at(6), cost="0.80", currency="EUR")
    switch(bill, ON)
    shown = tables(bill)
    coverage = [dict(zip(shown["coverage"].columns, row, strict=True)) for row in shown["coverage"].rows]
    proxied = {
        (row["disposition"], row["billing_currency"]): row for row in coverage if row["gap_reason"] == "no rule yet"
    }
    assert set(proxied) == {("proxy", "USD"), ("unmodelled", "EUR")}
    assert proxied["proxy", "USD"]["proxy_energy_kwh"] == pytest.approx(1.0)
    assert sum(row["lines"] for row in coverage) == bill.rows
    by_view = bill.query(
        "select disposition, lines, proxy_energy_kwh from ledger.coverage where proxy_energy_kwh is not null"
    )
    assert by_view == [{"disposition": "proxy", "lines": 1, "proxy_energy_kwh": pytest.approx(1.0)}]
    services = [
        dict(zip(shown["coverage_services"].columns, row, strict=True)) for row in shown["coverage_services"].rows
    ]
    dns = next(row for row in services if (row["service_name"], row["billing_currency"]) == ("AmazonRoute53", "USD"))
    assert (dns["estimated_cost_share"], dns["proxy_cost_share"]) == (0.0, 1.0)
    assert [row[-1] for row in shown["coverage_unmodelled"].rows] == ["EUR"]


def test_explain_works_it_out(bill: Ledger) -> None:
    line = bill.line("dns", at(5), cost="0.80")
    switch(bill, ON)
    bill.insert("core.sku_class", sku_id=bill.skus["dns"], rule_id="other-provider", disposition="unmodelled")
    table = next(table for table in explain(bill.connection, line=line) if table.name == "proxy")
    energy = dict(zip(table.columns, table.rows[0], strict=True))
    cost, _, kwh, _, of_cost = str(energy["numbers"]).split()
    assert float(cost) * float(kwh) / float(of_cost) == pytest.approx(1.0) == energy["value"]


def test_every_line_is_kept_and_the_audits_hold(bill: Ledger) -> None:
    bill.line("dns", at(5), cost="0.80")
    bill.line("dns", at(5), cost=None, quantity=None)
    switch(bill, ON)
    held = {row[0]: row[1] for row in audit_all(bill.connection)[0].rows}
    names = ("missing_has_reason", "footprint_keeps_lines", "groups_sum_to_total", "daily_matches_lines")
    assert {name: held[name] for name in names} == dict.fromkeys(names, "held")


def test_the_worked_number_of_the_method_page(bill: Ledger) -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## The last rung: by cost\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    bill.line("dns", at(5), cost="0.80")
    switch(bill, ON)
    (found,) = bill.query("from ledger.footprint_proxy")
    for (name, numbers, result), value in zip(
        rows, (found["energy_kwh"], found["location_based_kg_co2e"]), strict=True
    ):
        first, times, over = numbers.split(" x ")[0], *numbers.split(" x ")[1].split(" / ")
        assert float(first) * float(times) / float(over) == pytest.approx(float(result.split()[0])), name
        assert value == pytest.approx(float(result.split()[0])), name
