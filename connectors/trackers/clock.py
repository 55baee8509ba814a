"""Naive local stamps of tracker logs become UTC; every doubt about the hour is said."""

import difflib
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from wattledger.errors import ConfigError


def find_zone(name: str) -> tzinfo | None:
    """Return the IANA time zone ``name``, None if there is none of that name."""
    if name.upper() in ("UTC", "Z"):
        return UTC  # needs no time zone database on the machine
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found, a folder of the database, not a name at all
        return None


def require_zone(name: str, where: str) -> tzinfo:
    """Return the time zone ``name``; ConfigError that says ``where`` it was asked for and the nearest match."""
    zone = find_zone(name)
    if zone is not None:
        return zone
    known = available_timezones()
    if not known:
        raise ConfigError(
            f"{where}: this machine has no time zone database, so {name!r} cannot be read. "
            "Install the system package or the Python package `tzdata`, or use UTC."
        )
    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Use an IANA name such as 'Europe/Paris'."
    raise ConfigError(f"{where}: there is no time zone {name!r}. {hint}")


def to_utc(stamp: datetime, zone: tzinfo) -> tuple[datetime, str | None]:
    """Return ``stamp`` as naive UTC, and a flag where the local hour is doubtful.

    A stamp with an offset keeps it. A naive one is read in ``zone``: in an hour that happens twice (autumn)
    it is the first of the two, flag ``ambiguous_local_time``; in an hour that never was (spring) it is moved
    by the jump, flag ``nonexistent_local_time``.
    """
    if stamp.tzinfo is not None:
        return stamp.astimezone(UTC).replace(tzinfo=None), None
    first = stamp.replace(tzinfo=zone, fold=0)
    utc = first.astimezone(UTC)
    flag = None
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        exists = utc.astimezone(zone).replace(tzinfo=None) == stamp
        flag = "ambiguous_local_time" if exists else "nonexistent_local_time"
    return utc.replace(tzinfo=None), flag


def start_of(ended_at: datetime, duration_s: float) -> datetime:
    """Return the start in UTC, ``duration_s`` seconds before the end. OverflowError outside the calendar."""
    return ended_at - timedelta(seconds=duration_s)
