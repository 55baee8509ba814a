"""A CodeCarbon row becomes a staged tracker run: UTC times, IT energy, and flags for what is doubtful.

Flags (``shifted_row_repaired`` and ``split_row_repaired`` come with the row):

ambiguous_local_time, nonexistent_local_time   the clock was put back or forward in that hour
default_location         the exact point in Quebec that CodeCarbon takes when it cannot find out where it is
duration_of_last_task    a task-mode run row: energy of all tasks, duration of the last; the start is too late
energy_mismatch          CPU + GPU + RAM differ from the total by more than 1e-6 of it
gcp_region_uncertain     up to 3.3.1 europe-west10 and -12 are written as europe-west1
mixed_gpus               several GPU models; the text is kept as written
negative_duration        a clock mix-up of 2.5.1 to 2.6.0; duration and start are null
negative_energy          kept, sign and all
pue_below_1              kept and divided by, though no facility has one
pue_unknown_in_task_file task files do not carry the PUE; 1 is taken, the run's own row has it
release_before_2         no parts, and energy known to be up to 1000 times too low
unknown_timezone         the zone the project name asks for does not exist; the source's was taken
zero_energy              energy 0 over a duration above 0
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from connectors.trackers.clock import find_zone, start_of, to_utc
from connectors.trackers.codecarbon_grade import Measured, grade
from connectors.trackers.codecarbon_rows import RawRow
from connectors.trackers.hints import Hints
from wattledger.errors import BrokenInputError

# Everybody who sets none has this experiment_id, so it ties nothing together.
DEFAULT_EXPERIMENT_ID = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1"
_DEFAULT_LOCATION = (-71.2, 46.8)
_FIRST_WITH_GCP_ZONES = (3, 3, 2)
_SUM_TOLERANCE = 1e-6
_GPU = re.compile(r"(\d+) x (.+)", re.DOTALL)
_STAMP_CHARACTERS = len("2025-01-31T12:00:00")
_MAX_NUMBER = 1e15  # beyond it sums would overflow, long after the file was accepted
_MAX_INTEGER = 2**31 - 1
_MIN_PUE = 0.01

Refuse = Callable[[str], BrokenInputError]


@dataclass(frozen=True)
class Run:
    """A row with everything that does not depend on the other rows of its file."""

    columns: Mapping[str, object]
    flags: frozenset[str]
    measured: Measured

    def staged(self, is_steady: bool | None) -> dict[str, object]:
        """Return the columns of `tracker_run`. ``is_steady``: whether this host always drew one CPU wattage."""
        letter, reason = grade(self.measured, is_steady)
        return {**self.columns, "grade": letter, "grade_reason": reason, "flags": sorted(self.flags)}


@dataclass(frozen=True)
class _Cells:
    """The cells of a row and how to refuse it. Empty and absent are None."""

    cells: Mapping[str, str]
    refuse: Refuse

    def text(self, name: str) -> str | None:
        return self.cells.get(name, "").strip() or None

    def number(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) < _MAX_NUMBER:  # neither is NaN
            raise self.refuse(f"the column {name} holds {text[:40]!r}, which is not a number below {_MAX_NUMBER:.0e}")
        return value

    def required(self, name: str) -> float:
        value = self.number(name)
        if value is None:
            raise self.refuse(f"the column {name} is empty, and no release leaves it so")
        return value

    def integer(self, name: str) -> int | None:
        value = self.number(name)  # "1.0" once a program has read the column as floats
        if value is None:
            return None
        if not value.is_integer() or abs(value) > _MAX_INTEGER:
            raise self.refuse(f"the column {name} holds {value!r}, which is not a count")
        return int(value)


def read_run(raw: RawRow, place: Hints, zone: tuple[str, tzinfo], refuse: Refuse) -> Run:
    """Return the run of one row.

    ``place`` are the hints of the project name, the path and the mapping, strongest first; ``zone`` is the
    source's time zone, which holds where they name none. Raises what ``refuse`` makes of a cell that cannot be.
    """
    cells = _Cells(raw.cells, refuse)
    flags = set(raw.flags)
    zone_name, ended_at = _end(cells, place, zone, flags)
    duration_s = cells.required("duration")
    is_task = "task_name" in raw.cells
    release = _release(cells)
    columns: dict[str, object] = {
        "tool": "codecarbon",
        "tool_version": cells.text("codecarbon_version"),
        "row_kind": "task" if is_task else "run",
        "task_name": cells.text("task_name"),
        "project_name": cells.text("project_name"),
        "ended_at": ended_at,
        "started_at": _start(ended_at, duration_s, flags, refuse),
        "timezone": zone_name,
        "duration_s": duration_s if duration_s >= 0 else None,
        "tracker_kg_co2e": cells.number("emissions"),
        "country_iso3": cells.text("country_iso_code"),
        "resource_id": place.resource_id,
        "tags": dict(sorted(place.tags.items())),
        "tracking_mode": cells.text("tracking_mode"),
        **_identity(cells),
        **_place(cells, release, flags),
        **_hardware(cells, flags),
    }
    energy = _it_energy(cells, is_task, release, flags)
    columns.update(energy)
    measured = Measured(
        run=f"{columns['run_id']}\0{columns['task_name'] or ''}",
        host=tuple(cells.text(name) for name in ("os", "cpu_model", "cpu_count", "codecarbon_version")),
        release=release,
        duration_s=duration_s,
        cpu_kwh=energy["cpu_it_energy_kwh"],
        gpu_kwh=energy["gpu_it_energy_kwh"],
        ram_kwh=energy["ram_it_energy_kwh"],
        it_kwh=energy["it_energy_kwh"] or 0.0,
        pue=energy["tracker_pue"] or 1.0,
        cpu_column_w=cells.number("cpu_power"),
        cpu_count=cells.integer("cpu_count"),
    )
    if not is_task and measured.covers_last_task_only:
        flags.add("duration_of_last_task")
    return Run(columns, frozenset(flags), measured)


def _end(cells: _Cells, place: Hints, zone: tuple[str, tzinfo], flags: set[str]) -> tuple[str, datetime]:
    """Return the zone's name and the end in UTC: CodeCarbon stamps a row, in local time, when it writes it."""
    text = cells.text("timestamp") or ""
    try:
        if len(text) < _STAMP_CHARACTERS:
            raise ValueError(text)
        stamp = datetime.fromisoformat(text)
    except ValueError:
        raise cells.refuse(f"the timestamp {text[:40]!r} is not like 2025-01-31T12:00:00") from None
    name, found = zone
    if place.timezone is not None:
        asked = find_zone(place.timezone)
        if asked is None:
            flags.add("unknown_timezone")
        else:
            name, found = place.timezone, asked
    try:
        ended_at, doubt = to_utc(stamp, found)
    except OverflowError:
        raise cells.refuse(f"the timestamp {text[:40]!r} is outside of the calendar") from None
    if doubt is not None:
        flags.add(doubt)
    return name, ended_at


def _start(ended_at: datetime, duration_s: float, flags: set[str], refuse: Refuse) -> datetime | None:
    if duration_s < 0:
        flags.add("negative_duration")
        return None
    try:
        return start_of(ended_at, duration_s)
    except OverflowError:
        raise refuse(f"the duration {duration_s!r} s starts before the calendar does") from None


def _release(cells: _Cells) -> tuple[int, int, int] | None:
    """Return the release; rows without parts are from before 2.0, whose files do not say which."""
    if "cpu_energy" not in cells.cells:
        return (1, 0, 0)
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", cells.text("codecarbon_version") or "")
    return (int(numbers[1]), int(numbers[2]), int(numbers[3])) if numbers else None


def _identity(cells: _Cells) -> dict[str, object]:
    """Return run and experiment. In 1.x the experiment_id names the run; later its default names nothing."""
    run_id, experiment_id = cells.text("run_id"), cells.text("experiment_id")
    if "run_id" not in cells.cells:
        run_id, experiment_id = experiment_id, None
    if run_id is None:
        raise cells.refuse("the run has no id, and no release leaves it out")
    return {"run_id": run_id, "experiment_id": None if experiment_id == DEFAULT_EXPERIMENT_ID else experiment_id}


def _place(cells: _Cells, release: tuple[int, int, int] | None, flags: set[str]) -> dict[str, object]:
    """Return provider and cloud region, which hold only if the tracker says that it ran in a cloud."""
    if (cells.number("longitude"), cells.number("latitude")) == _DEFAULT_LOCATION:
        flags.add("default_location")
    if cells.text("on_cloud") != "Y":
        return {"provider": None, "region_id": None}
    provider, region = (cells.text("cloud_provider") or "").lower() or None, cells.text("cloud_region")
    if (provider, region) == ("gcp", "europe-west1") and (release or (2, 0, 0)) < _FIRST_WITH_GCP_ZONES:
        flags.add("gcp_region_uncertain")
    return {"provider": provider, "region_id": region}


def _hardware(cells: _Cells, flags: set[str]) -> dict[str, object]:
    """Return host and boards; "8 x NVIDIA A40" is 8 of the model, two models run together stay as they are."""
    model, count = cells.text("gpu_model"), cells.integer("gpu_count")
    if model is not None and model.count(" x ") > 1:
        flags.add("mixed_gpus")
    elif model is not None and (boards := _GPU.fullmatch(model)):
        model = boards[2]
        count = int(boards[1]) if count is None and len(boards[1]) < 6 else count
    return {
        "os": cells.text("os"),
        "cpu_model": cells.text("cpu_model"),
        "cpu_count": cells.integer("cpu_count"),
        "ram_total_gib": cells.number("ram_total_size"),
        "gpu_model": model,
        "gpu_count": count,
    }


def _it_energy(
    cells: _Cells, is_task: bool, release: tuple[int, int, int] | None, flags: set[str]
) -> dict[str, float | None]:
    """Return total and parts in kWh before PUE. Since 2.2.3 CodeCarbon multiplies all of them by its ``pue``."""
    total = cells.required("energy_consumed")
    parts = {name: cells.number(f"{name}_energy") for name in ("cpu", "gpu", "ram")}
    pue = cells.number("pue")
    if pue is None:
        pue = 1.0
        if is_task:
            flags.add("pue_unknown_in_task_file")
    if pue < _MIN_PUE:
        raise cells.refuse(f"the PUE is {pue!r}, and energy cannot be divided by it")
    if pue < 1:
        flags.add("pue_below_1")
    known = [part for part in parts.values() if part is not None]
    if len(known) == len(parts) and abs(math.fsum(known) - total) > _SUM_TOLERANCE * abs(total):
        flags.add("energy_mismatch")
    if total < 0 or any(part < 0 for part in known):
        flags.add("negative_energy")
    if total == 0 and cells.required("duration") > 0:
        flags.add("zero_energy")
    if release is not None and release[0] < 2:
        flags.add("release_before_2")
    it_energy = {f"{name}_it_energy_kwh": None if part is None else part / pue for name, part in parts.items()}
    return {**it_energy, "it_energy_kwh": total / pue, "tracker_pue": pue}
