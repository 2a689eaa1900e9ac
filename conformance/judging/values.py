"""Questions about single JSON values that have an answer for every input.

Boundary: no events, no rules. Failure policy: total; a value of the wrong kind gets the answer
"no" or None, never an exception, because the judge's input is by nature not to be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

# The deepest and largest value the judge looks through; far beyond ENV-7's limits, so that nothing
# is missed that ENV-7 does not report anyway, and a self-containing value still comes to an end.
MAX_DEPTH = 64
MAX_NODES = 200_000

_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
# The protocol's fields carry BCP 47 tags; this is the shape all of them share.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def as_text(value: object) -> str | None:
    """The value when it is a string."""
    return value if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """The value when JSON counts it as an integer: 5 and 5.0, but neither true nor "5"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def as_mapping(value: object) -> Mapping[object, object] | None:
    """The value when it is an object; keys that are not strings are ENV-6's business."""
    return value if isinstance(value, Mapping) else None


def as_list(value: object) -> list[object] | None:
    """The value when it is an array; a tuple is one, since it is written as one."""
    return list(value) if isinstance(value, list | tuple) else None


def is_uri(value: object) -> bool:
    """Whether the value is an absolute URI in form."""
    return isinstance(value, str) and _URI.fullmatch(value) is not None


def is_language(value: object) -> bool:
    """Whether the value has the shape of a BCP 47 language tag."""
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def show(value: object) -> str:
    """The value for a message: short, on one line, and safe to print."""
    if isinstance(value, str):
        clipped = value if len(value) <= 60 else f"{value[:57]}..."
        return ascii(clipped) if _unprintable(clipped) else repr(clipped)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Python refuses to print integers of thousands of digits.
        return str(value) if value.bit_length() < 256 else "a very large integer"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    return f"a {type(value).__name__}"


def _unprintable(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def instant(value: object) -> int | None:
    """Microseconds since year 1 of an RFC 3339 timestamp; None when it is not one.

    A leap second (:60) is legal there, so the arithmetic is done on integers and not by datetime.
    """
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        # No such day: the form alone does not make it a timestamp.
        return None
    offset_hour, offset_minute = int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hour > 23 or offset_minute > 59:
        return None
    offset = (offset_hour * 60 + offset_minute) * (-1 if match[8] == "-" else 1)
    fraction = int((match[7] or "").ljust(6, "0")[:6])
    seconds = days * 86_400 + hour * 3_600 + (minute - offset) * 60 + second
    return seconds * 1_000_000 + fraction


def fraction_digits(value: str) -> int:
    """How many digits of a second's fraction a well-formed timestamp has."""
    match = _TIMESTAMP.fullmatch(value)
    return len(match[7] or "") if match else 0


def walk(value: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value inside a value, itself first, with the path to it; in reading order.

    Iterative, so that depth cannot exhaust the stack; stops at MAX_DEPTH and MAX_NODES.
    """
    stack: list[tuple[tuple[str, ...], object]] = [((), value)]
    visited = 0
    while stack and visited < MAX_NODES:
        path, current = stack.pop()
        visited += 1
        yield path, current
        if len(path) >= MAX_DEPTH:
            continue
        children: list[tuple[tuple[str, ...], object]] = []
        if isinstance(current, Mapping):
            children = [((*path, _key(key)), child) for key, child in current.items()]
        elif isinstance(current, list | tuple):
            children = [((*path, str(place)), child) for place, child in enumerate(current)]
        stack.extend(reversed(children))


def _key(key: object) -> str:
    return key if isinstance(key, str) else show(key)


def path_text(path: tuple[str, ...]) -> str:
    """A path for a message, such as ``progress.percent``."""
    dotted = ".".join(path) or "the event"
    return ascii(dotted)[1:-1] if _unprintable(dotted) else dotted
