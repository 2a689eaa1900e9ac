"""How a question ends: once, inside its session's own lock, together with the session's move.

So the first valid reply wins, whoever races it: another reply, the time-out, the end of the session, or the
last listener's leaving. Boundary: what ends a question and why is the desk's to decide; this makes it so.
Lock order: a session's lock, then this one, which is the innermost: nothing is called with it held.
Failure policy: fails closed. A question that cannot be ended in order ends with reject and a reason.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from typing import Final

from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.clock import Clock
from aaep_helpers.errors import CallerError, WaitError
from aaep_helpers.live_session import LiveSession
from aaep_helpers.replies import words
from aaep_helpers.replies.audit import AuditRecord, AuditTrail
from aaep_helpers.replies.book import QuestionBook
from aaep_helpers.replies.requests import OpenRequest, Settlement, token_hash
from aaep_helpers.replies.validity import Ignored
from aaep_helpers.replies.waiting import Waiter
from aaep_helpers.segmentation import shorten
from aaep_helpers.session import Move, Outcome, Resolve, Revoke
from aaep_helpers.subscription import QuestionKind

logger = logging.getLogger("aaep_helpers.replies")

_WHAT_LENGTH: Final = 256

# Decides how a request ends, under its session's lock, given the time of the next event; an Ignored leaves
# it as it is.
Decide = Callable[[OpenRequest, LiveSession, int], Settlement | Ignored]


def log_fault(what: str, error: Exception) -> None:
    """Log a fault of ours by its kind; its text may quote a reply, so only debugging shows it (SEC-1)."""
    debugging = logger.isEnabledFor(logging.DEBUG)
    logger.error("%s (%s).", what, type(error).__name__, exc_info=error if debugging else None)


class _AsItIs(Exception):  # noqa: N818 - no fault: nothing is to change.
    def __init__(self, why: Ignored) -> None:
        super().__init__(why)
        self.why = why


class QuestionEnds:
    """The open questions of one emitter, who waits for them, and their ends.

    Args:
        clock: Where times come from.
        trail: Where ends are recorded.
        find_session: The session under way of this id, if it is.
        book: What is open and what ended.
    """

    def __init__(
        self,
        clock: Clock,
        trail: AuditTrail,
        find_session: Callable[[str], LiveSession | None],
        book: QuestionBook | None = None,
    ) -> None:
        self._clock = clock
        self._trail = trail
        self._find_session = find_session
        self._lock = threading.Lock()
        self._book = book or QuestionBook()
        self._sessions: dict[str, LiveSession] = {}
        self._waiters: dict[str, list[Waiter]] = {}

    # Waiting: what `aaep_helpers.replies.waiting` needs.

    def attach(self, token: str, kind: QuestionKind, waiter: Waiter) -> Settlement | None:
        """Have `waiter` called when the question ends; or return how it has ended.

        Args:
            token: Its reply token.
            kind: What kind of question it must be.
            waiter: Called once, from whichever thread ends the question; must be quick and not raise.

        Raises:
            WaitError: There is no such question of this kind.
        """
        if not isinstance(token, str):
            raise WaitError("A reply token is text, as await_confirmation returns it.")
        with self._lock:
            known = self._book.request(token) or self._book.settlement(token)
            if known is None:
                raise WaitError(
                    "No question with this reply token was asked here, or it was asked long ago."
                )
            if known.kind != kind:
                raise WaitError(f"This reply token is of a {known.kind}, not of a {kind}.")
            if isinstance(known, Settlement):
                return known
            self._waiters.setdefault(token, []).append(waiter)
            return None

    def detach(self, token: str, waiter: Waiter) -> None:
        """Call `waiter` no more."""
        with self._lock:
            waiters = self._waiters.get(token)
            if waiters is not None and waiter in waiters:
                waiters.remove(waiter)
                if not waiters:
                    del self._waiters[token]

    def seconds_left(self, token: str) -> float | None:
        """How long the question stays open still; None where it is over."""
        with self._lock:
            request = self._book.request(token)
        if request is None:
            return None
        return max(0.0, request.deadline - self._clock.monotonic())

    def settlement(self, token: str) -> Settlement | None:
        """How a question ended; None while it is open, and of a token nobody knows."""
        if not isinstance(token, str):
            return None
        with self._lock:
            return self._book.settlement(token)

    # Ends, for the desk.

    def _end(
        self, token: str, decide: Decide, summary: Summary | None = None
    ) -> Settlement | Ignored:
        """End a question as `decide` says; an Ignored tells why it did not end."""
        with self._lock:
            request = self._book.request(token)
            session = self._sessions.get(token)
            if request is None or session is None:
                used = self._book.settlement(token) is not None
                return Ignored.USED_TOKEN if used else Ignored.UNKNOWN_TOKEN
        made: Settlement | None = None
        is_first = False

        def prepare(now_ms: int) -> tuple[Move, None]:
            nonlocal made
            with self._lock:
                if self._book.request(token) is not request:
                    raise _AsItIs(Ignored.USED_TOKEN)
            decided = decide(request, session, now_ms)
            if isinstance(decided, Ignored):
                raise _AsItIs(decided)
            made = decided
            # To the session a default that accepts is an accept, and everything else is none (CNF-1).
            accepted = made.decision == "accept"
            outcome = Outcome.ACCEPTED if accepted else made.outcome
            several = len(session.machine.state.questions) > 1
            told = summary or words.ended(request, made, others_open=several)
            then = v.CALLING_TOOL if accepted and request.tool_call_id else v.THINKING
            return Resolve(token, outcome, told, then), None

        def applied() -> None:
            nonlocal is_first
            is_first = made is not None and self._settle(request, made)

        try:
            session.emit(prepare, urgency="normal", applied=applied)
        except _AsItIs as as_it_is:
            return as_it_is.why
        except Exception as error:  # noqa: BLE001 - what it was is for the log; what it comes to is below.
            if not is_first:
                if session.is_over:
                    # CNF-8: it ended first; `session_over` tells who waits.
                    return Ignored.SESSION_OVER
                log_fault("A question could not be ended in order", error)
                return Ignored.FAULT
            # The decision was made, and validly; that not everybody heard of it does not unmake it.
            log_fault("The end of a question could not be told to every listener", error)
        finally:
            if is_first and made is not None:
                self._record(request, made)
        return made if is_first and made is not None else Ignored.USED_TOKEN

    def _end_anyhow(
        self, token: str, decide: Decide, why: str, summary: Summary | None = None
    ) -> Settlement | Ignored:
        """`_end`, for ends that must come: where it cannot be in order, the question is rejected."""
        ended = self._end(token, decide, summary)
        if ended not in (Ignored.FAULT, Ignored.SESSION_OVER):
            return ended
        with self._lock:
            request = self._book.request(token)
            session = self._sessions.get(token)
        if request is None or session is None:
            return ended
        outcome = Outcome.FAILED if ended is Ignored.FAULT else Outcome.CANCELLED
        settlement = request.settled(outcome, self._clock.epoch_ms(), why=why)
        with session.lock:  # So that no accept is being made of it at this moment.
            is_first = self._settle(request, settlement)
        if is_first:
            self._record(request, settlement)
        return settlement if is_first else Ignored.USED_TOKEN

    def _revoke(self, token: str, why: str, summary: Summary | None = None) -> bool:
        """Take back a yes that no tool has used; from now on it was a no."""
        settled = self.settlement(token)
        if settled is None or settled.decision != "accept":
            return False
        session = self._find_session(settled.session_id)
        if session is None:
            return False
        revised = dataclasses.replace(
            settled, outcome=Outcome.WITHDRAWN, decision="reject", why=why
        )

        is_done = False

        def applied() -> None:
            nonlocal is_done
            with self._lock:
                self._book.revise(token, revised)
            is_done = True

        move = Revoke(token, summary or words.taken_back())
        try:
            session.emit(lambda now_ms: (move, None), urgency="normal", applied=applied)
        except CallerError:
            return False  # A tool has used it, or the session is over.
        except Exception as error:  # noqa: BLE001 - it is taken back, whoever could be told.
            log_fault("Not every listener could be told that a yes was taken back", error)
            if not is_done:
                return False
        self._trail.record(
            AuditRecord(
                at_ms=self._clock.epoch_ms(),
                honored=True,
                outcome=revised.outcome,
                session_id=revised.session_id,
                kind=revised.kind,
                decision=revised.decision,
                token_hash=token_hash(token),
                why=why,
            )
        )
        return True

    def _settle(self, request: OpenRequest, settlement: Settlement) -> bool:
        """Enter an end and wake who waits for it; the first end is the only one.

        Returns:
            Whether this was the first.
        """
        token = request.token
        with self._lock:
            if not self._book.settle(token, settlement):
                return False
            self._sessions.pop(token, None)
            waiters = self._waiters.pop(token, [])
        for waiter in waiters:
            waiter(settlement)
        return True

    def _record(self, request: OpenRequest, settlement: Settlement) -> None:
        self._trail.record(
            AuditRecord(
                at_ms=settlement.at_ms,
                honored=True,
                outcome=settlement.outcome,
                session_id=settlement.session_id,
                kind=settlement.kind,
                decision=settlement.decision,
                what=shorten(request.text, _WHAT_LENGTH),
                who=settlement.answered_by or "",
                decided_by=settlement.decided_by or "",
                token_hash=token_hash(request.token),
                why=settlement.why,
            )
        )
