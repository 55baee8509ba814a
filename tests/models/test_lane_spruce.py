"""The lane `spruce` prints what SPRUCE 1.2 printed for the same bills: rows and figures of tests/data/peer_reference.

What a machine type draws comes from a layer of own factors that cites, for the types on these rows, single values of
SPRUCE's table (tests/data/peer_instance). Where the lane departs on purpose, `differences.csv` says why.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import add_sku, ec2, warehouse
from test_layers import NOW

from connectors.registry import source_for
from models import layers
from models.lanes import card
from models.own_factors import read
from models.rates import fill_missing
from wattledger.contracts import SourceSettings

DATA = Path(__file__).parents[1] / "data"
FROM, TO = "2026-06-15T00:00:00Z", "2026-06-16T00:00:00Z"
Line = dict[str, Any]
FIGURES = {  # of SPRUCE -> of the lane, and how many of the lane's units one of SPRUCE's is
    "operational_energy_kwh": ("it_energy_kwh", 1.0),
    "operational_emissions_co2eq_g": ("location_based_kg_co2e", 1e-3),
    "embodied_emissions_co2eq_g": ("embodied_kg_co2e", 1e-3),
    "water_cooling_l": ("water_onsite_l", 1.0),
    "water_electricity_production_l": ("water_offsite_l", 1.0),
}
ENERGY, *OF_ENERGY = FIGURES
WATER = ("water_cooling_l", "water_electricity_production_l")
PLACE = ("operational_emissions_co2eq_g", *WATER)
# File and row -> the figures that are another on purpose, and the entry of differences.csv.
DEPARTS: Mapping[tuple[str, str], tuple[Sequence[str], str]] = {
    ("aws_cur", "row-0156"): ((ENERGY, *PLACE), "service-code"),
    ("aws_cur", "row-0196"): ((ENERGY, *PLACE), "transfer-type"),
    ("aws_cur", "row-0202"): ((ENERGY, *PLACE), "transfer-type"),
    ("aws_cur", "row-0244"): (PLACE, "region-case"),
    ("aws_cur", "row-0252"): (WATER, "negative-quantity"),
    ("aws_focus", "row-0252"): (WATER, "negative-quantity"),
    ("azure_native", "az-0080"): (tuple(FIGURES), "block-of-hours"),
    ("azure_focus", "az-0080"): (tuple(FIGURES), "block-of-hours"),
}


def reference(name: str) -> list[dict[str, str]]:
    with (DATA / "peer_reference" / f"spruce_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def aws_cur(row: Mapping[str, str]) -> dict[str, str]:
    own = [name for name in row if name.startswith(("identity_", "line_item_", "pricing_", "product_"))]
    return {name: row[name] for name in own} | {
        "bill_payer_account_id": "000000000012", "line_item_usage_account_id": "012345678901",
        "line_item_usage_start_date": FROM, "line_item_usage_end_date": TO, "line_item_currency_code": "USD",
        "bill_billing_period_start_date": "2026-06-01T00:00:00Z",
    }  # fmt: skip


def focus(row: Mapping[str, str], provider: str, unit: str) -> dict[str, str]:
    own = [name for name in row if name[0].isupper() or name.startswith("x_")]
    return {name: row[name] for name in own} | {
        "ProviderName": provider, "ConsumedUnit": row[unit], "EffectiveCost": row["BilledCost"],
        "BillingPeriodStart": "2026-06-01T00:00:00Z", "ChargePeriodStart": FROM, "ChargePeriodEnd": TO,
        "BillingCurrency": "USD",
    }  # fmt: skip


BILLS = {  # file -> kind of source, and a row of its bill
    "aws_cur": ("aws-cur", aws_cur),
    "aws_focus": ("focus", lambda row: focus(row, "AWS", "PricingUnit")),
    "azure_native": (
        "azure-cost-export",
        lambda row: {k: v for k, v in row.items() if k[0].isupper() and k != "LineId"},
    ),
    "azure_focus": ("focus", lambda row: focus(row, "Microsoft", "x_PricingUnitDescription")),
}


def staged(folder: Path, name: str) -> Path:
    """Read the reference rows as a bill of their format, with the reader of that format; return the staged lines."""
    kind, made = BILLS[name]
    rows = [made(row) for row in reference(name)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    source = source_for(SourceSettings(name, kind, str(folder / f"{name}.csv")))
    (unit,) = source.units(None)
    source.read(source.fetch(unit, folder), folder / f"{name}.parquet", folder)
    return folder / f"{name}.parquet"


def put_on_bill(connection: duckdb.DuckDBPyConnection, bills: Sequence[Path]) -> None:
    """Give each staged line a SKU of its own: sku_id is 1000 x the bill, and the line's place on it."""
    names = [row[0] for row in connection.execute("select column_name from (describe core.sku)").fetchall()]
    for number, path in enumerate(bills):
        columns = {r[0] for r in connection.execute("describe from read_parquet(?)", [str(path)]).fetchall()}
        given = ", ".join(name for name in names if name in columns)
        connection.execute(
            f"create or replace temp table line as select 1000 * {number} + row_number() over () as sku_id, {given}, "
            f"consumed_quantity from (from read_parquet('{path}'))"
        )
        connection.execute(f"insert into core.sku (sku_id, {given}) select sku_id, {given} from line order by 1")
        connection.execute(
            "insert into core.usage_daily (unit_id, usage_date, charge_month, sku_id, lines, consumed_quantity) "
            "select 1, date '2026-06-15', date '2026-06-01', sku_id, 1, consumed_quantity from line order by sku_id"
        )


def lane(connection: duckdb.DuckDBPyConnection) -> list[Line]:
    """Fill the lane for the bills of the warehouse; return its rates with what they assume, in order of sku_id."""
    connection.begin()
    card.keep(connection, "spruce")
    fill_missing(connection)
    connection.commit()
    result = connection.execute(
        "select r.*, i.* exclude (model, factor_set, sku_id, charge_month), d.consumed_quantity from core.rate as r "
        "left join core.lane_input as i using (model, factor_set, sku_id, charge_month) "
        "inner join core.usage_daily as d using (sku_id) where r.model = 'spruce' order by r.sku_id"
    )
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The reference rows of the four files, read as bills of their formats."""
    folder = tmp_path_factory.mktemp("spruce")
    return [staged(folder, name) for name in BILLS]


@pytest.fixture(scope="module")
def rated(bills: Sequence[Path]) -> dict[str, list[Line]]:
    """The lane's row of every reference row, by file, with the layer of machine types in force."""
    with warehouse() as connection:
        put_on_bill(connection, bills)
        own = read(DATA / "peer_instance" / "spruce_types.csv")
        assert own.problems == []
        layers.store(connection, own, "types", NOW)
        connection.execute("update core.setting set value = value || '+types@1' where key = 'factor_set'")
        lines = lane(connection)
    return {name: [line for line in lines if line["sku_id"] // 1000 == n] for n, name in enumerate(BILLS)}


def of(rated: Mapping[str, Sequence[Line]], name: str, row_id: str) -> Line:
    """The lane's row of a reference row."""
    ids = [next(iter(row.values())) for row in reference(name)]
    return rated[name][ids.index(row_id)]


def total(line: Line, figure: str) -> float | None:
    """The lane's figure of a line, in SPRUCE's unit."""
    column, unit = FIGURES[figure]
    return None if line[column] is None else float(line[column] * line["consumed_quantity"] / unit)


def same(theirs: str, ours: float | None) -> bool:
    return ours is None if theirs == "" else ours == pytest.approx(float(theirs), rel=1e-6)


@pytest.mark.parametrize("name", BILLS)
def test_every_figure_is_that_of_spruce_but_where_it_departs_on_purpose(
    name: str, rated: Mapping[str, Sequence[Line]]
) -> None:
    rows = reference(name)
    assert len(rows) == len(rated[name])
    differ = {
        (name, next(iter(row.values()))): tuple(f for f in FIGURES if not same(row[f], total(line, f)))
        for row, line in zip(rows, rated[name], strict=True)
    }
    found = {key: figures for key, figures in differ.items() if figures}
    assert found == {key: tuple(figures) for key, (figures, _) in DEPARTS.items() if key[0] == name}


def test_each_departure_is_one_of_the_list_and_says_why(rated: Mapping[str, Sequence[Line]]) -> None:
    text = (resources.files("models") / "lanes" / "spruce" / "differences.csv").read_text(encoding="utf-8")
    said = {row["key"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {key for _, key in DEPARTS.values()} <= set(said)
    assert all(value for row in said.values() for value in row.values())
    # 12.25 GB-Mo of deep archive: x 24 x 30.42 h x 0.65 / 1024 / 1000 x 6 copies; their report has 1, their FOCUS 6
    archive = 12.25 * 730.08 * 0.65 / 1024 / 1000 * 6
    assert total(of(rated, "aws_cur", "row-0156"), ENERGY) == pytest.approx(archive)
    # a usage type without a direction: none; CloudFront's: 37.5 GB x 0.0015 kWh
    assert of(rated, "aws_cur", "row-0196")["disposition"] == "unmodelled"
    assert total(of(rated, "aws_cur", "row-0202"), ENERGY) == pytest.approx(37.5 * 0.0015)
    # US-EAST-1 as us-east-1: 0.003611114 kWh x 384.4 g x 1.15 x 1.04 x 1.08
    capitals = of(rated, "aws_cur", "row-0244")
    assert total(capitals, PLACE[0]) == pytest.approx(0.003611114 * 384.4 * 1.15 * 1.04 * 1.08)
    # minus one hour: its water is that of an hour, taken back
    assert total(of(rated, "aws_cur", "row-0252"), WATER[0]) == pytest.approx(-0.003611114 * 1.15 * 0.12)
    # 2.4 x 10 Hours of a D2s v5 are 24 x 1 Hour of one (az-0000)
    blocks = total(of(rated, "azure_native", "az-0080"), ENERGY)
    assert blocks == pytest.approx(total(of(rated, "azure_native", "az-0000"), ENERGY))


def test_every_rate_is_its_formula_over_its_inputs(rated: Mapping[str, Sequence[Line]]) -> None:
    formula = (resources.files("models") / "lanes" / "spruce" / "formula.txt").read_text(encoding="utf-8")
    estimated = [line for lines in rated.values() for line in lines if line["disposition"] == "estimated"]
    assert len(estimated) > 300
    for line in estimated:
        numbers = formula.strip().format_map(json.loads(line["inputs"])).replace(" x ", " * ")
        assert eval(numbers, {"__builtins__": {}}) == pytest.approx(line["it_energy_kwh"], rel=1e-9)  # our own formula


def test_a_line_that_spruce_leaves_out_says_so(rated: Mapping[str, Sequence[Line]]) -> None:
    requests, negation = of(rated, "aws_cur", "row-0228"), of(rated, "aws_cur", "row-0114")
    assert (requests["disposition"], requests["gap_reason"]) == ("unmodelled", "spruce gives no figure for it")
    assert (negation["disposition"], negation["gap_reason"]) == ("out_of_scope", "negation row")


def test_a_rate_says_what_it_assumes_and_which_error_it_repeats(rated: Mapping[str, Sequence[Line]]) -> None:
    hour, bucket = of(rated, "aws_cur", "row-0000"), of(rated, "aws_cur", "row-0150")
    assert hour["rule_id"] == "spruce/aws/machine"
    assert (hour["utilization"], hour["copies"]) == (0.5, None)
    assert hour["uplift"] == pytest.approx(1.04 * 1.08)
    assert hour["known_error"] == "kWh taken for MJ: the machine's energy is 3.6 times too low"
    # an error of the grid leaves the energy alone: what it makes is a difference of the grid, not of the machine
    assert (
        json.loads(hour["inputs"])["other_error"] == "the grid of us-east-1 taken as the average of the United States"
    )
    assert hour["it_energy_kwh_at_default_utilization"] is None  # a figure of a table, no formula
    assert (bucket["utilization"], bucket["copies"], bucket["known_error"]) == (None, 6, None)
    assert bucket["market_based_gap_reason"] == "spruce gives no market-based figure"
    # eight H200 alone: 8 x (60 + 0.5 x 640) W; at our 40 % load 8 x (60 + 0.4 x 640) W
    boards = of(rated, "aws_cur", "row-0090")
    assert boards["accelerator_it_energy_kwh"] == pytest.approx(8 * 0.380)
    assert boards["it_energy_kwh_at_default_utilization"] == pytest.approx(8 * 0.316)
    assert "the boards alone, without their host" in boards["known_error"]


def test_the_worked_numbers_of_the_method_page_are_those_of_the_lane(rated: Mapping[str, Sequence[Line]]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    table = page.split("| step | calculation | by SPRUCE |\n|---|---|---|\n")[1].split("\n\n")[0]
    hour = of(rated, "aws_cur", "row-0000")
    names = ["it_energy_kwh", "energy_kwh", "location_based_kg_co2e", "water_onsite_l", "water_offsite_l"]
    for name, row in zip(names, table.splitlines(), strict=True):
        _, numbers, result = (cell.strip() for cell in row.strip("|").split("|"))
        typed_in = eval(numbers.replace(" x ", " * "), {"__builtins__": {}})  # our own page
        assert [typed_in, hour[name]] == pytest.approx([float(result.split()[0])] * 2, rel=1e-4), name


def test_without_rows_of_its_table_a_machine_is_boaviztas_formula_with_the_same_error() -> None:
    with warehouse() as connection:
        known, unknown, azure = (
            add_sku(connection, **ec2("m5.large")),
            add_sku(connection, **ec2("nosuch.large")),
            add_sku(
                connection, provider="azure", region_id="westeurope", service_code="Virtual Machines",
                sku_meter="D2 v3/D2s v3", consumed_unit="Hours",
            ),
        )  # fmt: skip
        lines = {line["sku_id"]: line for line in lane(connection)}
    hour = lines[known]
    # Platinum 8175M, 240 W of TDP; half load takes 0.508477 x ln(50 + 20.451) - 1.415347 = 0.74818 of it (a fit through
    # 0.12, 0.32, 0.75, 1.02): (2 x 240 x 0.74818 + 384 x 0.284) W x 1.33 x 2 of 96 vCPU = 12.9725 W, x 0.277778
    assert hour["it_energy_kwh"] == pytest.approx(12.9725e-3 * 0.277778, rel=1e-5)
    # its table has 3.611 W: the interface rounds to two figures
    assert hour["it_energy_kwh"] == pytest.approx(0.003611114, rel=0.005)
    # at our load of 18 %: 0.508477 x ln(38.451) - 1.415347 = 0.44028, so 8.8775 W
    assert hour["it_energy_kwh_at_default_utilization"] == pytest.approx(8.8775e-3 * 0.277778, rel=1e-5)
    assert hour["embodied_kg_co2e"] == pytest.approx(0.46e-3, rel=0.01)  # of the table, from the same parts
    assert (hour["rule_id"], hour["utilization"]) == ("spruce/aws/machine.formula", 0.5)
    assert lines[unknown]["disposition"] == "unmodelled"
    assert lines[azure]["rule_id"] == "spruce/azure/machine.formula"


def test_rows_of_a_peers_table_are_checked_and_kept_as_coefficients(tmp_path: Path) -> None:
    header = (
        "provider,instance_type,it_energy_kwh_per_h,embodied_kg_per_h,year,source,source_release,licence,verification\n"
    )
    origin = "2026,Its table,1.2,AGPL-3.0,published\n"
    path = tmp_path / "types.csv"
    path.write_text(header + f"aws,m5.large,0.0036,0.00046,{origin}azure,d2s_v5,0.003,,{origin}", encoding="utf-8")
    own = read(path)
    assert (own.table, own.problems) == ("coefficient", [])
    assert [(row["factor_id"], row["central"], row["unit"]) for row in own.rows] == [
        ("coefficient/peer_instance.it_energy.aws:m5.large", "0.0036", "kWh/h"),
        ("coefficient/peer_instance.embodied.aws:m5.large", "0.00046", "kgCO2e/h"),
        ("coefficient/peer_instance.it_energy.azure:d2s_v5", "0.003", "kWh/h"),
    ]
    path.write_text(header + f"aws,m5.large,36,460,{origin}amazon,m5.large,,0.1,{origin}", encoding="utf-8")
    assert [(p.line, p.column) for p in read(path).problems] == [
        (2, "it_energy_kwh_per_h"), (2, "embodied_kg_per_h"), (3, "provider"), (3, "it_energy_kwh_per_h"),
    ]  # fmt: skip
    assert "0.036 would be in it: a slip by 10^3? allowed: 5e-05 to 20 kWh per hour" in read(path).problems[0].problem
