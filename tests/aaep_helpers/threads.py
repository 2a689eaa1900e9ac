"""Threads for the tests of delivery: they start at the same moment and hand back what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

# Far more than any of it takes: what hangs fails by this, and nothing is measured by it.
PATIENCE: Final = 20.0


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE), "what was waited for never came"


class Started:
    """A function running in a thread of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as fault:  # noqa: BLE001 - raised again where it is waited for.
            self._fault = fault

    def finish(self) -> None:
        """Wait for it to end; what it raised is raised here."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "a thread hangs"
        if self._fault is not None:
            raise self._fault


def all_at_once(*works: Callable[[], object]) -> None:
    """Run every function in a thread of its own, from the same moment on, to the end."""
    line = threading.Barrier(len(works), timeout=PATIENCE)

    def lined_up(work: Callable[[], object]) -> Callable[[], object]:
        def run() -> None:
            line.wait()
            work()

        return run

    for thread in [Started(lined_up(work)) for work in works]:
        thread.finish()
