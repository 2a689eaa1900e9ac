"""Arguments as the user hears them in a question: all of them, nothing hidden in them, no secrets.

T3: an argument may be written to mislead. Text that is more than one plain word is quoted, so that it
cannot pass for the words around it; invisible and bidirectional characters are spelled out; what is too
long to be read out is cut with its full length said (D7). Secrets are masked before anything is cut.

Boundary: frozen values in, words out, in the language of the catalogue. Failure policy: what has no words
is said to have none; nothing of anybody's is ever printed by its own repr.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.redaction import MASK, OMITTED, is_secret_name, redact_text, redact_value
from aaep_helpers.segmentation import shorten

_OPEN, _CLOSE = "\u201c", "\u201d"
_PLAIN_WORD: Final = re.compile(r"[\w.@+\-/#$%&'*]+")
_DEEPEST: Final = 6

# Of the visible categories, but nothing is to be seen of them.
_BLANKS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
)
_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cs", "Cn", "Zl", "Zp"})

# So much of a text is looked through for secrets before it is cut: longer ones than this there are none.
_SCANNED: Final = 8_192


class Words:
    """Values in the words of one language.

    Args:
        language: The language tag of those who ask.
    """

    def __init__(self, language: str) -> None:
        self._catalogue = default_catalogue()
        self._language = self._catalogue.language_for(language)

    def of(self, key: str, **params: str | int) -> str:
        """The catalogue's words for `key`."""
        return self._catalogue.render(Summary.of(key, **params), self._language, "normal") or ""

    def text(self, text: str) -> str:
        """A text with what is invisible in it spelled out, and without secrets."""
        visible = "".join(char for char in text if not is_invisible(char))
        masked = redact_text(visible)
        # A secret with invisible characters in it is still one.
        return _spelled(masked if masked != visible else text, self.of("gate.new_line"))

    def value(self, value: object, limit: int) -> str:
        """Any value, in at most about `limit` characters.

        Args:
            value: A frozen argument, or a part of one.
            limit: How long its words may be before it is cut and its full length said.
        """
        return self._say(value, limit, 0)

    def named(self, name: str, value: object, limit: int) -> str:
        """A value whose name may say that it is secret."""
        return self._named(name, value, limit, 0)

    def pairs(self, arguments: Mapping[str, object], limit: int) -> str:
        """Arguments as "name: value; name: value"; all of them.

        Args:
            arguments: By name.
            limit: As for `value`, for each.
        """
        return "; ".join(
            f"{self._name(name)}: {self.named(name, value, limit)}"
            for name, value in arguments.items()
        )

    def _name(self, name: object) -> str:
        text = self.text(str(name) if type(name) in (str, int, float, bool) else "")
        text = shorten(text.replace("_", " "), 64)
        return text if _PLAIN_WORD.fullmatch(text.replace(" ", "_")) else _quoted(text)

    def _named(self, name: object, value: object, limit: int, depth: int) -> str:
        is_secret = type(name) is str and is_secret_name(name)
        if is_secret and value is not None and type(value) is not bool:
            return MASK
        return self._say(value, limit, depth)

    def _say(self, value: object, limit: int, depth: int) -> str:
        if depth > _DEEPEST:
            return self.of("gate.unspeakable")
        kind = type(value)
        if value is None:
            return self.of("gate.nothing")
        if kind is bool:
            return self.of("gate.yes" if value else "gate.no")
        if isinstance(value, int) and kind is int and value.bit_length() > 256:
            return self.of("gate.unspeakable")
        if kind is int or kind is float:
            # Not :g, which rounds: 1234567.5 dollars are not 1.23457e+06.
            return redact_text(repr(value))
        if isinstance(value, str) and kind is str:
            return self._string(value, limit)
        if isinstance(value, (bytes, bytearray)):
            return self.of("gate.bytes", count=f"{len(value):,}")
        if isinstance(value, dict) and kind is dict:
            return self._entries(value, limit, depth)
        if isinstance(value, (list, tuple, set, frozenset)) and kind in _LISTS:
            return self._items(
                (self._say(item, limit, depth + 1) for item in value), len(value), limit
            )
        plain = redact_value(value)
        if plain == OMITTED or type(plain) not in _PLAIN:
            return self.of("gate.unspeakable")
        return self._say(plain, limit, depth + 1)

    def _string(self, text: str, limit: int) -> str:
        if text == OMITTED:
            return self.of("gate.unspeakable")
        if not text.strip():
            return self.of("gate.empty") if not text else _quoted(_spelled(text, " "))
        said = self.text(text[: limit + _SCANNED])
        if said == MASK:
            return MASK
        is_long = len(text) > limit + _SCANNED or len(said) > limit
        if is_long:
            return self.of(
                "gate.cut",
                beginning=_quoted(shorten(said, limit, ellipsis="")),
                count=f"{len(text):,}",
            )
        return said if _PLAIN_WORD.fullmatch(said) else _quoted(said)

    def _entries(self, value: Mapping[object, object], limit: int, depth: int) -> str:
        keys = {key.lower(): item for key, item in value.items() if type(key) is str}
        naming = keys.get("name", keys.get("key"))
        hides = type(naming) is str and is_secret_name(naming)  # {"name": "api_key", "value": ...}
        said = (
            f"{self._name(name)}: "
            + (
                MASK
                if hides and type(name) is str and name.lower() == "value"
                else self._named(name, item, limit, depth + 1)
            )
            for name, item in value.items()
        )
        return self._items(said, len(value), limit)

    def _items(self, said: Iterable[str], count: int, limit: int) -> str:
        if not count:
            return self.of("gate.empty")
        parts: list[str] = []
        for words in said:
            parts.append(words)
            if sum(map(len, parts)) > limit and len(parts) < count:
                listed = f"({', '.join(parts)})"
                return self.of("gate.cut_items", beginning=listed, count=f"{count:,}")
        return f"({', '.join(parts)})"


_LISTS: Final = (list, tuple, set, frozenset)
_PLAIN: Final = (str, int, float, bool, list, dict)


def is_invisible(char: str) -> bool:
    """Whether nothing is to be seen or heard of a character, or it turns others around."""
    if char.isascii():
        return not (" " <= char <= "~" or char in "\n\r\t")
    return (
        unicodedata.category(char) in _INVISIBLE
        or char in _BLANKS
        or 0xE0100 <= ord(char) <= 0xE01EF
    )


def _spelled(text: str, new_line: str) -> str:
    parts: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text):
        spelled = "".join(
            f"[U+{ord(char):04X}]" if is_invisible(char) or char in (_OPEN, _CLOSE) else char
            for char in line
        )
        parts.append(" ".join(spelled.split()))
    # Several line breaks in a row sound like one.
    lines = [part for at, part in enumerate(parts) if part or at in (0, len(parts) - 1)]
    return f" {new_line} ".join(lines).strip()


def _quoted(text: str) -> str:
    return f"{_OPEN}{text}{_CLOSE}"
