"""Questions to the user: asking, answering, waiting, taking back (RULES 4).

Boundary: arguments to payloads; the desk in aaep_helpers.replies judges replies and keeps time.
Failure policy: what may not be asked raises a CallerError and nobody hears it. Once asked, whatever goes
wrong is a no; submit_reply raises nothing and tells a sender nothing but whether the reply was honored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Unpack

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.emitting.asking import (
    checked_choices,
    checked_default,
    checked_kinds,
    checked_replies,
    checked_text,
    require_call_id,
    require_safe_default,
)
from aaep_helpers.emitting.base import EmitterBase
from aaep_helpers.emitting.said import Said, summary_of
from aaep_helpers.ids import make_id
from aaep_helpers.replies import (
    Audit,
    AuditRecord,
    AuditTrail,
    LongerTimeouts,
    ReplyDesk,
    Response,
    Settlement,
    wait_in_thread,
    wait_on_loop,
)
from aaep_helpers.replies.timeouts import (
    CLARIFICATION_SECONDS,
    confirmation_seconds,
    longer_timeouts,
)
from aaep_helpers.replies.words import clarification_asked, confirmation_asked
from aaep_helpers.subscription import Subscription
from aaep_helpers.text import human_data, human_text


class SessionQuestions(EmitterBase):
    """Everything that lets the user decide."""

    _desk: ReplyDesk
    _trail: AuditTrail
    _longer: LongerTimeouts

    def _prepare_questions(self, longer: float | LongerTimeouts, audit: Audit | None) -> None:
        self._longer = longer_timeouts(longer)
        self._trail = AuditTrail(audit)
        self._desk = ReplyDesk(self._clock, self._trail, self._sessions.get)

    @property
    def audit_trail(self) -> tuple[AuditRecord, ...]:
        """The newest records of decisions, and of replies that did not count, oldest first."""
        return self._trail.records

    def await_confirmation(
        self,
        *,
        session_id: str,
        action: str,
        consequence: str,
        timeout_seconds: int | None = None,
        default_decision: v.Decision = "reject",
        risk_level: v.RiskLevel | None = None,
        irreversible: bool | None = None,
        reversibility: v.Reversibility | None = None,
        allowed_replies: Iterable[v.Decision] | None = None,
        extra_context: Mapping[str, object] | None = None,
        tool_call_id: str | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Ask the user whether an action may run; do nothing of it before `wait_for_decision` says accept.

        An inline listener may answer before this returns. Where nobody can answer, the question is heard
        all the same and its default counts at once (CNF-7).

        Args:
            session_id: Which session.
            action: What would be done, in full; it is never shortened (D7).
            consequence: What follows if it is done.
            timeout_seconds: How long an answer is waited for, 1 to 86400; None goes by the risk (CNF-12).
                The emitter's longer_timeouts lengthen either.
            default_decision: What counts when nobody answers in time.
            risk_level: low, medium or high.
            irreversible: Whether it cannot be undone.
            reversibility: reversible, reversible_with_effort or irreversible.
            allowed_replies: Which decisions count, reject always among them (CNF-14); None means both.
            extra_context: Further facts for a listener's own display; secrets in it are masked (SEC-1).
            tool_call_id: The call it decides on: a refusal bars that call for good (SEQ-7), and an accept
                is good for no other.
            **said: What listeners are told, and custom data (see `Said`).

        Returns:
            The reply token, for wait_for_decision and for tool_invoked(confirmed_by=).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            ProtocolError: The same action is being asked about (SEQ-10), or the call is running (SEQ-6) or
                was refused (SEQ-7).
            EventValidationError: A field is malformed, or the default is unsafe (CNF-2).
            InternalError: It could not be put to the user; then it counts as rejected.
        """
        session = self._live(session_id)
        irrevocable = irreversible is True or reversibility == "irreversible"
        replies = checked_replies(allowed_replies)
        require_safe_default(default_decision, irrevocable, risk_level, replies)
        require_call_id(tool_call_id)
        spoken_action = checked_text(v.AWAITING_CONFIRMATION, "action", action)
        spoken_consequence = checked_text(v.AWAITING_CONFIRMATION, "consequence", consequence)
        if timeout_seconds is None:
            timeout_seconds = confirmation_seconds(irreversible=irrevocable, risk_level=risk_level)
        payload = e.ConfirmationRequested(
            action=spoken_action,
            consequence=spoken_consequence,
            reply_token=make_id("rpl"),
            timeout_seconds=self._longer.of(timeout_seconds),
            default_decision=default_decision,
            summary=summary_of(said) or confirmation_asked(spoken_action, spoken_consequence),
            risk_level=risk_level,
            irreversible=irreversible,
            reversibility=reversibility,
            allowed_replies=replies,
            extra_context=human_data(extra_context) if extra_context is not None else None,
        )
        self._desk.ask(session, payload, tool_call_id, said.get("extensions"))
        return payload.reply_token

    def ask_clarification(
        self,
        *,
        session_id: str,
        question: str,
        timeout_seconds: int | None = None,
        accepted_response_kinds: Iterable[v.ResponseKind] | None = None,
        choices: Iterable[e.Choice | Mapping[str, str] | str] | None = None,
        context: str | None = None,
        default_response: str | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Ask the user for something the agent must know.

        Args:
            session_id: Which session.
            question: The question.
            timeout_seconds: How long an answer is waited for, 1 to 86400; None means three minutes. The
                emitter's longer_timeouts lengthen either.
            accepted_response_kinds: Some of freetext, yes_no, multiple_choice, numeric (CNF-11); None means
                multiple_choice where there are choices, else freetext.
            choices: What may be chosen: texts, or mappings of value and label.
            context: Why it is asked.
            default_response: What counts when nobody answers; must be of an accepted kind (CNF-5).
            **said: What listeners are told, and custom data (see `Said`).

        Returns:
            The reply token, for wait_for_response.

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed, or the default is no answer (CNF-5).
            InternalError: It could not be put to the user; then there is no answer.
        """
        session = self._live(session_id)
        offered = checked_choices(choices)
        kinds = checked_kinds(accepted_response_kinds, offered)
        checked_default(default_response, kinds, offered)
        spoken = checked_text(v.AWAITING_CLARIFICATION, "question", question)
        if timeout_seconds is None:
            timeout_seconds = CLARIFICATION_SECONDS
        payload = e.ClarificationRequested(
            question=spoken,
            reply_token=make_id("rpl"),
            timeout_seconds=self._longer.of(timeout_seconds),
            summary=summary_of(said) or clarification_asked(spoken),
            accepted_response_kinds=kinds,
            choices=offered,
            context=human_text(context, v.MAX_TERSE_LENGTH) if context is not None else None,
            default_response=default_response,
        )
        self._desk.ask(session, payload, None, said.get("extensions"))
        return payload.reply_token

    async def wait_for_decision(self, reply_token: str) -> v.Decision:
        """The decision on a confirmation, when there is one; costs no thread while it waits.

        A decision that was made is returned as often as it is asked for. Reject is also what a time-out, the
        end of the session, a withdrawal and every fault come to: `settlement` says which it was.

        Args:
            reply_token: From await_confirmation.

        Raises:
            WaitError: No such confirmation was asked here.
        """
        return _decision(await wait_on_loop(self._desk, reply_token, "confirmation"))

    def wait_for_decision_sync(self, reply_token: str) -> v.Decision:
        """`wait_for_decision` for threads: blocks the calling thread and no other.

        Args:
            reply_token: From await_confirmation.

        Raises:
            WaitError: No such confirmation was asked here; or this thread runs an event loop, or is inside
                of a listener's callback, so that the answer could not come.
        """
        return _decision(wait_in_thread(self._desk, reply_token, "confirmation"))

    async def wait_for_response(self, reply_token: str) -> Response | None:
        """The answer to a clarification, when there is one; costs no thread while it waits.

        Args:
            reply_token: From ask_clarification.

        Returns:
            A text, a truth value or a number, as the accepted kinds say; the default where nobody answered;
            None where no answer is to be had.

        Raises:
            WaitError: No such clarification was asked here.
        """
        return (await wait_on_loop(self._desk, reply_token, "clarification")).response

    def wait_for_response_sync(self, reply_token: str) -> Response | None:
        """`wait_for_response` for threads: blocks the calling thread and no other.

        Args:
            reply_token: From ask_clarification.

        Raises:
            WaitError: As for wait_for_decision_sync.
        """
        return wait_in_thread(self._desk, reply_token, "clarification").response

    def settlement(self, reply_token: str) -> Settlement | None:
        """How a question ended; None while it is open, and of a token that is unknown or forgotten."""
        return self._desk.settlement(reply_token)

    def submit_reply(self, message: object, *, sender: Subscription | None = None) -> bool:
        """Take a reply to a question; the first one that is valid decides (CNF-3, CNF-4).

        Why a reply was not honored is in the log and in the audit trail, and nowhere else.

        Args:
            message: A confirmation.reply or clarification.reply, as parsed from JSON; anything is taken.
            sender: The subscription whose connection it came through. A transport always says so; the
                subscription_id in the message must then be that one's (SEC-2).

        Returns:
            Whether it was honored.
        """
        return self._desk.submit(message, sender)

    def withdraw_question(self, reply_token: str, **said: Unpack[Said]) -> bool:
        """Take back an open question, or a yes that no tool has used yet; listeners are told (CNF-8).

        Args:
            reply_token: From await_confirmation or ask_clarification.
            **said: What listeners are told; custom data is not taken.

        Returns:
            Whether there was anything to take back.
        """
        return self._desk.withdraw(reply_token, summary_of(said))

    def check_deadlines(self) -> None:
        """End the questions whose time is up, and tell how much is left where that is due (CNF-5, CNF-10).

        The emitter does this by itself, on time; a test that moves a ManualClock calls it.
        """
        self._desk.check()

    def _drop(self, session_id: str) -> None:
        super()._drop(session_id)
        self._desk.session_over(session_id)


def _decision(settlement: Settlement) -> v.Decision:
    # Nothing but the word itself is a yes.
    return "accept" if settlement.decision == "accept" else "reject"
