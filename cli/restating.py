"""What changes rates that are there already: other factors, switches or rules. Each leaves a restatement."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb

from models import rates
from models.lanes import card
from models.resources import METHOD, method_digest
from reconcile.provider import reconcile_provider
from reconcile.runs import reconcile_runs
from warehouse.database import utc_now
from warehouse.history import restated
from warehouse.status import MODEL, set_setting, setting
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


def remake_lanes(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Make the cards of lanes again; only that of the model in force can leave a restatement."""
    is_in_force = setting(connection, MODEL) in names
    with restating(connection, METHOD, utc_now()) if is_in_force else transaction(connection):
        for name in names:
            card.remake(connection, name)


def follow_method(connection: duckdb.DuckDBPyConnection, config: Config, say: Say) -> bool:
    """Make the rates again where another model or switch of [estimate], or other rules and formulas, made them.

    Return whether all were. Of lanes whose own files changed each is made again for itself.
    """
    wanted = {MODEL: config.model, **config.switches, METHOD: method_digest()}
    changed = {name: value for name, value in wanted.items() if setting(connection, name) != value}
    if not changed:
        if stale := card.stale(connection):
            remake_lanes(connection, stale)
            say(f"{', '.join(stale)}: formulas or data of another version: made again.")
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
