"""Events in a file: one a line, there at once, in the right file after a rotation."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from aaep_helpers.sinks import JsonlSink
from tests.aaep_helpers.ears import Event, assert_well_told, new_emitter
from tests.aaep_helpers.threads import all_at_once


def events_in(path: Path) -> list[Event]:
    written = path.read_text(encoding="utf-8")
    assert written == "" or written.endswith("\n")
    return [json.loads(line) for line in written.splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_each_event_is_one_line_and_is_there_as_soon_as_it_was_heard(path: Path) -> None:
    emitter = new_emitter()
    heard: list[Event] = []
    with JsonlSink(path) as sink:
        emitter.subscribe(heard.append)
        emitter.subscribe(sink)
        session_id = emitter.start_session(request_text="One line,\nand another.")
        assert events_in(path) == heard
        emitter.state_changed(session_id=session_id, to_state="thinking")
        assert events_in(path) == heard
        emitter.complete_session(session_id=session_id)
    assert events_in(path) == heard
    assert_well_told(events_in(path))


def test_text_in_any_script_is_written_as_it_is(path: Path) -> None:
    text = "Ọjọ́ 文字 \u2028 👩\u200d👩\u200d👧 שלום"
    with JsonlSink(path) as sink:
        sink({"chunk": text})
        sink({"chunk": "next"})
    assert text in path.read_bytes().decode("utf-8")
    lines = path.read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines if line] == [{"chunk": text}, {"chunk": "next"}]


def test_what_is_in_the_file_already_stays(path: Path) -> None:
    path.write_text('{"number":0}\n', encoding="utf-8")
    for number in (1, 2):
        with JsonlSink(str(path)) as sink:
            sink({"number": number})
    assert [event["number"] for event in events_in(path)] == [0, 1, 2]


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        JsonlSink(tmp_path / "missing" / "events.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_lines_of_many_threads_do_not_run_into_each_other(path: Path) -> None:
    with JsonlSink(path) as sink:

        def write(who: int) -> None:
            for number in range(50):
                sink({"who": who, "number": number, "text": "x" * 1000})

        all_at_once(*[lambda who=who: write(who) for who in range(8)])
    written = events_in(path)
    assert len(written) == 8 * 50
    for who in range(8):
        assert [one["number"] for one in written if one["who"] == who] == list(range(50))


def test_rotation_goes_on_in_the_new_file(path: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.jsonl"
    with JsonlSink(path) as sink:
        sink({"number": 1})
        sink.rotate(later)
        sink({"number": 2})
        sink.rotate(str(path))
        sink({"number": 3})
    assert [event["number"] for event in events_in(path)] == [1, 3]
    assert [event["number"] for event in events_in(later)] == [2]


def test_rotation_opens_the_same_path_again_after_it_was_moved_away(
    path: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "events.jsonl.1"
    with JsonlSink(path) as sink:
        sink({"number": 1})
        path.rename(moved)
        sink({"number": 2})
        sink.rotate()
        sink({"number": 3})
    assert [event["number"] for event in events_in(moved)] == [1, 2]
    assert [event["number"] for event in events_in(path)] == [3]


@pytest.mark.parametrize("wrong", ["missing/events.jsonl", ".", "nul\0byte", 5])
def test_a_rotation_that_fails_keeps_the_old_file(wrong: Any, path: Path, tmp_path: Path) -> None:
    target = tmp_path / wrong if isinstance(wrong, str) else object()
    with JsonlSink(path) as sink:
        sink({"number": 1})
        with pytest.raises((OSError, ValueError, TypeError)):
            sink.rotate(target)  # type: ignore[arg-type]
        sink({"number": 2})
        sink.rotate()
        sink({"number": 3})
    assert [event["number"] for event in events_in(path)] == [1, 2, 3]


def test_a_closed_sink_takes_nothing_more_and_says_which_file_it_was(path: Path) -> None:
    sink = JsonlSink(path)
    sink({"number": 1})
    sink.close()
    sink.close()
    with pytest.raises(ValueError, match=r"events\.jsonl is closed"):
        sink({"number": 2})
    assert [event["number"] for event in events_in(path)] == [1]


def test_a_closed_sink_is_not_opened_again_by_a_rotation(path: Path, tmp_path: Path) -> None:
    sink = JsonlSink(path)
    sink.close()
    for target in (None, tmp_path / "later.jsonl"):
        with pytest.raises(ValueError, match=r"events\.jsonl is closed"):
            sink.rotate(target)
    assert [one.name for one in tmp_path.iterdir()] == ["events.jsonl"]


def test_a_sink_that_is_closed_too_early_is_logged_once_and_the_others_hear_on(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emitter = new_emitter()
    heard: list[Event] = []
    sink = JsonlSink(path)
    emitter.subscribe(sink)
    emitter.subscribe(heard.append)
    session_id = emitter.start_session()
    sink.close()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.complete_session(session_id=session_id)
    assert len(events_in(path)) == 1
    assert_well_told(heard)
    (logged,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "JsonlSink" in logged.getMessage()


def test_an_event_that_is_no_json_leaves_no_half_line(path: Path) -> None:
    with JsonlSink(path) as sink:
        with pytest.raises(TypeError):
            sink({"chunk": "text", "object": object()})
        with pytest.raises(UnicodeEncodeError):
            sink({"chunk": "\ud800"})
        sink({"number": 1})
    assert events_in(path) == [{"number": 1}]
