"""A session carries the traceparent of the OpenTelemetry span it began in, if there is one (RULES 1)."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from aaep_helpers import correlation
from aaep_helpers.correlation import current_traceparent
from tests.aaep_helpers.ears import Ear, new_emitter

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
SPAN_ID = 0x00F067AA0BA902B7


def span(sampled: bool = True) -> NonRecordingSpan:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return NonRecordingSpan(SpanContext(TRACE_ID, SPAN_ID, is_remote=False, trace_flags=flags))


@pytest.mark.parametrize(("sampled", "flags"), [(True, "01"), (False, "00")])
def test_inside_a_span_there_is_its_traceparent(sampled: bool, flags: str) -> None:
    with trace.use_span(span(sampled)):
        assert (
            current_traceparent() == f"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-{flags}"
        )


def test_outside_a_span_there_is_none() -> None:
    assert current_traceparent() is None


def test_without_opentelemetry_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation, "trace", None)
    with trace.use_span(span()):
        assert current_traceparent() is None


def test_every_event_of_a_session_carries_the_span_it_began_in() -> None:
    """Also those emitted outside of it, text, and what a late listener is told."""
    emitter = new_emitter()
    ear = Ear("word").listen(emitter)
    with trace.use_span(span()):
        expected = current_traceparent()
        session_id = emitter.start_session()
    emitter.tool_invoked(session_id=session_id, tool="look_up")
    late = Ear(late=frozenset({session_id})).listen(emitter)
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="One two.")
    emitter.request_handoff(session_id=session_id, reason="Too hard.", target_kind="human")
    emitter.complete_session(session_id=session_id)
    for heard in (ear, late):
        assert {event["correlation_id"] for event in heard.heard} == {expected}
        heard.assert_well_told()


def test_a_session_outside_any_span_carries_nothing() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    with trace.use_span(span()):
        emitter.complete_session(session_id=session_id)
    assert [event for event in ear.heard if "correlation_id" in event] == []
