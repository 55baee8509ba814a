"""From a csv of metrics, a layer of prices and two keys of the configuration to sections of the report."""

import json
from pathlib import Path
from typing import Any

import pytest
from project import Run

METRICS = '\n[[source]]\nname = "shop"\nkind = "business-metrics"\nlocation = "orders.csv"\n'
PRICE = '\n[report]\ncarbon_price_per_t = 100.0\ncarbon_price_currency = "EUR"\n'


def rows(run: Run, section: str) -> list[dict[str, Any]]:
    result = run("report", section, "--json")
    assert result.exit_code == 0, result.stderr
    (table,) = json.loads(result.stdout)["tables"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_a_metric_becomes_carbon_per_unit_and_a_corrected_file_replaces_it(project: Path, run: Run) -> None:
    with (project / "wattledger.toml").open("a", encoding="utf-8") as file:
        file.write(METRICS)
    (project / "orders.csv").write_text("date,metric,quantity,region\n2025-03-02,orders,50,EU-*\n")
    assert run("sync").exit_code == 0
    (first,) = rows(run, "sci")
    kg = first["location_based_kg_co2e"] + first["embodied_kg_co2e"]
    assert first["sci_g_co2e_per_unit"] == pytest.approx(kg * 1000 / 50)
    assert (first["days_with_quantity"], first["days"], first["scope"]) == (1, 31, "region EU-*")
    (project / "orders.csv").write_text("date,metric,quantity,region\n2025-03-02,orders,100,EU-*\n")
    assert run("sync").exit_code == 0
    (second,) = rows(run, "sci")
    assert second["sci_g_co2e_per_unit"] == pytest.approx(first["sci_g_co2e_per_unit"] / 2)
    assert run("audit").exit_code == 0
    (project / "orders.csv").write_text("date,metric,quantity,Region\n2025-03-02,orders,100,EU-*\n")
    refused = run("sync")
    assert refused.exit_code == 3
    assert "unknown column 'Region'" in refused.stderr
    assert rows(run, "sci") == [second]


def test_an_own_price_says_what_the_energy_would_cost_and_restates_nothing(project: Path, run: Run) -> None:
    assert run("report", "electricity").exit_code == 2  # nothing to show: no price is known for Frankfurt
    (project / "prices.csv").write_text(
        "zone_scheme,zone,period,price_per_kwh,currency,source,source_release,licence,verification\n"
        "iso3,DEU,2025-03,0.20,EUR,our contract,2025,internal,published\n"
    )
    assert run("factors", "import", "prices.csv", "--name", "power").exit_code == 0
    label = run("sql", "select value from core.setting where key = 'factor_set'", "--format", "csv").stdout.split()[1]
    assert run("factors", "use", f"{label}+power").exit_code == 0
    (found,) = rows(run, "electricity")
    assert found["electricity_cost"] == pytest.approx(found["energy_kwh"] * 0.20)
    assert run("report", "restatements").exit_code == 2  # nothing to show: a price moves no figure


def test_an_internal_price_is_an_option_of_the_report(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("report", "carbon_price").exit_code == 2
    with (project / "wattledger.toml").open("a", encoding="utf-8") as file:
        file.write(PRICE)
    service, total = rows(run, "carbon_price")
    kg = service["location_based_kg_co2e"] + service["embodied_kg_co2e"]
    assert service["carbon_cost"] == pytest.approx(kg / 1000 * 100)
    assert (total["provider"], total["carbon_cost"], total["currency"]) == ("total", service["carbon_cost"], "EUR")
    carbon = json.loads(run("report", "carbon", "--json").stdout)["tables"]
    assert [table["name"] for table in carbon] == ["carbon"]  # a section whose name another one begins with
    monkeypatch.setenv("WATTLEDGER_REPORT_CARBON_PRICE_PER_T", "200")
    assert rows(run, "carbon_price")[1]["carbon_cost"] == pytest.approx(2 * total["carbon_cost"])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("carbon_price_per_t = 100.0", "report.carbon_price_currency is not set"),
        ('carbon_price_currency = "EUR"', "report.carbon_price_per_t is not set"),
        ('carbon_price_per_t = 0\ncarbon_price_currency = "EUR"', "carbon_price_per_t"),
        ('carbon_price_per_t = 1.0\ncarbon_price_currency = "euro"', "carbon_price_currency"),
        ("carbon_price = 1.0", "carbon_price_per_t"),
    ],
)
def test_a_price_that_cannot_be_is_refused_before_anything_runs(fresh: Path, run: Run, said: str, message: str) -> None:
    with (fresh / "wattledger.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[report]\n{said}\n")
    result = run("config", "validate")
    assert result.exit_code == 2
    assert message in result.stderr
