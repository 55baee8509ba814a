"""Which files of a delivered tree belong together: one unit per billing period of one export.

Knows four shapes, by the folders' names alone:

* Data Exports: ``<export>/data/BILLING_PERIOD=2025-06/...`` with manifests below ``<export>/metadata/``,
  rewritten in place or one folder per execution; carbon exports have
  ``carbon_model_version=v3.0.1/usage_period=2025-06`` instead;
* legacy report: ``<report>/20250601-20250701/[<assembly>/]...`` with ``<report>-Manifest.json``;
* partition folders without manifest: ``billing_period=2025-06`` or ``year=2025/month=6``;
* anything else: each file is a unit keyed by its path.

The keys inside a manifest are not documented, so every string in it that ends like a data file counts.
A manifest names files by their place in the bucket; here only what follows the period's folder is used.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from connectors.local import ListedFile, ends_after, is_safe_key, list_files, version_of
from connectors.tabular import TABLE_SUFFIXES
from wattledger.contracts import SourceSettings, Unit

_OF_CARBON = r"(?:carbon_)?model_version=[^/]+/usage_period"
_MONTH = rf"(?:billing_period|{_OF_CARBON})=(?P<month>20\d\d-(?:0[1-9]|1[0-2]))"
_DATA = re.compile(rf"^(?P<export>.*?)(?<![^/])data/(?P<partition>{_MONTH})/.+$", re.I)
_METADATA = re.compile(rf"^(?P<export>.*?)(?<![^/])metadata/(?P<partition>{_MONTH})/[^/]+$", re.I)
_LEGACY = re.compile(r"^(?P<report>.*?)(?<![^/])(?P<partition>(?P<month>20\d\d(?:0[1-9]|1[0-2]))\d\d-\d{8})/.+$")
_NAMED = re.compile(rf"^(?P<above>(?:.*/)?)(?P<partition>{_MONTH})/.+$", re.I)
_NUMBERED = re.compile(
    r"^(?P<above>(?:.*/)?)(?P<partition>year=(?P<year>20\d\d)/month=(?P<number>0?[1-9]|1[0-2]))/.+$", re.I
)
_STATUS_FOLDER = "cost_and_usage_data_status"
_MANIFEST_SUFFIX = "manifest.json"
_MAX_MANIFEST_BYTES = 64 << 20


@dataclass
class _Period:
    """One period of one export while its files are gathered: ``partition`` is the folder below ``above``."""

    above: str
    partition: str
    period: str
    files: list[ListedFile] = field(default_factory=list)
    manifests: list[ListedFile] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The path of the data below the location, with a slash at its end."""
        return f"{self.above}{self.partition}/"


def list_units(settings: SourceSettings, since: date | None) -> Iterator[Unit]:
    """List the units of a local tree whose period ends after ``since``, oldest first. Reads manifests only.

    Units of unknown period come last, sorted by path.
    """
    suffixes = (*TABLE_SUFFIXES, ".json")
    listed = list_files(settings.location, exclude=settings.exclude, suffixes=suffixes)
    manifests = [file for file in listed if file.key.lower().endswith(_MANIFEST_SUFFIX)]
    wanted = {file.key for file in list_files(settings.location, settings.include, settings.exclude)}
    data = [file for file in listed if _is_data(file.key) and file.key in wanted]
    units = [_unit(settings, period, data) for period in _periods(data, manifests)]
    claimed = {name for unit in units for name in unit.files}
    folders = {name.rpartition("/")[0] for name in claimed}
    for period in _partitions(data, claimed):
        if not any(str(file.path).rpartition("/")[0] in folders for file in period.files):
            units.append(_unit(settings, period, data))
    for file in data:
        if not _belongs(file.key) and str(file.path) not in claimed:
            units.append(Unit(settings.name, file.key, "", file.version, (str(file.path),), file.problem))
    units.sort(key=lambda unit: (unit.period == "", unit.period, unit.scope))
    return (unit for unit in units if ends_after(unit.period, since))


def _is_data(key: str) -> bool:
    return not key.lower().endswith(".json") and _STATUS_FOLDER not in PurePosixPath(key).parts


def _belongs(key: str) -> bool:
    return any(shape.match(key) for shape in (_DATA, _LEGACY, _NAMED, _NUMBERED))


def _periods(data: Sequence[ListedFile], manifests: Sequence[ListedFile]) -> list[_Period]:
    """The periods of Data Exports and of legacy reports, with their manifests."""
    found: dict[tuple[str, str], _Period] = {}
    for file in (*data, *manifests):
        is_manifest = file.key.lower().endswith(_MANIFEST_SUFFIX)
        if match := (_METADATA if is_manifest else _DATA).match(file.key):
            above, month = f"{match['export']}data/", match["month"]
        elif match := _LEGACY.match(file.key):
            above, month = match["report"], f"{match['month'][:4]}-{match['month'][4:]}"
        else:
            continue
        place = (above, match["partition"])
        period = found.setdefault(place, _Period(*place, month))
        (period.manifests if is_manifest else period.files).append(file)
    return list(found.values())


def _partitions(data: Sequence[ListedFile], claimed: set[str]) -> list[_Period]:
    """The partition folders that belong to neither, without what a manifest elsewhere named."""
    found: dict[tuple[str, str], _Period] = {}
    for file in data:
        if _DATA.match(file.key) or _LEGACY.match(file.key) or str(file.path) in claimed:
            continue
        if match := _NAMED.match(file.key):
            month = match["month"]
        elif match := _NUMBERED.match(file.key):
            month = f"{match['year']}-{int(match['number']):02}"
        else:
            continue
        place = (match["above"], match["partition"])
        found.setdefault(place, _Period(*place, month)).files.append(file)
    return list(found.values())


def _unit(settings: SourceSettings, period: _Period, data: Sequence[ListedFile]) -> Unit:
    """The unit of one period: what its manifest names, else what its folder holds."""
    label = f"{settings.name}, {period.period}"
    speaking = [manifest for manifest in period.manifests if _speaks_for(manifest.key, period.folder)]
    if not speaking and len(period.manifests) == 1:  # a legacy assembly fetched without the manifest above it
        speaking = period.manifests
    manifest = speaking[:1]
    named = _named(label, manifest[0], period, data) if manifest else None
    files, problem = named or _delivered(label, period)
    problem = problem or next((file.problem for file in files if file.problem), None)
    version = version_of([*manifest, *files])
    return Unit(
        settings.name, period.folder.rstrip("/"), period.period, version, tuple(str(f.path) for f in files), problem
    )


def _speaks_for(key: str, folder: str) -> bool:
    """Whether a manifest is the period's current one: in ``metadata/<period>/`` or directly in its folder."""
    return _METADATA.match(key) is not None or key.rpartition("/")[0] + "/" == folder


def _named(
    label: str, manifest: ListedFile, period: _Period, data: Sequence[ListedFile]
) -> tuple[list[ListedFile], str | None] | None:
    """The files a manifest names, in its order, and what is wrong with them; None when it names no file."""
    if manifest.problem:
        return [], manifest.problem
    try:
        keys = _file_keys(manifest)
    except (ValueError, RecursionError, OSError) as error:
        return [], (
            f"{label}: the manifest {manifest.path} cannot be read ({error}). Nothing of this unit was loaded. "
            "Fetch the manifest again."
        )
    if not keys:
        return None
    by_key = {file.key: file for file in data}
    found, missing = [], []
    for key in keys:
        if not is_safe_key(key):
            return [], (
                f"{label}: the manifest names {key!r}, which leads out of the export. Nothing of this unit was loaded. "
                "Fetch the manifest again from the export's own bucket."
            )
        file = next((by_key[place] for place in _places(key, period) if place in by_key), None)
        if file is None:
            missing.append(PurePosixPath(key).name)
        else:
            found.append(file)
    if missing:
        return found, (
            f"{label}: the manifest names {len(keys)} files, {len(found)} are there (missing: {', '.join(missing)}). "
            "Nothing of this unit was loaded. Run `sync` again when the export is complete."
        )
    return found, None


def _places(key: str, period: _Period) -> Iterator[str]:
    """Where a key of the bucket may lie below the location: in the period's folder, else by its longest tail."""
    mark = f"/{period.partition}/".lower()
    start = f"/{key}".lower().rfind(mark)
    if start >= 0:
        yield period.folder + f"/{key}"[start + len(mark) :]
    parts = PurePosixPath(key).parts
    for start in range(len(parts) - 1):
        yield "/".join(parts[start:])


def _file_keys(manifest: ListedFile) -> list[str]:
    """Every string of a manifest that ends like a data file, without scheme and bucket, each once."""
    if manifest.size_bytes > _MAX_MANIFEST_BYTES:
        raise ValueError(f"{manifest.size_bytes} bytes is no manifest")
    found: dict[str, None] = {}
    waiting = [json.loads(manifest.path.read_text(encoding="utf-8-sig"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += [node[key] for key in reversed(list(node)) if not str(key).lower().startswith("additional")]
        elif isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, str) and node.lower().endswith(TABLE_SUFFIXES):
            found[re.sub(r"^[a-z0-9]+://[^/]+/", "", node, flags=re.I)] = None
    return list(found)


def _delivered(label: str, period: _Period) -> tuple[list[ListedFile], str | None]:
    """Without a manifest: all files of the folder; of several executions of Data Exports the newest, by its name."""
    inner: dict[str, list[ListedFile]] = defaultdict(list)
    for file in period.files:
        inner[file.key[len(period.folder) :].rpartition("/")[0].partition("/")[0]].append(file)
    if len(inner) <= 1 or all("=" in name for name in inner):
        return period.files, None
    if "" not in inner and "=" in period.partition:
        return inner[max(inner)], None
    return [], (
        f"{label}: {period.folder.rstrip('/')} holds {len(inner)} deliveries and no manifest says which counts. "
        "Nothing of this unit was loaded. Fetch the manifest beside them, or keep only the newest delivery."
    )
