"""Own machines as lines of a bill: hours of a machine at a site, by UTC day, with the hardware in the SKU."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import ClassVar

from connectors.dcim.site_csv import OWN, Place, Row, SiteSource, read_places, read_table
from connectors.trackers.staging import stage_rows
from wattledger.contracts import LocalFile, ReadReport

_REQUIRED = ("machine", "site", "cpu", "cores", "memory_gib", "from")
_OPTIONAL = ("to", "hours", "sockets", "ssd_gb", "accelerator", "accelerator_count", "cost", "currency", "account")
_KNOWN = frozenset((*_REQUIRED, *_OPTIONAL))
_TAG_PREFIX = "tag."
_HOUR = timedelta(hours=1)
_CENTS = Decimal("1e-12")  # money has 12 decimals
# What one machine can have at most; beyond it the number is in another unit.
_MOST = {"cores": 4096.0, "memory_gib": 65_536.0, "sockets": 64.0, "ssd_gb": 500_000.0, "accelerator_count": 128.0}


@dataclass(frozen=True)
class MachineInventory(SiteSource):
    """Machines of one's own. A row is a machine in an interval; it becomes one line for each UTC day of it.

    The source itself is the billing account, so that several inventories stand beside each other.
    """

    table: ClassVar[str] = "usage"

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the lines of the first of ``files``; a second one is the mapping file."""
        places = read_places(files[1].path) if len(files) > 1 else {}
        table = read_table(files[0], _REQUIRED, _is_known, scratch)
        spells = [_spell(row, self.zone()) for row in table.rows]
        _refuse_overlaps(spells)
        lines = (line for spell in spells for line in _lines(spell, self.name, places.get(spell.site, Place())))
        count = stage_rows(self.table, lines, staged, scratch)
        return ReadReport(count, tuple(_notes(spells, places)), table.unknown)


@dataclass(frozen=True)
class _Spell:
    """One row of the inventory. ``hours`` is how long the machine ran within the interval."""

    row: Row
    machine: str
    site: str
    hardware: str
    start: datetime
    end: datetime
    hours: float
    cost: Decimal | None
    currency: str | None
    tags: Mapping[str, str] | None


def _is_known(column: str) -> bool:
    return column in _KNOWN or column.startswith(_TAG_PREFIX)


def _spell(row: Row, zone: tzinfo | None) -> _Spell:
    start, end, hours = _running(row, zone)
    cost = _cost(row)
    tags = {
        name.removeprefix(_TAG_PREFIX): value
        for name, value in row.cells.items()
        if name.startswith(_TAG_PREFIX) and value
    }
    return _Spell(
        row=row,
        machine=row.required("machine"),
        site=row.required("site"),
        hardware=_hardware(row),
        start=start,
        end=end,
        hours=hours,
        cost=cost,
        currency=None if cost is None else row.text("currency") or None,
        tags=tags or None,
    )


def _hardware(row: Row) -> str:
    """Return the name that tells the hardware: 40c/2s/384gib/1920gb/skylake-sp+4x nvidia t4."""
    cores, memory = _count(row, "cores", None), _count(row, "memory_gib", None)
    sockets, ssd = _count(row, "sockets", 1.0), _count(row, "ssd_gb", 0.0)
    for column, value in (("cores", cores), ("memory_gib", memory), ("sockets", sockets)):
        if not value:
            raise row.refuse(f"{column} is 0: no machine is without")
    parts = [
        f"{_plain(cores)}c",
        f"{_plain(sockets)}s",
        f"{_plain(memory)}gib",
        f"{_plain(ssd)}gb",
        row.required("cpu"),
    ]
    boards = _count(row, "accelerator_count", 0.0)
    if bool(boards) != bool(row.text("accelerator")):
        raise row.refuse("accelerator and accelerator_count go together: give both or none")
    if boards:
        parts[-1] += f"+{_plain(boards)}x {row.text('accelerator')}"
    return "/".join(parts).lower()


def _count(row: Row, column: str, default: float | None) -> float:
    value = row.number(column)
    if value is None:
        if default is None:
            raise row.refuse(f"{column} is empty")
        return default
    if not 0 <= value <= _MOST[column]:
        raise row.refuse(f"{column} is {value:g}, which is not from 0 to {_MOST[column]:g}: is its unit right?")
    return value


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _running(row: Row, zone: tzinfo | None) -> tuple[datetime, datetime, float]:
    """Return start, end and the hours between them that the machine ran."""
    start, hours = row.time("from", zone), row.number("hours")
    if hours is not None and not 0 <= hours <= 24 * 3660:
        raise row.refuse(f"hours is {hours:g}, which is not from 0 to ten years")
    if not row.text("to"):
        if not hours:
            raise row.refuse("neither `to` nor `hours` says how long the machine ran")
        return start, start + timedelta(hours=hours), hours
    end = row.time("to", zone)
    length = (end - start) / _HOUR
    if length <= 0:
        raise row.refuse("the interval does not end after its start")
    if hours is not None and hours > length:
        raise row.refuse(f"hours is {hours:g}, more than the {length:g} h from `from` to `to`")
    return start, end, length if hours is None else hours


def _cost(row: Row) -> Decimal | None:
    value = row.text("cost")
    if not value:
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or abs(found) >= Decimal("1e15"):
        raise row.refuse(f"cost holds {value[:40]!r} where an amount of money below 1e15 belongs")
    return found.quantize(_CENTS)


def _refuse_overlaps(spells: Sequence[_Spell]) -> None:
    """A machine that runs twice at once would be counted twice. Raises BrokenInputError naming both lines."""
    before: dict[str, _Spell] = {}
    for spell in sorted(spells, key=lambda spell: (spell.machine, spell.start, spell.row.line)):
        earlier = before.get(spell.machine)
        if earlier is not None and spell.start < earlier.end:
            raise spell.row.refuse(f"the machine runs already in line {earlier.row.line} at that time")
        before[spell.machine] = spell


def _lines(spell: _Spell, account: str, place: Place) -> Iterator[dict[str, object]]:
    """One line for each UTC day; hours and cost are spread evenly, the last day takes what rounding left."""
    days = list(_days(spell.start, spell.end))
    length = (spell.end - spell.start) / _HOUR
    spent = Decimal(0)
    for number, (start, end) in enumerate(days, start=1):
        share = (end - start) / _HOUR / length
        cost = None
        if spell.cost is not None:
            cost = spell.cost - spent if number == len(days) else (spell.cost * Decimal(share)).quantize(_CENTS)
            spent += cost
        yield {
            "provider_line_id": f"{spell.machine}/{start.isoformat()}",
            "provider": OWN,
            "billing_account_id": account,
            "sub_account_id": spell.row.text("account") or None,
            "service_name": "Machines",
            "region_id": spell.site,
            "sku_meter": "Machine-Hours",
            "operation": place.grid_zone,
            "consumed_unit": "Hours",
            "instance_type": spell.hardware,
            "charge_category": "Usage",
            "line_type": "Usage",
            "is_split": False,
            "resource_id": spell.machine,
            "charge_period_start": start,
            "charge_period_end": end,
            "billing_month": start.date().replace(day=1),
            "consumed_quantity": spell.hours * share,
            "billed_cost": None if cost is None else str(cost),
            "effective_cost": None if cost is None else str(cost),
            "cost_basis": None if cost is None else "billed",
            "billing_currency": spell.currency,
            "tags": spell.tags,
        }


def _days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        yield start, min(midnight, end)
        start = midnight


def _notes(spells: Sequence[_Spell], places: Mapping[str, Place]) -> Iterator[str]:
    unplaced = sorted({spell.site for spell in spells if places.get(spell.site, Place()).grid_zone is None})
    if unplaced:
        yield f"no grid_zone in the mapping file, so without emissions: {', '.join(unplaced)}"
    without = sum(spell.cost is None for spell in spells)
    if without:
        yield f"no cost, so null: {without} of {len(spells)} rows"
