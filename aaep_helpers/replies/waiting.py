"""Waiting for a question to end: a parked future on a loop, an event in a thread, one logic for both.

Boundary: knows a desk that can be asked and looked after; nothing of validity. Failure policy: a wait that
could never end, or would stop what it waits for, is refused with a WaitError before it begins; one that is
cancelled or interrupted leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol

from aaep_helpers.errors import WaitError
from aaep_helpers.live_session import is_delivering
from aaep_helpers.replies.requests import Settlement
from aaep_helpers.subscription import QuestionKind

Waiter = Callable[[Settlement], None]


class Waitable(Protocol):
    """The desk, as far as waiting is concerned."""

    def attach(self, token: str, kind: QuestionKind, waiter: Waiter) -> Settlement | None:
        """Have `waiter` called when the question ends; or return how it has ended."""
        ...

    def detach(self, token: str, waiter: Waiter) -> None:
        """Call `waiter` no more."""
        ...

    def seconds_left(self, token: str) -> float | None:
        """How long the question stays open still; None where it is over."""
        ...

    def check(self) -> None:
        """Settle what is past its time."""
        ...


async def wait_on_loop(desk: Waitable, token: str, kind: QuestionKind) -> Settlement:
    """How the question of `token` ends; costs no thread.

    Args:
        desk: Where it was asked.
        token: Its reply token.
        kind: What kind of question it must be.

    Raises:
        WaitError: There is no such question.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Settlement] = loop.create_future()

    def waiter(settlement: Settlement) -> None:
        try:
            loop.call_soon_threadsafe(_set, ended, settlement)
        except RuntimeError:
            return  # The loop was closed, and whoever waited on it is gone.

    settlement = desk.attach(token, kind, waiter)
    if settlement is not None:
        return settlement
    try:
        # The watch ends questions in time; should it have died, each wait still ends by itself.
        while not ended.done():
            await asyncio.wait((ended,), timeout=desk.seconds_left(token))
            if not ended.done():
                desk.check()
        return ended.result()
    finally:
        desk.detach(token, waiter)


def wait_in_thread(desk: Waitable, token: str, kind: QuestionKind) -> Settlement:
    """How the question of `token` ends; blocks this thread alone.

    Args:
        desk: Where it was asked.
        token: Its reply token.
        kind: What kind of question it must be.

    Raises:
        WaitError: There is no such question, or waiting here would stop what the answer comes through.
    """
    ended = threading.Event()
    how: list[Settlement] = []

    def waiter(settlement: Settlement) -> None:
        how.append(settlement)
        ended.set()

    settlement = desk.attach(token, kind, waiter)
    if settlement is not None:
        return settlement
    try:
        _refuse_to_block()
        while not ended.wait(desk.seconds_left(token)):
            desk.check()
        return how[0]
    finally:
        desk.detach(token, waiter)


def _set(ended: asyncio.Future[Settlement], settlement: Settlement) -> None:
    if not ended.done():
        ended.set_result(settlement)


def _refuse_to_block() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise WaitError(
            "Waiting here would block the running event loop, and with it the way the answer may take. "
            "Await wait_for_decision or wait_for_response instead, or wait in a thread."
        )
    if is_delivering():
        raise WaitError(
            "Waiting inside a listener's callback would hold up the question itself, which other listeners "
            "have not heard yet. Wait elsewhere, or subscribe with background=True."
        )
