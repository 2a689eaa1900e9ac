"""Whoever joins in mid-session: where it stands, then the same as everybody else (SUB-12, SUB-13)."""

from __future__ import annotations

from aaep_helpers import AAEPEmitter, make_id
from aaep_helpers import events as e
from aaep_helpers.catalogue import Summary
from aaep_helpers.clock import ManualClock
from aaep_helpers.session import Ask, Outcome, Resolve
from tests.aaep_helpers.ears import Ear, assert_same_events, new_emitter


def question(token: str = "rpl_1", action: str = "Delete the letter") -> e.ConfirmationRequested:
    return e.ConfirmationRequested(
        action=action,
        consequence="It cannot be had back.",
        reply_token=token,
        timeout_seconds=60,
        default_decision="reject",
        summary=Summary.words("May the letter be deleted?"),
        irreversible=True,
    )


def ask(emitter: AAEPEmitter, session_id: str, payload: e.ConfirmationRequested) -> None:
    emitter._live(session_id).emit(lambda now_ms: (Ask(payload), payload))


def resolve(emitter: AAEPEmitter, session_id: str, token: str, outcome: Outcome) -> None:
    move = Resolve(token, outcome, Summary.words("That is settled."))
    emitter._live(session_id).emit(lambda now_ms: (move, None))


def test_a_late_listener_is_told_where_the_session_stands() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")

    late = Ear(late=frozenset({session_id})).listen(emitter)
    assert [(event["from_state"], event["to_state"]) for event in late.heard] == [
        ("idle", "calling_tool")
    ]
    assert late.heard[0]["summary_normal"] == "The agent is already at work on a request."

    emitter.tool_completed(
        session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
    )
    emitter.complete_session(session_id=session_id)
    assert late.kinds()[1:] == [
        "tool.completed",
        "state.changed",
        "state.changed",
        "session.completed",
    ]
    late.assert_well_told()


def test_a_late_listener_counts_as_if_it_had_been_there_and_its_catching_up_besides() -> None:
    emitter = new_emitter()
    early = Ear("word").listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="One two thr")
    so_far = len(early.heard)

    late = Ear("word", late=frozenset({session_id})).listen(emitter)
    assert [event["sequence_number"] for event in late.heard] == [so_far]

    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="ee four.")
    emitter.complete_session(session_id=session_id)
    after = early.heard[so_far:]
    assert [event["sequence_number"] + 1 for event in after] == [
        event["sequence_number"] for event in late.heard[1:]
    ]
    assert [event["event_id"] for event in after] == [event["event_id"] for event in late.heard[1:]]
    # What was held when it came is heard whole, at its place.
    assert (late.heard[1]["chunk"], late.heard[1]["position"]) == ("three ", 8)
    late.assert_well_told()
    assert_same_events([early, late])


def test_an_open_question_is_asked_again_as_the_same_event() -> None:
    emitter = new_emitter()
    early = Ear().listen(emitter)
    session_id = emitter.start_session()
    ask(emitter, session_id, question("rpl_over", "Move it"))
    resolve(emitter, session_id, "rpl_over", Outcome.REJECTED)
    ask(emitter, session_id, question("rpl_open"))

    late = Ear(late=frozenset({session_id})).listen(emitter)
    assert late.kinds() == ["state.changed", "awaiting.confirmation"]
    assert late.heard[0]["to_state"] == "awaiting_input"
    assert late.heard[1]["reply_token"] == "rpl_open"
    assert late.heard[1]["event_id"] == early.heard[-1]["event_id"]

    resolve(emitter, session_id, "rpl_open", Outcome.TIMED_OUT)
    emitter.complete_session(session_id=session_id)
    for ear in (early, late):
        ear.assert_well_told()
    assert_same_events([early, late])


def test_a_listener_filtered_to_criticals_joins_late_and_hears_the_open_question_alone() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    ask(emitter, session_id, question())
    late = Ear(late=frozenset({session_id})).listen(emitter, event_types=[])
    assert late.kinds() == ["awaiting.confirmation"]
    assert late.heard[0]["sequence_number"] == 1
    emitter.cancel_session(session_id=session_id, cancelled_by="user")
    assert late.kinds() == ["awaiting.confirmation"]


def test_a_clock_set_back_after_somebody_joined_does_not_set_back_their_times() -> None:
    """ENV-9: joining is an event of this listener's, though of nobody else's."""
    clock = ManualClock()
    emitter = new_emitter(clock=clock)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    clock.advance(60)
    late = Ear(late=frozenset({session_id})).listen(emitter)
    clock.set_epoch_ms(clock.epoch_ms() - 30_000)
    emitter.complete_session(session_id=session_id)
    times = [event["timestamp"] for event in late.heard]
    assert times == sorted(times)
    late.assert_well_told()


def test_two_who_join_in_different_states_at_the_same_moment_get_different_events() -> None:
    """SUB-13: an event_id names one event."""
    emitter = new_emitter()
    session_id = emitter.start_session()
    ears = []
    for state in ("thinking", "deciding"):
        emitter.state_changed(session_id=session_id, to_state=state)
        ears.append(Ear(late=frozenset({session_id})).listen(emitter))
    assert ears[0].heard[0]["event_id"] != ears[1].heard[0]["event_id"]
    assert_same_events(ears)


def test_who_joins_before_anything_happened_hears_no_catching_up() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    late = Ear(late=frozenset({session_id})).listen(emitter)
    assert late.heard == []
    emitter.state_changed(session_id=session_id, to_state="thinking")
    assert late.heard[0]["sequence_number"] == 1


def test_a_session_that_is_over_is_not_told_to_who_comes_after_it() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    emitter.complete_session(session_id=session_id)
    late = Ear().listen(emitter)
    emitter.complete_session(session_id=emitter.start_session(session_id=make_id("sess")))
    assert late.of(session_id) == []
    late.assert_well_told()
