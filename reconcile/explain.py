"""How a number came to be: a bill line, a service in a month, or a tracker run, with the formula and its numbers."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import date

import duckdb

from models.explain import Explanation, explain_sku
from reconcile.resources import sql
from wattledger.errors import ConfigError
from wattledger.tables import Table

_LARGEST = 1  # SKUs of a service whose formula is printed; `explain LINE` prints that of any other
_STEP_COLUMNS = ("step", "formula", "numbers", "value", "unit", "factors")
_OF_LINE = (  # of a line = its quantity x the rate's figure
    ("IT energy of the line", "it_energy_kwh", "kWh"),
    ("energy of the line, after PUE", "energy_kwh", "kWh"),
    ("location-based emissions of the line", "location_based_kg_co2e", "kg CO2e"),
    ("market-based emissions of the line", "market_based_kg_co2e", "kg CO2e"),
    ("emissions of the grid's losses for the line, in no total", "td_loss_kg_co2e", "kg CO2e"),
    ("embodied emissions of the line", "embodied_kg_co2e", "kg CO2e"),
    ("water of the line", "water_l", "L"),
)

_BY_COST = (
    ("energy by cost, after PUE", "energy_kwh", "kWh"),
    ("location-based emissions by cost", "location_based_kg_co2e", "kg CO2e"),
)

Row = dict[str, object]


def explain(
    connection: duckdb.DuckDBPyConnection,
    *,
    line: int | None = None,
    service: str | None = None,
    month: date | None = None,
    run: str | None = None,
) -> list[Table]:
    """Return the tables that explain one line, one service in one charge month, or one tracker run.

    Raises ConfigError unless exactly one is asked for, and for one that is not there, with the nearest that is.
    """
    asked = (line is not None, service is not None and month is not None, run is not None)
    if sum(asked) != 1 or (service is None) != (month is None):
        raise ConfigError("Ask for exactly one: a line id, a service with a month, or a run.")
    if line is not None:
        return _explain_line(connection, line)
    if service is not None and month is not None:
        return _explain_service(connection, service, month.replace(day=1))
    assert run is not None
    return _explain_run(connection, run)


def _query(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, object]) -> list[Row]:
    result = connection.execute(sql(name), dict(parameters))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _facts(name: str, title: str, row: Row, notes: Sequence[str] = ()) -> Table:
    """Return what is known as a table of two columns; what is missing is left out."""
    rows = [(what, value) for what, value in row.items() if value not in (None, [], {})]
    return Table(name, title, ("what", "value"), rows, notes)


def _nearest(asked: str, known: Sequence[str]) -> str:
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(asked.lower(), folded, n=1, cutoff=0.4)
    return f" Nearest: {folded[near[0]]}." if near else ""


def _explain_line(connection: duckdb.DuckDBPyConnection, line: int) -> list[Table]:
    found = _query(connection, "explain_line", {"line": line})
    if not found:
        near = _query(connection, "nearest_line", {"line": line})
        hint = f" Nearest: {near[0]['line_id']}." if near else " No bill is loaded."
        raise ConfigError(f"There is no line {line}.{hint} Line ids are in ledger.lines.")
    row = found[0]
    sku_id, charge_month = row.pop("sku_id"), row.pop("charge_month")
    facts = _facts("line", f"Line {line}", row)
    if not isinstance(sku_id, int) or not isinstance(charge_month, date):
        return [facts]
    explanation = explain_sku(connection, sku_id, charge_month)
    by_cost = [_by_cost(proxy) for proxy in _query(connection, "explain_line_proxy", {"line": line})]
    loads = _query(connection, "explain_line_loads", {"line": line})
    if not loads:
        return [facts, *_formula("formula", "Rate of one billed unit, then of the line", explanation, row), *by_cost]
    note = (
        "consumed_quantity x rate at each load; the line is the sum of these rows. The row without a load is what was "
        "not observed, at the default. ledger.rates has the rate of each load."
    )
    observed = Table("loads", "Observed load", list(loads[0]), [tuple(load.values()) for load in loads], [note])
    return [facts, observed, *_formula("formula", "Rate of one billed unit at the default load", explanation)]


def _by_cost(proxy: Row) -> Table:
    """Return how the spend proxy comes to its figures of a line, or why it has none."""
    title = "By its cost: the spend proxy, apart from every other figure"
    if proxy["proxy_gap_reason"]:
        return Table("proxy", title, _STEP_COLUMNS, [], [f"no figure: {proxy['proxy_gap_reason']}"])
    cost, of_cost = proxy["effective_cost"], proxy["estimated_effective_cost"]
    rows = [
        (
            what,
            f"effective_cost x estimated_{column} / estimated_effective_cost",
            f"{cost:f} x {proxy[f'estimated_{column}']!r} / {of_cost:f}",
            proxy[column],
            unit,
            None,
        )
        for what, column, unit in _BY_COST
    ]
    note = (
        f"The ratio is that of all lines of {proxy['provider']} of {proxy['charge_month']:%Y-%m} in USD with a model."
    )
    return Table("proxy", title, _STEP_COLUMNS, rows, [note])


def _formula(name: str, title: str, explanation: Explanation, line: Row | None = None) -> list[Table]:
    """Return the steps of a rate, the sources of its factors and its range; for a line also quantity times rate."""
    notes = [
        f"model {explanation.model}, factor set {explanation.factor_set}, rule {explanation.rule_id}"
        + (f": {explanation.rule_reason}" if explanation.rule_reason else "")
    ]
    if explanation.rate is None:
        notes.append(f"{explanation.disposition}: {explanation.gap_reason}. No figure stands for it.")
        return [Table(name, title, _STEP_COLUMNS, [], notes)]
    if explanation.location_based_gap_reason:
        notes.append(f"No location-based emissions: {explanation.location_based_gap_reason}.")
    if explanation.market_based_gap_reason:
        notes.append(f"No market-based emissions: {explanation.market_based_gap_reason}.")
    if explanation.water_gap_reason:
        notes.append(f"No sum of the water: {explanation.water_gap_reason}.")
    rows: list[tuple[object, ...]] = [
        (step.name, step.formula, step.numbers, step.value, step.unit, ", ".join(step.factor_ids) or None)
        for step in explanation.steps
        if not step.is_range
    ]
    if line is not None:
        for what, column, unit in _OF_LINE:
            per_unit = getattr(explanation.rate, column)
            if per_unit is not None:
                numbers = f"{line['consumed_quantity']!r} x {per_unit!r}"
                rows.append((what, "quantity x rate", numbers, line[column], unit, None))
    notes.append(
        "The published arithmetic of another tool, in a lane beside the default model; it has no low and high."
        if explanation.is_lane
        else "The rate card and the formulas worked out again agree."
        if explanation.agrees
        else "The rate card and the formulas worked out again DIFFER: this is a fault, please report it."
    )
    factors = [(f.factor_id, f.source, f.version, f.licence, f.verification) for f in explanation.factors]
    columns = ("factor_id", "source", "source_release", "licence", "verification")
    ends = [(s.name, s.formula, s.numbers, s.value, s.unit) for s in explanation.steps if s.is_range]
    ends_note = "Each uncertain number at its low and high end by itself; the ends of the rate take them in quadrature."
    return [
        Table(name, title, _STEP_COLUMNS, rows, notes),
        Table(f"{name}_factors", "Its factors", columns, factors),
        Table(f"{name}_range", "Its low and high end", _STEP_COLUMNS[:-1], ends, [ends_note]),
    ]


def _explain_service(connection: duckdb.DuckDBPyConnection, service: str, month: date) -> list[Table]:
    rows = _query(connection, "explain_service", {"service": service, "month": month})
    if not rows:
        raise ConfigError(
            f"No line of {service!r} is charged in {month:%Y-%m}.{_other_service(connection, service, month)}"
        )
    tables = [
        Table(
            "skus",
            f"{service} in {month:%Y-%m}, the largest emissions first",
            list(rows[0]),
            [tuple(row.values()) for row in rows],
            ["energy_kwh = consumed_quantity x energy_kwh_per_unit. Unused reservations are outside the totals."],
        )
    ]
    largest = [row for row in rows if row["energy_kwh"] is not None][:_LARGEST]
    for number, row in enumerate(largest or rows[:1], start=1):
        sku_id = row["sku_id"]
        assert isinstance(sku_id, int)
        title = f"Rate of one {row['consumed_unit'] or 'billed unit'} of {row['sku_meter']} in {row['region_id']}"
        tables += _formula(f"formula_{number}", title, explain_sku(connection, sku_id, month))
    return tables


def _other_service(connection: duckdb.DuckDBPyConnection, service: str, month: date) -> str:
    known = connection.execute(
        "select distinct unnest([s.service_name, s.service_code]) as name, d.charge_month = ? as is_month "
        "from core.usage_daily as d inner join core.sku as s on s.sku_id = d.sku_id order by all",
        [month],
    ).fetchall()
    in_month = [name for name, is_month in known if is_month and name]
    if not in_month:
        return " The bill has no line in that month."
    return _nearest(service, in_month) or f" That month has: {', '.join(in_month[:10])}."


def _explain_run(connection: duckdb.DuckDBPyConnection, run: str) -> list[Table]:
    found = _query(connection, "explain_run", {"run": run})
    if not found:
        known = [row[0] for row in connection.execute("select run_id from ledger.tracker_runs order by 1").fetchall()]
        begin_so = [name for name in known if name.startswith(run)]
        if len(begin_so) == 1:
            return _explain_run(connection, begin_so[0])
        hint = _nearest(run, known) if known else " No tracker log is loaded."
        raise ConfigError(f"There is no run {run!r}.{hint} Run ids are in ledger.tracker_runs.")
    rows = _query(connection, "explain_run_rows", {"run": run})
    note = f"{len(rows)} row(s) as written, energy before PUE; they become one run and are never added to each other."
    tables = [Table("tracker_rows", f"Rows of run {run}", list(rows[0]), [tuple(row.values()) for row in rows], [note])]
    for row in found:
        tables += _comparison(connection, row)
    return tables


def _comparison(connection: duckdb.DuckDBPyConnection, row: Row) -> list[Table]:
    if row["verdict"] is None:
        return [_facts("run", "The run", row, ["Not compared yet: run `wattledger reconcile`."])]
    facts = _facts("run", "The run and what it met", row)
    if row["resource_id"] is None:
        return [facts]
    period = {"provider": row["provider"], "resource": row["resource_id"]}
    period |= {"since": row["started_at"], "until": row["ended_at"]}
    lines = _query(connection, "explain_run_lines", period)
    billed = Table(
        "billed",
        f"Billed lines of {row['resource_id']} while it ran",
        list(lines[0]),
        [tuple(line.values()) for line in lines],
        ["The energy is that of used_h, the billed hours that the run covers; of observed_h at the observed load."],
    )
    parts = ["compute", "memory", *(["accelerator"] if "GPU" in str(row["compared_parts"]) else [])]
    energies = [line[f"{part}_it_energy_kwh"] for line in lines for part in parts]
    clipped = f"{row['it_energy_kwh']!r} x {row['overlap_h']!r} / {row['run_h']!r}"
    steps = [
        ("tracker over the overlap", "it_energy_kwh x overlap_h / run_h", clipped, row["tracker_it_energy_kwh"], "kWh",
         None),
        ("model over the overlap", f"sum of {row['compared_parts']} of the billed lines",
         " + ".join(repr(energy) for energy in energies), row["model_it_energy_kwh"], "kWh", None),
        ("tracker over model", "ratio",
         f"{row['tracker_it_energy_kwh']!r} / {row['model_it_energy_kwh']!r}", row["ratio"], "ratio", None),
    ]  # fmt: skip
    notes = [f"{row['verdict']}: {row['reason']}."]
    tables = [facts, billed, Table("comparison", "The comparison", _STEP_COLUMNS, steps, notes)]
    sku_id, charge_month = lines[0]["sku_id"], lines[0]["charge_month"]
    assert isinstance(sku_id, int)
    assert isinstance(charge_month, date)
    title = f"Rate of one {lines[0]['consumed_unit'] or 'billed unit'} of {lines[0]['sku_meter']} at the default load"
    return [*tables, *_formula("formula", title, explain_sku(connection, sku_id, charge_month))]
