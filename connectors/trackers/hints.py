"""What ties a run to a billed resource: names that carry it, and a mapping file for old logs.

No tracker writes an instance id or a time zone. Three places may say them, the first wins:

1. the project name: ``app=search|rid=i-0abc12345678|tz=Europe/Paris``;
2. the path below the source's location: folders named ``key=value``, or a file ``emissions_i-0abc12345678.csv``;
3. the mapping file of the source: a CSV with the columns ``glob``, ``resource_id``, ``timezone`` and any number
   of ``tag.<name>``. ``glob`` is matched against the path below the location and against the project name; the
   first line that matches counts. An empty cell says nothing.

``rid`` is the resource as the bill names it, ``tz`` the IANA zone of naive stamps; every other pair is a tag.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from connectors.trackers.clock import require_zone
from wattledger.errors import ConfigError

_PAIR = re.compile(r"\s*([A-Za-z][\w.:-]*)\s*=\s*(.*?\S)\s*", re.ASCII)
_INSTANCE_FILE = re.compile(r"emissions_(i-[0-9a-f]{8,17})\.csv.*", re.ASCII)
_TAG_PREFIX = "tag."


@dataclass(frozen=True)
class Hints:
    """What is known about where and in which zone a run happened; None where nothing says."""

    resource_id: str | None = None
    timezone: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def or_else(self, weaker: "Hints") -> "Hints":
        """Return these hints with the gaps filled from ``weaker``."""
        return Hints(
            self.resource_id if self.resource_id is not None else weaker.resource_id,
            self.timezone if self.timezone is not None else weaker.timezone,
            {**weaker.tags, **self.tags},
        )


@dataclass(frozen=True)
class MappingLine:
    """One line of a mapping file."""

    glob: str
    hints: Hints


def hints_of_name(name: str) -> Hints:
    """Return what the ``key=value`` pairs of a name say, pairs separated by ``|``; other text says nothing."""
    pairs = {match[1]: match[2] for piece in name.split("|") if (match := _PAIR.fullmatch(piece))}
    return Hints(pairs.pop("rid", None), pairs.pop("tz", None), pairs)


def hints_of_path(relative: str) -> Hints:
    """Return what the folders and the file name below the source's location say; the deepest folder wins."""
    path = PurePosixPath(relative)
    found = Hints()
    for folder in path.parts[:-1]:
        found = hints_of_name(folder).or_else(found)
    named = _INSTANCE_FILE.fullmatch(path.name)
    return Hints(named[1]).or_else(found) if named else found


def hints_of_mapping(lines: Sequence[MappingLine], relative: str, project_name: str) -> Hints:
    """Return the hints of the first line whose glob matches the path or the project name."""
    for line in lines:
        if fnmatchcase(relative, line.glob) or fnmatchcase(project_name, line.glob):
            return line.hints
    return Hints()


def read_mapping(path: Path) -> tuple[MappingLine, ...]:
    """Read a mapping file. ConfigError names the file, the line and what to change."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            _check_columns(path, reader.fieldnames or ())
            return tuple(_mapping_line(f"{path}, line {reader.line_num}", row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: the mapping file cannot be read: {error}. Correct `mapping` or the file.") from None


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    known = ("glob", "resource_id", "timezone")
    unknown = [name for name in columns if name not in known and not name.startswith(_TAG_PREFIX)]
    if "glob" not in columns or unknown:
        what = f"unknown columns {', '.join(map(repr, unknown))}" if unknown else "no column 'glob'"
        raise ConfigError(f"{path}: the mapping file has {what}. It takes glob, resource_id, timezone and tag.<name>.")


def _mapping_line(where: str, row: Mapping[str | None, str | None]) -> MappingLine:
    if None in row or None in row.values():
        raise ConfigError(f"{where}: the line has more or fewer values than the header. Correct the mapping file.")
    cells = {str(name): str(value).strip() for name, value in row.items()}
    if not cells["glob"]:
        raise ConfigError(f"{where}: the glob is empty. Write * to match every log.")
    timezone = cells.get("timezone") or None
    if timezone is not None:
        require_zone(timezone, where)
    tags = {
        name.removeprefix(_TAG_PREFIX): value for name, value in cells.items() if name.startswith(_TAG_PREFIX) and value
    }
    return MappingLine(cells["glob"], Hints(cells.get("resource_id") or None, timezone, tags))
