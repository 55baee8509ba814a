"""Google Cloud Billing exports, standard and detailed, as local files: JSON Lines, csv, parquet.

Source: the schemas of the standard and detailed usage cost tables in Google's Cloud Billing documentation. BigQuery
nests columns; here each leaf is a column of its own (``service.id``), as a csv of the table prints it, and a list of
records is JSON text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.bill import MAP, MONEY, TIME, Format, Matched, load_format, read_data, stage, take
from connectors.jsonl import JSON_SUFFIXES, TableOrLines
from connectors.local import ListedFile, LocalSource, list_files, version_of
from connectors.pairs import map_of_pairs, text_of
from connectors.tabular import TABLE_SUFFIXES, Column, Part, open_tabular, reader
from wattledger.contracts import LocalFile, ReadReport, Unit

_PACKAGE = "connectors.gcp"
_NULLS = ("", "null")  # TO_JSON_STRING prints null as a word
_DAY = re.compile(r"^(?P<folder>(?:.*/)?(?:_partition(?:date|time)|dt)=(?P<day>20\d\d-\d\d-\d\d)[^/]*)/.+$", re.I)
_ALIASES = {"credits": "credits_amount"}
_TAGS = ("labels", "tags", "project_labels")
_NO_INVOICE_MONTH = "no invoice.month in this export: the billing month is that of the usage's start, in Pacific time"
_NO_CREDITS = "no credits in this export: billed_cost is the cost before credits (cost_basis = billed)"


@dataclass(frozen=True)
class GcpBilling(LocalSource):
    """A Cloud Billing export on this machine. A unit is one day's partition folder, or one loose file."""

    table: ClassVar[str] = "usage"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the days that end after ``since``, oldest first, then the loose files. Reads no data."""
        settings = self.settings
        suffixes = (*TABLE_SUFFIXES, *JSON_SUFFIXES)
        days: dict[tuple[str, str], list[ListedFile]] = {}
        for file in list_files(settings.location, settings.include, settings.exclude, suffixes):
            days.setdefault(_place(file.key), []).append(file)
        for (period, scope), files in sorted(days.items(), key=lambda item: (item[0][0] == "", item[0])):
            if not period or since is None or date.fromisoformat(period) + timedelta(days=1) > since:
                problem = next((file.problem for file in files if file.problem), None)
                paths = tuple(str(file.path) for file in files)
                yield Unit(settings.name, scope, period, version_of(files), paths, problem)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the export's rows to ``staged`` in the order of delivery.

        Raises BrokenInputError naming the file and the next step.
        """
        form = billing_format()
        paths = tuple(known.also_called for known in form.columns.values() if "." in known.also_called)
        with reader(scratch) as connection:
            rows = read_data(_PACKAGE, "cost_types.csv")
            connection.execute(
                "set variable charge_category_of = map(?::varchar[], ?::varchar[])",
                [[row["cost_type"] for row in rows], [row["charge_category"] for row in rows]],
            )
            parts = open_tabular(connection, files, scratch, TableOrLines(paths))
            matched = [_match(connection, part, form) for part in parts]
            report = stage(connection, matched, form, staged)
            return replace(report, notes=(*report.notes, *_unreadable_labels(connection, matched)))


@cache
def billing_format() -> Format:
    """The columns and the SQL of the export."""
    return load_format(_PACKAGE, "gcp-billing", "billing_columns.csv", "billing.sql", _NULLS)


def canonical_name(name: str) -> str:
    """Return a column's name as the format has it: ``service.id`` is ``service_id``."""
    spelled = name.strip().lower().replace(".", "_")
    return _ALIASES.get(spelled, spelled)


def _place(key: str) -> tuple[str, str]:
    """The period and the scope of the unit that a file belongs to."""
    match = _DAY.match(key)
    try:
        return (date.fromisoformat(match["day"]).isoformat(), match["folder"]) if match else ("", key)
    except ValueError:
        return "", key


def _match(connection: duckdb.DuckDBPyConnection, part: Part, form: Format) -> Matched:
    columns = [_read_as(leaf, form) for column in part.columns for leaf in _leaves(connection, column, form)]
    taken, unknown = take(
        replace(part, columns=tuple(columns)), form, canonical_name, lambda name: _is_known(name, form)
    )
    computed = {"is_settled": "false"}
    if "credits_amount" in taken:
        credits = next(column for column in part.columns if canonical_name(column.name) == "credits_amount")
        computed["is_settled"] = _settled(text_of(credits))
    if delivered := taken.keys() & set(_TAGS):
        computed |= dict.fromkeys(set(_TAGS) - delivered, "map {}")
    absent = (("credits_amount", _NO_CREDITS), ("invoice_month", _NO_INVOICE_MONTH))
    notes = tuple(note for name, note in absent if name not in taken)
    return Matched(part, taken, computed=computed, unknown=tuple(column.name for column in unknown), notes=notes)


def _is_known(name: str, form: Format) -> bool:
    """Whether a column is of a family whose members vary, or an object that holds nothing in this delivery."""
    families = tuple(known[:-1] for known in form.columns if known.endswith("*"))
    objects = {known.also_called.partition(".")[0] for known in form.columns.values()}
    return name.startswith(families) or name in objects


def _unreadable_labels(connection: duckdb.DuckDBPyConnection, matched: Sequence[Matched]) -> list[str]:
    """What to say of rows whose labels are no list of keys and values."""
    delivered = sorted({name for one in matched for name in one.taken.keys() & set(_TAGS)})
    if not delivered or any(not one.taken.keys() & set(_TAGS) for one in matched):
        return []
    lines = connection.execute(
        "select count(*) from read_parquet(getvariable('staged_file')) where tags is null"
    ).fetchall()[0][0]
    said = ", ".join(delivered)
    return [f"{said}: not a JSON list of keys and values on {lines} lines, whose tags are null"] if lines else []


def _leaves(connection: duckdb.DuckDBPyConnection, column: Column, form: Format) -> list[Column]:
    """The columns inside a nested one, by dotted name; what the format knows as one column stays one."""
    is_object = column.kind.startswith("STRUCT(") and not column.kind.endswith("]")
    if not is_object or canonical_name(column.name) in form.columns:
        return [column]
    found = []
    for leaf, kind in connection.type(column.kind).children:
        name = f"{column.name}.{leaf}"
        known = form.columns.get(canonical_name(name))
        # Only a name of our own reaches SQL; what nobody uses is never read.
        ref = f"struct_extract({column.ref}, '{known.also_called.partition('.')[2]}')" if known else "null"
        found.append(Column(name, str(kind), ref))
    return found


def _read_as(column: Column, form: Format) -> Column:
    """The column as text where BigQuery's type is not the one that a bill needs; else as it is."""
    name = canonical_name(column.name)
    kind = form.columns[name].kind if name in form.columns else ""
    if kind == MAP and not column.kind.startswith("MAP("):
        return Column(column.name, "MAP(VARCHAR, VARCHAR)", map_of_pairs(text_of(column)))
    if kind == MONEY and name == "credits_amount":
        return Column(column.name, "VARCHAR", _sum_of_credits(text_of(column)))
    if kind == TIME and name == "invoice_month":
        text = f"{column.ref}::varchar"
        return Column(column.name, "VARCHAR", f"regexp_replace({text}, '^([0-9]{{4}})(0[1-9]|1[0-2])$', '\\1-\\2-01')")
    return column


def _sum_of_credits(text: str) -> str:
    """SQL that turns the JSON list of credits into the exact decimal sum of their amounts, as text.

    A list with an amount that is no number, or without one, stays as it is, and is no amount of money. A number is
    the sum already.
    """
    amounts = (
        f'list_transform(from_json(try_cast({text} as json), \'[{{"amount": "VARCHAR"}}]\'), '
        "lambda credit: try_cast(credit.amount as decimal(38, 12)))"
    )
    whole = f"{text} like '[%' and list_count({amounts}) = len({amounts})"
    return f"case when {text} = '[]' then '0' when {whole} then list_sum({amounts})::varchar else {text} end"


def _settled(text: str) -> str:
    """SQL that says whether the types of a row's credits are known and none of them settles a commitment."""
    settles = f"""regexp_matches({text}, '"type" *: *"COMMITTED_USAGE_DISCOUNT')"""
    return f"case when coalesce({text}, '') in ('', 'null') then true else {text} like '[%' and not {settles} end"
