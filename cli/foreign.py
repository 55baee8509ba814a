"""Foreign text, before a person reads it."""

import unicodedata

# Categories of characters that steer a terminal or turn the order of reading.
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def harmless(text: str) -> str:
    """Return ``text`` with what could steer a terminal or turn its reading order spelled out: `\\x1b`, `\\u202e`.

    Line feeds stay.
    """
    return "".join(
        character if character == "\n" or unicodedata.category(character) not in _STEERING else _spell(character)
        for character in text
    )


def _spell(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
