"""The handshake and reply messages, typed (RULES 4 and 5); one function each way to and from the wire.

Boundary: shape only; whether a reply counts is decided elsewhere (CNF-3). Failure policy: a message that
does not fit its schema is the peer's fault and raises MessageValidationError.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from aaep_helpers import vocabulary as v
from aaep_helpers.errors import MessageValidationError
from aaep_helpers.validation import validate_message


class _Message(BaseModel):
    """What messages have in common: values, with room for fields of a later version (ENV-3)."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)


class EventFilters(_Message):
    """Which event types a listener wants: exact names, or prefixes ending in "*" (SUB-5)."""

    include: list[str] | None = None
    exclude: list[str] | None = None


class Capabilities(_Message):
    """What a listener can do and wants; what is left out has the default of RULES 5."""

    max_events_per_second: int | None = None
    preferred_verbosity: v.Verbosity | None = None
    languages: list[str] | None = None
    supports_confirmation_reply: bool | None = None
    supports_clarification_reply: bool | None = None
    coalesce_boundaries: list[v.Boundary] | None = None
    event_filters: EventFilters | None = None
    supported_conformance_levels: list[int] | None = None
    supported_extensions: list[str] | None = None
    cognitive_load: Literal["low", "medium", "high"] | None = None
    pace_wpm: int | None = None
    accept_signed_manifests_only: bool | None = None


class ProducerInfo(_Message):
    """Who speaks, as an accepted subscription says it."""

    agent_id: str
    agent_version: str | None = None
    agent_name: str | None = None
    model: str | None = None
    manifest_uri: str | None = None


class SubscriptionRequest(_Message):
    """A listener asks to be let in."""

    type: Literal["subscription.request"] = "subscription.request"
    aaep_version: str
    subscriber_id: str
    capabilities: Capabilities
    subscriber_name: str | None = None
    subscriber_version: str | None = None
    subscriber_manifest_uri: str | None = None
    correlation_id: str | None = None
    extensions: dict[str, dict[str, Any]] | None = None


class SubscriptionAccepted(_Message):
    """The producer agrees, on these terms (SUB-2)."""

    type: Literal["subscription.accepted"] = "subscription.accepted"
    subscription_id: str
    aaep_version: str
    producer: ProducerInfo
    honored_capabilities: Capabilities
    manifest_uri: str | None = None
    signed_manifest: str | None = None
    negotiation_notes: str | None = None


class SubscriptionRejected(_Message):
    """The producer refuses, and says why (SUB-1)."""

    type: Literal["subscription.rejected"] = "subscription.rejected"
    reason_code: Literal[
        "version_unsupported",
        "manifest_signature_required",
        "capabilities_incompatible",
        "rate_limit",
        "authentication_required",
        "authorization_denied",
        "transport_unavailable",
        "unknown",
    ]
    reason_message: str
    retry_after_seconds: int | None = None
    alternative_manifest_uri: str | None = None


class SubscriptionRenegotiate(_Message):
    """A listener asks for other terms; only what changes (SUB-9)."""

    type: Literal["subscription.renegotiate"] = "subscription.renegotiate"
    subscription_id: str
    capabilities: Capabilities


class SubscriptionClose(_Message):
    """One side ends a subscription (SUB-10)."""

    type: Literal["subscription.close"] = "subscription.close"
    subscription_id: str
    reason_code: str | None = None
    reason_message: str | None = None


class ConfirmationReply(_Message):
    """The user's decision on an action."""

    type: Literal["confirmation.reply"] = "confirmation.reply"
    reply_token: str
    decision: v.Decision
    subscription_id: str
    timestamp: str
    decided_by: str | None = None
    decision_rationale: str | None = None
    modified_action: dict[str, Any] | None = None
    correlation_id: str | None = None


class ClarificationReply(_Message):
    """The user's answer to a question."""

    type: Literal["clarification.reply"] = "clarification.reply"
    reply_token: str
    response: str | bool | int | float
    subscription_id: str
    timestamp: str
    decided_by: str | None = None
    confidence: int | float | None = None
    correlation_id: str | None = None


Message = (
    SubscriptionRequest
    | SubscriptionAccepted
    | SubscriptionRejected
    | SubscriptionRenegotiate
    | SubscriptionClose
    | ConfirmationReply
    | ClarificationReply
)

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def message_from_wire(data: object) -> Message:
    """The typed message of what came over a wire.

    Args:
        data: Parsed JSON, whatever it is.

    Raises:
        MessageValidationError: It fits no message's schema; says which rule and where.
    """
    violations = validate_message(data)
    if violations:
        raise MessageValidationError(tuple(violations))
    return _MESSAGES.validate_python(data)


def message_to_wire(message: Message) -> dict[str, Any]:
    """The JSON of a message; what it does not say is left out."""
    return message.model_dump(mode="json", exclude_none=True)
