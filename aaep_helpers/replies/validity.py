"""Whether a reply counts (CNF-3), as pure functions: everything that can be wrong with one has a name here.

The names are for the log and the audit trail; a sender is never told any of them. Boundary: knows one
request and one reply; who sent it and who was asked is judged by the desk, which knows the listeners.
Failure policy: never raises, whatever it is given; what is in doubt does not count.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from aaep_helpers import events as e
from aaep_helpers.replies.answers import fits
from aaep_helpers.replies.requests import OpenRequest, choice_values
from aaep_helpers.validation import soft_limit_violations, validate_message
from aaep_helpers.validation.plain import as_plain

CONFIRMATION_REPLY: Final = "confirmation.reply"
CLARIFICATION_REPLY: Final = "clarification.reply"

# A reply stamped before its question was not made in answer to it. Clocks of two machines differ a little,
# and many stamp whole seconds only; nothing hangs on this margin but the time of an honest answer.
_CLOCK_SKEW_MS: Final = 60_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Ignored(StrEnum):
    """Why a reply was not honored."""

    MALFORMED = "malformed"
    OVERSIZE = "oversize"
    NO_REPLY = "no_reply"
    UNKNOWN_TOKEN = "unknown_token"
    USED_TOKEN = "used_token"
    SESSION_OVER = "session_over"
    EXPIRED = "expired"
    STAMPED_LATE = "stamped_late"
    STAMPED_EARLY = "stamped_early"
    WRONG_TYPE = "wrong_type"
    WRONG_SENDER = "wrong_sender"
    NOT_ASKED = "not_asked"
    LISTENER_GONE = "listener_gone"
    NOT_ENTITLED = "not_entitled"
    DECISION_NOT_ALLOWED = "decision_not_allowed"
    WRONG_RESPONSE_KIND = "wrong_response_kind"
    FAULT = "fault"


def read_reply(message: object) -> dict[str, Any] | Ignored:
    """A plain copy of a reply that fits its schema, or why there is none.

    The copy is made once and everything is judged and taken from it, so that a value that changes
    between two looks at it changes nothing.

    Args:
        message: Anything at all.
    """
    plain, faults = as_plain(message)
    if faults or not isinstance(plain, dict):
        return Ignored.MALFORMED
    if validate_message(plain):
        return Ignored.MALFORMED
    if plain["type"] not in (CONFIRMATION_REPLY, CLARIFICATION_REPLY):
        return Ignored.NO_REPLY
    # ENV-7: more than an answer needs is not taken from a wire.
    return Ignored.OVERSIZE if soft_limit_violations(plain) else plain


def weigh(
    reply: dict[str, Any], request: OpenRequest, *, now: float, wall_ms: int
) -> Ignored | None:
    """What is wrong with a reply to `request`, its sender aside; None where nothing is.

    Args:
        reply: From `read_reply`.
        request: The open request of its token.
        now: The monotonic time.
        wall_ms: What the wall clock says now, in milliseconds since 1970-01-01 UTC.
    """
    # Both clocks must say that it is in time (CNF-3): neither can be set back to let a late one in.
    if now >= request.deadline:
        return Ignored.EXPIRED
    stamped_ms = _stamp_ms(reply["timestamp"])
    if stamped_ms is None:
        return Ignored.MALFORMED
    if stamped_ms >= request.deadline_ms:
        return Ignored.STAMPED_LATE
    # Our own clock may have been set back since the question, by an administrator or NTP.
    if stamped_ms < min(request.asked_ms, wall_ms) - _CLOCK_SKEW_MS:
        return Ignored.STAMPED_EARLY
    payload = request.payload
    if isinstance(payload, e.ConfirmationRequested):
        if reply["type"] != CONFIRMATION_REPLY:
            return Ignored.WRONG_TYPE
        allowed = payload.allowed_replies
        if allowed is not None and reply["decision"] not in allowed:
            return Ignored.DECISION_NOT_ALLOWED
        return None
    if reply["type"] != CLARIFICATION_REPLY:
        return Ignored.WRONG_TYPE
    kinds = payload.accepted_response_kinds or ()
    if not fits(reply["response"], kinds, choice_values(payload)):
        return Ignored.WRONG_RESPONSE_KIND
    return None


def _stamp_ms(timestamp: str) -> float | None:
    try:
        return (datetime.fromisoformat(timestamp) - _EPOCH).total_seconds() * 1000
    except (ValueError, OverflowError, TypeError):
        return None
