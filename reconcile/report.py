"""What a report holds: small tables, each from one query in `reconcile/sql`."""

from collections.abc import Sequence
from datetime import date

import duckdb

from models.resources import sql as model_sql
from models.sharealike import credits
from reconcile.account import account_sections
from reconcile.by_time import in_a_line, time_sections
from reconcile.carbon import carbon_tables, market_note
from reconcile.owner_report import OWNER, owner_group, owner_table
from reconcile.resources import sql
from reconcile.variants import variant_tables
from warehouse.owners import dimensions
from wattledger.config import CarbonPrice
from wattledger.errors import ConfigError
from wattledger.tables import Table

_ACCOUNT_NAME = (
    "(select a.account_name from core.account_known as a "
    "where a.provider = d.provider and a.account_id = d.sub_account_id)"
)
# What services can be grouped by: the name asked for -> (column, expression).
GROUPS = {
    "month": ("charge_month", "coalesce(d.charge_month, d.billing_month)"),
    "day": ("usage_date", "d.usage_date"),
    "provider": ("provider", "d.provider"),
    "account": ("sub_account_id", "d.sub_account_id"),
    "account_name": ("account_name", _ACCOUNT_NAME),
    "service": ("service_name", "d.service_name"),
    "region": ("region_id", "d.region_id"),
    "resource_kind": ("resource_kind", "d.resource_kind"),
    "currency": ("currency", "d.billing_currency"),
}
_WITH_NAME = {"account": ("account", "account_name"), "sub_account_id": ("account", "account_name")}
_BY_TIME = ("charge_month", "usage_date")
_TAG = "tag:"
_TOP = 15
# Sections that are there only where there is something to show, and what there is to do about one that is not.
WANTING = {
    "hourly": "No intensity by the hour is loaded: add a source of kind grid-csv.",
    "monthly": "No intensity by the month is loaded: add a source of kind grid-csv.",
    "sci": "No quantity of business is loaded for this period: add a source of kind business-metrics.",
    "owners": "No owner rules are in force: write them below [owners], then run `wattledger estimate`.",
    "electricity": "No price of electricity is known for these places and months: import rows of "
    "electricity_price (`wattledger factors import`), then put them in force (`wattledger factors use`).",
    "carbon_price": "No price of carbon is set: [report] carbon_price_per_t and carbon_price_currency.",
    "restatements": "Nothing of this period was restated.",
    "refused": "No delivery was refused.",
}
_CORRELATED = (
    "Low and high are 90 % ends summed as if all errors were one, the widest a total can be; the section "
    "uncertainty has the range as simulated."
)


def compared(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the tables that hold model, provider and trackers against each other, over all months."""
    period: Period = {"since": None, "until": None}
    return [table(connection, period) for table in (_summary, _emissions, _causes, _runs)]


def sections(
    connection: duckdb.DuckDBPyConnection,
    since: date | None,
    until: date | None,
    group_by: Sequence[str] = (),
    carbon_price: CarbonPrice | None = None,
) -> list[Table]:
    """Return the tables of the report over [since, until), UTC; figures by month take every month it touches.

    ``group_by`` chooses the columns of the table ``services``: keys of GROUPS, ``tag:KEY``, ``owner`` or
    ``owner:DIMENSION``. Raises ConfigError for any other. Tables of restatements, of refused deliveries, of owners and
    of `reconcile.account` are there only when there is something to show; tables that are printed only when asked for
    say so (`Table.is_detail`).
    """
    from reconcile.report_uncertainty import uncertainty_sections  # noqa: PLC0415, numpy: imported where it is used

    period = {"since": since, "until": until}
    by_time = time_sections(connection, since, until)
    tables = [
        _summary(connection, period),
        _emissions(connection, period, in_a_line(by_time)),
        _causes(connection, period),
        _provider(connection, period),
        _gaps(connection, period),
        _runs(connection, period),
        services(connection, period, group_by or ("service",)),
        *uncertainty_sections(connection, period),
        *_owners(connection, period),
        _coverage(connection, period),
        _coverage_services(connection, period),
        _coverage_unmodelled(connection, period),
        *account_sections(connection, since, until, group_by, carbon_price),
    ]
    restatements = _table(connection, "restatements", "Restated since first loaded", period)
    refused = _table(connection, "refused", "Deliveries that could not be read", {})
    tables += [table for table in (restatements, refused) if table.rows]
    tables += [*variant_tables(connection, period), *carbon_tables(connection, period), *by_time]
    return [*tables, _method(connection, period), _attribution(connection, period)]


Period = dict[str, date | None]


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    title: str,
    period: Period,
    notes: Sequence[str] = (),
    *,
    is_detail: bool = False,
) -> Table:
    result = connection.execute(sql(f"report_{name}"), period)
    columns = [column[0] for column in result.description or ()]
    return Table(name, title, columns, result.fetchall(), notes, is_detail)


def _summary(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = [
        "Three answers, never added: the model's energy after PUE; the energy that the provider's scope 2 implies, a "
        "band; the IT energy that trackers measured, beside the model's for the same machines and hours.",
        _CORRELATED,
    ]
    by_cost = connection.execute(sql("report_proxy"), period).fetchall()
    if by_cost:
        said = ", ".join(f"{provider} {energy_kwh:.3f} kWh" for provider, energy_kwh in by_cost)
        notes.append(f"Apart from these and in none of them, the spend proxy of what no model covers: {said}.")
    return _table(connection, "summary", "Model, provider and trackers by month", period, notes)


def _emissions(connection: duckdb.DuckDBPyConnection, period: Period, by_time: Sequence[str] = ()) -> Table:
    notes = [
        "The gap is model minus provider, scope 2, location-based. Market-based stands beside it and is not compared; "
        "embodied emissions are no part of either.",
        *_without_grid(connection.execute(sql("report_without_grid"), period).fetchall()[0][0]),
        *by_time,
    ]
    return _table(connection, "emissions", "Model against provider by month", period, notes)


def _without_grid(energy_kwh: float | None) -> list[str]:
    """Say how much energy has no emissions, so that a total in kg does not pass for the whole."""
    if energy_kwh is None:
        return []
    return [
        f"{energy_kwh:.3f} kWh of the energy have no emissions, as their grid has no factor: "
        "ledger.rates.location_based_gap_reason says where."
    ]


def _provider(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = [
        "By service: ledger.reconciliation_provider where grain = 'service'. Providers lump and allocate services, so "
        "account x region is the more reliable.",
    ]
    title = "Model against provider by account and region"
    return _table(connection, "provider", title, period, notes, is_detail=True)


def _causes(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    said = connection.execute(sql("report_gap_notes"), period).fetchall()
    notes = [
        "The gap is model minus provider; months with the same cause stand together. What no row explains is "
        "unexplained, whatever its size. within_band: the model is 0.3 to 3 times the provider.",
        *(f"{account} {region}, {_months(first, last)}: {note}." for account, region, note, first, last in said[:_TOP]),
    ]
    if len(said) > _TOP:
        notes.append(f"{len(said) - _TOP} more: see ledger.reconciliation_provider.note.")
    return _table(connection, "causes", "Why model and provider differ: the cause that weighs most", period, notes)


def _gaps(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = [
        "The parts and the unexplained rest sum to the gap. A part without a figure could not be computed and stays in "
        "the rest. The grid factor is assumed, where that explains: our zone's factor replaced by its country's.",
    ]
    return _table(connection, "gaps", "What the gap is made of, model minus provider", period, notes, is_detail=True)


def _months(first: date, last: date) -> str:
    return f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} to {last:%Y-%m}"


def _runs(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    runs, machines, repeated_kwh = connection.execute(sql("report_repeats"), period).fetchall()[0]
    reasons = connection.execute(sql("report_run_reasons"), period).fetchall()
    notes = ["IT energy, before PUE, over the hours that are billed. Consistent means within a band, not proven."]
    if runs:
        notes.append(
            f"{runs} runs measured {machines} machine(s) that another run already measures: they do not count in "
            f"sums, and {repeated_kwh or 0.0:.3f} kWh are not counted again."
        )
    notes += [f"Not comparable, {count} run(s), e.g. {run_id}: {reason}." for reason, count, run_id in reasons[:_TOP]]
    return _table(connection, "runs", "Model against trackers by run", period, notes)


def services(connection: duckdb.DuckDBPyConnection, period: Period, group_by: Sequence[str]) -> Table:
    """Return energy, emissions and cost by the columns of ``group_by``, with a total that they sum to."""
    query, columns, headers = _services_query(connection, group_by)
    result = connection.execute(query, period)
    names = [column[0] for column in result.description or ()][len(columns) : -3]
    found = result.fetchall()
    rows = [("total", *row[1:-3]) if row[-1] else row[:-3] for row in found]
    notes = [_CORRELATED, *market_note(connection, period)]
    for *_, currency, idle_kwh, without_grid_kwh, is_total in found:
        if is_total and currency is None:
            notes.append(
                "The total cost is null: no line has one, or it would add several currencies. "
                "Group by currency to see each."
            )
        if is_total and idle_kwh is not None:
            notes.append(f"Unused reservations are outside these figures: {idle_kwh:.3f} kWh.")
        if is_total:
            notes += _without_grid(without_grid_kwh)
    return Table("services", "Energy, emissions and cost", [*headers, *names], rows, notes)


def _services_query(connection: duckdb.DuckDBPyConnection, group_by: Sequence[str]) -> tuple[str, list[str], list[str]]:
    """Return the query of services by these groups, its key columns and what they are called in the table."""
    columns, expressions, headers, joins = [], [], [], []
    asked = [name for given in group_by for name in (_WITH_NAME.get(given) or (given,))]
    for number, name in enumerate(dict.fromkeys(asked)):
        if of_owner := owner_group(connection, number, name):
            column, expression, join = of_owner
            joins.append(join)
        else:
            column, expression = _group(connection, number, name)
        columns.append(column)
        expressions.append(f"{expression} as {column}")
        headers.append(name if name.startswith((_TAG, OWNER)) else column)
    by_time = "".join(f"{column}, " for column in columns if column in _BY_TIME)
    query = (
        sql("report_services")
        .replace("/* dimensions */", ", ".join(expressions))
        .replace("/* owners */", "".join(joins))
        .replace("/* first key */", columns[0])
        .replace("/* keys */", ", ".join(columns))
        .replace("/* order */", by_time)
    )
    return query, columns, headers


def _owners(connection: duckdb.DuckDBPyConnection, period: Period) -> list[Table]:
    """One table for each dimension of the owner rules; none without rules."""
    found = []
    for place, name in enumerate(dimensions(connection)):
        query, _, _ = _services_query(connection, (f"{OWNER}:{name}",))
        found.append(owner_table(connection, period, name, query, place))
    return found


def _group(connection: duckdb.DuckDBPyConnection, number: int, name: str) -> tuple[str, str]:
    """Return column and expression of a group; the key of a tag is bound, it never reaches the SQL text."""
    if name.startswith(_TAG) and name != _TAG:
        connection.execute(f"set variable report_tag_{number} = ?", [name.removeprefix(_TAG)])
        key = f"getvariable('report_tag_{number}')"
        found = ", ".join(
            f"map_extract_value(t.tags, {text})" for text in (key, f"'user:' || {key}", f"'user_' || {key}")
        )
        return f"tag_{number}", f"coalesce({found})"
    known = {**GROUPS, **{group[0]: group for group in GROUPS.values()}, "billing_currency": GROUPS["currency"]}
    if name not in known:
        raise ConfigError(
            f"Cannot group by {name!r}. Choose from {', '.join(GROUPS)}, {OWNER}, or {_TAG}KEY for a tag."
        )
    return known[name]


def _coverage(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = ["Every line of the bill has one disposition. Cost shares are within a currency."]
    left_out = connection.execute(sql("report_left_out"), period).fetchall()
    notes += [
        f"Left out at ingest by `include` and `exclude`, and in no figure: {lines} lines"
        + (f", {cost} {currency or ''}".rstrip() if cost is not None else "")
        + "."
        for lines, cost, currency in left_out
    ]
    return _table(connection, "coverage", "What became of every line", period, notes)


def _coverage_services(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = ["Shares are of the usage lines: what is out of scope never had energy of its own."]
    title = "How much of the usage is estimated"
    return _table(connection, "coverage_services", title, period, notes, is_detail=True)


def _coverage_unmodelled(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    title = "Not estimated, the dearest first"
    return _table(connection, "coverage_unmodelled", title, period, is_detail=True)


def _method(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    notes = [
        "kWh = quantity x energy per unit (ledger.rates); location-based kg = kWh x grid g/kWh / 1000. "
        "`wattledger explain` prints the formula of a line with its numbers.",
        "Unused reservations are estimated and outside the totals. Embodied emissions are never part of the "
        "operational figure.",
    ]
    return _table(connection, "method", "Method", period, notes)


def _attribution(connection: duckdb.DuckDBPyConnection, period: Period) -> Table:
    used = [row[0] for row in connection.execute(sql("report_used_factors"), period).fetchall()]
    rows = connection.execute(
        "select source, source_release, licence, count(distinct factor_id) as factor_rows "  # noqa: S608
        f"from ({model_sql('factor_rows')}) where list_contains(?::varchar[], factor_id) group by all "
        "order by factor_rows desc, source, source_release, licence",
        [used],
    ).fetchall()
    columns = ("source", "source_release", "licence", "factor_rows")
    title, notes = "Sources of the factors used", credits(row[2] for row in rows)
    return Table("attribution", title, columns, rows, notes, is_detail=True)
