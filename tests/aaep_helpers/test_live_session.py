"""Delivery: every listener hears every event in order, whoever emits and whatever listeners do (D12)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from aaep_helpers import AAEPEmitter, ProtocolError, UnknownSessionError, live_session, make_id
from tests.aaep_helpers.ears import Ear, Event, assert_same_events, every_ear, new_emitter, texts

# A bound on waits that never last: a thread that hangs fails its test instead of stopping all of them.
SOON = 30.0


def run_together(*jobs: Callable[[], object]) -> None:
    """Run each job on a thread of its own, all let go at once; what one raises is raised here."""
    barrier = threading.Barrier(len(jobs))
    raised: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        barrier.wait(SOON)
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again below.
            raised.append(error)

    threads = [threading.Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive(), "a thread hangs"
    if raised:
        raise raised[0]


def use_tools(emitter: AAEPEmitter, session_id: str, times: int) -> None:
    for _ in range(times):
        call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
        emitter.progress_updated(session_id=session_id, percent=50)
        emitter.tool_completed(
            session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
        )


def test_an_event_is_heard_before_the_emitting_call_returns() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    assert ear.kinds() == ["session.started"]
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    assert ear.kinds() == ["session.started", "state.changed", "tool.invoked"]


def test_sixteen_threads_on_one_session_are_heard_in_one_order_without_gaps() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    run_together(
        *[lambda: use_tools(emitter, session_id, 4)] * 8, *[_write(emitter, session_id)] * 8
    )
    emitter.complete_session(session_id=session_id)
    for ear in ears:
        ear.assert_well_told()
    assert_same_events(ears)


def _write(emitter: AAEPEmitter, session_id: str) -> Callable[[], None]:
    def write() -> None:
        output_id = make_id("out")
        for token in ("One ", "sent", "ence. ", "Ano", "ther."):
            emitter.output_streaming(session_id=session_id, output_id=output_id, chunk=token)
        emitter.output_streaming(
            session_id=session_id, output_id=output_id, chunk="", complete=True
        )

    return write


def test_sixteen_threads_on_sessions_of_their_own_are_heard_in_order_each() -> None:
    emitter = new_emitter()
    heard: list[Event] = []
    emitter.subscribe(heard.append)

    def whole_session() -> None:
        session_id = emitter.start_session()
        emitter.state_changed(session_id=session_id, to_state="thinking")
        use_tools(emitter, session_id, 3)
        _write(emitter, session_id)()
        emitter.complete_session(session_id=session_id)

    run_together(*[whole_session] * 16)
    ear = Ear(heard=heard)
    ear.assert_well_told()
    assert len({event["session_id"] for event in heard}) == 16


def test_a_call_returns_only_when_its_own_events_were_heard_though_another_thread_delivers() -> (
    None
):
    emitter = new_emitter()
    session_id = emitter.start_session()
    entered, go_on = threading.Event(), threading.Event()
    heard: list[str] = []

    def listener(event: Event) -> None:
        if event.get("tool") == "first":
            entered.set()
            assert go_on.wait(SOON)
        heard.append(str(event.get("tool")))

    emitter.subscribe(listener, event_types=["aaep:agent.tool.invoked"])
    after: list[list[str]] = []

    def second() -> None:
        assert entered.wait(SOON)
        emitter.tool_invoked(session_id=session_id, tool="second")
        after.append(list(heard))

    def release() -> None:
        assert entered.wait(SOON)
        go_on.set()

    run_together(lambda: emitter.tool_invoked(session_id=session_id, tool="first"), second, release)
    assert after == [["first", "second"]]


def test_a_listener_may_emit_on_the_session_it_hears_of() -> None:
    """What it emits is heard right after, by everybody, in the same order."""
    emitter = new_emitter()
    first, last = Ear().listen(emitter), Ear("none")

    def help_out(event: Event) -> None:
        if event["type"].endswith("tool.invoked"):
            emitter.progress_updated(session_id=event["session_id"], percent=10)

    emitter.subscribe(help_out)
    last.listen(emitter)
    session_id = emitter.start_session()
    call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
    assert first.kinds()[-2:] == last.kinds()[-2:] == ["tool.invoked", "progress.updated"]
    emitter.tool_completed(
        session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
    )
    emitter.complete_session(session_id=session_id)
    for ear in (first, last):
        ear.assert_well_told()


def test_a_listener_may_run_other_sessions_from_inside() -> None:
    emitter = new_emitter()
    outer = emitter.start_session()
    ear = Ear(late=frozenset({outer})).listen(emitter)

    def side_errand(event: Event) -> None:
        if event["session_id"] == outer and event["type"].endswith("progress.updated"):
            inner = emitter.start_session()
            emitter.tool_invoked(session_id=inner, tool="errand")
            emitter.complete_session(session_id=inner)

    emitter.subscribe(side_errand)
    emitter.progress_updated(session_id=outer, percent=1)
    emitter.complete_session(session_id=outer)
    assert ear.kinds().count("session.completed") == 2
    ear.assert_well_told()


def test_two_sessions_whose_listeners_emit_on_each_other_do_not_stop_each_other() -> None:
    emitter = new_emitter()
    one, other = emitter.start_session(), emitter.start_session()
    both_inside = threading.Barrier(2)

    def crossing(event: Event) -> None:
        if event["type"].endswith("tool.invoked"):
            both_inside.wait(SOON)
            across = other if event["session_id"] == one else one
            emitter.progress_updated(session_id=across, percent=5)

    emitter.subscribe(crossing)
    ear = Ear("none", late=frozenset({one, other})).listen(emitter)
    run_together(
        lambda: emitter.tool_invoked(session_id=one, tool="cross"),
        lambda: emitter.tool_invoked(session_id=other, tool="cross"),
    )
    assert ear.kinds().count("progress.updated") == 2
    emitter.close()
    ear.assert_well_told()


def test_a_listener_that_ends_the_session_it_hears_of_ends_it_once() -> None:
    emitter = new_emitter()
    refused: list[ProtocolError] = []

    def meddler(event: Event) -> None:
        if event["type"].endswith("tool.invoked"):
            emitter.cancel_session(session_id=event["session_id"], cancelled_by="user")
        elif event["type"].endswith("session.cancelled"):
            for late_call in (emitter.complete_session, emitter.settle_state):
                with pytest.raises(UnknownSessionError) as caught:
                    late_call(session_id=event["session_id"])
                refused.append(caught.value)

    emitter.subscribe(meddler)
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    assert [error.rule for error in refused] == ["SEQ-2", "SEQ-2"]
    assert not emitter.is_live(session_id)
    ear.assert_well_told()


def test_a_listener_that_closes_itself_inside_hears_no_more_and_the_others_all() -> None:
    emitter = new_emitter()
    heard: list[str] = []

    def once(event: Event) -> None:
        heard.append(event["type"])
        subscription.close()

    subscription = emitter.subscribe(once)
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    emitter.complete_session(session_id=session_id)
    assert heard == ["aaep:agent.session.started"]
    assert subscription.closed
    ear.assert_well_told()


def test_a_listener_may_close_another_from_inside() -> None:
    emitter = new_emitter()
    victim = Ear()
    emitter.subscribe(lambda event: victim.subscription and victim.subscription.close())
    victim.listen(emitter)
    emitter.complete_session(session_id=emitter.start_session())
    assert victim.heard == []


def test_a_listener_subscribed_while_others_emit_loses_and_doubles_nothing() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    early = Ear("word", late=frozenset({session_id})).listen(emitter)
    ears: list[Ear] = []

    def join() -> None:
        ears.append(Ear("word", late=frozenset({session_id})).listen(emitter))

    run_together(
        *[lambda: use_tools(emitter, session_id, 10)] * 3,
        *[_write(emitter, session_id)] * 3,
        *[join] * 6,
    )
    emitter.complete_session(session_id=session_id)
    all_numbers = {event["event_id"]: event["sequence_number"] for event in early.heard[1:]}
    for ear in ears:
        ear.assert_well_told()
        # Behind what it was told on joining it heard just what everybody heard, each one further on.
        shared = ear.heard[1:]
        tail = early.heard[-len(shared) :]
        assert [event["event_id"] for event in shared] == [event["event_id"] for event in tail]
        ahead = {event["sequence_number"] - all_numbers[event["event_id"]] for event in shared}
        assert len(ahead) == 1


def test_a_listener_interrupted_from_the_keyboard_stops_the_caller_but_nobody_else() -> None:
    """Known failure 32: KeyboardInterrupt passes through, and everybody still hears everything."""
    emitter = new_emitter()
    interrupts = ["aaep:agent.session.started", "aaep:agent.session.completed"]

    def impatient(event: Event) -> None:
        if event["type"] in interrupts:
            raise KeyboardInterrupt(event["session_id"])

    emitter.subscribe(impatient)
    ear = Ear().listen(emitter)
    with pytest.raises(KeyboardInterrupt) as started:
        emitter.start_session()
    session_id = str(started.value)
    assert emitter.is_live(session_id)
    assert ear.kinds() == ["session.started"]
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    with pytest.raises(KeyboardInterrupt):
        emitter.complete_session(session_id=session_id)
    assert not emitter.is_live(session_id)
    ear.assert_well_told()


def test_a_listener_waiting_for_a_thread_that_emits_holds_both_up_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_session, "_TURN_SECONDS", 0.05)
    emitter = new_emitter()
    session_id = emitter.start_session()
    helper_done = threading.Event()

    def helper() -> None:
        emitter.progress_updated(session_id=session_id, percent=7)
        helper_done.set()

    def waits_for_helper(event: Event) -> None:
        if event["type"].endswith("tool.invoked"):
            threading.Thread(target=helper, daemon=True).start()
            assert helper_done.wait(SOON)

    emitter.subscribe(waits_for_helper)
    ear = Ear(late=frozenset({session_id})).listen(emitter)
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    assert ear.kinds()[-2:] == ["tool.invoked", "progress.updated"]
    assert "has held up the others" in caplog.text
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


def test_each_listener_may_change_its_events_and_nobody_notices() -> None:
    emitter = new_emitter(extension_contexts={"acme": "https://acme.example/context"})

    def vandal(event: Event) -> None:
        for value in event.values():
            if isinstance(value, dict):
                for inner in value.values():
                    if isinstance(inner, dict):
                        inner.clear()
                value.clear()
            elif isinstance(value, list):
                value.clear()
        event.clear()

    emitter.subscribe(vandal)
    ears = [Ear().listen(emitter), Ear().listen(emitter)]
    emitter.subscribe(vandal)
    data = {"acme": {"deep": {"list": [1, {"a": "b"}]}}}
    session_id = emitter.start_session(tools_available=["look_up"], extensions=data)
    emitter.request_handoff(
        session_id=session_id,
        reason="Too hard.",
        target_kind="human",
        packaged_context={"so": {"far": ["nothing"]}},
    )
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="Hm.", complete=True)
    emitter.complete_session(session_id=session_id)
    assert data == {"acme": {"deep": {"list": [1, {"a": "b"}]}}}
    for ear in ears:
        assert ear.heard[0]["extensions"] == data
        assert ear.heard[1]["packaged_context"] == {"so": {"far": ["nothing"]}}
        ear.assert_well_told()


def test_secrets_in_a_stream_are_masked_however_the_tokens_cut_them() -> None:
    """SEC-1 with SEQ-9: positions count what is said, and stay right behind the mask."""
    key = "sk-proj-" + "a1B2" * 8
    text = f"Your key is {key}, keep it well. All done."
    for width in (1, 2, 3, 7, 100):
        emitter = new_emitter()
        ears = every_ear(emitter)
        session_id = emitter.start_session()
        emitter.state_changed(session_id=session_id, to_state="thinking")
        for at in range(0, len(text), width):
            emitter.output_streaming(
                session_id=session_id,
                output_id="out_1",
                chunk=text[at : at + width],
                position=at,
            )
        emitter.complete_session(session_id=session_id)
        for ear in ears:
            assert "".join(texts(ear.heard)) == text.replace(key, "[hidden]")
            ear.assert_well_told()
