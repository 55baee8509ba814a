"""AWS Cost and Usage Report: CUR 2.0 and the legacy report; csv, csv.gz, zip, parquet; any column order.

Sources: the CUR 2.0 column dictionary and the legacy report's file format of the AWS Data Exports user guide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.bill import MAP, Format, Matched, expression, load_format, read_data, stage, take
from connectors.exports import list_units
from connectors.local import LocalSource
from connectors.tabular import Column, Part, open_tabular, reader
from wattledger.contracts import LocalFile, ReadReport, Unit

_PACKAGE = "connectors.aws"
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAG_COLUMN = re.compile(r"^resource_?tags[/_](.+)$", re.I)
_ALIASES = {"reservation_reservation_a_r_n": "reservation_reservation_arn"}  # CUR 2.0 and Athena spell it so
# Canonical column -> its keys in the `product` map, for exports that leave the column out.
_IN_PRODUCT_MAP = {
    "product_region_code": ("region_code", "region"),
    "product_instance_type": ("instance_type",),
    "product_product_family": ("product_family",),
    "product_product_name": ("product_name",),
}
_NO_AMORTISED_COST = "no amortised cost in this export: effective_cost is the billed cost (cost_basis = billed)"
_NO_REGION = "no region column in this export: the region is read from the usage type and the availability zone"


@dataclass(frozen=True)
class AwsCur(LocalSource):
    """A Cost and Usage Report on this machine. A unit is one billing period of one report, or one loose file."""

    table: ClassVar[str] = "usage"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the billing periods that end after ``since``, oldest first. Reads manifests only."""
        return list_units(self.settings, since)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the report's lines to ``staged`` in the order of delivery.

        Raises BrokenInputError naming the file and the next step.
        """
        form = cur_format()
        with reader(scratch) as connection:
            _set_tables(connection)
            parts = open_tabular(connection, files, scratch)
            return stage(connection, [_match(part, form) for part in parts], form, staged)


@cache
def cur_format() -> Format:
    """The columns and the SQL of the report."""
    return load_format(_PACKAGE, "aws-cur", "cur_columns.csv", "cur.sql")


def canonical_name(name: str) -> str:
    """Return a column's name as CUR 2.0 spells it: ``lineItem/UsageAmount`` is ``line_item_usage_amount``."""
    spelled = "_".join(_WORD_START.sub("_", part) for part in name.strip().split("/")).lower()
    return _ALIASES.get(spelled, spelled)


def _match(part: Part, form: Format) -> Matched:
    taken, unknown = take(part, form, canonical_name, lambda name: _is_family(name, form))
    computed = {}
    for flag, column in (
        ("has_savings_plan", "savings_plan_savings_plan_effective_cost"),
        ("has_reservation", "reservation_effective_cost"),
    ):
        computed[flag] = str(column in taken).lower()
    if "product" in taken:
        attributes = expression(taken["product"], MAP, form.nulls)
        for name, keys in _IN_PRODUCT_MAP.items():
            if name not in taken:
                values = ", ".join(f"({attributes})['{key}']" for key in keys)
                computed[name] = f"coalesce({values}, null)"
    notes = [] if "true" in computed.values() else [_NO_AMORTISED_COST]
    if not {"product_region_code", "product_region"} & (taken.keys() | computed.keys()):
        notes.append(_NO_REGION)
    return Matched(part, taken, _tags(part), computed, tuple(column.name for column in unknown), tuple(notes))


def _is_family(name: str, form: Format) -> bool:
    """Whether a column belongs to a family whose members vary from report to report."""
    families = [known[:-1] for known in form.columns if known.endswith("*")]
    return name.startswith(tuple(families))


def _tags(part: Part) -> dict[str, Column]:
    """The columns that hold one tag each, by key as delivered: ``user:Team`` in csv, ``user_team`` in parquet."""
    found: dict[str, Column] = {}
    for column in part.columns:
        if match := _TAG_COLUMN.match(column.name):
            found.setdefault(match[1], column)
    return found


def _set_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer the data files to cur.sql as maps."""
    habits = read_data(_PACKAGE, "prefix_habits.csv")
    tables: dict[str, list[tuple[str, str | None]]] = {
        "region_of_prefix": [(row["prefix"], row["region_id"]) for row in read_data(_PACKAGE, "region_prefixes.csv")],
        "charge_category_of": [
            (row["line_type"], row["charge_category"]) for row in read_data(_PACKAGE, "line_types.csv")
        ],
        "without_prefix_of": [(row["service_code"], row["without_prefix"] or None) for row in habits],
        "with_prefix_of": [(row["service_code"], row["with_prefix"]) for row in habits],
    }
    for name, rows in tables.items():
        connection.execute(
            f"set variable {name} = map(?::varchar[], ?::varchar[])", [[k for k, _ in rows], [v for _, v in rows]]
        )
