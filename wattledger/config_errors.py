"""What is wrong with a configuration, in words: the place and the nearest match, never the value itself."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from wattledger.errors import ConfigError

Keys = Sequence[object]
_SECRET_KEY = re.compile(
    r"secret|passw|token|credential|access_?key|account_?key|api_?key|private_?key|connection_?string|^sas(_|$)", re.I
)
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # an AWS access key id
    r"|AccountKey=|SharedAccessSignature=|SharedAccessKey=|[?&]sig=|[?&](X-Amz-)?Signature="  # Azure keys, signed URLs
    r"|[?&][a-z_]*token=|-----BEGIN|://[^/@\s]*:[^/@\s]*@"  # tokens, PEM blocks, user:password@host
)
# 40 characters of base64 with capitals, small letters and digits: an AWS secret key. Digests are hexadecimal.
_SECRET_TEXT = re.compile(r"^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9/+]{40}$")
# pydantic's kinds of error in words for somebody who writes TOML.
_WORDS = {
    "model_type": "should be a table",
    "list_type": "should be a list",
    "dict_type": "should be a table",
    "bool_type": "should be true or false, without quotes",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number, without quotes",
    "int_parsing": "should be a whole number",
    "string_type": "should be text in quotes",
    "date_type": 'should be a day or a month, e.g. 2025-03-01 or "2025-03"',
}
_SHAPES = {
    "memory_limit": "should be a size like 1500MB or 2GB",
    "name": "should begin with a letter or digit and hold only these, `.`, `_` and `-`",
}
_PATHS = ("path", "snapshot", "spool", "location", "mapping", "ca_file")


def refuse_secrets(document: Mapping[str, Any], place: Callable[[Keys], str]) -> None:
    """Raise ConfigError for a key or a value that looks like a secret; ``place`` names where it stands."""
    for keys, value in _leaves(document, ()):
        key = str(next(key for key in reversed(keys) if isinstance(key, str)))
        is_opaque = key not in _PATHS and _SECRET_TEXT.match(value)
        if _SECRET_KEY.search(key) or _SECRET_VALUE.search(value) or is_opaque:
            raise ConfigError(
                f"{place(keys)} holds what looks like a secret. wattledger reads none from its configuration: "
                "credentials come from the provider's own chain (AWS profile or role, Google application default "
                "credentials, az login). Remove it, and replace it at the provider if the file was shared."
            )


def _leaves(value: Any, keys: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*keys, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves(inner, (*keys, position))
    else:
        yield keys, str(value)


def invalid(
    errors: Sequence[Mapping[str, Any]], place: Callable[[Keys], str], known: Callable[[Keys], Collection[str]]
) -> ConfigError:
    """Return one error that says every finding of a validation, each with its place."""
    return ConfigError("\n".join(_finding(error, place, known) for error in errors))


def _finding(error: Mapping[str, Any], place: Callable[[Keys], str], known: Callable[[Keys], Collection[str]]) -> str:
    keys, kind = tuple(key for key in error["loc"] if "[" not in str(key)), error["type"]  # a union's, of pydantic
    if kind == "extra_forbidden":
        table = dotted(keys[:-1])
        where = "the file" if not table else table if table.endswith("]") else f"[{table}]"
        return f"{place(keys)}: " + unknown(f"key {str(keys[-1])!r} in {where}", str(keys[-1]), known(keys[:-1]))
    if kind == "missing":
        return f"{place(keys[:-1])}: {dotted(keys[:-1])} lacks `{keys[-1]}`."
    said = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    text = _SHAPES.get(str(keys[-1]), said) if kind == "string_pattern_mismatch" else _WORDS.get(kind, said)
    if kind == "list_type" and keys == ("source",):
        text = "should be a list of tables: write [[source]], with two brackets"
    return f"{place(keys)}: {dotted(keys)}: {text}."


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Return the sentence about a name that does not exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"there is no {what}. {hint}Known: {', '.join(known)}."


def dotted(keys: Keys) -> str:
    """Return ``keys`` as one name; sources are counted from 1: `source[2].since`."""
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")
