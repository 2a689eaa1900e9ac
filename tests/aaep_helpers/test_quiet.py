"""Text that stops coming in mid-sentence is heard all the same."""

from __future__ import annotations

import logging
import threading

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import ManualClock
from aaep_helpers.quiet import QuietWatch
from tests.aaep_helpers.ears import Ear, Event, new_emitter, texts
from tests.aaep_helpers.threads import PATIENCE, wait_for


def say(emitter: AAEPEmitter, session_id: str, text: str) -> None:
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=text)


class FakeSession:
    """A session that has text to say until it is all said."""

    def __init__(self, *, holds: int = 1) -> None:
        self.last_text_at = 0.0
        self.is_over = False
        self.asked = 0
        self._holds = holds

    def quiet(self) -> bool:
        self.asked += 1
        return self.asked < self._holds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def watching(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, *sessions: FakeSession
) -> QuietWatch:
    """A watch over sessions that is never woken: the test passes over them itself."""
    monkeypatch.setattr(QuietWatch, "_run", lambda self: None)
    watch = QuietWatch(clock, 2.0)
    for session in sessions:
        watch.watch(session)
    return watch


# What is heard.


def test_after_a_while_whole_words_are_heard_and_the_begun_one_waits() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, "The first one. Then the second o")
    assert texts(ear.heard) == ["The first one. "]

    emitter.flush_quiet_text()
    assert texts(ear.heard) == ["The first one. ", "Then the second "]
    say(emitter, session_id, "ne. ")
    emitter.complete_session(session_id=session_id)
    ear.assert_text(session_id, "out_1", "The first one. Then the second one. ")
    ear.assert_well_told()


def test_at_the_next_quiet_the_rest_is_heard_as_it_is() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, "Then the second o")
    for _ in range(4):
        emitter.flush_quiet_text()
    assert texts(ear.heard) == ["Then the second ", "o"]
    emitter.complete_session(session_id=session_id)
    ear.assert_text(session_id, "out_1", "Then the second o")
    ear.assert_well_told()


def test_of_code_whole_lines_are_heard_and_the_begun_one_waits() -> None:
    emitter = new_emitter()
    ear = Ear("paragraph").listen(emitter)
    session_id = emitter.start_session()
    lines, begun = "```python\nfirst = 1 + 2\n", "second = 3 +"
    say(emitter, session_id, lines + begun)
    emitter.flush_quiet_text()
    assert "".join(texts(ear.heard)) == lines
    say(emitter, session_id, " 4\n```\n")
    emitter.complete_session(session_id=session_id)
    ear.assert_text(session_id, "out_1", lines + begun + " 4\n```\n")
    ear.assert_well_told()


def test_half_a_line_of_code_alone_is_not_heard_at_the_first_quiet() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, "```python\n")
    emitter.flush_quiet_text()
    before = list(ear.heard)
    say(emitter, session_id, "result = one + tw")
    emitter.flush_quiet_text()
    assert ear.heard == before
    say(emitter, session_id, "o\n```\n")
    emitter.complete_session(session_id=session_id)
    ear.assert_text(session_id, "out_1", "```python\nresult = one + two\n```\n")


def test_a_sentence_that_looks_finished_is_heard_whole_at_once() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, "That was all of it.")
    assert texts(ear.heard) == []
    emitter.flush_quiet_text()
    assert texts(ear.heard) == ["That was all of it."]


def test_quiet_says_nothing_where_nothing_waits() -> None:
    emitter = new_emitter()
    ears = [Ear("none").listen(emitter), Ear().listen(emitter)]
    session_id = emitter.start_session()
    emitter.flush_quiet_text()
    assert all(texts(ear.heard) == [] for ear in ears)
    say(emitter, session_id, "All of it.")
    emitter.flush_quiet_text()
    before = [list(ear.heard) for ear in ears]
    emitter.flush_quiet_text()
    assert [ear.heard for ear in ears] == before


# Who is watched.


def test_a_session_is_asked_once_its_text_has_not_come_for_long_enough(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    watch = watching(clock, monkeypatch, session)
    clock.advance(1.9)
    watch.pass_over()
    assert session.asked == 0
    clock.advance(0.1)
    watch.pass_over()
    assert session.asked == 1
    watch.pass_over()
    assert session.asked == 1  # It holds nothing any more, so nobody asks.


def test_a_session_that_still_holds_text_is_asked_again(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession(holds=3)
    watch = watching(clock, monkeypatch, session)
    clock.advance(2)
    for _ in range(5):
        watch.pass_over()
    assert session.asked == 3


def test_a_session_that_is_over_is_never_asked(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    watch = watching(clock, monkeypatch, session)
    session.is_over = True
    clock.advance(60)
    watch.pass_over()
    assert session.asked == 0


def test_text_that_comes_while_a_session_is_asked_is_not_forgotten(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TextComes(FakeSession):
        def quiet(self) -> bool:
            watch.watch(self)
            return super().quiet()

    session = TextComes()
    watch = watching(clock, monkeypatch, session)
    clock.advance(2)
    watch.pass_over()
    watch.pass_over()
    assert session.asked == 2


@pytest.mark.parametrize("fault", [RuntimeError("broken"), SystemExit(1)])
def test_a_session_that_fails_is_logged_and_the_others_are_asked(
    fault: BaseException,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeSession):
        def quiet(self) -> bool:
            self.asked += 1
            raise fault

    broken = [Broken(), Broken()]
    session = FakeSession()
    watch = watching(clock, monkeypatch, broken[0], session, broken[1])
    clock.advance(2)
    watch.pass_over()
    watch.pass_over()
    assert [one.asked for one in (*broken, session)] == [1, 1, 1]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_nothing_is_watched_without_seconds_or_after_closing(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    never = QuietWatch(clock, None)
    never.watch(session)
    closed = watching(clock, monkeypatch, session)
    closed.close()
    closed.watch(session)
    closed.close()
    clock.advance(60)
    for watch in (never, closed):
        watch.pass_over()
    assert session.asked == 0


# The thread.


def quiet_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "aaep-quiet"]


def test_the_thread_says_what_waits_and_ends_when_nothing_is_open() -> None:
    before = quiet_threads()
    emitter = AAEPEmitter(quiet_seconds=0.001)
    waited, rest = threading.Event(), threading.Event()
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if "".join(texts(heard)) == "Then the ":
            waited.set()
        if event["type"] == "aaep:agent.output.streaming" and event["chunk"].endswith("o"):
            rest.set()

    emitter.subscribe(hear)
    session_id = emitter.start_session()
    say(emitter, session_id, "Then the ")
    wait_for(waited)
    say(emitter, session_id, "second o")
    wait_for(rest)
    emitter.complete_session(session_id=session_id)
    for thread in quiet_threads():
        if thread not in before:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    ear = Ear(heard=heard)
    ear.assert_text(session_id, "out_1", "Then the second o")
    ear.assert_well_told()


def test_closing_the_emitter_ends_the_thread_at_once() -> None:
    before = quiet_threads()
    emitter = AAEPEmitter(quiet_seconds=3600.0)
    session_id = emitter.start_session()
    say(emitter, session_id, "Then the ")
    (thread,) = [one for one in quiet_threads() if one not in before]
    emitter.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_no_thread_is_there_before_text_is_open_or_where_nobody_wants_one() -> None:
    before = quiet_threads()
    watched, unwatched = AAEPEmitter(quiet_seconds=3600.0), AAEPEmitter(quiet_seconds=None)
    for emitter in (watched, unwatched):
        emitter.start_session()
    say(unwatched, unwatched.start_session(), "Then the ")
    assert quiet_threads() == before
    watched.close()
