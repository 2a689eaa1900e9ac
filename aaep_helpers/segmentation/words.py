"""Finds the ends of words in text that grows.

Boundary: a word ends with the white space after it; in scripts without spaces, with punctuation.
Failure policy: an undecided spot is left for later; nothing is looked at twice.
"""

from __future__ import annotations

import re
from typing import Final

from aaep_helpers.segmentation import characters as ch
from aaep_helpers.vocabulary import Boundary

_WIDE_PUNCTUATION: Final = ch.WIDE_STOPS + ch.WIDE_CLAUSE_ENDS
_TRIGGER: Final = re.compile(rf"[\s{_WIDE_PUNCTUATION}]")
_END: Final = re.compile(
    rf"\s+(?=\S)|[{_WIDE_PUNCTUATION}]++{ch.as_class(ch.CLOSERS)}*+(?=[^\s{_WIDE_PUNCTUATION}])"
)


class WordScanner:
    """Finds the places between words.

    Attributes:
        trigger: what a text must contain so that scanning it may find anything.
        waiting: whether a spot is undecided until more text comes.
    """

    trigger: re.Pattern[str] = _TRIGGER

    def __init__(self) -> None:
        self.waiting = False
        self._at = 0

    def next_cut(
        self, text: str, begin: int, end: int, *, final: bool
    ) -> tuple[int, Boundary] | None:
        """Find the next place to cut; see `BlockScanner.next_cut`."""
        del begin, final
        match = _END.search(text, self._at, end)
        if match is not None:
            self._at = match.end()
            return match.end(), "word"
        spot = _TRIGGER.search(text, self._at, end)
        self.waiting = spot is not None
        self._at = spot.start() if spot else end
        return None

    def forced_cut(self, text: str, at: int) -> None:
        """Take note that the text was cut at `at` for another reason than a boundary there."""
        del text
        self._at = max(self._at, at)

    def shift(self, removed: int) -> None:
        """Take note that `removed` code points at the start of the text are gone."""
        self._at -= removed
