"""Every error the program raises on purpose: what, where, the next step.

The command line prints these without a traceback. Anything else is a bug and keeps its traceback.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes are an interface; when several apply, the order of precedence is 2, 5, 1, 4, 3, 6."""

    OK = 0
    FAILURE = 1  # nothing current
    USAGE = 2  # usage or configuration
    PARTIAL = 3  # something failed or was refused, something is current
    GATE = 4  # an audit, tolerance or coverage gate failed
    LOCKED = 5  # another run holds the warehouse
    STALE = 6  # data older than asked for


PRECEDENCE = (Exit.USAGE, Exit.LOCKED, Exit.FAILURE, Exit.GATE, Exit.PARTIAL, Exit.STALE)


def worst(codes: list[Exit]) -> Exit:
    """Return the exit code that stands for several, by precedence."""
    return next((code for code in PRECEDENCE if code in codes), Exit.OK)


class WattledgerError(Exception):
    """The base of all errors on purpose."""

    exit_code = Exit.FAILURE


class ConfigError(WattledgerError):
    """The configuration or the command line asks for something that cannot be."""

    exit_code = Exit.USAGE


class BrokenInputError(WattledgerError):
    """Foreign bytes that cannot be trusted: truncated, wrong CRC, not what they claim, a required column missing.

    The message names the file and the next step. The unit is refused whole.
    """

    exit_code = Exit.PARTIAL


class UnsettledInputError(BrokenInputError):
    """A unit refused for now: its bytes may be taken at the next run, so they are tried again.

    The reader was killed, or what stands in the way is another unit and not these bytes.
    """


class WarehouseError(WattledgerError):
    """The warehouse cannot be opened or written: newer than the program, disk full, not a warehouse."""


class LockedError(WattledgerError):
    """Another process holds the warehouse."""

    exit_code = Exit.LOCKED
