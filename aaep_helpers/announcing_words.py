"""How a receiver tells the three endings apart, and says a duration (RCV-1).

Boundary: what is said is in the catalogue (D9); here is only which entry. Failure policy: none.
"""

from __future__ import annotations

from typing import Final, Literal

from aaep_helpers.catalogue import Summary

Ending = Literal["completed", "errored", "cancelled"]

_ENDINGS: Final[dict[Ending, Summary]] = {
    "completed": Summary.of("announce.completed"),
    "errored": Summary.of("announce.errored"),
    "cancelled": Summary.of("announce.cancelled"),
}

# How English summaries begin that say already how it ended; they are read, never said.
_SAYS_SO: Final[dict[Ending, tuple[str, ...]]] = {
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


def ending(how: Ending) -> Summary:
    """The word for an ending, such as "Done."."""
    return _ENDINGS[how]


def begins_as_ending(how: Ending, summary: str) -> bool:
    """Whether an English summary says by its first words how it ended."""
    return summary.lower().startswith(_SAYS_SO[how])


def spoken_duration(seconds: float) -> Summary:
    """A duration as people say it: in seconds up to two minutes, then in minutes, then in hours.

    Args:
        seconds: How long.
    """
    if round(seconds) == 1:
        return Summary.of("announce.second", number=1)
    if seconds < 120:
        return Summary.of("announce.seconds", number=round(seconds))
    if seconds < 2 * 3600:
        return Summary.of("announce.minutes", number=round(seconds / 60))
    return Summary.of("announce.hours", number=round(seconds / 3600))
