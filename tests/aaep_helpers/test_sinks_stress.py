"""The event file under stress: many threads, events that are no JSON, names that are no file names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aaep_helpers.sinks import JsonlSink
from tests.aaep_helpers.ears import Event
from tests.aaep_helpers.threads import all_at_once


def events_in(path: Path) -> list[Event]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


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


def test_an_event_that_is_no_json_leaves_no_half_line(path: Path) -> None:
    with JsonlSink(path) as sink:
        with pytest.raises(TypeError):
            sink({"chunk": "text", "object": object()})
        with pytest.raises(UnicodeEncodeError):
            sink({"chunk": "\ud800"})
        sink({"number": 1})
    assert events_in(path) == [{"number": 1}]
