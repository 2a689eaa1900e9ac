"""A question that waits for its answer, and how it ended.

Boundary: values of the sans-I/O core; time is passed in. Failure policy: none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from aaep_helpers import events as e
from aaep_helpers.replies.answers import Response, parsed_default
from aaep_helpers.session import Outcome
from aaep_helpers.subscription import QuestionKind
from aaep_helpers.vocabulary import Decision


def token_hash(token: str) -> str:
    """What the log and the audit trail call a reply token, which is itself never written down (CNF-9)."""
    return sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a question ended, once and for all (CNF-4).

    Attributes:
        session_id: Whose question it was.
        kind: What kind of question.
        outcome: How it ended.
        decision: Of a confirmation: accept, or reject in every case of doubt. None of a clarification.
        response: Of a clarification: the answer, or its default; None where there is none to be had.
        at_ms: When, in milliseconds since 1970-01-01 UTC.
        answered_by: The subscription_id of the reply that decided; None where none did.
        decided_by: Whom that reply named as the one who decided.
        why: What went wrong, as a sentence; "" where nothing did.
    """

    session_id: str
    kind: QuestionKind
    outcome: Outcome
    at_ms: int
    decision: Decision | None = None
    response: Response | None = None
    answered_by: str | None = None
    decided_by: str | None = None
    why: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class OpenRequest:
    """A question nobody has answered yet.

    Attributes:
        payload: The question.
        session_id: In which session.
        tool_call_id: The call it decides on, if any.
        asked_ms: Its event's timestamp, in milliseconds since 1970-01-01 UTC.
        asked_at: When it was asked, on the monotonic clock.
        marks: The monotonic times at which listeners are still to be told how much time is left (CNF-10).
    """

    payload: e.QuestionPayload
    session_id: str
    tool_call_id: str | None
    asked_ms: int
    asked_at: float
    marks: list[float] = field(init=False)

    def __post_init__(self) -> None:
        seconds = self.payload.timeout_seconds
        # CNF-10: when half of the time is left, and a tenth.
        shares = (0.5, 0.9) if seconds > 60 else ()
        self.marks = [self.asked_at + seconds * share for share in shares]

    @property
    def token(self) -> str:
        """Its reply token."""
        return self.payload.reply_token

    @property
    def kind(self) -> QuestionKind:
        """What kind of question it is."""
        is_confirmation = isinstance(self.payload, e.ConfirmationRequested)
        return "confirmation" if is_confirmation else "clarification"

    @property
    def text(self) -> str:
        """The action, or the question."""
        payload = self.payload
        return payload.action if isinstance(payload, e.ConfirmationRequested) else payload.question

    @property
    def deadline(self) -> float:
        """When it is too late to answer, on the monotonic clock."""
        return self.asked_at + self.payload.timeout_seconds

    @property
    def deadline_ms(self) -> int:
        """When it is too late to answer by a reply's own timestamp (CNF-3)."""
        return self.asked_ms + round(self.payload.timeout_seconds * 1000)

    def next_due(self) -> float:
        """When something is to be done about it next, on the monotonic clock."""
        return self.marks[0] if self.marks else self.deadline

    def settled(
        self,
        outcome: Outcome,
        at_ms: int,
        *,
        answered_by: str | None = None,
        decided_by: str | None = None,
        response: Response | None = None,
        why: str = "",
    ) -> Settlement:
        """How it ends with `outcome`; what nobody decided is decided here, and by nothing but this.

        The default counts where nobody answered in time or could answer at all (CNF-5, CNF-7). In every
        other case without an accept the decision is reject, and there is no response.

        Args:
            outcome: How it ended.
            at_ms: When.
            answered_by: Whose reply decided.
            decided_by: Whom that reply named.
            response: The answer to a clarification.
            why: What went wrong.
        """
        defaulted = outcome in (Outcome.TIMED_OUT, Outcome.UNANSWERABLE)
        payload = self.payload
        decision: Decision | None = None
        if isinstance(payload, e.ConfirmationRequested):
            accepted = outcome is Outcome.ACCEPTED or (
                defaulted and payload.default_decision == "accept"
            )
            decision = "accept" if accepted else "reject"
        elif defaulted:
            response = default_of(payload)
        return Settlement(
            session_id=self.session_id,
            kind=self.kind,
            outcome=outcome,
            at_ms=at_ms,
            decision=decision,
            response=response if outcome is Outcome.ANSWERED or defaulted else None,
            answered_by=answered_by,
            decided_by=decided_by,
            why=why,
        )


def default_of(payload: e.ClarificationRequested) -> Response | None:
    """What counts as the answer when there is none; None where the question names no default (CNF-5)."""
    if payload.default_response is None:
        return None
    return parsed_default(
        payload.default_response, payload.accepted_response_kinds or (), choice_values(payload)
    )


def choice_values(payload: e.ClarificationRequested) -> tuple[str, ...]:
    """The values a multiple-choice answer may have."""
    return tuple(choice.value for choice in payload.choices or ())
