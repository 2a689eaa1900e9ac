"""What a paused graph is waiting for, in words, from the value it was interrupted with (fact 12).

Boundary: interrupts in, words out. Failure policy: a pause without words is just a pause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from langgraph.types import Interrupt

from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

_QUESTION_KEYS: Final = ("question", "description", "message", "prompt", "text", "action")


@careful("")
def interrupt_question(interrupts: Sequence[Interrupt]) -> str:
    """What the graph asks when it pauses; "" where it does not say."""
    for interrupt in interrupts:
        if words := _words(interrupt.value):
            return " ".join(words.split())
    return ""


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for key in _QUESTION_KEYS:
            found = value.get(key)
            if isinstance(found, str) and found.strip():
                return found
        # HumanInTheLoopMiddleware describes each action it wants reviewed.
        requests = value.get("action_requests")
        if isinstance(requests, (list, tuple)):
            return " ".join(words for request in requests if (words := _words(request)))
    return text_of(value)
