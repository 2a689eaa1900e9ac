"""CNF-3, SEC-2: every defect a reply can have. None is honored, and no sender learns which it was."""

from __future__ import annotations

import json
import logging
from collections import UserDict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aaep_helpers import make_id
from aaep_helpers.clock import format_timestamp
from aaep_helpers.replies.requests import token_hash
from tests.aaep_helpers.ears import Ear
from tests.aaep_helpers.replies.asking import Reply, Room, reply_to

Spoil = Callable[[Room, str, Reply], object]


def _with(**changes: Any) -> Spoil:
    return lambda room, token, reply: {**reply, **changes}


def _without(name: str) -> Spoil:
    return lambda room, token, reply: {key: value for key, value in reply.items() if key != name}


def _stamped(seconds: float) -> Spoil:
    def spoil(room: Room, token: str, reply: Reply) -> object:
        at_ms = room.clock.epoch_ms() + round(seconds * 1000)
        return {**reply, "timestamp": format_timestamp(at_ms)}

    return spoil


def _from_another(**listening: Any) -> Spoil:
    def spoil(room: Room, token: str, reply: Reply) -> object:
        other = Ear().listen(room.emitter, **listening).subscription
        assert other is not None
        return {**reply, "subscription_id": other.id}

    return spoil


def _from_one_who_left(room: Room, token: str, reply: Reply) -> object:
    other = room.emitter.subscribe(lambda event: None, can_reply=True)
    other.close()
    return {**reply, "subscription_id": other.id}


def _from_another_emitter(room: Room, token: str, reply: Reply) -> object:
    return {**reply, "subscription_id": Room().listener.id}


def _for_another_emitters_question(room: Room, token: str, reply: Reply) -> object:
    return {**reply, "reply_token": Room().confirm()}


def _after_its_time(room: Room, token: str, reply: Reply) -> object:
    room.clock.advance(60)  # And nobody has looked at the clock yet.
    return reply


def _after_its_time_was_noticed(room: Room, token: str, reply: Reply) -> object:
    room.clock.advance(60)
    room.emitter.check_deadlines()
    return reply


def _after_the_session(room: Room, token: str, reply: Reply) -> object:
    room.emitter.cancel_session(session_id=room.session_id, cancelled_by="user")
    return reply


def _after_a_withdrawal(room: Room, token: str, reply: Reply) -> object:
    room.emitter.withdraw_question(token)
    return reply


def _after_a_no(room: Room, token: str, reply: Reply) -> object:
    assert room.emitter.submit_reply({**reply, "decision": "reject"})
    return reply


def _nested(depth: int) -> dict[str, Any]:
    return {"deeper": _nested(depth - 1)} if depth else {}


class Shifty(dict[str, Any]):
    """Says accept when it is read, and something else when it is looked at."""

    def __getitem__(self, name: str) -> Any:
        raise AssertionError("A reply's own methods are not run.")

    def get(self, name: str, default: Any = None) -> Any:
        raise AssertionError("A reply's own methods are not run.")


DEFECTS: dict[str, Spoil] = {
    "forged token": lambda room, token, reply: {**reply, "reply_token": make_id("rpl")},
    "token of another emitter": _for_another_emitters_question,
    "token in capitals": lambda room, token, reply: {
        **reply,
        "reply_token": "rpl_" + token.removeprefix("rpl_").upper(),
    },
    "token with a capital prefix": lambda room, token, reply: {
        **reply,
        "reply_token": token.replace("rpl_", "RPL_"),
    },
    "token in full-width digits": lambda room, token, reply: {
        **reply,
        "reply_token": token.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"}),
    },
    "token in Cyrillic look-alikes": lambda room, token, reply: {
        **reply,
        "reply_token": token.translate({ord("a"): "\u0430", ord("c"): "\u0441", ord("e"): "\u0435"})
        + "\u0430",
    },
    "token with a joiner inside": lambda room, token, reply: {
        **reply,
        "reply_token": token[:9] + "\u200d" + token[9:],
    },
    "token and a line break": lambda room, token, reply: {**reply, "reply_token": token + "\n"},
    "token and a space": lambda room, token, reply: {**reply, "reply_token": f" {token}"},
    "token cut short": lambda room, token, reply: {**reply, "reply_token": token[:-1]},
    "token and more": lambda room, token, reply: {**reply, "reply_token": token + "0"},
    "two tokens": lambda room, token, reply: {**reply, "reply_token": [token, token]},
    "token of a question that timed out": _after_its_time_was_noticed,
    "late by our clock": _after_its_time,
    "late by its own stamp": _stamped(61),
    "at the deadline by its own stamp": _stamped(60),
    "in the next century": _with(timestamp="2126-01-01T00:00:00Z"),
    "early by its own stamp": _stamped(-3600),
    "at the beginning of time": _with(timestamp="1970-01-01T00:00:00Z"),
    "stamp without a zone": _with(timestamp="2027-01-15T08:00:00"),
    "stamp of no real day": _with(timestamp="2027-02-31T08:00:00Z"),
    "stamp in words": _with(timestamp="now"),
    "stamp as a number": _with(timestamp=1_800_000_000),
    "no stamp": _without("timestamp"),
    "after the session": _after_the_session,
    "after a withdrawal": _after_a_withdrawal,
    "after a no": _after_a_no,
    "from a listener without the right": _from_another(can_reply=False),
    "from one who may only clarify": _from_another(can_reply=["clarification"]),
    "from one who left": _from_one_who_left,
    "from another emitter's listener": _from_another_emitter,
    "from nobody we know": _with(subscription_id=make_id("sub")),
    "from nobody": _without("subscription_id"),
    "listener's id in capitals": lambda room, token, reply: {
        **reply,
        "subscription_id": "sub_" + reply["subscription_id"].removeprefix("sub_").upper(),
    },
    "of the other type": lambda room, token, reply: {
        **{key: value for key, value in reply.items() if key != "decision"},
        "type": "clarification.reply",
        "response": True,
    },
    "of both types": _with(response=True),
    "of no type": _without("type"),
    "of an unknown type": _with(type="confirmation.accept"),
    "of an event's type": _with(type="aaep:agent.awaiting.confirmation"),
    "of the type as an IRI": _with(type="https://aaep-protocol.org/types/confirmation.reply"),
    "another message": lambda room, token, reply: {
        "type": "subscription.close",
        "subscription_id": reply["subscription_id"],
    },
    "no decision": _without("decision"),
    "decision yes": _with(decision="yes"),
    "decision Accept": _with(decision="Accept"),
    "decision true": _with(decision=True),
    "decision one": _with(decision=1),
    "decision null": _with(decision=None),
    "decision in look-alikes": _with(decision="\u0430ccept"),
    "a list of decisions": _with(decision=["accept"]),
    "an extra field": _with(note="please"),
    "an extra field that is null": _with(note=None),
    "confidence on a confirmation": _with(confidence=1),
    "a field in another case": _with(Decision="accept"),
    "a modification that is no object": _with(modified_action="all of it"),
    "oversize": _with(correlation_id="x" * 70_000),
    "a very long text": _with(decision_rationale="x" * 5_000),
    "too many values": _with(modified_action={"list": list(range(300_000))}),
    "too deep": _with(modified_action=_nested(100)),
    "deep": _with(modified_action=_nested(9)),
    "not a number": _with(modified_action={"sum": float("nan")}),
    "half a character": _with(decided_by="\ud800"),
    "bytes inside": _with(decided_by=b"me"),
    "an object inside": _with(decided_by=object()),
    "text": lambda room, token, reply: json.dumps(reply),
    "bytes": lambda room, token, reply: json.dumps(reply).encode(),
    "a list of replies": lambda room, token, reply: [reply],
    "pairs": lambda room, token, reply: list(reply.items()),
    "a mapping that is no dict": lambda room, token, reply: UserDict(reply),
    "nothing": lambda room, token, reply: None,
    "the token alone": lambda room, token, reply: token,
    "yes": lambda room, token, reply: True,
    "an exception": lambda room, token, reply: ValueError("accept"),
    "a class": lambda room, token, reply: dict,
}


@pytest.mark.parametrize("spoil", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_reply_with_this_defect_is_not_honored(
    spoil: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room()
    token = room.confirm(tool_call_id="call_1")
    spoiled = spoil(room, token, room.decision(token))
    before = room.emitter.settlement(token)
    heard = len(room.ear.heard)
    with caplog.at_level(logging.DEBUG):
        assert room.emitter.submit_reply(spoiled) is False
    assert room.emitter.settlement(token) == before
    assert len(room.ear.heard) == heard, "nobody hears of it"
    assert before is None or before.decision == "reject"
    record = room.emitter.audit_trail[-1]
    assert not record.honored
    assert record.outcome
    assert token not in caplog.text
    assert token not in str(room.emitter.audit_trail)
    in_time = before is None and room.clock.monotonic() < 60
    # The honest reply still counts if it is in time: nobody can spoil it for the user.
    assert room.accept(token) is in_time
    room.emitter.check_deadlines()
    settled = room.emitter.settlement(token)
    assert settled is not None
    assert settled.decision == ("accept" if in_time else "reject")
    if in_time:
        room.emitter.tool_invoked(
            session_id=room.session_id, tool="send", tool_call_id="call_1", confirmed_by=token
        )
    room.emitter.close()
    room.assert_well_told(*([token] if in_time else []), complete=True)


def test_the_reasons_are_on_record_with_the_tokens_hash() -> None:
    room = Room()
    token = room.confirm()
    expected = {
        "forged token": "unknown_token",
        "late by its own stamp": "stamped_late",
        "early by its own stamp": "stamped_early",
        "from a listener without the right": "not_entitled",
        "from one who left": "listener_gone",
        "of the other type": "wrong_type",
        "an extra field": "malformed",
        "oversize": "oversize",
        "another message": "no_reply",
    }
    for name, reason in expected.items():
        assert not room.emitter.submit_reply(DEFECTS[name](room, token, room.decision(token)))
        assert room.why_ignored() == reason, name
    assert room.accept(token)
    assert not room.accept(token)
    assert room.why_ignored() == "used_token"
    ended = next(record for record in room.emitter.audit_trail if record.honored)
    assert (ended.outcome, ended.decision, ended.what) == (
        "accepted",
        "accept",
        "Send the letter",
    )
    assert ended.who == room.listener.id
    assert ended.token_hash == token_hash(token)
    assert ended.session_id == room.session_id


def test_the_transport_knows_better_than_the_message_who_sent_it() -> None:
    """T8: whoever knows the id of a subscription is not that subscription."""
    room = Room()
    token = room.confirm()
    thief = room.emitter.subscribe(lambda event: None, can_reply=True)
    stranger = Room().listener
    for sender in (thief, stranger):
        assert not room.emitter.submit_reply(room.decision(token), sender=sender)
        assert room.why_ignored() == "wrong_sender"
    for odd in ("sub_1", room.listener.id, object(), 0, False):
        assert not room.emitter.submit_reply(room.decision(token), sender=odd)  # type: ignore[arg-type]
    assert room.emitter.submit_reply(room.decision(token), sender=room.listener)


def test_a_decision_that_was_not_offered_does_not_count() -> None:
    room = Room()
    token = room.confirm(allowed_replies=["reject"])
    assert not room.accept(token)
    assert room.why_ignored() == "decision_not_allowed"
    assert room.emitter.submit_reply(room.decision(token, "reject"))


def test_what_a_reply_says_is_read_once_and_by_no_method_of_its_own() -> None:
    room = Room()
    token = room.confirm()
    assert room.emitter.submit_reply(Shifty(room.decision(token, "reject")))
    assert room.outcome(token) == "rejected"


def test_replayed_replies_are_as_dead_in_a_later_session() -> None:
    """Known failure 28, CNF-4."""
    room = Room()
    token = room.confirm()
    reply = room.decision(token)
    assert room.emitter.submit_reply(reply)
    room.emitter.complete_session(session_id=room.session_id)
    room.session_id = room.emitter.start_session()
    again = room.confirm()
    assert again != token
    assert not room.emitter.submit_reply(reply)
    assert room.outcome(again) is None


def test_a_listener_who_came_late_was_sent_the_question_and_may_answer() -> None:
    """SUB-12."""
    room = Room()
    token = room.confirm()
    late = room.emitter.subscribe(lambda event: None, can_reply=True)
    assert room.emitter.submit_reply(reply_to(token, late, room.clock, decision="accept"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_nothing_is_raised_whatever_is_submitted(message: object) -> None:
    room = Room()
    token = room.confirm()
    assert room.emitter.submit_reply(message) is False
    assert room.emitter.submit_reply({**room.decision(token), "decision": message}) is False
    assert room.emitter.submit_reply({**room.decision(token), "modified_action": message}) is False
    assert room.outcome(token) is None


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)))
def test_an_accept_of_something_else_is_a_no(modified: dict[str, object]) -> None:
    """CNF-6."""
    room = Room()
    token = room.confirm()
    honored = room.emitter.submit_reply({**room.decision(token), "modified_action": modified})
    assert room.outcome(token) == ("rejected" if honored else None)


def test_who_decided_is_recorded_without_secrets() -> None:
    room = Room()
    token = room.confirm()
    named = room.decision(token, decided_by="password=hunter2hunter2")
    assert room.emitter.submit_reply(named)
    assert "hunter2" not in str(room.emitter.audit_trail)
    assert "hunter2" not in str(room.emitter.settlement(token))
