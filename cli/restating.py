"""What changes rates that are there already: other factors, switches or rules. Each leaves a restatement."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from models import rates
from models.resources import METHOD, method_digest
from reconcile.provider import reconcile_provider
from reconcile.runs import reconcile_runs
from warehouse.database import utc_now
from warehouse.history import restated
from warehouse.status import set_setting, setting
from warehouse.sync import Say
from warehouse.transaction import transaction
from wattledger.config import Config


def reconcile_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold model, provider and trackers against each other, inside the caller's transaction."""
    reconcile_provider(connection)
    reconcile_runs(connection)


@contextmanager
def restating(connection: duckdb.DuckDBPyConnection, cause: str, now: datetime) -> Iterator[None]:
    """Leave what the block changes in the rates as a restatement, and reconcile with them, in one transaction."""
    with transaction(connection):
        with restated(connection, cause, now):
            yield
        reconcile_all(connection)


def remake_rates(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the card again with the switches and method in force; what that changes is left as a restatement."""
    with restating(connection, METHOD, utc_now()):
        rates.remake(connection)


def follow_method(connection: duckdb.DuckDBPyConnection, config: Config, say: Say) -> bool:
    """Make the card again where other switches of [estimate], or other rules and formulas, made it; return whether."""
    wanted = {**config.switches, METHOD: method_digest()}
    changed = {name: value for name, value in wanted.items() if setting(connection, name) != value}
    if not changed:
        return False
    is_rated = bool(connection.execute("select 1 from core.rate limit 1").fetchall())
    with restating(connection, METHOD, utc_now()):
        for name, value in changed.items():
            set_setting(connection, name, value)
        rates.remake(connection)
    if is_rated:
        said = [f"{name} = {value}" for name, value in changed.items() if name != METHOD]
        if METHOD in changed:
            said.append("rules or formulas of another version")
        what = ", ".join(said)
        say(f"{what}: all rates were made again. `wattledger report restatements` shows what changed.")
    return True
