"""How long a question waits: by risk where nobody says (CNF-12), longer where users need it.

Boundary: numbers only; deadlines are kept elsewhere. Failure policy: a deployment set up to shorten what
users get is a ValueError; a time-out that is none is left for validation to name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from aaep_helpers.vocabulary import RiskLevel

MAX_SECONDS: Final = 86_400

CLARIFICATION_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class LongerTimeouts:
    """How much more time a deployment gives its users than the code that asks would (CNF-12).

    Reading a question by ear or on a braille display, and answering it with a switch or by voice, takes
    some people many times as long as others. Nothing here makes a time-out shorter.

    Attributes:
        factor: What every time-out is multiplied by; at least 1.
        minimum_seconds: What every time-out is at least.

    Raises:
        ValueError: One of them would shorten time-outs, or is beyond what an event can carry.
    """

    factor: float = 1.0
    minimum_seconds: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.factor) and self.factor >= 1):
            raise ValueError(f"Time-outs are made longer by a factor of 1 or more: {self.factor!r}")
        if not 1 <= self.minimum_seconds <= MAX_SECONDS:
            raise ValueError(
                f"minimum_seconds is from 1 to {MAX_SECONDS} (a day): {self.minimum_seconds!r}"
            )

    def of(self, seconds: int) -> int:
        """The time-out a question gets whose asker wanted `seconds`; a day at the most."""
        if type(seconds) not in (int, float) or not 1 <= seconds <= MAX_SECONDS:
            return seconds  # For validation to name.
        if seconds != int(seconds):
            return seconds
        longer = max(int(seconds), math.ceil(seconds * self.factor), self.minimum_seconds)
        return min(longer, MAX_SECONDS)


def longer_timeouts(given: float | LongerTimeouts) -> LongerTimeouts:
    """What `AAEPEmitter(longer_timeouts=)` means: a factor, or both numbers.

    Raises:
        ValueError: It would shorten time-outs.
        TypeError: It is neither.
    """
    if isinstance(given, LongerTimeouts):
        return given
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError("longer_timeouts is a factor of 1 or more, or a LongerTimeouts.")
    return LongerTimeouts(factor=float(given))


def confirmation_seconds(*, irreversible: bool, risk_level: RiskLevel | None) -> int:
    """How long a confirmation waits where its asker does not say (CNF-12).

    An irreversible action of unknown risk counts as high (CNF-2).

    Args:
        irreversible: Whether it cannot be undone.
        risk_level: How risky it is, where known.
    """
    if not irreversible or risk_level == "low":
        return 90
    return 180 if risk_level == "medium" else 300
