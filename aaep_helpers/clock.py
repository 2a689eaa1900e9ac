"""Time, as the protocol needs it: wall-clock milliseconds for timestamps, monotonic seconds for waits.

Boundary: the only module that asks the system for the time; everything else is given a Clock, or the
time itself. Failure policy: none.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def epoch_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, for timestamps."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines and durations."""
        ...


class SystemClock:
    """The machine's own time."""

    def epoch_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class ManualClock:
    """A clock for tests: it stands still until it is advanced.

    Args:
        epoch_ms: Where it starts, in milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, epoch_ms: int = 1_800_000_000_000) -> None:
        self._epoch_ms = epoch_ms
        self._monotonic = 0.0

    def epoch_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return self._epoch_ms

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks.

        Args:
            seconds: How long; the wall clock alone may be set back with `set_epoch_ms`.
        """
        self._monotonic += seconds
        self._epoch_ms += round(seconds * 1000)

    def set_epoch_ms(self, epoch_ms: int) -> None:
        """Set the wall clock, also backwards, as an administrator or NTP would."""
        self._epoch_ms = epoch_ms


@lru_cache(maxsize=64)
def _to_the_second(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def format_timestamp(epoch_ms: int) -> str:
    """An RFC 3339 timestamp in UTC with three fraction digits (RULES 1).

    Args:
        epoch_ms: Milliseconds since 1970-01-01 UTC.
    """
    seconds, ms = divmod(epoch_ms, 1000)
    return f"{_to_the_second(seconds)}.{ms:03d}Z"
