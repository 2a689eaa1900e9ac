"""CNF-10, CNF-12: how long a question waits, and that listeners hear how much is left."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import ManualClock, SystemClock
from aaep_helpers.replies import DeadlineWatch, LongerTimeouts
from aaep_helpers.replies.timeouts import MAX_SECONDS, confirmation_seconds
from aaep_helpers.vocabulary import RiskLevel
from tests.aaep_helpers.replies.asking import Room


@pytest.mark.parametrize(
    ("arguments", "least", "most"),
    [
        ({"irreversible": True, "risk_level": "high"}, 180, 600),
        ({"irreversible": True}, 180, 600),
        ({"reversibility": "irreversible"}, 180, 600),
        ({"irreversible": True, "risk_level": "medium"}, 60, 180),
        ({"risk_level": "medium"}, 60, 180),
        ({"irreversible": True, "risk_level": "low"}, 30, 90),
        ({"risk_level": "low"}, 30, 90),
        ({"risk_level": "high", "irreversible": False}, 30, 90),
        ({}, 30, 90),
    ],
)
def test_the_time_goes_by_the_risk_where_nobody_says(
    arguments: dict[str, Any], least: int, most: int
) -> None:
    room = Room()
    room.confirm(timeout_seconds=None, **arguments)
    assert least <= room.ear.heard[-1]["timeout_seconds"] <= most


def test_a_clarification_waits_one_to_five_minutes_where_nobody_says() -> None:
    room = Room()
    room.clarify(timeout_seconds=None)
    assert 60 <= room.ear.heard[-1]["timeout_seconds"] <= 300


@pytest.mark.parametrize(
    ("longer", "asked", "given_"),
    [
        (1.0, 60, 60),
        (2.5, 60, 150),
        (2, 86_000, 86_400),
        (LongerTimeouts(minimum_seconds=600), 60, 600),
        (LongerTimeouts(factor=2, minimum_seconds=90), 60, 120),
    ],
)
def test_a_deployment_gives_its_users_more_time(longer: Any, asked: int, given_: int) -> None:
    room = Room(longer_timeouts=longer)
    token = room.confirm(timeout_seconds=asked)
    assert room.ear.heard[-1]["timeout_seconds"] == given_
    room.clarify(timeout_seconds=asked)
    assert room.ear.heard[-1]["timeout_seconds"] == given_
    room.clock.advance(given_ - 0.001)
    room.emitter.check_deadlines()
    assert room.outcome(token) is None
    room.clock.advance(0.001)
    room.emitter.check_deadlines()
    assert room.outcome(token) == "timed_out"


@pytest.mark.parametrize("wrong", [0.5, 0, -1, float("nan"), float("inf")])
def test_nobody_gets_less_time(wrong: float) -> None:
    with pytest.raises(ValueError, match="factor of 1 or more"):
        AAEPEmitter(longer_timeouts=wrong)
    for seconds in (0, -1, MAX_SECONDS + 1):
        with pytest.raises(ValueError, match="minimum_seconds"):
            LongerTimeouts(minimum_seconds=seconds)
    for odd in ("2", None, True):
        with pytest.raises(TypeError, match="longer_timeouts"):
            AAEPEmitter(longer_timeouts=odd)  # type: ignore[arg-type]


@given(st.floats(1, 100), st.integers(1, MAX_SECONDS), st.integers(1, MAX_SECONDS))
def test_longer_is_never_shorter_and_always_sendable(
    factor: float, minimum: int, seconds: int
) -> None:
    longer = LongerTimeouts(factor, minimum).of(seconds)
    assert max(seconds, minimum) <= longer <= MAX_SECONDS


@given(st.booleans(), st.sampled_from((None, "low", "medium", "high")))
def test_more_risk_never_means_less_time(irreversible: bool, risk: RiskLevel | None) -> None:
    seconds = confirmation_seconds(irreversible=irreversible, risk_level=risk)
    assert 30 <= seconds <= 600
    assert seconds >= confirmation_seconds(irreversible=False, risk_level=risk)


# CNF-10


def marks_of(room: Room) -> list[str]:
    return [event["summary_normal"] for event in room.ear.heard if "progress" in event["type"]]


@pytest.mark.parametrize("seconds", [61, 120, 300, 86_400])
def test_half_and_a_tenth_of_the_time_are_told(seconds: int) -> None:
    room = Room()
    room.confirm(timeout_seconds=seconds)
    told = []
    for share in (0.49, 0.02, 0.3, 0.08, 0.02, 0.05):
        room.clock.advance(seconds * share)
        room.emitter.check_deadlines()
        room.emitter.check_deadlines()
        told.append(len(marks_of(room)))
    assert told == [0, 1, 1, 1, 2, 2]
    last = [event for event in room.ear.heard if "progress" in event["type"]][-1]
    assert last["urgency"] == "normal", "who needs the time most may not hear background events"
    assert last["eta_ms"] == pytest.approx(seconds * 1000 * 0.09, abs=2)
    room.clock.advance(seconds)
    room.emitter.check_deadlines()
    room.emitter.close()
    room.assert_well_told(complete=True)
    assert len(marks_of(room)) == 2


def test_short_waits_and_ended_questions_tell_nothing_of_the_time() -> None:
    room = Room()
    room.confirm(timeout_seconds=60)
    answered = room.confirm("Something else", timeout_seconds=120)
    assert room.accept(answered)
    for _ in range(12):
        room.clock.advance(10)
        room.emitter.check_deadlines()
    assert marks_of(room) == []


def test_after_a_long_sleep_only_what_is_left_is_told_and_nothing_after_the_end() -> None:
    room = Room()
    room.confirm(timeout_seconds=100)
    room.clock.advance(95)
    room.emitter.check_deadlines()
    assert marks_of(room) == ["Still waiting for your answer. Time left: 5 seconds."]
    room.clock.advance(5)
    room.emitter.check_deadlines()
    late = Room()
    late.confirm(timeout_seconds=100)
    late.clock.advance(100)
    late.emitter.check_deadlines()
    assert marks_of(late) == []


# The watch


def test_the_watch_looks_again_only_when_something_is_due() -> None:
    looks: list[float] = []
    done = threading.Event()
    clock = SystemClock()
    begin = clock.monotonic()

    def look() -> float | None:
        looks.append(clock.monotonic() - begin)
        if len(looks) < 3:
            return begin + 0.05 * len(looks)
        done.set()
        return None

    watch = DeadlineWatch(clock, look)
    watch.poke()
    assert done.wait(30)
    assert 3 <= len(looks) <= 5, "it polls nothing"


def test_the_watch_survives_a_look_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    looks: list[int] = []

    def look() -> float | None:
        looks.append(1)
        if len(looks) == 1:
            raise OSError("once")
        done.set()
        return None

    watch = DeadlineWatch(SystemClock(), look)
    watch.poke()
    assert done.wait(30)
    assert "could not be looked at" in caplog.text


def test_a_clock_that_stands_still_has_nobody_wait_for_it() -> None:
    watch = DeadlineWatch(ManualClock(), lambda: 5.0)
    watch.poke()
    assert not watch.is_running
