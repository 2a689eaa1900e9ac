"""ENV-6 and ENV-7: an event as JSON text, its encoding and its size.

Boundary: looks at values and lengths, never at meaning. Failure policy: total; what cannot be
written as JSON is an ENV-6 finding and then has no size.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping

from conformance.judging.trace import Fault, Heard
from conformance.judging.values import MAX_DEPTH, as_mapping, path_text, show, walk

SAFE_INTEGER = 2**53
MAX_BYTES = 64 * 1024
MAX_FIELDS = 32
MAX_LEVELS = 8
MAX_STRING_BYTES = 16 * 1024


def json_values(event: Heard) -> Iterator[Fault]:
    """ENV-6: the event can be written as UTF-8 JSON, with no integer beyond +-2^53.

    Lone surrogates have no UTF-8 form; NaN and the infinities have no JSON form. An integral float
    is the same JSON number as the integer and is held to the same bound.
    """
    for path, value in walk(event.raw):
        problem = _json_problem(value)
        if problem:
            yield Fault(event, f"{path_text(path)}: {problem}")


def _json_problem(value: object) -> str | None:
    if value is None or isinstance(value, bool | list | tuple):
        return None
    if isinstance(value, str):
        return None if _encodes(value) else "text with a lone surrogate has no UTF-8 form"
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return f"{value} is not a JSON number"
        integral = isinstance(value, int) or value.is_integer()
        if integral and abs(value) > SAFE_INTEGER:
            return f"{show(value)} is beyond 2^53 and not sent as a string"
        return None
    if isinstance(value, Mapping):
        strange = [key for key in value if not isinstance(key, str) or not _encodes(key)]
        return f"the field name {show(strange[0])} is not UTF-8 text" if strange else None
    return f"{show(value)} is not a JSON value"


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def normal_form(event: Heard) -> Iterator[Fault]:
    """ENV-6, a should: text is in Unicode normal form C; judged string by string."""
    for path, value in walk(event.raw):
        if isinstance(value, str) and not unicodedata.is_normalized("NFC", value):
            yield Fault(event, f"{path_text(path)}: the text is not in NFC")


def soft_limits(event: Heard) -> Iterator[Fault]:
    """ENV-7, a should: 64 KiB serialized, 32 top-level fields, depth 8, 16 KiB a string.

    Read to the producer's favour where the rule leaves room: the serialized size is that of compact
    JSON; the prefixes inside extensions are counted in place of that field; only objects and arrays
    are levels, the event itself being the first. KiB are bytes of UTF-8, for strings as well.
    """
    fields = as_mapping(event.raw)
    if fields is None:
        return
    extensions = as_mapping(fields.get("extensions"))
    count = len(fields) + (len(extensions) - 1 if extensions is not None else 0)
    if count > MAX_FIELDS:
        yield Fault(event, f"{count} top-level fields; the soft limit is {MAX_FIELDS}")
    depth = 0
    for path, value in walk(event.raw):
        if isinstance(value, Mapping | list | tuple):
            depth = max(depth, len(path) + 1)
        elif isinstance(value, str):
            size = len(value.encode("utf-8", "surrogatepass"))
            if size > MAX_STRING_BYTES:
                where = path_text(path)
                yield Fault(event, f"{where} is {size} bytes; the soft limit is {MAX_STRING_BYTES}")
    if depth > MAX_LEVELS:
        yield Fault(event, f"nested {depth} levels deep; the soft limit is {MAX_LEVELS}")
    size = serialized_size(event, depth)
    if size > MAX_BYTES:
        yield Fault(event, f"{size} bytes serialized; the soft limit is {MAX_BYTES}")


def serialized_size(event: Heard, depth: int) -> int:
    """Bytes of the event as compact JSON; 0 when it has no JSON form (then ENV-6 has spoken)."""
    if depth >= MAX_DEPTH or any(True for _ in json_values(event)):
        return 0
    try:
        text = json.dumps(event.raw, ensure_ascii=False, separators=(",", ":"), default=_as_dict)
    except (TypeError, ValueError, RecursionError):
        # Only an event past MAX_NODES can hide a fault from json_values and come this far.
        return 0
    return len(text.encode("utf-8", "surrogatepass"))


def _as_dict(value: object) -> dict[object, object]:
    return dict(as_mapping(value) or {})
