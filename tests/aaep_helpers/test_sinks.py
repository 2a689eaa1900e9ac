"""JsonlSink: one event a line, there as soon as it was heard, rotated when the caller says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aaep_helpers.sinks import JsonlSink
from tests.aaep_helpers.ears import Ear, Event, assert_well_told, new_emitter


def lines(path: Path) -> list[Event]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def test_a_file_has_one_event_a_line_as_soon_as_it_was_heard(tmp_path: Path) -> None:
    emitter = new_emitter()
    path = tmp_path / "events.jsonl"
    with JsonlSink(path) as sink:
        emitter.subscribe(sink, boundary="none")
        ear = Ear("none").listen(emitter)
        session_id = emitter.start_session(request_text="Zwölf € 👩‍👩‍👧?\nNow.\u2028")
        assert lines(path) == ear.heard
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="Ja.\r\n")
        assert lines(path) == ear.heard
        emitter.complete_session(session_id=session_id)
    raw = path.read_bytes()
    assert raw.count(b"\n") == len(ear.heard)
    assert b"\r" not in raw
    assert "Zwölf".encode() in raw
    assert_well_told([json.loads(line) for line in raw.split(b"\n") if line], complete=False)


def test_a_file_that_is_there_already_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"earlier":true}\n')
    with JsonlSink(str(path)) as sink:
        sink({"later": True})
    assert lines(path) == [{"earlier": True}, {"later": True}]


def test_rotation_goes_on_in_another_file_between_two_events(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    with JsonlSink(first) as sink:
        sink({"number": 1})
        sink.rotate(second)
        sink({"number": 2})
    assert lines(first) == [{"number": 1}]
    assert lines(second) == [{"number": 2}]


def test_rotation_without_a_name_opens_the_same_one_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonlSink(path) as sink:
        sink({"number": 1})
        path.rename(tmp_path / "moved.jsonl")
        sink.rotate()
        sink({"number": 2})
    assert lines(tmp_path / "moved.jsonl") == [{"number": 1}]
    assert lines(path) == [{"number": 2}]


def test_a_new_file_that_cannot_be_opened_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonlSink(path) as sink:
        with pytest.raises(FileNotFoundError):
            sink.rotate(tmp_path / "no such folder" / "events.jsonl")
        sink({"number": 1})
        sink.rotate()
        sink({"number": 2})
    assert lines(path) == [{"number": 1}, {"number": 2}]


def test_a_closed_sink_says_so_and_closing_again_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = JsonlSink(path)
    sink.close()
    sink.close()
    with pytest.raises(ValueError, match=r"events\.jsonl is closed"):
        sink({"number": 1})
    sink.rotate()
    sink({"number": 2})
    sink.close()
    assert lines(path) == [{"number": 2}]


def test_a_sink_that_fails_does_not_stop_the_agent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emitter = new_emitter()
    sink = JsonlSink(tmp_path / "events.jsonl")
    emitter.subscribe(sink)
    ear = Ear().listen(emitter)
    sink.close()
    emitter.complete_session(session_id=emitter.start_session())
    ear.assert_well_told()
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    assert "is closed" in caplog.text


def test_a_folder_that_is_not_there_is_the_callers_to_make(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        JsonlSink(tmp_path / "none" / "events.jsonl")
