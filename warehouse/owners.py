"""The owner rules that a warehouse holds, as the configuration last said them. Views read them: no figure is stored."""

import duckdb

from warehouse.status import set_setting, setting
from warehouse.transaction import transaction
from wattledger.owner_rules import OwnerRules

SETTING = "owners"
_TABLES = ("core.owner_rule", "core.owner_shared", "core.owner_name", "core.owner_split")


def are_in_force(connection: duckdb.DuckDBPyConnection, rules: OwnerRules) -> bool:
    """Whether the warehouse holds these rules."""
    return (setting(connection, SETTING) or "") == rules.mark


def put_in_force(connection: duckdb.DuckDBPyConnection, rules: OwnerRules) -> None:
    """Write the rules in place of those that the warehouse holds."""
    if are_in_force(connection, rules):
        return
    with transaction(connection):
        for table in _TABLES:
            connection.execute(f"delete from {table}")  # noqa: S608
        for place, (name, sources) in enumerate(rules.dimensions.items()):
            for position, rule in enumerate(sources):
                connection.execute(
                    "insert into core.owner_rule values (?, ?, ?, ?, ?, ?)",
                    [name, place, position, rule.text, rule.kind, rule.tag],
                )
        for rule in rules.shared:
            connection.execute(
                "insert into core.owner_shared values (?, ?, ?, ?)", [rule.text, rule.kind, rule.tag, rule.pattern]
            )
        for value, owner in sorted(rules.names.items()):
            connection.execute("insert into core.owner_name values (?, ?)", [value, owner])
        if rules.basis is not None:
            shares: list[tuple[str | None, float | None]] = [(None, None)]
            shares += sorted(rules.shares.items())
            for owner_or_none, share in shares:
                connection.execute("insert into core.owner_split values (?, ?, ?)", [owner_or_none, rules.basis, share])
        set_setting(connection, SETTING, rules.mark)


def dimensions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the dimensions of the rules in force, the one that reports show first."""
    rows = connection.execute(
        "select dimension from core.owner_rule group by dimension order by min(dimension_position)"
    ).fetchall()
    return [row[0] for row in rows]
