"""Values as words: what a tool is given, so that a person can hear it (D8).

Boundary: plain data in, short text out. Failure policy: what cannot be said in words is left out; no
repr of anybody's object is ever spoken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from aaep_helpers.redaction import OMITTED, redact_value
from aaep_helpers.segmentation import shorten

_MOST_ITEMS: Final = 5
_DEEPEST: Final = 2
# Beyond these nobody can follow the noughts.
_SMALLEST_WRITTEN_OUT: Final = 1e-9
_LARGEST_WRITTEN_OUT: Final = 1e15


def spoken_value(value: object, max_length: int = 120) -> str:
    """`value` in words; "" for what has none.

    Args:
        value: Text, a number, a truth value, or lists and mappings of such.
        max_length: The most code points; longer text is shortened at a grapheme boundary (D7).
    """
    return shorten(_say(value, 0), max_length)


def spoken_arguments(arguments: Mapping[str, object], max_length: int = 400) -> str:
    """A tool's arguments as "name: value, name: value", secrets masked by name and by shape (SEC-1).

    Args:
        arguments: By name, as the tool gets them.
        max_length: The most code points in all.
    """
    safe = redact_value(dict(arguments))
    pairs = safe.items() if isinstance(safe, dict) else ()
    return shorten(", ".join(_pairs(pairs, 0)), max_length)


def _pairs(items: Iterable[tuple[object, object]], depth: int) -> list[str]:
    said = ((str(name).replace("_", " "), _say(value, depth + 1)) for name, value in items)
    return [f"{name}: {words}" for name, words in said if words]


def _say(value: object, depth: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            # What redaction could not read has no words either.
            return "" if value == OMITTED else " ".join(value.split())
        case int():
            return str(value)
        case float():
            return _number(value)
        case Mapping() if depth <= _DEEPEST:
            return ", ".join(_shortlist(_pairs(value.items(), depth)))
        case list() | tuple() | set() | frozenset() if depth <= _DEEPEST:
            return ", ".join(
                _shortlist([words for item in value if (words := _say(item, depth + 1))])
            )
        case _:
            return ""


def _number(value: float) -> str:
    # Not :g, which rounds: 1234567.5 dollars are not 1.23457e+06.
    if not math.isfinite(value):
        return ""
    if not _SMALLEST_WRITTEN_OUT <= abs(value) < _LARGEST_WRITTEN_OUT and value:
        return repr(value)
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _shortlist(items: list[str]) -> list[str]:
    if len(items) <= _MOST_ITEMS:
        return items
    return [*items[:_MOST_ITEMS], f"{len(items) - _MOST_ITEMS} more"]
