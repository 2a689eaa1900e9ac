"""A listener, as the one who subscribed it sees it: an id, how it hears, and close().

Boundary: ties settings to a delivery; the emitter knows who is subscribed. Failure policy: a listener
that can get no more is closed, and the bus has logged why.
"""

from __future__ import annotations

from collections.abc import Callable

from aaep_helpers.bus import Delivery
from aaep_helpers.events import WireEvent
from aaep_helpers.ids import make_id
from aaep_helpers.listening import ListeningSettings


class Subscription:
    """What `AAEPEmitter.subscribe` returns.

    Attributes:
        id: The subscription_id ("sub_...") that replies carry.
        settings: How it hears.
        can_reply: Whether it may answer questions (CNF-7).
    """

    def __init__(
        self,
        settings: ListeningSettings,
        delivery: Delivery,
        *,
        can_reply: bool,
        on_close: Callable[[Subscription], None],
    ) -> None:
        self.id = make_id("sub")
        self.settings = settings
        self.can_reply = can_reply
        self._delivery = delivery
        self._on_close = on_close
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it gets no more events."""
        return self._closed

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
