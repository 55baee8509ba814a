"""The rate cards of the lanes: filled when asked for, kept current from then on.

A lane's data files are loaded as temporary tables LANE_FILE, those of all lanes as lane_FILE; lane_wanted and
lane_billed say what is to be rated. A lane's steps are made one after the other as LANE_STEP; the last one, `rate`,
goes into core.rate and core.lane_input. A step may read steps of the default model, too (`_BORROWED`), and those of
another lane.
"""

import hashlib
import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import duckdb

from models.resources import make
from warehouse.status import set_setting, setting

DIFFERENCES = "differences.csv"
_SETTING = "lane "  # a filled lane's key of core.setting, before its name; its value is the digest it was made with
# What a lane may take from models/sql, in the order of their making.
_BORROWED = ("machine_found", "machine_input", "coefficient_rate")
_OPTIONAL = {"quality": "tinyint", "inputs": "json"}  # columns that a step `rate` may leave out
_RATE = "rate"  # the last step of a lane
_MODEL, _FACTOR_SET = "model", "factor_set"


@cache
def lanes() -> tuple[str, ...]:
    """Return the names of the lanes that this program has."""
    return tuple(sorted(entry.name for entry in _room().iterdir() if _steps(entry)))


def filled(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the lanes that are kept current: those that were asked for once, and the one in force."""
    rows = connection.execute("select key from core.setting where starts_with(key, ?)", [_SETTING]).fetchall()
    kept = {key.removeprefix(_SETTING) for (key,) in rows} | {setting(connection, _MODEL)}
    return tuple(name for name in lanes() if name in kept)


def stale(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the filled lanes that were made with other data files or formulas than this program's."""
    return tuple(name for name in filled(connection) if setting(connection, _SETTING + name) != _digest(name))


def keep(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Record that a lane is filled with this program's files, and to be kept current."""
    set_setting(connection, _SETTING + name, _digest(name))


def remake(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the card of one lane again, inside the caller's transaction; classes and sites stay as they are."""
    forget(connection, name)
    keep(connection, name)
    _fill(connection, name)


def forget(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove the rates of a lane under the factor set in force."""
    for table in ("core.rate", "core.lane_input"):
        connection.execute(
            f"delete from {table} where model = ? and factor_set = ?",  # noqa: S608
            [name, setting(connection, _FACTOR_SET)],
        )


def fill_missing(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate in every filled lane what its card lacks, inside the caller's transaction."""
    for name in filled(connection):
        _fill(connection, name)


def _fill(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    parameters = {_MODEL: name, _FACTOR_SET: setting(connection, _FACTOR_SET)}
    connection.execute(f"create or replace temp table lane_wanted as {_text('wanted.sql')}", parameters)
    made = ["lane_wanted"]
    if connection.execute("select 1 from temp.lane_wanted limit 1").fetchall():
        connection.execute(
            f"create or replace temp table lane_billed as {_text('billed.sql')}", {_FACTOR_SET: parameters[_FACTOR_SET]}
        )
        made += ["lane_billed", *_make_steps(connection, name)]
        connection.execute(
            "delete from core.lane_input where (model, sku_id, charge_month) in "
            "(select ($model, sku_id, charge_month) from temp.lane_wanted) and factor_set = $factor_set",
            parameters,
        )
        for column, kind in _OPTIONAL.items():
            connection.execute(f"alter table temp.{name}_rate add column if not exists {column} {kind}")
        for statement in ("insert_rate.sql", "insert_input.sql"):
            connection.execute(_text(statement).replace("/* rate */", f"temp.{name}_rate"), parameters)
    for table in made:
        connection.execute(f"drop table temp.{table}")


def _make_steps(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Make everything that leads to the lane's rates; return the temporary tables."""
    made = []
    used = (*_lenders(name), name)
    data = [("lane", _room()), *((lane, _room() / lane) for lane in used)]
    for prefix, file in [(prefix, file) for prefix, folder in data for file in _files(folder, ".csv")]:
        if file.name == DIFFERENCES:
            continue
        made.append(f"{prefix}_{file.name.removesuffix('.csv')}")
        with resources.as_file(file) as path:
            connection.execute(
                f"create or replace temp table {made[-1]} as "
                "from read_csv($path, header = true, delim = ',', quote = '\"', nullstr = '', sample_size = -1)",
                {"path": str(path)},
            )
    texts = {
        f"{lane}_{step}": file.read_text(encoding="utf-8")
        for lane in used
        for step, file in _steps(_room() / lane)
        if lane == name or step != _RATE
    }
    borrowed = [step for step in _BORROWED if any(re.search(rf"\b{step}\b", text) for text in texts.values())]
    if borrowed:
        connection.execute(
            "create or replace temp table wanted as "
            "select $model as model, $factor_set as factor_set, sku_id, charge_month from temp.lane_wanted",
            {_MODEL: name, _FACTOR_SET: setting(connection, _FACTOR_SET)},
        )
        made.append("wanted")
        for step in _BORROWED[: _BORROWED.index(borrowed[-1]) + 1]:
            make(connection, step)
            made.append(step)
    for table, text in texts.items():
        connection.execute(f"create or replace temp table {table} as {text}")
        made.append(table)
    return made


def _room() -> Traversable:
    return resources.files("models") / "lanes"


def _text(name: str) -> str:
    return (_room() / name).read_text(encoding="utf-8")


def _files(folder: Traversable, suffix: str) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted((file for file in folder.iterdir() if file.name.endswith(suffix)), key=lambda file: file.name)


def _steps(folder: Traversable) -> list[tuple[str, Traversable]]:
    """The lane's steps in their order, each by its name: 20_host_power.sql is host_power."""
    return [(file.name.removesuffix(".sql").partition("_")[2], file) for file in _files(folder, ".sql")]


def _lenders(name: str) -> tuple[str, ...]:
    """Return the other lanes whose steps this one reads."""
    texts = [file.read_text(encoding="utf-8") for _, file in _steps(_room() / name)]
    return tuple(
        lane
        for lane in lanes()
        if lane != name
        and any(re.search(rf"\b{lane}_{step}\b", text) for step, _ in _steps(_room() / lane) for text in texts)
    )


def _digest(name: str) -> str:
    """Return the SHA-256 over a lane's data and formulas, those it reads of other lanes, and what inserts them."""
    folders = (_room(), *(_room() / lane for lane in (*_lenders(name), name)))
    files = [file for folder in folders for kind in (".csv", ".sql") for file in _files(folder, kind)]
    texts = (f"{file.name}\0{file.read_text(encoding='utf-8')}\0" for file in files if file.name != DIFFERENCES)
    return hashlib.sha256("".join(texts).encode()).hexdigest()
