"""Owner rules of the configuration: who answers for a line, which lines are shared, how shared lines are divided.

A dimension (team, cost_center) lists where its owner is said; the first that a line has counts: ``tag:KEY``,
``account`` (the sub account of any provider), ``project`` (of Google Cloud), ``subscription`` (of Azure), ``parent``
(what the account hangs below) or ``payer``. ``shared`` lists conditions: ``tag:KEY=GLOB``, or one of the other words
with a glob, like ``account:log-*``.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from wattledger.errors import ConfigError

PLACES = ("account", "project", "subscription", "parent", "payer")
_WHOLE = 1e-9  # how far fixed shares may be from a sum of 1
_Text = Annotated[str, StringConstraints(min_length=1)]
_DIMENSION = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Rule:
    """One entry of a list of rules: as written, what it looks at, the key of a tag, the glob of a condition."""

    text: str
    kind: str  # tag, or one of PLACES
    tag: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class OwnerRules:
    """The table [owners]. The first dimension is the one that reports show; ``shares`` are fixed ones, by owner."""

    dimensions: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    shared: Sequence[Rule] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    basis: str | None = None  # cost, energy_kwh or table
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """One text that is another for other rules and does not tell them; empty without rules."""
        if not self.dimensions:
            return ""
        lists = [[name, [rule.text for rule in rules]] for name, rules in self.dimensions.items()]
        shared = [rule.text for rule in self.shared]
        said = json.dumps([lists, shared, sorted(self.names.items()), self.basis, sorted(self.shares.items())])
        return hashlib.sha256(said.encode()).hexdigest()


def _check_dimension(name: str) -> None:
    """Raise ValueError for a name that cannot be a dimension."""
    if not _DIMENSION.fullmatch(name):
        raise ValueError(f"{name!r} should be a name of small letters, digits and `_`, like cost_center")


def _source_of_owner(text: str) -> Rule:
    """Return where an owner is said. Raises ValueError for what is no such place."""
    kind, _, rest = text.partition(":")
    if kind == "tag" and rest:
        return Rule(text, kind, rest)
    if kind in PLACES and not rest and kind == text:
        return Rule(text, kind)
    raise ValueError(f"{text!r} should be tag:KEY or one of {', '.join(PLACES)}")


def _condition(text: str) -> Rule:
    """Return the condition that makes a line a shared one. Raises ValueError for what is none."""
    kind, _, rest = text.partition(":")
    key, equals, pattern = rest.partition("=")
    if kind == "tag" and key and equals and pattern:
        return Rule(text, kind, key, pattern)
    if kind in PLACES and rest:
        return Rule(text, kind, None, rest)
    raise ValueError(f"{text!r} should be tag:KEY=GLOB or like account:GLOB (one of {', '.join(PLACES)})")


def _check_shares(shares: Mapping[str, float]) -> None:
    """Raise ValueError where fixed shares are negative or do not sum to 1."""
    if any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > _WHOLE:
        said = ", ".join(f"{owner} = {share:g}" for owner, share in shares.items())
        raise ValueError(f"the shares should be 0 or more and sum to 1; these sum to {sum(shares.values()):g} ({said})")


def _read_names(path: Path) -> dict[str, str]:
    """Read the csv ``value,owner`` that names owners. ConfigError names file, line and what to change."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            if sorted(rows.fieldnames or ()) != ["owner", "value"]:
                raise ConfigError(
                    f"{path}: the file of owners takes the columns value and owner; it has "
                    f"{', '.join(rows.fieldnames or ()) or 'none'}."
                )
            names: dict[str, str] = {}
            for row in rows:
                _put_name(names, f"{path}, line {rows.line_num}", row)
            return names
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: the file of owners cannot be read: {error}. Correct `names` or the file.") from None


def _put_name(names: dict[str, str], where: str, row: Mapping[Any, Any]) -> None:
    value, owner = row.get("value"), row.get("owner")
    if None in row or not value or not owner or not owner.strip():
        raise ConfigError(f"{where}: should hold a value and its owner, two fields. Correct the line.")
    if names.get(value.strip(), owner.strip()) != owner.strip():
        raise ConfigError(f"{where}: {value.strip()!r} has two owners. Keep one line.")
    names[value.strip()] = owner.strip()


class SplitTable(BaseModel):
    """The table [owners.split]."""

    model_config = ConfigDict(extra="forbid")

    by: Literal["cost", "energy_kwh"] | dict[_Text, float]

    @model_validator(mode="after")
    def _is_whole(self) -> "SplitTable":
        if not isinstance(self.by, str):
            _check_shares(self.by)
        return self


class OwnersTable(BaseModel):
    """The table [owners]: every key but these three is a dimension."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[_Text]] = Field(init=False)

    shared: list[_Text] = []
    names: _Text | dict[_Text, _Text] = {}
    split: SplitTable | None = None

    @model_validator(mode="after")
    def _has_rules(self) -> "OwnersTable":
        for name, places in (self.__pydantic_extra__ or {}).items():
            _check_dimension(name)
            for place in places:
                _source_of_owner(place)
        for text in self.shared:
            _condition(text)
        if not self.__pydantic_extra__ and self.model_fields_set:
            raise ValueError('should say where an owner is found, e.g. team = ["tag:team", "account"]')
        return self

    def rules(self, folder: Path) -> OwnerRules:
        """Return the rules with the names that a file says, whose path starts at ``folder``."""
        dimensions = {
            name: [_source_of_owner(place) for place in places] for name, places in self.__pydantic_extra__.items()
        }
        shared = [_condition(text) for text in self.shared]
        names = self.names if isinstance(self.names, dict) else _read_names(folder / Path(self.names).expanduser())
        by = self.split.by if self.split else None
        if by is None or isinstance(by, str):
            return OwnerRules(dimensions, shared, names, by)
        return OwnerRules(dimensions, shared, names, "table", by)


def owner_settings(rules: OwnerRules) -> Iterator[tuple[str, str]]:
    """Yield key and text of what the rules say, for showing the configuration."""
    for name, entries in {**rules.dimensions, "shared": rules.shared}.items():
        if entries:
            yield f"owners.{name}", ", ".join(rule.text for rule in entries)
    if rules.names:
        yield "owners.names", f"{len(rules.names)} names"
    if rules.basis:
        shares = ", ".join(f"{owner} = {share:g}" for owner, share in rules.shares.items())
        yield "owners.split.by", shares or rules.basis
