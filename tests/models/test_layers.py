"""Own factors over the set: stored by version, first in the ladder where in force, never mixed with the set's rows."""

from datetime import datetime
from math import exp, log
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import JUNE, add_sku, ec2, rate, warehouse
from test_own_factors import GRID, PRICE, PUE, write

from models import factor_set, layers, rates
from models.explain import explain_sku
from models.factor_diff import factor_diff
from models.own_factors import read
from models.own_rules import RULES
from warehouse.rebuild import LAYER_TABLES
from wattledger.errors import ConfigError

CORE = factor_set.shipped().label
NOW = datetime(2026, 1, 1)  # noqa: DTZ001, naive UTC
REGION = {"zone_scheme": "region", "zone": "aws:us-east-1", "country_iso3": "USA", "covers": "part"}


def add_layer(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, *rows: dict[str, str]) -> str:
    """Import rows as a layer; return its label."""
    own = read(write(folder / f"{name}.csv", *rows))
    assert own.problems == []
    return str(layers.store(connection, own, name, NOW).rows[0][0])


def use(connection: duckdb.DuckDBPyConnection, label: str) -> None:
    layers.put_in_force(connection, layers.resolve(connection, label))
    rates.remake(connection)


def values(low: str, central: str, high: str) -> dict[str, str]:
    return {"low_g_co2e_per_kwh": low, "central_g_co2e_per_kwh": central, "high_g_co2e_per_kwh": high}


def rated(connection: duckdb.DuckDBPyConnection, sku_id: int) -> dict[str, Any]:
    result = connection.execute(
        "select r.*, f.grid_ref, f.pue_ref, f.pue_resolution, f.grid_resolution, f.market_ref, f.market_gap_reason, "
        "f.grid_basis, f.grid_direct_g_co2e_per_kwh as direct_g from core.rate_in_force as r "
        "inner join core.site_factor as f on f.factor_set = r.factor_set and f.charge_month = r.charge_month "
        "where r.sku_id = ?",
        [sku_id],
    )
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


def test_a_measured_pue_beats_ours_and_energy_follows_it_exactly(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        ours = rate(connection, sku_id)
        add_layer(connection, tmp_path, "acme", PUE)
        assert rate(connection, sku_id) == ours  # stored is not in force
        use(connection, f"{CORE}+acme")
        own = rated(connection, sku_id)
        assert (ours["pue"], own["pue"], own["pue_low"], own["pue_high"]) == (1.15, 1.10, 1.09, 1.12)
        assert own["it_energy_kwh"] == ours["it_energy_kwh"]
        assert own["energy_kwh"] == ours["it_energy_kwh"] * 1.10
        assert own["energy_kwh"] / ours["energy_kwh"] == pytest.approx(1.10 / 1.15, rel=1e-15)
        assert (own["factor_set"], own["pue_ref"]) == (f"{CORE}+acme@1", "pue/aws:us-east-1/2023+acme@1")
        assert own["pue_resolution"] == "exact"


def test_explain_names_the_own_row_with_its_source_and_recomputes_it(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        add_layer(connection, tmp_path, "acme", PUE)
        use(connection, f"{CORE}+acme")
        found = explain_sku(connection, sku_id, JUNE)
        assert found.agrees
        own = {source.factor_id: source for source in found.factors}["pue/aws:us-east-1/2023+acme@1"]
        assert (own.source, own.version, own.licence) == ("Meters of hall 3", "2024-01", "internal")
        assert not any(source.factor_id == "pue/aws:us-east-1/2023" for source in found.factors)
        shown = factor_set.factor_show(connection, "pue/aws:us-east-1/2023")
        assert [row[0] for row in shown.rows] == ["pue/aws:us-east-1/2023", "pue/aws:us-east-1/2023+acme@1"]


def test_a_row_holds_in_its_year_only(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        before = rate(connection, sku_id)
        add_layer(connection, tmp_path, "acme", PUE | {"year": "2024"}, PUE | {"region_id": "us-east-2"})
        use(connection, f"{CORE}+acme")
        after = rated(connection, sku_id)
        assert (after["energy_kwh"], after["pue_ref"]) == (before["energy_kwh"], "pue/aws:us-east-1/2023")
        assert layers.idle_rows(connection) == ["acme@1: 2 of 2 rows stand behind no figure of this warehouse"]


def test_the_same_content_is_stored_once_and_other_content_is_a_new_version(tmp_path: Path) -> None:
    with warehouse() as connection:
        assert add_layer(connection, tmp_path, "acme", PUE) == "acme@1"
        assert add_layer(connection, tmp_path, "acme", PUE) == "acme@1"
        assert add_layer(connection, tmp_path, "acme", PUE | {"central": "1.11"}) == "acme@2"
        assert add_layer(connection, tmp_path, "other", PUE) == "other@1"
        kept = connection.execute("select layer, central from factors.layer_site_metric order by layer").fetchall()
        assert kept == [("acme@1", 1.10), ("acme@2", 1.11), ("other@1", 1.10)]
        sku_id = add_sku(connection, **ec2("m5.large"))
        use(connection, f"{CORE}+acme")  # the newest
        assert rated(connection, sku_id)["pue"] == 1.11
        use(connection, f"{CORE}+acme@1")
        assert rated(connection, sku_id)["pue"] == 1.10
        use(connection, f"{CORE}+acme@1+other")
        assert rated(connection, sku_id)["pue_ref"].endswith("+other@1")  # the later layer goes first
        use(connection, CORE)
        assert rated(connection, sku_id)["pue_ref"] == "pue/aws:us-east-1/2023"


def test_an_own_grid_factor_of_the_region_goes_before_its_subregion(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        ours = rate(connection, sku_id)
        direct = connection.execute("select grid_direct_g_co2e_per_kwh, grid_zone from core.site_factor").fetchall()[0]
        add_layer(connection, tmp_path, "grid", GRID | REGION | values("180", "200", "240"))
        use(connection, f"{CORE}+grid")
        own = rated(connection, sku_id)
        assert (own["grid_g_co2e_per_kwh"], own["grid_boundary"]) == (200, "lifecycle")
        assert own["location_based_kg_co2e"] == pytest.approx(ours["energy_kwh"] * 200 / 1000, rel=1e-15)
        assert own["energy_kwh"] == ours["energy_kwh"]
        assert own["grid_ref"] == "grid/region:aws:us-east-1/2023/lifecycle+grid@1"
        assert own["grid_resolution"] == own["factor_resolution"] == "exact"
        # The range of the grid: 180 and 240 around 200, with those of IT energy and PUE in quadrature of logs.
        squares = log(ours["energy_kwh_high"] / ours["energy_kwh"]) ** 2 + log(240 / 200) ** 2
        assert own["location_based_kg_co2e_high"] == pytest.approx(
            own["location_based_kg_co2e"] * exp(squares**0.5), rel=1e-12
        )
        assert (own["direct_g"], "egrid_subregion:SRVC") == direct  # the direct one of the link that stood there before


def test_a_direct_own_factor_is_brought_to_life_cycle_by_its_countrys_ratio(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        ours = rate(connection, sku_id)
        ratio = ours["grid_g_co2e_per_kwh"] / ours["grid_direct_g_co2e_per_kwh"]  # SRVC is derived by the same ratio
        add_layer(connection, tmp_path, "grid", GRID | REGION | values("180", "200", "240") | {"boundary": "direct"})
        use(connection, f"{CORE}+grid")
        own = rated(connection, sku_id)
        assert own["grid_g_co2e_per_kwh"] == pytest.approx(200 * ratio, rel=1e-12)
        assert (own["grid_basis"], own["direct_g"], own["grid_resolution"]) == ("derived", 200, "exact")
        assert explain_sku(connection, sku_id, JUNE).agrees


def test_a_contract_fills_the_market_based_figure_and_leaves_the_location_based_one(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        ours = rate(connection, sku_id)
        assert ours["market_based_kg_co2e"] is None
        residual = (
            GRID | {"zone": "USA", "country_iso3": "USA", "accounting": "residual_mix"} | values("390", "400", "410")
        )
        contract = GRID | REGION | {"accounting": "market_based"} | values("40", "50", "60")
        add_layer(connection, tmp_path, "market", residual)
        use(connection, f"{CORE}+market")
        own = rated(connection, sku_id)
        assert own["market_based_kg_co2e"] == pytest.approx(ours["energy_kwh"] * 400 / 1000, rel=1e-15)
        assert own["location_based_kg_co2e"] == ours["location_based_kg_co2e"]
        assert own["market_ref"] == "grid/iso3:USA/2023/lifecycle/residual_mix+market@1"
        add_layer(connection, tmp_path, "market", residual, contract)
        use(connection, f"{CORE}+market")
        assert rated(connection, sku_id)["market_based_kg_co2e"] == pytest.approx(ours["energy_kwh"] * 0.05, rel=1e-15)
        steps = {step.name: step for step in explain_sku(connection, sku_id, JUNE).steps}
        assert steps["market (lifecycle, market_based; own for region:aws:us-east-1 in 2023)"].value == 50
        step = steps["market-based emissions"]
        assert step.value == pytest.approx(ours["energy_kwh"] * 0.05, rel=1e-15)


def test_a_region_without_a_contract_says_why_it_has_no_market_based_figure(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        rate(connection, sku_id)
        reason = "no contract, no figure of the provider and no residual mix for us-east-1 in 2023-06"
        assert connection.execute("select market_based_gap_reason from ledger.rates").fetchall() == [(reason,)]


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("core@2020.1.0", "it holds core@2026.11.2"),
        ("acme", "it holds core@2026.11.2"),
        (f"{CORE}+acne", "no layer 'acne'. Did you mean 'acme'"),
        (f"{CORE}+acme@7", "has no version 7; its newest is 1"),
        (f"{CORE}+acme@x", "no layer. Write core@2026.11.2"),
        (f"{CORE}+acme+acme@1", "names acme twice"),
        (f"{CORE}+", "'' is no layer"),
    ],
)
def test_a_label_that_names_nothing_here_is_refused_with_what_there_is(tmp_path: Path, label: str, says: str) -> None:
    with warehouse() as connection:
        add_layer(connection, tmp_path, "acme", PUE)
        with pytest.raises(ConfigError, match=says.replace("+", r"\+")):
            layers.resolve(connection, label)


@pytest.mark.parametrize("name", ["", "core", "Acme", "a b", "a@1", "a+b", "x" * 41, "drop table"])
def test_a_name_that_would_break_a_label_is_refused(tmp_path: Path, name: str) -> None:
    with warehouse() as connection, pytest.raises(ConfigError, match="cannot name a layer"):
        layers.store(connection, read(write(tmp_path / "own.csv", PUE)), name, NOW)


def test_a_layer_in_force_does_not_make_the_set_another_one(tmp_path: Path) -> None:
    with warehouse() as connection:
        add_layer(connection, tmp_path, "acme", PUE)
        layers.put_in_force(connection, f"{CORE}+acme@1")
        factor_set.install(connection)
        connection.execute("update factors.factor_set set digest = 'other'")
        with pytest.raises(Exception, match="other content"):
            factor_set.install(connection)


def test_a_diff_names_rows_added_removed_and_changed_field_by_field(tmp_path: Path) -> None:
    with warehouse() as connection:
        new_year = PUE | {"year": "2030"}
        add_layer(connection, tmp_path, "acme", PUE, new_year)
        found = factor_diff(connection, CORE, f"{CORE}+acme")
        assert [row for row in found.rows if row[2] in ("low", "central", "high", "licence")] == [
            ("changed", "pue/aws:us-east-1/2023", "low", 1.1155, 1.09),
            ("changed", "pue/aws:us-east-1/2023", "central", 1.15, 1.10),
            ("changed", "pue/aws:us-east-1/2023", "high", 1.1845, 1.12),
            ("changed", "pue/aws:us-east-1/2023", "licence", "published facts", "internal"),
            ("added", "pue/aws:us-east-1/2030", "low", None, 1.09),
            ("added", "pue/aws:us-east-1/2030", "central", None, 1.10),
            ("added", "pue/aws:us-east-1/2030", "high", None, 1.12),
            ("added", "pue/aws:us-east-1/2030", "licence", None, "internal"),
        ]
        assert found.notes == ["rows: 1 added, 0 removed, 1 changed"]
        back = factor_diff(connection, f"{CORE}+acme", CORE)
        assert back.notes == ["rows: 0 added, 1 removed, 1 changed"]
        # The file says of the set in force what its layer says, and nothing more where the layer is in force.
        own = read(tmp_path / "acme.csv")
        assert factor_diff(connection, CORE, own).rows == found.rows
        layers.put_in_force(connection, f"{CORE}+acme@1")
        assert factor_diff(connection, f"{CORE}+acme@1", own).rows == []


def test_an_own_average_of_the_country_does_not_stand_in_for_a_grid_that_is_known_better(tmp_path: Path) -> None:
    with warehouse() as connection:
        virginia = add_sku(connection, **ec2("m5.large"))
        frankfurt = add_sku(connection, **ec2("m5.large", region_id="eu-central-1"))
        ours = rate(connection, virginia)
        usa = GRID | {"zone": "USA", "country_iso3": "USA"}
        srvc = usa | {"zone_scheme": "egrid_subregion", "zone": "SRVC", "covers": "part"}
        add_layer(connection, tmp_path, "country", usa, GRID)
        add_layer(connection, tmp_path, "zone", srvc)
        sites = (
            "select region_id, grid_ref, grid_resolution from core.site_factor where factor_set = "
            "(select value from core.setting where key = 'factor_set') order by region_id"
        )
        use(connection, f"{CORE}+country")
        assert connection.execute(sites).fetchall() == [
            ("eu-central-1", "grid/iso3:DEU/2023/lifecycle+country@1", "exact"),  # its chain is the country alone
            ("us-east-1", "grid/egrid_subregion:SRVC/2023/direct", "exact"),
        ]
        use(connection, f"{CORE}+country+zone")
        assert connection.execute(sites).fetchall()[1] == (
            "us-east-1", "grid/egrid_subregion:SRVC/2023/lifecycle+zone@1", "exact",
        )  # fmt: skip
        kg = connection.execute("select sku_id, grid_g_co2e_per_kwh from core.rate_in_force order by 1").fetchall()
        assert kg == [(virginia, 350), (frankfurt, 350)]
        assert ours["grid_g_co2e_per_kwh"] != 350


def test_a_newer_programs_set_takes_the_place_of_the_older_one_only_when_asked_for(tmp_path: Path) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        newer = rate(connection, sku_id)["pue"]
        connection.execute("update core.setting set value = 'core@2020.1.0' where key = 'factor_set'")
        connection.execute("update factors.factor_set set version = '2020.1.0', digest = 'old'")
        connection.execute("update factors.site_metric set high = 1.9, central = 1.5 where metric = 'pue'")
        factor_set.install(connection)
        assert rate_of(connection, sku_id, "core@2020.1.0") == 1.5
        with pytest.raises(ConfigError, match=f"it holds core@2020.1.0, and this program brings {CORE}"):
            layers.resolve(connection, CORE)
        connection.begin()
        layers.put_in_force(connection, layers.resolve(connection, CORE, may_exchange=True))
        rates.remake(connection)
        connection.commit()
        assert rate_of(connection, sku_id, CORE) == newer == 1.15
        factor_set.install(connection)  # the content is that of the label
        assert {row[0] for row in factor_set.factor_list(connection).rows} == {CORE}


def rate_of(connection: duckdb.DuckDBPyConnection, sku_id: int, label: str) -> float:
    rates.remake(connection)
    found = connection.execute("select pue, factor_set from core.rate_in_force where sku_id = ?", [sku_id]).fetchall()
    assert found[0][1] == label
    return float(found[0][0])


def test_a_rebuilt_warehouse_takes_over_the_layers_of_every_table() -> None:
    assert {table.removeprefix("layer_") for table in LAYER_TABLES} == set(RULES) - {
        "peer_instance"
    }  # kept as coefficients


def test_an_own_price_of_electricity_goes_before_the_sets_and_only_where_it_is_in_force(tmp_path: Path) -> None:
    with warehouse() as connection:
        rate(connection, add_sku(connection, **ec2("m5.large")))

        def cost() -> tuple[Any, ...]:
            (row,) = connection.execute(
                "select price_ref, energy_kwh, electricity_cost, currency from ledger.electricity_cost"
            ).fetchall()
            return tuple(row)

        # 0.0047207 kWh (docs/method.md) x 0.0895: what US EIA states for commercial customers in Virginia
        ref, energy_kwh, dollars, currency = cost()
        assert (ref, currency) == ("electricity_price/iso3166-2:US-VA/2023", "USD")
        assert (energy_kwh, float(dollars)) == (pytest.approx(0.0047207, rel=1e-4), pytest.approx(0.0004225, rel=1e-3))
        own = PRICE | {"zone_scheme": "provider", "zone": "aws", "price_per_kwh": "0.05"}
        far = own | {"zone": "gcp"}
        assert add_layer(connection, tmp_path, "acme", own, far) == "acme@1"
        assert cost()[0] == ref
        use(connection, f"{CORE}+acme")
        ref, energy_kwh, euros, currency = cost()
        assert (ref, currency) == ("electricity_price/provider:aws/2023+acme@1", "EUR")
        assert float(euros) == pytest.approx(energy_kwh * 0.05, rel=1e-4)
        assert layers.idle_rows(connection) == ["acme@1: 1 of 2 rows stand behind no figure of this warehouse"]
        (shown,) = factor_set.factor_show(connection, "electricity_price/provider:aws").rows
        assert (shown[3], shown[5]) == (0.05, "EUR/kWh")
        own_file = read(write(tmp_path / "next.csv", own | {"price_per_kwh": "0.06"}))
        changes = [row for row in factor_diff(connection, f"{CORE}+acme", own_file).rows if row[0] == "changed"]
        assert [row[2:] for row in changes] == [("price_per_kwh", 0.05, 0.06)]
