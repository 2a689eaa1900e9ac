"""Asking, and what listeners hear of it: CNF-2, CNF-6 to CNF-8, CNF-13, CNF-14, SEQ-6, SEQ-7, SEQ-10."""

from __future__ import annotations

from typing import Any

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.announcing import Announcer
from aaep_helpers.errors import EventValidationError, ProtocolError, SubscriptionError
from tests.aaep_helpers.ears import Ear, new_emitter, rules_of
from tests.aaep_helpers.replies.asking import Room


@pytest.mark.parametrize(
    "arguments",
    [
        {"irreversible": True},
        {"irreversible": True, "risk_level": "medium"},
        {"irreversible": True, "risk_level": "high"},
        {"reversibility": "irreversible"},
        {"reversibility": "irreversible", "risk_level": "high"},
        {"reversibility": "irreversible", "irreversible": False},
        {"irreversible": True, "reversibility": "reversible"},
    ],
)
def test_what_cannot_be_undone_is_not_done_by_default(arguments: dict[str, Any]) -> None:
    """CNF-2: an irreversible action of unknown risk counts as high."""
    room = Room()
    with pytest.raises(EventValidationError) as caught:
        room.confirm(default_decision="accept", **arguments)
    assert rules_of(caught.value) == {"CNF-2"}
    assert "state.changed" not in room.ear.kinds()
    room.confirm(**arguments)
    assert room.ear.heard[-1]["default_decision"] == "reject"


def test_a_default_of_accept_counts_where_it_is_allowed_and_is_said_to() -> None:
    """CNF-1, CNF-5."""
    room = Room()
    token = room.confirm(default_decision="accept", risk_level="low", tool_call_id="call_1")
    room.clock.advance(60)
    room.emitter.check_deadlines()
    assert room.emitter.wait_for_decision_sync(token) == "accept"
    assert room.outcome(token) == "timed_out"
    assert room.last_words() == "Not answered in time, so it is done, as was said."
    room.emitter.tool_invoked(session_id=room.session_id, tool="send", tool_call_id="call_1")
    room.emitter.complete_session(session_id=room.session_id)
    room.assert_well_told(complete=True)


def test_a_default_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(EventValidationError, match="CNF-14"):
        Room().confirm(default_decision="accept", allowed_replies=["reject"])


def test_the_same_action_is_not_asked_twice_at_once() -> None:
    """SEQ-10."""
    room = Room()
    token = room.confirm("Send the letter")
    for same in ("Send the letter", "send  the Letter"):
        with pytest.raises(ProtocolError) as caught:
            room.confirm(same)
        assert rules_of(caught.value) == {"SEQ-10"}
    assert room.accept(token)
    again = room.confirm("Send the letter")
    assert again != token
    assert room.accept(again)
    room.assert_well_told(token, again)


def test_a_refusal_bars_its_call_and_an_accept_is_good_for_one() -> None:
    """SEQ-6, SEQ-7."""
    room = Room()
    emitter, session_id = room.emitter, room.session_id
    refused = room.confirm("Send one", tool_call_id="call_1", irreversible=True)
    assert emitter.submit_reply(room.decision(refused, "reject"))
    for irreversible in (True, False):
        with pytest.raises(ProtocolError, match="SEQ-7"):
            emitter.tool_invoked(
                session_id=session_id,
                tool="t",
                tool_call_id="call_1",
                irreversible=irreversible,
            )
    with pytest.raises(ProtocolError, match="SEQ-7"):
        room.confirm("Send one", tool_call_id="call_1", irreversible=True)
    accepted = room.confirm("Send two", tool_call_id="call_2", irreversible=True)
    assert room.accept(accepted)
    assert room.ear.heard[-1]["to_state"] == "calling_tool"
    with pytest.raises(ProtocolError, match="SEQ-6"):
        emitter.tool_invoked(
            session_id=session_id,
            tool="t",
            tool_call_id="call_3",
            irreversible=True,
            confirmed_by=accepted,
        )
    emitter.tool_invoked(
        session_id=session_id,
        tool="t",
        tool_call_id="call_2",
        irreversible=True,
        confirmed_by=accepted,
    )
    emitter.tool_completed(session_id=session_id, tool="t", status="success")
    with pytest.raises(ProtocolError, match="SEQ-6"):
        emitter.tool_invoked(
            session_id=session_id, tool="t", irreversible=True, confirmed_by=accepted
        )
    assert not emitter.withdraw_question(accepted), "it was used"
    emitter.complete_session(session_id=session_id)
    room.assert_well_told(accepted, complete=True)


def test_a_yes_can_be_taken_back_until_it_is_used() -> None:
    room = Room()
    token = room.confirm(irreversible=True)
    assert room.accept(token)
    assert room.emitter.withdraw_question(token)
    assert room.emitter.wait_for_decision_sync(token) == "reject"
    assert not room.emitter.withdraw_question(token)
    with pytest.raises(ProtocolError, match="SEQ-6"):
        room.emitter.tool_invoked(session_id=room.session_id, tool="t", irreversible=True)
    assert "taken back" in room.last_words()


# CNF-7


def test_where_nobody_can_answer_the_question_is_heard_and_its_default_counts_at_once() -> None:
    room = Room(can_reply=False)
    token = room.confirm()
    assert room.emitter.wait_for_decision_sync(token) == "reject"
    assert room.ear.kinds()[-3:] == ["state.changed", "awaiting.confirmation", "state.changed"]
    assert room.last_words() == "Nobody could answer, so it is not done."
    assert not room.accept(token)
    room.assert_well_told()
    silent = new_emitter()
    session_id = silent.start_session()
    token = silent.await_confirmation(session_id=session_id, action="a", consequence="c")
    assert silent.wait_for_decision_sync(token) == "reject"


def test_confirmations_and_clarifications_are_counted_separately() -> None:
    room = Room(can_reply=["clarification"])
    assert room.listener.can_reply
    token = room.confirm()
    assert room.outcome(token) == "unanswerable"
    question = room.clarify()
    assert room.outcome(question) is None
    assert room.emitter.submit_reply(room.answer(question, "That one"))
    other = Room(can_reply=["confirmation"])
    assert other.outcome(other.clarify()) == "unanswerable"
    assert other.outcome(other.confirm()) is None


@pytest.mark.parametrize("wrong", ["confirmation", 1, None, ["both"], [True], {"clarification": 1}])
def test_a_right_to_answer_that_is_none_is_refused(wrong: Any) -> None:
    emitter = new_emitter()
    with pytest.raises(SubscriptionError, match="can_reply"):
        emitter.subscribe(lambda event: None, can_reply=wrong)
    assert not emitter._subscriptions


def test_when_the_last_who_could_answer_leaves_the_default_counts_at_once() -> None:
    room = Room()
    second = room.emitter.subscribe(lambda event: None, can_reply=True)
    listens = Ear().listen(room.emitter)
    token, question = room.confirm(), room.clarify(default_response="any")
    second.close()
    assert room.outcome(token) is None
    room.listener.close()
    assert room.emitter.wait_for_decision_sync(token) == "reject"
    assert room.emitter.wait_for_response_sync(question) == "any"
    assert room.outcome(token) == room.outcome(question) == "unanswerable"
    room.emitter.close()
    listens.late = frozenset({room.session_id})
    listens.assert_well_told()


def test_a_listener_who_is_dropped_while_asked_counts_as_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room(can_reply=False)

    class Full:
        def deliver(self, event: dict[str, Any]) -> bool:
            return "reply_token" not in event

        def close(self, timeout: float) -> bool:
            return True

    subscription = room.emitter.subscribe(lambda event: None, can_reply=True)
    subscription._delivery = Full()
    token = room.confirm()
    assert subscription.closed
    assert room.outcome(token) == "unanswerable"
    room.assert_well_told()


# CNF-8, CNF-13


@pytest.mark.parametrize("how", ["complete", "error", "cancel", "close"])
def test_a_session_that_ends_takes_its_questions_along(how: str) -> None:
    room = Room()
    tokens = [room.confirm("One"), room.confirm("Two")]
    question = room.clarify(default_response="any")
    emitter, session_id = room.emitter, room.session_id
    if how == "complete":
        emitter.complete_session(session_id=session_id)
    elif how == "error":
        emitter.error_session(session_id=session_id, error_category="unknown")
    elif how == "cancel":
        emitter.cancel_session(session_id=session_id, cancelled_by="user")
    else:
        emitter.close()
    for token in tokens:
        assert emitter.wait_for_decision_sync(token) == "reject"
        assert room.outcome(token) == "cancelled"
        assert not room.accept(token)
    assert emitter.wait_for_response_sync(question) is None, "a default is for time-outs"
    room.assert_well_told(complete=True)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("accept", "Accepted."),
        ("reject", "Declined."),
        ("modified", "Declined."),
        ("time-out", "Not answered in time, so it is not done."),
        ("leave", "Nobody could answer, so it is not done."),
        ("withdraw", "The question was withdrawn."),
        ("in words", "Never mind."),
    ],
)
def test_every_listener_hears_how_it_ended(how: str, words: str) -> None:
    """CNF-13: by a state.changed of normal urgency, which is said aloud."""
    room = Room()
    others = [Ear(verbosity=verbosity).listen(room.emitter) for verbosity in ("terse", "detailed")]
    token = room.confirm()
    if how in ("accept", "reject"):
        assert room.emitter.submit_reply(room.decision(token, how))
    elif how == "modified":
        assert room.emitter.submit_reply(room.decision(token, modified_action={}))
    elif how == "time-out":
        room.clock.advance(60)
        room.emitter.check_deadlines()
    elif how == "leave":
        room.listener.close()
    else:
        said = {"summary_normal": words} if how == "in words" else {}
        assert room.emitter.withdraw_question(token, **said)  # type: ignore[arg-type]
    for ear in others if how == "leave" else [room.ear, *others]:
        event = ear.heard[-1]
        assert event["type"] == "aaep:agent.state.changed"
        assert (event["from_state"], event["to_state"]) == ("awaiting_input", "thinking")
        assert event["urgency"] == "normal"
        assert event["summary_normal"] == words
    if how != "in words":
        assert "Send the letter" in others[1].heard[-1]["summary_detailed"]
    announcer = Announcer()
    said_aloud = [line.text for event in others[0].heard for line in announcer.feed(event)]
    assert said_aloud[-1] == words


def test_of_several_questions_the_one_that_ended_is_named() -> None:
    room = Room()
    first, second = room.confirm("Send one"), room.confirm("Send two")
    assert room.accept(second)
    assert room.last_words() == "Accepted. The question was: Send two."
    assert room.ear.heard[-1]["to_state"] == "awaiting_input"
    assert room.emitter.submit_reply(room.decision(first, "reject"))
    assert room.last_words() == "Declined."
    room.assert_well_told(second)


def test_who_joins_late_hears_the_open_question_in_the_order_of_time() -> None:
    """ENV-9, SUB-12: the question is the same event, as old as it is."""
    room = Room()
    token = room.confirm()
    room.clock.advance(5)
    late = Ear(late=frozenset({room.session_id})).listen(room.emitter, can_reply=True)
    assert late.kinds() == ["state.changed", "awaiting.confirmation"]
    assert late.heard[1]["event_id"] == room.ear.heard[-1]["event_id"]
    assert late.heard[1]["timestamp"] == room.ear.heard[-1]["timestamp"]
    times = [event["timestamp"] for event in late.heard]
    assert times == sorted(times)
    room.listener.close()
    assert room.outcome(token) is None, "who came late can answer"
    room.emitter.close()
    late.assert_well_told()


# What is heard of the question itself


def test_a_question_is_told_in_full_and_without_secrets() -> None:
    """D7, SEC-1."""
    room = Room()
    action = "Send " + "the letter " * 1_400 + "with password=hunter2hunter2"
    room.confirm(action, extra_context={"api_key": "sk-" + "a" * 40, "to": "Ana"})
    event = room.ear.heard[-1]
    assert "hunter2" not in str(event)
    assert "a" * 40 not in str(event)
    assert event["action"].startswith(action[: 5 + 11 * 1_400])
    assert event["extra_context"]["to"] == "Ana"
    assert event["urgency"] == "critical"


def test_every_token_is_new_and_hard_to_guess() -> None:
    """CNF-9: 128 random bits."""
    room = Room()
    tokens = {room.confirm(f"Send {number}") for number in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == len("rpl_") + 32 for token in tokens)


def test_an_inline_listener_may_answer_before_the_asker_has_the_token() -> None:
    """D12."""
    emitter: AAEPEmitter = new_emitter()
    heard: list[dict[str, Any]] = []

    def answers(event: dict[str, Any]) -> None:
        heard.append(event)
        if "reply_token" in event:
            reply = {
                "type": "confirmation.reply",
                "reply_token": event["reply_token"],
                "decision": "accept",
                "subscription_id": subscription.id,
                "timestamp": event["timestamp"],
            }
            assert emitter.submit_reply(reply)

    subscription = emitter.subscribe(answers, can_reply=True)
    session_id = emitter.start_session()
    token = emitter.await_confirmation(session_id=session_id, action="a", consequence="c")
    assert emitter.wait_for_decision_sync(token) == "accept"
    assert [event["to_state"] for event in heard if "to_state" in event] == [
        "awaiting_input",
        "thinking",
    ]
