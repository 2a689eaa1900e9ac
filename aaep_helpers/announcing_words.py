"""The few words a receiver adds to a producer's: how it ended, how long there is to answer.

Boundary: wording only, in English. Everything a producer of ours says comes from the catalogue (D9);
these words are said about any producer's events. Failure policy: none.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final[dict[str, str]] = {
    "started": "Started.",
    "percent": "{percent} percent.",
    "tool": "Using {tool}.",
    "tool_error": "{tool} failed.",
    "tool_timeout": "{tool} took too long.",
    "some_tool": "a tool",
    "question": "The agent has a question for you.",
    "handoff": "The agent hands over.",
    "irreversible": "This cannot be undone.",
    "choices": "Choices: {choices}.",
    "time": "Time to answer: {time}.",
    "time_then_reject": "Time to answer: {time}. Without an answer it is not done.",
    "time_then_accept": "Time to answer: {time}. Without an answer it is done.",
}

ENDINGS: Final[dict[str, str]] = {
    "completed": "Done.",
    "errored": "Failed.",
    "cancelled": "Stopped.",
}
# How summaries begin that say already how it ended.
_SAYS_SO: Final[dict[str, tuple[str, ...]]] = {
    "completed": ("done", "finished", "complete", "ready", "response ready", "all done"),
    "errored": (
        *("failed", "failure", "error", "it did not work", "something went wrong"),
        *("the agent stopped because", "the agent failed"),
    ),
    "cancelled": (
        *("stopped", "cancelled", "canceled", "the agent was stopped"),
        *("the agent is shutting down", "the earlier request was"),
    ),
}


def words(key: str, **values: str) -> str:
    """The words for `key`, with `values` in place, beginning with a capital.

    Args:
        key: An entry of this module.
        values: What its placeholders stand for.
    """
    text = _WORDS[key]
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text if key == "some_tool" else text[:1].upper() + text[1:]


def say_as_ending(how: str, summary: str) -> str:
    """`summary`, with "Done.", "Failed." or "Stopped." before it unless it begins so (RCV-1).

    Args:
        how: completed, errored or cancelled.
        summary: The producer's words; may be "".
    """
    if summary.lower().startswith(_SAYS_SO[how]):
        return summary
    return f"{ENDINGS[how]} {summary}".strip()


def spoken_duration(seconds: float) -> str:
    """A duration as people say it: in seconds up to two minutes, then in minutes, then in hours.

    Args:
        seconds: How long.
    """
    if seconds < 120:
        return _counted(round(seconds), "second")
    if seconds < 2 * 3600:
        return _counted(round(seconds / 60), "minute")
    return _counted(round(seconds / 3600), "hour")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
