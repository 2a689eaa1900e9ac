"""Whether an answer is of a kind the question asked for (CNF-11), and what a default in words means (CNF-5).

Boundary: values in, values out. Failure policy: total; what fits no kind is said to fit none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final

from aaep_helpers.vocabulary import ResponseKind

Response = str | bool | int | float

RESPONSE_KINDS: Final[tuple[ResponseKind, ...]] = (
    "freetext",
    "yes_no",
    "multiple_choice",
    "numeric",
)

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_YES: Final = frozenset({"yes", "true"})
_NO: Final = frozenset({"no", "false"})


def fits(response: object, kinds: Collection[str], choices: Collection[str]) -> bool:
    """Whether `response`, as it came in a reply, is an answer of one of `kinds` (CNF-11).

    Args:
        response: A plain JSON value.
        kinds: The kinds the question accepts.
        choices: The values of its choices; only these, byte for byte, are multiple choice.
    """
    kind = type(response)
    if kind is bool:
        return "yes_no" in kinds
    if kind is int or kind is float:
        return "numeric" in kinds
    if kind is str:
        return "freetext" in kinds or ("multiple_choice" in kinds and response in choices)
    return False


def parsed_default(text: str, kinds: Collection[str], choices: Collection[str]) -> Response | None:
    """What a `default_response` stands for; None where it is an answer of no accepted kind (CNF-5).

    The narrowest kind that fits is meant: a choice, then yes or no, then a number, then free text.

    Args:
        text: The default, as the event carries it.
        kinds: The kinds the question accepts.
        choices: The values of its choices.
    """
    if "multiple_choice" in kinds and text in choices:
        return text
    word = text.strip().lower()
    if "yes_no" in kinds and word in _YES | _NO:
        return word in _YES
    if "numeric" in kinds and _NUMBER.fullmatch(text.strip()):
        number = float(text)
        if math.isfinite(number):
            return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text.strip()) else number
    if "freetext" in kinds and text:
        return text
    return None
