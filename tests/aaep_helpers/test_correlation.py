"""The trace a session belongs to is named in all its events, where there is one (RULES 1)."""

from __future__ import annotations

import re

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from aaep_helpers import correlation
from aaep_helpers.correlation import current_traceparent
from aaep_helpers.emitting import AAEPEmitter
from tests.aaep_helpers.ears import Ear, every_ear, new_emitter, texts

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def tell_a_session(emitter: AAEPEmitter, session_id: str) -> None:
    emitter.state_changed(session_id=session_id, to_state="thinking")
    call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
    emitter.tool_completed(
        session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
    )
    for text in ("It is warm. ", "It is ", "dry."):
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=text)
    emitter.complete_session(session_id=session_id)


def correlations(ear: Ear) -> set[str | None]:
    return {event.get("correlation_id") for event in ear.heard}


def test_all_events_of_a_session_carry_the_span_it_was_started_in() -> None:
    tracer = TracerProvider().get_tracer("test")
    emitter = new_emitter()
    ears = every_ear(emitter)
    with tracer.start_as_current_span("request") as span:
        context = span.get_span_context()
        session_id = emitter.start_session()
    # What comes after the span has ended, or from inside another one, belongs to the session all the same.
    with tracer.start_as_current_span("another"):
        late = Ear(late=frozenset({session_id})).listen(emitter)
        tell_a_session(emitter, session_id)

    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    assert TRACEPARENT.fullmatch(expected)
    for ear in [*ears, late]:
        assert texts(ear.heard)
        assert correlations(ear) == {expected}
        ear.assert_well_told()


def test_two_sessions_in_two_spans_carry_each_its_own() -> None:
    tracer = TracerProvider().get_tracer("test")
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    sessions = []
    for _ in range(2):
        with tracer.start_as_current_span("request"):
            sessions.append((emitter.start_session(), current_traceparent()))
    assert sessions[0][1] != sessions[1][1]
    for session_id, traceparent in sessions:
        tell_a_session(emitter, session_id)
        assert {event["correlation_id"] for event in ear.of(session_id)} == {traceparent}


@pytest.mark.parametrize(("sampler", "sampled"), [(ALWAYS_ON, 1), (ALWAYS_OFF, 0)])
def test_whether_a_span_is_sampled_is_in_its_flags(sampler: Sampler, sampled: int) -> None:
    tracer = TracerProvider(sampler=sampler).get_tracer("test")
    with tracer.start_as_current_span("request"):
        traceparent = current_traceparent()
    assert traceparent is not None
    assert TRACEPARENT.fullmatch(traceparent)
    assert int(traceparent[-2:], 16) & 1 == sampled


def test_outside_a_span_there_is_none() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    tell_a_session(emitter, emitter.start_session())
    assert current_traceparent() is None
    assert correlations(ear) == {None}
    assert not any("correlation_id" in event for event in ear.heard)


def test_without_opentelemetry_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = TracerProvider().get_tracer("test")
    monkeypatch.setattr(correlation, "trace", None)
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    with tracer.start_as_current_span("request"):
        tell_a_session(emitter, emitter.start_session())
    assert not any("correlation_id" in event for event in ear.heard)
    ear.assert_well_told()
