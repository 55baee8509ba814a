"""One look at a delivery before it is staged, for what a single line cannot tell.

Decided for a whole delivery: how its dates are written, whether its costs are actual or amortised, and whether
``10 Hours`` counts blocks of ten hours or single ones.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.azure.days import read_days
from connectors.azure.manifest import Manifest
from connectors.azure.units import measure_sql
from connectors.bill import MAP, NUMBER, TEXT, Format, expression
from connectors.checked import CHECK_EXPORT
from connectors.tabular import Column, Part, broken_input, table_sql
from wattledger.errors import BrokenInputError

_DATES = ("date", "billing_period_start_date", "billing_period_end_date")
_DAY_HOURS = 24.24  # a day of one machine, and a hundredth for rounding
_COMMITTED = "lower(replace(pricing_model, ' ', '')) in ('reservation', 'savingsplan')"
_SQL = f"""
select
    list(distinct date) filter (date is not null),
    list(distinct billing_period_start_date) filter (billing_period_start_date is not null),
    list(distinct billing_period_end_date) filter (billing_period_end_date is not null),
    count(*) filter (date is null),
    histogram(unit_of_measure) filter (measure is not null and getvariable('unit_of')[measure] is null),
    histogram(measure) filter (is_machine and block > 1 and getvariable('unit_of')[measure] = 'Hours'),
    histogram(measure) filter (
        is_machine and is_single and block > 1 and getvariable('unit_of')[measure] = 'Hours'
        and abs(quantity) * block > {_DAY_HOURS} and abs(quantity) <= {_DAY_HOURS}
    ),
    count(*) filter (
        lower(charge_type) in ('unusedreservation', 'unusedsavingsplan')
        or lower(charge_type) = 'usage' and {_COMMITTED} and cost <> 0
    ),
    count(*) filter (lower(charge_type) = 'purchase' and {_COMMITTED}),
    count(*) filter (has_unreadable_tags)
from (
    select
        *,
        getvariable('block_size_of')[measure] as block,
        lower(meter_category) = 'virtual machines' as is_machine,
        contains(lower(resource_id), '/virtualmachines/') as is_single -- of a scale set it would be all its machines
    from (select %s from %s)
)
"""  # noqa: S608


@dataclass(frozen=True)
class Look:
    """What a part of a delivery shows. ``hours`` are lines of machines by unit, ``single`` those that tell."""

    slashed: str | None
    hours: Mapping[str, int]
    single: Mapping[str, int]
    amortised: int
    purchases: int
    notes: tuple[str, ...]


def tag_object(column: Column, form: Format) -> str:
    """Return the SQL of a tags column as a map. Some exports leave the outer braces of the JSON object out."""
    if column.kind != "VARCHAR":
        return expression(column, MAP, form.nulls)
    text = expression(column, TEXT, form.nulls)
    whole = f"if(starts_with(trim({text}), '{{'), {text}, '{{' || {text} || '}}')"
    return f"try_cast(try_cast({whole} as json) as map(varchar, varchar))"


def look_at(
    connection: duckdb.DuckDBPyConnection,
    part: Part,
    taken: Mapping[str, Column],
    form: Format,
    manifest: Manifest | None,
) -> Look:
    """Read the few columns of a part that decide for all of it.

    Raises BrokenInputError naming file, column and row of a date that is none, or when no reading of the dates is
    certain.
    """
    texts = (*_DATES, "unit_of_measure", "meter_category", "resource_id", "charge_type", "pricing_model")
    items = [f"{expression(taken[name], TEXT, form.nulls) if name in taken else 'null'} as {name}" for name in texts]
    items += [f"{expression(taken[name], NUMBER, form.nulls, 'try_cast')} as {name}" for name in ("quantity", "cost")]
    items.append(f"{measure_sql(expression(taken['unit_of_measure'], TEXT, form.nulls))} as measure")
    if "tags" in taken:
        given = expression(taken["tags"], TEXT, form.nulls)
        items.append(f"({given}) is not null and ({tag_object(taken['tags'], form)}) is null as has_unreadable_tags")
    else:
        items.append("false as has_unreadable_tags")
    *dates, undated, unknown, hours, single, amortised, purchases, untagged = _query(
        connection, _SQL % (", ".join(items), part.table), part
    )
    if undated:
        raise _wrong_date(connection, part, taken["date"], None, form)
    values = {name: found or [] for name, found in zip(_DATES, dates, strict=True)}
    start, end = (manifest.start, manifest.end) if manifest else (None, None)
    # The period's days may lie outside of the days that the run covers, so the range speaks of the lines' days only.
    reading = read_days([value for found in values.values() for value in found])
    if reading.is_ambiguous:
        reading = read_days(values["date"], start, end)
    if reading.wrong is not None:
        name = next(name for name, found in values.items() if reading.wrong in found)
        raise _wrong_date(connection, part, taken[name], reading.wrong, form)
    if reading.is_ambiguous:
        raise _ambiguous(part, taken["date"], values["date"][0])
    return Look(reading.slashed, hours or {}, single or {}, amortised, purchases, _notes(taken, unknown, untagged))


def decide(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], looks: Sequence[Look], manifest: Manifest | None
) -> list[str]:
    """Set what cost_export.sql asks of the whole delivery (is_amortised, single_hours); return what to tell the user.

    Raises BrokenInputError when actual and amortised costs lie in one delivery: they repeat the same usage.
    """
    amortised, purchases = sum(look.amortised for look in looks), sum(look.purchases for look in looks)
    says = manifest.dataset.lower() if manifest else ""
    if amortised and purchases and not says:
        raise BrokenInputError(
            f"{', '.join(name for part in parts for name in part.names)}: holds amortised costs ({amortised} lines) "
            f"and purchases of commitments ({purchases} lines). Actual and amortised exports repeat the same usage. "
            "Nothing of this unit was loaded. Deliver one of the two."
        )
    is_amortised = says == "amortizedcost" or (not says and amortised > 0)
    hours: Counter[str] = Counter()
    single: Counter[str] = Counter()
    for look in looks:
        hours.update(look.hours)
        single.update(look.single)
    connection.execute("set variable is_amortised = ?::boolean", [is_amortised])
    connection.execute("set variable single_hours = ?::varchar[]", [sorted(single)])
    notes = [
        "amortised costs: billed_cost and effective_cost are the amortised cost, without purchases of commitments"
        if is_amortised
        else "actual costs: effective_cost is the billed cost (cost_basis = billed)"
    ]
    for unit, lines in sorted(hours.items()):
        if unit in single:
            notes.append(
                f"unit {unit!r}: {lines} lines of virtual machines are read as single hours, because on {single[unit]} "
                "of them blocks would be more than 24 hours a day"
            )
        else:
            notes.append(f"unit {unit!r}: {lines} lines of virtual machines are read as blocks; none speaks against it")
    return notes


def _query(connection: duckdb.DuckDBPyConnection, statement: str, part: Part) -> tuple[Any, ...]:
    """The one row of a statement over a part; text that two threads cannot cut apart is read by one."""
    with broken_input([part]):
        try:
            found = connection.execute(statement).fetchall()
        except (duckdb.InvalidInputException, duckdb.NotSupportedError):
            connection.execute("set variable csv_in_parallel = false")
            try:
                found = connection.execute(statement).fetchall()
            finally:
                connection.execute("set variable csv_in_parallel = true")
    return tuple(found[0])


def _notes(taken: Mapping[str, Column], unknown: Mapping[str, int] | None, untagged: int) -> tuple[str, ...]:
    notes = [
        f"unit {unit[:60]!r} is not in the list of units: the quantity of {lines} lines is kept as delivered"
        for unit, lines in sorted((unknown or {}).items())
    ]
    if untagged:
        notes.append(f"{taken['tags'].name}: not a JSON object on {untagged} lines, whose tags are null")
    return tuple(notes)


def _wrong_date(
    connection: duckdb.DuckDBPyConnection, part: Part, column: Column, value: str | None, form: Format
) -> BrokenInputError:
    given = expression(column, TEXT, form.nulls)
    said = "is empty" if value is None else f"holds {value[:60]!r}"
    for name, path in zip(part.names, part.paths, strict=True):
        connection.execute("set variable blamed_file = ?::varchar[]", [[path]])
        rows = connection.execute(
            f"select row from (select row_number() over () as row, {given} as value "  # noqa: S608
            f"from {table_sql('blamed_file', part.columns, part.is_text)}) "
            "where value is not distinct from ?::varchar order by row limit 1",
            [value],
        ).fetchall()
        if rows:
            return BrokenInputError(
                f"{name}: the column {column.name} {said} in row {rows[0][0]} where a day (2025-06-03 or 06/03/2025, "
                f"one form in the whole file, from 1990 to 2199) belongs. {CHECK_EXPORT}"
            )
    return BrokenInputError(f"{part.names[0]}: the column {column.name} {said} where a day belongs. {CHECK_EXPORT}")


def _ambiguous(part: Part, column: Column, example: str) -> BrokenInputError:
    return BrokenInputError(
        f"{part.names[0]}: the column {column.name} can be read in two ways, {example!r} as month/day or as day/month, "
        "and no day above 12 decides. Nothing of this unit was loaded. Deliver the run's manifest beside the file, "
        "export BillingPeriodEndDate too, or wait until the month has a 13th."
    )
