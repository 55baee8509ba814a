"""The factor set: which rows every estimate rests on, installed from models/factors/*.csv and shown.

A set is content-addressed: name, version and the SHA-256 of its files. The warehouse records the set of its first
opening (`factor_set` in core.setting); a program that brings another version leaves that set and its rows in force.
"""

import csv
import difflib
import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import duckdb

from models.resources import sql
from wattledger.errors import ConfigError, WarehouseError
from wattledger.tables import Table

# Table of schema factors -> what its factor_id is made of. Each table is the CSV file of the same name.
FACTOR_IDS: Mapping[str, str] = {
    "region": "'region/' || provider || ':' || region_id",
    "region_group": "'region_group/' || provider || ':' || group_id || '/' || member_region_id",
    "site_metric": "metric || '/' || provider || ':' || region_id || '/' || year",
    "grid_intensity": "'grid/' || zone_scheme || ':' || zone || '/' || year || '/' || boundary "
    "|| case when accounting = 'location_average' then '' else '/' || accounting end",
    "grid_alternative": "'grid_alternative/' || provider || ':' || region_id || '/' || year",
    "cpu_power": "'cpu_power/' || microarch",
    "accelerator_power": "'accelerator_power/' || accelerator",
    "instance": "'instance/' || provider || ':' || instance_type",
    "coefficient": "'coefficient/' || key",
    "uncertainty": "'uncertainty/' || leg || '/' || kind",
    "electricity_price": "'electricity_price/' || zone_scheme || ':' || zone || '/' || period",
}
SETTING = "factor_set"


@dataclass(frozen=True)
class FactorSet:
    """The set that this version of the program brings."""

    name: str
    version: str
    valid_from: date
    built_on: date
    digest: str

    @property
    def label(self) -> str:
        """NAME@VERSION, as core.setting and every result name it."""
        return f"{self.name}@{self.version}"


def core_of(label: str) -> str:
    """Return the set of a label without the layers over it: core@2026.11.2 of core@2026.11.2+acme@1."""
    return label.partition("+")[0]


@cache
def shipped() -> FactorSet:
    """Return the set of this version, as models/factors/set.toml states it."""
    return read_set("factors")


def read_set(folder: str) -> FactorSet:
    """Return what the set.toml of a set's folder states."""
    return FactorSet(**tomllib.loads(table_text("set.toml", folder)))


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a table."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(files: Mapping[str, str]) -> str:
    """Return the SHA-256 over the files' own SHA-256, in the order of their names."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def file_digests() -> dict[str, str]:
    """Return the SHA-256 of every table of the set by file name."""
    return {f"{table}.csv": sha256_of(table_text(f"{table}.csv")) for table in FACTOR_IDS}


def install(connection: duckdb.DuckDBPyConnection, is_replaced: bool = False) -> None:
    """Install the set of this version where the warehouse has none yet, in one transaction.

    A warehouse that records another version keeps it. Raises WarehouseError where the version is the same and
    the content is not: numbers would change without a trace. One that is about to be replaced keeps its content.
    """
    ours = shipped()
    in_force = connection.execute("select value from core.setting where key = ?", [SETTING]).fetchall()
    if in_force and core_of(in_force[0][0]) != ours.label:
        return
    installed = connection.execute(
        "select distinct digest from factors.factor_set where name = ?", [ours.name]
    ).fetchall()
    if in_force and (is_replaced or installed == [(ours.digest,)]):
        return
    if in_force:
        raise WarehouseError(
            f"The warehouse holds factor set {ours.label} with other content than this program's {ours.label}. "
            "One of the two was changed without a new version. Nothing was changed; run `wattledger rebuild` to make "
            "the warehouse again with this program's factors."
        )
    connection.begin()
    try:
        _insert(connection, ours)
        connection.execute("insert into core.setting values (?, ?)", [SETTING, ours.label])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _insert(connection: duckdb.DuckDBPyConnection, ours: FactorSet) -> None:
    files = file_digests()
    if digest(files) != ours.digest:
        raise WarehouseError(
            f"The files of factor set {ours.label} are not those it was built with. Install the program again."
        )
    identity = (ours.name, ours.version, ours.valid_from, ours.built_on, ours.digest)
    for table, factor_id in FACTOR_IDS.items():
        rows = insert_rows(connection, table, factor_id, table_text(f"{table}.csv"))
        connection.execute(
            "insert into factors.factor_set values (?, ?, ?, ?, ?, ?, ?, ?)",
            [*identity, f"{table}.csv", files[f"{table}.csv"], rows],
        )


def exchange(connection: duckdb.DuckDBPyConnection) -> None:
    """Put this version's set in place of the one that the warehouse holds, inside the caller's transaction."""
    for table in FACTOR_IDS:
        connection.execute(f"delete from factors.{table}")  # noqa: S608
    connection.execute("delete from factors.factor_set where name = ?", [shipped().name])
    _insert(connection, shipped())


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, factor_id: str, text: str) -> int:
    """Insert the rows of a CSV into a table of schema factors and return how many; an empty field is null.

    The table's constraints refuse what cannot be: an unknown unit, low above high, a value a million times too large.
    """
    header, *rows = csv.reader(text.splitlines())
    columns = [[value or None for value in column] for column in zip(*rows, strict=True)]
    names = ", ".join(header)
    values = ", ".join("unnest(?::varchar[])" for _ in header)
    connection.execute(
        f"insert into factors.{table} (factor_id, {names}) "  # noqa: S608
        f"select {factor_id}, {names} from (select {values}) as given ({names})",
        columns,
    )
    return len(rows)


def factor_list(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return the files of the factor set in force, and whom to credit for its rows."""
    rows = connection.execute(
        "select name || '@' || version, file, row_count, valid_from, built_on, sha256 "
        "from factors.factor_set order by name, version, file"
    ).fetchall()
    credits = connection.execute(
        "select licence, count(distinct factor_id), count(distinct source) "  # noqa: S608
        f"from ({sql('factor_rows')}) group by 1 order by 2 desc, 1"
    ).fetchall()
    notes = [f"{licence}: {count} rows of {sources} sources" for licence, count, sources in credits]
    columns = ("factor_set", "file", "rows", "valid_from", "built_on", "sha256")
    return Table("factors", "Factor set in force", columns, rows, notes)


def factor_show(connection: duckdb.DuckDBPyConnection, key: str) -> Table:
    """Return the values of the factor rows whose id starts with ``key``, each with unit, year, source and licence.

    Raises ConfigError where no row does, with the nearest ids.
    """
    result = connection.execute(
        f"select * from ({sql('factor_rows')}) where starts_with(lower(factor_id), lower(?)) "  # noqa: S608
        "order by factor_id, quantity",
        [key],
    )
    columns = [column[0] for column in result.description or ()]
    rows = result.fetchall()
    if not rows:
        raise ConfigError(f"No factor id starts with {key!r}. {_nearest(connection, key)}")
    return Table("factor", f"Factors {key}", columns, rows)


def _nearest(connection: duckdb.DuckDBPyConnection, key: str) -> str:
    ids: Sequence[str] = [
        row[0]
        for row in connection.execute(
            f"select distinct factor_id from ({sql('factor_rows')}) order by 1"  # noqa: S608
        ).fetchall()
    ]
    folded = {name.lower(): name for name in ids}
    near = difflib.get_close_matches(key.lower(), folded, n=3, cutoff=0.5)
    if near:
        return f"Nearest: {', '.join(folded[name] for name in near)}."
    return f"Ids start with {', '.join(sorted({name.split('/')[0] for name in ids}))} and a slash."


def table_text(name: str, folder: str = "factors") -> str:
    """Return a file of the shipped set, or of the set in another folder."""
    return (resources.files("models") / folder / name).read_text(encoding="utf-8")
