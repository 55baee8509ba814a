"""Figures by owner: how services are grouped by one, and the table of who answers for what."""

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb

from reconcile.resources import sql
from warehouse.owners import dimensions
from wattledger.errors import ConfigError
from wattledger.tables import Table

OWNER, OWNERS = "owner", "owners"
_SPLITS = {
    "cost": "in proportion to the owners' cost",
    "energy_kwh": "in proportion to the owners' energy",
    "table": "by the shares of [owners.split]",
}


def owner_group(connection: duckdb.DuckDBPyConnection, number: int, name: str) -> tuple[str, str, str] | None:
    """Return column, expression and join of ``owner`` or ``owner:DIMENSION``; None for any other name.

    Raises ConfigError where there are no owner rules, or none of this dimension.
    """
    word, _, asked = name.partition(":")
    if word != OWNER:
        return None
    known = dimensions(connection)
    if not known:
        raise ConfigError(
            "Cannot group by owner: the warehouse has no owner rules. Add [owners] to the configuration, e.g. team = "
            '["tag:team", "account"], and run `wattledger estimate`.'
        )
    if asked and asked not in known:
        raise ConfigError(f"There is no owner dimension {asked!r}. [owners] has {', '.join(known)}.")
    variable = f"report_owner_{number}"
    connection.execute(f"set variable {variable} = ?", [asked or known[0]])
    alias = f"o{number}"
    join = sql("owner_join").replace("/* variable */", f"'{variable}'").replace("o.", f"{alias}.")
    return (
        f"owner_{number}",
        f"coalesce({alias}.owner, concat('(', {alias}.state, ')'))",
        join.replace("as o\n", f"as {alias}\n"),
    )


def owner_table(
    connection: duckdb.DuckDBPyConnection, period: dict[str, date | None], dimension: str, services: str, place: int
) -> Table:
    """Return who answers for how much: ``owners`` for the first dimension, ``owners_NAME`` for the others.

    ``services`` is the query of the services by this owner, so that the totals are the same. Shared figures are divided
    over the owners of the first dimension only, beside the figures.
    """
    bases = connection.execute("select distinct basis from core.owner_split").fetchall() if place == 0 else []
    result = connection.execute(sql("report_owners").replace("/* services by owner */", services), period)
    columns, rows = [column[0] for column in result.description or ()], result.fetchall()
    if not bases:
        columns = [column for column in columns if not column.startswith("split_")]
        rows = [row[: len(columns)] for row in rows]
    name = OWNERS if place == 0 else f"{OWNERS}_{dimension}"
    notes = list(_notes(rows, bases[0][0] if bases else None))
    return Table(name, f"Who answers for it: {dimension}", [dimension, *columns[1:]], rows, notes, place > 0)


def _notes(rows: Sequence[tuple[object, ...]], basis: str | None) -> Iterator[str]:
    if any(row[0] == "(unowned)" for row in rows):
        yield "(unowned): no rule says whose it is. ledger.owners shows each account and set of tags with its owner."
    has_shared = any(row[0] == "(shared)" for row in rows)
    if has_shared:
        yield "(shared): belongs to nobody alone, by the conditions in [owners]."
    if basis and has_shared:
        is_divided = rows[-1][-1] is not None or rows[-1][-3] is not None
        yield (
            f"The columns `split` divide what is shared {_SPLITS[basis]}, beside the figures and in none of them."
            if is_divided
            else f"What is shared is not divided {_SPLITS[basis]}: they have none, or it adds several currencies."
        )
