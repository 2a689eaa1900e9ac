"""Ways of delivery: inline, in the background, on a loop; a listener's faults stay its own (design D12)."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from aaep_helpers import SubscriptionError, bus
from aaep_helpers.bus import BackgroundDelivery, LoopDelivery
from aaep_helpers.emitting import AAEPEmitter
from tests.aaep_helpers.ears import Ear, Event, assert_well_told, kinds, new_emitter
from tests.aaep_helpers.threads import PATIENCE, Started, all_at_once, wait_for

WHOLE_SESSION = ["session.started", "state.changed", "state.changed", "session.completed"]


def tell_a_session(emitter: AAEPEmitter) -> str:
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.complete_session(session_id=session_id)
    return session_id


def an_event(number: int = 0) -> Event:
    return {"type": "aaep:agent.progress.updated", "sequence_number": number}


def errors_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def aaep_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("aaep-")}


def aaep_tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("aaep-")]


class AsyncEar:
    """A coroutine function that remembers, and says when a session's end was heard."""

    def __init__(self, sessions: int = 1) -> None:
        self.heard: list[Event] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self.all_over = asyncio.Event()
        self._open = sessions

    async def __call__(self, event: Event) -> None:
        self.loops.add(asyncio.get_running_loop())
        self.heard.append(event)
        if event["type"] == "aaep:agent.session.completed":
            self._open -= 1
            if not self._open:
                self.all_over.set()

    async def until_over(self) -> None:
        await asyncio.wait_for(self.all_over.wait(), PATIENCE)


# Inline.


def test_a_raising_listener_is_logged_once_by_name_and_nobody_else_is_affected(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter = new_emitter()
    attempts: list[Event] = []

    def stumbles(event: Event) -> None:
        attempts.append(event)
        raise OSError("no space left")

    before = Ear().listen(emitter)
    emitter.subscribe(stumbles, name="the braille display")
    after = Ear().listen(emitter)
    tell_a_session(emitter)

    assert before.kinds() == after.kinds() == kinds(attempts) == WHOLE_SESSION
    (logged,) = errors_of(caplog)
    assert "the braille display" in logged.getMessage()
    assert logged.exc_info is not None
    assert str(logged.exc_info[1]) == "no space left"
    after.assert_well_told()


def test_a_listener_without_a_name_is_logged_by_its_functions_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def caption_service(event: Event) -> None:
        raise LookupError

    emitter = new_emitter()
    emitter.subscribe(caption_service)
    tell_a_session(emitter)
    assert "caption_service" in errors_of(caplog)[0].getMessage()


def test_a_plain_function_that_returns_a_coroutine_is_told_that_nobody_awaits_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def send(event: Event) -> None:
        raise AssertionError("nobody awaits this")

    emitter = new_emitter()
    emitter.subscribe(lambda event: send(event), name="the sender")
    after = Ear().listen(emitter)
    tell_a_session(emitter)
    (logged,) = errors_of(caplog)
    assert logged.exc_info is not None
    assert "coroutine" in str(logged.exc_info[1])
    assert after.kinds() == WHOLE_SESSION


@pytest.mark.parametrize("callback", [None, 5, "print", []])
def test_what_cannot_be_called_is_no_listener(callback: Any) -> None:
    emitter = new_emitter()
    with pytest.raises(SubscriptionError, match="function of one argument"):
        emitter.subscribe(callback)


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("event_types", "aaep:agent.*"),
        ("event_types", 5),
        ("event_types", [5]),
        ("event_types", [None]),
        ("language", 5),
        ("boundary", "syllable"),
        ("boundary", []),
        ("verbosity", "chatty"),
        ("can_reply", "yes"),
        ("can_reply", ["confirm"]),
    ],
)
def test_a_listener_described_wrongly_is_refused_and_harms_nobody(
    argument: str, wrong: Any
) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    with pytest.raises(SubscriptionError, match=argument):
        emitter.subscribe(print, **{argument: wrong})
    tell_a_session(emitter)
    assert ear.kinds() == WHOLE_SESSION


# In the background.


def test_a_slow_background_listener_does_not_hold_up_who_emits() -> None:
    emitter = new_emitter()
    go_on = threading.Event()
    heard: list[Event] = []
    heard_on: set[str] = set()

    def slow(event: Event) -> None:
        wait_for(go_on)
        heard.append(event)
        heard_on.add(threading.current_thread().name)

    subscription = emitter.subscribe(slow, background=True, name="slow one")
    tell_a_session(emitter)
    assert heard == []

    go_on.set()
    assert subscription.close(PATIENCE) is True
    assert kinds(heard) == WHOLE_SESSION
    assert heard_on == {"aaep-slow one"}
    assert_well_told(heard)


def test_a_background_listener_whose_queue_is_full_is_dropped_alone_with_a_logged_reason(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "BackgroundDelivery", functools.partial(BackgroundDelivery, size=1))
    emitter = new_emitter()
    busy, go_on = threading.Event(), threading.Event()
    heard: list[Event] = []

    def stuck(event: Event) -> None:
        busy.set()
        wait_for(go_on)
        heard.append(event)

    subscription = emitter.subscribe(stuck, background=True, name="stuck one")
    other = Ear().listen(emitter)
    session_id = emitter.start_session()
    wait_for(busy)
    emitter.state_changed(session_id=session_id, to_state="thinking")
    assert not subscription.closed
    emitter.complete_session(session_id=session_id)

    assert subscription.closed
    (logged,) = errors_of(caplog)
    assert "stuck one" in logged.getMessage()
    assert "1 events unheard" in logged.getMessage()
    assert other.kinds() == WHOLE_SESSION
    (thread,) = [one for one in threading.enumerate() if one.name == "aaep-stuck one"]
    go_on.set()
    thread.join(PATIENCE)
    # What was queued before is still heard; then its thread is gone.
    assert kinds(heard) == WHOLE_SESSION[:2]
    assert not thread.is_alive()


def test_closing_a_background_listener_from_its_own_thread_ends_it_after_what_was_sent() -> None:
    emitter = new_emitter()
    sent, closed = threading.Event(), threading.Event()
    heard: list[Event] = []
    returned: list[bool] = []

    def leaves(event: Event) -> None:
        heard.append(event)
        if len(heard) == 1:
            wait_for(sent)
            returned.append(subscription.close())
            closed.set()

    subscription = emitter.subscribe(leaves, background=True, name="who leaves")
    (thread,) = [one for one in threading.enumerate() if one.name == "aaep-who leaves"]
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    sent.set()
    wait_for(closed)
    emitter.complete_session(session_id=session_id)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert returned == [False]  # One that was sent was not heard yet.
    assert kinds(heard) == WHOLE_SESSION[:2]


def test_a_background_listener_that_is_busy_for_too_long_is_said_to_have_heard_not_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = threading.Event()
    delivery = BackgroundDelivery(lambda event: wait_for(go_on), "busy one")
    assert delivery.deliver(an_event())
    assert delivery.close(0) is False
    (logged,) = errors_of(caplog)
    assert "busy one" in logged.getMessage()
    go_on.set()
    assert delivery.close(PATIENCE) is True


@pytest.mark.parametrize("fault", [ValueError("no"), SystemExit(1), asyncio.CancelledError()])
def test_a_raising_background_listener_is_logged_once_and_goes_on_being_called(
    fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    emitter = new_emitter()
    attempts: list[Event] = []

    def stumbles(event: Event) -> None:
        attempts.append(event)
        raise fault

    subscription = emitter.subscribe(stumbles, background=True, name="who stumbles")
    tell_a_session(emitter)
    assert subscription.close(PATIENCE) is True
    assert kinds(attempts) == WHOLE_SESSION
    (logged,) = errors_of(caplog)
    assert "who stumbles" in logged.getMessage()


def test_background_listeners_hear_many_sessions_from_many_threads_in_order() -> None:
    emitter = new_emitter()
    heard: list[Event] = []
    subscription = emitter.subscribe(heard.append, background=True)
    all_at_once(*[lambda: tell_a_session(emitter)] * 16)
    assert subscription.close(PATIENCE) is True
    assert len(heard) == 16 * len(WHOLE_SESSION)
    assert_well_told(heard)


# On a loop.


async def test_a_coroutine_function_is_awaited_one_event_at_a_time_and_in_order() -> None:
    emitter = new_emitter()
    gate, over = asyncio.Event(), asyncio.Event()
    steps: list[tuple[str, int]] = []

    async def listener(event: Event) -> None:
        number = event["sequence_number"]
        steps.append(("begun", number))
        await gate.wait()
        steps.append(("ended", number))
        if number == 3:
            over.set()

    emitter.subscribe(listener)
    tell_a_session(emitter)
    assert steps == []  # Nothing is awaited before the loop gets its turn.
    asyncio.get_running_loop().call_soon(gate.set)
    await asyncio.wait_for(over.wait(), PATIENCE)
    assert steps == [(step, number) for number in range(4) for step in ("begun", "ended")]


async def test_a_coroutine_function_hears_what_other_threads_emit() -> None:
    """Known failure 33."""
    emitter = new_emitter()
    ear = AsyncEar(sessions=8)
    emitter.subscribe(ear)
    await asyncio.to_thread(all_at_once, *[lambda: tell_a_session(emitter)] * 8)
    await ear.until_over()
    assert ear.loops == {asyncio.get_running_loop()}
    assert_well_told(ear.heard)


def test_two_loops_at_once_hear_an_emitter_that_was_made_before_either() -> None:
    """Known failure 33."""
    emitter = new_emitter()
    subscribed = threading.Barrier(3, timeout=PATIENCE)
    told: list[list[Event]] = []
    loops: list[set[asyncio.AbstractEventLoop]] = []

    async def listen() -> None:
        ear = AsyncEar()
        emitter.subscribe(ear)
        await asyncio.to_thread(subscribed.wait)
        await ear.until_over()
        assert ear.loops == {asyncio.get_running_loop()}
        told.append(ear.heard)
        loops.append(ear.loops)

    threads = [Started(lambda: asyncio.run(listen())) for _ in range(2)]
    subscribed.wait()
    tell_a_session(emitter)
    for thread in threads:
        thread.finish()
    assert loops[0] != loops[1]
    assert told[0] == told[1]
    assert kinds(told[0]) == WHOLE_SESSION


def test_a_listener_whose_loop_was_closed_is_dropped_alone_with_a_logged_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter = new_emitter()

    async def listener(event: Event) -> None:
        raise AssertionError("its loop is gone")

    async def subscribe() -> Any:
        return emitter.subscribe(listener, name="who left")

    subscription = asyncio.run(subscribe())
    other = Ear().listen(emitter)
    tell_a_session(emitter)
    assert subscription.closed
    assert other.kinds() == WHOLE_SESSION
    (logged,) = errors_of(caplog)
    assert "who left" in logged.getMessage()
    assert "closed" in logged.getMessage()


def test_closing_a_listener_whose_loop_was_closed_is_no_error() -> None:
    emitter = new_emitter()

    async def subscribe() -> Any:
        return emitter.subscribe(AsyncEar())

    subscription = asyncio.run(subscribe())
    assert subscription.close() is True
    assert emitter.close() is True


async def test_a_listener_whose_task_was_cancelled_is_dropped_with_a_logged_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Known failure 32: what nobody would ever hear is not stored up."""
    emitter = new_emitter()
    subscription = emitter.subscribe(AsyncEar(), name="who was cancelled")
    (task,) = aaep_tasks()
    task.cancel()
    await asyncio.wait([task])
    tell_a_session(emitter)
    assert subscription.closed
    (logged,) = errors_of(caplog)
    assert "who was cancelled" in logged.getMessage()


def test_a_coroutine_function_subscribed_outside_a_loop_is_told_what_to_do() -> None:
    emitter = new_emitter()

    async def listener(event: Event) -> None:
        raise AssertionError("never subscribed")

    class Listener:
        async def __call__(self, event: Event) -> None:
            raise AssertionError("never subscribed")

    for callback in (listener, functools.partial(listener), Listener()):
        with pytest.raises(SubscriptionError, match="call subscribe\\(\\) from a coroutine"):
            emitter.subscribe(callback)
    tell_a_session(emitter)


@pytest.mark.parametrize("fault", [ValueError, asyncio.CancelledError])
async def test_a_raising_coroutine_function_is_logged_once_and_goes_on_being_called(
    fault: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    emitter = new_emitter()
    ear = AsyncEar()

    async def stumbles(event: Event) -> None:
        await ear(event)
        raise fault

    emitter.subscribe(stumbles, name="who stumbles")
    tell_a_session(emitter)
    await ear.until_over()
    assert kinds(ear.heard) == WHOLE_SESSION
    (logged,) = errors_of(caplog)
    assert "who stumbles" in logged.getMessage()


async def test_a_coroutine_function_that_falls_behind_is_dropped_and_its_task_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ear = AsyncEar()
    delivery = LoopDelivery(ear, "who is late", asyncio.get_running_loop(), size=2)
    taken = [delivery.deliver(an_event(number)) for number in range(3)]
    assert taken == [True, True, False]
    (logged,) = errors_of(caplog)
    assert "who is late" in logged.getMessage()
    assert "2 events unheard" in logged.getMessage()
    (task,) = aaep_tasks()
    await asyncio.wait_for(task, PATIENCE)
    assert ear.heard == [an_event(0), an_event(1)]


async def test_closing_a_coroutine_functions_subscription_waits_in_a_thread_and_not_on_its_loop() -> (
    None
):
    emitter = new_emitter()
    for close_in in (asyncio.to_thread, None):
        ear = AsyncEar()
        subscription = emitter.subscribe(ear)
        tell_a_session(emitter)
        if close_in is None:
            # On the loop that would have to do the work it is only said that not all was heard yet.
            assert subscription.close(PATIENCE) is False
            await ear.until_over()
        else:
            assert await close_in(subscription.close, PATIENCE) is True
        assert kinds(ear.heard) == WHOLE_SESSION
    for task in aaep_tasks():
        await asyncio.wait_for(task, PATIENCE)


# Refused, and nothing left behind.


@pytest.mark.parametrize("background", [False, True])
def test_a_closed_emitter_refuses_listeners_and_leaves_no_thread_behind(background: bool) -> None:
    emitter = new_emitter()
    emitter.close()
    with pytest.raises(SubscriptionError, match="closed"):
        emitter.subscribe(print, background=background, name="too late")
    assert "aaep-too late" not in aaep_threads()


async def test_a_closed_emitter_refuses_coroutine_functions_and_leaves_no_task_behind() -> None:
    emitter = new_emitter()
    emitter.close()
    with pytest.raises(SubscriptionError, match="closed"):
        emitter.subscribe(AsyncEar())
    for task in aaep_tasks():
        await asyncio.wait_for(task, PATIENCE)


def test_a_listener_that_unsubscribes_inside_its_callback_hears_no_more() -> None:
    emitter = new_emitter()
    heard: list[Event] = []

    def once(event: Event) -> None:
        heard.append(event)
        assert subscription.close() is True

    subscription = emitter.subscribe(once)
    other = Ear().listen(emitter)
    tell_a_session(emitter)
    assert kinds(heard) == WHOLE_SESSION[:1]
    assert other.kinds() == WHOLE_SESSION
    assert subscription.closed
    assert subscription.close() is True


def test_a_listener_that_unsubscribes_another_inside_its_callback_silences_that_one_alone() -> None:
    emitter = new_emitter()
    others: list[Callable[[], object]] = []
    emitter.subscribe(lambda event: others.pop()() if others else None)
    silenced, left = Ear().listen(emitter), Ear().listen(emitter)
    session_id = emitter.start_session()
    assert silenced.subscription is not None
    others.append(silenced.subscription.close)
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.complete_session(session_id=session_id)
    assert silenced.kinds() == WHOLE_SESSION[:1]
    assert left.kinds() == WHOLE_SESSION
