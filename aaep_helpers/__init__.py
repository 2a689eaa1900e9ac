"""The framework-neutral core of AAEP: emit events, hear them, and keep to the protocol."""

from aaep_helpers.catalogue import Summary
from aaep_helpers.coalescer import StreamCoalescer
from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.errors import (
    AaepError,
    CallerError,
    ConfirmationRejected,
    EventValidationError,
    GateClosedError,
    InternalError,
    MessageValidationError,
    PeerError,
    ProtocolError,
    SubscriptionError,
    UnguardedToolError,
    UnknownSessionError,
    Violation,
)
from aaep_helpers.ids import make_id
from aaep_helpers.subscription import Subscription
from aaep_helpers.tool_gate import aaep_tool
from aaep_helpers.validation import validate_event, validate_message

__all__ = [
    "AAEPEmitter",
    "AaepError",
    "CallerError",
    "ConfirmationRejected",
    "EventValidationError",
    "GateClosedError",
    "InternalError",
    "MessageValidationError",
    "PeerError",
    "ProtocolError",
    "StreamCoalescer",
    "Subscription",
    "SubscriptionError",
    "Summary",
    "UnguardedToolError",
    "UnknownSessionError",
    "Violation",
    "aaep_tool",
    "make_id",
    "validate_event",
    "validate_message",
]
