"""Files on this machine: listed without reading them, fetched by recording size and SHA-256.

Every file-based source stands on this module. Listing looks at names, sizes and times only.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from wattledger.contracts import LocalFile, SourceSettings, Unit
from wattledger.errors import BrokenInputError, ConfigError

_CHUNK_BYTES = 1 << 20
_GLOB_CHARACTERS = "*?["


@dataclass(frozen=True)
class ListedFile:
    """A file as a listing sees it. ``key`` is its path below the location, with forward slashes.

    ``problem`` says why the file must not be opened: it is a link that leads out of the location.
    """

    key: str
    path: Path
    size_bytes: int
    mtime_ns: int
    problem: str | None = None

    @property
    def version(self) -> str:
        """The mark that changes when the file does, taken without reading it."""
        return f"{self.size_bytes}-{self.mtime_ns}"


def version_of(files: Iterable[ListedFile]) -> str:
    """Return one mark for several files: it changes when one is added, removed, renamed or rewritten."""
    found = list(files)
    if len(found) == 1:
        return found[0].version
    lines = "\n".join(f"{file.key}\0{file.version}" for file in found)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def list_files(
    location: str,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    suffixes: Sequence[str] = (),
) -> list[ListedFile]:
    """Return the files of a file, a folder (all levels) or a glob, sorted by key. Reads no data.

    ``include`` and ``exclude`` are globs over the key or the file name. ``suffixes`` limits a folder to
    the endings a source can read; a location that is one file is taken whatever its name.
    Hidden files are left out. Raises ConfigError when the location is not there.
    """
    if "://" in location:
        raise ConfigError(
            f"{location}: this source reads local files only. Copy the folder to this machine and give its path."
        )
    path = Path(location).expanduser()
    if path.is_file():
        found = [_listed(path, path.parent)]
    elif path.is_dir():
        found = _walk(path, path)
    elif any(character in location for character in _GLOB_CHARACTERS):
        found = _glob(path)
    else:
        raise ConfigError(
            f"{location}: there is no such file or folder. Check `location` in the configuration; "
            "a relative path starts at the folder of wattledger.toml."
        )
    wanted = [file for file in found if _is_wanted(file.key, include, exclude)]
    if suffixes and not path.is_file():
        wanted = [file for file in wanted if file.key.lower().endswith(tuple(suffixes))]
    return sorted(wanted, key=lambda file: file.key)


@dataclass(frozen=True)
class LocalSource:
    """What the sources of files on this machine have in common; each says what it lists and how it reads."""

    settings: SourceSettings

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        return self.settings.name

    @property
    def kind(self) -> str:
        """The kind given in the configuration."""
        return self.settings.kind

    def fetch(self, unit: Unit, spool: Path) -> Sequence[LocalFile]:
        """Record the unit's files with size and SHA-256; they stay where they are."""
        return fetch_local(unit.files)


def fetch_local(paths: Iterable[str | Path]) -> list[LocalFile]:
    """Record path, size and SHA-256 of files that stay where they are.

    Raises BrokenInputError when a file went away since the listing.
    """
    return [_fetch(Path(path)) for path in paths]


def ends_after(period: str, since: date | None) -> bool:
    """Whether a month ``YYYY-MM`` ends after ``since``; a unit of unknown period always does."""
    if since is None or not period:
        return True
    year, month = int(period[:4]), int(period[5:7])
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return first_of_next > since


def is_safe_key(key: str) -> bool:
    """Whether a name found in foreign data stays below the folder it is joined to."""
    parts = PurePosixPath(key).parts
    return bool(parts) and not key.startswith("/") and ".." not in parts and "\0" not in key and "\\" not in key


def _fetch(path: Path) -> LocalFile:
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise BrokenInputError(
            f"{path}: cannot be opened ({error.strerror}). Nothing of its unit was loaded. "
            "Check that the file is still there and readable, then run `sync` again."
        ) from None
    return LocalFile(path, size, digest.hexdigest())


def _glob(pattern: Path) -> list[ListedFile]:
    parts = pattern.parts
    fixed = next(n for n, part in enumerate(parts) if any(character in part for character in _GLOB_CHARACTERS))
    base = Path(*parts[:fixed]) if fixed else Path()
    matches = sorted(base.glob(str(Path(*parts[fixed:])))) if base.is_dir() else []
    found = {}
    for match in matches:
        for file in _walk(match, base) if match.is_dir() else _below(match, base):
            found[file.key] = file
    if not found:
        raise ConfigError(f"{pattern}: no file matches. Check `location` in the configuration.")
    return list(found.values())


def _walk(folder: Path, base: Path) -> list[ListedFile]:
    found: list[ListedFile] = []
    for root, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in [*names, *links]:
            if not name.startswith("."):
                found += _below(Path(root) / name, base)
    return found


def _refuse_folder(error: OSError) -> None:
    """A folder that cannot be listed must never look like an empty one."""
    raise ConfigError(f"{error.filename}: cannot be listed ({error.strerror}). Give this user the right to read it.")


def _below(path: Path, base: Path) -> list[ListedFile]:
    """The file; nothing for what is not one (a pipe, a link to a folder that is walked anyway)."""
    if path.is_symlink() and not path.resolve().is_relative_to(base.resolve()):
        problem = (
            f"{path}: is a link to {path.resolve()}, outside of {base}. Nothing of it was read. "
            "Copy the file into the folder, or set `location` to where the link leads."
        )
        return [ListedFile(path.relative_to(base).as_posix(), path, 0, path.lstat().st_mtime_ns, problem)]
    return [_listed(path, base)] if path.is_file() else []


def _listed(path: Path, base: Path) -> ListedFile:
    mark = path.stat()
    return ListedFile(path.relative_to(base).as_posix(), path, mark.st_size, mark.st_mtime_ns)


def _is_wanted(key: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    name = PurePosixPath(key).name

    def matches(globs: Sequence[str]) -> bool:
        return any(fnmatchcase(key, glob) or fnmatchcase(name, glob) for glob in globs)

    return (not include or matches(include)) and not matches(exclude)
