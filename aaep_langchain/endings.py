"""How a root run ended, told by the exception it ended with (known failures 1, 32; fact 5).

Boundary: an exception in, a kind of ending out; emits nothing. Failure policy: an exception nobody
knows is an error of the unknown kind.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from langgraph.errors import GraphBubbleUp, GraphInterrupt

from aaep_helpers.catalogue import Summary
from aaep_helpers.vocabulary import CancelledBy


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A run that was stopped, which is no error.

    Attributes:
        by: Who stopped it.
        reason: The event's cancellation_reason.
        summary: What listeners are told.
    """

    by: CancelledBy
    reason: str
    summary: Summary


_KEYBOARD: Final = Cancellation(
    "user", "keyboard_interrupt", Summary.of("session.cancelled_by_user")
)
# A closed stream or a cancelled task is the application's doing; whether its user asked for that, or
# pressed Ctrl-C under asyncio.run, cannot be told from here.
STREAM_CLOSED: Final = Cancellation(
    "producer", "stream_closed", Summary.of("session.stopped_early")
)
_TASK_CANCELLED: Final = Cancellation(
    "producer", "task_cancelled", Summary.of("session.cancelled_by_others")
)
_EXIT: Final = Cancellation("system", "process_exit", Summary.of("session.shut_down"))


def cancellation_of(error: BaseException) -> Cancellation | None:
    """The cancellation an exception stands for; None where it is an error."""
    match error:
        case KeyboardInterrupt():
            return _KEYBOARD
        case GeneratorExit():
            return STREAM_CLOSED
        case asyncio.CancelledError():
            return _TASK_CANCELLED
        case SystemExit():
            return _EXIT
        case _:
            return None


def is_pause(error: BaseException) -> bool:
    """Whether an exception is a graph waiting for somebody, which is no error either."""
    return isinstance(error, GraphInterrupt)


def is_control_flow(error: BaseException) -> bool:
    """Whether an exception is LangGraph passing control on, such as a handoff to another agent."""
    return isinstance(error, GraphBubbleUp) and not isinstance(error, GraphInterrupt)
