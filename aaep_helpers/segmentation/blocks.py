"""The line structure of Markdown, as far as it bounds sentences: how lines begin, where blocks end.

Boundary: pure functions on a text and a view of it; knows nothing of full stops.
Failure policy: None means "more text is needed"; at the end of the text there always is an answer.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from aaep_helpers.segmentation.characters import (
    BULLETS,
    WIDE_CLOSING_PARENTHESIS,
    WIDE_OPENING_PARENTHESIS,
    as_class,
)


class LineKind(Enum):
    """What a line is, by how it begins."""

    TEXT = "text"
    ITEM = "item"
    HEADING = "heading"
    QUOTE = "quote"
    TABLE = "table"
    FENCE = "fence"


class LineHead(NamedTuple):
    """The beginning of a line.

    Attributes:
        kind: what the line is.
        end: offset after the marker, where its text begins.
        fence: the characters of the fence, for a line that opens or closes a code block.
    """

    kind: LineKind
    end: int
    fence: str = ""


_BULLET: Final = as_class(BULLETS)
_OPEN: Final = as_class("(" + WIDE_OPENING_PARENTHESIS)
_HEAD: Final = re.compile(
    r"[^\S\n]*(?:"
    r"(?P<fence>`{3,}|~{3,})"
    r"|(?P<heading>\#{1,6})[^\S\n]"
    r"|(?P<table>\|)"
    r"|(?P<quote>>)"
    rf"|(?P<item>{_BULLET}(?:[^\S\n]|(?=\d))(?:\s*\d{{1,3}}[.)])?"
    rf"|{_OPEN}?(?:\d{{1,9}}|[a-z]|[ivx]{{1,4}})(?:[.)]{{1,2}}(?=\s)|{WIDE_CLOSING_PARENTHESIS})"
    r"|\d{1,2}、|[①-⑳])"
    r")"
)
# A line of which so little has come that it may still begin in any of these ways.
_TOO_SHORT: Final = re.compile(
    rf"[^\S\n]*(?:`*|~*|\#*|{_BULLET}(?:[^\S\n]*\d{{0,3}}[.)]?)?"
    rf"|{_OPEN}?(?:\d{{0,9}}|[a-z]|[ivx]{{1,4}})[.)]{{0,2}})"
)
# An item of a list that goes on within the line. A bare "2." may as well end "see step 2.", so
# a number with a full stop counts only after a bullet.
_INLINE_ITEM: Final = re.compile(
    rf"(?P<bullet>{_BULLET}[^\S\n]?)?(?P<label>\d{{1,3}}|[a-z])(?P<mark>[.)]{{1,2}})\s"
)
_LONGEST_INLINE_MARKER: Final = 8
_WHITE_SPACE: Final = re.compile(r"\s*")


def read_line_head(text: str, start: int, end: int, *, final: bool) -> LineHead | None:
    """Read how the line that starts at `start` begins.

    Args:
        text: the text the offsets refer to.
        start: offset of the line's first character, white space included.
        end: offset where the view ends.
        final: whether nothing follows the view.

    Returns:
        The head, or None when the view is too short to tell.
    """
    if not final and _TOO_SHORT.fullmatch(text, start, end):
        return None
    match = _HEAD.match(text, start, end)
    if match is None:
        return LineHead(LineKind.TEXT, start)
    name = str(match.lastgroup)
    fence = match.group("fence") or ""
    return LineHead(LineKind(name), match.end(), fence)


def skip_white_space(text: str, start: int, end: int) -> int:
    """Return the offset of the first character from `start` on that is no white space."""
    match = _WHITE_SPACE.match(text, start, end)
    return match.end() if match else start


def is_blank_line(text: str, start: int, end: int) -> bool:
    """Tell whether white space holds a blank line, the end of a paragraph."""
    return text.count("\n", start, end) > 1 or text.find("\u2029", start, end) >= 0


def next_inline_item(text: str, begin: int, at: int, end: int) -> int | None:
    """Find the marker of the next item when a list goes on within its line: "1) One 2) Two".

    Args:
        text: the text the offsets refer to.
        begin: offset where the sentence begins, perhaps with the marker of an item.
        at: offset of a full stop or a closing bracket that may belong to the next item's marker.
        end: offset where the view ends.

    Returns:
        The offset where the next item's marker begins, or None if there is none around `at`.
    """
    first = _INLINE_ITEM.match(text, begin, end)
    if first is None or first.end() > at:
        return None
    for start in range(max(first.end(), at - _LONGEST_INLINE_MARKER), at):
        if not text[start - 1].isspace():
            continue
        item = _INLINE_ITEM.match(text, start, end)
        if item is not None and item.start("mark") <= at < item.end("mark"):
            return start if _follows(first, item) else None
    return None


def _follows(first: re.Match[str], item: re.Match[str]) -> bool:
    if any(bool(first[name]) != bool(item[name]) for name in ("bullet", "mark")):
        return False
    label, successor = first["label"], item["label"]
    if first["mark"] != item["mark"] or label.isdigit() != successor.isdigit():
        return False
    if label.isdigit():
        unmistakable = bool(item["bullet"]) or ")" in item["mark"]
        return unmistakable and int(successor) == int(label) + 1
    return ord(successor) == ord(label) + 1


def closes_fence(text: str, start: int, end: int, fence: str, *, final: bool) -> bool | None:
    """Tell whether the line that starts at `start` closes a code block.

    Args:
        text: the text the offsets refer to.
        start: offset of the line's first character.
        end: offset where the view ends.
        fence: the characters that opened the block.
        final: whether nothing follows the view.

    Returns:
        The answer, or None when the line has not come far enough.
    """
    at = start
    while at < end and text[at] in " \t>":
        at += 1
    run = at
    while run < end and text[run] == fence[0]:
        run += 1
    rest = run
    while rest < end and text[rest] in " \t\r":
        rest += 1
    if rest == end and not final:
        return None
    return run - at >= len(fence) and (rest == end or text[rest] == "\n")
