"""What stands beside location-based emissions: market-based ones, losses of the grid, lifetimes, stress of water."""

from datetime import date
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import add_sku, ec2, rate, warehouse
from test_layers import CORE, REGION, add_layer, use, values
from test_own_factors import GRID

from models.explain import explain_sku
from models.rates import fill_missing, remake

JUNE = date(2024, 6, 1)


def provider(
    connection: duckdb.DuckDBPyConnection,
    location_kg: float | None,
    market_kg: float | None,
    version: str = "v3",
    account: str = "1",
) -> None:
    """What AWS says of its scope 2 in a region in June 2024; None: it says nothing."""
    connection.execute(
        "insert into core.unit by name select 9 as unit_id, 'carbon' as source, 'carbon' as kind, "
        "'provider_footprint' as table_name, '' as scope, '' as period, '1' as version, 1 as generation, "
        "'loaded' as status, 0 as row_count, 0 as size_bytes, []::varchar[] as notes, "
        "[]::varchar[] as unknown_columns, timestamp '2024-08-01' as loaded_at, '' as run_id "
        "where not exists (select 1 from core.unit where unit_id = 9)"
    )
    for method, kg in (("location_based", location_kg), ("market_based", market_kg)):
        connection.execute(
            "insert into core.provider_footprint by name select 9 as unit_id, 1 as row_number, ? as usage_month, "
            "'aws' as provider, ? as billing_account_id, 'AmazonEC2' as service_name, 'us-east-1' as region_id, "
            "? as model_version, ? as model_version_key, 'scope_2' as scope, ? as method, ? as kg_co2e, "
            "'export' as source_kind",
            [JUNE, account, version, version, method, kg],
        )


def switch(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    connection.execute("insert or replace into core.setting values (?, ?)", [name, value])
    remake(connection)


def of_site(connection: duckdb.DuckDBPyConnection, region: str = "us-east-1") -> dict[str, Any]:
    result = connection.execute(
        "select f.* from core.site_factor as f inner join core.setting as s on s.key = 'factor_set' "
        "and s.value = f.factor_set where f.region_id = ? and f.charge_month = ?",
        [region, JUNE],
    )
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


def test_the_order_is_contract_then_provider_then_residual_mix(tmp_path: Path) -> None:
    """5 kg market-based over 20 kg location-based is a quarter of our grid, low and high ends alike."""
    with warehouse() as connection:
        sku = add_sku(connection, JUNE, **ec2("m5.large"))
        before = rate(connection, sku, JUNE)
        provider(connection, 20.0, 5.0)
        found = rate(connection, sku, JUNE)  # the month is rated again: its provider's figures came later
        explained = explain_sku(connection, sku, JUNE)
        assert before["market_based_kg_co2e"] is None
        assert found["market_based_kg_co2e"] == pytest.approx(found["location_based_kg_co2e"] / 4, rel=1e-12)
        for end in ("low", "high"):
            kg = found[f"location_based_kg_co2e_{end}"]
            assert found[f"market_based_kg_co2e_{end}"] == pytest.approx(kg / 4, rel=1e-12)
        assert found["market_based_gap_reason"] is None
        same = [name for name in before if not name.startswith("market_based")]
        assert [found[name] for name in same] == [before[name] for name in same]
        assert explained.agrees
        step = next(step for step in explained.steps if step.name.startswith("market (lifecycle, provider_figure"))
        assert step.formula == ("grid_g_co2e_per_kwh x provider_market_based_kg_co2e / provider_location_based_kg_co2e")
        assert step.numbers.endswith(" x 5 / 20")
        assert step.factor_ids == ("provider/aws:us-east-1/2024-06",)
        source = {factor.factor_id: factor for factor in explained.factors}["provider/aws:us-east-1/2024-06"]
        assert (source.source, source.version) == ("carbon figures of the provider, as delivered", "v3")
        year = {"year": "2024"}
        residual = {"zone": "USA", "country_iso3": "USA", "accounting": "residual_mix"} | year
        add_layer(connection, tmp_path, "mix", GRID | residual | values("390", "400", "410"))
        use(connection, f"{CORE}+mix")
        assert of_site(connection)["market_accounting"] == "provider_figure"
        connection.execute("delete from core.provider_footprint")
        connection.begin()
        fill_missing(connection)
        connection.commit()
        assert of_site(connection)["market_accounting"] == "residual_mix"
        contract = GRID | REGION | {"accounting": "market_based"} | year | values("40", "50", "60")
        add_layer(connection, tmp_path, "contract", contract)
        use(connection, f"{CORE}+mix+contract")
        site = of_site(connection)
        assert (site["market_accounting"], site["market_g_co2e_per_kwh"]) == ("market_based", 50)
        own = connection.execute(
            "select market_based_kg_co2e, market_based_kg_co2e_high, energy_kwh, energy_kwh_high "
            "from core.rate_in_force"
        ).fetchall()[0]
        # the contract's 60 over 50 beside the ends of the energy, in quadrature of logs
        assert own[1] / own[0] == pytest.approx(exp(sqrt(log(own[3] / own[2]) ** 2 + log(60 / 50) ** 2)), rel=1e-12)


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ([(0.0, 0.0)], ": its location-based scope 2 is not above 0"),
        ([(None, 3.0)], ": it states no location-based scope 2 beside the market-based"),
        ([(10.0, None)], ": it states no location-based scope 2 beside the market-based"),
        ([(10.0, -1.0)], ": its market-based scope 2 is negative"),
    ],
)
def test_a_provider_that_gives_no_ratio_leaves_a_reason(
    figures: list[tuple[float | None, float | None]], says: str
) -> None:
    with warehouse() as connection:
        for location_kg, market_kg in figures:
            provider(connection, location_kg, market_kg)
        found = rate(connection, add_sku(connection, JUNE, **ec2("m5.large")), JUNE)
    assert found["market_based_kg_co2e"] is None
    assert found["market_based_gap_reason"] == (
        f"no contract, no figure of the provider and no residual mix for us-east-1 in 2024-06{says}"
    )


def test_versions_of_the_providers_model_are_not_mixed_and_zero_stays_zero() -> None:
    """The payer of the newer model states 0 of 8 kg; the older one's 6 of 8 are no part of it."""
    with warehouse() as connection:
        provider(connection, 8.0, 6.0, account="1", version="v2")
        provider(connection, 8.0, 0.0, account="2", version="v3")
        found = rate(connection, add_sku(connection, JUNE, **ec2("m5.large")), JUNE)
        site = of_site(connection)
    assert (site["provider_location_based_kg_co2e"], site["provider_model_version"]) == (8, "v3")
    assert [found[f"market_based_kg_co2e{end}"] for end in ("", "_low", "_high")] == [0, 0, 0]


def test_the_residual_mix_of_australia_ships() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, JUNE, **ec2("m5.large"), region_id="ap-southeast-2"), JUNE)
        site = of_site(connection, "ap-southeast-2")
    assert found["market_based_kg_co2e"] == pytest.approx(found["energy_kwh"] * 0.81, rel=1e-12)
    assert (site["market_accounting"], site["market_boundary"]) == ("residual_mix", "direct")
    assert site["market_ref"] == "grid/official_national:AUS-NGA/2025/direct/residual_mix"


def test_what_providers_claim_counts_only_by_switch_and_is_labelled() -> None:
    """Google states a carbon-free share of the hours in Belgium for 2024; AWS lists us-east-1 as matched."""
    with warehouse() as connection:
        aws = add_sku(connection, JUNE, **ec2("m5.large"))
        key = {"provider": "gcp", "service_name": "Compute Engine", "consumed_unit": "h", "region_id": "europe-west1"}
        meter = {"sku_meter": "N2 Instance Core running in Belgium", "service_code": "6F81-5844-456A"}
        gcp = add_sku(connection, JUNE, **key, **meter)
        assert rate(connection, aws, JUNE)["market_based_kg_co2e"] is None
        switch(connection, "market_model", "provider_claims")
        matched, belgium = rate(connection, aws, JUNE), rate(connection, gcp, JUNE)
        (cfe,) = connection.execute(
            "select central from factors.site_metric where factor_id = 'cfe_hourly/gcp:europe-west1/2024'"
        ).fetchall()[0]
        assert (matched["market_based_kg_co2e"], of_site(connection)["market_accounting"]) == (0, "provider_claim")
        assert 0 < cfe < 1
        left = belgium["location_based_kg_co2e"] * (1 - cfe)
        assert belgium["market_based_kg_co2e"] == pytest.approx(left, rel=1e-12)
        site = of_site(connection, "europe-west1")
        assert site["market_accounting"] == "cfe_model"
        assert site["market_note"] == f"grid x (1 - {cfe}), cfe_hourly of 2024, an approximation"
        assert explain_sku(connection, gcp, JUNE).agrees
        provider(connection, 10.0, 1.0)
        remake(connection)
        assert of_site(connection)["market_accounting"] == "provider_figure"  # said of the very month


def test_losses_of_the_grid_are_a_line_of_their_own_and_the_world_is_flagged() -> None:
    """Germany lost 5.116 % of its power in 2024, 0.05116 / 0.94884 per kWh delivered. Singapore: the world's 8 %."""
    with warehouse() as connection:
        frankfurt = rate(connection, add_sku(connection, JUNE, **ec2("m5.large"), region_id="eu-central-1"), JUNE)
        singapore = rate(connection, add_sku(connection, JUNE, **ec2("m5.large"), region_id="ap-southeast-1"), JUNE)
        germany, world = of_site(connection, "eu-central-1"), of_site(connection, "ap-southeast-1")
        assert explain_sku(connection, 1, JUNE).agrees
    kg = frankfurt["location_based_kg_co2e"]
    assert frankfurt["td_loss_kg_co2e"] == pytest.approx(kg * 0.05116 / 0.94884, rel=1e-12)
    assert frankfurt["td_loss_kg_co2e_low"] < frankfurt["td_loss_kg_co2e"] < frankfurt["td_loss_kg_co2e_high"]
    assert (germany["td_loss_ref"], germany["td_loss_resolution"]) == ("td_loss/*:iso3:DEU/2024", "exact")
    assert singapore["td_loss_kg_co2e"] == pytest.approx(singapore["location_based_kg_co2e"] * 0.08 / 0.92, rel=1e-12)
    assert (world["td_loss_ref"], world["td_loss_resolution"]) == ("td_loss/*:*/2026", "default")


def test_a_configured_life_moves_embodied_carbon_and_its_ends_hold_it() -> None:
    """Six years are the set's, 4 to 6; four instead are half as much again. Boards have a life of their own."""
    with warehouse() as connection:
        sku = add_sku(connection, JUNE, **ec2("m5.large"))
        board = add_sku(connection, JUNE, **ec2("p4d.24xlarge"))
        ours, boards = rate(connection, sku, JUNE), rate(connection, board, JUNE)
        switch(connection, "server_life_years", "4.0")
        four = rate(connection, sku, JUNE)
        assert four["embodied_kg_co2e"] == pytest.approx(ours["embodied_kg_co2e"] * 6 / 4, rel=1e-12)
        assert rate(connection, board, JUNE)["embodied_kg_co2e"] == boards["embodied_kg_co2e"]
        assert four["embodied_kg_co2e_low"] < four["embodied_kg_co2e"] < four["embodied_kg_co2e_high"]
        assert four["energy_kwh"] == ours["energy_kwh"]
        explained = explain_sku(connection, sku, JUNE)
        assert explained.agrees
        assert any(step.name == "embodied of one hour (lifetime as configured)" for step in explained.steps)
        switch(connection, "accelerated_server_life_years", "10.0")
        longer = rate(connection, board, JUNE)
        assert longer["embodied_kg_co2e"] == pytest.approx(boards["embodied_kg_co2e"] * 5 / 10, rel=1e-12)


def test_water_stress_is_that_of_the_place_and_unknown_stays_unknown() -> None:
    with warehouse() as connection:
        for region in ("us-west-1", "us-east-1", "me-south-1"):
            rate(connection, add_sku(connection, JUNE, **ec2("m5.large"), region_id=region), JUNE)
        regions = ("us-west-1", "us-east-1", "me-south-1")
        found = [of_site(connection, region)["water_stress_category"] for region in regions]
    assert found == [4, 2, None]
