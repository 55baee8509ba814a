"""Who answers for what: every line has one owner, is shared or is unowned, and the parts sum to the whole."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ledgers import Ledger, at, ledger

from reconcile.report import sections
from warehouse.audits import audit_all
from warehouse.owners import put_in_force
from wattledger.config import load_config
from wattledger.errors import ConfigError
from wattledger.tables import Table

RULES = """
[owners]
team = ["tag:team", "tag:Team", "account"]
project = ["tag:project"]
shared = ["account:LOG-*", "tag:shared=yes"]
names = {"ml" = "Machine learning", "data" = "Data"}
"""


@pytest.fixture(scope="module")
def owned() -> Iterator[Ledger]:
    """1 kWh of ml, 6 of data, 3 of web; 2 shared by account, 1 by tag; 0.4 kg and 0.01 kg embodied a kWh."""
    with ledger() as made:
        made.site()
        made.sku("m5", kwh=0.1)
        made.sku("tax", kwh=None, disposition="out_of_scope", gap_reason="tax")
        for team, hours in (("user:team", 4.0), ("user_Team", 6.0)):
            made.line("m5", at(1), quantity=hours, cost="0.10", tags={team: "ml"})
        made.line("m5", at(2), quantity=60.0, cost="0.50", account="data")
        made.line("m5", at(3), quantity=30.0, cost="0.20", tags={"team": " "})  # an empty tag says nothing: account web
        made.line("m5", at(4), quantity=20.0, cost="0.07", account="log-archive")
        made.line("m5", at(5), quantity=10.0, cost="0.03", tags={"team": "ml", "shared": "Yes"})
        made.line("tax", at(6), cost="-0.40", account="credits")
        made.insert("core.account", unit_id=3, row_number=0, provider="aws", account_id="web", account_name="Web",
                    parent_id="ou-1")  # fmt: skip
        yield made


def rules(owned: Ledger, folder: Path, text: str) -> None:
    (folder / "wattledger.toml").write_text(text)
    config = load_config(folder / "wattledger.toml", environ={})
    put_in_force(owned.connection, config.owners, config.privacy)


def tables(owned: Ledger, *group_by: str) -> dict[str, Table]:
    return {table.name: table for table in sections(owned.connection, None, None, group_by)}


def by_owner(table: Table) -> dict[str, dict[str, Any]]:
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def test_the_first_source_that_says_something_names_the_owner(owned: Ledger, tmp_path: Path) -> None:
    rules(owned, tmp_path, RULES)
    found = tables(owned)
    teams = by_owner(found["owners"])
    assert {name: row["energy_kwh"] for name, row in teams.items()} == {
        "Data": 6.0, "Web": 3.0, "Machine learning": 1.0, "credits": None, "(shared)": 3.0, "total": 13.0,
    }  # fmt: skip
    assert teams["(shared)"]["effective_cost"] == Decimal("0.10")
    assert teams["Data"]["location_based_share"] == pytest.approx(6 / 13)
    assert [row[0] for row in found["owners"].rows][-2:] == ["(shared)", "total"]
    projects = by_owner(found["owners_project"])  # nobody has that tag
    assert {name: row["lines"] for name, row in projects.items()} == {"(unowned)": 5, "(shared)": 2, "total": 7}
    whole = by_owner(found["services"])["total"]
    for table in (teams, projects):
        assert {key: table["total"][key] for key in ("lines", "energy_kwh", "effective_cost", "embodied_kg_co2e")} == {
            key: whole[key] for key in ("lines", "energy_kwh", "effective_cost", "embodied_kg_co2e")
        }
    said = owned.query("select owner, rule from ledger.owners where dimension = 'team' and sub_account_id = 'data'")
    assert said == [{"owner": "Data", "rule": "account"}]


def test_every_line_is_owned_shared_or_unowned_once_in_each_dimension(owned: Ledger, tmp_path: Path) -> None:
    rules(owned, tmp_path, RULES)
    counted = owned.query(
        "select o.dimension, count(*) as lines, count(distinct l.line_id) as distinct_lines from ledger.lines as l "
        "left join ledger.owners as o on o.provider = l.provider and o.billing_account_id = l.billing_account_id "
        "and o.sub_account_id = l.sub_account_id and o.tag_set_id is not distinct from l.tag_set_id "
        "group by all order by all"
    )
    assert counted == [
        {"dimension": "project", "lines": 7, "distinct_lines": 7},
        {"dimension": "team", "lines": 7, "distinct_lines": 7},
    ]  # fmt: skip
    daily = owned.query(
        "select sum(lines)::int as lines, sum(effective_cost) as cost, sum(energy_kwh::decimal(38, 15))::double as kwh "
        "from ledger.footprint_owners where dimension = 'team'"
    )
    assert daily == [{"lines": 7, "cost": Decimal("0.60"), "kwh": pytest.approx(13.0)}]


def test_a_tag_is_found_under_any_spelling_of_its_key_and_an_empty_one_says_nothing(
    owned: Ledger, tmp_path: Path
) -> None:
    rules(owned, tmp_path, '[owners]\nteam = ["tag:Cost-Center"]\nshared = ["tag:user_id=7"]\n')
    owned.connection.execute("begin")
    given = (
        {"cost-center": "", "user:cost-center": "ml"},  # blank, then what the bill's prefix holds
        {"cost-center": "b", "Cost-Center": "a"},  # as the rule spells it
        {"user_COST-CENTER": "c"},
        {"Cost-Center": "d", "user_id": "7"},  # a key that begins like the prefix
        {"Cost-Center": "e", "user_id": " "},
    )
    for place, tags in enumerate(given):
        owned.line("m5", at(7), account=f"spelt-{place}", tags=tags)
    found = owned.query(
        "select owner, state from ledger.owners where sub_account_id like 'spelt%' order by sub_account_id"
    )
    outcome, _ = audit_all(owned.connection)
    owned.connection.execute("rollback")
    assert [row["owner"] or row["state"] for row in found] == ["ml", "a", "c", "shared", "e"]
    assert {row[1] for row in outcome.rows if row[0] == "owners_sum_to_total"} == {"held"}


def test_lines_without_a_month_are_owned_too(owned: Ledger, tmp_path: Path) -> None:
    rules(owned, tmp_path, '[owners]\nteam = ["account"]\n')
    owned.connection.execute("begin")
    owned.insert("core.usage_daily", unit_id=1, sku_id=owned.skus["m5"], sub_account_id="web", lines=1)
    outcome, _ = audit_all(owned.connection)
    owned.connection.execute("rollback")
    assert {row[1] for row in outcome.rows if row[0] == "owners_sum_to_total"} == {"held"}


def test_services_can_be_grouped_by_owner_and_account_with_its_name(owned: Ledger, tmp_path: Path) -> None:
    rules(owned, tmp_path, RULES)
    table = tables(owned, "owner", "account")["services"]
    assert table.columns[:3] == ["owner", "sub_account_id", "account_name"]
    assert ("Web", "web", "Web", 1) in [row[:4] for row in table.rows]
    with pytest.raises(ConfigError, match=r"no owner dimension 'tema'. \[owners\] has team, project"):
        tables(owned, "owner:tema")
    rules(owned, tmp_path, "")
    assert "owners" not in tables(owned)
    with pytest.raises(ConfigError, match=r"no owner rules. Add \[owners\]"):
        tables(owned, "owner")


@pytest.mark.parametrize(
    ("by", "kwh"),
    [
        # 3 kWh are shared; cost 0.20, 0.50, 0.20 of 0.90, credits take none
        ('"cost"', {"Machine learning": 3 * 2 / 9, "Data": 3 * 5 / 9, "Web": 3 * 2 / 9}),
        ('"energy_kwh"', {"Machine learning": 0.3, "Data": 1.8, "Web": 0.9}),  # 1, 6 and 3 of 10 kWh
        ("{Web = 0.25, Ops = 0.75}", {"Web": 0.75, "Ops": 2.25}),  # Ops has no line of its own
    ],
)
def test_what_is_shared_is_divided_beside_the_figures_and_to_the_last_digit(
    owned: Ledger, tmp_path: Path, by: str, kwh: dict[str, float]
) -> None:
    rules(owned, tmp_path, f"{RULES}[owners.split]\nby = {by}\n")
    teams = by_owner(tables(owned)["owners"])
    split = {name: row for name, row in teams.items() if row["split_energy_kwh"] is not None and name != "total"}
    assert {name: row["split_energy_kwh"] for name, row in split.items()} == pytest.approx(kwh, rel=1e-12)
    assert sum(row["split_effective_cost"] for row in split.values()) == Decimal("0.10")  # exactly
    for figure in ("energy_kwh", "location_based_kg_co2e", "embodied_kg_co2e"):
        parts = [row[f"split_{figure}"] for row in split.values()]
        assert sum(parts) == pytest.approx(teams["(shared)"][figure], rel=1e-12)
        assert teams["total"][f"split_{figure}"] == pytest.approx(teams["(shared)"][figure], rel=1e-12)
    assert teams["Data"]["energy_kwh"] == 6.0  # never instead


def test_accounts_show_where_they_hang_and_what_is_wrong_with_it(owned: Ledger) -> None:
    given = [("ou-1", "Data", "r"), ("r", "Root", None), ("x", "X", "y"), ("y", None, "x"), ("data", "Lake", "ou-9")]
    for number, (account, name, parent) in enumerate(given):
        owned.insert("core.account", unit_id=3, row_number=10 + number, provider="aws", account_id=account,
                     account_name=name, parent_id=parent)  # fmt: skip
    rows = owned.query("select sub_account_id, account_path, depth, finding from ledger.accounts")
    found = {row.pop("sub_account_id"): tuple(row.values()) for row in rows}
    assert found["web"] == ("Root / Data / Web", 2, None)
    assert found["r"] == ("Root", 0, None)
    assert found["x"] == (None, None, "its parents lead back to itself")
    assert found["data"] == ("Lake", 0, "nothing is known of the parent ou-9")
    assert found["credits"] == (None, None, None)  # on the bill, named by nobody


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('team = ["tags:team"]', r"line 1: owners: 'tags:team' should be tag:KEY or one of account, project"),
        ('shared = ["account:x"]', r"should say where an owner is found"),
        ('team = ["account"]\nshared = ["tag:x"]', r"'tag:x' should be tag:KEY=GLOB or like account:GLOB"),
        ('"My Team" = ["account"]', r"'My Team' should be a name of small letters"),
        ('team = "account"', r"line 2: owners.team: should be a list"),
        ('team = ["account"]\nsplit = {by = {a = 0.6, b = 0.3}}', r"these sum to 0.9 \(a = 0.6, b = 0.3\)"),
        ('team = ["account"]\nnames = "o.csv"', r"o.csv, line 3: 'x' has two owners"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "o.csv").write_text("value,owner\nx,a\nx,b\n")
    (tmp_path / "wattledger.toml").write_text(f"[owners]\n{text}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "wattledger.toml", environ={})
