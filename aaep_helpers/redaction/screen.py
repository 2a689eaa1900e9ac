"""A screen for a model's output: secrets are masked though tokens cut them anywhere (SEC-1).

Sans I/O: text in, the text that may be heard now out. All kinds `scan` knows are covered: what is
released, taken together, is `redact_text` of the whole, however it was cut. The one exception: a
secret longer than can be held back (`HELD`, `HELD_BLOCK`) is masked at that point, and what goes on
with it is swallowed.
Boundary: knows nothing of outputs or events. Failure policy: total, and what it holds is bounded.
"""

from __future__ import annotations

import re
from typing import Final

from aaep_helpers.redaction.scan import CONTEXT, scan, without
from aaep_helpers.redaction.vendors import AUTH_SCHEMES, KEY_FORMATS

# The most characters held back: of a line, and of a PEM block, which is some 3,300 for RSA-4096.
HELD: Final = 1536
HELD_BLOCK: Final = 4096

_BLOCK_BEGINNING: Final = "-----BEGIN "
_REST: Final = re.compile(r"[^\s\"'<>`]*")
_REST_OF_BLOCK: Final = re.compile(r"[A-Za-z0-9+/=\s\\-]*")


def _short_beginnings() -> frozenset[str]:
    """The words that a secret could go on from: "sk", "gh", "Bear"; and "is"."""
    found = {"i", "is"}
    for literal in (*KEY_FORMATS, *AUTH_SCHEMES):
        for length in range(1, len(literal) + 1):
            found.add(literal[:length])
    return frozenset(word for word in found if word.isalpha())


_BEGINNINGS: Final = _short_beginnings()
# Beginnings that a word may go on from without any other sign: all letters, all small.
_LETTERS_ONLY: Final = tuple(word for word in KEY_FORMATS if word.isalpha() and word.islower())
# Beside words: marks, contractions and other scripts, where no rule begins.
_HARMLESS: Final = re.compile(
    r"[ \n]*(?:[.,;!?()*#]+|'(?:re|ve|ll|m)|I|[^\x00-\x7f\uff1a\uff1d\d\s]+)?[ \n]?"
)


class SecretScreen:
    """Lets a stream of text through, with the mask in place of every secret (SEC-1)."""

    __slots__ = ("_done", "_held", "_swallowing", "_text")

    def __init__(self) -> None:
        # The last released characters, then from _done on the held ones.
        self._text = ""
        self._done = 0
        self._held = False
        self._swallowing: re.Pattern[str] | None = None

    @property
    def held(self) -> int:
        """Characters held back."""
        return 0 if self._swallowing is not None else len(self._text) - self._done

    def feed(self, text: str) -> str:
        """What may be heard now that `text` has come.

        Args:
            text: The next piece, cut anywhere; "" is allowed.
        """
        if not self._held:
            # The hot path: an ordinary word after nothing suspicious. Without a digit, a mark or a
            # capital inside, it can only begin a secret by being or beginning with one of a few.
            word = text.strip(" \n.,;!?")
            if (
                word.isalpha()
                and word.isascii()
                and (word.islower() or (len(word) > 2 and word.istitle()))
                and word not in _BEGINNINGS
                and not word.startswith(_LETTERS_ONLY)
            ) or _HARMLESS.fullmatch(text):
                self._text = kept = (self._text + text)[-CONTEXT:]
                self._done = len(kept)
                return text
        return self._screen(text, whole=False)

    def finish(self) -> str:
        """The rest of the text; the screen is then as new."""
        rest = self._screen("", whole=True)
        self.__init__()  # type: ignore[misc]
        return rest

    def _screen(self, added: str, *, whole: bool) -> str:
        if self._swallowing is not None:
            match = self._swallowing.match(added)
            end = 0 if match is None else match.end()
            if end == len(added):
                return ""
            self._swallowing = None
            self._held = False
            added = added[end:]
        text = self._text + added
        start = self._done
        secrets, decided = scan(text, start, whole=whole)
        block = text.startswith(_BLOCK_BEGINNING, decided)
        if len(text) - decided > (HELD_BLOCK if block else HELD):
            secrets, decided = scan(text, start)
            # Behind a secret only the punctuation of a sentence is left out; here it is none.
            if secrets and _REST.fullmatch(text, secrets[-1][1]):
                secrets[-1] = (secrets[-1][0], len(text))
                self._swallowing = _REST_OF_BLOCK if block else _REST
        released = without(text, secrets, start, decided)
        cut = max(0, decided - CONTEXT)
        self._text = text[cut:]
        self._done = decided - cut
        self._held = decided < len(text) or self._swallowing is not None
        return released
