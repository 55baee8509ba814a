"""A report at a glance: what people are shown of all its sections. As csv and json, every section is whole."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from wattledger.tables import Table

_ROWS, _NOTES = 10, 3
_WHOLE_NOTES = ("uncertainty",)  # its notes are what it has to say
# Of sections wider than a terminal: what can wait for the section itself. A reason waits only where none is given.
_LATER = {
    "runs": ("resource_id", "run_it_energy_kwh", "is_counted"),
    "owners": ("effective_cost_share", "split_energy_kwh", "split_location_based_kg_co2e", "split_embodied_kg_co2e"),
    "uncertainty": ("draws", "seed"),
    "sci": ("days_with_quantity", "days", "energy_kwh", "left_out_kg_co2e", "gap_reason"),
}


def brief(tables: Sequence[Table], whole: Collection[str] = ()) -> list[Table]:
    """Return the sections that are no detail: the first rows and notes, the columns that say most.

    What a table leaves out, its last note says. ``whole`` names sections of which all rows are kept.
    """
    return [_brief(table, table.name in whole) for table in tables if not table.is_detail]


def left_out(tables: Sequence[Table]) -> str | None:
    """Return a sentence that names every section with rows that `brief` leaves out; None without any."""
    details = [table.name for table in tables if table.is_detail and table.rows]
    return f"Details, each printed by `wattledger report NAME`: {', '.join(details)}." if details else None


def _brief(table: Table, is_whole: bool) -> Table:
    later = _LATER.get(table.name, ())
    kept = [
        position
        for position, name in enumerate(table.columns)
        if name not in later or (name == "gap_reason" and any(row[position] for row in table.rows))
    ]
    rows = [row for row in table.rows if _counts(table, row)]
    ends_in_total = bool(rows) and rows[-1][0] == "total"
    if not is_whole and len(rows) > _ROWS + ends_in_total:
        rows = [*rows[:_ROWS], *rows[-1:]] if ends_in_total else rows[:_ROWS]
    notes = list(table.notes if table.name in _WHOLE_NOTES else table.notes[:_NOTES])
    if len(rows) < len(table.rows):
        notes.append(f"{len(rows)} of {len(table.rows)} rows; `wattledger report {table.name}` has all.")
    elif len(notes) < len(table.notes):
        notes.append(f"`wattledger report {table.name}` has {len(table.notes) - len(notes)} more notes.")
    return replace(
        table,
        columns=[table.columns[position] for position in kept],
        rows=[[row[position] for position in kept] for row in rows],
        notes=notes,
    )


def _counts(table: Table, row: Sequence[object]) -> bool:
    """Whether a row is no run that another one measures already."""
    return table.name != "runs" or bool(row[list(table.columns).index("is_counted")])
