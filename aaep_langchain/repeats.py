"""Whether an answer was heard already, when it comes again as the result of its run (known failure 18).

Boundary: texts in, a yes or no out. Failure policy: in doubt it was not, because an answer that is heard
twice is better than one that is never heard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# How answers are written, not what they say.
_MARKS: Final = re.compile(r"\*\*|__|`|^#+\s+", re.MULTILINE)

_SENTENCE_ENDS: Final = ".!?:;…。\uff01\uff1f\n"


def unsaid(answer: str, said: Sequence[str], *, since: int = 0) -> str:
    """What of an answer was not heard yet: all of it, what follows the last output, or nothing.

    Args:
        answer: The answer of a run.
        said: The outputs so far, each as a whole.
        since: As for `was_said`.
    """
    if not answer or was_said(answer, said, since=since):
        return ""
    # A chain may add to what its model said, such as its sources.
    last = said[-1].strip() if len(said) > since else ""
    rest = answer[len(last) :]
    goes_on = last and answer.startswith(last) and (last[-1] in _SENTENCE_ENDS or rest[0] == "\n")
    return rest.strip() if goes_on and rest[0].isspace() else answer


def same_words(one: str, other: str) -> bool:
    """Whether two texts say the same."""
    return _letters(one) == _letters(other)


def was_said(answer: str, said: Sequence[str], *, since: int = 0) -> bool:
    """Whether the words of `answer` are among what was said.

    Args:
        answer: The answer of a run.
        said: The outputs so far, each as a whole.
        since: From which output on the answer may also be a part of one, such as what a parser took
            from it. What a tool hands back as the answer is none, though the words may occur before.
    """
    if answer in said:
        return True
    outputs = [_letters(text) for text in said]
    wanted = _letters(answer)
    if any(_begins_at(outputs, start, wanted) for start in range(len(outputs))):
        return True
    words = _plain(answer)
    return any(_has_words(_plain(text), words) for text in said[since:])


def _plain(text: str) -> str:
    """A text without what parsers, joins and formatters change: white space, case and marks."""
    return " ".join(_MARKS.sub("", text).casefold().split())


def _letters(text: str) -> str:
    return "".join(_plain(text).split())


def _begins_at(outputs: Sequence[str], start: int, wanted: str) -> bool:
    """Whether `wanted` is one output, or several one after the other."""
    for text in outputs[start:]:
        if not wanted.startswith(text):
            return False
        wanted = wanted[len(text) :]
        if not wanted:
            return True
    return False


def _has_words(text: str, words: str) -> bool:
    at = text.find(words)
    while at >= 0:
        if not text[at - 1 : at].isalnum() and not text[at + len(words) :][:1].isalnum():
            return True
        at = text.find(words, at + 1)
    return False
