"""One transaction: all of it or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did; undo all of it when the block or the commit fails."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        # A commit that failed has rolled back already, and a broken database cannot: the first error is the one to
        # tell.
        with suppress(duckdb.Error):
            connection.rollback()
        raise
