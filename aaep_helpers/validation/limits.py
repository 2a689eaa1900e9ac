"""The soft limits on an event's size (ENV-7).

Boundary: counts; whether the event is valid is asked elsewhere. Failure policy: never raises; of
what is not JSON it says nothing, `validate_event` does.
"""

from __future__ import annotations

import json
from typing import Final

from aaep_helpers.errors import Violation
from aaep_helpers.validation.plain import Step, as_plain, pointer
from aaep_helpers.vocabulary import MAX_EVENT_BYTES, MAX_STRING_BYTES

MAX_TOP_LEVEL_FIELDS: Final = 32
MAX_DEPTH: Final = 8


def soft_limit_violations(event: object) -> list[Violation]:
    """Where an event is larger than it should be (ENV-7, a should of the specification).

    Bytes are those of compact JSON in UTF-8. The event itself is the first level of nesting.
    Fields are those at the top level and the prefixes inside `extensions`.

    Args:
        event: An event that `validate_event` finds valid; anything else yields what can be said.

    Returns:
        One violation per limit and place; empty when the event keeps all of them.
    """
    plain, faults = as_plain(event)
    if faults or not isinstance(plain, dict):
        return []
    found: list[Violation] = []
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-8"))
    if size > MAX_EVENT_BYTES:
        found.append(
            Violation("ENV-7", "", f"It takes {size} bytes; at most {MAX_EVENT_BYTES} are advised.")
        )
    extensions = plain.get("extensions")
    fields = len(plain) + (len(extensions) if isinstance(extensions, dict) else 0)
    if fields > MAX_TOP_LEVEL_FIELDS:
        found.append(
            Violation(
                "ENV-7",
                "",
                f"It has {fields} top-level fields, counting the prefixes inside extensions; "
                f"at most {MAX_TOP_LEVEL_FIELDS} are advised.",
            )
        )
    _look(plain, (), found)
    return found


def _look(value: object, path: tuple[Step, ...], found: list[Violation]) -> None:
    if isinstance(value, str):
        # A character takes at most four bytes: most strings need no encoding to be judged.
        if len(value) * 4 > MAX_STRING_BYTES:
            size = len(value.encode("utf-8"))
            if size > MAX_STRING_BYTES:
                message = f"The text takes {size} bytes; at most {MAX_STRING_BYTES} are advised."
                found.append(Violation("ENV-7", pointer(path), message))
    elif isinstance(value, dict | list):
        if len(path) == MAX_DEPTH:
            message = f"It is nested deeper than {MAX_DEPTH} levels."
            found.append(Violation("ENV-7", pointer(path), message))
            return
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in items:
            _look(item, (*path, step), found)
