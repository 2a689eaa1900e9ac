"""The facts of a session, typed: the payloads of the twelve core events, and text at token grain.

A payload says what happened; `aaep_helpers.rendering` makes the wire event from it for one listener
(design D10). Boundary: values only, no order, no transport. Failure policy: none; malformed values
are found by validation when the event is rendered (D6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, get_args

from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue.summary import Summary

# JSON as it stands on the wire: the one place where plain dicts live.
WireEvent = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """A user's request is being worked on."""

    TYPE: ClassVar[str] = v.SESSION_STARTED
    summary: Summary
    request_text: str | None = None
    requested_by: str | None = None
    tools_available: tuple[str, ...] | None = None
    expected_duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCompleted:
    """The request was answered."""

    TYPE: ClassVar[str] = v.SESSION_COMPLETED
    summary: Summary
    duration_ms: int | None = None
    tool_invocations_count: int | None = None
    output_summary: str | None = None
    result_uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionErrored:
    """The request failed."""

    TYPE: ClassVar[str] = v.SESSION_ERRORED
    summary: Summary
    error_category: v.ErrorCategory
    error_code: str | None = None
    error_uri: str | None = None
    recoverable: bool | None = None
    remediation_hint: str | Summary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCancelled:
    """The request was given up."""

    TYPE: ClassVar[str] = v.SESSION_CANCELLED
    summary: Summary
    cancelled_by: v.CancelledBy
    cancellation_reason: str | None = None
    partial_result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The session went from one state into another."""

    TYPE: ClassVar[str] = v.STATE_CHANGED
    from_state: str
    to_state: str
    summary: Summary
    expected_duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work is; at least one of the four is given."""

    percent: float | None = None
    step: int | None = None
    total_steps: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressUpdated:
    """The work went on."""

    TYPE: ClassVar[str] = v.PROGRESS_UPDATED
    progress: Progress
    summary: Summary
    eta_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolInvoked:
    """A tool begins to run."""

    TYPE: ClassVar[str] = v.TOOL_INVOKED
    tool: str
    summary: Summary
    tool_call_id: str
    description: str | None = None
    args_summary: str | None = None
    expected_duration_ms: int | None = None
    risk_level: v.RiskLevel | None = None
    irreversible: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCompleted:
    """A tool has ended, one way or another."""

    TYPE: ClassVar[str] = v.TOOL_COMPLETED
    tool: str
    status: v.ToolStatus
    summary: Summary
    tool_call_id: str
    duration_ms: int | None = None
    error_message: str | Summary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationRequested:
    """The user is asked whether an action may run."""

    TYPE: ClassVar[str] = v.AWAITING_CONFIRMATION
    action: str
    consequence: str
    reply_token: str
    timeout_seconds: int
    default_decision: v.Decision
    summary: Summary
    risk_level: v.RiskLevel | None = None
    irreversible: bool | None = None
    reversibility: v.Reversibility | None = None
    allowed_replies: tuple[str, ...] | None = None
    extra_context: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer that may be chosen."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationRequested:
    """The user is asked for something the agent must know."""

    TYPE: ClassVar[str] = v.AWAITING_CLARIFICATION
    question: str
    reply_token: str
    timeout_seconds: int
    summary: Summary
    accepted_response_kinds: tuple[v.ResponseKind, ...] | None = None
    choices: tuple[Choice, ...] | None = None
    context: str | None = None
    default_response: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRequested:
    """A human or another agent is to take over (TYP-4)."""

    TYPE: ClassVar[str] = v.HANDOFF_REQUESTED
    reason: str
    target_kind: v.HandoffTarget
    summary: Summary
    target_uri: str | None = None
    packaged_context: Mapping[str, object] | None = None
    urgency_for_handoff: v.RiskLevel | None = None


Payload = (
    SessionStarted
    | SessionCompleted
    | SessionErrored
    | SessionCancelled
    | StateChanged
    | ProgressUpdated
    | ToolInvoked
    | ToolCompleted
    | ConfirmationRequested
    | ClarificationRequested
    | HandoffRequested
)

PAYLOAD_TYPES: tuple[type[Payload], ...] = get_args(Payload)

TerminalPayload = SessionCompleted | SessionErrored | SessionCancelled
QuestionPayload = ConfirmationRequested | ClarificationRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputForm:
    """What an output is made of, fixed when it opens.

    Attributes:
        language: Language tag of its text; None where unknown.
        content_type: Media type; None means text/plain.
        boundary: The finest boundary at which listeners get it; theirs governs where it is coarser.
    """

    language: str | None = None
    content_type: str | None = None
    boundary: v.Boundary = "none"


PLAIN_OUTPUT = OutputForm()


class TextDelta(NamedTuple):
    """Some text of an open output, as it came (a NamedTuple: one is made for every token).

    Attributes:
        output_id: Which output.
        text: The text; never empty.
        position: Its offset in code points (SEQ-9).
        form: What the output is made of.
        ends_at: The boundary the caller knows this text to end at, if any.
    """

    output_id: str
    text: str
    position: int
    form: OutputForm
    ends_at: v.Boundary | None


class TextQuiet(NamedTuple):
    """No text came for a while: what is held of this output may be said."""

    output_id: str


class OutputClosed(NamedTuple):
    """No more text comes for this output, which had some."""

    output_id: str


@dataclass(slots=True)
class Fact:
    """A payload with its identity and time: one event, before it is put into a listener's words.

    Attributes:
        event_id: The same for every listener that gets this event (SUB-13).
        session_id: Which session.
        at_ms: When, in milliseconds since 1970-01-01 UTC; never goes back within a session (ENV-9).
        payload: What happened.
        urgency: How soon it should be heard.
        extensions: Custom data by prefix (ENV-5).
        correlation_id: What ties it to other systems, such as a W3C traceparent.
        rendered: Wire events made of it so far, by language and verbosity, so that listeners share them.
    """

    event_id: str
    session_id: str
    at_ms: int
    payload: Payload
    urgency: v.Urgency
    extensions: Mapping[str, Mapping[str, object]] | None = None
    correlation_id: str | None = None
    rendered: dict[tuple[str, v.Verbosity], WireEvent] = field(default_factory=dict)


class TextFact(NamedTuple):
    """Something about the text of an output, with its time."""

    at_ms: int
    what: TextDelta | TextQuiet | OutputClosed
