"""Trackers are held against the observed load of a machine where it is known, hour by hour."""

import pytest
from ledgers import BILL, Ledger, at, ledger

from reconcile.resources import sql


def observe(bill: Ledger, line: int, share: float) -> None:
    """The load of a share of the line's hours is that of the SKU `busy`."""
    bill.insert("core.line_load", line_id=line, unit_id=BILL, sku_id=bill.skus["busy"], share=share)


def test_the_model_side_of_a_run_has_the_observed_load_and_the_default_for_the_rest() -> None:
    with ledger() as bill:
        bill.site()
        bill.sku("m5", machine="m5.large", kwh=0.2, accelerator_kwh=0.1)
        bill.sku("busy", machine="m5.large", kwh=0.6, accelerator_kwh=0.5)
        first, second = (bill.line("m5", at(1, hour), resource="i-1") for hour in (0, 1))
        observe(bill, first, 1.0)
        observe(bill, second, 0.25)
        bill.run("run", at(1), 2, 0.9, resource_id="i-1", gpu_kwh=0.7)
        bill.compare()
        row = bill.runs()["run"]
        # Host: 0.6, then 0.75 x 0.2 + 0.25 x 0.6 = 0.3; boards: 0.5, then 0.75 x 0.1 + 0.25 x 0.5 = 0.2. In all 1.6.
        assert row["model_it_energy_kwh"] == pytest.approx(0.6 + 0.3 + 0.5 + 0.2)
        # the ends of each rate are half and double
        assert row["model_it_energy_kwh_low"] == pytest.approx(0.8)
        assert row["model_it_energy_kwh_high"] == pytest.approx(3.2)
        assert row["ratio"] == pytest.approx(1.6 / 1.6)
        # What explain adds up is the same: 80 % of the host's energy is compute, 20 % memory; 1.25 of 2 h are observed.
        lines = bill.query(
            "select sum(it_energy_kwh::decimal(38, 15))::double as kwh from ledger.lines where resource_id = 'i-1'"
        )
        assert lines == [{"kwh": pytest.approx(1.6)}]
        period = {"provider": "aws", "resource": "i-1", "since": at(1), "until": at(1, 2)}
        result = bill.connection.execute(sql("explain_run_lines"), period)
        found = dict(zip([column[0] for column in result.description or ()], result.fetchall()[0], strict=True))
        assert (found["used_h"], found["observed_h"]) == (pytest.approx(2), pytest.approx(1.25))
        assert found["compute_it_energy_kwh"] == pytest.approx(0.8 * 0.9)
        assert found["memory_it_energy_kwh"] == pytest.approx(0.2 * 0.9)
        assert found["accelerator_it_energy_kwh"] == pytest.approx(0.7)
