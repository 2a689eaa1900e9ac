"""Text in, finished chunks out: the buffer between a stream of tokens and a listener's ears.

Boundary: pure and without I/O; no clock (the owner says when the stream has stalled), no threads.
Failure policy: any string is accepted; the chunks joined are the text that was fed, always.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from aaep_helpers.segmentation import characters as ch
from aaep_helpers.segmentation.graphemes import ends_open, is_safe_boundary, safe_cut
from aaep_helpers.segmentation.scanner import KEPT_CONTEXT, BlockScanner, SentenceScanner
from aaep_helpers.segmentation.words import WordScanner
from aaep_helpers.vocabulary import BOUNDARIES, Boundary

# A listener waits for about half a minute of speech at most, or two of a paragraph.
_DEFAULT_CAPS: Final[dict[Boundary, int]] = {"word": 48, "sentence": 400, "paragraph": 2000}
_SMALLEST_CAP: Final = 8
# How far past the cap the text may go while the right context of a boundary is awaited.
_CONTEXT: Final = 48
_CLAUSE_END: Final = re.compile(rf"[{ch.CLAUSE_ENDS})\]]\s+|[{ch.WIDE_CLAUSE_ENDS}]")
_SPACES: Final = re.compile(r"\s+")


class Chunk(NamedTuple):
    """A piece of the text.

    Attributes:
        text: a slice of what was fed, never empty.
        hint: what the piece's end is: a sentence's or paragraph's end; "word" for white space where
            the text was cut because of a stall or the cap; "none" for a token passed on as it came
            and for a cut inside a word; "completion" for the end of everything.
    """

    text: str
    hint: Boundary


# What comes after these has nothing to do with what went before: no code block goes on.
_ENDS_OF_EVERYTHING: Final = ("paragraph", "completion")
_NOTHING: Final[tuple[Chunk, ...]] = ()


class Segmenter:
    """Cuts a stream of tokens at one kind of boundary, without losing a character (SUB-6, D10).

    Chunks do not depend on how the text was cut into tokens, but for stalls and `ends_at`. Cuts
    keep grapheme clusters whole, except for "none", where tokens pass as they are, clusters longer
    than the cap, and marks that arrive after `flush_stalled` has let their base go. In scripts
    without spaces a word's end is not known without a dictionary: there "word" cuts after
    punctuation and at its cap.

    Args:
        boundary: where to cut.
        language: BCP 47 tag of the text, or None if unknown.
        cap: code points after which text without a boundary is cut all the same, at white space if
            there is any; at least 8. By default 48 for "word", 400 for "sentence", 2000 for
            "paragraph"; "none" and "completion" have none.

    Raises:
        ValueError: the boundary is none of BOUNDARIES, or the cap is too small.
    """

    def __init__(
        self,
        boundary: Boundary = "sentence",
        language: str | None = None,
        *,
        cap: int | None = None,
    ) -> None:
        if boundary not in BOUNDARIES:
            raise ValueError(f"boundary must be one of {', '.join(BOUNDARIES)}: {boundary!r}")
        if cap is not None and cap < _SMALLEST_CAP:
            raise ValueError(f"cap must be at least {_SMALLEST_CAP}: {cap}")
        self._boundary: Boundary = boundary
        self._rank = BOUNDARIES.index(boundary)
        self._cap = cap or _DEFAULT_CAPS.get(boundary, 0)
        self._language = language
        self._limit = self._cap + _CONTEXT
        self._stalled = False
        self._start_afresh()
        self._search = self._scanner.trigger.search if self._scanner else None

    @property
    def held(self) -> int:
        """Code points held back."""
        return self._length

    def feed(self, text: str, *, ends_at: Boundary | None = None) -> Sequence[Chunk]:
        """Take text in and return the chunks that are finished now.

        Args:
            text: any string, of any length.
            ends_at: what is known to end with this text. If that is the segmenter's own boundary or
                a coarser one, everything held is released, the last chunk with this hint.
        """
        self._stalled = False
        search = self._search
        if search is None:
            return self._feed_plain(text, ends_at)
        if text:
            self._parts.append(text)
            self._length += len(text)
        if ends_at is not None and BOUNDARIES.index(ends_at) >= self._rank:
            return self._release_all(ends_at)
        scanner = self._scanner
        if scanner is None or (
            self._length < self._limit and not scanner.waiting and search(text) is None
        ):
            return _NOTHING
        return self._cut()

    def only_holds(self, text: str, noted: int = 0) -> bool:
        """Whether `feed(text)` would do nothing but hold it, so that it may as well come later.

        Args:
            text: any string.
            noted: how many code points are to be fed before it, of which the same is true.
        """
        if self._search is None:
            return self._boundary != "none"
        return (
            self._length + noted + len(text) < self._limit
            and self._search(text) is None
            and not (self._scanner is None or self._scanner.waiting)
        )

    def flush_stalled(self) -> Sequence[Chunk]:
        """Release what is safe, because the stream has gone quiet.

        The first call releases whole words, or everything if it ends like a sentence; of a code
        block, whole lines. A second call in a row releases all but an unfinished grapheme cluster.
        White space alone stays: nobody can hear it. So does everything at "completion", which is
        for listeners that want the whole.
        """
        again, self._stalled = self._stalled, True
        text = self._join()
        if self._scanner is None or not text[self._begin :].strip():
            return _NOTHING
        end = len(text)
        whole = safe_cut(text, end - 1, self._begin) if ends_open(text) else end
        if isinstance(self._scanner, SentenceScanner) and self._scanner.is_finished(
            text, self._begin, end
        ):
            return self._let_go(text, whole, "sentence")
        if again:
            word_end = whole == end and text[-1:].isspace()
            return self._let_go(text, whole, "word" if word_end else "none")
        return self._let_go(text, self._last_word_end(text, whole), "word")

    def finish(self) -> Sequence[Chunk]:
        """Return everything held; the last chunk's hint is "completion", whatever it ends with.

        After this the segmenter is as new and may be fed another text.
        """
        return self._release_all("completion")

    def _feed_plain(self, text: str, ends_at: Boundary | None) -> Sequence[Chunk]:
        """Boundaries that look at nothing: every token as it is, or all at the end."""
        if self._boundary == "none":
            return (Chunk(text, ends_at or "none"),) if text else _NOTHING
        if text:
            self._parts.append(text)
            self._length += len(text)
        return self._release_all(ends_at) if ends_at == "completion" else _NOTHING

    def _join(self) -> str:
        parts = self._parts
        if len(parts) != 1:
            parts[:] = ["".join(parts)]
        return parts[0]

    def _release_all(self, hint: Boundary) -> Sequence[Chunk]:
        chunks = list(self._cut(final=True))
        if self._length:
            text = self._join()
            chunks.append(Chunk(text[self._begin :], hint))
            self._keep(text, len(text))
        elif chunks:
            chunks[-1] = Chunk(chunks[-1].text, hint)
        if hint in _ENDS_OF_EVERYTHING:
            self._start_afresh()
        return chunks

    def _start_afresh(self) -> None:
        self._scanner = _scanner_for(self._boundary, self._language)
        # The first part begins with `_begin` code points that have been released already.
        self._parts: list[str] = []
        self._begin = 0
        self._length = 0

    def _cut(self, *, final: bool = False) -> Sequence[Chunk]:
        scanner = self._scanner
        if scanner is None:
            return _NOTHING
        text = self._join()
        chunks: list[Chunk] = []
        begin, length = self._begin, len(text)
        while begin < length:
            horizon = min(length, begin + self._limit)
            cut = scanner.next_cut(text, begin, horizon, final=final and horizon == length)
            if cut is None:
                if length - begin < self._limit:
                    break
                cut = self._forced_cut(text, begin)
                scanner.forced_cut(text, cut[0])
            elif not (text[begin : cut[0]].strip() and is_safe_boundary(text, cut[0], begin)):
                continue
            chunks.append(Chunk(text[begin : cut[0]], cut[1]))
            begin = cut[0]
        if chunks:
            self._keep(text, begin)
        return chunks or _NOTHING

    def _keep(self, text: str, begin: int) -> None:
        """Forget released text but for a little left context."""
        removed = max(0, begin - KEPT_CONTEXT)
        self._parts[:] = [text[removed:]]
        self._begin = begin - removed
        self._length = len(text) - begin
        if self._scanner is not None:
            self._scanner.shift(removed)

    def _let_go(self, text: str, cut: int, hint: Boundary) -> Sequence[Chunk]:
        if not text[self._begin : cut].strip():
            return _NOTHING
        chunk = Chunk(text[self._begin : cut], hint)
        if self._scanner is not None:
            self._scanner.forced_cut(text, cut)
        self._keep(text, cut)
        return (chunk,)

    def _last_word_end(self, text: str, end: int) -> int:
        in_code = isinstance(self._scanner, BlockScanner) and self._scanner.in_code_block
        position = end
        while position > self._begin:
            before = text[position - 1]
            ends_word = before == "\n" or (before.isspace() and not in_code)
            if ends_word and is_safe_boundary(text, position, self._begin):
                return position
            position -= 1
        return position

    def _forced_cut(self, text: str, begin: int) -> tuple[int, Boundary]:
        """Cut text without a boundary: at a line's, a clause's or a word's end, else anywhere."""
        limit = begin + self._cap
        middle = begin + self._cap // 2
        if isinstance(self._scanner, BlockScanner) and self._scanner.in_code_block:
            newline = text.rfind("\n", begin, limit)
            if newline > begin and is_safe_boundary(text, newline + 1, begin):
                return newline + 1, "word"
        for pattern, start in ((_CLAUSE_END, middle), (_SPACES, begin)):
            ends = [match.end() for match in pattern.finditer(text, start, limit)]
            for end in reversed(ends):
                if is_safe_boundary(text, end, begin):
                    return end, "word"
        cut = safe_cut(text, limit, begin)
        return (cut if cut > begin else limit), "none"


def _scanner_for(
    boundary: Boundary, language: str | None
) -> BlockScanner | SentenceScanner | WordScanner | None:
    if boundary == "word":
        return WordScanner()
    if boundary == "sentence":
        return SentenceScanner(language)
    if boundary == "paragraph":
        return BlockScanner()
    return None
