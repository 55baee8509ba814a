"""Hashing of named columns at ingest: which ones, and where the key of the hash comes from.

The key is never in the configuration: ``env:NAME`` names an environment variable, ``file:PATH`` a file.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from wattledger.errors import ConfigError

COLUMNS = ("resource_id", "sub_account_id", "billing_account_id", "provider_line_id", "tags")
WILDCARDS = "*?["
_TAG = "tags."
# A column whose ids the other one may repeat: in an ARN, in a path of Azure, as the account of the payer itself.
_REPEATED_IN = {"sub_account_id": "resource_id", "billing_account_id": "sub_account_id"}
_PREFIX = re.compile(r"^user[:_]")  # what AWS writes before the key of a tag
_SHORTEST = 16  # bytes of a key
_DIGITS = 32  # hexadecimal ones, of a hash
_BLOCK = 64  # bytes of a block of SHA-256


@dataclass(frozen=True)
class Privacy:
    """The columns that are hashed, and the reference to the key; nothing is hashed without columns."""

    columns: tuple[str, ...] = ()
    key: str = ""
    folder: Path = Path()

    @property
    def tags(self) -> tuple[str, ...]:
        """The keys of the tags whose values are hashed, as `tag_key` returns them."""
        return tuple(tag_key(column.removeprefix(_TAG)) for column in self.columns if column.startswith(_TAG))

    def hides_tag(self, key: str) -> bool:
        """Whether the values of a tag are hashed."""
        return "tags" in self.columns or tag_key(key) in self.tags

    def read_key(self, environ: Mapping[str, str] | None = None) -> bytes:
        """Return the key. Raises ConfigError where the variable or the file is not there, or holds too little."""
        kind, _, name = self.key.partition(":")
        try:
            value = (os.environ if environ is None else environ).get(name, "").encode()
            if kind == "file":
                value = (self.folder / Path(name).expanduser()).read_bytes().strip()
        except OSError as error:
            raise ConfigError(f"[privacy] key: {name} cannot be read ({error.strerror}).") from None
        if len(value) < _SHORTEST:
            what = "holds" if value else "is not there, or empty:"
            raise ConfigError(
                f"[privacy] key: {self.key} {what} {len(value)} bytes; a key has {_SHORTEST} or more. "
                "`openssl rand -hex 32` makes one. Keep it: without it no later bill fits to those hashed before."
            )
        return value

    def hashed(self, text: str) -> str:
        """Return the hash of a text as it stands in the warehouse; a blank text says nothing and stays as it is."""
        if not text.strip():
            return text
        return hmac.new(self.read_key(), text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]

    def hashed_glob(self, glob: str, where: str) -> str:
        """Return the hash of a glob that fits one value alone; `*` fits any hash.

        Raises ConfigError for another glob: which values it fits cannot be seen from their hashes.
        """
        if glob == "*":
            return glob
        if any(character in glob for character in WILDCARDS):
            raise ConfigError(
                f"{where}: has a glob over what [privacy] hashes, and a hash does not tell which values it fits. "
                "Write whole values, one by one, or take the column out of [privacy] hash."
            )
        return self.hashed(glob)

    def mark(self, key: bytes) -> str:
        """Return a text that is another for other columns or another key; it does not tell the key."""
        return json.dumps([sorted(self.columns), hmac.new(key, b"wattledger", hashlib.sha256).hexdigest()[:16]])


def tag_key(key: str) -> str:
    """Return the key of a tag as it is compared: in lower case, without the prefix that AWS writes."""
    return _PREFIX.sub("", key.lower())


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer block of HMAC-SHA-256 (RFC 2104) for a key."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


class PrivacyTable(BaseModel):
    """The table [privacy]."""

    model_config = ConfigDict(extra="forbid")

    hash: list[Annotated[str, StringConstraints(min_length=1)]] = []
    key: Annotated[str, StringConstraints(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "PrivacyTable":
        for column in self.hash:
            if column not in COLUMNS and not (column.startswith(_TAG) and column != _TAG):
                raise ValueError(f"{column!r} should be one of {', '.join(COLUMNS)} or tags.KEY")
        for column, holder in _REPEATED_IN.items():
            if column in self.hash and holder not in self.hash:
                raise ValueError(f"{column!r} needs {holder!r}, too: it may hold the same id in the clear")
        if self.hash and self.key is None:
            raise ValueError("`hash` needs a `key`: env:NAME or file:PATH")
        if self.key is not None and self.key.partition(":")[0] not in ("env", "file"):
            raise ValueError("`key` should say where the key is, env:NAME or file:PATH, and never be the key itself")
        return self

    def privacy(self, folder: Path) -> Privacy:
        """Return what the table says; the path of a key file starts at ``folder``."""
        return Privacy(tuple(dict.fromkeys(self.hash)), self.key or "", folder)
