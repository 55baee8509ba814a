"""From tables as delivered to staged bill lines: which column means what, casts, and who is to blame.

A bill format is a data file of columns and one SQL text. The columns that the format knows are offered to
that SQL as the relation ``bill``: always all of them, typed, null where the delivery lacks them.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import duckdb

from connectors.tabular import Column, Part, broken_input, copy_rows, refuse_lost_rows, table_sql
from wattledger.contracts import USAGE_COLUMNS, ReadReport
from wattledger.errors import BrokenInputError

NUMBER, MONEY, TIME, MAP, TEXT, ID, FLAG = "number", "money", "time", "map", "text", "id", "flag"

_SQL_TYPES = {
    TEXT: "varchar",
    ID: "varchar",
    NUMBER: "double",
    MONEY: "decimal(38, 12)",
    TIME: "timestamp",
    MAP: "map(varchar, varchar)",
    FLAG: "boolean",
}
_NUMERIC = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*)$")
_TIMES = re.compile(r"^(DATE|TIMESTAMP.*)$")
_MAPS = re.compile(r"^(MAP\(.*\)|STRUCT\(.*\)|JSON)$")
_NEVER = re.compile(r"(?!)")
_WORDS = {
    NUMBER: "a number",
    MONEY: "an amount of money",
    TIME: "a time",
    MAP: "a JSON object or a map",
    ID: "text (a number has lost its leading zeros)",
}
# What a bill can hold at most: beyond it sums would overflow, long after the file was accepted.
_POSSIBLE = {
    NUMBER: ("abs({}) < 1e22", "below 1e22"),  # a petabyte-month is 2.6e21 byte-seconds
    MONEY: ("abs({}) < 1e15", "below 1e15"),
    TIME: ("{} between timestamp '1990-01-01' and timestamp '2199-12-31'", "from 1990 to 2199"),
}
# Staged columns that are held against it; NaN compares as greater than every number.
_LIMITED = {
    "consumed_quantity": NUMBER,
    "billed_cost": MONEY,
    "effective_cost": MONEY,
    "charge_period_start": TIME,
    "charge_period_end": TIME,
    "billing_month": TIME,
}
_KEYS = ("column", "kind", "use", "fills", "also_called")


@dataclass(frozen=True)
class Known:
    """A column that a format knows.

    ``fills`` is the staged column it serves, for saying what is missing; ``also_called`` is how other generations
    of the format print it.
    """

    name: str
    kind: str
    use: str  # required, optional, computed from other columns, or known: read by nobody yet
    fills: str
    also_called: str


@dataclass(frozen=True)
class Matched:
    """What the columns of one part mean.

    ``taken`` are known columns by canonical name; ``tags`` are tag columns by key; ``computed`` is the SQL of
    canonical columns that are not delivered as such but can be had from another one.
    """

    part: Part
    taken: Mapping[str, Column]
    tags: Mapping[str, Column] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A bill format: its columns, its SQL, and the words that stand for null in its text."""

    name: str
    columns: Mapping[str, Known]
    sql: str
    nulls: tuple[str, ...] = ("",)

    @property
    def used(self) -> list[Known]:
        """The columns that ``bill`` offers to the SQL."""
        return [known for known in self.columns.values() if known.use != "known"]


def read_data(package: str, name: str) -> list[dict[str, str]]:
    """Return the rows of one of the connectors' own csv files."""
    text = (resources.files(package) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def load_format(package: str, name: str, columns: str, sql: str, nulls: tuple[str, ...] = ("",)) -> Format:
    """Read a format from its data file (column, kind, use, fills) and its SQL file."""
    known = {row["column"]: Known(*(row[key] for key in _KEYS)) for row in read_data(package, columns)}
    return Format(name, known, (resources.files(package) / sql).read_text(encoding="utf-8"), nulls)


def take(
    part: Part, form: Format, canonical: Callable[[str], str], is_known: Callable[[str], bool]
) -> tuple[dict[str, Column], list[Column]]:
    """Sort the columns of a part into those the format uses and those nobody ever heard of.

    Raises BrokenInputError when two columns mean the same thing or a required one is missing.
    """
    taken: dict[str, Column] = {}
    unknown: list[Column] = []
    for column in part.columns:
        name = canonical(column.name)
        known = form.columns.get(name)
        if known is None:
            if not is_known(name):
                unknown.append(column)
        elif known.use in ("required", "optional"):
            if name in taken:
                raise BrokenInputError(
                    f"{part.names[0]}: the columns {taken[name].name!r} and {column.name!r} both mean {name}. "
                    "Nothing of this unit was loaded. Remove one from the export."
                )
            taken[name] = column
    for known in form.used:
        if known.use == "required" and known.name not in taken:
            called = f" ({known.also_called})" if known.also_called else ""
            raise BrokenInputError(
                f"{part.names[0]}: has no column {known.name}{called}, which {form.name} needs. Nothing of this unit "
                "was loaded. Check that the file is such a bill and that the export's query selects the column."
            )
    for name, column in taken.items():
        _check_kind(part, column, form.columns[name].kind)
    return taken, unknown


def stage(connection: duckdb.DuckDBPyConnection, matched: Sequence[Matched], form: Format, staged: Path) -> ReadReport:
    """Write the lines of all parts to ``staged`` in the order of delivery and say what was noticed.

    Raises BrokenInputError that names the file, the column and the row of the first value of a wrong type.
    """
    parts = [one.part for one in matched]
    bill = "\nunion all\n".join(_select(connection, number, one, form) for number, one in enumerate(matched))
    if not matched:
        bill = f"select {', '.join(f'null::{_SQL_TYPES[known.kind]} as {known.name}' for known in form.used)} limit 0"
    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in USAGE_COLUMNS.items())
    target = str(staged).replace("'", "''")
    lines = f"with bill as ({bill}), line as ({form.sql}) select {columns} from line"  # noqa: S608
    statement = f"copy ({lines}) to '{target}' (format parquet)"
    with broken_input(parts):
        try:
            rows = copy_rows(connection, statement, parts)
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise _wrong_value(connection, matched, form, str(error).splitlines()[0]) from None
    refuse_lost_rows(parts, rows)
    connection.execute("set variable staged_file = ?", [str(staged)])
    possible = " and ".join(_POSSIBLE[kind][0].format(name) for name, kind in _LIMITED.items())
    impossible, untagged = connection.execute(
        f"select count(*) filter (charge_period_start is null or not ({possible})), count(*) filter (tags is null) "  # noqa: S608
        "from read_parquet(getvariable('staged_file'))"
    ).fetchall()[0]
    if impossible:
        raise _wrong_value(connection, matched, form, "a time, a quantity or a cost that no bill holds")
    notes = [*_absences(matched, form), *(note for one in matched for note in one.notes)]
    if untagged:
        notes += _unreadable_maps(connection, matched, form)
    unknown = tuple(sorted({name for one in matched for name in one.unknown}))
    return ReadReport(rows, tuple(dict.fromkeys(notes)), unknown)


def _check_kind(part: Part, column: Column, kind: str) -> None:
    """A parquet column of a type that cannot hold the quantity is of the wrong type before any row is read."""
    allowed = {NUMBER: _NUMERIC, MONEY: _NUMERIC, TIME: _TIMES, MAP: _MAPS, ID: _NEVER}.get(kind)
    if allowed is None or column.kind == "VARCHAR" or allowed.match(column.kind):
        return
    raise BrokenInputError(
        f"{part.names[0]}: the column {column.name} is of type {column.kind} where {_WORDS[kind]} belongs. "
        "Nothing of this unit was loaded. Check the export."
    )


def _select(connection: duckdb.DuckDBPyConnection, number: int, one: Matched, form: Format) -> str:
    """The part as a select of every column that ``bill`` offers."""
    items = []
    for known in form.used:
        if known.name in one.taken:
            text = expression(one.taken[known.name], known.kind, form.nulls)
        elif known.name in one.computed:
            text = one.computed[known.name]
        elif known.kind == MAP and known.fills == "tags" and one.tags:
            text = _gathered(connection, number, one.tags, form.nulls)
        else:
            text = "null"
        items.append(f"({text})::{_SQL_TYPES[known.kind]} as {known.name}")
    return f"select {', '.join(items)} from {one.part.table}"  # noqa: S608


def expression(column: Column, kind: str, nulls: Sequence[str], cast: str = "cast") -> str:
    """Return the SQL that reads a delivered column as ``kind``. ``cast`` may be ``try_cast``.

    Text with a zone is moved to UTC; text without one is UTC.
    """
    ref = column.ref
    is_text = column.kind == "VARCHAR"
    if is_text:
        words = ", ".join(f"'{word}'" for word in nulls)
        ref = f"case when {ref} not in ({words}) then {ref} end"
    if kind in (TEXT, ID):
        return ref if is_text else f"{ref}::varchar"
    if kind == TIME and is_text:
        return f"{cast}({cast}({ref} as timestamptz) as timestamp)"
    if kind == MONEY and column.kind in ("DOUBLE", "FLOAT"):
        return _money(ref, column.kind, cast)
    if kind == MAP and not column.kind.startswith("MAP("):
        return _map_of_text(ref) if is_text else _map_of_object(ref)
    return f"{cast}({ref} as {_SQL_TYPES[kind]})"


def _money(ref: str, kind: str, cast: str) -> str:
    """Binary money by its shortest decimal text, as a csv of the same bill would print it.

    For a DOUBLE below 1000 the direct cast gives the same 12 decimals (its error is under 0.2e-12) at a hundredth
    of the time.
    """
    exact = f"{cast}({ref}::varchar as decimal(38, 12))"
    if kind == "FLOAT":
        return exact
    return f"case when abs({ref}) < 1000 then {cast}({ref} as decimal(38, 12)) else {exact} end"


def _map_of_text(ref: str) -> str:
    kept = _SQL_TYPES[MAP]
    return f"coalesce(try_cast(try_cast({ref} as json) as {kept}), try_cast({ref} as {kept}))"


def _map_of_object(ref: str) -> str:
    """A field that is null in an object is a key that the line does not have."""
    entries = f"map_entries(try_cast(to_json({ref}) as {_SQL_TYPES[MAP]}))"
    return f"map_from_entries(list_filter({entries}, lambda entry: entry.value is not null))"


def _gathered(
    connection: duckdb.DuckDBPyConnection, number: int, tags: Mapping[str, Column], nulls: Sequence[str]
) -> str:
    """A map from columns that hold one tag each; keys are foreign text and travel in a variable."""
    variable = f"part_{number}_tags"
    connection.execute(f"set variable {variable} = ?::varchar[]", [list(tags)])
    entries = ", ".join(
        f"{{'key': getvariable('{variable}')[{position}], 'value': {expression(column, TEXT, nulls)}}}"
        for position, column in enumerate(tags.values(), start=1)
    )
    return f"map_from_entries(list_filter([{entries}], lambda entry: entry.value is not null))"


def _wrong_value(
    connection: duckdb.DuckDBPyConnection, matched: Sequence[Matched], form: Format, otherwise: str
) -> BrokenInputError:
    """Return the error that names file, column and row of the first value of a wrong type; else says ``otherwise``."""
    for one in matched:
        for name, path in zip(one.part.names, one.part.paths, strict=True):
            connection.execute("set variable blamed_file = ?::varchar[]", [[path]])
            for canonical, column in one.taken.items():
                known = form.columns[canonical]
                if known.kind not in _POSSIBLE:
                    continue
                for row, value in _first_wrong(connection, one.part, column, known, form.nulls):
                    said = "is empty" if value is None else f"holds {value[:60]!r}"
                    return BrokenInputError(
                        f"{name}: the column {column.name} {said} in row {row} where {_WORDS[known.kind]} "
                        f"({_POSSIBLE[known.kind][1]}) belongs. "
                        "Nothing of this unit was loaded. Check the export, then fetch the file again."
                    )
    names = ", ".join(name for one in matched for name in one.part.names)
    return BrokenInputError(
        f"{names}: a value is of the wrong type ({otherwise}). Nothing of this unit was loaded. Check the export."
    )


def _first_wrong(
    connection: duckdb.DuckDBPyConnection, part: Part, column: Column, known: Known, nulls: Sequence[str]
) -> list[tuple[int, str | None]]:
    """Row and text of the first value in ``blamed_file`` that is not of the column's kind; at most one.

    A required time must not be empty: a line without it belongs to no day.
    """
    given = expression(column, TEXT, nulls)
    parsed = expression(column, known.kind, nulls, "try_cast")
    fails = f"({parsed}) is null or not ({_POSSIBLE[known.kind][0].format(f'({parsed})')})"
    must = str(known.use == "required" and known.kind == TIME).lower()
    table = table_sql("blamed_file", part.columns, part.is_text)
    return connection.execute(
        f"select row, value from (select row_number() over () as row, {given} as value, ({fails}) as fails "  # noqa: S608
        f"from {table}) where fails and (value is not null or {must}) order by row limit 1"
    ).fetchall()


def _absences(matched: Sequence[Matched], form: Format) -> list[str]:
    """Staged columns that nothing in some part of the delivery fills, said once."""
    absent: dict[str, None] = {}
    for one in matched:
        served = {form.columns[name].fills for name in (*one.taken, *one.computed)} | ({"tags"} if one.tags else set())
        absent |= dict.fromkeys(known.fills for known in form.used if known.fills and known.fills not in served)
    return [f"not in this export, so null: {', '.join(absent)}"] if absent else []


def _unreadable_maps(connection: duckdb.DuckDBPyConnection, matched: Sequence[Matched], form: Format) -> list[str]:
    """Tags delivered as text that is no JSON object: kept out, counted, said."""
    notes = []
    for one in matched:
        for name, column in one.taken.items():
            if form.columns[name].fills == "tags" and column.kind == "VARCHAR":
                given, parsed = expression(column, TEXT, form.nulls), expression(column, MAP, form.nulls)
                lines = connection.execute(
                    f"select count(*) from {one.part.table} where ({given}) is not null and ({parsed}) is null"  # noqa: S608
                ).fetchall()[0][0]
                if lines:
                    notes.append(f"{column.name}: not a JSON object on {lines} lines, whose tags are null")
    return notes
