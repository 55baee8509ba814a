"""Azure cost exports: the native datasets of EA, MCA, MPA and pay-as-you-go (MOSP); csv, csv.gz, zip, parquet.

Sources: the cost and usage details schemas of Microsoft Cost Management; the units of measure are the MIT-licensed
pricing units of the FinOps toolkit, with spellings of one unit made one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.azure.days import day_sql
from connectors.azure.deliveries import list_units
from connectors.azure.look import Look, decide, look_at, tag_object
from connectors.azure.manifest import Manifest, is_manifest, read_manifest
from connectors.azure.units import measure_sql, set_units
from connectors.bill import TEXT, Format, Matched, expression, load_format, read_data, stage, take
from connectors.local import LocalSource
from connectors.tabular import Column, Part, open_tabular, reader
from wattledger.contracts import LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

_PACKAGE = "connectors.azure"
_NULLS = ("", "NULL")  # some exporters print null as a word
_IN_PARENTHESES = re.compile(r"\(([^()]*)\)\s*$")
_SPARE = "spare spelling of "
_USAGE_ONLY = "no ChargeType: a pay-as-you-go export, which holds usage only"


@dataclass(frozen=True)
class AzureCostExport(LocalSource):
    """A cost export on this machine. A unit is the newest run of one month of one billing scope, or one loose file."""

    table: ClassVar[str] = "usage"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the months that end after ``since``, oldest first. Reads manifests only."""
        return list_units(self.settings, since)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the export's lines to ``staged`` in the order of delivery.

        Raises BrokenInputError naming the file and the next step, also when the dates can be read in two ways or the
        delivery holds actual and amortised costs together.
        """
        form = cost_export_format()
        manifest = next((read_manifest(file.path) for file in files if is_manifest(file.path.name)), None)
        with reader(scratch) as connection:
            _set_tables(connection)
            parts = open_tabular(connection, [file for file in files if not is_manifest(file.path.name)], scratch)
            taken = [_take(part, form) for part in parts]
            looks = [
                look_at(connection, part, columns, form, manifest) for part, columns in zip(parts, taken, strict=True)
            ]
            notes = decide(connection, parts, looks, manifest)
            matched = [_match(*of_part, form) for of_part in zip(parts, taken, looks, strict=True)]
            report = stage(connection, matched, form, staged)
        _check_rows(report, manifest)
        return replace(report, notes=(*notes, *report.notes) if parts else ())


@cache
def cost_export_format() -> Format:
    """The columns and the SQL of the export."""
    return load_format(_PACKAGE, "azure-cost-export", "cost_export_columns.csv", "cost_export.sql", _NULLS)


@cache
def _spellings() -> dict[str, tuple[str, int]]:
    """Squeezed spelling -> the column it means and its place among that column's spellings; the first counts most."""
    found = {}
    for known in cost_export_format().columns.values():
        for place, spelling in enumerate(known.also_called.split(" or ") if known.also_called else [known.name]):
            found[_squeezed(spelling)] = (known.name, place)
    return found


def canonical_name(name: str) -> str:
    """Return the column that a delivered name means, without regard to case, blanks and underscores.

    A localised header carries the English name in its last parentheses.
    """
    return _meaning(name)[0]


def _meaning(name: str) -> tuple[str, int]:
    inner = _IN_PARENTHESES.search(name)
    for spelling in (name, inner[1] if inner else name):
        if meaning := _spellings().get(_squeezed(spelling)):
            return meaning
    return name.strip(), 0


def _squeezed(name: str) -> str:
    return re.sub(r"[\s_]", "", name).lower()


def _speller(part: Part) -> Callable[[str], str]:
    """Canonical names of one part: of several generations' spellings of a column the one that counts most is it."""
    best: dict[str, int] = {}
    for column in part.columns:
        name, place = _meaning(column.name)
        best[name] = min(place, best.get(name, place))

    def canonical(delivered: str) -> str:
        name, place = _meaning(delivered)
        return name if place == best[name] else f"{_SPARE}{name}"

    return canonical


def _take(part: Part, form: Format) -> dict[str, Column]:
    if len(part.columns) == 1 and ";" in part.columns[0].name:
        raise BrokenInputError(
            f"{part.names[0]}: its fields are parted by semicolons, so it was saved by another program than Azure and "
            "its numbers may have been changed. Nothing of this unit was loaded. Fetch the export's own file."
        )
    taken, _ = take(part, form, _speller(part), _is_spare)
    if "charge_type" not in taken and not _is_usage_only(taken):
        raise BrokenInputError(
            f"{part.names[0]}: has no column charge_type (ChargeType), which azure-cost-export needs. Nothing of this "
            "unit was loaded. Check that the file is such a bill and that the export selects the column."
        )
    return taken


def _is_spare(name: str) -> bool:
    return name.startswith(_SPARE)


def _is_usage_only(taken: dict[str, Column]) -> bool:
    """Whether these are the columns of MOSP, whose dataset has usage only and no column that says so."""
    spelled = {_squeezed(column.name) for column in taken.values()}
    return {"usagedatetime", "pretaxcost"} <= spelled


def _match(part: Part, taken: dict[str, Column], look: Look, form: Format) -> Matched:
    computed = {
        "charge_day": day_sql(expression(taken["date"], TEXT, form.nulls), look.slashed),
        "measure": measure_sql(expression(taken["unit_of_measure"], TEXT, form.nulls)),
    }
    if "billing_period_start_date" in taken:
        text = expression(taken["billing_period_start_date"], TEXT, form.nulls)
        computed["billing_month_start"] = day_sql(text, look.slashed)
    if "tags" in taken:
        computed["tag_map"] = tag_object(taken["tags"], form)
    notes = list(look.notes)
    if "charge_type" not in taken:
        computed["charge_type"] = "'Usage'"
        notes.append(_USAGE_ONLY)
    unknown = tuple(c.name for c in part.columns if _meaning(c.name)[0] not in form.columns)
    return Matched(part, taken, computed=computed, unknown=unknown, notes=tuple(notes))


def _check_rows(report: ReadReport, manifest: Manifest | None) -> None:
    if manifest is not None and manifest.rows is not None and manifest.rows != report.rows:
        raise BrokenInputError(
            f"{manifest.path}: promises {manifest.rows} rows, its files hold {report.rows}. Nothing of this unit was "
            "loaded. Fetch the run's folder again."
        )


def _set_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer the data files to cost_export.sql as maps."""
    set_units(connection)
    charges = read_data(_PACKAGE, "charge_types.csv")
    texts: dict[str, list[tuple[str, str | None]]] = {
        "charge_category_of": [(row["charge_type"], row["charge_category"]) for row in charges],
        "capacity_status_of": [(row["charge_type"], row["capacity_status"] or None) for row in charges],
    }
    for name, rows in texts.items():
        connection.execute(
            f"set variable {name} = map(?::varchar[], ?::varchar[])", [[k for k, _ in rows], [v for _, v in rows]]
        )
