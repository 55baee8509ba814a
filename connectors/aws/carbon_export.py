"""The AWS Data Export `CARBON_EMISSIONS`: the provider's own figures, per account, region, product and month.

Columns: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-carbon-emissions.html. Exports made before
June 2025 lack the location-based columns, before October 2025 the scopes, and AWS never adds them to an existing one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import ClassVar

import duckdb

from connectors.exports import list_units
from connectors.local import LocalSource
from connectors.tabular import Column, Part, broken_input, open_tabular, reader, refuse_lost_rows
from wattledger.contracts import STAGED_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError
from wattledger.units import KG_PER_T

_FIGURES = (
    "total_mbm_emissions", "total_lbm_emissions", "total_scope_1_emissions", "total_scope_2_lbm_emissions",
    "total_scope_2_mbm_emissions", "total_scope_3_lbm_emissions", "total_scope_3_mbm_emissions",
)  # fmt: skip
_COLUMNS = (
    "usage_period_start", "usage_period_end", "payer_account_id", "usage_account_id", "region_code", "location",
    "product_code", "model_version", "last_refresh_timestamp",
    *(f"{figure}_{part}" for figure in _FIGURES for part in ("value", "unit")),
)  # fmt: skip
_REQUIRED = (
    "usage_period_start", "payer_account_id", "usage_account_id", "model_version", "total_mbm_emissions_value",
)  # fmt: skip
_REQUIRED_CELLS = _REQUIRED[:4]  # a figure may be empty, what it is about may not
_UNIT = "MTCO2e"  # the only unit AWS documents: metric tonnes
_SUM_TOLERANCE_T = 1e-6  # per row


@dataclass(frozen=True)
class AwsCarbonExport(LocalSource):
    """AWS carbon exports. A unit is one month of one model version of one export: what AWS rewrites as a whole.

    Several model versions of a month may lie side by side; all are staged, and the highest is current by
    ``model_version_key``. Totals of models v1 and v2 are scope 1 + 2, of v3 scope 1 + 2 + 3.
    """

    table: ClassVar[str] = "provider_footprint"

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the partitions whose month ends after ``since``, oldest first, then the loose files."""
        return list_units(self.settings, since)

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write 7 rows for each delivered one: total, scope 1, 2 and 3 by method, in kg.

        An empty delivery, which AWS sends for a month without data, gives none. Raises BrokenInputError if a
        required column is missing, or a cell is not what its column says or in another unit than tonnes.
        """
        with reader(scratch) as connection:
            parts = open_tabular(connection, files, scratch)
            with broken_input(parts):
                _gather(connection, parts)
            _refuse_bad_cells(connection, parts)
            columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in STAGED_COLUMNS[self.table].items())
            connection.execute(
                f"copy (select {columns} from ({_sql('rows')})) to $staged (format parquet)",  # noqa: S608
                {"kg_per_t": KG_PER_T, "staged": str(staged)},
            )
            rows = connection.execute("select count(*) from read_parquet(?)", [str(staged)]).fetchall()[0][0]
            return ReadReport(rows, tuple(_notes(connection, parts)), _unknown_columns(parts))


def _gather(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Put every part into one table `delivered`: all columns of the export as text, empty and absent as null.

    ``n`` counts the rows of the delivery, ``absent`` names the columns that the row's file does not have.
    """
    names = ", ".join(f"{name} varchar" for name in _COLUMNS)
    connection.execute(f"create table delivered (n bigint, part integer, absent varchar[], {names})")
    for number, part in enumerate(parts):
        found = _columns(part)
        absent = [name for name in _COLUMNS if name not in found]
        cells = ", ".join(
            f"nullif(trim(cast({found[name].ref} as varchar)), '')" if name in found else "null" for name in _COLUMNS
        )
        connection.execute(
            "insert into delivered select (select count(*) from delivered) + row_number() over (), "  # noqa: S608
            f"?, ?::varchar[], {cells} from {part.table}",
            [number, absent],
        )
    refuse_lost_rows(parts, connection.execute("select count(*) from delivered").fetchall()[0][0])


def _columns(part: Part) -> dict[str, Column]:
    """Return the part's columns by AWS's name, whatever their case. BrokenInputError if one is missing or odd."""
    found: dict[str, Column] = {}
    for column in part.columns:
        found.setdefault(column.name.strip().lower(), column)
    where = ", ".join(part.names)
    for name in _REQUIRED:
        if name not in found:
            raise BrokenInputError(
                f"{where}: has no column {name!r}, which a CARBON_EMISSIONS export needs. Nothing of this unit was "
                "loaded. Add the column to the export's query, or leave the file out with `exclude`."
            )
    for name in _COLUMNS:
        if name in found and not _is_readable(name, found[name].kind):
            raise BrokenInputError(
                f"{where}: the column {name!r} is of type {found[name].kind}, not what AWS delivers. Nothing of this "
                "unit was loaded. Fetch the export as AWS wrote it."
            )
    return found


def _is_readable(name: str, kind: str) -> bool:
    if kind == "VARCHAR":
        return True
    if name.endswith("_value"):
        return kind in ("DOUBLE", "FLOAT", "INTEGER", "BIGINT") or kind.startswith("DECIMAL(")
    # A number is no account id: its leading zeros are gone.
    return name.endswith(("_start", "_end", "_timestamp")) and kind.startswith(("TIMESTAMP", "DATE"))


def _refuse_bad_cells(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    bad = connection.execute(_sql("bad"), {"unit": _UNIT}).fetchall()
    empty = " union all ".join(
        f"select n, '{name}', null from delivered where {name} is null"  # noqa: S608
        for name in _REQUIRED_CELLS
    )
    bad = bad or connection.execute(f"{empty} order by all limit 1").fetchall()
    if bad:
        n, column, cell = bad[0]
        part = connection.execute("select part from delivered where n = ?", [n]).fetchall()[0][0]
        said = "is empty" if cell is None else "is no id" if "account_id" in column else f"holds {cell[:40]!r}"
        raise BrokenInputError(
            f"{', '.join(parts[part].names)}: in row {n} of the unit {column} {said}; {_expected(column)}. Nothing of "
            "this unit was loaded. Fetch the export again."
        )


def _expected(column: str) -> str:
    if column.endswith("_unit"):
        return f"AWS documents {_UNIT} only"
    if column.endswith("_value"):
        return "a number of tonnes below 1e12 is expected"
    return "a time like 2025-06-01 00:00:00Z is expected" if "account" not in column else "an id is expected"


def _notes(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Iterator[str]:
    absent = sorted({name for part in parts for name in _COLUMNS if name not in _columns(part)})
    absent = [name for name in absent if not name.endswith("_unit")]
    if absent:
        yield f"not in this export, so null: {', '.join(absent)}; AWS adds new columns to new exports only"
    for version, major, negative_rows, location_t, market_t, rows in connection.execute(_sql("facts")).fetchall():
        if major is None:
            yield f"model version {version} has no number; every other version counts as newer"
        if major is not None and major < 3:
            yield f"model version {version}: totals are scope 1 + 2, from v3 on they are scope 1 + 2 + 3"
        if negative_rows:
            yield f"model version {version}: {negative_rows} rows with a negative figure, kept as delivered"
        for method, excess_t in (("location-based", location_t), ("market-based", market_t)):
            if major is not None and major >= 3 and excess_t is not None and abs(excess_t) > _SUM_TOLERANCE_T * rows:
                yield (
                    f"model version {version}: the {method} totals exceed the sum of their scopes by "
                    f"{excess_t:.6g} t; AWS's totals are kept"
                )


def _unknown_columns(parts: Sequence[Part]) -> tuple[str, ...]:
    names = {column.name for part in parts for column in part.columns}
    return tuple(sorted(name for name in names if name.strip().lower() not in _COLUMNS))


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath(f"carbon_export_{name}.sql").read_text(encoding="utf-8")
