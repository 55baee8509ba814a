"""One bill under two models: what differs is charged to one input after the other, and the parts sum to the whole."""

from datetime import date
from typing import Any

import pytest
from ledgers import JUNE, Ledger, ledger

from reconcile.report import sections

# Sites: PUE 1.2 and 500 g/kWh by default, PUE 1.5 and 400 g/kWh by the other.
DEFAULT = {"pue": 1.2, "grid_g_co2e_per_kwh": 500.0}
OTHER = {"pue": 1.5, "grid_g_co2e_per_kwh": 400.0}
PARTS = (
    "only_default", "only_model", "replication", "watts", "utilization", "known_error", "pue", "grid", "uplift",
    "embodied_as_energy",
)  # fmt: skip


def _rate(book: Ledger, sku_id: int, model: str, it_kwh: float, uplift: float = 1.0, **given: Any) -> None:
    site = DEFAULT if model == "default" else OTHER
    energy = it_kwh * site["pue"]
    kg = energy * site["grid_g_co2e_per_kwh"] / 1000 * uplift
    figures = {"it_energy_kwh": it_kwh, "energy_kwh": energy, "location_based_kg_co2e": kg, "embodied_kg_co2e": 0.1}
    key = {"model": model, "factor_set": book.setting("factor_set"), "sku_id": sku_id, "charge_month": JUNE}
    book.insert(
        "core.rate", **key, rule_id="r", disposition="estimated", usage_state="used", **site, **figures, **given
    )


def _assumed(book: Ledger, sku_id: int, **given: Any) -> None:
    key = {"model": "teads", "factor_set": book.setting("factor_set"), "sku_id": sku_id, "charge_month": JUNE}
    book.insert("core.lane_input", **key, **given)


def _billed(book: Ledger, sku_id: int, service: str, quantity: float) -> None:
    book.insert("core.sku", sku_id=sku_id, provider="aws", service_name=service, region_id="eu-central-1")
    book.insert(
        "core.usage_daily", unit_id=1, usage_date=JUNE, charge_month=JUNE, sku_id=sku_id, lines=1,
        consumed_quantity=quantity,
    )  # fmt: skip


def _parts(book: Ledger, service: str) -> dict[str, float]:
    (row,) = book.query(f"from ledger.variants where service_name = '{service}'")
    parts = {name: row[f"difference_{name}_kg_co2e"] or 0.0 for name in PARTS}
    printed = (row["location_based_kg_co2e"] or 0) + parts["embodied_as_energy"]
    assert sum(parts.values()) == pytest.approx(printed - (row["default_location_based_kg_co2e"] or 0), abs=1e-12)
    return {name: kg for name, kg in parts.items() if kg}


def test_each_input_is_charged_with_what_it_moves() -> None:
    with ledger() as book:
        _billed(book, 1, "machine", 10)
        _rate(book, 1, "default", 1.0)
        _rate(book, 1, "teads", 2.0, uplift=1.1)
        _assumed(book, 1, it_energy_kwh_at_default_utilization=1.6, uplift=1.1, embodied_energy_kwh=0.5)
        # A unit by default: 1.0 kWh x 1.2 x 0.5 kg/kWh = 0.6 kg; by the other 2.0 x 1.5 x 0.4 x 1.1 = 1.32 kg
        assert _parts(book, "machine") == {
            "watts": pytest.approx(3.6),  # 10 x (1.6 - 1.0) kWh x 0.6
            "utilization": pytest.approx(2.4),  # 10 x (2.0 - 1.6) x 0.6
            "pue": pytest.approx(3.0),  # 10 x 2.0 x (1.5 - 1.2) x 0.5
            "grid": pytest.approx(-3.0),  # 10 x 2.0 x 1.5 x (0.4 - 0.5)
            "uplift": pytest.approx(1.2),  # 10 x 2.0 x 1.5 x 0.4 x 0.1
            "embodied_as_energy": pytest.approx(2.0),  # 10 x 0.5 kWh x 0.4
        }


def test_copies_and_known_errors_stand_apart_from_watts() -> None:
    with ledger() as book:
        book.insert(
            "core.rate_input", model="default", factor_set=book.setting("factor_set"), basis="store",
            inputs='{"copies": 2.0}', factor_refs=[],
        )  # fmt: skip
        _billed(book, 1, "store", 1)
        _rate(book, 1, "default", 1.0, basis="store", machines=1.0)
        _rate(book, 1, "teads", 6.0)
        _assumed(book, 1, copies=6.0)
        parts = _parts(book, "store")
        assert parts["replication"] == pytest.approx(1.2)  # 1 kWh of 2 copies is 3 kWh of 6: 2 kWh x 0.6
        assert parts["watts"] == pytest.approx(1.8)  # 6 - 3 kWh x 0.6
        _billed(book, 2, "wrong", 1)
        _rate(book, 2, "default", 1.0)
        _rate(book, 2, "teads", 0.0)
        _assumed(book, 2, known_error="reads months as hours")
        assert _parts(book, "wrong") == {"known_error": pytest.approx(-0.6)}


def test_what_one_model_alone_estimates_is_told_as_that() -> None:
    with ledger() as book:
        _billed(book, 1, "default only", 2)
        _rate(book, 1, "default", 1.0)
        _billed(book, 2, "other only", 2)
        _rate(book, 2, "teads", 1.0)
        assert _parts(book, "default only") == {"only_default": pytest.approx(-1.2)}  # 2 x 1.0 x 1.2 x 0.5
        assert _parts(book, "other only") == {"only_model": pytest.approx(1.2)}  # 2 x 1.0 x 1.5 x 0.4


def test_the_report_names_the_input_that_makes_the_largest_difference() -> None:
    with ledger() as book:
        found = {table.name: table for table in sections(book.connection, None, None)}
        assert found["variants"].rows == []
        assert any("estimate --model all" in note for note in found["variants"].notes)
        _billed(book, 1, "machine", 10)
        _rate(book, 1, "default", 1.0)
        _rate(book, 1, "teads", 2.0)
        _assumed(book, 1, it_energy_kwh_at_default_utilization=1.9)
        found = {table.name: table for table in sections(book.connection, None, None)}
        rows = [dict(zip(found["variants"].columns, row, strict=True)) for row in found["variants"].rows]
        assert [(row["model"], row["location_based_kg_co2e"], row["ratio"]) for row in rows] == [
            ("default", pytest.approx(6.0), None), ("teads", pytest.approx(12.0), pytest.approx(2.0)),
        ]  # fmt: skip
        (row,) = [
            dict(zip(found["variants_services"].columns, row, strict=True)) for row in found["variants_services"].rows
        ]
        # 10 x (1.9 - 1.0) kWh x 0.6 = 5.4 kg; the grid 10 x 2.0 x 1.5 x (0.4 - 0.5), the PUE 10 x 2.0 x 0.3 x 0.5
        assert row["largest_differences"] == "watts +5.4, PUE +3, grid -3"
        later = {table.name: table for table in sections(book.connection, date(2025, 7, 1), None)}
        assert later["variants"].rows == []


def test_no_other_model_means_an_empty_view() -> None:
    with ledger() as book:
        _billed(book, 1, "machine", 10)
        _rate(book, 1, "default", 1.0)
        assert book.query("from ledger.variants") == []
