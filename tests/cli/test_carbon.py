"""The accounts of the carbon from files to the report: a provider's figures that come later, switches, water."""

import json
from pathlib import Path
from typing import Any

import pytest
from project import CONFIG, Run, asked, bill_line, write_bill

CARBON = '\n[[source]]\nname = "carbon"\nkind = "aws-carbon-export"\nlocation = "carbon"\n'
MONTH = (
    "usage_period_start,usage_period_end,payer_account_id,usage_account_id,region_code,product_code,model_version,"
    "total_mbm_emissions_value,total_mbm_emissions_unit,total_lbm_emissions_value,total_lbm_emissions_unit,"
    "total_scope_2_lbm_emissions_value,total_scope_2_lbm_emissions_unit,"
    "total_scope_2_mbm_emissions_value,total_scope_2_mbm_emissions_unit\n"
    "2025-03-01 00:00:00Z,2025-04-01 00:00:00Z,111122223333,444455556666,eu-central-1,AmazonEC2,v3.0.1,"
    "0.002,MTCO2e,0.008,MTCO2e,0.008,MTCO2e,0.002,MTCO2e\n"
)


@pytest.fixture
def frankfurt(fresh: Path, run: Run) -> Path:
    """A project with two lines of Frankfurt in March 2025, loaded."""
    write_bill(fresh, [bill_line(1), bill_line(2)])
    assert run("sync").exit_code == 0
    return fresh


def reported(run: Run, section: str) -> dict[str, Any]:
    result = run("report", section, "--json")
    assert result.exit_code == 0, result.stderr
    table: dict[str, Any] = json.loads(result.stdout)["tables"][0]
    return table


SUMS = (
    "select sum(market_based_kg_co2e::decimal(38, 15))::double as market, "
    "sum(location_based_kg_co2e::decimal(38, 15))::double as location, "
    "any_value(market_based_gap_reason) as reason from ledger.lines"
)


def test_figures_of_the_provider_that_come_later_rate_their_month_again(run: Run, frankfurt: Path) -> None:
    """2 kg by the market over 8 by location: a quarter. The bill is not read again, and no other figure moves."""
    (before,) = asked(run, SUMS)
    assert before["market"] is None
    assert before["reason"].endswith("no residual mix for eu-central-1 in 2025-03")
    note = " ".join(reported(run, "services")["notes"])
    assert f"Market-based emissions are null: e.g. {before['reason']}" in note
    (frankfurt / "carbon").mkdir()
    (frankfurt / "carbon" / "2025-03.csv").write_text(MONTH)
    (frankfurt / "wattledger.toml").write_text(CONFIG + CARBON)
    assert run("sync").exit_code == 0
    (after,) = asked(run, SUMS)
    assert after["market"] == pytest.approx(after["location"] / 4, rel=1e-12)
    assert (after["location"], after["reason"]) == (before["location"], None)
    (step,) = asked(run, "from ledger.restatements")
    assert (step["cause"], step["market_based_kg_co2e_from"], step["energy_kwh_from"]) == (
        "factors", None, step["energy_kwh_to"],
    )  # fmt: skip
    assert run("audit").exit_code == 0
    table = reported(run, "carbon")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    by_account = {row["account"]: row for row in rows}
    assert by_account["market-based"]["counted_by"] == "provider_figure"
    assert by_account["market-based"]["kg_co2e"] == pytest.approx(after["market"], rel=1e-9)
    # Germany lost 5.116 % of its power in 2024, the newest year
    lost = by_account["location-based"]["kg_co2e"] * 0.05116 / 0.94884
    assert by_account["losses of the grid"]["kg_co2e"] == pytest.approx(lost, rel=1e-9)
    assert by_account["losses of the grid"]["scope_of_provider"] == "scope 3, category 3"


def test_the_first_sync_of_a_bill_and_its_providers_figures_restates_nothing(run: Run, fresh: Path) -> None:
    write_bill(fresh, [bill_line(1), bill_line(2)])
    (fresh / "carbon").mkdir()
    (fresh / "carbon" / "2025-03.csv").write_text(MONTH)
    (fresh / "wattledger.toml").write_text(CONFIG + CARBON)
    assert run("sync").exit_code == 0
    assert asked(run, "from ledger.restatements") == []
    assert asked(run, SUMS)[0]["market"] > 0


def test_a_life_of_ones_own_choice_is_a_restatement_by_method(run: Run, frankfurt: Path) -> None:
    """The set's servers last six years; three are twice the embodied carbon of each."""
    (frankfurt / "wattledger.toml").write_text("[estimate]\nserver_life_years = 3\n" + CONFIG)
    result = run("sync")
    assert "server_life_years = 3.0: all rates were made again" in result.stderr
    (step,) = asked(run, "from ledger.restatements")
    assert (step["cause"], step["energy_kwh_from"]) == ("method", step["energy_kwh_to"])
    assert step["embodied_kg_co2e_to"] == pytest.approx(step["embodied_kg_co2e_from"] * 2, rel=1e-12)
    (frankfurt / "wattledger.toml").write_text("[estimate]\nserver_life_years = 0\n" + CONFIG)
    assert run("sync").exit_code == 2


def test_water_comes_with_the_share_where_it_is_short(run: Run, frankfurt: Path) -> None:
    """One line of Frankfurt (category 2) and one of northern California (category 4)."""
    line = bill_line(2).replace("EUC1-", "USW1-").replace("eu-central-1", "us-west-1")
    write_bill(frankfurt, [bill_line(1), line])
    assert run("sync").exit_code == 0
    table = reported(run, "water")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    by_region = {row["region_id"]: row for row in rows}
    california, total = by_region["us-west-1"], by_region[None]
    assert (california["water_stress_category"], california["onsite_stressed_share"]) == (4, 1)
    assert (by_region["eu-central-1"]["onsite_stressed_share"], total["onsite_unknown_share"]) == (0, 0)
    share = california["water_onsite_l"] / total["water_onsite_l"]
    assert total["onsite_stressed_share"] == pytest.approx(share, rel=1e-12)
    assert total["water_onsite_l"] + total["water_offsite_l"] == pytest.approx(total["water_l"], rel=1e-12)
    assert total["water_l_low"] < total["water_l"] < total["water_l_high"]
