"""Which files of an Azure export tree count: one unit per month of one billing scope, its newest run.

A month-to-date export delivers the whole month again every day, so a month is replaced and never appended. What a run
is, its manifest says: dataset, scope, days and files. Only where a manifest is of the generation that does not say so,
or missing, the folders ``<export>/20250601-20250630/[<202506100503>/<run>/]`` stand in. A run folder without its
manifest, which is written last, is an unfinished run. Files outside of such folders are units of their own.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath

from connectors.azure.manifest import Blob, Manifest, is_manifest, read_manifest
from connectors.local import ListedFile, ends_after, is_safe_key, list_files, version_of
from connectors.tabular import TABLE_SUFFIXES
from wattledger.contracts import SourceSettings, Unit
from wattledger.errors import BrokenInputError

_RANGE = re.compile(
    r"^(?P<above>.*?)(?<![^/])(?P<range>(?P<from>20\d\d(?:0[1-9]|1[0-2])\d\d)-(?P<to>20\d\d(?:0[1-9]|1[0-2])\d\d))/"
)
_STAMP = re.compile(r"(?<![^/])(20\d{10})(?:\d\d)?/")
_ACTUAL, _AMORTISED = "actual", "amortised"
_DATASETS = {"actualcost": _ACTUAL, "usage": _ACTUAL, "amortizedcost": _AMORTISED}
_OTHER_RUN = "Nothing of this unit was loaded. Leave one of them out with `exclude`, or remove it."


@dataclass(frozen=True)
class _Run:
    """One delivery of one month. ``order`` sorts runs of the same month; the last is the newest."""

    scope: str
    period: str
    dataset: str
    days: tuple[date | None, date | None]
    order: tuple[str, int]
    files: tuple[ListedFile, ...]
    problem: str | None = None


def list_units(settings: SourceSettings, since: date | None) -> Iterator[Unit]:
    """List the units of a local tree whose month ends after ``since``, oldest first. Reads manifests only.

    Files of unknown month come last, sorted by path.
    """
    listed = list_files(settings.location, exclude=settings.exclude, suffixes=(*TABLE_SUFFIXES, ".json"))
    wanted = {file.key for file in list_files(settings.location, settings.include, settings.exclude)}
    manifests = [file for file in listed if is_manifest(file.key)]
    data = [file for file in listed if not file.key.lower().endswith(".json") and file.key in wanted]
    runs = [_manifested(settings.name, manifest, data) for manifest in manifests]
    folders = {_folder(file.key) for file in manifests}
    claimed = {file.key for run in runs for file in run.files}
    runs += _bare(settings.name, [f for f in data if f.key not in claimed and _folder(f.key) not in folders], runs)
    groups: dict[tuple[str, str], list[_Run]] = defaultdict(list)
    for run in runs:
        groups[(run.scope, run.period)].append(run)
    chosen = _one_dataset(settings.name, runs, [_newest(settings.name, group) for group in groups.values()])
    units = [
        Unit(
            settings.name,
            run.scope,
            run.period,
            version_of(run.files),
            tuple(str(f.path) for f in run.files),
            run.problem,
        )
        for run in chosen
    ]
    units.sort(key=lambda unit: (unit.period == "", unit.period, unit.scope))
    return (unit for unit in units if ends_after(unit.period, since))


def _folder(key: str) -> str:
    """The folder of a key with a slash at its end; empty at the top."""
    return key[: key.rfind("/") + 1]


def _manifested(source: str, file: ListedFile, data: Sequence[ListedFile]) -> _Run:
    """The run that a manifest describes, with whatever is wrong with it."""
    folder = _folder(file.key)
    ranged = _RANGE.match(file.key)
    scope = (ranged["above"] if ranged else folder).rstrip("/") or "."
    period = _month_of(ranged["from"]) if ranged else ""
    stamp = _STAMP.search(folder)
    days = _days_of(ranged["range"]) if ranged else (None, None)
    run = _Run(scope, period, _hinted(file.key), days, (stamp[1] if stamp else "", file.mtime_ns), (file,))
    if file.problem:
        return replace(run, problem=file.problem)
    try:
        said = read_manifest(file.path)
    except BrokenInputError as error:
        return replace(run, problem=str(error))
    label = f"{source}, {said.start.strftime('%Y-%m') if said.start else run.period or file.key}"
    run = replace(
        run,
        scope=said.scope or run.scope,
        period=said.start.strftime("%Y-%m") if said.start else run.period,
        dataset=_DATASETS.get(said.dataset.lower(), said.dataset) or run.dataset,
        days=(said.start or days[0], said.end or days[1]),
        order=(said.submitted[:12] or run.order[0], file.mtime_ns),
    )
    if said.dataset and said.dataset.lower() not in _DATASETS:
        return replace(run, problem=_other_dataset(label, file, said))
    if problem := _several_months(label, run):
        return replace(run, problem=problem)
    if said.rows == 0 or not said.blobs:
        return run
    files, problem = _named(label, file, said, folder, data)
    return replace(run, files=(file, *files), problem=problem)


def _other_dataset(label: str, file: ListedFile, said: Manifest) -> str:
    if said.dataset.lower() == "focuscost":
        step = 'Read FOCUS exports by a source of their own with `kind = "azure-focus"`, and'
    else:
        step = "It holds no usage:"
    return (
        f"{label}: {file.path} is of an export of type {said.dataset[:60]}. Nothing of this unit was loaded. "
        f"{step} leave its folder out of this source with `exclude`."
    )


def _named(
    label: str, manifest: ListedFile, said: Manifest, folder: str, data: Sequence[ListedFile]
) -> tuple[list[ListedFile], str | None]:
    """The files that a manifest names, in its order, and what is wrong with them."""
    by_key = {file.key: file for file in data}
    found: list[ListedFile] = []
    missing: list[str] = []
    for blob in said.blobs:
        if not is_safe_key(blob.key.lstrip("/")):
            return [], (
                f"{label}: the manifest {manifest.path} names {blob.key!r}, which leads out of the export. Nothing of "
                "this unit was loaded. Fetch the manifest again from the export's own container."
            )
        file = next((by_key[place] for place in _places(blob, folder) if place in by_key), None)
        if file is None:
            missing.append(PurePosixPath(blob.key).name)
            continue
        found.append(file)
        if file.problem:
            return found, file.problem
        if blob.size_bytes is not None and blob.size_bytes != file.size_bytes:
            return found, (
                f"{label}: {file.path} has {file.size_bytes} bytes where the manifest promises {blob.size_bytes}. "
                "Nothing of this unit was loaded. Fetch the file again."
            )
    if missing:
        return found, (
            f"{label}: the manifest names {len(said.blobs)} files, {len(found)} are there (missing: "
            f"{', '.join(missing)}). Nothing of this unit was loaded. Run `sync` again when the export is complete."
        )
    return found, None


def _places(blob: Blob, folder: str) -> Iterator[str]:
    """Where a blob may lie below the location: beside its manifest, else by its longest tail."""
    parts = PurePosixPath(blob.key.lstrip("/")).parts
    yield folder + parts[-1]
    for start in range(len(parts) - 1):
        yield "/".join(parts[start:])


def _bare(source: str, files: Sequence[ListedFile], manifested: Sequence[_Run]) -> Iterator[_Run]:
    """Files without a manifest: the newest directly in a range folder, unfinished runs, and loose files."""
    plain: dict[tuple[str, str], list[ListedFile]] = defaultdict(list)
    unfinished: dict[tuple[str, str], list[ListedFile]] = defaultdict(list)
    for file in files:
        if ranged := _RANGE.match(file.key):
            place = (ranged["above"], ranged["range"])
            (unfinished if _folder(file.key) != ranged[0] else plain)[place].append(file)
        else:
            yield _Run(file.key, "", _hinted(file.key), (None, None), ("", 0), (file,), file.problem)
    ranges = [_RANGE.match(run.files[0].key) for run in manifested]
    finished = {(ranged["above"], ranged["range"]) for ranged in ranges if ranged}
    for (above, days), found in plain.items():
        if (above, days) in finished:  # what lies beside a run that a manifest names
            continue
        newest = max(found, key=lambda file: file.mtime_ns)
        rivals = [file for file in found if file.mtime_ns == newest.mtime_ns]
        problem = newest.problem
        if len(rivals) > 1:
            problem = (
                f"{source}, {_month_of(days)}: {', '.join(str(file.path) for file in rivals)} have the same time and "
                f"no manifest says which is the newest delivery. {_OTHER_RUN}"
            )
        yield _run_of(source, (above, days), newest.mtime_ns, (newest,), problem)
    for (above, days), found in unfinished.items():
        if (above, days) not in finished and (above, days) not in plain:
            yield _run_of(
                source,
                (above, days),
                0,
                tuple(found),
                f"{source}, {_month_of(days)}: {_folder(str(found[0].path))} has no manifest, which Azure writes when "
                "a run is complete. Nothing of this unit was loaded. Run `sync` again with the whole folder.",
            )


def _run_of(
    source: str, place: tuple[str, str], mtime_ns: int, files: tuple[ListedFile, ...], problem: str | None
) -> _Run:
    above, days = place
    run = _Run(
        above.rstrip("/") or ".", _month_of(days), _hinted(above), _days_of(days), ("", mtime_ns), files, problem
    )
    return replace(run, problem=problem or _several_months(f"{source}, {run.period}", run))


def _several_months(label: str, run: _Run) -> str | None:
    """What is wrong with a run over more than a month; its last day may be given as the first of the next."""
    start, end = run.days
    if start is None or end is None:
        return None
    last = end - timedelta(days=1) if end > start else end
    if (start.year, start.month) == (last.year, last.month):
        return None
    return (
        f"{label}: the run of {run.files[0].path} covers {start} to {end}, more than a month. Nothing of this unit was "
        "loaded. Export each month in a run of its own."
    )


def _days_of(days: str) -> tuple[date | None, date | None]:
    try:
        first, last = (datetime.strptime(day, "%Y%m%d").date() for day in days.split("-"))  # noqa: DTZ007
    except ValueError:
        return None, None
    return first, last


def _month_of(days: str) -> str:
    return f"{days[:4]}-{days[4:6]}"


def _hinted(path: str) -> str:
    """The dataset that a path speaks of. Used only to refuse two of them in one place, never to read one."""
    words = {_AMORTISED: re.search(r"amorti[sz]ed", path, re.I), _ACTUAL: re.search(r"actual", path, re.I)}
    found = [dataset for dataset, word in words.items() if word]
    return found[0] if len(found) == 1 else ""


def _newest(source: str, runs: Sequence[_Run]) -> _Run:
    """The newest run of a month. Older ones must not cover days that it lacks."""
    newest = max(runs, key=lambda run: run.order)
    start, end = newest.days
    for run in runs:
        older_start, older_end = run.days
        if (start and older_start and older_start < start) or (end and older_end and older_end > end):
            return replace(
                newest,
                problem=f"{source}, {newest.period}: {run.files[0].path} covers {older_start} to {older_end}, the "
                f"newer {newest.files[0].path} only {start} to {end}, so neither is the month. {_OTHER_RUN}",
            )
    return newest


def _one_dataset(source: str, runs: Sequence[_Run], chosen: Sequence[_Run]) -> Iterator[_Run]:
    """The chosen runs; those of a month delivered as actual and as amortised costs have a problem."""
    for run in chosen:
        rivals = [other for other in runs if {run.dataset, other.dataset} == {_ACTUAL, _AMORTISED}]
        rival = next((other for other in rivals if run.period in (other.period, "") or not other.period), None)
        if rival is None:
            yield run
        else:
            yield replace(
                run,
                problem=f"{source}, {run.period or run.scope}: {run.files[0].path} ({run.dataset} costs) and "
                f"{rival.files[0].path} ({rival.dataset} costs) repeat the same usage. {_OTHER_RUN}",
            )
