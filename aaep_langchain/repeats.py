"""Whether an answer was heard already, when it comes again as the result of its run (known failure 18).

Boundary: texts in, a yes or no out. Failure policy: in doubt it was not, because an answer that is heard
twice is better than one that is never heard.
"""

from __future__ import annotations

from collections.abc import Sequence


def was_said(answer: str, said: Sequence[str], *, since: int = 0) -> bool:
    """Whether the words of `answer` are among what was said.

    Args:
        answer: The answer of a run.
        said: The outputs so far, each as a whole.
        since: From which output on the answer may also be a part of one, such as what a parser took
            from it. What a tool hands back as the answer is none, though the words may occur before.
    """
    # Parsers and joins change white space, never words.
    outputs = ["".join(text.split()) for text in said]
    wanted = "".join(answer.split())
    if any(_begins_at(outputs, start, wanted) for start in range(len(outputs))):
        return True
    words = " ".join(answer.split())
    return any(_has_words(" ".join(text.split()), words) for text in said[since:])


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
