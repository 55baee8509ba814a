"""FOCUS bills, versions 1.0 to 1.2, of any provider: csv, csv.gz, zip, parquet.

Source: the FOCUS specification (cost and usage columns). Column names are matched without regard to case and
underscores, because query engines rewrite both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.azure.units import set_units
from connectors.bill import MAP, Format, Matched, load_format, read_data, stage, take
from connectors.exports import list_units
from connectors.local import LocalSource
from connectors.pairs import map_of_pairs, text_of
from connectors.tabular import Column, Part, open_tabular, reader
from wattledger.contracts import LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

_PACKAGE = "connectors"
_LABELS = ("x_project_labels", "x_tags", "x_labels")  # of Google, which has no Tags
_LISTS = (*_LABELS, "x_system_labels")
_NULLS = ("", "NULL")  # some exporters print null as a word
_NO_EFFECTIVE_COST = "no EffectiveCost in this bill: effective_cost is the billed cost (cost_basis = billed)"
_NO_PROVIDER = "no ProviderName in this bill, so provider is null; a kind like aws-focus asserts it"
PROVIDER_OF_KIND = {"focus": None, "aws-focus": "aws", "azure-focus": "azure", "gcp-focus": "gcp"}


@dataclass(frozen=True)
class Focus(LocalSource):
    """A FOCUS bill on this machine. A unit is one billing period of one export, or one loose file.

    The kinds ``aws-focus``, ``azure-focus`` and ``gcp-focus`` take lines of that provider only.
    """

    table: ClassVar[str] = "usage"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the billing periods that end after ``since``, oldest first. Reads manifests only."""
        return list_units(self.settings, since)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the bill's lines to ``staged`` in the order of delivery.

        Raises BrokenInputError naming the file and the next step, also for lines of another provider than the
        kind asserts.
        """
        form = focus_format()
        asserted = PROVIDER_OF_KIND[self.kind]
        with reader(scratch) as connection:
            _set_tables(connection, asserted)
            parts = open_tabular(connection, files, scratch)
            report = stage(connection, [_match(part, form, asserted) for part in parts], form, staged)
            if asserted is not None:
                self._check_provider(connection, asserted, files)
        return report

    def _check_provider(self, connection: duckdb.DuckDBPyConnection, asserted: str, files: Sequence[LocalFile]) -> None:
        others = connection.execute(
            "select distinct provider from read_parquet(getvariable('staged_file')) where provider <> ? order by 1",
            [asserted],
        ).fetchall()
        if others:
            raise BrokenInputError(
                f"{', '.join(str(file.path) for file in files)}: holds lines of {', '.join(row[0] for row in others)}, "
                f"but the kind {self.kind} takes lines of {asserted} only. Nothing of this unit was loaded. "
                'Set `kind = "focus"` or the kind of that provider.'
            )


@cache
def focus_format() -> Format:
    """The columns and the SQL of FOCUS."""
    return load_format(_PACKAGE, "focus", "focus_columns.csv", "focus.sql", _NULLS)


@cache
def _spellings() -> dict[str, str]:
    return {name.replace("_", ""): name for name in focus_format().columns}


def canonical_name(name: str) -> str:
    """Return the column's name in snake case: ``ChargePeriodStart`` and ``chargeperiodstart`` are one column."""
    squeezed = name.strip().lower().replace("_", "")
    return _spellings().get(squeezed, name.strip().lower())


def _match(part: Part, form: Format, asserted: str | None) -> Matched:
    columns = tuple(_read_as(column, form) for column in part.columns)
    taken, unknown = take(replace(part, columns=columns), form, canonical_name, lambda name: name.startswith("x_"))
    if not {"billed_cost", "effective_cost"} & taken.keys():
        raise BrokenInputError(
            f"{part.names[0]}: has neither BilledCost nor EffectiveCost; focus needs one of them. Nothing of this "
            "unit was loaded. Check that the file is such a bill and that the export's query selects the column."
        )
    notes = [] if "effective_cost" in taken else [_NO_EFFECTIVE_COST]
    if asserted is None and not {"provider_name", "service_provider_name"} & taken.keys():
        notes.append(_NO_PROVIDER)
    absent = set(_LABELS) - taken.keys()
    computed = dict.fromkeys(absent, "map {}") if len(absent) < len(_LABELS) else {}
    return Matched(part, taken, computed=computed, unknown=tuple(column.name for column in unknown), notes=tuple(notes))


def _read_as(column: Column, form: Format) -> Column:
    """The column as a map where it is a list of keys and values, as Google delivers labels; else as it is."""
    name = canonical_name(column.name)
    is_map = name in form.columns and form.columns[name].kind == MAP
    if name not in _LISTS and not (is_map and column.kind.endswith("[]")):
        return column
    text = f"""replace(replace({text_of(column)}, '"Key":', '"key":'), '"Value":', '"value":')"""
    return Column(column.name, "MAP(VARCHAR, VARCHAR)", map_of_pairs(text))


def _set_tables(connection: duckdb.DuckDBPyConnection, asserted: str | None) -> None:
    """Offer the names of providers, the one the kind asserts and Azure's units of measure to focus.sql."""
    rows = read_data(_PACKAGE, "focus_providers.csv")
    connection.execute(
        "set variable provider_of = map(?::varchar[], ?::varchar[])",
        [[row["provider_name"] for row in rows], [row["provider"] for row in rows]],
    )
    set_units(connection)
    connection.execute("set variable asserted_provider = ?::varchar", [asserted])
