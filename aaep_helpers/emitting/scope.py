"""A session as a block of code: it ends with the block, and gates called inside find it by themselves.

Boundary: one context variable and the ends of sessions; threads started by hand do not inherit it.
Failure policy: whatever leaves the block ends the session with one terminal event, and is passed on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting.lifecycle import SessionLifecycle
from aaep_helpers.errors import UnknownSessionError
from aaep_helpers.failures import classify

logger = logging.getLogger("aaep_helpers.emitting")

# Innermost last, by the identity of the emitter: one program may speak through several.
_entered: Final[ContextVar[tuple[tuple[object, str], ...]]] = ContextVar(
    "aaep_sessions", default=()
)


class SessionScope(SessionLifecycle):
    """Sessions of hand-written loops."""

    @contextmanager
    def session(self, **start: Any) -> Iterator[str]:
        """A session that lasts as long as the block: `with emitter.session() as session_id:`.

        It is completed when the block ends, cancelled when the block is cancelled or interrupted, and
        errored when it raises. A block that has ended its session itself is left alone.

        Args:
            **start: As for start_session.
        """
        session_id = self.start_session(**start)
        token = _entered.set((*_entered.get(), (self, session_id)))
        try:
            yield session_id
        except BaseException as error:
            # Faults in ending it must not hide what went wrong in the block.
            try:
                self._end_failed(session_id, error)
            except Exception:
                logger.exception("The session %s could not be ended.", session_id)
            raise
        else:
            with suppress(UnknownSessionError):  # The block has ended it in its own words.
                self.complete_session(session_id=session_id)
        finally:
            with suppress(ValueError):  # A generator may be closed in another context.
                _entered.reset(token)

    def current_session(self) -> str | None:
        """The innermost session of this emitter whose block this is called in; None outside of any."""
        found = (name for emitter, name in reversed(_entered.get()) if emitter is self)
        return next(found, None)

    def _end_failed(self, session_id: str, error: BaseException) -> None:
        if not self.is_live(session_id):
            return
        match error:
            case KeyboardInterrupt():
                self.cancel_session(
                    session_id=session_id,
                    cancelled_by="user",
                    cancellation_reason="keyboard_interrupt",
                )
            case asyncio.CancelledError() | GeneratorExit() | SystemExit():
                self.cancel_session(
                    session_id=session_id,
                    cancelled_by="producer",
                    cancellation_reason="stopped",
                )
            case _:
                self._fail(session_id, error)

    def _fail(self, session_id: str, error: BaseException) -> None:
        failure = classify(error)
        said = (
            Summary.of("session.errored", problem=failure.problem)
            if failure.remedy is None
            else Summary.of(
                "session.errored_with_remedy", problem=failure.problem, remedy=failure.remedy
            )
        )
        self.error_session(
            session_id=session_id,
            error_category=failure.category,
            error_code=failure.code,
            recoverable=failure.recoverable,
            remediation_hint=failure.remedy,
            summary=said,
        )
