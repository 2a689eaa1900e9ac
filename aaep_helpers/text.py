"""What must be true of every text before it is said aloud: well-formed, NFC, no secrets, not too long.

Boundary: strings in, strings out. Failure policy: what is no string is handed back as it is, so that
validation can name the field.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from aaep_helpers.redaction import OMITTED, redact_text, redact_value
from aaep_helpers.segmentation import shorten
from aaep_helpers.vocabulary import MAX_STRING_BYTES, MAX_TEXT_LENGTH

# ENV-7: eight levels of nesting, of which the event itself is the first.
_DATA_DEPTH: Final = 7

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """`text` with every lone surrogate replaced by U+FFFD, so that it is UTF-8 (ENV-6).

    One code point stands for one, so positions stay true (SEQ-9). A subclass of str, such as LangChain's
    `message.text`, becomes a plain one: no other is a JSON value.
    """
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)


def whole_text(text: str) -> str:
    """`text` as it may be said, at its full length: well-formed, in NFC, without secrets (ENV-6, SEC-1).

    Args:
        text: What somebody wants to say; anything but a string is returned unchanged.
    """
    if not isinstance(text, str):
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFC", well_formed(text))
    return redact_text(str(text))


def human_text(text: str, max_length: int = MAX_TEXT_LENGTH) -> str:
    """`text` as it may be said: well-formed, in NFC, without secrets, shortened at a grapheme boundary.

    Args:
        text: What somebody wants to say; anything but a string is returned unchanged.
        max_length: The most code points it may have; UTF-8 takes at most 16 KiB as well (ENV-7).

    Returns:
        The text by ENV-6, SEC-1 and D7; a shortened one ends in an ellipsis.
    """
    text = whole_text(text)
    if not isinstance(text, str):
        return text
    if len(text) * 4 <= MAX_STRING_BYTES and len(text) <= max_length:
        return text
    return shorten(text, max_length, max_bytes=MAX_STRING_BYTES)


def human_data(value: object) -> Any:
    """A JSON-like copy of `value` without secrets at any depth (SEC-1), for extra and packaged context.

    Returns:
        Any, because it goes into a wire event, where plain JSON lives; no text in it is longer, and no part
        of it deeper, than ENV-7 advises.
    """
    return _within_limits(redact_value(value), _DATA_DEPTH)


def _within_limits(value: object, levels: int) -> object:
    if isinstance(value, str):
        return shorten(value, MAX_TEXT_LENGTH, max_bytes=MAX_STRING_BYTES)
    if isinstance(value, (dict, list)) and levels == 0:
        return OMITTED
    if isinstance(value, dict):
        return {name: _within_limits(inner, levels - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_within_limits(inner, levels - 1) for inner in value]
    return value
