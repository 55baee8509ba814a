"""Opening the warehouse: one writer under a kernel lock, or readers; migrations; refusals in words."""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from warehouse.transaction import transaction
from warehouse.views import create_views
from wattledger import __version__
from wattledger.errors import LockedError, WarehouseError

STORAGE_VERSION = "v1.5.0"  # so that readers on DuckDB 1.5 can open the file
# DuckDB may reach for the network to install an extension: never here.
_CLOSED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_OWNER_LOOKS, _OWNER_LOOK_S = 20, 0.05


def utc_now() -> datetime:
    """Return the time now, UTC and naive, as tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def migrations() -> list[tuple[int, str, str]]:
    """Return (version, name, SQL) of every migration, oldest first."""
    folder = resources.files("warehouse") / "migrations"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return [
        (int(entry.name[:4]), entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    ]


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the kernel lock of the warehouse at ``path``; LockedError names who holds it.

    The kernel frees the lock when its holder dies, so there is never a stale one.
    """
    lock = FileLock(f"{path}.lock", timeout=0, mode=0o600)
    owner = Path(f"{path}.lock.owner")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LockedError(f"{_describe_owner(owner)} holds {path}. Wait for it to end, then run again.") from None
    except OSError as error:
        raise WarehouseError(
            f"{path}: its folder cannot be written ({error.strerror}). Check who owns the folder, or name another file "
            "with --warehouse."
        ) from error
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # a courtesy to the next in line: a full disk is told by what really needs the room
            owner.write_text(json.dumps({"pid": os.getpid(), "started_at": started}), encoding="utf-8")
        yield
    finally:
        owner.unlink(missing_ok=True)  # while the lock is still ours: the next holder writes its own
        lock.release()


def _describe_owner(owner: Path) -> str:
    """Name the run that holds the lock; one that has just taken it has a moment to write its name."""
    for _ in range(_OWNER_LOOKS):
        with suppress(OSError, ValueError, KeyError, TypeError):
            facts = json.loads(owner.read_text(encoding="utf-8"))
            with suppress(PermissionError):  # alive, and another user's
                os.kill(int(facts["pid"]), 0)  # raises when it is gone: the name of an earlier holder
            return f"Another run (PID {int(facts['pid'])}, started {facts['started_at']})"
        time.sleep(_OWNER_LOOK_S)
    return "Another run"


@contextmanager
def open_for_writing(
    path: Path, memory_limit: str = "1500MB", threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse as its one writer, migrated to this program's schema. The lock is held meanwhile."""
    with writer_lock(path):
        settings = {
            **_CLOSED,
            "storage_compatibility_version": STORAGE_VERSION,
            "memory_limit": memory_limit,
            "temp_directory": f"{path}.tmp",
        }
        if threads:
            settings["threads"] = str(threads)
        is_new = not path.exists()
        connection = _connect(path, settings, read_only=False)
        try:
            if is_new:
                path.chmod(0o600)
            connection.execute("set TimeZone = 'UTC'")
            migrate(connection, path)
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise WarehouseError(
                f"{path}: needs more memory than {memory_limit} ({first_line(error)}). Nothing of this step was kept. "
                "Raise `memory_limit` under [warehouse]."
            ) from error
        except (duckdb.Error, OSError) as error:
            if isinstance(error, duckdb.IOException) or is_disk_full(error):
                raise _explain_io(path, error) from error
            raise
        finally:
            _close(connection)


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    # A full disk also stops the checkpoint at close. The log beside the file keeps what was committed.
    with suppress(duckdb.Error):
        connection.close()


@contextmanager
def open_for_reading(path: Path, locked_down: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse or a snapshot read-only.

    ``locked_down`` also refuses files, the network, attaching and settings: for queries people type.
    """
    if not path.exists():
        raise WarehouseError(f"There is no warehouse at {path}. Run `wattledger init` or `wattledger sync` first.")
    connection = _connect(path, dict(_CLOSED), read_only=True)
    try:
        _refuse_newer(connection, path)
        connection.execute("set TimeZone = 'UTC'")
        if locked_down:
            connection.execute("use ledger")  # so that `show tables` lists the views that are meant for it
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Apply the migrations the file lacks, each recorded in its own transaction; return their names."""
    _refuse_newer(connection, path)
    connection.execute("create schema if not exists ops")
    connection.execute(
        "create table if not exists ops.migration "
        "(version integer primary key, name varchar, program_version varchar, applied_at timestamp)"
    )
    done = {row[0] for row in connection.execute("select version from ops.migration").fetchall()}
    applied = []
    for version, name, text in migrations():
        if version in done:
            continue
        with transaction(connection):
            connection.execute(text)
            connection.execute("insert into ops.migration values (?, ?, ?, ?)", [version, name, __version__, utc_now()])
        applied.append(name)
    create_views(connection)
    return applied


def _refuse_newer(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    known = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'ops' and table_name = 'migration'"
    ).fetchall()[0][0]
    if not known:
        return
    rows = connection.execute(
        "select version, program_version from ops.migration order by version desc limit 1"
    ).fetchall()
    ours = migrations()[-1][0]
    if rows and rows[0][0] > ours:
        raise WarehouseError(
            f"{path} was written by a newer wattledger ({rows[0][1]}, schema {rows[0][0]}); this is {__version__}, "
            f"schema {ours}. Nothing was changed. Upgrade the program, or name another file with --warehouse."
        )


def _connect(path: Path, settings: dict[str, str], read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=dict(settings))
    except duckdb.IOException as error:
        raise _explain_io(path, error) from error
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened as a warehouse: {first_line(error)}") from error


def _explain_io(path: Path, error: Exception) -> WarehouseError | LockedError:
    text = str(error)
    if "onflicting lock" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"Another process (PID {holder.group(1)})" if holder else "Another process"
        return LockedError(
            f"{who} has {path} open. Close it, or let it read the published snapshot instead, then run again."
        )
    if is_disk_full(error):
        return WarehouseError(
            f"The disk that holds {path} is full ({free_mb(path):.0f} MB free). What was loaded before is intact. "
            "Make room, then run again."
        )
    if "not a valid DuckDB database" in text:
        return WarehouseError(f"{path} is not a wattledger warehouse. Name another file with --warehouse.")
    return WarehouseError(f"{path}: {first_line(error)}")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of DuckDB or of the system says that no space is left."""
    text = str(error).lower()
    return any(
        sign in text
        for sign in (
            "no space left",
            "not enough space",
            "could not write all bytes",
            "disk quota exceeded",
            "enospc",
            "file too large",
        )
    )


def free_mb(path: Path) -> float:
    """Return the free space of the disk that holds ``path``, in MB."""
    stat = os.statvfs(path.parent)
    return stat.f_bavail * stat.f_frsize / 1e6


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, without DuckDB's own prefix."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
