"""Between what a source delivered and what is loaded: lines left out by include and exclude, and columns hashed.

Both are SQL over the staged file. `temp.delivered` is all of it; `temp.staged` what of it is loaded, as it is loaded.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from warehouse.status import set_setting, setting
from wattledger.errors import BrokenInputError, ConfigError
from wattledger.privacy import Privacy, pads
from wattledger.selection import FIELDS, Selection

SETTING = "privacy"
# What the fields of a selection look at, in the tables whose rows can be selected.
_LOOKS_AT: Mapping[str, Mapping[str, Sequence[str]]] = {
    "usage": {
        "account": ("sub_account_id", "sub_account_name"),
        "service": ("service_name", "service_code"),
        "region": ("region_id",),
    },
    "provider_footprint": {"account": ("sub_account_id",), "service": ("service_name",), "region": ("region_id",)},
}
# Staged columns that hold, or may repeat, what a column of [privacy] names; by table.
_HOLDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "resource_id": {
        "usage": ("resource_id", "provider_line_id"),
        "utilization": ("resource_id",),
        "tracker_run": ("resource_id", "project_name", "task_name"),
    },
    "sub_account_id": {
        "usage": ("sub_account_id",),
        "provider_footprint": ("sub_account_id",),
        "account": ("account_id", "parent_id"),
    },
    "billing_account_id": {"usage": ("billing_account_id",), "provider_footprint": ("billing_account_id",)},
    "provider_line_id": {"usage": ("provider_line_id",)},
    "tags": {"tracker_run": ("project_name", "task_name")},  # tags themselves are hashed value by value
}
# Names that would tell what the hash hides.
_TELLS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "sub_account_id": {"usage": ("sub_account_name",), "account": ("account_name", "path")}
}
_TAGGED = ("usage", "tracker_run")


@dataclass(frozen=True)
class Intake:
    """What is done to the rows of one source before they are loaded."""

    selection: Selection = field(default_factory=Selection)
    privacy: Privacy = field(default_factory=Privacy)

    @cached_property
    def mark(self) -> str:
        """A text that is another for another selection of lines; empty where all are read."""
        return self.selection.mark(self.privacy.read_key() if self.privacy.columns else b"") if self.selection else ""

    def keeps(self, table: str) -> str:
        """Return the SQL condition of the rows that are loaded."""
        parts = []
        for name in FIELDS if self.selection else ():
            columns = _LOOKS_AT[table][name]
            if globs := self.selection.globs("include", name):
                parts.append(_fits(columns, globs))
            if globs := self.selection.globs("exclude", name):
                parts.append(f"not {_fits(columns, globs)}")
        return " and ".join(parts) or "true"

    def fitting(self, connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
        """Return the globs that some delivered row fits."""
        globs = self.selection.all_globs
        if not globs:
            return set()
        tests = []
        for glob in globs:
            name, _, pattern = glob.partition(":")
            tests.append(f"coalesce(bool_or({_fits(_LOOKS_AT[table][name], [pattern.lower()])}), false)")
        found = connection.execute(f"select {', '.join(tests)} from temp.delivered").fetchall()[0]  # noqa: S608
        return {glob for glob, fits in zip(globs, found, strict=True) if fits}

    def as_loaded(self, table: str) -> str:
        """Return the select list that hashes what is to be hashed; `use_key` must have been called."""
        named = self.privacy.columns
        changed = {
            column: f"{_how(column)}({column})"
            for name in named
            for column in _HOLDS["tags" if name.startswith("tags") else name].get(table, ())
        }
        changed |= {column: "null::varchar" for name in named for column in _TELLS.get(name, {}).get(table, ())}
        if table in _TAGGED and any(name.startswith("tags") for name in named):
            changed["tags"] = self._tags()
        if table == "usage" and "resource_id" in named:
            update = "struct_update(split, parent_resource_id := hashed_resource(split.parent_resource_id))"
            changed["split"] = f"case when split is not null then {update} end"
        for column, is_hidden in self.hashed_globs(table).items():
            changed[column] = f"case when {is_hidden} and {column} <> '*' then hashed({column}) else {column} end"
        replaced = ", ".join(f"{text} as {column}" for column, text in changed.items())
        return f"* replace ({replaced})" if changed else "*"

    def _is_hidden_tag(self, key: str) -> str:
        """Return the SQL condition that the values of a tag are hashed, as `Privacy.hides_tag` has it."""
        if "tags" in self.privacy.columns:
            return "true"
        keys = ", ".join(_quoted(tag) for tag in self.privacy.tags)
        return f"regexp_replace(lower({key}), '^user[:_]', '') in ({keys})" if keys else "false"

    def hashed_globs(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table that hold globs over what is hashed, and the SQL condition under which."""
        if table != "business_metric" or not self.privacy.columns:
            return {}
        is_account = "true" if "sub_account_id" in self.privacy.columns else "false"
        return {"account": is_account, "tag_value": self._is_hidden_tag("tag_key")}

    def _tags(self) -> str:
        value = f"case when {self._is_hidden_tag('e.key')} then hashed(e.value) else e.value end"
        entries = f"list_transform(map_entries(tags), lambda e: {{'key': e.key, 'value': {value}}})"
        return f"case when tags is not null then map_from_entries({entries}) end"


def _how(column: str) -> str:
    return "hashed_resource" if column == "resource_id" else "hashed"


def _fits(columns: Sequence[str], globs: Sequence[str]) -> str:
    tests = [f"lower(coalesce({column}, '')) glob {_quoted(glob)}" for column in columns for glob in globs]
    return f"({' or '.join(tests)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def use_key(connection: duckdb.DuckDBPyConnection, privacy: Privacy) -> None:
    """Make the hash of this session: HMAC-SHA-256, of which the first 128 bits are kept as text.

    The end of an ARN or a path is hashed by itself, as a tracker may know that alone.
    """
    if not privacy.columns:
        return
    inner, outer = pads(privacy.read_key())
    connection.execute("set variable hash_inner = ?::blob", [inner])
    connection.execute("set variable hash_outer = ?::blob", [outer])
    connection.execute(
        "create or replace temp macro hashed(x) as case when trim(x) = '' then x else "
        "sha256(getvariable('hash_outer') || unhex(sha256(getvariable('hash_inner') || encode(x))))[:32] end"
    )
    connection.execute(
        "create or replace temp macro hashed_resource(x) as case when regexp_matches(x, '[/:]') "
        "then hashed(x) || '/' || hashed(regexp_extract(x, '[^/:]*$')) else hashed(x) end"
    )


def refuse_hashed_globs(connection: duckdb.DuckDBPyConnection, label: str, intake: Intake, table: str) -> None:
    """Raise BrokenInputError for a row whose glob is over what is hashed: which values it fits cannot be seen."""
    for column, is_hidden in intake.hashed_globs(table).items():
        rows = connection.execute(
            "select file_row_number + 1 from temp.delivered "  # noqa: S608
            f"where {is_hidden} and {column} <> '*' and regexp_matches({column}, '[*?\\[]') order by 1 limit 1"
        ).fetchall()
        if rows:
            raise BrokenInputError(
                f"{label}: row {rows[0][0]} has a glob in {column}, whose values [privacy] hashes, and a hash does not "
                "tell which values it fits. Nothing of this unit was loaded. Write whole values, or `*` for any."
            )


def note_left_out(
    connection: duckdb.DuckDBPyConnection, unit_id: int, rows: int, intake: Intake, table: str
) -> list[str]:
    """Write down what of a bill was left out, and return what to say of it."""
    if not rows:
        return []
    if table != "usage":
        return [f"left out by include and exclude: {rows} rows"]
    connection.execute(
        "insert into core.left_out select ?::bigint, service_name, billing_month, billing_currency, count(*), "  # noqa: S608
        "sum(billed_cost)::decimal(38, 12), sum(effective_cost)::decimal(38, 12) "
        f"from temp.delivered where not ({intake.keeps(table)}) group by all order by all",
        [unit_id],
    )
    costs = connection.execute(
        "select sum(billed_cost)::decimal(38, 2), billing_currency from core.left_out "
        "where unit_id = ? and billed_cost is not null group by billing_currency order by billing_currency",
        [unit_id],
    ).fetchall()
    said = "".join(f", {cost} {currency or ''}".rstrip() for cost, currency in costs)
    return [f"left out by include and exclude: {rows} lines{said}"]


def check_privacy(connection: duckdb.DuckDBPyConnection, privacy: Privacy) -> None:
    """Hold what is hashed against what the warehouse holds, and record it while that is nothing.

    Raises ConfigError for other columns or another key: hashed and plain values of one thing would stand side by side.
    """
    wanted = privacy.mark(privacy.read_key()) if privacy.columns else ""
    found = setting(connection, SETTING) or ""
    if found == wanted:
        return
    if connection.execute("select 1 from core.unit where row_count > 0 limit 1").fetchall():
        what = "another key or other columns" if found and wanted else "columns" if wanted else "no columns"
        raise ConfigError(
            f"[privacy] hashes {what} now, and the warehouse was filled otherwise: the two do not fit together. "
            "Run `wattledger rebuild`, which reads the sources again, or set [privacy] as it was."
        )
    set_setting(connection, SETTING, wanted)


def newly_hashed(connection: duckdb.DuckDBPyConnection, settings: str, privacy: Privacy) -> Sequence[str]:
    """Return the columns of accounts that a warehouse with these settings holds otherwise than this one hashes them."""
    rows = connection.execute(f"select value from {settings} where key = ?", [SETTING]).fetchall()  # noqa: S608
    before, key_before = json.loads(rows[0][0]) if rows and rows[0][0] else ([], None)
    wanted = [column for column in ("billing_account_id", "sub_account_id") if column in privacy.columns]
    if not wanted or json.loads(privacy.mark(privacy.read_key()))[1] != key_before:
        return wanted
    return [column for column in wanted if column not in before]
