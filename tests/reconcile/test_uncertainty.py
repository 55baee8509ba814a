"""Simulated ranges of totals: worked examples, one rate alone, and simulated truths that they must hold."""

import math
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from reconcile.draws import Cells, Legs, Part, errors, shape, simulate, swings
from reconcile.report import sections
from reconcile.report_uncertainty import uncertainty_sections
from reconcile.uncertainty import read_bill, simulation
from wattledger.tables import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
from rated import JUNE, add_sku, ec2, put_on_bill, rate, warehouse

WHOLE: dict[str, date | None] = {"since": None, "until": None}
GP3 = {
    "service_code": "AmazonEC2", "sku_meter": "EBS:VolumeUsage.gp3", "operation": "CreateVolume-Gp3",
    "consumed_unit": "GB-Mo",
}  # fmt: skip


@pytest.fixture(scope="module")
def bill() -> Iterator[duckdb.DuckDBPyConnection]:
    """Machines of three families and volumes, in three regions, accounts and two years."""
    with warehouse() as connection:
        for number, machine in enumerate(("m5.large", "m5.4xlarge", "c6i.2xlarge", "m7g.large", "p4d.24xlarge")):
            for region in ("us-east-1", "eu-central-1", "ap-south-1"):
                sku_id = add_sku(connection, **ec2(machine, region_id=region))
                put_on_bill(connection, sku_id, date(2022, 3, 1), 5.0 + number)
        rate(connection, add_sku(connection, **GP3))
        connection.execute("update core.usage_daily set sub_account_id = 'account-' || (sku_id % 3)")
        yield connection


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


# Two sums of 10 kWh, each of a half to twice of it; an end has a chance of one in ten, as docs/method.md works out.
@pytest.mark.parametrize(
    ("groups", "ends"),
    [
        ([0, 0], (10.0, 20.0, 40.0)),  # one error: both at a half (10 %), both as they are, both at twice
        # two errors: 5 + 5 (1 %), 5 + 10 (16 %), 10 + 10 (64 %), 5 + 20 (2 %), 10 + 20 (16 %), 20 + 20 (1 %)
        ([0, 1], (15.0, 20.0, 30.0)),
    ],
)
def test_two_sums_with_one_error_and_with_two(groups: list[int], ends: tuple[float, float, float]) -> None:
    legs = Legs(np.array([0, 1]), np.array(groups), np.full(2, -math.log(2)), np.full(2, math.log(2)))
    cells = Cells({"kwh": Part(np.array([10.0, 10.0]), ("it",), ())}, {"it": np.array([0, 1])})
    drawn = errors(["discrete"] * (max(groups) + 1), 2_000, seed=1)
    found = simulate(cells, {"it": legs}, drawn, np.zeros(2, dtype=np.int64))["kwh"]
    assert np.quantile(found, (0.05, 0.5, 0.95)) == pytest.approx(ends)
    down, up = swings(cells, {"it": legs}, 2)["kwh"]
    assert [20 + down[0], 20 + up[0]] == pytest.approx([10, 40] if groups == [0, 0] else [15, 30])


def test_two_sums_that_err_together_beside_two_that_do_not_and_one_taken_back() -> None:
    # The first two are 10, 20 or 40 kWh together, the other two 5, 10 or 20 each (10, 80, 10 %). Of all 27 totals those
    # up to 25 have 0.1 x (1 + 16) = 1.7 %, 30 has 0.1 x 64 + 0.8 x 1 = 7.2 %: p5 is 30. From 65 up 1.9 %, 60 has 7.2 %.
    legs = Legs(np.arange(4), np.array([0, 0, 1, 2]), np.full(4, -math.log(2)), np.full(4, math.log(2)))
    cells = Cells({"kwh": Part(np.full(4, 10.0), ("it",), ())}, {"it": np.arange(4)})
    drawn = errors(["discrete"] * 3, 4_000, seed=1)
    found = simulate(cells, {"it": legs}, drawn, np.zeros(4, dtype=np.int64))["kwh"]
    assert np.quantile(found, (0.05, 0.5, 0.95)) == pytest.approx((30, 40, 60))
    # A correction takes back what errs with it: 10 + 10 - 10 of one error is 5, 10 or 20.
    back = Cells({"kwh": Part(np.array([10.0, 10.0, -10.0]), ("it",), ())}, {"it": np.array([0, 1, 0])})
    found = simulate(back, {"it": legs}, drawn, np.zeros(3, dtype=np.int64))["kwh"]
    assert np.quantile(found, (0.05, 0.5, 0.95)) == pytest.approx((5, 10, 20))
    down, up = swings(back, {"it": legs}, 3)["kwh"]
    assert (10 + down[0], 10 + up[0]) == pytest.approx((5, 20))


@pytest.mark.parametrize("distribution", ["lognormal", "triangular", "discrete"])
def test_each_end_of_a_range_has_one_chance_in_twenty_to_be_passed(distribution: str) -> None:
    found = shape(distribution, 10_000)
    assert found.mean() == pytest.approx(0, abs=1e-9)
    assert np.quantile(found, (0.05, 0.5, 0.95)) == pytest.approx((-1, 0, 1), abs=0.001)


def test_a_low_end_of_zero_is_reached_in_a_straight_line() -> None:
    legs = Legs(np.array([0]), np.array([0]), np.array([np.nan]), np.array([math.log(3)]))
    cells = Cells({"kwh": Part(np.array([10.0]), ("it",), ())}, {"it": np.array([0])})
    found = simulate(cells, {"it": legs}, np.array([[-2.0, -1.0, -0.5, 0.0, 1.0]]), np.array([0]))["kwh"]
    assert found[0] == pytest.approx([0, 0, 5, 10, 30])


@pytest.mark.parametrize(
    "key", [ec2("m5.large"), ec2("m7g.large"), ec2("p4d.24xlarge"), GP3], ids=lambda k: k["sku_meter"]
)
def test_one_rate_alone_has_the_range_of_the_card(key: dict[str, Any]) -> None:
    # Exactly so for normal errors and equal sides. What else the legs are (triangular, a lifetime of four or six years,
    # a site's factors beside the machine's) moves an end by less than 4 % of it, of embodied carbon by less than 9 %.
    with warehouse() as connection:
        rated = rate(connection, add_sku(connection, **key))
        ((_, found),) = simulation(read_bill(connection, WHOLE), draws=4_000).ranges(())
    assert len(found) == (4 if key is GP3 else 5)  # no market-based figure without an instrument
    for one in found:
        tolerance = 0.09 if one.figure == "embodied_kg_co2e" else 0.04
        assert one.central == pytest.approx(rated[one.figure], rel=1e-5)
        assert one.p5 == pytest.approx(rated[f"{one.figure}_low"], rel=tolerance), one.figure
        assert one.p95 == pytest.approx(rated[f"{one.figure}_high"], rel=tolerance), one.figure


def _true_error(distribution: str, rng: np.random.Generator, trials: int) -> Any:
    """Errors of one group as they truly are: 5 % below -1, 5 % above 1."""
    if distribution == "discrete":
        return rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=trials)
    if distribution == "triangular":
        return rng.triangular(-1, 0, 1, size=trials) / (1 - math.sqrt(0.1))
    return rng.standard_normal(trials) / 1.6448536269514722


def _true_factor(legs: Sequence[tuple[Any, float | None, float]]) -> Any:
    """What a range multiplies by: the sum of the ways up where above zero, of the ways down where below."""
    up = sum(error * log_up for error, _, log_up in legs)
    down = sum(
        -error * log_down if log_down is not None else np.log1p(np.clip(error, -0.999999999, 0))
        for error, log_down, _ in legs
    )
    return np.exp(np.where(up > 0, up, 0) + np.where(down < 0, down, 0))


def test_nine_in_ten_simulated_truths_lie_inside() -> None:
    # 40 bills x 50 trials: sums of random size whose legs go to groups at random; the truth is drawn by code of its own
    rng = np.random.default_rng(7)
    held = []
    for _ in range(40):
        groups = [rng.choice(["lognormal", "triangular", "discrete"]) for _ in range(8)]
        central = rng.lognormal(0, 1.5, size=12)
        rows = sorted(
            (int(cell), int(group), -float(rng.uniform(0, 1)), float(rng.uniform(0, 1.2)))
            for cell in range(12)
            for group in rng.choice(8, size=3, replace=False)
        )
        owner, group, down, up = (np.array(column) for column in zip(*rows, strict=True))
        cells = Cells({"kwh": Part(central, ("it",), ())}, {"it": np.arange(12)})
        drawn = simulate(cells, {"it": Legs(owner, group, down, up)}, errors(groups, 1_000, 3), np.zeros(12, dtype=int))
        low, high = np.quantile(drawn["kwh"], (0.05, 0.95))
        truth = {number: _true_error(name, rng, 50) for number, name in enumerate(groups)}
        total = sum(
            central[cell] * _true_factor([(truth[g], d, u) for c, g, d, u in rows if c == cell]) for cell in range(12)
        )
        held.append((low <= total) & (total <= high))
    assert 0.87 <= np.mean(held) <= 0.93


def test_nine_in_ten_simulated_truths_of_a_bill_lie_inside(bill: duckdb.DuckDBPyConnection) -> None:
    # every rate of the bill on its own, by the legs as the card and the sites hold them; 2,000 trials
    ((_, ranges),) = simulation(read_bill(bill, WHOLE)).ranges(())
    rng, trials, truth = np.random.default_rng(11), 2_000, {}

    def error(group: str, distribution: str) -> Any:
        if group not in truth:
            truth[group] = _true_error(distribution, rng, trials)
        return truth[group]

    total = {one.figure: np.zeros(trials) for one in ranges}
    for account, basis, quantity, kwh, kg, embodied, pue, grid in bill.execute(
        "select d.sub_account_id, r.basis, d.consumed_quantity, r.energy_kwh, r.location_based_kg_co2e, "
        "r.embodied_kg_co2e, [f.pue_low / f.pue, f.pue_high / f.pue, hash(split_part(f.pue_ref, '/', 2))], "
        "[f.grid_g_co2e_per_kwh_low / f.grid_g_co2e_per_kwh, f.grid_g_co2e_per_kwh_high / f.grid_g_co2e_per_kwh, "
        "hash(split_part(f.grid_ref, '/', 2))] "
        "from core.usage_daily as d inner join core.rate as r using (sku_id, charge_month) "
        "inner join core.sku as s using (sku_id) inner join core.site_factor as f "
        "on f.region_id = s.region_id and f.charge_month = d.charge_month order by all"
    ).fetchall():
        legs: dict[str, list[tuple[Any, float | None, float]]] = {"it_energy": [], "embodied": []}
        for figure, group, scope, distribution, down, up in bill.execute(
            "select figure, leg_group, scope, distribution, log_down, log_up from core.rate_leg where basis = ? "
            "order by all",
            [basis],
        ).fetchall():
            name = f"{group} of {account}" if scope == "account" else group
            legs[figure].append((error(name, distribution), down, up))
        it = _true_factor(legs["it_energy"]) * _true_factor(
            [(error(f"pue {pue[2]}", "lognormal"), math.log(pue[0]), math.log(pue[1]))]
        )
        total["energy_kwh"] += quantity * kwh * it
        grids = [(error(f"grid {grid[2]}", "lognormal"), math.log(grid[0]), math.log(grid[1]))]
        total["location_based_kg_co2e"] += quantity * kg * it * _true_factor(grids)
        total["embodied_kg_co2e"] += quantity * (embodied or 0.0) * _true_factor(legs["embodied"] or [(0.0, 0.0, 0.0)])
    for one in ranges:
        if one.figure in ("location_based_kg_co2e", "energy_kwh", "embodied_kg_co2e"):
            inside = (one.p5 <= total[one.figure]) & (total[one.figure] <= one.p95)
            assert 0.87 <= inside.mean() <= 0.93, one.figure


def test_the_same_bill_gives_the_same_figures_and_another_seed_others(bill: duckdb.DuckDBPyConnection) -> None:
    read = [read_bill(bill, WHOLE) for _ in range(2)]
    once, again = (simulation(one).ranges(("provider", "region_id")) for one in read)
    assert once == again
    assert once != simulation(read[0], seed=1).ranges(("provider", "region_id"))


def test_parts_have_ranges_wider_than_the_whole_and_sums_that_are_the_whole(bill: duckdb.DuckDBPyConnection) -> None:
    tables = {table.name: table for table in uncertainty_sections(bill, WHOLE)}
    (kg, *_) = records(tables["uncertainty"])
    regions = [row for row in records(tables["uncertainty_regions"]) if row["figure"] == "location_based_kg_co2e"]
    assert (kg["figure"], kg["draws"], kg["seed"]) == ("location_based_kg_co2e", 1_000, 20_261_125)
    assert [row["region_id"] for row in regions] == ["ap-south-1", "eu-central-1", "us-east-1"]
    assert sum(row["estimate"] for row in regions) == pytest.approx(kg["estimate"], rel=1e-4)
    assert sum(row["p5"] for row in regions) < kg["p5"]  # errors of three grids do not add up
    assert sum(row["p95"] for row in regions) > kg["p95"]
    assert kg["p5"] < kg["estimate"] < kg["p95"]


def test_the_report_says_the_typical_error_and_what_would_narrow_it(bill: duckdb.DuckDBPyConnection) -> None:
    tables = {table.name: table for table in sections(bill, None, None)}
    first, second, *most, last = tables["uncertainty"].notes
    assert first.startswith("Typical error of this total is ")
    assert "(90 %)" in first
    assert second.startswith("What would narrow it most")
    assert [note[:3] for note in most] == ["1. ", "2. ", "3. "]
    assert any("Observed load of the boards" in note for note in most)  # eight A100 are most of this bill
    assert "1,000 draws" in last
    assert "numpy PCG64" in last
    details = {
        "uncertainty_providers",
        "uncertainty_services",
        "uncertainty_regions",
        "sensitivity",
        "sensitivity_groups",
    }
    assert {name for name in details if tables[name].is_detail} == details


def test_the_widest_leg_comes_first_and_moves_the_total_as_its_ratio_says(bill: duckdb.DuckDBPyConnection) -> None:
    tables = {table.name: table for table in uncertainty_sections(bill, WHOLE)}
    for name in ("sensitivity", "sensitivity_groups"):
        swings_pct = [row["swing_pct"] for row in records(tables[name]) if row["figure"] == "energy_kwh"]
        assert swings_pct == sorted(swings_pct, reverse=True)
    # host_overhead is one error for all machines, and boards have none: from the legs of each basis and its energy
    rows = bill.execute(
        "select sum(d.consumed_quantity * r.energy_kwh * exp(coalesce(l.log_up, 0))) from core.usage_daily as d "
        "inner join core.rate as r using (sku_id, charge_month) left join core.rate_leg as l "
        "on l.basis = r.basis and l.figure = 'it_energy' and l.leg = 'host_overhead'"
    ).fetchall()
    (leg,) = [r for r in records(tables["sensitivity"]) if (r["figure"], r["leg"]) == ("energy_kwh", "host_overhead")]
    assert leg["high"] == pytest.approx(rows[0][0], rel=0.001)  # legs are kept to a thousandth of a log
    assert leg["groups"] == 1


def test_an_observed_load_takes_the_error_of_the_default_load_away() -> None:
    with warehouse() as connection:
        for load in (None, 50):
            sku_id = add_sku(connection, JUNE if load else date(2023, 5, 1), **ec2("m5.large", cpu_load_pct=load))
        rate(connection, sku_id)
        groups = {
            month: {
                group.leg for group in read_bill(connection, {"since": date(2023, month, 1), "until": until}).groups
            }
            for month, until in ((5, JUNE), (6, date(2023, 7, 1)))
        }
    assert groups[5] - groups[6] == {"utilization"}
    assert not groups[6] - groups[5]


def _groups(connection: duckdb.DuckDBPyConnection, leg: str) -> list[str]:
    return [group.name for group in read_bill(connection, WHOLE).groups if group.leg == leg]


def test_a_zone_errs_alike_in_all_its_years_and_accounts_with_one_payer_alike() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large", region_id="eu-central-1"))
        put_on_bill(connection, sku_id, date(2022, 3, 1))
        rate(connection, sku_id)
        connection.execute(
            "update core.usage_daily set billing_account_id = 'payer', sub_account_id = charge_month::varchar"
        )
        assert _groups(connection, "grid") == ["grid/iso3:DEU"]
        assert _groups(connection, "pue") == ["pue/aws:eu-central-1"]
        assert _groups(connection, "utilization") == ["utilization/aws:payer"]
        # one error of the grid: its swings of both years add up, not their squares
        simulated = {one.figure: one for one in simulation(read_bill(connection, WHOLE)).ranges(())[0][1]}
        tables = {table.name: table for table in uncertainty_sections(connection, WHOLE)}
        ((high,),) = connection.execute(
            "select sum(r.location_based_kg_co2e * f.grid_g_co2e_per_kwh_high / f.grid_g_co2e_per_kwh) "
            "from core.rate as r inner join core.site_factor as f on f.charge_month = r.charge_month"
        ).fetchall()
    key = ("location_based_kg_co2e", "grid")
    (row,) = [row for row in records(tables["sensitivity"]) if (row["figure"], row["leg"]) == key]
    assert row["high"] == pytest.approx(high, rel=0.001)
    # what is lost on the way errs as what is delivered, and by the loss itself: it reaches further
    lost, kept = simulated["td_loss_kg_co2e"], simulated["location_based_kg_co2e"]
    assert lost.p95 / lost.central > kept.p95 / kept.central


@pytest.mark.parametrize(("accounting", "leg"), [("provider_figure", "grid"), ("market_based", "market")])
def test_a_market_based_factor_errs_as_the_grid_where_it_is_a_share_of_it(accounting: str, leg: str) -> None:
    with warehouse() as connection:
        rate(connection, add_sku(connection, **ec2("m5.large")))
        connection.execute(
            "update core.site_factor set market_accounting = ?, market_ref = 'grid/region:aws:us-east-1/2023/market', "
            "market_g_co2e_per_kwh = grid_g_co2e_per_kwh / 4, "
            "market_g_co2e_per_kwh_low = grid_g_co2e_per_kwh_low / 4, "
            "market_g_co2e_per_kwh_high = grid_g_co2e_per_kwh_high / 4",
            [accounting],
        )
        connection.execute("update core.rate set market_based_kg_co2e = location_based_kg_co2e / 4")
        found = {one.figure: one for one in simulation(read_bill(connection, WHOLE)).ranges(())[0][1]}
        bill_swings = {
            (row["figure"], row["leg"])
            for row in records({t.name: t for t in uncertainty_sections(connection, WHOLE)}["sensitivity"])
        }
    market, location = found["market_based_kg_co2e"], found["location_based_kg_co2e"]
    assert market.p5 / market.central == pytest.approx(location.p5 / location.central, rel=0.1)  # of 1,000 draws
    assert ("market_based_kg_co2e", leg) in bill_swings
    assert (market.p95 / location.p95 == pytest.approx(0.25, rel=1e-5)) == (leg == "grid")  # draw by draw a quarter


def test_a_lane_in_force_has_no_range_of_its_site_either() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        rate(connection, sku_id)
        connection.execute("update core.setting set value = 'teads' where key = 'model'")
        rate(connection, sku_id)
        (table,) = uncertainty_sections(connection, WHOLE)
    assert (table.rows, table.is_detail) == ([], True)
