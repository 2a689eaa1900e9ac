"""Handshake and reply messages: typed there and back, and refused with the rule that they break."""

from __future__ import annotations

from typing import Any

import pytest

from aaep_helpers import MessageValidationError, make_id
from aaep_helpers.messages import (
    Capabilities,
    ClarificationReply,
    ConfirmationReply,
    EventFilters,
    Message,
    ProducerInfo,
    SubscriptionAccepted,
    SubscriptionClose,
    SubscriptionRejected,
    SubscriptionRenegotiate,
    SubscriptionRequest,
    message_from_wire,
    message_to_wire,
)

_SUB = make_id("sub")
_TOKEN = make_id("rpl")
_WHEN = "2026-01-02T03:04:05.678Z"

MESSAGES: list[Message] = [
    SubscriptionRequest(
        aaep_version="1.0.0",
        subscriber_id="reader",
        capabilities=Capabilities(
            languages=["en-US"], event_filters=EventFilters(include=["aaep:agent.*"])
        ),
    ),
    SubscriptionAccepted(
        subscription_id=_SUB,
        aaep_version="1.0.0",
        producer=ProducerInfo(agent_id="bank"),
        honored_capabilities=Capabilities(coalesce_boundaries=["sentence", "completion"]),
    ),
    SubscriptionRejected(reason_code="rate_limit", reason_message="Later.", retry_after_seconds=5),
    SubscriptionRenegotiate(subscription_id=_SUB, capabilities=Capabilities(pace_wpm=180)),
    SubscriptionClose(subscription_id=_SUB, reason_code="done", reason_message="Bye."),
    ConfirmationReply(reply_token=_TOKEN, decision="reject", subscription_id=_SUB, timestamp=_WHEN),
    ClarificationReply(reply_token=_TOKEN, response=True, subscription_id=_SUB, timestamp=_WHEN),
    ClarificationReply(reply_token=_TOKEN, response=2.5, subscription_id=_SUB, timestamp=_WHEN),
    ClarificationReply(reply_token=_TOKEN, response="Ana", subscription_id=_SUB, timestamp=_WHEN),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_every_message_goes_to_the_wire_and_comes_back_the_same(message: Message) -> None:
    wire = message_to_wire(message)
    assert wire["type"] == message.type
    assert None not in wire.values()
    assert message_from_wire(wire) == message


def test_a_boolean_answer_stays_a_boolean_and_a_number_a_number() -> None:
    answers = [message for message in MESSAGES if isinstance(message, ClarificationReply)]
    read = [message_from_wire(message_to_wire(answer)) for answer in answers]
    assert [
        type(message.response) for message in read if isinstance(message, ClarificationReply)
    ] == [bool, float, str]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"reply_token": "rpl_"}, "reply_token"),
        ({"extra": 1}, "extra"),
        ({"subscription_id": None}, "subscription_id"),
        ({"type": "confirmation.shout"}, "type"),
    ],
)
def test_a_message_that_fits_no_schema_says_where(change: dict[str, Any], named: str) -> None:
    wire = message_to_wire(MESSAGES[5]) | change
    with pytest.raises(MessageValidationError) as caught:
        message_from_wire(wire)
    assert named in str(caught.value)
    assert caught.value.violations


@pytest.mark.parametrize("data", [None, [], "confirmation.reply", 7, {}])
def test_what_is_no_message_is_refused(data: object) -> None:
    with pytest.raises(MessageValidationError):
        message_from_wire(data)
