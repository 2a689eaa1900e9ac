"""Delivery: every listener hears every session in order, whoever emits and from wherever (design D12)."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, ProtocolError, SubscriptionError, UnknownSessionError
from aaep_helpers import live_session as live_session_module
from aaep_helpers.live_session import LiveSession
from tests.aaep_helpers.ears import (
    Ear,
    Event,
    assert_same_events,
    assert_well_told,
    every_ear,
    kinds,
    new_emitter,
    texts,
)
from tests.aaep_helpers.threads import PATIENCE, Started, all_at_once, wait_for

THREADS = 16


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine makes no thread give up its turn."""
    monkeypatch.setattr(live_session_module, "_TURN_SECONDS", PATIENCE)


def say(emitter: AAEPEmitter, session_id: str, step: int) -> None:
    emitter.progress_updated(session_id=session_id, step=step)


def steps(events: list[Event]) -> list[int]:
    return [event["progress"]["step"] for event in events if "progress" in event]


def work(emitter: AAEPEmitter, session_id: str, who: int) -> None:
    """Everything one of several workers does in a session they share, or in its own."""
    call_id = emitter.tool_invoked(session_id=session_id, tool=f"tool_{who}")
    output_id = f"out_{who}"
    for token in ("It ", "is. ", "It w", "as."):
        emitter.output_streaming(session_id=session_id, output_id=output_id, chunk=token)
    for number in range(5):
        say(emitter, session_id, who * 100 + number + 1)
    emitter.output_streaming(session_id=session_id, output_id=output_id, chunk="", complete=True)
    emitter.tool_completed(
        session_id=session_id, tool=f"tool_{who}", tool_call_id=call_id, status="success"
    )


# In order.


def test_seq_9_one_session_told_from_many_threads_is_heard_in_one_order_by_everybody() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    background: list[Event] = []
    subscription = emitter.subscribe(background.append, background=True)
    session_id = emitter.start_session()
    all_at_once(*[partial(work, emitter, session_id, who) for who in range(THREADS)])
    emitter.complete_session(session_id=session_id)
    assert subscription.close(PATIENCE)

    for ear in [*ears, Ear(heard=background)]:
        ear.assert_well_told()
        for who in range(THREADS):
            ear.assert_text(session_id, f"out_{who}", "It is. It was.")
            mine = [step for step in steps(ear.heard) if step // 100 == who]
            assert mine == [who * 100 + number + 1 for number in range(5)]
    assert_same_events(ears)


def test_many_sessions_told_from_many_threads_are_each_heard_in_order() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)

    def tell(who: int) -> None:
        for _ in range(3):
            session_id = emitter.start_session()
            work(emitter, session_id, who)
            emitter.complete_session(session_id=session_id)

    all_at_once(*[partial(tell, who) for who in range(THREADS)])
    for ear in ears:
        assert ear.kinds().count("session.completed") == 3 * THREADS
        ear.assert_well_told()
    assert_same_events(ears)


def test_whatever_a_thread_emits_was_heard_before_the_emitting_call_returns() -> None:
    emitter = new_emitter()
    ears = [Ear().listen(emitter), Ear("completion").listen(emitter)]
    shared = emitter.start_session()

    def tell(who: int) -> None:
        own = emitter.start_session()
        for number in range(10):
            step = who * 100 + number + 1
            for session_id in (shared, own):
                say(emitter, session_id, step)
                for ear in ears:
                    assert step in steps(ear.of(session_id))
        emitter.complete_session(session_id=own)
        for ear in ears:
            assert kinds(ear.of(own))[-1] == "session.completed"

    all_at_once(*[partial(tell, who) for who in range(THREADS)])
    emitter.complete_session(session_id=shared)
    for ear in ears:
        ear.assert_well_told()


# Listeners that emit.


def test_what_a_listener_emits_in_the_same_session_is_heard_right_after_and_in_order() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    first = Ear(late=frozenset({session_id})).listen(emitter)
    inside: list[list[int]] = []

    def answers(event: Event) -> None:
        for step in steps([event]):
            if step < 100:
                say(emitter, session_id, step * 100)
                say(emitter, session_id, step * 100 + 1)
                inside.append(steps(last.heard))

    emitter.subscribe(answers)
    last = Ear(late=frozenset({session_id})).listen(emitter)
    for step in (1, 2):
        say(emitter, session_id, step)
        # Not while the first is still being told, but before the outer call returns.
        assert inside.pop() == steps(first.heard)[: (step - 1) * 3]
    emitter.complete_session(session_id=session_id)

    for ear in (first, last):
        assert steps(ear.heard) == [1, 100, 101, 2, 200, 201]
        ear.assert_well_told()


def test_what_a_listener_emits_in_another_session_is_heard_at_once() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    own, other = emitter.start_session(), emitter.start_session()
    inside: list[list[int]] = []

    def passes_on(event: Event) -> None:
        if event["session_id"] == own and steps([event]):
            say(emitter, other, 7)
            inside.append(steps(ear.of(other)))

    emitter.subscribe(passes_on)
    say(emitter, own, 1)
    assert inside == [[7]]
    for session_id in (own, other):
        emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


def test_a_listener_may_end_the_session_and_start_another_inside_its_callback() -> None:
    emitter = new_emitter()
    first = Ear().listen(emitter)
    started: list[str] = []

    def gives_up(event: Event) -> None:
        if steps([event]):
            emitter.cancel_session(session_id=event["session_id"], cancelled_by="user")
            started.append(emitter.start_session())

    emitter.subscribe(gives_up)
    last = Ear().listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, 1)
    assert not emitter.is_live(session_id)
    emitter.complete_session(session_id=started[0])
    for ear in (first, last):
        assert kinds(ear.of(session_id))[-1] == "session.cancelled"
        ear.assert_well_told()
    with pytest.raises(UnknownSessionError):
        say(emitter, session_id, 2)


def test_two_threads_whose_listeners_emit_crosswise_do_not_wait_for_each_other_for_ever() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    sessions = [emitter.start_session(), emitter.start_session()]
    both_inside = threading.Barrier(2, timeout=PATIENCE)

    def crosses(event: Event) -> None:
        if steps([event]) in ([1], [2]):
            both_inside.wait()
            (other,) = [one for one in sessions if one != event["session_id"]]
            say(emitter, other, 10)

    emitter.subscribe(crosses)
    last = Ear(late=frozenset(sessions)).listen(emitter)
    all_at_once(
        lambda: say(emitter, sessions[0], 1),
        lambda: say(emitter, sessions[1], 2),
    )
    for session_id in sessions:
        emitter.complete_session(session_id=session_id)
    for one in (ear, last):
        assert sorted(steps(one.heard)) == [1, 2, 10, 10]
        one.assert_well_told()


def test_many_threads_whose_listeners_emit_everywhere_are_all_heard() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    sessions = [emitter.start_session() for _ in range(4)]

    def spreads(event: Event) -> None:
        for step in steps([event]):
            if step < 1000:
                for session_id in sessions:
                    say(emitter, session_id, step + 1000)

    emitter.subscribe(spreads)

    def tell(who: int) -> None:
        for number, session_id in enumerate(sessions):
            say(emitter, session_id, who * 10 + number + 1)

    all_at_once(*[partial(tell, who) for who in range(8)])
    for session_id in sessions:
        emitter.complete_session(session_id=session_id)
    for ear in ears:
        assert len(steps(ear.heard)) == 8 * 4 * (1 + 4)
        ear.assert_well_told()
    assert_same_events(ears)


# Listeners that come and go meanwhile.


def test_sub_12_who_subscribes_inside_a_callback_hears_all_that_is_emitted_from_then_on() -> None:
    emitter = new_emitter()
    early = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    late = Ear(late=frozenset({session_id}))

    def brings_another(event: Event) -> None:
        if steps([event]) == [1]:
            late.listen(emitter)

    emitter.subscribe(brings_another)
    for step in (1, 2, 3):
        say(emitter, session_id, step)
    emitter.complete_session(session_id=session_id)
    assert steps(late.heard) == [2, 3]
    late.assert_well_told()
    assert_same_events([early, late])


def test_sub_13_who_subscribes_while_threads_emit_loses_nothing_and_hears_nothing_twice() -> None:
    emitter = new_emitter()
    early = Ear("word").listen(emitter)
    session_id = emitter.start_session()
    # The state stays as it is, so that who comes late is sent one event more than the others were.
    emitter.tool_invoked(session_id=session_id, tool="search", tool_call_id="call_1")
    late = [Ear("word", late=frozenset({session_id})) for _ in range(8)]

    def tell(who: int) -> None:
        for number in range(12):
            say(emitter, session_id, who * 100 + number + 1)

    all_at_once(
        *[partial(tell, who) for who in range(8)],
        *[partial(ear.listen, emitter) for ear in late],
    )
    emitter.complete_session(session_id=session_id)
    early.assert_well_told()
    for ear in late:
        caught_up, *heard = ear.heard
        assert (caught_up["from_state"], caught_up["to_state"]) == ("idle", "calling_tool")
        expected = early.heard[len(early.heard) - len(heard) :]
        assert [one["event_id"] for one in heard] == [one["event_id"] for one in expected]
        numbers = [event["sequence_number"] for event in ear.heard]
        assert numbers == list(range(expected[0]["sequence_number"], 1 + len(early.heard)))
        ear.assert_well_told()
    assert_same_events([early, *late])


def test_listeners_that_come_and_go_while_threads_emit_change_nothing_for_the_others() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()

    def comes_and_goes() -> None:
        for _ in range(10):
            with emitter.subscribe(lambda event: None):
                pass

    all_at_once(
        *[partial(work, emitter, session_id, who) for who in range(8)],
        *[comes_and_goes] * 4,
    )
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


# Interruptions and listeners that hang.


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_reaches_who_emits_and_everything_is_heard_once(
    interruption: type[BaseException],
) -> None:
    """Known failure 32."""
    emitter = new_emitter()
    first = Ear().listen(emitter)
    seen: list[Event] = []

    def interrupted(event: Event) -> None:
        seen.append(event)
        if steps([event]) == [1]:
            raise interruption

    emitter.subscribe(interrupted)
    last = Ear().listen(emitter)
    session_id = emitter.start_session()
    with pytest.raises(interruption):
        say(emitter, session_id, 1)
    say(emitter, session_id, 2)
    emitter.complete_session(session_id=session_id)
    for ear in (first, last, Ear(heard=seen)):
        assert steps(ear.heard) == [1, 2]
        ear.assert_well_told()


def test_seq_2_an_interruption_while_a_session_ends_does_not_keep_its_end_from_anybody() -> None:
    """Known failure 32."""
    emitter = new_emitter()

    def interrupted(event: Event) -> None:
        if event.get("to_state") == "idle":
            raise KeyboardInterrupt

    emitter.subscribe(interrupted)
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    with pytest.raises(KeyboardInterrupt):
        emitter.complete_session(session_id=session_id)
    assert not emitter.is_live(session_id)
    ear.assert_well_told()
    # Nothing of it sticks to the thread: it delivers and waits like any other.
    assert not live_session_module.is_delivering()


def test_an_interruption_in_one_thread_leaves_the_threads_that_wait_for_it_their_turn() -> None:
    emitter = new_emitter()
    inside = threading.Event()
    waiting = threading.Event()
    monitored: list[BaseException] = []

    def interrupted(event: Event) -> None:
        if steps([event]) == [1]:
            inside.set()
            wait_for(waiting)
            raise KeyboardInterrupt

    emitter.subscribe(interrupted)
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()

    def emit_first() -> None:
        try:
            say(emitter, session_id, 1)
        except KeyboardInterrupt as error:
            monitored.append(error)

    first = Started(emit_first)
    wait_for(inside)

    def emit_second() -> None:
        waiting.set()
        say(emitter, session_id, 2)

    second = Started(emit_second)
    for thread in (first, second):
        thread.finish()
    assert len(monitored) == 1
    emitter.complete_session(session_id=session_id)
    assert steps(ear.heard) == [1, 2]
    ear.assert_well_told()


def test_a_listener_that_waits_for_another_emitting_thread_does_not_stop_both(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_session_module, "_TURN_SECONDS", 0.01)
    emitter = new_emitter()
    inside, emitted = threading.Event(), threading.Event()
    session_id = emitter.start_session()

    def waits(event: Event) -> None:
        if steps([event]) == [1]:
            inside.set()
            wait_for(emitted)

    emitter.subscribe(waits)
    ear = Ear(late=frozenset({session_id})).listen(emitter)
    stuck = Started(lambda: say(emitter, session_id, 1))
    wait_for(inside)
    say(emitter, session_id, 2)
    assert steps(ear.heard) == []  # This thread gave up waiting for its turn.
    emitted.set()
    stuck.finish()

    assert steps(ear.heard) == [1, 2]
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert session_id in warning.getMessage()
    assert "held up" in warning.getMessage()
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


# The end of the emitter.


def open_everything(emitter: AAEPEmitter) -> list[str]:
    """Sessions with something open in each."""
    tool, output, question, bare = [emitter.start_session() for _ in range(4)]
    emitter.tool_invoked(session_id=tool, tool="search")
    emitter.output_streaming(session_id=output, output_id="out_1", chunk="It is not y")
    emitter.ask_clarification(session_id=question, question="Which account?", timeout_seconds=60)
    return [tool, output, question, bare]


def test_seq_2_closing_the_emitter_cancels_what_is_under_way_by_the_system() -> None:
    emitter = new_emitter()
    ears = [Ear().listen(emitter, can_reply=True), Ear("none").listen(emitter)]
    sessions = open_everything(emitter)
    assert emitter.close() is True
    for ear in ears:
        for session_id in sessions:
            end = ear.of(session_id)[-1]
            assert (end["type"], end["cancelled_by"]) == ("aaep:agent.session.cancelled", "system")
        ear.assert_well_told()
    assert texts(ears[0].of(sessions[1])) == ["It is not y"]
    assert all(ear.subscription is not None and ear.subscription.closed for ear in ears)


def test_closing_the_emitter_again_changes_nothing() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    open_everything(emitter)
    assert emitter.close() is True
    before = list(ear.heard)
    assert emitter.close() is True
    with emitter:
        pass
    assert ear.heard == before


def test_closing_the_emitter_from_many_threads_at_once_ends_each_session_once() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    for _ in range(4):
        open_everything(emitter)
    all_at_once(*[emitter.close] * 8)
    ear.assert_well_told()


def test_a_session_is_known_until_its_end_was_heard_whoever_else_would_end_it() -> None:
    emitter = new_emitter()
    ending, go_on = threading.Event(), threading.Event()

    def lingers(event: Event) -> None:
        if event["type"] == "aaep:agent.session.completed":
            ending.set()
            wait_for(go_on)

    emitter.subscribe(lingers)
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    thread = Started(partial(emitter.complete_session, session_id=session_id))
    wait_for(ending)
    with pytest.raises(UnknownSessionError, match="session is over"):
        emitter.cancel_session(session_id=session_id, cancelled_by="system")
    # So that closing the emitter now waits for it.
    assert emitter.is_live(session_id)
    go_on.set()
    thread.finish()
    assert not emitter.is_live(session_id)
    ear.assert_well_told()


def test_closing_the_emitter_while_threads_emit_leaves_every_session_ended_once() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    begun = threading.Semaphore(0)

    def tell_on(who: int) -> None:
        while True:
            session_id = emitter.start_session()
            begun.release()
            work(emitter, session_id, who)
            emitter.complete_session(session_id=session_id)

    def tell(who: int) -> None:
        with pytest.raises(ProtocolError) as refused:
            tell_on(who)
        assert refused.value.rule == "SEQ-2"

    threads = [Started(partial(tell, who)) for who in range(8)]
    for _ in threads:
        assert begun.acquire(timeout=PATIENCE)
    emitter.close()
    for thread in threads:
        thread.finish()
    assert ear.heard
    ear.assert_well_told()


def test_seq_2_a_session_that_was_about_to_start_when_the_emitter_closed_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    begin = emitter._begin

    def close_meanwhile(session_id: str) -> LiveSession:
        session = begin(session_id)
        emitter.close()
        return session

    monkeypatch.setattr(emitter, "_begin", close_meanwhile)
    with pytest.raises(ProtocolError, match="emitter is closed"):
        emitter.start_session(session_id="sess_1")
    assert ear.heard == []
    assert not emitter.is_live("sess_1")


def test_closing_the_emitter_lets_background_listeners_hear_the_rest() -> None:
    emitter = new_emitter()
    go_on = threading.Event()
    heard: list[Event] = []

    def slow(event: Event) -> None:
        wait_for(go_on)
        heard.append(event)

    def ends(event: Event) -> None:
        if event["type"] == "aaep:agent.session.cancelled":
            go_on.set()

    emitter.subscribe(slow, background=True)
    emitter.subscribe(ends)
    emitter.start_session()
    assert heard == []
    assert emitter.close(PATIENCE) is True
    assert kinds(heard) == ["session.started", "session.cancelled"]
    assert_well_told(heard)


def test_closing_the_emitter_says_when_a_background_listener_did_not_hear_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter = new_emitter()
    go_on = threading.Event()
    emitter.subscribe(lambda event: wait_for(go_on), background=True, name="busy one")
    emitter.start_session()
    assert emitter.close(timeout=0) is False
    assert "busy one" in caplog.text
    go_on.set()


@pytest.mark.parametrize("which", ["same session", "another session"])
def test_an_emitter_closed_inside_a_callback_is_still_heard_to_the_end(which: str) -> None:
    emitter = new_emitter()
    first = Ear().listen(emitter)

    def shuts_down(event: Event) -> None:
        if steps([event]):
            emitter.close()

    emitter.subscribe(shuts_down)
    last = Ear().listen(emitter)
    session_id = emitter.start_session()
    if which == "another session":
        emitter.start_session()
    say(emitter, session_id, 1)
    for ear in (first, last):
        assert kinds(ear.of(session_id))[-2:] == ["progress.updated", "session.cancelled"]
        ear.assert_well_told()
        assert ear.subscription is not None
        assert ear.subscription.closed


def test_a_closed_emitter_refuses_sessions_and_listeners_and_says_why() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    emitter.close()
    with pytest.raises(ProtocolError, match=r"SEQ-2.*emitter is closed"):
        emitter.start_session()
    with pytest.raises(SubscriptionError, match="emitter is closed"):
        emitter.subscribe(print)
    with pytest.raises(UnknownSessionError, match="session is over"):
        say(emitter, session_id, 1)


# To each its own.


def test_each_listener_may_change_what_it_got_and_nobody_else_notices() -> None:
    emitter = new_emitter(extension_contexts={"x": "https://example.org/x"})

    def meddles(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                meddles(inner)
            value["meddled"] = True
        elif isinstance(value, list):
            for inner in value:
                meddles(inner)
            value.append("meddled")

    early = Ear().listen(emitter)
    emitter.subscribe(meddles)
    after = Ear().listen(emitter)
    session_id = emitter.start_session(
        tools_available=["search"], extensions={"x": {"deep": {"list": [{"a": 1}]}}}
    )
    say(emitter, session_id, 1)
    emitter.ask_clarification(
        session_id=session_id, question="Which?", choices=["a", "b"], timeout_seconds=60
    )
    late = Ear(late=frozenset({session_id})).listen(emitter)
    emitter.complete_session(session_id=session_id)
    for ear in (early, after, late):
        assert "meddled" not in str(ear.heard)
        ear.assert_well_told()
    assert early.heard == after.heard
    assert_same_events([early, after, late])


def test_what_a_caller_changes_after_the_call_is_not_in_what_late_listeners_hear() -> None:
    emitter = new_emitter(extension_contexts={"x": "https://example.org/x"})
    early = Ear().listen(emitter, can_reply=True)
    session_id = emitter.start_session()
    extensions: dict[str, dict[str, Any]] = {"x": {"list": ["as asked"]}}
    context: dict[str, Any] = {"list": ["as asked"]}
    emitter.await_confirmation(
        session_id=session_id,
        action="Delete it",
        consequence="It is gone.",
        extensions=extensions,
        extra_context=context,
    )
    extensions["x"]["list"].append("meddled")
    context["list"].append("meddled")
    late = Ear(late=frozenset({session_id})).listen(emitter, can_reply=True)
    assert late.heard[-1]["event_id"] == early.heard[-1]["event_id"]
    assert "meddled" not in str(late.heard)
    assert_same_events([early, late])
    emitter.close()
