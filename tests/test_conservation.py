"""Conservation: whatever a bill holds, nothing on it disappears, nothing is counted twice, and sums are exact.

Bills are drawn at random: several line types, currencies, months and services; missing, negative, tiny and huge
quantities; costs to the twelfth decimal; the same line twice. They go through the real load and the real rate card.
"""

import hashlib
import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import factor_set, rates
from warehouse.audits import audit_all
from warehouse.database import open_for_writing
from warehouse.load import Delivery, Loaded, Surroundings, load
from wattledger.contracts import USAGE_COLUMNS, ReadReport, Unit

NOW = datetime.fromisoformat("2025-05-01")
DISPOSITIONS = {"estimated", "proxy", "out_of_scope", "unmodelled"}
# service, meter, unit, line type, charge category, provider
PRODUCTS = (
    ("AmazonEC2", "EUC1-BoxUsage:m5.large", "Hrs", "Usage", "Usage", "aws"),
    ("AmazonEC2", "EUC1-BoxUsage:m5.large", "Hrs", "SavingsPlanNegation", "Usage", "aws"),
    ("AmazonEC2", "EUC1-BoxUsage:zz9.plural", "Hrs", "DiscountedUsage", "Usage", "aws"),
    ("AmazonEC2", "EUC1-EBS:VolumeUsage.gp3", "GB-Mo", "Usage", "Usage", "aws"),
    ("AmazonS3", "EUC1-TimedStorage-ByteHrs", "GB-Mo", "Usage", "Usage", "aws"),
    ("AWSLambda", "EUC1-Lambda-GB-Second", "Lambda-GB-Second", "Usage", "Usage", "aws"),
    ("AmazonEC2", None, None, "Tax", "Tax", "aws"),
    ("AmazonEC2", "EUC1-BoxUsage:m5.large", "Hrs", "Credit", "Credit", "aws"),
    ("AmazonRDS", "EUC1-InstanceUsage:db.m5.large", "Hrs", "RIFee", "Purchase", "aws"),
    ("Virtual Machines", "D2s v5", "1 Hour", "Usage", "Usage", "azure"),
    (None, None, None, None, None, None),
)


@dataclass(frozen=True)
class Line:
    """One line of a bill, in the words that matter here."""

    product: int
    region: str | None
    account: str | None
    start: datetime | None
    quantity: float | None
    cost: Decimal | None
    currency: str
    tags: tuple[tuple[str, str], ...]
    number: int | None  # of its provider_line_id; the same number may stand twice in a bill

    @property
    def month(self) -> date:
        """The billing month; a line without a start is in January."""
        return date(2025, self.start.month if self.start else 1, 1)

    def staged(self, unit: Unit) -> dict[str, object]:
        """The line as a source stages it."""
        service, meter, consumed_unit, line_type, category, provider = PRODUCTS[self.product]
        return {
            "provider_line_id": None if self.number is None else f"{unit.scope}-{self.number}",
            "provider": provider, "billing_account_id": "payer", "sub_account_id": self.account,
            "service_name": service, "service_code": service, "region_id": self.region, "sku_meter": meter,
            "consumed_unit": consumed_unit, "line_type": line_type, "charge_category": category, "is_split": False,
            "charge_period_start": self.start and self.start.isoformat(), "billing_month": self.month.isoformat(),
            "consumed_quantity": self.quantity, "billed_cost": None if self.cost is None else str(self.cost),
            "effective_cost": None if self.cost is None else str(self.cost), "cost_basis": "billed",
            "billing_currency": self.currency, "tags": dict(self.tags),
        }  # fmt: skip


money = st.one_of(
    st.none(),
    st.just(Decimal(0)),
    st.decimals(min_value=Decimal("-1e9"), max_value=Decimal("1e9"), places=12),
    st.decimals(min_value=Decimal("-1"), max_value=Decimal("1"), places=12),
)
quantities = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.0, -1.0, 24.0, 1e-12, -1e-12, 1e12, 123456789.123456789012, 0.1]),
    st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False),
)
starts = st.one_of(
    st.none(),
    st.builds(datetime, st.just(2025), st.integers(1, 3), st.sampled_from([1, 2, 28]), st.integers(0, 23)),
)
lines = st.builds(
    Line,
    product=st.integers(0, len(PRODUCTS) - 1),
    region=st.sampled_from(["eu-central-1", "us-east-1", "xx-nowhere-9", None]),
    account=st.sampled_from(["1", "2", None]),
    start=starts,
    quantity=quantities,
    cost=money,
    currency=st.sampled_from(["USD", "EUR", "JPY"]),
    tags=st.sampled_from([(), (("team", "a"),), (("team", "a"), ("stage", "x")), (("stage", "x"), ("team", "a"))]),
    number=st.one_of(st.none(), st.integers(0, 3)),
)
bills = st.lists(lines, min_size=0, max_size=8)
# What came in, in order: the number of the unit and its lines. A unit that comes again is restated.
deliveries = st.lists(st.tuples(st.integers(0, 2), bills), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse with the factor set."""
    path = tmp_path_factory.mktemp("conservation") / "template.duckdb"
    with open_for_writing(path) as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
    return path


@contextmanager
def _warehouse(template: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = template.with_name("w.duckdb")
    shutil.copy(template, path)
    with open_for_writing(path, threads=2) as connection:
        yield connection


def _unit(number: int) -> Unit:
    return Unit("source", f"unit-{number}", "", "1", ())


def _deliver(connection: duckdb.DuckDBPyConnection, folder: Path, number: int, bill: Sequence[Line]) -> Loaded:
    """Stage the lines as a source does and load them as the sync does."""
    unit = _unit(number)
    rows = folder / "rows.json"
    staged = folder / "staged.parquet"
    rows.write_text("\n".join(json.dumps(line.staged(unit)) for line in bill))
    columns = {name: "JSON" if name == "tags" else kind for name, kind in USAGE_COLUMNS.items()}
    columns |= {"billed_cost": "VARCHAR", "effective_cost": "VARCHAR"}
    given = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    cast = ", ".join(f"{name}::{kind} as {name}" for name, kind in USAGE_COLUMNS.items())
    with duckdb.connect() as writer:
        source = f"read_json('{rows}', format = 'newline_delimited', columns = {{{given}}})" if bill else "empty"
        empty = f"create table empty ({', '.join(f'{name} {kind}' for name, kind in USAGE_COLUMNS.items())})"
        writer.execute(empty)
        writer.execute(f"copy (select {cast} from {source}) to '{staged}' (format parquet)")
    digest = hashlib.sha256(f"{number}{bill}".encode()).hexdigest()
    delivery = Delivery(unit, "test", "usage", (), digest, staged, ReadReport(len(bill)))
    return load(connection, delivery, Surroundings(rates.fill_missing, (), "run", NOW))


def _expected_sums(bills: Mapping[int, Sequence[Line]]) -> dict[tuple[object, ...], tuple[int, Decimal | None]]:
    """Lines and cost per unit, service, month and currency, added up in Python."""
    found: dict[tuple[object, ...], list[Decimal | None]] = defaultdict(list)
    for number, bill in bills.items():
        for line in bill:
            key = (_unit(number).unit_id, PRODUCTS[line.product][0], line.month, line.currency)
            found[key].append(line.cost)
    sums = {}
    for key, costs in found.items():
        known = [cost for cost in costs if cost is not None]
        sums[key] = (len(costs), sum(known, Decimal(0)) if known else None)
    return sums


def _found_sums(
    connection: duckdb.DuckDBPyConnection, relation: str
) -> dict[tuple[object, ...], tuple[object, object]]:
    rows = connection.execute(
        "select unit_id, service_name, billing_month, billing_currency, "
        f"count(*), sum(billed_cost), sum(effective_cost) from {relation} group by all"
    ).fetchall()
    for row in rows:
        assert row[5] == row[6]
    return {row[:4]: (row[4], row[5]) for row in rows}


def _assert_conserved(connection: duckdb.DuckDBPyConnection, bills: Mapping[int, Sequence[Line]]) -> None:
    assert _found_sums(connection, "ledger.lines") == _expected_sums(bills)
    assert _found_sums(connection, "ledger.usage") == _expected_sums(bills)
    rows = connection.execute(
        "select disposition, gap_reason, consumed_quantity, it_energy_kwh, energy_kwh, location_based_kg_co2e, "
        "embodied_kg_co2e, it_energy_kwh_low, it_energy_kwh_high from ledger.lines"
    ).fetchall()
    assert len(rows) == sum(len(bill) for bill in bills.values())
    for disposition, reason, quantity, it_kwh, kwh, kg, _, low, high in rows:
        assert disposition in DISPOSITIONS
        if it_kwh is None:
            assert (kwh, kg, low, high) == (None, None, None, None)
            assert reason
        else:
            assert low <= it_kwh <= high
            for figure in (it_kwh, kwh, kg):
                assert abs(figure) < float("inf")  # neither infinite nor NaN
                assert figure * quantity >= 0
                assert (figure > 0) == (quantity > 0)
    table, held = audit_all(connection)
    assert held, [row for row in table.rows if row[1] != "held"]


def _everything(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Every figure an analyst can see, without the position of a line in its delivery."""
    return {
        what: connection.execute(f"{query} order by all").fetchall()
        for what, query in (
            ("lines", "select * exclude (line_id) from ledger.lines"),
            ("daily", "select * from ledger.footprint_daily"),
            ("coverage", "select * from ledger.coverage"),
        )
    }


def _check(template: Path, came: Sequence[tuple[int, Sequence[Line]]]) -> None:
    last = dict(came)
    with _warehouse(template) as connection:
        for number, bill in came:
            _deliver(connection, template.parent, number, bill)
        _assert_conserved(connection, last)
        restated = _everything(connection)
        _assert_restatements_lead_here(connection, came)
    with _warehouse(template) as connection:  # only what came last, in the other order, its lines shuffled
        for number, bill in reversed(last.items()):
            shuffled = random.Random(number).sample(list(bill), len(bill))
            _deliver(connection, template.parent, number, shuffled)
        assert _everything(connection) == restated


def _assert_restatements_lead_here(
    connection: duckdb.DuckDBPyConnection, came: Sequence[tuple[int, Sequence[Line]]]
) -> None:
    """First delivery plus every restatement is the last delivery: lines and cost, per unit and currency."""
    totals: Counter[tuple[int, str]] = Counter()
    for number, bill in dict(reversed(came)).items():  # the first of each unit
        totals.update((_unit(number).unit_id, line.currency) for line in bill)
    for unit_id, currency, before, after in connection.execute(
        "select unit_id, billing_currency, lines_from, lines_to from ledger.restatements"
    ).fetchall():
        totals[unit_id, currency] += after - before
    expected = Counter((_unit(number).unit_id, line.currency) for number, bill in dict(came).items() for line in bill)
    assert +totals == +expected


FUNCTION_SCOPED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=FUNCTION_SCOPED)
@given(came=deliveries)
def test_no_bill_loses_or_doubles_anything(template: Path, came: list[tuple[int, list[Line]]]) -> None:
    _check(template, came)


@pytest.mark.long
@settings(max_examples=500, deadline=None, suppress_health_check=FUNCTION_SCOPED)
@given(came=deliveries)
def test_five_hundred_bills_lose_and_double_nothing(template: Path, came: list[tuple[int, list[Line]]]) -> None:
    _check(template, came)


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=FUNCTION_SCOPED)
@given(bill=bills)
def test_loading_a_bill_twice_is_the_same_as_once(template: Path, bill: list[Line]) -> None:
    with _warehouse(template) as connection:
        _deliver(connection, template.parent, 0, bill)
        once = _everything(connection)
        _deliver(connection, template.parent, 0, bill)
        assert _everything(connection) == once
        assert connection.execute("select count(*) from ledger.restatements").fetchall() == [(0,)]


def test_a_sum_does_not_depend_on_the_number_of_threads_or_the_order(template: Path) -> None:
    """0.1 and 1e9 hours in turn: a plain sum over DOUBLE gives another last digit on every order."""
    bill = [
        Line(0, "eu-central-1", "1", datetime.fromisoformat("2025-01-01"), quantity, Decimal("0.1"), "USD", (), None)
        for quantity in (0.1, 1e9, -1e9, 1e-9, 123456789.123456789012) * 200
    ]
    found = []
    for threads, order in ((1, 1), (2, 1), (2, -1)):
        with _warehouse(template) as connection:
            _deliver(connection, template.parent, 0, bill[::order])
            connection.execute(f"set threads = {threads}")
            found.append(connection.execute("select * exclude (lines) from ledger.footprint_daily").fetchall())
    assert found[0] == found[1] == found[2]
