"""Meter readings of own or rented sites: the energy of the facility beside that of its IT, for a measured PUE."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import ClassVar

from connectors.dcim.site_csv import OWN, Place, Row, SiteSource, read_places, read_table
from connectors.trackers.staging import stage_rows
from wattledger.contracts import LocalFile, ReadReport

_REQUIRED = ("site", "interval_start", "facility_energy_kwh", "it_energy_kwh")
_KNOWN = frozenset((*_REQUIRED, "interval_end", "hours"))
_MAX_PUE = 10  # of one reading; above it the two meters count in different units


@dataclass(frozen=True)
class PueMeter(SiteSource):
    """Facility and IT energy by site and interval. A reading that can be no PUE is kept and says why.

    A site that the mapping file gives a ``region`` measures that region; every other one is a region of its own.
    """

    table: ClassVar[str] = "pue_reading"

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the readings of the first of ``files``; a second one is the mapping file."""
        places = read_places(files[1].path) if len(files) > 1 else {}
        table = read_table(files[0], _REQUIRED, _KNOWN.__contains__, scratch)
        if table.rows and not {"interval_end", "hours"} & set(table.columns):
            raise table.rows[0].refuse("neither interval_end nor hours says how long the reading lasts")
        rows = [_reading(row, self.zone(), places) for row in table.rows]
        _mark_overlaps(rows)
        count = stage_rows(self.table, rows, staged, scratch)
        return ReadReport(count, tuple(_notes(rows)), table.unknown)


def _reading(row: Row, zone: tzinfo | None, places: Mapping[str, Place]) -> dict[str, object]:
    site = row.required("site")
    start, end = _interval(row, zone)
    facility, it = row.number("facility_energy_kwh"), row.number("it_energy_kwh")
    provider, _, region_id = (places.get(site, Place()).region or f"{OWN}:{site}").partition(":")
    return {
        "site": site,
        "provider": provider,
        "region_id": region_id,
        "interval_start": start,
        "interval_end": end,
        "facility_energy_kwh": facility,
        "it_energy_kwh": it,
        "reason": _why_no_pue(facility, it),
    }


def _interval(row: Row, zone: tzinfo | None) -> tuple[datetime, datetime]:
    start = row.time("interval_start", zone)
    if row.text("interval_end"):
        end = row.time("interval_end", zone)
    else:
        hours = row.number("hours")
        if hours is None:
            raise row.refuse("neither interval_end nor hours says how long the reading lasts")
        if not 0 < hours <= 24 * 366:
            raise row.refuse(f"hours is {hours:g}, which is not from 0 to a year")
        end = start + timedelta(hours=hours)
    if end <= start:
        raise row.refuse("the interval does not end after its start")
    return start, end


def _why_no_pue(facility_kwh: float | None, it_kwh: float | None) -> str | None:
    """Return why a reading can be no PUE, None where it can."""
    if facility_kwh is None or it_kwh is None:
        return "no reading"
    if facility_kwh < 0 or it_kwh < 0:
        return "negative energy"
    if it_kwh == 0:
        return "no IT energy"
    if facility_kwh < it_kwh:
        return "facility below IT"
    return f"facility over {_MAX_PUE} times IT" if facility_kwh > _MAX_PUE * it_kwh else None


def _mark_overlaps(rows: Sequence[dict[str, object]]) -> None:
    """Of the sound readings of a site, one that begins before an earlier one has ended counts no more."""
    ends: dict[object, datetime] = {}
    for row in sorted(rows, key=lambda row: (str(row["site"]), row["interval_start"], row["interval_end"])):
        if row["reason"] is not None:
            continue
        start, end = row["interval_start"], row["interval_end"]
        assert isinstance(start, datetime) and isinstance(end, datetime)
        if row["site"] in ends and start < ends[row["site"]]:
            row["reason"] = "overlaps an earlier reading"
        else:
            ends[row["site"]] = end


def _notes(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    reasons = Counter(str(row["reason"]) for row in rows if row["reason"] is not None)
    yield from (f"{reason}: {count} of {len(rows)} readings left out" for reason, count in sorted(reasons.items()))
