"""The views and the comments on their columns: made here and nowhere else.

Each view is a `.sql` file with one select; a public one has a `.csv` with column, unit and comment beside it. Quantity
times rate, which several views compute, stands once, in `sql/figures.sql`: `/* figures of u */` takes its place for the
alias u; `with o` adds the observed share of a line from core.observed_figure as o. Sums over days read
core.daily_footprint, where daily rows have met their rates.
"""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import duckdb

from warehouse.transaction import transaction

# In the order of creation: a view comes after those it reads.
VIEWS = (
    "core.current_sum",
    "core.owner",
    "core.grid_hour",
    "core.grid_month",
    "core.grid_month_choice",
    "ops.units",
    "ops.refusals",
    "ops.sync_runs",
    "ledger.usage",
    "ledger.footprint",
    "ledger.footprint_models",
    "ledger.footprint_proxy",
    "ledger.lines",
    "ledger.rates",
    "core.daily_footprint",
    "ledger.footprint_daily",
    "ledger.coverage",
    "ledger.variants",
    "ledger.accounts",
    "ledger.owners",
    "ledger.footprint_owners",
    "ledger.allocation",
    "ledger.utilization",
    "ledger.grid_intensity",
    "ledger.footprint_hourly",
    "ledger.footprint_monthly",
    "ledger.provider_footprint",
    "ledger.provider_water",
    "ledger.tracker_runs",
    "ledger.power_readings",
    "ledger.reconciliation_provider",
    "ledger.reconciliation_runs",
    "ledger.reconciliation_summary",
    "ledger.history",
    "ledger.business_metrics",
    "ledger.sci",
    "ledger.electricity_cost",
    "ledger.restatements",
)
_DIGEST = "views_digest"
_FIGURES = re.compile(r"( *)/\* figures of (\w+)( with o)? \*/")
_PRODUCT = re.compile(r"(\w+\.consumed_quantity) \* r\.(\w+)")


@dataclass(frozen=True)
class Column:
    """One column of a public view: its unit (empty where it has none) and what it means."""

    name: str
    unit: str
    comment: str


@dataclass(frozen=True)
class View:
    """A view: its select and, where it is public, its columns."""

    name: str
    sql: str
    columns: tuple[Column, ...]

    @property
    def grain(self) -> str:
        """The comment at the top of the select, as one paragraph."""
        lines = []
        for line in self.sql.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.removeprefix("--").strip())
        return " ".join(lines)


def views() -> list[View]:
    """Return every view in the order of creation."""
    return [_read(name) for name in VIEWS]


def public_views() -> list[View]:
    """Return the views that analysts use, in the order of creation."""
    return [view for view in views() if not view.name.startswith("core.")]


def _read(name: str) -> View:
    schema, view = name.split(".")
    folder = resources.files("warehouse") / schema
    sql = _FIGURES.sub(_figures_of, (folder / f"{view}.sql").read_text(encoding="utf-8").strip())
    described = folder / f"{view}.csv"
    rows = csv.DictReader(described.read_text(encoding="utf-8").splitlines()) if described.is_file() else ()
    columns = tuple(Column(row["column"], row["unit"], row["comment"]) for row in rows)
    return View(name, sql, columns)


def _figures_of(mark: re.Match[str]) -> str:
    text = (resources.files("warehouse") / "sql" / "figures.sql").read_text(encoding="utf-8")
    lines = [line.replace("q.", f"{mark[2]}.") for line in text.splitlines() if not line.startswith("--")]
    if mark[3]:
        lines = [_PRODUCT.sub(r"coalesce(\1 * o.default_share * r.\2 + o.\2, \1 * r.\2)", line) for line in lines]
    return mark[1] + f"\n{mark[1]}".join(lines)


def has_these_views(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the public views of the file are this program's."""
    stored = connection.execute("select value from core.setting where key = ?", [_DIGEST]).fetchall()
    return stored == [(_digest_of(views()),)]


def _digest_of(found: Sequence[View]) -> str:
    return hashlib.sha256("\0".join(repr(view) for view in found).encode()).hexdigest()


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the public views and their comments, if those in the file are not this program's."""
    if has_these_views(connection):
        return
    found = views()
    with transaction(connection):
        for name in _stale(connection):
            connection.execute(f"drop view {name}")
        for view in found:
            connection.execute(f"create or replace view {view.name} as {view.sql}")
            connection.execute(f"comment on view {view.name} is {_quote(view.grain)}")
            for column in view.columns:
                text = f"{column.comment} [{column.unit}]" if column.unit else column.comment
                connection.execute(f'comment on column {view.name}."{column.name}" is {_quote(text)}')
        connection.execute("insert or replace into core.setting values (?, ?)", [_DIGEST, _digest_of(found)])


def _stale(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The public views in the file that this program no longer has."""
    rows = connection.execute(
        "select schema_name || '.' || view_name from duckdb_views() where database_name = current_database() "
        "and schema_name in ('ledger', 'ops') and not internal order by 1"
    ).fetchall()
    return [row[0] for row in rows if row[0] not in VIEWS]


def forget_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the next `create_views` write every view and comment again: copies of a database lose comments."""
    connection.execute("delete from core.setting where key = ?", [_DIGEST])


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def columns_page() -> str:
    """Return the column dictionary as Markdown: docs/columns.md is this text."""
    lines = [
        "# Columns of the public views",
        "",
        "Made from the comments that the views themselves carry; `select * from duckdb_columns()` shows the same.",
    ]
    for view in sorted(public_views(), key=lambda view: view.name):
        lines += ["", f"## {view.name}", "", view.grain, "", "| column | unit | meaning |", "|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.unit} | {column.comment.replace('|', chr(92) + '|')} |"
            for column in view.columns
        ]
    return "\n".join(lines) + "\n"
