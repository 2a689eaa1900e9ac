"""What an exception at the end of a root run means (known failures 1, 32)."""

from __future__ import annotations

import asyncio

import pytest
from langgraph.errors import GraphBubbleUp, GraphInterrupt, GraphRecursionError, ParentCommand
from langgraph.types import Command

from aaep_langchain.endings import cancellation_of, is_control_flow, is_pause


@pytest.mark.parametrize(
    ("error", "by", "reason"),
    [
        (KeyboardInterrupt(), "user", "keyboard_interrupt"),
        (GeneratorExit(), "producer", "stream_closed"),
        (asyncio.CancelledError(), "producer", "task_cancelled"),
        (SystemExit(), "system", "process_exit"),
    ],
)
def test_known_failure_32_what_was_stopped_is_no_error(
    error: BaseException, by: str, reason: str
) -> None:
    cancellation = cancellation_of(error)
    assert cancellation is not None
    assert (cancellation.by, cancellation.reason) == (by, reason)


@pytest.mark.parametrize(
    "error", [ValueError(), TimeoutError(), GraphRecursionError(), GraphInterrupt()]
)
def test_what_failed_or_paused_was_not_stopped(error: BaseException) -> None:
    assert cancellation_of(error) is None


def test_known_failure_01_pauses_and_handoffs_are_told_from_errors() -> None:
    handoff = ParentCommand(Command(goto="other"))
    assert is_pause(GraphInterrupt())
    assert not is_pause(handoff)
    assert is_control_flow(handoff)
    assert is_control_flow(GraphBubbleUp())
    assert not is_control_flow(GraphInterrupt())
    for error in (ValueError(), KeyboardInterrupt()):
        assert not is_pause(error)
        assert not is_control_flow(error)
