"""For the tests of those who use this library: hear everything an emitter says.

Boundary: a listener like any other. Failure policy: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aaep_helpers.clock import ManualClock
from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.events import WireEvent
from aaep_helpers.vocabulary import Boundary, Verbosity

__all__ = ["ManualClock", "capture_events"]


@contextmanager
def capture_events(
    emitter: AAEPEmitter,
    event_types: Iterable[str] = ("aaep:agent.*",),
    *,
    boundary: Boundary = "sentence",
    verbosity: Verbosity = "normal",
    language: str | None = None,
    can_reply: bool = False,
) -> Iterator[list[WireEvent]]:
    """The events a listener gets while the block runs, in order, as a list that grows.

    Args:
        emitter: Whom to listen to.
        event_types: As for AAEPEmitter.subscribe, and so are all the others.
        boundary: Where text is cut.
        verbosity: Which summaries.
        language: In which language.
        can_reply: Whether this listener counts as one that can answer.

    Raises:
        SubscriptionError: As for AAEPEmitter.subscribe.
    """
    seen: list[WireEvent] = []
    with emitter.subscribe(
        seen.append,
        event_types,
        can_reply=can_reply,
        boundary=boundary,
        verbosity=verbosity,
        language=language,
        name="capture_events",
    ):
        yield seen
