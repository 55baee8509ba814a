"""What changes rates that are there already: other factors, other switches. Each leaves a restatement."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from models import rates
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


def follow_switches(connection: duckdb.DuckDBPyConnection, config: Config, say: Say) -> None:
    """Make the card again where [estimate] says other switches than those it was made with."""
    changed = {name: value for name, value in config.switches.items() if setting(connection, name) != value}
    if not changed:
        return
    is_rated = bool(connection.execute("select 1 from core.rate limit 1").fetchall())
    with restating(connection, "method", utc_now()):
        for name, value in changed.items():
            set_setting(connection, name, value)
        rates.remake(connection)
    if is_rated:
        said = ", ".join(f"{name} = {value}" for name, value in changed.items())
        say(f"{said}: all rates were made again. `wattledger report restatements` shows what changed.")
