"""What a rebuilt warehouse owes the one it replaces: every unit in force, and the history of its figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.database import first_line, utc_now
from warehouse.history import sums
from warehouse.intake import newly_hashed
from warehouse.transaction import transaction
from wattledger.errors import WarehouseError
from wattledger.privacy import Privacy

_SHOWN = 3
LAYER_TABLES = (
    "layer_site_metric",
    "layer_grid_intensity",
    "layer_coefficient",
    "layer_instance",
    "layer_electricity_price",
)


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, old: Path) -> Iterator[None]:
    location = str(old).replace("'", "''")
    try:
        connection.execute(f"attach '{location}' as old (read_only)")
    except duckdb.Error as error:
        raise WarehouseError(
            f"{old} cannot be read ({first_line(error)}), so what it remembers cannot be taken over. "
            "To begin anew without its history, move it away and run `wattledger sync`."
        ) from error
    try:
        yield
    finally:
        connection.execute("detach old")


def refuse_losses(connection: duckdb.DuckDBPyConnection, old: Path) -> None:
    """Raise WarehouseError when the old file has rows of a unit that the open, new one could not read again."""
    with _attached(connection, old):
        lost = connection.execute(
            "select o.source || ': ' || o.scope || coalesce(' (' || n.refused_reason || ')', '') "
            "from old.core.unit as o left join core.unit as n on n.unit_id = o.unit_id where o.row_count > 0 "
            "and coalesce(n.status, '') not in ('loaded', 'delivered_empty', 'shadowed') order by o.source, o.scope"
        ).fetchall()
    if lost:
        shown = "; ".join(row[0] for row in lost[:_SHOWN]) + ("; ..." if len(lost) > _SHOWN else "")
        raise WarehouseError(
            f"{len(lost)} units of {old} cannot be read from their sources any more: {shown}. {old} stays as it was. "
            "Bring them back and run `wattledger rebuild` again; to begin anew without them, move the file away "
            "and run `wattledger sync`."
        )


def carry_layers(connection: duckdb.DuckDBPyConnection, old: Path) -> None:
    """Take over the old file's layers of own factors, and put over the new file's set those that were in force."""
    with _attached(connection, old), transaction(connection):
        for table in ("layer", *LAYER_TABLES, "grid_marginal"):
            connection.execute(f"insert into factors.{table} by name select * from old.factors.{table}")  # noqa: S608
        connection.execute(
            "insert into factors.factor_set by name select * from old.factors.factor_set "
            "where name not in (select name from factors.factor_set)"
        )
        connection.execute(
            "update core.setting as n set value = n.value || regexp_replace(o.value, '^[^+]*', '') "
            "from old.core.setting as o where o.key = n.key and n.key = 'factor_set'"
        )


def carry_history(connection: duckdb.DuckDBPyConnection, old: Path, privacy: Privacy) -> None:
    """Take over what the old file remembers of replaced generations, in one transaction.

    A unit whose content is another than the one in the old file replaces that one: it leaves its sums, too.
    """
    ours = connection.execute("select current_database()").fetchall()[0][0]
    with _attached(connection, old):
        try:
            with transaction(connection):
                connection.execute("insert into core.generation_sum by name select * from old.core.generation_sum")
                connection.execute(
                    "update core.unit as n "
                    "set generation = o.generation + (n.digest is distinct from o.digest)::integer, "
                    "first_loaded_at = o.first_loaded_at "
                    "from old.core.unit as o where o.unit_id = n.unit_id and o.generation > 0"
                )
                replaced = connection.execute(
                    "select o.unit_id from old.core.unit as o inner join core.unit as n on n.unit_id = o.unit_id "
                    "where o.generation > 0 and o.digest is distinct from n.digest order by 1"
                ).fetchall()
                connection.execute("use old")
                connection.execute(
                    f'insert into "{ours}".core.generation_sum by name {sums("list_contains($replaced, unit_id)")}',
                    {"replaced": [row[0] for row in replaced], "recorded_at": utc_now(), "cause": "activity"},
                )
                for column in newly_hashed(connection, "old.core.setting", privacy):
                    connection.execute(f'update "{ours}".core.generation_sum set {column} = hashed({column})')  # noqa: S608
        finally:
            connection.execute(f'use "{ours}"')
