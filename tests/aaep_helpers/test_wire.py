"""Events there and back: what a receiver reads is what the emitter was told."""

from __future__ import annotations

import pytest

from aaep_helpers import AAEPEmitter, MessageValidationError, Summary, make_id
from aaep_helpers import events as e
from aaep_helpers.testing import capture_events
from aaep_helpers.wire import OutputStreaming, event_from_wire


def _trace() -> list[dict[str, object]]:
    emitter = AAEPEmitter(quiet_seconds=None)
    with capture_events(emitter) as seen:
        session_id = emitter.start_session(
            summary_normal="Working.", summary_terse="W.", tools_available=["search"]
        )
        emitter.progress_updated(session_id=session_id, step=1, total_steps=3)
        call = emitter.tool_invoked(session_id=session_id, tool="search", risk_level="low")
        emitter.tool_completed(session_id=session_id, tool="search", status="success")
        emitter.output_streaming(
            session_id=session_id, output_id=make_id("out"), chunk="Hi. 👋", complete=True
        )
        emitter.request_handoff(session_id=session_id, reason="Too hard.", target_kind="human")
        emitter.error_session(session_id=session_id, error_category="transient", recoverable=True)
    assert call.startswith("call_")
    return seen


def test_every_event_reads_back_as_the_payload_it_was_made_of() -> None:
    for event in _trace():
        received = event_from_wire(event)
        assert received.type == event["type"]
        assert received.event_id == event["event_id"]
        assert received.sequence_number == event["sequence_number"]
        payload = received.payload
        assert payload is not None
        if isinstance(payload, OutputStreaming):
            assert (payload.chunk, payload.complete) == (event["chunk"], event["complete"])
            continue
        assert event["type"] == payload.TYPE
        assert payload.summary.literal["normal"] == event["summary_normal"]
    started = event_from_wire(_trace()[0]).payload
    assert started == e.SessionStarted(
        summary=Summary.words("Working.", terse="W."), tools_available=("search",)
    )


def test_iri_form_of_a_type_reads_like_the_short_one() -> None:
    event = _trace()[0]
    event["type"] = "https://aaep-protocol.org/types/agent.session.started"
    assert event_from_wire(event).type == "aaep:agent.session.started"


def test_env_3_unknown_types_fields_and_values_are_tolerated() -> None:
    trace = _trace()
    assert event_from_wire({**trace[0], "type": "acme:moon.rose"}).payload is None
    assert event_from_wire({**trace[0], "brand_new": 1}).payload is not None
    assert event_from_wire({**trace[-1], "error_category": "lunar"}).payload is not None
    progress = next(event for event in trace if "progress" in event)
    read = event_from_wire({**progress, "progress": {"step": 1, "lap": 2}}).payload
    assert isinstance(read, e.ProgressUpdated)
    assert read.progress == e.Progress(step=1)


@pytest.mark.parametrize("field", ["type", "event_id", "session_id", "timestamp", "producer"])
def test_env_1_a_missing_envelope_field_is_named(field: str) -> None:
    event = _trace()[0]
    del event[field]
    with pytest.raises(MessageValidationError, match=field):
        event_from_wire(event)


def test_env_1_a_missing_or_unreadable_payload_field_is_named() -> None:
    trace = _trace()
    tool = next(event for event in trace if event["type"] == "aaep:agent.tool.invoked")
    assert event_from_wire({k: w for k, w in tool.items() if k != "tool_call_id"}).payload
    with pytest.raises(MessageValidationError, match="/tool:"):
        event_from_wire({k: w for k, w in tool.items() if k != "tool"})
    progress = next(event for event in trace if "progress" in event)
    with pytest.raises(MessageValidationError, match="/progress"):
        event_from_wire({**progress, "progress": 7})
