"""Opening the warehouse for a command: its one writer, or a reader that the writer does not keep out."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import duckdb

from models import factor_set, rates
from warehouse import owners
from warehouse.database import migrations, open_for_reading, open_for_writing
from warehouse.status import MODEL, schema_version, set_setting, setting
from warehouse.sync import Say
from warehouse.views import has_these_views
from wattledger.config import Config
from wattledger.errors import LockedError, WarehouseError


def quiet(_: str) -> None:
    """Say nothing."""


def check_warehouse(config: Config) -> None:
    """Raise WarehouseError where there is none: a mistyped path must not leave an empty ledger behind."""
    if not config.warehouse_path.exists():
        raise WarehouseError(
            f"There is no warehouse at {config.warehouse_path}. Run `wattledger init` or `wattledger sync` first."
        )


@contextmanager
def writer(config: Config, is_replaced: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse as its one writer, with a factor set and a model in force.

    One that ``is_replaced`` by a rebuild opens with whatever content its factor set has.
    """
    check_model(config)
    before = os.umask(0o077)  # the file, its log and its spill hold account ids and tags
    try:
        with open_for_writing(config.warehouse_path, config.memory_limit, config.threads) as connection:
            factor_set.install(connection, is_replaced)
            if setting(connection, MODEL) is None:  # another one is put in force where rates are made
                set_setting(connection, MODEL, config.model)
            owners.put_in_force(connection, config.owners, config.privacy)
            yield connection
    finally:
        os.umask(before)


def check_model(config: Config) -> None:
    """Raise ConfigError where the configuration asks for a model that this release does not have."""
    rates.check_model(config.model, f"{config.path}: [estimate] model")


@contextmanager
def reader(config: Config, say: Say = quiet, locked_down: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read the warehouse; while a writer holds it, the last snapshot, and say so."""
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(open_for_reading(config.warehouse_path, locked_down))
        except LockedError as error:
            if not config.snapshot_path.exists():
                raise
            made = datetime.fromtimestamp(config.snapshot_path.stat().st_mtime, UTC)
            say(f"{error} Reading the snapshot of {made:%Y-%m-%d %H:%M} UTC meanwhile.")
            connection = stack.enter_context(open_for_reading(config.snapshot_path, locked_down))
        found, ours = schema_version(connection), migrations()[-1][0]
        if found < ours:
            raise WarehouseError(
                f"{config.warehouse_path} has schema {found}, and this program reads {ours}. "
                "Run `wattledger init` to bring it up to date (nothing is lost), then `wattledger publish`."
            )
        if not has_these_views(connection):
            raise WarehouseError(
                f"{config.warehouse_path} was last written by another version of wattledger, with other views. "
                "Run `wattledger init` to bring it up to date (nothing is lost), then `wattledger publish`."
            )
        yield connection
