"""Text that stops in mid-sentence is said after a while; nobody waits for ever, and nothing is lost."""

from __future__ import annotations

import logging
import threading

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import ManualClock
from aaep_helpers.quiet import QuietWatch
from tests.aaep_helpers.ears import Ear, every_ear, new_emitter, texts

SOON = 30.0


class Session:
    """A session as the watch sees it; it can be told what to answer."""

    def __init__(self, held: bool = False) -> None:
        self.last_text_at = 0.0
        self.is_over = False
        self.held = held
        self.told = 0

    def quiet(self) -> bool:
        self.told += 1
        return self.held


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test looks round itself, with pass_over."""
    monkeypatch.setattr(QuietWatch, "_run", lambda self: None)


@pytest.mark.usefixtures("no_threads")
def test_a_session_is_told_only_once_it_has_been_quiet_long_enough() -> None:
    clock = ManualClock()
    watch, session = QuietWatch(clock, 2.0), Session()
    watch.watch(session)
    clock.advance(1.9)
    watch.pass_over()
    assert session.told == 0
    clock.advance(0.1)
    watch.pass_over()
    assert session.told == 1
    # It holds nothing, so it is left alone.
    watch.pass_over()
    assert session.told == 1


@pytest.mark.usefixtures("no_threads")
def test_a_session_that_still_holds_text_is_told_again() -> None:
    clock = ManualClock()
    watch, session = QuietWatch(clock, 2.0), Session(held=True)
    watch.watch(session)
    clock.advance(2)
    watch.pass_over()
    watch.pass_over()
    assert session.told == 2


@pytest.mark.usefixtures("no_threads")
def test_a_session_that_is_over_is_forgotten() -> None:
    clock = ManualClock()
    watch, session = QuietWatch(clock, 2.0), Session(held=True)
    watch.watch(session)
    clock.advance(2)
    session.is_over = True
    watch.pass_over()
    session.is_over = False
    watch.pass_over()
    assert session.told == 0


@pytest.mark.usefixtures("no_threads")
def test_text_that_comes_just_as_it_is_quiet_is_watched_all_the_same() -> None:
    clock = ManualClock()
    watch = QuietWatch(clock, 2.0)

    class Busy(Session):
        def quiet(self) -> bool:
            super().quiet()
            watch.watch(self)  # Another thread hands over text that is held from now on.
            return False

    session = Busy()
    watch.watch(session)
    clock.advance(2)
    watch.pass_over()
    watch.pass_over()
    assert session.told == 2


@pytest.mark.usefixtures("no_threads")
def test_a_session_that_fails_is_logged_and_the_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Session):
        def quiet(self) -> bool:
            raise RuntimeError("broken inside")

    clock = ManualClock()
    watch, sessions = QuietWatch(clock, 2.0), [Session(), Broken(), Session()]
    for session in sessions:
        watch.watch(session)
    clock.advance(2)
    watch.pass_over()
    watch.pass_over()
    assert [sessions[0].told, sessions[2].told] == [1, 1]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "broken inside" in caplog.text


def test_no_time_means_no_watch_and_no_thread() -> None:
    watch, session = QuietWatch(ManualClock(), None), Session()
    watch.watch(session)
    watch.pass_over()
    assert session.told == 0


def test_a_closed_watch_takes_nobody_on() -> None:
    watch, session = QuietWatch(ManualClock(), 0.0), Session()
    watch.close()
    watch.watch(session)
    watch.pass_over()
    assert session.told == 0


def test_the_watch_runs_one_thread_while_there_is_something_to_watch() -> None:
    told = threading.Event()

    class Noticing(Session):
        def quiet(self) -> bool:
            told.set()
            return False

    watch = QuietWatch(ManualClock(), 0.002)
    session = Noticing()
    session.last_text_at = -1.0
    watch.watch(session)
    assert told.wait(SOON)
    for thread in threading.enumerate():
        if thread.name == "aaep-quiet":
            thread.join(SOON)
            assert not thread.is_alive()
    # And it starts again when there is something again.
    told.clear()
    watch.watch(session)
    assert told.wait(SOON)
    watch.close()


def test_stalled_text_is_said_in_whole_words_and_the_rest_on_the_second_time() -> None:
    emitter = new_emitter()
    ears = {ear.boundary: ear for ear in every_ear(emitter)}
    session_id = emitter.start_session()
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="Let me look th")
    assert texts(ears["sentence"].heard) == []
    emitter.flush_quiet_text()
    assert texts(ears["sentence"].heard) == ["Let me look "]
    emitter.flush_quiet_text()
    assert "".join(texts(ears["sentence"].heard)) == "Let me look th"
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="at up. ")
    emitter.complete_session(session_id=session_id)
    for ear in ears.values():
        assert "".join(texts(ear.heard)) == "Let me look that up. "
    # The whole is wanted whole.
    assert texts(ears["completion"].heard) == ["Let me look that up. "]


def test_nothing_is_said_about_nothing() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    emitter.flush_quiet_text()
    session_id = emitter.start_session()
    emitter.flush_quiet_text()
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="One. ")
    emitter.flush_quiet_text()
    before = len(ear.heard)
    emitter.flush_quiet_text()
    assert len(ear.heard) == before


def test_an_emitter_says_stalled_text_by_itself() -> None:
    said = threading.Event()
    emitter = AAEPEmitter(quiet_seconds=0.002)
    emitter.subscribe(
        lambda event: said.set(), event_types=["aaep:agent.output.streaming"], boundary="sentence"
    )
    session_id = emitter.start_session()
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="Half a sentence and ")
    assert said.wait(SOON)
    emitter.close()
