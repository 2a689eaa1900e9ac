"""What the parts of the emitter share: the sessions under way, by id, made and dropped in one place.

Boundary: bookkeeping under one lock, never held while a session emits. Failure policy: an id that is
not live raises UnknownSessionError, which says whether it is malformed, unknown or over.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from aaep_helpers.clock import Clock
from aaep_helpers.correlation import current_traceparent
from aaep_helpers.errors import ProtocolError, UnknownSessionError
from aaep_helpers.gate_memory import GateMemory
from aaep_helpers.held_calls import CallDesk
from aaep_helpers.ids import is_id
from aaep_helpers.live_session import LiveSession
from aaep_helpers.quiet import QuietWatch
from aaep_helpers.rendering import Renderer
from aaep_helpers.subscription import Subscription

# Ids of ended sessions are remembered so that an error can say "over" instead of "unknown".
_REMEMBERED: Final = 1024


class EmitterBase:
    """The sessions and subscriptions of one emitter.

    Args:
        renderer: Makes the wire events.
        clock: Where times come from.
        language: The language of the words callers bring.
        quiet_seconds: As for AAEPEmitter.

    Attributes:
        calls: Where gates find the tool calls that wait for them.
        gates: What gates remember of the sessions under way.
    """

    def __init__(
        self, renderer: Renderer, clock: Clock, language: str, quiet_seconds: float | None
    ) -> None:
        self.language = language
        self.calls = CallDesk()
        self.gates = GateMemory()
        self._clock = clock
        self._renderer = renderer
        self._lock = threading.Lock()
        self._sessions: dict[str, LiveSession] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._subscriptions: list[Subscription] = []
        self._closed = False
        self._quiet = QuietWatch(clock, quiet_seconds)

    @property
    def clock(self) -> Clock:
        """Where this emitter's times come from."""
        return self._clock

    def is_live(self, session_id: str) -> bool:
        """Whether this session has started here and not ended."""
        return session_id in self._sessions

    def _begin(self, session_id: str) -> LiveSession:
        with self._lock:
            self._refuse_if_closed(session_id)
            if session_id in self._sessions or session_id in self._ended:
                raise ProtocolError(
                    "SEQ-1",
                    "This session_id was used before; each request is a session of its own.",
                    field="session_id",
                    session_id=session_id,
                )
            session = self._sessions[session_id] = LiveSession(
                session_id,
                self._renderer,
                self._clock,
                tuple(self._subscriptions),
                current_traceparent(),
            )
            return session

    def _refuse_if_closed(self, session_id: str) -> None:
        if self._closed:
            raise ProtocolError("SEQ-2", "This emitter is closed.", session_id=session_id)

    def _live(self, session_id: str) -> LiveSession:
        if not isinstance(session_id, str):
            session_id = ""
        session = self._sessions.get(session_id)
        if session is not None:
            return session
        if session_id in self._ended:
            raise UnknownSessionError("SEQ-2", "The session is over.", session_id=session_id)
        if not is_id(session_id, "sess"):
            raise UnknownSessionError(
                "ENV-1",
                "A session_id is sess_ and 1 to 64 letters and digits, as start_session returns it.",
                field="session_id",
            )
        raise UnknownSessionError(
            "SEQ-1", "This emitter has not started the session.", session_id=session_id
        )

    def _abandon(self, session_id: str) -> None:
        """Forget a session that could not start, as if it had never been asked for."""
        with self._lock:
            self._sessions.pop(session_id, None)

    def _drop(self, session_id: str) -> None:
        with self._lock:
            if self._sessions.pop(session_id, None) is not None:
                self._ended[session_id] = None
                if len(self._ended) > _REMEMBERED:
                    self._ended.popitem(last=False)
        self.gates.drop(session_id)
