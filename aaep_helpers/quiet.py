"""Watches for text that has stopped coming in mid-sentence, so that no listener is left waiting.

One daemon thread, there only while some session has open text. Boundary: knows sessions as things that
can be told that it is quiet. Failure policy: a session that fails is logged and forgotten.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from aaep_helpers.clock import Clock

logger = logging.getLogger("aaep_helpers.quiet")


class Quietable(Protocol):
    """A session, as far as this module is concerned."""

    last_text_at: float

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        ...

    def quiet(self) -> bool:
        """Say what is held; returns whether some text is still held."""
        ...


class QuietWatch:
    """Tells sessions when no text has come for a while.

    Args:
        clock: Whose monotonic seconds count.
        seconds: How long the quiet must last; None never watches.
    """

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._watched: set[Quietable] = set()
        self._running = False
        self._closed = False

    def watch(self, session: Quietable) -> None:
        """Keep an eye on a session that has open text; cheap where it is watched already."""
        if session in self._watched or self._seconds is None:
            return
        with self._lock:
            if self._closed:
                return
            self._watched.add(session)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="aaep-quiet", daemon=True).start()

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._closed = True
            self._watched.clear()
            self._wake.notify_all()

    def pass_over(self) -> None:
        """Look at every watched session once."""
        if self._seconds is None:
            return
        for session in list(self._watched):
            if session.is_over:
                self._watched.discard(session)
            elif self._clock.monotonic() - session.last_text_at >= self._seconds:
                # Forgotten first: text that comes from now on has it watched again.
                self._watched.discard(session)
                try:
                    if session.quiet():
                        self.watch(session)
                except BaseException:  # A listener that calls sys.exit() does not end the watch.
                    logger.exception("Text that waited could not be said.")

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._watched:
                    self._running = False
                    return
                # Half the time, so that text waits at most one and a half times as long as asked.
                self._wake.wait((self._seconds or 0.0) / 2)
            self.pass_over()
