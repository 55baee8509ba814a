"""The factor set in force, and own factors in layers over it. A part of the composition root: see `cli.jobs`."""

from dataclasses import replace
from pathlib import Path

from cli.opening import quiet, reader, writer
from cli.restating import follow_method, restating
from models import factor_diff, factor_set, layers, own_factors, rates
from warehouse.database import utc_now
from warehouse.history import restatement
from warehouse.status import setting
from warehouse.sync import Say
from warehouse.transaction import transaction
from wattledger.config import Config
from wattledger.errors import Exit
from wattledger.tables import Table


def factors_list(config: Config, say: Say = quiet) -> list[Table]:
    """Return the factor set in force, file by file, and the layers of own factors."""
    with reader(config, say) as connection:
        return [factor_set.factor_list(connection), layers.layer_list(connection)]


def factors_show(config: Config, key: str, say: Say = quiet) -> Table:
    """Return the factor rows whose id starts with ``key``, with source and licence."""
    with reader(config, say) as connection:
        return factor_set.factor_show(connection, key)


def factors_validate(file: Path) -> tuple[Table, Exit]:
    """Return every problem of a CSV of own factors; 4 when there is one."""
    own = own_factors.read(file)
    return own.findings(), Exit.GATE if own.problems else Exit.OK


def factors_import(config: Config, file: Path, name: str) -> tuple[Table, Exit]:
    """Store a CSV of own factors as a layer; nothing of it, and 4, when it has a problem."""
    own = own_factors.read(file)
    if own.problems:
        return own.findings(), Exit.GATE
    with writer(config) as connection, transaction(connection):
        return layers.store(connection, own, name, utc_now()), Exit.OK


def factors_diff(config: Config, first: str, second: str | None, say: Say = quiet) -> tuple[Table, Exit]:
    """Return what sets two sets, or files of own factors, apart; of one alone: from the set in force to it."""
    given = [own_factors.read(Path(name)) if name.endswith(".csv") else name for name in (first, second) if name]
    for own in given:
        if not isinstance(own, str) and own.problems:
            return own.findings(), Exit.GATE
    with reader(config, say) as connection:
        if second is None:
            given.insert(0, factor_diff.set_in_force(connection))
        return factor_diff.factor_diff(connection, *given), Exit.OK


def factors_use(config: Config, wanted: str, say: Say = quiet) -> Table:
    """Put a factor set in force with its layers; what it changes is left as a restatement."""
    with writer(config) as connection:
        follow_method(connection, config, say)  # what the method changes is not laid to the factors
        now = utc_now()
        chosen = layers.resolve(connection, wanted, may_exchange=True)
        if chosen == setting(connection, factor_set.SETTING):
            say(f"{chosen} is in force already: nothing changed")
            return restatement(connection, now)
        with restating(connection, "factors", now):
            layers.put_in_force(connection, chosen)
            rates.remake(connection)
        notes = [f"in force: {chosen}", *layers.idle_rows(connection)]
        return replace(restatement(connection, now), notes=notes)
