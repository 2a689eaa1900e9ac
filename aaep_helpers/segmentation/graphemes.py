"""Where text may be cut without tearing apart what a reader sees as one character (UAX 29).

Boundary: pure functions on strings; knows nothing of sentences, sessions or limits of the protocol.
Failure policy: any string is accepted, lone surrogates too; only senseless limits raise ValueError.
The rules err on the safe side: a position that UAX 29 forbids is never offered, though some that
it allows are refused (before unassigned code points, for instance, which a later Unicode version
may turn into combining marks).
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Final
from unicodedata import category, combining

from aaep_helpers.segmentation.characters import CLOSERS, STOPS, WIDE_STOPS, as_class

_ZWJ: Final = "\u200d"
_VIRAMA: Final = 9  # canonical combining class of the signs that join two consonants
_LONGEST_CONJUNCT: Final = 32  # further back than any real conjunct reaches

# What continues a cluster without being a mark: joiners, Thai and Lao AM, half-width voicing marks,
# skin tones, tag characters, Kirat Rai vowels.
_EXTENDS: Final = re.compile(
    "[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U00016d63\U00016d67-\U00016d6a"
    "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
# Number signs and the like that bind to what follows them (Grapheme_Cluster_Break=Prepend).
_PREPENDS: Final = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"
    "\U000113d1\U0001193f\U00011941\U00011a84-\U00011a89\U00011d46\U00011f02]"
)
_HANGUL: Final = re.compile("[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7fb]")
_HANGUL_LEAD: Final = re.compile("[\u1100-\u115f\ua960-\ua97c]")
_HANGUL_TAIL: Final = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
# Symbols that a joiner, a skin tone or a variation selector commonly follows.
_PICTOGRAPH: Final = re.compile("[\u00a9\u00ae\u2049\u203c\u2122-\u3299\U0001f000-\U0001faff]")
_SENTENCE_END: Final = re.compile(
    rf"[{STOPS}]+{as_class(CLOSERS)}*\s+|[{WIDE_STOPS}]+{as_class(CLOSERS)}*"
)
_SPACES: Final = re.compile(r"\s+")


def is_safe_boundary(text: str, i: int, start: int = 0) -> bool:
    """Tell whether cutting `text` before position `i` keeps every grapheme cluster whole.

    Args:
        text: any string.
        i: a position in code points; the two ends of the text are always safe.
        start: the text before this position is not looked at, as if the text began here.

    Returns:
        False also in some cases where UAX 29 would allow the cut, never True where it forbids it.
    """
    if i <= start or i >= len(text):
        return True
    before, after = text[i - 1], text[i]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    kind = category(after)
    if kind[0] == "M" or kind == "Cn" or before == _ZWJ or category(before) == "Cn":
        return False
    if _EXTENDS.match(after) or _PREPENDS.match(before):
        return False
    if _FLAG.match(after) and _FLAG.match(before):
        return _flags_before(text, i, start) % 2 == 0
    if _HANGUL.match(after) and _HANGUL.match(before):
        return not (_HANGUL_LEAD.match(before) or _HANGUL_TAIL.match(after))
    return not (kind == "Lo" and _joined_by_virama(text, i, start))


def _flags_before(text: str, i: int, start: int) -> int:
    position = i
    while position > start and _FLAG.match(text[position - 1]):
        position -= 1
    return i - position


def _joined_by_virama(text: str, i: int, start: int) -> bool:
    """A consonant after a consonant with a virama belongs to the same conjunct (GB9c)."""
    for position in range(i - 1, max(start, i - _LONGEST_CONJUNCT) - 1, -1):
        char = text[position]
        if combining(char) == _VIRAMA:
            return True
        # Whatever extends a cluster may stand between the virama and the consonant, skin tones too.
        if category(char)[0] != "M" and not _EXTENDS.match(char):
            return False
    return i - start > _LONGEST_CONJUNCT


def ends_open(text: str) -> bool:
    """Tell whether the last character of `text` asks for more, so that it may be half a cluster.

    True for joiners, half a flag, leading jamo, viramas, CR and symbols that selectors follow.
    """
    if not text:
        return False
    last = text[-1]
    if last < "\u00a9":
        return last == "\r"
    return bool(
        last == _ZWJ
        or combining(last) == _VIRAMA
        or _PREPENDS.match(last)
        or _HANGUL.match(last)
        or _PICTOGRAPH.match(last)
    )


def safe_cut(text: str, limit: int, start: int = 0) -> int:
    """Return the largest position <= `limit` where a cut keeps every grapheme cluster whole.

    Args:
        text: any string.
        limit: code points; from the length of the text on, the answer is that length.
        start: the text before this position is not looked at; it is the answer when the first
            cluster alone is longer than the limit.
    """
    position = min(limit, len(text))
    while position > start and not is_safe_boundary(text, position, start):
        position -= 1
    return max(position, start)


def _fit(text: str, start: int, max_length: int, max_bytes: int | None) -> int:
    """The largest position that keeps text[start:position] within both limits."""
    piece = text[start : start + max_length]
    if max_bytes is None:
        return start + len(piece)
    encoded = piece.encode("utf-8", "surrogatepass")
    if len(encoded) <= max_bytes:
        return start + len(piece)
    # Each code point has exactly one byte that is not a continuation byte; the one whose first
    # byte is the last allowed may lack its continuation.
    end = max_bytes
    while end > 0 and encoded[end] & 0xC0 == 0x80:
        end -= 1
    return start + sum(byte & 0xC0 != 0x80 for byte in encoded[:end])


def shorten(
    text: str, max_length: int, *, max_bytes: int | None = None, ellipsis: str = "…"
) -> str:
    """Shorten a text for people at a grapheme boundary, at a word's end where one is near (D7).

    Args:
        text: returned unchanged when it fits.
        max_length: limit of the result with its ellipsis, in code points.
        max_bytes: limit of the result with its ellipsis, in bytes of UTF-8.
        ellipsis: put at the end of a shortened text; left out where it alone exceeds a limit.

    Raises:
        ValueError: a limit is negative.
    """
    if max_length < 0 or (max_bytes is not None and max_bytes < 0):
        raise ValueError("limits must not be negative")
    if _fit(text, 0, max_length, max_bytes) == len(text):
        return text
    if _fit(ellipsis, 0, max_length, max_bytes) < len(ellipsis):
        ellipsis = ""
    room = max_length - len(ellipsis)
    byte_room = None if max_bytes is None else max_bytes - len(ellipsis.encode())
    limit = safe_cut(text, _fit(text, 0, room, byte_room))
    cut = limit
    if not text[limit : limit + 1].isspace():
        for gap in _SPACES.finditer(text, limit // 2, limit):
            if is_safe_boundary(text, gap.start()):
                cut = gap.start()
    trailing = sum(1 for _ in takewhile(str.isspace, reversed(text[:cut])))
    if is_safe_boundary(text, cut - trailing):
        cut -= trailing
    return text[:cut] + ellipsis


def split_to_limits(text: str, max_length: int, max_bytes: int | None = None) -> list[str]:
    """Split a text into pieces within the limits; joined they are the text again (SEQ-9).

    A piece ends at a sentence's end if one lies in its second half, else at white space, else at a
    grapheme boundary; only a single cluster longer than the limit is cut between code points.

    Args:
        text: any string; an empty one gives no pieces.
        max_length: code points a piece may have, at least 1.
        max_bytes: bytes of UTF-8 a piece may have, at least 4, which every code point fits in.

    Raises:
        ValueError: a limit is smaller than that.
    """
    if max_length < 1 or (max_bytes is not None and max_bytes < 4):
        raise ValueError("a piece must have room for one code point")
    pieces: list[str] = []
    start = 0
    while start < len(text):
        limit = _fit(text, start, max_length, max_bytes)
        cut = limit if limit == len(text) else _best_end(text, start, limit)
        pieces.append(text[start:cut])
        start = cut
    return pieces


def _best_end(text: str, start: int, limit: int) -> int:
    middle = start + (limit - start) // 2
    for pattern in (_SENTENCE_END, _SPACES):
        ends = [match.end() for match in pattern.finditer(text, middle, limit)]
        for end in reversed(ends):
            if end > start and is_safe_boundary(text, end, start):
                return end
    cut = safe_cut(text, limit, start)
    return cut if cut > start else limit
