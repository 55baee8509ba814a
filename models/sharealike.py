"""The share-alike set: zones of Electricity Maps, apart from the core set and put over it by name only.

Its rows bind whoever passes them on, so they come in a folder of their own with its notice, and into a warehouse only
where somebody asks: `wattledger factors use core@VERSION+sharealike`. In force it is a layer like a user's own.
"""

import csv
from collections.abc import Iterable
from functools import cache

import duckdb

from models.factor_set import FactorSet, digest, read_set, sha256_of, table_text
from wattledger.errors import WarehouseError

FOLDER = "factors_sharealike"
LICENCE = "ODbL 1.0"
CREDIT = (
    "Contains information from Electricity Maps, made available under the Open Database License (ODbL) 1.0, "
    "https://opendatacommons.org/licenses/odbl/1-0/. Whoever passes the factors on keeps these terms."
)
FILES = ("grid_intensity.csv", "grid_marginal.csv")


@cache
def brought() -> FactorSet:
    """Return the share-alike set of this version."""
    return read_set(FOLDER)


def credits(licences: Iterable[str]) -> list[str]:
    """Return what a report must say where it rests on rows under one of these licences."""
    return [CREDIT] if LICENCE in licences else []


def is_installed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse holds the rows of the set of this version."""
    ours = brought()
    rows = connection.execute(
        "select 1 from factors.factor_set where name = ? and version = ? limit 1", [ours.name, ours.version]
    )
    return bool(rows.fetchall())


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the rows into the warehouse where they are not there yet, inside the caller's transaction.

    Raises WarehouseError where the files are not those that the set was built with.
    """
    if is_installed(connection):
        return
    ours = brought()
    files = {name: sha256_of(table_text(name, FOLDER)) for name in FILES}
    if digest(files) != ours.digest:
        raise WarehouseError(
            f"The files of factor set {ours.label} are not those it was built with. Install the program again."
        )
    factor_id = "concat('grid/', zone_scheme, ':', zone, '/', year, '/', boundary)"
    _insert(
        connection, "layer_grid_intensity", "grid_intensity.csv", f"'{ours.label}' as layer, {factor_id} as factor_id"
    )
    marginal_id = "concat('grid_marginal/', country_iso3, '/', year, '/', margin)"
    connection.execute("delete from factors.grid_marginal")
    _insert(connection, "grid_marginal", "grid_marginal.csv", f"{marginal_id} as factor_id")
    for name in FILES:
        rows = len(table_text(name, FOLDER).splitlines()) - 1
        connection.execute(
            "insert into factors.factor_set values (?, ?, ?, ?, ?, ?, ?, ?)",
            [ours.name, ours.version, ours.valid_from, ours.built_on, ours.digest, name, files[name], rows],
        )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, file: str, keys: str) -> None:
    header, *rows = csv.reader(table_text(file, FOLDER).splitlines())
    columns = [[value or None for value in column] for column in zip(*rows, strict=True)]
    values = ", ".join(f"unnest(?::varchar[]) as {name}" for name in header)
    connection.execute(
        f"insert into factors.{table} by name select {keys}, * from (select {values})",  # noqa: S608
        columns,
    )
