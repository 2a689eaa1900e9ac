"""How sessions begin and end: started, completed, errored, cancelled.

Boundary: arguments to payloads; the machine closes what is open when a session ends (SEQ-12).
Failure policy: CallerError before anything has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Unpack, cast

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting.base import EmitterBase
from aaep_helpers.emitting.said import (
    Said,
    duration_of,
    optional_text,
    problem_text,
    seconds_of,
    summary_of,
)
from aaep_helpers.ids import make_id
from aaep_helpers.live_session import LiveSession
from aaep_helpers.session import Move, Phase
from aaep_helpers.text import human_text


class SessionLifecycle(EmitterBase):
    """The beginning and the ends of a session."""

    def start_session(
        self,
        *,
        request_text: str | None = None,
        requested_by: str | None = None,
        tools_available: Iterable[str] | None = None,
        expected_duration_ms: int | None = None,
        session_id: str | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Begin a session: one user request (TYP-3).

        Args:
            request_text: What the user asked, in their words.
            requested_by: Who asked.
            tools_available: Names of the tools at hand; at most 256 are told.
            expected_duration_ms: How long it may take, in milliseconds.
            session_id: "sess_" and up to 64 letters and digits, never used before; None makes one.
            **said: What listeners are told, and custom data (see `Said`).

        Returns:
            The session_id.

        Raises:
            EventValidationError: A field is malformed.
            ProtocolError: The session_id was used before (SEQ-1), or the emitter is closed (SEQ-2).
        """
        optional_text(v.SESSION_STARTED, session_id=session_id)
        session_id = session_id if session_id is not None else make_id("sess")
        request = human_text(request_text) if request_text is not None else None
        default = (
            Summary.of("session.started_with_request", request=request)
            if request
            else Summary.of("session.started")
        )
        payload = e.SessionStarted(
            summary=summary_of(said) or default,
            request_text=request,
            requested_by=human_text(requested_by, 256) if requested_by is not None else None,
            tools_available=None if tools_available is None else _tool_names(tools_available),
            expected_duration_ms=expected_duration_ms,
        )
        session = self._begin(session_id)

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            # Asked again under the session's lock: what close() has found unstarted may not start after it.
            self._refuse_if_closed(session_id)
            return payload, payload

        try:
            session.emit(prepare, extensions=said.get("extensions"))
        finally:
            if session.machine.state.phase is Phase.NEW:
                self._abandon(session_id)
        return session_id

    def complete_session(
        self,
        *,
        session_id: str,
        output_summary: str | None = None,
        result_uri: str | None = None,
        **said: Unpack[Said],
    ) -> None:
        """End a session that answered its request; what is still open in it is closed first (SEQ-12).

        Args:
            session_id: Which session.
            output_summary: The answer in short.
            result_uri: Where the result is.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed.
        """
        session = self._live(session_id)
        words = summary_of(said)
        answer = human_text(output_summary) if output_summary is not None else None

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            state = session.machine.state
            elapsed_ms = duration_of(now_ms - state.started_ms)
            payload = e.SessionCompleted(
                summary=words
                or Summary.of(
                    "session.completed",
                    seconds=seconds_of(elapsed_ms),
                    tools=state.tool_count,
                ),
                duration_ms=elapsed_ms,
                tool_invocations_count=state.tool_count,
                output_summary=answer,
                result_uri=result_uri,
            )
            return payload, payload

        self._end(session, prepare, said)

    def error_session(
        self,
        *,
        session_id: str,
        error_category: v.ErrorCategory,
        error_code: str | None = None,
        error_uri: str | None = None,
        recoverable: bool | None = None,
        remediation_hint: str | Summary | None = None,
        **said: Unpack[Said],
    ) -> None:
        """End a session that failed; what is still open in it is closed first.

        Args:
            session_id: Which session.
            error_category: transient, permanent, requires_user or unknown.
            error_code: UPPER_SNAKE, at most 64 characters.
            error_uri: Where the error is explained.
            recoverable: Whether trying again may help.
            remediation_hint: What the user can do.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed.
        """
        remediation = problem_text(remediation_hint)
        payload = e.SessionErrored(
            summary=summary_of(said)
            or Summary.of("session.errored", problem=Summary.of("problem.unknown")),
            error_category=error_category,
            error_code=error_code,
            error_uri=error_uri,
            recoverable=recoverable,
            remediation_hint=remediation,
        )
        self._end(self._live(session_id), lambda now_ms: (payload, payload), said)

    def cancel_session(
        self,
        *,
        session_id: str,
        cancelled_by: v.CancelledBy,
        cancellation_reason: str | None = None,
        partial_result: str | None = None,
        **said: Unpack[Said],
    ) -> None:
        """End a session that was given up; what is still open in it is closed first.

        Args:
            session_id: Which session.
            cancelled_by: user, producer, timeout or system.
            cancellation_reason: lower_snake, at most 64 characters.
            partial_result: What was done so far.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed.
        """
        default = "by_user" if cancelled_by == "user" else "by_others"
        payload = e.SessionCancelled(
            summary=summary_of(said) or Summary.of(f"session.cancelled_{default}"),
            cancelled_by=cancelled_by,
            cancellation_reason=cancellation_reason,
            partial_result=human_text(partial_result) if partial_result is not None else None,
        )
        self._end(self._live(session_id), lambda now_ms: (payload, payload), said)

    def _end(
        self,
        session: LiveSession,
        prepare: Callable[[int], tuple[Move, e.Payload | None]],
        said: Said,
    ) -> None:
        ended_here = False

        def applied() -> None:
            nonlocal ended_here
            ended_here = True

        try:
            session.emit(prepare, extensions=said.get("extensions"), applied=applied)
        finally:
            # Over is over, whatever a listener raised (KeyboardInterrupt passes through). What another
            # thread has ended is dropped by that one, once everybody has heard it.
            if ended_here:
                self._drop(session.session_id)


def _tool_names(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once and no more than may be told; what is no list of names is for validation to name."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        return cast("tuple[str, ...]", names)
    given = tuple(names)
    if all(isinstance(name, str) for name in given):
        given = tuple(dict.fromkeys(given))
    return given[: v.MAX_TOOLS_AVAILABLE]
