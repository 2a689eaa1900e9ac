"""A listener, as the one who subscribed it sees it: an id, how it hears, and close().

Boundary: ties settings to a delivery; the emitter knows who is subscribed. Failure policy: a listener
that can get no more is closed, and the bus has logged why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Literal

from aaep_helpers.bus import Delivery
from aaep_helpers.errors import SubscriptionError
from aaep_helpers.events import WireEvent
from aaep_helpers.ids import make_id
from aaep_helpers.listening import ListeningSettings

QuestionKind = Literal["confirmation", "clarification"]

# What a listener may answer: all, nothing, or one of the two (CNF-7 counts them separately).
CanReply = bool | Collection[QuestionKind]

_KINDS: Final[frozenset[str]] = frozenset({"confirmation", "clarification"})


def answerable(can_reply: CanReply) -> frozenset[str]:
    """The kinds of question that `can_reply` stands for.

    Raises:
        SubscriptionError: It is neither a bool nor some of the two kinds.
    """
    if isinstance(can_reply, bool):
        return _KINDS if can_reply else frozenset()
    if isinstance(can_reply, (set, frozenset, list, tuple)):
        kinds = list(can_reply)
        if all(isinstance(kind, str) and kind in _KINDS for kind in kinds):
            return frozenset(kinds)
    raise SubscriptionError(
        "can_reply is True for all questions, False for none, or some of "
        f"{sorted(_KINDS)}: {can_reply!r}"
    )


class Subscription:
    """What `AAEPEmitter.subscribe` returns.

    Attributes:
        id: The subscription_id ("sub_...") that replies carry.
        settings: How it hears.
        can_reply: Whether it may answer questions of any kind (CNF-7).
    """

    def __init__(
        self,
        settings: ListeningSettings,
        delivery: Delivery,
        *,
        can_reply: CanReply,
        on_close: Callable[[Subscription], None],
    ) -> None:
        self.id = make_id("sub")
        self.settings = settings
        self._answers = answerable(can_reply)
        self.can_reply = bool(self._answers)
        self._delivery = delivery
        self._on_close = on_close
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it gets no more events."""
        return self._closed

    def can_answer(self, kind: QuestionKind) -> bool:
        """Whether it may answer questions of this kind (CNF-3, CNF-7)."""
        return kind in self._answers

    def deliver(self, event: WireEvent) -> None:
        """Hand one event to the listener; one that was closed in the meantime gets none."""
        if not self._closed and not self._delivery.deliver(event):
            self._closed = True
            self._on_close(self)

    def close(self, timeout: float = 5.0) -> bool:
        """Stop listening, after what was already sent has been heard.

        Args:
            timeout: How many seconds a background listener may take for that.

        Returns:
            Whether everything sent was heard.
        """
        if not self._closed:
            self._closed = True
            self._on_close(self)
            return self._delivery.close(timeout)
        return True

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
