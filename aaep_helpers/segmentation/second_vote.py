"""The second vote on a sentence boundary: the library sentencex, where it is installed.

Boundary: the only module that knows sentencex. Without it, or when it fails, the vote is None and
the own rules decide alone; a fault in it never loses text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

try:
    from sentencex import segment as _imported_segment
except ImportError:  # the extra `sentences` is not installed
    _imported_segment = None

# It looks at no more than this many code points before the boundary, so that a vote costs the same
# however long the text is.
_REACH: Final = 240
# sentencex 1.0.32 panics on some non-ASCII white space and cannot encode surrogates; both are
# replaced one to one, so that offsets stay valid.
_WHITE_SPACE: Final = re.compile(r"\s")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

Segment = Callable[[str, str], list[str]]
_segment: Segment | None = _imported_segment


def vote(language: str, text: str, begin: int, cut: int, end: int) -> bool | None:
    """Ask whether `cut` is a sentence boundary.

    Args:
        language: primary language subtag.
        text: the text the offsets refer to.
        begin: offset where the sentence began.
        cut: the offset in question, after the white space that follows the stop.
        end: offset up to which the right context goes, a whole word.

    Returns:
        The answer, or None when there is no second opinion.
    """
    if _segment is None:
        return None
    left = max(begin, cut - _REACH)
    window = _SURROGATES.sub("\ufffd", _WHITE_SPACE.sub(" ", text[left:end]))
    try:
        sentences = _segment(language, window)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  a panic in the Rust code is a BaseException
        return None
    # White space may go to either side.
    offset = left
    boundaries = set()
    for sentence in sentences:
        offset += len(sentence)
        boundaries.add(offset)
    stop = cut
    while stop > left and text[stop - 1].isspace():
        stop -= 1
    return any(position in boundaries for position in range(stop, cut + 1))
