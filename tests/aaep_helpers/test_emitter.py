"""AAEPEmitter: the public API as it is promised, keyword by keyword, and what each call says."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, ProtocolError, StreamCoalescer, Summary, make_id
from aaep_helpers import vocabulary as v
from aaep_helpers.ids import is_id
from aaep_helpers.testing import ManualClock, capture_events
from tests.aaep_helpers.ears import Ear, Event, every_ear, kinds, new_emitter

NEEDED = inspect.Parameter.empty

# Design, "Public API": the keywords of each method in order, and their defaults. More may be added behind.
PROMISED: dict[str, dict[str, Any]] = {
    "start_session": {"request_text": None},
    "state_changed": {"session_id": NEEDED, "to_state": NEEDED, "from_state": None},
    "progress_updated": {"session_id": NEEDED, "percent": None},
    "tool_invoked": {
        "session_id": NEEDED,
        "tool": NEEDED,
        "tool_call_id": None,
        "args_summary": None,
        "risk_level": None,
        "irreversible": None,
    },
    "tool_completed": {
        "session_id": NEEDED,
        "tool": NEEDED,
        "status": NEEDED,
        "tool_call_id": None,
    },
    "output_streaming": {
        "session_id": NEEDED,
        "output_id": NEEDED,
        "chunk": NEEDED,
        "position": None,
        "complete": False,
    },
    "request_handoff": {"session_id": NEEDED, "reason": NEEDED, "target_kind": NEEDED},
    "complete_session": {"session_id": NEEDED, "output_summary": None},
    "error_session": {"session_id": NEEDED, "error_category": NEEDED, "recoverable": None},
    "cancel_session": {"session_id": NEEDED, "cancelled_by": NEEDED},
}


@pytest.mark.parametrize("method", PROMISED)
def test_the_keywords_and_defaults_are_as_promised(method: str) -> None:
    parameters = inspect.signature(getattr(AAEPEmitter, method)).parameters
    found = {name: parameters[name].default for name in PROMISED[method]}
    assert found == PROMISED[method]
    own = [name for name in parameters if name not in ("self", "said")]
    assert {parameters[name].kind for name in own} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("method", [name for name in PROMISED if name != "output_streaming"])
def test_every_event_with_a_summary_takes_one_by_hand(method: str) -> None:
    parameters = inspect.signature(getattr(AAEPEmitter, method)).parameters
    assert parameters["said"].kind is inspect.Parameter.VAR_KEYWORD


def test_the_listeners_arguments_and_defaults_are_as_promised() -> None:
    parameters = inspect.signature(AAEPEmitter.subscribe).parameters
    assert {name: one.default for name, one in parameters.items() if name != "self"} == {
        "callback": NEEDED,
        "event_types": ("aaep:agent.*",),
        "can_reply": False,
        "boundary": "sentence",
        "verbosity": "normal",
        "language": None,
        "background": False,
        "name": None,
    }
    assert list(inspect.signature(StreamCoalescer).parameters) == [
        "emitter",
        "session_id",
        "output_id",
        "boundary",
        "language",
    ]


def test_the_example_of_the_design_runs_as_it_is_printed() -> None:
    emitter = AAEPEmitter()
    seen: list[Event] = []
    subscription = emitter.subscribe(seen.append, event_types=["aaep:agent.*"], can_reply=True)
    assert is_id(subscription.id, "sub")
    assert subscription.can_reply is True

    session_id = emitter.start_session(summary_normal="On it.", request_text="Say hello.")
    assert is_id(session_id, "sess")
    emitter.state_changed(
        session_id=session_id, from_state="idle", to_state="thinking", summary_normal="Thinking."
    )
    emitter.progress_updated(session_id=session_id, percent=40, summary_normal="Nearly half.")
    call_id = make_id("call")
    assert (
        emitter.tool_invoked(
            session_id=session_id,
            tool="t",
            tool_call_id=call_id,
            args_summary="nothing",
            risk_level="low",
            irreversible=False,
        )
        == call_id
    )
    emitter.tool_completed(session_id=session_id, tool="t", tool_call_id=call_id, status="success")
    emitter.output_streaming(
        session_id=session_id, output_id=make_id("out"), chunk="Hi.", position=0, complete=True
    )
    emitter.request_handoff(session_id=session_id, reason="Out of my depth.", target_kind="human")
    emitter.complete_session(
        session_id=session_id, summary_normal="Response ready.", output_summary="Hi."
    )
    assert kinds(seen) == [
        "session.started",
        "state.changed",
        "progress.updated",
        "state.changed",
        "tool.invoked",
        "tool.completed",
        "state.changed",
        "state.changed",
        "output.streaming",
        "state.changed",
        "handoff.requested",
        "state.changed",
        "session.completed",
    ]
    Ear(heard=seen).assert_well_told()

    failed = emitter.start_session()
    emitter.error_session(
        session_id=failed,
        error_category="transient",
        summary_normal="The bank is away.",
        recoverable=True,
    )
    stopped = emitter.start_session()
    emitter.cancel_session(session_id=stopped, cancelled_by="user", summary_normal="Stopped.")
    coalesced = emitter.start_session()
    coalescer = StreamCoalescer(emitter=emitter, session_id=coalesced, output_id=make_id("out"))
    coalescer.add_token("Hello. ")
    coalescer.finish()
    emitter.complete_session(session_id=coalesced)
    Ear(heard=seen).assert_well_told()
    emitter.close()


def test_words_written_by_hand_are_said_as_they_are() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session(summary=Summary.of("session.resumed"))
    emitter.progress_updated(session_id=session_id, step=1, summary_normal="  Half, done ")
    assert [event["summary_normal"] for event in ear.heard] == [
        "The agent goes on with your answer.",
        "  Half, done ",
    ]


def test_a_completed_session_says_how_long_it_took_and_how_many_tools() -> None:
    clock = ManualClock()
    emitter = new_emitter(clock=clock)
    ear = Ear(verbosity="detailed").listen(emitter)
    session_id = emitter.start_session()
    for _ in range(2):
        call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
        clock.advance(1.25)
        emitter.tool_completed(
            session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
        )
    emitter.complete_session(session_id=session_id, output_summary="Twelve euros.")
    assert [
        event["duration_ms"] for event in ear.heard if "tool_call_id" in event and "status" in event
    ] == [1250, 1250]
    end = ear.heard[-1]
    assert (end["duration_ms"], end["tool_invocations_count"]) == (2500, 2)
    assert end["summary_detailed"] == "Done after 2.5 seconds. Tool calls: 2."
    assert end["output_summary"] == "Twelve euros."


def test_a_tool_may_be_completed_without_its_id_while_it_runs_alone() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    first = emitter.tool_invoked(session_id=session_id, tool="look_up")
    emitter.tool_invoked(session_id=session_id, tool="send_mail")
    emitter.tool_completed(session_id=session_id, tool="look_up", status="success")
    emitter.tool_invoked(session_id=session_id, tool="send_mail")
    for tool, calls in (("look_up", "0 calls"), ("send_mail", "2 calls")):
        with pytest.raises(ProtocolError, match=calls) as caught:
            emitter.tool_completed(session_id=session_id, tool=tool, status="success")
        assert (caught.value.rule, caught.value.field) == ("SEQ-4", "tool_call_id")
    assert is_id(first, "call")


@pytest.mark.parametrize(
    ("tool", "spoken"),
    [
        ("send_email", "Using send email."),
        ("sendEmail", "Using send email."),
        ("bank.transfer-now", "Using bank transfer now."),
        ("HTTPGet", "Using HTTPGet."),
        ("_", "Using _."),
    ],
)
def test_a_tool_is_called_by_words(tool: str, spoken: str) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    emitter.tool_invoked(session_id=emitter.start_session(), tool=tool)
    assert ear.heard[-1]["summary_normal"] == spoken


def test_a_tool_with_a_spoken_name_is_called_by_it_to_its_end() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.tool_invoked(session_id=session_id, tool="cal_v2", spoken_name="the calendar")
    emitter.tool_completed(
        session_id=session_id, tool="cal_v2", status="error", error_message="It is locked."
    )
    said = [event["summary_normal"] for event in ear.heard if "tool" in event]
    assert said == ["Using the calendar.", "The calendar did not work. It is locked."]


def test_a_state_said_again_is_not_heard_again() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    for _ in range(3):
        emitter.state_changed(session_id=session_id, to_state="thinking")
        emitter.settle_state(session_id=session_id)
    assert ear.kinds() == ["session.started", "state.changed"]


def test_a_state_of_the_producers_own_is_said_in_words() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="checking_the_ledger")
    assert ear.heard[-1]["summary_normal"] == "Now: checking the ledger."


def test_criticals_carry_their_urgency_whatever_happens() -> None:
    """TYP-5, and section 2's recommendations for the others."""
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking", urgency="normal")
    emitter.progress_updated(session_id=session_id, percent=1)
    emitter.request_handoff(session_id=session_id, reason="Too hard.", target_kind="human")
    emitter.error_session(session_id=session_id, error_category="unknown")
    assert [
        (kind, event["urgency"]) for kind, event in zip(ear.kinds(), ear.heard, strict=True)
    ] == [
        ("session.started", "normal"),
        ("state.changed", "normal"),
        ("progress.updated", "background"),
        ("handoff.requested", "critical"),
        ("state.changed", "background"),
        ("session.errored", "critical"),
    ]


def test_closing_an_emitter_ends_its_sessions_as_cancelled_by_the_system_once() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    for _ in range(3):
        session_id = emitter.start_session()
        emitter.tool_invoked(session_id=session_id, tool="look_up")
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="Half a")
    assert emitter.close() is True
    heard = [len(ear.heard) for ear in ears]
    assert emitter.close() is True
    assert [len(ear.heard) for ear in ears] == heard
    for ear in ears:
        ends = [event for event in ear.heard if event["type"] == v.SESSION_CANCELLED]
        assert [event["cancelled_by"] for event in ends] == ["system"] * 3
        assert {event["summary_normal"] for event in ends} == {
            "The agent is shutting down, so this was stopped before it was done."
        }
        ear.assert_well_told()
    assert not emitter.is_live(session_id)


def test_a_closed_emitter_starts_nothing_more() -> None:
    with new_emitter() as emitter:
        session_id = emitter.start_session()
        assert emitter.is_live(session_id)
    with pytest.raises(ProtocolError, match="This emitter is closed") as caught:
        emitter.start_session()
    assert caught.value.rule == "SEQ-2"


def test_a_session_id_of_the_callers_own_is_good_for_one_session() -> None:
    """TYP-3: each request is a session of its own."""
    emitter = new_emitter()
    assert emitter.start_session(session_id="sess_mine") == "sess_mine"
    for _ in range(2):
        with pytest.raises(ProtocolError, match="was used before") as caught:
            emitter.start_session(session_id="sess_mine")
        assert (caught.value.rule, caught.value.field) == ("SEQ-1", "session_id")
        if emitter.is_live("sess_mine"):
            emitter.complete_session(session_id="sess_mine")


def test_long_ended_sessions_are_forgotten_in_the_end() -> None:
    emitter = new_emitter()
    for number in range(1100):
        emitter.start_session(session_id=f"sess_{number}")
        emitter.complete_session(session_id=f"sess_{number}")
    assert len(emitter._sessions) == 0
    assert len(emitter._ended) == 1024


def test_positions_may_be_left_out_or_given_and_are_checked() -> None:
    """SEQ-9: what counts is what was handed over, also while some of it is held back."""
    emitter = new_emitter()
    session_id = emitter.start_session()
    text = "It is sk-proj-abcdefgh"  # Held back: it may be the beginning of a secret.
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=text, position=0)
    with pytest.raises(ProtocolError, match=f"{len(text)} code points") as caught:
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="x", position=3)
    assert (caught.value.rule, caught.value.field) == ("SEQ-9", "position")
    emitter.output_streaming(
        session_id=session_id, output_id="out_1", chunk=".", position=len(text), complete=True
    )


def test_capture_events_hears_what_is_emitted_inside_the_block() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    with capture_events(emitter, ["aaep:agent.tool.*"]) as heard:
        emitter.tool_invoked(session_id=session_id, tool="look_up")
    emitter.tool_invoked(session_id=session_id, tool="send_mail")
    assert [event["tool"] for event in heard] == ["look_up"]
    assert inspect.signature(capture_events).parameters["boundary"].default == "sentence"
