"""Three years of bills, restated over and over: nothing is lost, and every older figure can still be read."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from toy import HEADER, ToySource, fill_rates, line, toy_warehouse

from reconcile.history import sections_as_of
from warehouse.audits import audit_all
from warehouse.database import migrations, open_for_writing
from warehouse.history import restated
from warehouse.load import Delivery, Surroundings, load
from warehouse.transaction import transaction
from wattledger.contracts import LocalFile, Unit

MONTHS = [f"{2023 + number // 12}-{number % 12 + 1:02}" for number in range(36)]
BEGIN = datetime.fromisoformat("2026-01-01")  # UTC
SERVICES = ("AmazonEC2", "AmazonRDS")
RATE = """
    insert into core.rate by name select 'default' as model, 'old@1' as factor_set, 1 as sku_id,
        date '2025-06-01' as charge_month, 'x' as rule_id, 'estimated' as disposition, 'used' as usage_state,
        $1::double as energy_kwh, $2::double as location_based_kg_co2e"""
HOUR_KG = Decimal("0.012")  # of an hour of the toy bill, before the restatements of factors and method


@dataclass
class World:
    """A warehouse, and beside it the same bills as plain lists, summed by hand in decimals.

    ``lines`` are (service, hours, cost) by month; ``scale`` is what factors and method made of the emissions.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    now: datetime = BEGIN
    lines: dict[str, list[tuple[str, int, Decimal]]] = field(default_factory=dict)
    scale: Decimal = Decimal(1)
    moved: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys(("activity", "factors", "method"), Decimal(0))
    )

    def kg(self) -> Decimal:
        """Location-based emissions of all bills."""
        hours = sum(hours for month in self.lines.values() for _, hours, _ in month)
        return hours * HOUR_KG * self.scale

    def cost(self) -> dict[tuple[str, str], Decimal]:
        """Cost by month and service."""
        found: dict[tuple[str, str], Decimal] = {}
        for month, lines in self.lines.items():
            for service, _, cost in lines:
                found[month, service] = found.get((month, service), Decimal(0)) + cost
        return found

    def deliver(self, month: str, lines: list[tuple[str, int, Decimal]]) -> None:
        """Load a month as the provider delivers it now."""
        before = self.kg()
        is_new = month not in self.lines
        self.lines[month] = lines
        path = self.folder / f"{month}.csv"
        path.write_text(
            HEADER
            + "".join(
                line(number, day=f"{month}-01", quantity=hours, cost=str(cost), service=service)
                for number, (service, hours, cost) in enumerate(lines)
            )
        )
        source = ToySource("toy", self.folder)
        content = path.read_bytes()
        file = LocalFile(path, len(content), hashlib.sha256(content).hexdigest())
        staged = self.folder / "staged.parquet"
        report = source.read([file], staged, self.folder)
        unit = Unit("toy", path.name, month, str(self.now), (str(path),))
        delivery = Delivery(unit, "toy", "usage", [file], file.sha256, staged, report)
        load(self.connection, delivery, Surroundings(fill_rates, (), "run", self.now))
        if not is_new:
            self.moved["activity"] += self.kg() - before

    def rate_anew(self, cause: str, factor: Decimal) -> None:
        """Make all emissions `factor` times what they were, as other factors or formulas do."""
        before = self.kg()
        with transaction(self.connection), restated(self.connection, cause, self.now):
            for name in ("grid_g_co2e_per_kwh", "location_based_kg_co2e"):
                for column in (name, f"{name}_low", f"{name}_high"):
                    self.connection.execute(f"update core.rate set {column} = {column} * {factor}::double")
        self.scale *= factor
        self.moved[cause] += self.kg() - before


@contextmanager
def _world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "bill"
    folder.mkdir()
    with toy_warehouse(tmp_path / "w.duckdb") as connection:
        yield World(connection, folder)


def _some_lines(chance: random.Random) -> list[tuple[str, int, Decimal]]:
    return [
        (chance.choice(SERVICES), chance.randint(1, 700), Decimal(chance.randint(1, 10**6)) / 1000)
        for _ in range(chance.randint(0, 5))
    ]


def _known_at(world: World, moment: datetime) -> tuple[float | None, dict[tuple[str, str], Decimal]]:
    services, _ = sections_as_of(world.connection, moment, None, None, ("month", "service"))
    rows = [dict(zip(services.columns, row, strict=True)) for row in services.rows]
    cost = {
        (f"{row['charge_month']:%Y-%m}", row["service_name"]): row["effective_cost"]
        for row in rows
        if row["charge_month"] != "total"
    }
    total = [row["location_based_kg_co2e"] for row in rows if row["charge_month"] == "total"]
    return (total[0] if total else None), cost


def _restate_at_random(tmp_path: Path, seed: int, months: int, times: int) -> None:
    chance = random.Random(seed)
    with _world(tmp_path) as world:
        for month in MONTHS[:months]:  # each service once: its rate is there before any restatement
            world.deliver(month, [(service, 1, Decimal(1)) for service in SERVICES] + _some_lines(chance))
        first_kg = world.kg()
        known = []
        for _ in range(times):
            known.append((world.now, world.kg(), world.cost()))
            world.now += timedelta(hours=chance.randint(1, 100))
            what = chance.choice(("activity", "activity", "activity", "factors", "method"))
            if what == "activity":
                world.deliver(chance.choice(MONTHS[:months]), _some_lines(chance))
            else:
                world.rate_anew(what, Decimal(chance.randint(90, 110)) / 100)
        known.append((world.now, world.kg(), world.cost()))

        for moment, kg, cost in known:  # every older figure is what it was then
            was_kg, was_cost = _known_at(world, moment)
            assert was_cost == cost
            assert was_kg == pytest.approx(float(kg), rel=1e-9)

        _, changes = sections_as_of(world.connection, BEGIN, None, None)
        sums = [sum(value or 0 for value in column) for column in list(zip(*changes.rows, strict=True))[1:]]
        then, loaded, activity, factors, method, now = sums
        assert loaded == 0
        assert (then, now) == (pytest.approx(float(first_kg)), pytest.approx(float(world.kg())))
        assert then + activity + factors + method == pytest.approx(now, rel=1e-9)
        # each cause is charged with what it did, as the decimals beside the warehouse say
        for found, cause in ((activity, "activity"), (factors, "factors"), (method, "method")):
            assert found == pytest.approx(float(world.moved[cause]), rel=1e-9, abs=1e-6)
        for row in changes.rows:
            assert sum(value or 0 for value in row[1:6]) == pytest.approx(row[6] or 0, rel=1e-9, abs=1e-9)
        audits, held = audit_all(world.connection)
        assert held, [row for row in audits.rows if row[1] != "held"]


def test_a_year_of_bills_restated_at_random_keeps_every_older_figure(tmp_path: Path) -> None:
    _restate_at_random(tmp_path, seed=1, months=12, times=12)


@pytest.mark.long
def test_two_hundred_random_restatements_of_three_years_keep_every_older_figure(tmp_path: Path) -> None:
    _restate_at_random(tmp_path, seed=2, months=36, times=200)


def test_a_month_before_its_first_load_is_not_known_yet(tmp_path: Path) -> None:
    with _world(tmp_path) as world:
        world.deliver("2025-01", [("AmazonEC2", 10, Decimal(1))])
        world.now += timedelta(days=2)
        world.deliver("2025-02", [("AmazonEC2", 5, Decimal(2))])
        world.now += timedelta(days=2)
        world.deliver("2025-02", [("AmazonEC2", 6, Decimal(3))])
        day = timedelta(days=1)
        assert _known_at(world, BEGIN - day) == (None, {})
        assert _known_at(world, BEGIN + day) == (pytest.approx(0.12), {("2025-01", "AmazonEC2"): 1})  # 10 h x 0.012
        assert _known_at(world, BEGIN + 3 * day) == (
            pytest.approx(0.18),  # and 5 h x 0.012
            {("2025-01", "AmazonEC2"): 1, ("2025-02", "AmazonEC2"): 2},
        )
        _, changes = sections_as_of(world.connection, BEGIN + day, None, None)
        # February: first loaded with 0.060 kg, then 0.072 by another bill
        assert [row[2:4] for row in changes.rows] == [(None, None), (pytest.approx(0.06), pytest.approx(0.012))]


def test_an_older_warehouse_keeps_what_it_said_before_its_rates_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit of 10 hours at 0.02 kWh and 0.012 kg, in a file of the schema before rates were taken away."""
    steps = migrations()
    with monkeypatch.context() as earlier:
        earlier.setattr("warehouse.database.migrations", lambda: [step for step in steps if step[0] < 14])
        earlier.setattr("warehouse.database.create_views", lambda _: None)
        with open_for_writing(tmp_path / "w.duckdb") as connection:
            connection.execute("""
                insert into core.setting values ('model', 'default'), ('factor_set', 'old@1');
                insert into core.unit by name select 1 as unit_id, 'bill' as source,
                    'toy' as kind, 'usage' as table_name,
                    'a.csv' as scope, '' as period, 'v' as version, 1 as generation, 'loaded' as status, 1 as row_count,
                    1 as size_bytes, []::varchar[] as notes, []::varchar[] as unknown_columns,
                    timestamp '2025-07-01' as loaded_at, 'r' as run_id;
                insert into core.sku by name select 1 as sku_id, 'aws' as provider, 'EC2' as service_name;
                insert into core.usage_daily by name select 1 as unit_id, date '2025-06-01' as usage_date,
                    date '2025-06-01' as charge_month, 1 as sku_id, 1 as lines, 10e0 as consumed_quantity""")
            connection.execute(RATE, [0.02, 0.012])
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        assert connection.execute("select count(*) from core.rate").fetchall() == [(0,)]
        said = "select recorded_to, energy_kwh, location_based_kg_co2e from ledger.history order by recorded_from"
        assert connection.execute(said).fetchall() == [(None, pytest.approx(0.2), pytest.approx(0.12))]
        with transaction(connection), restated(connection, "method", BEGIN):
            connection.execute(RATE, [0.03, 0.015])
        assert connection.execute(said).fetchall() == [
            (BEGIN, pytest.approx(0.2), pytest.approx(0.12)),
            (None, pytest.approx(0.3), pytest.approx(0.15)),
        ]
