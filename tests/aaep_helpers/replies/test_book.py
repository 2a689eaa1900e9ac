"""CNF-4: used tokens are remembered, in bounded memory, and forgetting one opens nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aaep_helpers import events as e
from aaep_helpers import make_id
from aaep_helpers.catalogue import Summary
from aaep_helpers.replies import OpenRequest, QuestionBook
from aaep_helpers.replies.book import REMEMBER_SECONDS, REMEMBER_SETTLEMENTS
from aaep_helpers.session import Outcome
from tests.aaep_helpers.replies.asking import Room


def a_request(session_id: str = "sess_1", at: float = 0.0, seconds: int = 60) -> OpenRequest:
    payload = e.ClarificationRequested(
        question="Which?",
        reply_token=make_id("rpl"),
        timeout_seconds=seconds,
        summary=Summary.words("Which?"),
        accepted_response_kinds=("freetext",),
    )
    return OpenRequest(
        payload=payload, session_id=session_id, tool_call_id=None, asked_ms=0, asked_at=at
    )


def settle(book: QuestionBook, request: OpenRequest, response: str = "this") -> bool:
    return book.settle(request.token, request.settled(Outcome.ANSWERED, 0, response=response))


def test_memory_is_bounded_after_twenty_thousand_questions() -> None:
    room = Room(can_reply=True)
    first = ""
    for number in range(20_000):
        if number % 50 == 0:
            room.emitter.complete_session(session_id=room.session_id)
            room.ear.heard.clear()
            room.session_id = room.emitter.start_session()
        token = room.confirm(f"Send letter {number}")
        first = first or token
        assert room.accept(token) is True
    desk = room.emitter._desk
    room.emitter.complete_session(session_id=room.session_id)
    assert desk._book.remembered == REMEMBER_SETTLEMENTS
    assert not len(desk._book)
    assert not desk._sessions
    assert not desk._waiters
    assert len(desk._book._agenda) <= 64
    assert not desk._book._by_session
    assert not desk._book._used_in
    assert len(room.emitter.audit_trail) <= 2_048
    # Forgotten is not forgiven.
    assert room.emitter.settlement(first) is None
    assert not room.accept(first)
    assert room.why_ignored() == "unknown_token"
    assert room.emitter.wait_for_decision_sync(token) == "accept"


def test_tokens_are_remembered_a_day_past_their_session_and_as_long_as_it_lasts() -> None:
    book = QuestionBook()
    old, young = a_request("sess_1"), a_request("sess_2")
    for request in (old, young):
        book.open(request)
        assert settle(book, request)
    book.end_session("sess_1", now=100.0)
    book.forget(100.0 + REMEMBER_SECONDS - 1)
    assert book.settlement(old.token) is not None
    book.forget(100.0 + REMEMBER_SECONDS)
    assert book.settlement(old.token) is None
    book.forget(100.0 + 30 * REMEMBER_SECONDS)
    assert book.settlement(young.token) is not None, "its session is under way"
    assert book.remembered == 1


def test_long_answers_are_remembered_within_bounds_too() -> None:
    book = QuestionBook(most=1_000, most_characters=10_000)
    requests = [a_request(f"sess_{number % 3}") for number in range(50)]
    for request in requests:
        book.open(request)
        assert settle(book, request, "x" * 1_000)
    assert book.remembered == 10
    assert book.settlement(requests[-1].token) is not None
    for number in range(3):
        book.end_session(f"sess_{number}", 0.0)
    book.forget(REMEMBER_SECONDS)
    assert book.remembered == 0
    assert book._characters == 0


def test_the_first_end_is_the_only_one() -> None:
    book = QuestionBook()
    request = a_request()
    assert not settle(book, request), "it was never asked"
    book.open(request)
    assert settle(book, request, "this")
    assert not settle(book, request, "that")
    settled = book.settlement(request.token)
    assert settled is not None
    assert settled.response == "this"


@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), max_size=30), st.data())
def test_each_question_is_due_exactly_when_its_time_is_up(
    asked: list[tuple[int, bool]], data: st.DataObject
) -> None:
    book = QuestionBook()
    requests = [a_request(seconds=seconds) for seconds, _ in asked]
    for request in requests:
        book.open(request)
    open_ = set()
    for request, (_, ends) in zip(requests, asked, strict=True):
        if ends:
            settle(book, request)
        else:
            open_.add(request.token)
    now = 0.0
    while open_:
        next_due = book.next_due()
        assert next_due is not None
        now = max(now, data.draw(st.floats(next_due, next_due + 50)))
        due = book.due(now)
        for request in due.expired:
            assert request.deadline <= now
            assert request.token in open_
            open_.remove(request.token)
            settle(book, request)
        for request in due.marked:
            assert now < request.deadline
        late = [r for r in requests if r.token in open_ and r.deadline <= now]
        assert not late
    assert book.next_due() is None
