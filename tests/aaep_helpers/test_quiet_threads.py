"""Text that stopped coming: code in whole lines, listeners that exit, and the end of the watch's thread."""

from __future__ import annotations

import threading

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import ManualClock
from aaep_helpers.quiet import QuietWatch
from tests.aaep_helpers.ears import Ear, new_emitter, texts
from tests.aaep_helpers.threads import PATIENCE


def say(emitter: AAEPEmitter, session_id: str, text: str) -> None:
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=text)


def quiet_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "aaep-quiet"]


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


@pytest.mark.parametrize("fault", [SystemExit(1), KeyboardInterrupt()])
def test_a_listener_that_exits_does_not_end_the_watch_for_the_others(
    fault: BaseException, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(QuietWatch, "_run", lambda self: None)
    clock = ManualClock()
    emitter = new_emitter(clock=clock, quiet_seconds=2.0)
    ear = Ear().listen(emitter)

    def exits(event: object) -> None:
        if texts(ear.heard):
            raise fault

    emitter.subscribe(exits)
    for _ in range(2):
        say(emitter, emitter.start_session(), "Let me look th")
    clock.advance(2)
    emitter._quiet.pass_over()
    assert texts(ear.heard) == ["Let me look "] * 2
    assert "could not be said" in caplog.text


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
