"""Timing that a noisy machine cannot fool too easily: medians of several runs, ratios within one run."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable


def microseconds(call: Callable[[], object], *, number: int = 2000, repeat: int = 9) -> float:
    """The median time of one call, in microseconds."""
    call()
    runs = timeit.repeat(call, number=number, repeat=repeat)
    return statistics.median(runs) / number * 1e6
