"""The reply desk: questions are put here, replies come in here, and what else ends questions is heard here.

The book is the core and has no I/O; the desk gives it a clock, sessions, listeners and waiters.
Boundary: payloads in, settlements out; how a question is worded and what tools do is not known here.
Failure policy: fails closed. Whatever goes wrong ends a confirmation with reject and a reason; a sender whose
reply does not count learns nothing but that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from aaep_helpers import events as e
from aaep_helpers.catalogue import Summary
from aaep_helpers.clock import Clock
from aaep_helpers.errors import AaepError, CallerError, InternalError
from aaep_helpers.live_session import LiveSession
from aaep_helpers.replies import words
from aaep_helpers.replies.audit import AuditRecord, AuditTrail
from aaep_helpers.replies.book import QuestionBook
from aaep_helpers.replies.deadline_watch import DeadlineWatch
from aaep_helpers.replies.ending import QuestionEnds, log_fault
from aaep_helpers.replies.requests import OpenRequest, Settlement, token_hash
from aaep_helpers.replies.validity import Ignored, read_reply, weigh
from aaep_helpers.session import Ask, Move, Outcome
from aaep_helpers.subscription import Subscription
from aaep_helpers.text import human_text

logger = logging.getLogger("aaep_helpers.replies")


class ReplyDesk(QuestionEnds):
    """The questions of one emitter.

    Args:
        clock: Where times come from.
        trail: Where ends, and replies that did not count, are recorded.
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
        super().__init__(clock, trail, find_session, book)
        self._watch = DeadlineWatch(clock, self._look)

    def ask(
        self,
        session: LiveSession,
        payload: e.QuestionPayload,
        tool_call_id: str | None,
        extensions: Mapping[str, Mapping[str, object]] | None,
    ) -> None:
        """Put a question to everybody who listens; where nobody can answer, its default counts at once.

        Args:
            session: Whose question.
            payload: The question, with a token of its own.
            tool_call_id: The call it decides on.
            extensions: Custom data on its event.

        Raises:
            CallerError: It may not be asked, or not like this; nobody heard it.
            InternalError: It could not be put to everybody; it counts as rejected.
        """
        token = payload.reply_token
        asked_ms = 0

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            nonlocal asked_ms
            asked_ms = now_ms
            return Ask(payload, tool_call_id), payload

        def applied() -> None:
            # Before anybody hears it: an inline listener answers before this call returns (D12).
            request = OpenRequest(
                payload=payload,
                session_id=session.session_id,
                tool_call_id=tool_call_id,
                asked_ms=asked_ms,
                asked_at=self._clock.monotonic(),
            )
            with self._lock:
                self._book.open(request)
                self._sessions[token] = session

        try:
            session.emit(prepare, extensions=extensions, applied=applied)
        except BaseException as error:
            self._give_up(token, f"It could not be put to the user ({type(error).__name__}).")
            if isinstance(error, AaepError) or not isinstance(error, Exception):
                raise
            raise InternalError(
                f"The question could not be put to the user, so it counts as rejected: {error!r}"
            ) from error
        self._default_if_unanswerable(token)
        self._watch.poke()

    def withdraw(self, token: str, summary: Summary | None = None) -> bool:
        """Take a question back, or a yes that no tool has used (CNF-8).

        Args:
            token: Its reply token.
            summary: What listeners are told.

        Returns:
            Whether there was anything to take back.
        """
        if not isinstance(token, str):
            return False
        why = "It was withdrawn."

        def decide(request: OpenRequest, session: LiveSession, now_ms: int) -> Settlement:
            return request.settled(Outcome.WITHDRAWN, now_ms, why=why)

        if isinstance(self._end_anyhow(token, decide, why, summary), Settlement):
            return True
        return self._revoke(token, "The yes was taken back before it was used.", summary)

    def submit(self, message: object, sender: Subscription | None) -> bool:
        """Take a reply; honor it if it counts (CNF-3), and say whether.

        Args:
            message: Anything at all.
            sender: Whom the transport knows it to be from; None where the caller is the program itself.
        """
        reply: dict[str, Any] = {}
        try:
            read = read_reply(message)
            if isinstance(read, Ignored):
                why = read
            else:
                reply = read
                ended = self._end(reply["reply_token"], self._judge_of(reply, sender))
                if isinstance(ended, Settlement):
                    return True
                why = ended
        except Exception as error:  # noqa: BLE001 - the sender learns nothing of it.
            # The question stays open, and its default stands (D2).
            why = Ignored.FAULT
            log_fault("A reply could not be judged", error)
        self._record_ignored(reply, why)
        return False

    def _judge_of(
        self, reply: dict[str, Any], sender: Subscription | None
    ) -> Callable[[OpenRequest, LiveSession, int], Settlement | Ignored]:
        def decide(request: OpenRequest, session: LiveSession, now_ms: int) -> Settlement | Ignored:
            listener = session.asked(request.token).get(reply["subscription_id"])
            wrong = wrong_sender(listener, sender, request) or weigh(
                reply, request, now=self._clock.monotonic(), wall_ms=self._clock.epoch_ms()
            )
            if wrong is not None:
                return wrong
            outcome = Outcome.ANSWERED
            if request.kind == "confirmation":
                # CNF-6: what was confirmed is what runs; wanting another action is a no to this one.
                accepts = reply["decision"] == "accept" and "modified_action" not in reply
                outcome = Outcome.ACCEPTED if accepts else Outcome.REJECTED
            return request.settled(
                outcome,
                now_ms,
                answered_by=reply["subscription_id"],
                decided_by=human_text(reply.get("decided_by", "")),
                response=reply.get("response"),
            )

        return decide

    def check(self) -> None:
        """Settle what is past its time, and tell listeners how much time is left (CNF-5, CNF-10)."""
        with self._lock:
            due = self._book.due(self._clock.monotonic())
        for request in due.marked:
            self._tell_time_left(request)
        for request in due.expired:
            self._time_out(request.token)

    def listener_gone(self) -> None:
        """A listener has closed; questions that nobody is left to answer get their default now (CNF-7).

        A transport that lets a lost listener resume keeps its subscription open for the grace, and closes
        it when that is over.
        """
        with self._lock:
            tokens = [request.token for request in self._book.all_open()]
        for token in tokens:
            self._default_if_unanswerable(token)

    def session_over(self, session_id: str) -> None:
        """A session has ended, and its questions with it (CNF-8)."""
        with self._lock:
            requests = self._book.open_in(session_id)
        why = "The session has ended."
        for request in requests:
            end = request.settled(Outcome.CANCELLED, self._clock.epoch_ms(), why=why)
            if self._settle(request, end):
                self._record(request, end)
        with self._lock:
            self._book.end_session(session_id, self._clock.monotonic())

    def close(self) -> None:
        """End whatever is open still, and watch nothing any more."""
        self._watch.close()
        with self._lock:
            tokens = [request.token for request in self._book.all_open()]
        for token in tokens:
            self._give_up(token, "The emitter was closed.")

    def _look(self) -> float | None:
        self.check()
        with self._lock:
            self._book.forget(self._clock.monotonic())
            return self._book.next_due()

    def _time_out(self, token: str) -> None:
        def decide(request: OpenRequest, session: LiveSession, now_ms: int) -> Settlement | Ignored:
            return request.settled(Outcome.TIMED_OUT, now_ms)

        self._end_anyhow(token, decide, "Its time was up, and it could not be ended in order.")

    def _default_if_unanswerable(self, token: str) -> None:
        def decide(request: OpenRequest, session: LiveSession, now_ms: int) -> Settlement | Ignored:
            if _somebody_can_answer(request, session):
                return Ignored.NOT_ENTITLED
            return request.settled(Outcome.UNANSWERABLE, now_ms)

        with self._lock:
            request, session = self._book.request(token), self._sessions.get(token)
        if (
            request is not None
            and session is not None
            and not _somebody_can_answer(request, session)
        ):
            self._end_anyhow(token, decide, "Nobody could answer it.")

    def _give_up(self, token: str, why: str) -> None:
        """Something went wrong with a question: it is rejected, and so is a yes it may have had."""

        def decide(request: OpenRequest, session: LiveSession, now_ms: int) -> Settlement:
            return request.settled(Outcome.FAILED, now_ms, why=why)

        if not isinstance(self._end_anyhow(token, decide, why), Settlement):
            self._revoke(token, why)

    def _tell_time_left(self, request: OpenRequest) -> None:
        with self._lock:
            session = self._sessions.get(request.token)
        if session is None:
            return

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            left = max(0.0, request.deadline - self._clock.monotonic())
            payload = words.time_left(request, left)
            return payload, payload

        try:
            # Urgency normal: who needs the time most may have asked not to hear background events.
            session.emit(prepare, urgency="normal")
        except CallerError:
            return  # The session ended in the meantime.
        except Exception:
            logger.exception("Listeners could not be told how much time is left to answer.")

    def _record_ignored(self, reply: dict[str, Any], why: Ignored) -> None:
        token = reply.get("reply_token", "")
        with self._lock:
            known = self._book.request(token) or self._book.settlement(token)
        self._trail.record(
            AuditRecord(
                at_ms=self._clock.epoch_ms(),
                honored=False,
                outcome=why,
                session_id=known.session_id if known is not None else "",
                kind=known.kind if known is not None else "",
                who=reply.get("subscription_id", ""),
                token_hash=token_hash(token) if token else "",
            )
        )


def wrong_sender(
    listener: Subscription | None, sender: Subscription | None, request: OpenRequest
) -> Ignored | None:
    """What is wrong with who replied (CNF-3); None where nothing is.

    Args:
        listener: Who was sent the question under the subscription_id the reply carries, if anybody was.
        sender: Whom the transport knows the reply to be from, where there is one.
        request: The question.
    """
    if listener is None:
        return Ignored.NOT_ASKED
    # T8: the id of a subscription is no authority; where the transport knows who sent it, both must agree.
    if sender is not None and sender is not listener:
        return Ignored.WRONG_SENDER
    if listener.closed:
        return Ignored.LISTENER_GONE
    return None if listener.can_answer(request.kind) else Ignored.NOT_ENTITLED


def _somebody_can_answer(request: OpenRequest, session: LiveSession) -> bool:
    return any(
        not listener.closed and listener.can_answer(request.kind)
        for listener in session.asked(request.token).values()
    )
