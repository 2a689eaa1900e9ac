"""Python values made into plain JSON values, or the reasons why they cannot be.

Boundary: knows JSON (ENV-6), nothing of events. Failure policy: never raises, whatever it is given.
It reads values by their real type and through the built-in types' own methods, so that no method of
a strange subclass runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import Final

from aaep_helpers.errors import Violation

MAX_SAFE_INTEGER: Final = 2**53

# No event comes near these; they bound the work on hostile or recursive input.
_MAX_DEPTH: Final = 64
_MAX_VALUES: Final = 250_000
_MAX_VIOLATIONS: Final = 100
_MAX_NAME: Final = 64

Step = str | int


def pointer(path: Iterable[Step]) -> str:
    """The JSON pointer (RFC 6901) for a path; very long names are cut so that no text leaks."""
    return "".join("/" + _cut(str(step)).replace("~", "~0").replace("/", "~1") for step in path)


def readable(name: str) -> str:
    """A field's name, fit for a sentence: cut when long, quoted when empty, always one line."""
    cut = _cut(name)
    if cut.isprintable():
        return cut or '""'
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def _cut(name: str) -> str:
    cut = name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + "..."
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")


def as_plain(value: object) -> tuple[object, list[Violation]]:
    """A copy of a value in plain JSON types, and what stands in the way (ENV-6).

    Args:
        value: Anything. Tuples become lists; members of enums of strings or numbers become their
            values, as json.dumps does it.

    Returns:
        The copy, and the violations found; the copy is of use only if there are none.
    """
    reader = _Reader()
    return reader.read(value, ()), reader.violations


class _Reader:
    """One reading of one value: its budget and what it has found."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._left = _MAX_VALUES

    def read(self, value: object, path: tuple[Step, ...]) -> object:
        if len(self.violations) >= _MAX_VIOLATIONS:
            return None
        self._left -= 1
        if self._left == 0:
            self._fault("ENV-7", (), f"It holds more than {_MAX_VALUES} values.")
        if self._left <= 0:
            return None
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return self._text(value, path)  # type: ignore[arg-type]
        if kind is int or kind is float:
            return self._number(value, path)  # type: ignore[arg-type]
        if issubclass(kind, dict):
            return self._object(value, path)  # type: ignore[arg-type]
        if issubclass(kind, list | tuple):
            return self._array(value, path)  # type: ignore[arg-type]
        if issubclass(kind, Enum):
            return self._member(value, path)
        self._fault("ENV-6", path, f"{_article(kind)} is not a JSON value.")
        return None

    def _text(self, value: str, path: tuple[Step, ...]) -> str:
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                self._fault(
                    "ENV-6", path, "The text holds half a surrogate pair, which UTF-8 cannot carry."
                )
        return value

    def _number(self, value: float, path: tuple[Step, ...]) -> float:
        if not math.isfinite(value) if type(value) is float else False:
            self._fault("ENV-6", path, "JSON has no infinite numbers and no NaN.")
        elif type(value) is int and not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            self._fault("ENV-6", path, "A whole number beyond 2^53 is sent as a string.")
        return value

    def _member(self, value: object, path: tuple[Step, ...]) -> object:
        if isinstance(value, str):
            return self._text(str.__str__(value), path)
        if isinstance(value, int):
            return self._number(int.__int__(value), path)
        if isinstance(value, float):
            return self._number(float.__float__(value), path)
        self._fault("ENV-6", path, f"{_article(type(value))} is not a JSON value; use its value.")
        return None

    def _object(self, value: dict[object, object], path: tuple[Step, ...]) -> dict[str, object]:
        copy: dict[str, object] = {}
        if self._too_deep(path):
            return copy
        for key, item in list(dict.items(value)):
            if type(key) is str:
                name = key
            elif issubclass(type(key), Enum) and issubclass(type(key), str):
                name = str.__str__(key)
            else:
                self._fault(
                    "ENV-6",
                    path,
                    f"A field's name is a plain string, not {_article(type(key), capital=False)}.",
                )
                continue
            copy[self._text(name, (*path, name))] = self.read(item, (*path, name))
        return copy

    def _array(
        self, value: list[object] | tuple[object, ...], path: tuple[Step, ...]
    ) -> list[object]:
        if self._too_deep(path):
            return []
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        return [self.read(item, (*path, index)) for index, item in enumerate(list(items))]

    def _too_deep(self, path: tuple[Step, ...]) -> bool:
        if len(path) < _MAX_DEPTH:
            return False
        self._fault("ENV-7", path, f"It is nested more than {_MAX_DEPTH} levels deep.")
        return True

    def _fault(self, rule: str, path: tuple[Step, ...], message: str) -> None:
        self.violations.append(Violation(rule, pointer(path), message))


def _article(kind: type, *, capital: bool = True) -> str:
    name = readable(type.__getattribute__(kind, "__name__"))
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article.capitalize() if capital else article} {name}"
