"""Which lines of a source are read: include and exclude by account, service and region, the same for every provider.

A glob with a field in front looks at lines, ``account:1234*``; any other one looks at file names.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = ("account", "service", "region")
SELECTABLE = ("usage", "provider_footprint")
"""The staged tables whose rows have these fields."""


@dataclass(frozen=True)
class Selection:
    """Globs over the fields of a line, as ``field:glob``.

    A line is read when every field that ``include`` names has a glob that fits, and no glob of ``exclude`` fits.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it leaves anything to decide."""
        return bool(self.include or self.exclude)

    def mark(self, key: bytes = b"") -> str:
        """A text that is another for other globs and does not tell them; empty where all is read.

        ``key`` is that of [privacy], without which an account could be guessed from it.
        """
        if not self:
            return ""
        said = json.dumps([sorted(set(self.include)), sorted(set(self.exclude))])
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:16]

    @property
    def all_globs(self) -> tuple[str, ...]:
        """Every glob once."""
        return tuple(dict.fromkeys((*self.include, *self.exclude)))

    def globs(self, side: str, field: str) -> list[str]:
        """Return the globs over a field of ``include`` or ``exclude``, in lower case."""
        given = self.include if side == "include" else self.exclude
        return [glob.partition(":")[2].lower() for glob in given if glob.partition(":")[0] == field]


def of_lines(globs: Sequence[str]) -> tuple[str, ...]:
    """Return the globs that look at lines."""
    return tuple(glob for glob in globs if glob.partition(":")[0] in FIELDS and ":" in glob)


def of_files(globs: Sequence[str]) -> tuple[str, ...]:
    """Return the globs that look at file names."""
    lines = of_lines(globs)
    return tuple(glob for glob in globs if glob not in lines)
