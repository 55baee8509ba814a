"""Layers of users' own factors over the installed set: stored by name and version, put in force by the set's label.

A label is NAME@VERSION of the set and the layers over it: core@2026.11.2+acme@1. Of several, the later goes first.
"""

import difflib
import re
from collections.abc import Sequence
from datetime import datetime

import duckdb

from models.factor_set import SETTING, core_of, exchange, shipped
from models.own_factors import OwnFactors, columns_of
from models.resources import sql
from models.sharealike import brought, install, is_installed
from wattledger.errors import ConfigError
from wattledger.tables import Table

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PART = re.compile(r"(?P<name>[^@+]+)(@(?P<version>[1-9]\d{0,8}(\.\d+)*))?")


def store(connection: duckdb.DuckDBPyConnection, own: OwnFactors, name: str, now: datetime) -> Table:
    """Store the rows of a checked file as the next version of layer ``name``, inside the caller's transaction.

    The same content under the same name changes nothing. Raises ConfigError for a name that cannot be a layer's.
    """
    if not _NAME.fullmatch(name) or name in (shipped().name, brought().name):
        raise ConfigError(
            f"{name!r} cannot name a layer. Take a small letter, then small letters, digits, - and _ (40 at most); "
            f"{shipped().name} and {brought().name} are the names of sets of the program."
        )
    known = connection.execute(
        "select version, table_name from factors.layer where name = ? and sha256 = ?", [name, own.sha256]
    ).fetchall()
    if known:
        return _stored(own, f"{name}@{known[0][0]}", "nothing changed: this content is there already")
    version = connection.execute("select coalesce(max(version), 0) + 1 from factors.layer where name = ?", [name])
    label = f"{name}@{version.fetchall()[0][0]}"
    names = ["factor_id", *(column for column in columns_of(own.table) if column in own.rows[0])]
    connection.execute(
        f"insert into factors.layer_{own.table} (layer, {', '.join(names)}) "
        f"select ?, {', '.join('nullif(unnest(?::varchar[]), ?)' for _ in names)}",
        [label, *(item for column in names for item in ([row[column] for row in own.rows], ""))],
    )
    connection.execute(
        "insert into factors.layer values (?, ?, ?, ?, ?, ?, ?)",
        [name, int(label.partition("@")[2]), own.table, own.file, own.sha256, len(own.rows), now],
    )
    return _stored(own, label, "stored, not in force")


def _stored(own: OwnFactors, label: str, outcome: str) -> Table:
    columns = ("layer", "table", "rows", "file", "sha256", "outcome")
    rows = [(label, own.table, len(own.rows), own.file, own.sha256, outcome)]
    note = f"`wattledger factors use {shipped().label}+{label}` puts it in force"
    return Table("imported", "Own factors", columns, rows, [note])


def layer_list(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return every version of every layer, and which are in force."""
    result = connection.execute(sql("layer_list"))
    columns = [column[0] for column in result.description or ()]
    return Table("layers", "Layers of own factors", columns, result.fetchall())


def resolve(connection: duckdb.DuckDBPyConnection, text: str, may_exchange: bool = False) -> str:
    """Return the full label of a set that this warehouse holds; a layer without version is its newest.

    ``may_exchange`` also takes the set that this program brings.
    Raises ConfigError where the set or a layer is not there.
    """
    core, *parts = text.split("+")
    held = _held(connection)
    if core != held and (core != shipped().label or not may_exchange):
        brings = "" if held == shipped().label else f", and this program brings {shipped().label}"
        raise ConfigError(f"There is no factor set {core!r} in this warehouse; it holds {held}{brings}. {_how(held)}")
    labels = [_shipped_layer(connection, part, may_exchange) or _layer(connection, part, core) for part in parts]
    names = [label.partition("@")[0] for label in labels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{text!r} names {', '.join(twice)} twice: one version of a layer is in force at a time.")
    return "+".join([core, *labels])


def put_in_force(connection: duckdb.DuckDBPyConnection, label: str) -> None:
    """Record a resolved label as the set in force, inside the caller's transaction; rates are the caller's.

    Where the warehouse holds another version of the set itself, this program's takes its place.
    """
    if core_of(label) != _held(connection):
        exchange(connection)
    if brought().label in label.split("+"):
        install(connection)
    connection.execute("update core.setting set value = ? where key = ?", [label, SETTING])


def idle_rows(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say of each layer in force how many of its rows stand behind no figure of this warehouse."""
    rows = connection.execute(sql("layer_idle")).fetchall()
    return [
        f"{layer}: {idle} of {count} rows stand behind no figure of this warehouse"
        for layer, count, idle in rows
        if idle
    ]


def _held(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute("select value from core.setting where key = ?", [SETTING]).fetchall()
    return core_of(rows[0][0])


def _how(held: str) -> str:
    return f"Write {held}, and +NAME for each layer over it, e.g. {held}+acme."


def _shipped_layer(connection: duckdb.DuckDBPyConnection, part: str, may_install: bool) -> str | None:
    """Return the label of the share-alike set where ``part`` names it, None for a layer of the user's own."""
    ours = brought()
    if part.partition("@")[0] != ours.name:
        return None
    if part not in (ours.name, ours.label):
        raise ConfigError(f"There is no {part!r}; this program brings {ours.label}.")
    if not may_install and not is_installed(connection):
        raise ConfigError(f"{ours.label} is not in this warehouse. `wattledger factors use` brings it in.")
    return ours.label


def _layer(connection: duckdb.DuckDBPyConnection, part: str, held: str) -> str:
    found = _PART.fullmatch(part)
    if found is None:
        raise ConfigError(f"{part!r} is no layer. {_how(held)}")
    versions: Sequence[tuple[int]] = connection.execute(
        "select version from factors.layer where name = ? order by version", [found["name"]]
    ).fetchall()
    if not versions:
        names = [row[0] for row in connection.execute("select distinct name from factors.layer order by 1").fetchall()]
        near = difflib.get_close_matches(found["name"], names, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        there = f"There are: {', '.join(names)}." if names else "`wattledger factors import` stores one."
        raise ConfigError(f"There is no layer {found['name']!r}. {hint}{there}")
    version = found["version"] or str(versions[-1][0])
    if version not in {str(known) for (known,) in versions}:
        raise ConfigError(f"Layer {found['name']!r} has no version {version}; its newest is {versions[-1][0]}.")
    return f"{found['name']}@{version}"
