"""Every audit holds on a sound warehouse, and every one can fail: each is shown the damage it is there to find."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from toy import HEADER, ToySource, fill_rates, line, toy_warehouse

from warehouse.audits import audit_all, audits
from warehouse.sync import Sync

DOCS = Path(__file__).parents[2] / "docs"

# The damage that each audit finds. `line 2` is a credited hour, so its quantity is negative.
DAMAGE = {
    # line 3 a pod on the machine of the two others, whose charges end before they start: no hours to divide
    "allocation_conserved": """
        update core.usage set resource_id = 'i-1';
        insert into core.allocation by name
        select max(line_id) as line_id, any_value(unit_id) as unit_id, 'i-1' as parent_resource_id, 'compute' as part,
            1e0 as split_usage, 1e0 as split_usage_ratio from core.usage;
        update core.usage set charge_period_end = charge_period_start - interval 1 hour
        where line_id < (select max(line_id) from core.usage)""",
    "daily_matches_lines": "update core.usage_daily set billed_cost = billed_cost + 0.000000000001",
    "figures_finite": "update core.rate set energy_kwh_high = 'inf'::double",
    "footprint_keeps_lines": "update core.rate set disposition = 'ignored'",
    "gap_fully_split": """
        insert into core.reconciliation_provider by name
        select date '2025-03-01' as usage_month, 'aws' as provider, 'eu-central-1' as region_id, 'region' as grain,
            'model_high' as verdict, 3e0 as gap_kg_co2e, 1e0 as gap_timing_kg_co2e, 1e0 as gap_unexplained_kg_co2e""",
    "groups_sum_to_total": "update core.usage_daily set consumed_quantity = consumed_quantity * 1.00000001e0",
    "hourly_matches_lines": """
        update core.usage_daily set consumed_quantity = consumed_quantity * 1.00000001e0;
        insert into core.grid_interval by name select
            1 as unit_id, 1 as row_number, 'iso3:DEU' as zone, timestamp '2025-03-01' as interval_start,
            timestamp '2025-03-01 01:00' as interval_end, 'average' as signal, 'lifecycle' as boundary,
            300e0 as g_co2e_per_kwh""",
    "manifest_matches_rows": "delete from core.unit",
    "missing_has_reason": "update core.rate set gap_reason = null",
    "one_bill_one_source": """
        insert into core.unit by name select * replace (1 as unit_id, 'other' as source, 0 as row_count) from core.unit;
        insert into core.bill_period select 1, provider, billing_account_id, billing_month from core.bill_period""",
    "owners_sum_to_total": """
        insert into core.owner_rule values ('team', 0, 0, 'account', 'account', null);
        create table core.twice as select * from core.owner union all select * from core.owner;
        create or replace view core.owner as select * from core.twice""",
    "parts_sum_to_whole": "update core.rate set memory_it_energy_kwh = memory_it_energy_kwh * 1.001e0",
    "range_holds_value": "update core.rate set location_based_kg_co2e_low = location_based_kg_co2e_high",
    "rates_follow_factors": "update core.rate set pue = 1.1e0",
    "sign_follows_quantity": "update core.rate set it_energy_kwh = -it_energy_kwh",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    bill = tmp_path / "bill"
    bill.mkdir()
    (bill / "2025-03.csv").write_text(
        HEADER + line(1) + line(2, quantity=-0.5, cost="-0.05") + line(3, kind="Tax", meter="")
    )
    with toy_warehouse(tmp_path / "w.duckdb") as opened:
        driver = Sync(opened, tmp_path / "spool", tmp_path / "staging", fill_rates, lambda _: None)
        assert driver.run([ToySource("toy", bill)]).loaded == 1
        yield opened


def test_every_audit_holds_after_a_sync(connection: duckdb.DuckDBPyConnection) -> None:
    table, held = audit_all(connection)
    assert held, table.rows
    assert [row[0] for row in table.rows] == sorted(DAMAGE)


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_an_audit_finds_the_damage_it_is_there_for(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(DAMAGE[name])
    table, held = audit_all(connection)
    assert not held
    outcome = {row[0]: (row[1], row[3]) for row in table.rows}
    assert outcome[name][0] == "failed"
    assert outcome[name][1]  # says where


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("usage_positive", "update core.rate set it_energy_kwh = -it_energy_kwh"),
        ("usage_positive", "update core.rate set embodied_kg_co2e_high = 'nan'::double"),
        ("usage_rated", "delete from core.rate"),
        ("usage_conserved", "delete from core.usage_daily"),
        ("usage_conserved", "update core.usage set effective_cost = effective_cost + 0.000000000001"),
    ],
)
def test_an_audit_inside_the_load_undoes_it_and_names_itself(tmp_path: Path, name: str, damage: str) -> None:
    def fill_and_damage(connection: duckdb.DuckDBPyConnection) -> None:
        fill_rates(connection)
        connection.execute(damage)

    bill = tmp_path / "bill"
    bill.mkdir()
    (bill / "2025-03.csv").write_text(HEADER + line(1) + line(2, quantity=-0.5, cost="-0.05"))
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
        driver = Sync(connection, tmp_path / "spool", tmp_path / "staging", fill_and_damage, lambda _: None)
        assert driver.run([ToySource("toy", bill)]).refused == 1
        message = connection.execute("select message from ops.refusals").fetchall()[0][0]
        assert f"toy, 2025-03: audit `{name.removeprefix('usage_')}` failed" in message
        assert connection.execute("select count(*) from core.usage").fetchall() == [(0,)]
        assert connection.execute("select count(*) from core.rate").fetchall() == [(0,)]


def test_the_guide_lists_every_audit_with_its_promise() -> None:
    page = (DOCS / "warehouse.md").read_text()
    for audit in (*audits("unit_"), *audits("all_")):
        assert f"| `{audit.name}` | {audit.promise} |" in page, audit.name
    assert page.count("\n| `") == len(audits("unit_")) + len(audits("all_"))
