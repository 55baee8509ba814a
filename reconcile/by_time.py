"""What the intensity of the hour and of the month changes, beside the annual factor: shown where a series is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from reconcile.resources import sql
from wattledger.tables import Table


@dataclass(frozen=True)
class _Grain:
    name: str
    title: str
    intervals: str  # of core.grid_interval that serve it
    choice: str  # the view that says which zone a place takes
    notes: tuple[str, ...]


_GRAINS = (
    _Grain(
        "hourly",
        "By the intensity of the hour",
        "interval_end <= interval_start + interval 1 hour",
        "core.grid_hour_choice",
        (
            "Of lines of at most an hour in a region that takes a series, against the annual factor of the same "
            "boundary; in no total of this ledger: ledger.footprint_hourly.",
            "Timing is the load's hours against the plain mean of the same series. What else the two differ by is that "
            "publisher and year of the annual factor are others.",
        ),
    ),
    _Grain(
        "monthly",
        "By the intensity of the month",
        "interval_end > interval_start + interval 1 hour",
        "core.grid_month_choice",
        (
            "Of lines in a region that takes a series, against the annual factor of the same boundary; in no total of "
            "this ledger: ledger.footprint_monthly. Days serve a month that they fill.",
        ),
    ),
)


def time_sections(connection: duckdb.DuckDBPyConnection, since: date | None, until: date | None) -> list[Table]:
    """Return what an hourly and a monthly series change over [since, until); no table where none is loaded."""
    return [
        _section(connection, grain, since, until)
        for grain in _GRAINS
        if connection.execute(
            f"select 1 from core.grid_interval where signal = 'average' and {grain.intervals} limit 1"  # noqa: S608
        ).fetchall()
    ]


def in_a_line(sections: Sequence[Table]) -> list[str]:
    """Say in a line each what the sections sum to; nothing of one that no energy is in."""
    said = []
    for table in sections:
        total: dict[str, Any] = dict(zip(table.columns, table.rows[-1], strict=True))
        if total["difference_pct"] is None:
            continue
        timing = f", of which {total['timing_pct']:+.1f} % is timing" if "timing_pct" in total else ""
        said.append(
            f"{table.title}, {total[f'{table.name}_share_pct']:.1f} % of the energy: "
            f"{total[f'{table.name}_kg_co2e']:.3f} kg CO2e, {total['difference_pct']:+.1f} % against "
            f"{total['annual_kg_co2e']:.3f} by the annual factor{timing}: `report {table.name}`."
        )
    return said


def _section(connection: duckdb.DuckDBPyConnection, grain: _Grain, since: date | None, until: date | None) -> Table:
    result = connection.execute(sql(f"report_{grain.name}"), {"since": since, "until": until})
    columns = [column[0] for column in result.description or ()]
    rows = result.fetchall()
    notes = [*grain.notes, *_credits(connection, grain)]
    return Table(grain.name, grain.title, columns, rows, notes, is_detail=True)


def _credits(connection: duckdb.DuckDBPyConnection, grain: _Grain) -> list[str]:
    """Whom the series in use are from, and which series no billed region takes."""
    used = connection.execute(
        "select distinct coalesce(source, 'a source that its file does not name'), "  # noqa: S608
        "coalesce(licence, 'licence not stated') from core.grid_interval "
        f"where signal = 'average' and {grain.intervals} and zone in (select zone from {grain.choice}) order by all"
    ).fetchall()
    idle = connection.execute(
        f"select distinct zone from core.grid_interval where {grain.intervals} "  # noqa: S608
        f"and zone not in (select zone from {grain.choice}) order by zone"
    ).fetchall()
    notes = [f"Intensity from {source}: {licence}." for source, licence in used]
    if idle:
        few = ", ".join(row[0] for row in idle[:3])
        notes.append(f"{len(idle)} zones are loaded that no billed region takes, e.g. {few}.")
    return notes
