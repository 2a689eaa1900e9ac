"""What a paused graph is waiting for, in words, from the value it was interrupted with (fact 12).

Boundary: interrupts in, words out. Failure policy: a pause without words is just a pause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from langgraph.types import Interrupt

from aaep_helpers.emitting import spoken_form
from aaep_helpers.spoken_values import spoken_arguments
from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

# What HumanInTheLoopMiddleware writes before a call's name and the repr of its arguments.
_DUMP: Final = "\n\nTool: "

_QUESTION_KEYS: Final = ("question", "description", "message", "prompt", "text", "action")


@careful("")
def interrupt_question(interrupts: Sequence[Interrupt]) -> str:
    """What the graph asks when it pauses; "" where it does not say."""
    # Several may wait at once; each is answered by itself, so each is asked.
    questions = (" ".join(_words(interrupt.value).split()) for interrupt in interrupts)
    return " ".join(question for question in questions if question)


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
            return " ".join(words for request in requests if (words := _action(request)))
    return text_of(value)


def _action(request: object) -> str:
    """One action to be reviewed: its description, or its name and arguments where that is a dump of them."""
    words = _words(request)
    if not isinstance(request, Mapping) or not isinstance(request.get("name"), str):
        return words
    intro, dump, _ = words.partition(_DUMP)
    if words and not dump:
        return words
    arguments = request.get("args")
    said = spoken_arguments(arguments) if isinstance(arguments, Mapping) else ""
    action = spoken_form(request["name"]) + (f", with {said}" if said else "")
    return f"{intro.rstrip('.: ')}: {action}." if intro else f"{action}."
