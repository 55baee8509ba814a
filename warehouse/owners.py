"""The owner rules that a warehouse holds, as the configuration last said them. Views read them: no figure is stored."""

from dataclasses import replace

import duckdb

from warehouse.status import set_setting, setting
from warehouse.transaction import transaction
from wattledger.owner_rules import OwnerRules, Rule
from wattledger.privacy import Privacy

SETTING = "owners"
_TABLES = ("core.owner_rule", "core.owner_shared", "core.owner_name", "core.owner_split")


def are_in_force(connection: duckdb.DuckDBPyConnection, rules: OwnerRules, privacy: Privacy) -> bool:
    """Whether the warehouse holds these rules, as they are with these columns hashed."""
    return (setting(connection, SETTING) or "") == _mark(rules, privacy)


def _mark(rules: OwnerRules, privacy: Privacy) -> str:
    return " ".join([rules.mark, *sorted(privacy.columns)]) if rules.mark else ""


def put_in_force(connection: duckdb.DuckDBPyConnection, rules: OwnerRules, privacy: Privacy) -> None:
    """Write the rules in place of those that the warehouse holds; what looks at hashed values is hashed alike.

    Raises ConfigError for a glob over hashed values.
    """
    if are_in_force(connection, rules, privacy):
        return
    hidden = _as_hashed(rules, privacy)
    with transaction(connection):
        for table in _TABLES:
            connection.execute(f"delete from {table}")  # noqa: S608
        for place, (name, sources) in enumerate(hidden.dimensions.items()):
            for position, rule in enumerate(sources):
                connection.execute(
                    "insert into core.owner_rule values (?, ?, ?, ?, ?, ?)",
                    [name, place, position, rule.text, rule.kind, rule.tag],
                )
        for rule in hidden.shared:
            connection.execute(
                "insert into core.owner_shared values (?, ?, ?, ?)", [rule.text, rule.kind, rule.tag, rule.pattern]
            )
        for value, owner in sorted(hidden.names.items()):
            connection.execute("insert into core.owner_name values (?, ?)", [value, owner])
        if hidden.basis is not None:
            shares: list[tuple[str | None, float | None]] = [(None, None)]
            shares += sorted(hidden.shares.items())
            for owner_or_none, share in shares:
                connection.execute(
                    "insert into core.owner_split values (?, ?, ?)", [owner_or_none, hidden.basis, share]
                )
        set_setting(connection, SETTING, _mark(rules, privacy))


def _as_hashed(rules: OwnerRules, privacy: Privacy) -> OwnerRules:
    """The rules with hashes where they look at hashed values.

    A name may be that of a value of any rule: it is kept plain only while some rule looks at plain values.
    """
    looked_at = [_is_hidden(rule, privacy) for sources in rules.dimensions.values() for rule in sources]
    names = {value: owner for value, owner in rules.names.items() if not all(looked_at)}
    if any(looked_at):
        names |= {privacy.hashed(value): owner for value, owner in rules.names.items()}
    return replace(rules, shared=[_hashed_condition(rule, privacy) for rule in rules.shared], names=names)


def _hashed_condition(rule: Rule, privacy: Privacy) -> Rule:
    if not _is_hidden(rule, privacy) or rule.pattern is None:
        return rule
    pattern = privacy.hashed_glob(rule.pattern, f"[owners] shared, {rule.text!r}")
    return replace(rule, pattern=pattern, text=f"{rule.text.removesuffix(rule.pattern)}{pattern}")


def _is_hidden(rule: Rule, privacy: Privacy) -> bool:
    if rule.tag is not None:
        return privacy.hides_tag(rule.tag)
    return ("billing_account_id" if rule.kind == "payer" else "sub_account_id") in privacy.columns


def dimensions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the dimensions of the rules in force, the one that reports show first."""
    rows = connection.execute(
        "select dimension from core.owner_rule group by dimension order by min(dimension_position)"
    ).fetchall()
    return [row[0] for row in rows]
