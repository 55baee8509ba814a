"""The days of a delivery as text: how a file writes them is decided for the whole file, never line by line.

``2025-06-03`` can be read in one way only. ``06/03/2025`` is June or March; a day above 12 anywhere among the dates
of the file decides, else the range that the manifest gives, else nobody knows and the file is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MONTH_FIRST, DAY_FIRST = "%m/%d/%Y", "%d/%m/%Y"
_ISO = re.compile(r"^(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00(?::?00)?)?)?$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?)?$", re.I)


@dataclass(frozen=True)
class Reading:
    """How the dates of a file are read.

    ``slashed`` is the form of those with slashes, None where there is none or several are left (``is_ambiguous``);
    ``wrong`` is a value that is no date in it.
    """

    slashed: str | None
    wrong: str | None = None
    is_ambiguous: bool = False


def read_days(values: Iterable[str], start: date | None = None, end: date | None = None) -> Reading:
    """Decide how these dates are written; ``start`` and ``end`` are the range that the delivery says it covers."""
    slashed: list[str] = []
    numbers: list[tuple[int, int, int]] = []
    for value in values:
        if match := _SLASHED.match(value):
            slashed.append(value)
            numbers.append((int(match[1]), int(match[2]), int(match[3])))
        elif not (match := _ISO.match(value)) or _day(int(match[1]), int(match[2]), int(match[3])) is None:
            return Reading(None, value)
    if not slashed:
        return Reading(None)
    days = {
        MONTH_FIRST: [_day(year, first, second) for first, second, year in numbers],
        DAY_FIRST: [_day(year, second, first) for first, second, year in numbers],
    }
    possible = [form for form, found in days.items() if None not in found]
    if not possible:
        nearest = min(days.values(), key=lambda found: found.count(None))
        return Reading(None, slashed[nearest.index(None)])
    if len(possible) > 1 and start is not None and end is not None:
        possible = [form for form in possible if all(day and start <= day <= end for day in days[form])] or possible
    if len(possible) > 1 and days[MONTH_FIRST] != days[DAY_FIRST]:
        return Reading(None, is_ambiguous=True)
    return Reading(possible[0])


def day_sql(text: str, slashed: str | None) -> str:
    """Return the SQL of the day, at midnight, in text whose values ``read_days`` has accepted."""
    iso = f"left({text}, 10)::timestamp"
    if slashed is None:
        return iso
    return (
        f"case when ({text}) like '____-__-__%' then {iso} else strptime(split_part({text}, ' ', 1), '{slashed}') end"
    )


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1990 <= found.year < 2200 else None
