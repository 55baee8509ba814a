"""Own coefficients, machine types and sites over the set: in force they stand first. Rows: tests/data/own_factors."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import JUNE, add_sku, ec2, rate, warehouse
from test_layers import CORE, NOW, rated, use

from models import factor_set, layers
from models.explain import explain_sku
from models.factor_diff import factor_diff
from models.own_factors import read

DATA = Path(__file__).parents[1] / "data" / "own_factors"
GP3 = {"service_code": "AmazonEC2", "sku_meter": "EBS:VolumeUsage.gp3", "consumed_unit": "GB-Mo"}
TOKENS = {
    "service_code": "AmazonBedrock", "operation": "InvokeModelInference", "consumed_unit": "1K tokens",
    "sku_meter": "USE1-MyModel-output-tokens",
}  # fmt: skip


def add_layer(connection: duckdb.DuckDBPyConnection, file: str, name: str) -> None:
    own = read(DATA / file)
    assert own.problems == []
    layers.store(connection, own, name, NOW)


def refs(connection: duckdb.DuckDBPyConnection, sku_id: int) -> set[str]:
    found = explain_sku(connection, sku_id, JUNE)
    assert found.agrees
    return {source.factor_id for source in found.factors}


def test_an_own_coefficient_takes_the_place_of_the_sets_and_of_nothing_else(tmp_path: Path) -> None:
    with warehouse() as connection:
        gp3, instance = add_sku(connection, **GP3), add_sku(connection, **ec2("m5.large"))
        rate(connection, gp3)
        before = rated(connection, instance)
        add_layer(connection, "coefficients.csv", "acme")
        use(connection, f"{CORE}+acme")
        own = rated(connection, gp3)
        # A GB-month of June: 720 h x 2 Wh/TB-h x 1.5 overhead x 2 copies = 0.00432 kWh.
        assert own["it_energy_kwh"] == pytest.approx(0.00432, rel=1e-12)
        assert "coefficient/storage.ssd+acme@1" in refs(connection, gp3)
        assert rated(connection, instance)["it_energy_kwh"] == before["it_energy_kwh"]
        shown = factor_set.factor_show(connection, "coefficient/storage.ssd")
        assert [row[0] for row in shown.rows] == ["coefficient/storage.ssd", "coefficient/storage.ssd+acme@1"]
        # The rate of the SSD stands on one row of the layer; no token of the model is billed.
        assert layers.idle_rows(connection) == ["acme@1: 1 of 2 rows stand behind no figure of this warehouse"]
        use(connection, CORE)
        assert rated(connection, gp3)["it_energy_kwh"] == pytest.approx(720 * 3.6e-6, rel=1e-12)


def test_tokens_of_an_own_model_are_estimated_by_its_key() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **TOKENS)
        assert rate(connection, sku_id)["disposition"] == "unmodelled"
        add_layer(connection, "coefficients.csv", "acme")
        use(connection, f"{CORE}+acme")
        own = rated(connection, sku_id)
        assert (own["disposition"], own["it_energy_kwh"]) == ("estimated", 0.002)  # kWh per 1,000 tokens
        assert (own["it_energy_kwh_low"], own["it_energy_kwh_high"]) == pytest.approx((0.0015, 0.003))
        assert "coefficient/llm.output.mymodel+acme@1" in refs(connection, sku_id)


def test_a_machine_type_of_ones_own_draws_what_its_parts_say() -> None:
    with warehouse() as connection:
        known, unknown = add_sku(connection, **ec2("m5.large")), add_sku(connection, **ec2("zz9.large"))
        rate(connection, known)
        assert rated(connection, unknown)["hardware_rung"] == "class"
        add_layer(connection, "machines.csv", "acme")
        use(connection, f"{CORE}+acme")
        ours, own = rated(connection, known), rated(connection, unknown)
        same = ("it_energy_kwh", "it_energy_kwh_low", "it_energy_kwh_high", "embodied_kg_co2e")  # the parts of m5.large
        assert [own[name] for name in same] == [ours[name] for name in same]
        assert own["hardware_rung"] == "type"
        assert "instance/aws:zz9.large+acme@1" in refs(connection, unknown)


def test_a_correction_of_a_type_replaces_it_for_that_type_alone() -> None:
    with warehouse() as connection:
        xlarge, double = add_sku(connection, **ec2("m5.xlarge")), add_sku(connection, **ec2("m5.2xlarge"))
        ours = rate(connection, xlarge)
        other = rated(connection, double)["it_energy_kwh"]
        add_layer(connection, "machines.csv", "acme")
        use(connection, f"{CORE}+acme")
        own = rated(connection, xlarge)
        # 24 GiB where the list has 16: 8 GiB x (0.12 + 0.18 x (0.4 - 0.12)) W x 1.2 host overhead = 1.63584 W more.
        assert own["it_energy_kwh"] - ours["it_energy_kwh"] == pytest.approx(0.00163584, rel=1e-9)
        assert rated(connection, double)["it_energy_kwh"] == other
        assert "instance/aws:m5.xlarge+acme@1" in refs(connection, xlarge)
        shown = {row[0] for row in factor_set.factor_show(connection, "instance/aws:m5.xlarge").rows}
        assert shown == {"instance/aws:m5.xlarge", "instance/aws:m5.xlarge+acme@1"}


def test_of_two_layers_with_one_machine_the_later_counts(tmp_path: Path) -> None:
    text = (DATA / "machines.csv").read_text(encoding="utf-8")
    (tmp_path / "later.csv").write_text(text.replace("m5,general,4,24,", "m5,general,4,16,"), encoding="utf-8")
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.xlarge"))
        ours = rate(connection, sku_id)["it_energy_kwh"]
        add_layer(connection, "machines.csv", "acme")
        layers.store(connection, read(tmp_path / "later.csv"), "later", NOW)
        use(connection, f"{CORE}+acme+later")
        assert rated(connection, sku_id)["it_energy_kwh"] == ours
        assert "instance/aws:m5.xlarge+later@1" in refs(connection, sku_id)


def test_a_site_of_ones_own_takes_its_pue_and_keeps_its_wue_beside_it() -> None:
    with warehouse() as connection:
        machine = {
            "provider": "own", "region_id": "par-1", "operation": "iso3:FRA", "service_name": "Machines",
            "service_code": "Machines", "sku_meter": "Machine-Hours", "consumed_unit": "Hours",
            "instance_type": "64c/1s/256gib/0gb/zen3-milan",
        }  # fmt: skip
        sku_id = add_sku(connection, **machine)
        assert rate(connection, sku_id)["pue"] == 1.57  # the default of a site that nobody measured
        add_layer(connection, "sites.csv", "acme")
        use(connection, f"{CORE}+acme")
        own = rated(connection, sku_id)
        assert (own["pue"], own["pue_low"], own["pue_high"], own["pue_resolution"]) == (1.3, 1.28, 1.32, "exact")
        assert own["pue_ref"] == "pue/own:par-1/2023+acme@1"
        shown = factor_set.factor_show(connection, "wue/own:par-1")
        assert [(row[0], row[3], row[5]) for row in shown.rows] == [("wue/own:par-1/2023+acme@1", 0.1, "l/kwh_it")]


def changed(connection: duckdb.DuckDBPyConnection, file: str) -> list[tuple[Any, ...]]:
    rows = factor_diff(connection, CORE, read(DATA / file)).rows
    return [
        tuple(row) for row in rows if row[0] == "changed" and row[2] in ("low", "central", "memory_gib", "host_vcpu")
    ]


def test_a_diff_shows_coefficients_and_the_parts_of_machines() -> None:
    with warehouse() as connection:
        assert changed(connection, "coefficients.csv") == [
            ("changed", "coefficient/storage.ssd", "low", 0.5, 1.8),
            ("changed", "coefficient/storage.ssd", "central", 1.2, 2.0),
        ]
        assert changed(connection, "machines.csv") == [("changed", "instance/aws:m5.xlarge", "memory_gib", 16.0, 24.0)]
        add_layer(connection, "machines.csv", "acme")
        found = factor_diff(connection, CORE, f"{CORE}+acme")
        assert found.notes == ["rows: 1 added, 0 removed, 1 changed"]
        assert found.rows == factor_diff(connection, CORE, read(DATA / "machines.csv")).rows
