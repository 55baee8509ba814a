"""The manifest that a run of a cost export writes last: which files, of which dataset, scope and days."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from wattledger.errors import BrokenInputError

_MAX_BYTES = 64 << 20
_EXPORT = re.compile(r"/providers/microsoft\.costmanagement/exports/.*$", re.I)
_FETCH = "Nothing of this unit was loaded. Fetch the manifest again."


@dataclass(frozen=True)
class Blob:
    """A file that a manifest names by its place in the container."""

    key: str
    size_bytes: int | None


@dataclass(frozen=True)
class Manifest:
    """What a manifest says; empty or None where its generation does not say it.

    ``dataset`` is the export's type (ActualCost, AmortizedCost, ...); ``scope`` the billing scope in lower case;
    ``submitted`` the moment of the run as digits, comparable as text.
    """

    path: Path
    blobs: tuple[Blob, ...]
    rows: int | None
    dataset: str
    scope: str
    start: date | None
    end: date | None
    submitted: str


def is_manifest(name: str) -> bool:
    """Whether a file of this name is a manifest."""
    return name.lower().endswith("manifest.json")


def read_manifest(path: Path) -> Manifest:
    """Return what the manifest says. Raises BrokenInputError when it cannot be read."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too large for a manifest")
        said = json.loads(path.read_text(encoding="utf-8-sig"))
        config, run = _object(said, "exportConfig"), _object(said, "runInfo")
        listed = said.get("blobs") or []
        blobs = tuple(Blob(str(blob["blobName"]), _whole(blob, "byteCount")) for blob in listed)
        rows = [_whole(blob, "dataRowCount") for blob in listed]
        counted = sum(row for row in rows if row is not None) if None not in rows else None
        total = _whole(said, "dataRowCount")
        return Manifest(
            path,
            blobs,
            counted if total is None else total,
            str(config.get("type") or ""),
            _EXPORT.sub("", str(config.get("resourceId") or "")).strip("/").lower(),
            _day(run.get("startDate")),
            _day(run.get("endDate")),
            re.sub(r"\D", "", str(run.get("submittedTime") or ""))[:14],
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, OSError) as error:
        raise BrokenInputError(
            f"{path}: is no manifest of a cost export ({type(error).__name__}: {str(error)[:200]}). {_FETCH}"
        ) from None


def _object(said: dict[str, Any], key: str) -> dict[str, Any]:
    found = said.get(key) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{key} is no object")
    return found


def _whole(said: dict[str, Any], key: str) -> int | None:
    found = said.get(key)
    return None if found is None else int(found)


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)[:10]) if text else None
