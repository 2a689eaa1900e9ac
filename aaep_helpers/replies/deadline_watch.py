"""Looks at the open questions when something is due about them: one daemon thread, only while any is open.

It sleeps until the next time something is due and polls nothing. Boundary: knows neither questions nor
sessions, only when to look again. Failure policy: a look that raises is logged and taken again; where no
thread can be started waits still end, because every waiter keeps the time of its own question too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from aaep_helpers.clock import Clock, ManualClock

logger = logging.getLogger("aaep_helpers.replies")

_SECONDS_AFTER_A_FAULT: Final = 1.0


class DeadlineWatch:
    """Calls `look` when it is time.

    Args:
        clock: Whose monotonic seconds count. A clock that stands still until somebody moves it is not
            watched: whoever moves it says so, with `AAEPEmitter.check_deadlines`.
        look: Does what is due, and returns when something is due next; None where nothing will be.
    """

    def __init__(self, clock: Clock, look: Callable[[], float | None]) -> None:
        self._clock = clock
        self._look = look
        self._changed = threading.Condition()
        self._poked = False
        self._running = False
        self._closed = isinstance(clock, ManualClock)

    @property
    def is_running(self) -> bool:
        """Whether there is a thread."""
        return self._running

    def poke(self) -> None:
        """Something is due, at a time the watch does not know yet."""
        with self._changed:
            if self._closed:
                return
            self._poked = True
            if self._running:
                self._changed.notify()
                return
            try:
                threading.Thread(target=self._run, name="aaep-deadlines", daemon=True).start()
            except RuntimeError:
                logger.exception("No thread could be started to watch the time-outs of questions.")
                return
            self._running = True

    def close(self) -> None:
        """Watch nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._poked = False
            try:
                due = self._look()
            except Exception:
                logger.exception("The time-outs of questions could not be looked at; trying again.")
                due = self._clock.monotonic() + _SECONDS_AFTER_A_FAULT
            with self._changed:
                if self._closed or (due is None and not self._poked):
                    self._running = False
                    return
                if due is not None and not self._poked:
                    self._changed.wait(
                        min(max(0.0, due - self._clock.monotonic()), threading.TIMEOUT_MAX)
                    )
