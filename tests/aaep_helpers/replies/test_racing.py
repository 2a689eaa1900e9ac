"""CNF-4 under threads: the first valid reply wins, and everybody who waits hears the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from aaep_helpers.errors import UnknownSessionError
from tests.aaep_helpers.replies.asking import Room

OPEN_AT_ONCE = 5_000


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run all calls on threads of their own, from one barrier; what they returned, in their order."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        barrier.wait()
        results[place] = call()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("attempt", range(20))
def test_of_replies_that_race_exactly_one_is_honored_and_its_decision_stands(attempt: int) -> None:
    room = Room()
    token = room.confirm()
    decisions = ["accept", "reject"] * 4
    replies = [room.decision(token, decision) for decision in decisions]
    calls = [lambda reply=reply: room.emitter.submit_reply(reply) for reply in replies]
    waits = [lambda: room.emitter.wait_for_decision_sync(token)] * 2
    results = at_once(*calls, *waits)
    honored = [place for place in range(len(replies)) if results[place]]
    assert len(honored) == 1
    assert set(results[len(replies) :]) == {decisions[honored[0]]}
    room.assert_well_told(*([token] if decisions[honored[0]] == "accept" else []))
    assert room.ear.kinds()[-1] == "state.changed", "the outcome is told once"
    assert room.ear.kinds().count("state.changed") == 2


@pytest.mark.parametrize("attempt", range(20))
def test_accept_is_returned_only_where_the_reply_beat_the_end(attempt: int) -> None:
    """CNF-3, CNF-7, CNF-8: time-out, withdrawal, the last listener's leaving, the session's end."""
    for end in (
        lambda room, token: room.emitter.check_deadlines(),
        lambda room, token: room.emitter.withdraw_question(token),
        lambda room, token: room.listener.close(),
        lambda room, token: room.emitter.cancel_session(
            session_id=room.session_id, cancelled_by="user"
        ),
        lambda room, token: room.emitter.close(),
    ):
        room = Room()
        token = room.confirm()
        reply = room.decision(token)
        room.clock.advance(59.999)

        def finish(room: Room = room, token: str = token, end: object = end) -> None:
            room.clock.advance(0.001)
            assert callable(end)
            end(room, token)

        honored, _ = at_once(partial(room.emitter.submit_reply, reply), finish)
        decided = room.emitter.wait_for_decision_sync(token)
        settled = room.emitter.settlement(token)
        assert settled is not None
        taken_back = settled.why == "The yes was taken back before it was used."
        assert decided == ("accept" if honored and not taken_back else "reject")


def test_racing_questions_each_get_their_own_answer() -> None:
    """Known failure 23: parallel calls, answers in any order."""
    room = Room()
    tokens = [room.confirm(f"Send letter {number}") for number in range(16)]
    wanted = ["accept" if number % 3 else "reject" for number in range(16)]
    replies = [room.decision(*pair) for pair in zip(tokens, wanted, strict=True)]
    at_once(*(lambda reply=reply: room.emitter.submit_reply(reply) for reply in reversed(replies)))
    assert [room.emitter.wait_for_decision_sync(token) for token in tokens] == wanted
    accepted = [token for token, want in zip(tokens, wanted, strict=True) if want == "accept"]
    room.assert_well_told(*accepted)


async def test_five_thousand_open_requests_wait_on_one_loop_and_none_is_lost() -> None:
    """Known failure 29: a wait parks a future and holds no thread."""
    room = Room()
    sessions = [room.emitter.start_session() for _ in range(OPEN_AT_ONCE // 10)]
    tokens = []
    for number in range(OPEN_AT_ONCE):
        room.session_id = sessions[number % len(sessions)]
        tokens.append(room.confirm(f"Send letter {number}"))
    threads_before = threading.active_count()
    waits = [asyncio.ensure_future(room.emitter.wait_for_decision(token)) for token in tokens]
    await asyncio.sleep(0)
    assert threading.active_count() == threads_before
    assert not any(wait.done() for wait in waits)

    def answer(share: int) -> int:
        mine = range(share, OPEN_AT_ONCE, 4)
        return sum(
            room.emitter.submit_reply(
                room.decision(tokens[number], "reject" if number % 7 == 0 else "accept")
            )
            for number in mine
        )

    honored = await asyncio.gather(*(asyncio.to_thread(answer, share) for share in range(4)))
    decisions = await asyncio.gather(*waits)
    assert sum(honored) == OPEN_AT_ONCE
    assert decisions == [
        "reject" if number % 7 == 0 else "accept" for number in range(OPEN_AT_ONCE)
    ]
    assert not room.emitter._desk._waiters


def test_asking_races_the_end_of_the_session() -> None:
    room = Room()

    def ask() -> str | None:
        try:
            return room.confirm()
        except UnknownSessionError:
            return None

    token, _ = at_once(ask, lambda: room.emitter.complete_session(session_id=room.session_id))
    if token is not None:
        assert room.emitter.wait_for_decision_sync(str(token)) == "reject"
    room.assert_well_told(complete=True)
    assert not room.emitter._desk._sessions


@pytest.mark.parametrize("attempt", range(20))
def test_asking_races_the_last_listeners_leaving(attempt: int) -> None:
    """CNF-7: no question stays open that nobody can answer."""
    room = Room()
    token, _ = at_once(room.confirm, room.listener.close)
    assert room.emitter.wait_for_decision_sync(str(token)) == "reject"
    assert room.outcome(str(token)) == "unanswerable"
