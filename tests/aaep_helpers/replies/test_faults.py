"""Fail closed: whatever breaks, nothing is taken for a yes that was none, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, InternalError
from aaep_helpers.clock import SystemClock
from aaep_helpers.errors import CallerError, ProtocolError, WaitError
from aaep_helpers.live_session import LiveSession
from aaep_helpers.replies import AuditRecord
from aaep_helpers.subscription import Subscription
from tests.aaep_helpers.ears import new_emitter
from tests.aaep_helpers.replies.asking import Room, reply_to


def test_a_broken_bus_while_asking_is_a_no_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()

    def broken(self: Subscription, event: dict[str, Any]) -> None:
        raise OSError("the bus is broken")

    with monkeypatch.context() as patched:
        patched.setattr(Subscription, "deliver", broken)
        with pytest.raises(InternalError, match="counts as rejected"):
            room.confirm(tool_call_id="call_1")
    record = room.emitter.audit_trail[-1]
    assert (record.outcome, record.decision) == ("failed", "reject")
    assert "OSError" in record.why
    with pytest.raises(ProtocolError, match="SEQ-7"):
        room.emitter.tool_invoked(session_id=room.session_id, tool="t", tool_call_id="call_1")
    assert not room.emitter._desk._sessions


def test_a_yes_that_came_while_asking_broke_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asker never learnt the token, so nothing may ever run on that yes."""
    room = Room()
    delivered = Subscription.deliver

    def answers_then_breaks(self: Subscription, event: dict[str, Any]) -> None:
        delivered(self, event)
        if "reply_token" in event:
            assert room.accept(event["reply_token"])
            raise OSError("the bus is broken")

    with monkeypatch.context() as patched:
        patched.setattr(Subscription, "deliver", answers_then_breaks)
        with pytest.raises(InternalError):
            room.confirm(irreversible=True)
    with pytest.raises(ProtocolError, match="SEQ-6"):
        room.emitter.tool_invoked(session_id=room.session_id, tool="t", irreversible=True)
    assert [record.decision for record in room.emitter.audit_trail] == ["accept", "reject"]


def test_a_yes_is_taken_back_though_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    token = room.confirm(irreversible=True)
    assert room.accept(token)

    def broken(self: Subscription, event: dict[str, Any]) -> None:
        raise OSError("the bus is broken")

    with monkeypatch.context() as patched:
        patched.setattr(Subscription, "deliver", broken)
        assert room.emitter.withdraw_question(token)
    assert room.emitter.wait_for_decision_sync(token) == "reject"
    with pytest.raises(ProtocolError, match="SEQ-6"):
        room.emitter.tool_invoked(session_id=room.session_id, tool="t", irreversible=True)


def test_a_broken_bus_while_the_outcome_is_told_does_not_unmake_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room()
    token = room.confirm()

    def broken(self: Subscription, event: dict[str, Any]) -> None:
        raise OSError("the bus is broken")

    with monkeypatch.context() as patched:
        patched.setattr(Subscription, "deliver", broken)
        assert room.accept(token) is True
    assert room.emitter.wait_for_decision_sync(token) == "accept"


@pytest.mark.parametrize("when", ["time-out", "withdrawal", "nobody", "close"])
def test_a_session_that_cannot_be_told_ends_its_question_with_no(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room()
    token = room.confirm()

    def broken(self: LiveSession, *args: Any, **more: Any) -> None:
        raise RuntimeError("no more events")

    with monkeypatch.context() as patched:
        patched.setattr(LiveSession, "emit", broken)
        assert room.accept(token) is False
        assert room.outcome(token) is None, "a reply breaks nothing"
        if when == "time-out":
            room.clock.advance(60)
            room.emitter.check_deadlines()
        elif when == "withdrawal":
            assert room.emitter.withdraw_question(token)
        elif when == "nobody":
            room.listener.close()
        else:
            with contextlib.suppress(RuntimeError):
                room.emitter.close()
    assert room.emitter.wait_for_decision_sync(token) == "reject"
    assert room.outcome(token) == "failed"
    assert not room.accept(token)


@pytest.mark.parametrize("place", ["desk.weigh", "desk.read_reply", "words.ended"])
def test_a_fault_while_judging_a_reply_is_no_answer_and_breaks_nothing(
    place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room()
    token = room.confirm()

    def broken(*args: Any, **more: Any) -> None:
        raise ValueError(f"quoting {token}")

    with monkeypatch.context() as patched, caplog.at_level(logging.INFO):
        patched.setattr(f"aaep_helpers.replies.{place}", broken)
        assert room.accept(token) is False
    assert room.why_ignored() == "fault"
    assert token not in caplog.text
    assert room.outcome(token) is None
    assert room.accept(token) is True


def test_an_invalid_question_is_refused_and_nobody_hears_of_it() -> None:
    room = Room()
    heard = len(room.ear.heard)
    wrongs: tuple[dict[str, Any], ...] = (
        {"action": ""},
        {"action": 7},
        {"action": "x" * 20_000},
        {"action": "\u4f60" * 10_000},
        {"consequence": " "},
        {"timeout_seconds": 0},
        {"timeout_seconds": 86_401},
        {"timeout_seconds": "60"},
        {"timeout_seconds": True},
        {"timeout_seconds": float("nan")},
        {"timeout_seconds": 1.5},
        {"default_decision": "yes"},
        {"risk_level": "huge"},
        {"irreversible": "no"},
        {"reversibility": "maybe"},
        {"allowed_replies": ["accept"]},
        {"allowed_replies": "reject"},
        {"allowed_replies": []},
        {"extra_context": "all"},
        {"tool_call_id": "7"},
        {"tool_call_id": 7},
        {"extensions": {"bank": {}}},
    )
    for wrong in wrongs:
        with pytest.raises(CallerError):
            room.confirm(**{"action": "Send", **wrong})
    assert len(room.ear.heard) == heard
    assert not room.emitter._desk._sessions


@pytest.mark.parametrize("jump_seconds", [-86_400 * 365, -3600, 3600, 86_400 * 365])
def test_a_jump_of_the_wall_clock_moves_no_deadline_and_opens_no_door(jump_seconds: int) -> None:
    room = Room()
    token = room.confirm()
    late = room.confirm("Send another letter")
    room.clock.set_epoch_ms(room.clock.epoch_ms() + jump_seconds * 1000)
    room.emitter.check_deadlines()
    assert room.outcome(token) is None, "only the monotonic clock ends a wait"
    # Stamped by a machine whose clock jumped along: back is honest, ahead is late by its own stamp.
    assert room.accept(token) is (jump_seconds < 0)
    room.clock.advance(60)
    assert not room.accept(late)
    room.emitter.check_deadlines()
    assert room.emitter.wait_for_decision_sync(late) == "reject"
    room.emitter.close()
    room.assert_well_told(token, complete=True)


def test_a_loop_that_was_closed_leaves_the_question_to_others() -> None:
    room = Room()
    token = room.confirm()
    loop = asyncio.new_event_loop()
    wait = loop.create_task(room.emitter.wait_for_decision(token))
    loop.run_until_complete(asyncio.sleep(0))
    parked = room.emitter._desk._waiters[token][0]
    wait.cancel()
    loop.run_until_complete(asyncio.gather(wait, return_exceptions=True))
    loop.close()
    assert not room.emitter._desk._waiters, "a wait that was cancelled leaves nothing behind"
    # As if the loop had been closed before the wait could be cancelled.
    assert room.emitter._desk.attach(token, "confirmation", parked) is None
    assert room.accept(token)
    assert room.emitter.wait_for_decision_sync(token) == "accept"


def test_an_interrupt_while_waiting_passes_through_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room()
    token = room.confirm()

    def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            room.emitter.wait_for_decision_sync(token)
    assert not room.emitter._desk._waiters
    room.emitter.close()
    assert room.emitter.wait_for_decision_sync(token) == "reject"


def test_an_interrupt_while_asking_passes_through_and_is_a_no() -> None:
    emitter = new_emitter()
    tokens = []

    def interrupted(event: dict[str, Any]) -> None:
        if "reply_token" in event:
            tokens.append(event["reply_token"])
            raise KeyboardInterrupt

    emitter.subscribe(interrupted, can_reply=True)
    session_id = emitter.start_session()
    with pytest.raises(KeyboardInterrupt):
        emitter.await_confirmation(session_id=session_id, action="a", consequence="c")
    assert emitter.wait_for_decision_sync(tokens[0]) == "reject"


async def test_a_sync_wait_on_the_loops_own_thread_is_refused_at_once() -> None:
    room = Room()
    token = room.confirm()
    question = room.clarify()
    with pytest.raises(WaitError, match="block the running event loop"):
        room.emitter.wait_for_decision_sync(token)
    with pytest.raises(WaitError, match="block the running event loop"):
        room.emitter.wait_for_response_sync(question)
    assert not room.emitter._desk._waiters
    assert room.accept(token)
    assert room.emitter.wait_for_decision_sync(token) == "accept", "nothing is waited for now"


def test_a_wait_inside_a_listeners_callback_is_refused() -> None:
    """The question would wait behind the very callback that waits for its answer."""
    emitter = new_emitter()
    refused: list[str] = []

    def asks(event: dict[str, Any]) -> None:
        if event["type"].endswith("session.started"):
            token = emitter.await_confirmation(
                session_id=event["session_id"], action="a", consequence="c"
            )
            with pytest.raises(WaitError, match="listener's callback"):
                emitter.wait_for_decision_sync(token)
            refused.append(token)

    emitter.subscribe(asks, can_reply=True)
    emitter.start_session()
    assert refused


@pytest.mark.parametrize("token", ["rpl_unknown", "", None, 7, [], "rpl_" + "0" * 32])
async def test_a_wait_for_what_was_never_asked_is_refused(token: Any) -> None:
    room = Room()
    confirmation, clarification = room.confirm(), room.clarify()
    for wait in (room.emitter.wait_for_decision, room.emitter.wait_for_response):
        with pytest.raises(WaitError):
            await wait(token)
    with pytest.raises(WaitError, match="of a clarification"):
        await room.emitter.wait_for_decision(clarification)
    with pytest.raises(WaitError, match="of a confirmation"):
        await room.emitter.wait_for_response(confirmation)
    assert room.emitter.settlement(token) is None
    assert room.emitter.withdraw_question(token) is False


def test_closing_the_emitter_ends_every_wait() -> None:
    room = Room()
    token, question = room.confirm(), room.clarify(default_response="no")
    heard: list[object] = []
    threads = [
        threading.Thread(target=lambda: heard.append(room.emitter.wait_for_decision_sync(token))),
        threading.Thread(
            target=lambda: heard.append(room.emitter.wait_for_response_sync(question))
        ),
    ]
    for thread in threads:
        thread.start()
    room.emitter.close()
    for thread in threads:
        thread.join()
    assert sorted(map(str, heard)) == ["None", "reject"]
    with pytest.raises(CallerError):
        room.confirm("Another")


def test_the_emitters_own_watch_ends_a_wait_in_real_time() -> None:
    """The one test on the system's clock: a thread while a question is open, and none after."""
    emitter = AAEPEmitter(quiet_seconds=None)
    emitter.subscribe(lambda event: None, can_reply=True)
    session_id = emitter.start_session()
    token = emitter.await_confirmation(
        session_id=session_id, action="a", consequence="c", timeout_seconds=1
    )
    watch = emitter._desk._watch
    assert watch.is_running
    assert emitter.wait_for_decision_sync(token) == "reject"
    settled = emitter.settlement(token)
    assert settled is not None
    assert settled.outcome == "timed_out"
    emitter.close()


async def test_a_wait_ends_in_time_though_the_watch_is_dead(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_more_threads(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    emitter = AAEPEmitter(quiet_seconds=None, clock=SystemClock())
    listener = emitter.subscribe(lambda event: None, can_reply=True)
    session_id = emitter.start_session()
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(threading.Thread, "start", no_more_threads)
        token = emitter.await_confirmation(
            session_id=session_id, action="a", consequence="c", timeout_seconds=1
        )
    assert "No thread could be started" in caplog.text
    assert await emitter.wait_for_decision(token) == "reject"
    assert not emitter.submit_reply(reply_to(token, listener, emitter.clock, decision="accept"))
    emitter.close()


def test_an_audit_callback_that_raises_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[AuditRecord] = []

    def audit(record: AuditRecord) -> None:
        seen.append(record)
        raise OSError("the disk is full")

    room = Room(audit=audit)
    token = room.confirm()
    assert room.accept(token)
    assert [record.outcome for record in seen] == ["accepted"]
    assert "audit callback raised" in caplog.text


def test_a_flood_of_bad_replies_does_not_wash_decisions_off_the_record() -> None:
    """SEC-2, T4."""
    room = Room()
    token = room.confirm()
    assert room.accept(token)
    for _ in range(2_000):
        assert not room.emitter.submit_reply({"type": "confirmation.reply"})
    trail = room.emitter.audit_trail
    assert len(trail) < 1_100
    assert [record.outcome for record in trail if record.honored] == ["accepted"]
