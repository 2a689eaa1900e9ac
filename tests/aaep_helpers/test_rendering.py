"""From a fact to a wire event: the envelope, the words, the limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, EventValidationError, validate_event
from aaep_helpers.clock import ManualClock
from aaep_helpers.rendering import localization_hints
from aaep_helpers.vocabulary import MAX_EVENT_BYTES
from tests.aaep_helpers.ears import Ear, Event, new_emitter

WIDE = "語 " * 30_000


def size(event: Event) -> int:
    return len(json.dumps(event, ensure_ascii=False).encode())


def test_the_envelope_is_complete() -> None:
    emitter = AAEPEmitter(
        "bank-helper",
        "Bank helper",
        agent_version="2.1",
        model="scripted",
        manifest_uri="https://bank.example/manifest.json",
        clock=ManualClock(1_800_000_000_123),
        quiet_seconds=None,
    )
    ear = Ear().listen(emitter)
    session_id = emitter.start_session(
        request_text="What is my balance?",
        requested_by="Ana",
        tools_available=["look_up", "look_up", "send_mail"],
        expected_duration_ms=1500,
    )
    (event,) = ear.heard
    assert event.pop("event_id").startswith("evt_")
    assert event == {
        "@context": "https://aaep-protocol.org/context/v1",
        "type": "aaep:agent.session.started",
        "session_id": session_id,
        "timestamp": "2027-01-15T08:00:00.123Z",
        "sequence_number": 0,
        "producer": {
            "agent_id": "bank-helper",
            "agent_name": "Bank helper",
            "agent_version": "2.1",
            "model": "scripted",
            "manifest_uri": "https://bank.example/manifest.json",
        },
        "urgency": "normal",
        "verbosity": "normal",
        "summary_normal": "Working on: What is my balance?",
        "request_text": "What is my balance?",
        "requested_by": "Ana",
        "tools_available": ["look_up", "send_mail"],
        "expected_duration_ms": 1500,
        "localization_hints": {"primary_language": "en-US", "text_direction": "ltr"},
        "aaep_version": "1.0.0",
    }


def test_extensions_come_with_the_contexts_that_declare_them() -> None:
    """ENV-5."""
    contexts = {"acme": "https://acme.example/context", "other": "https://other.example/"}
    emitter = new_emitter(extension_contexts=contexts)
    ear = Ear().listen(emitter)
    emitter.start_session(extensions={"acme": {"ticket": 7}})
    (event,) = ear.heard
    assert event["extensions"] == {"acme": {"ticket": 7}}
    assert event["@context"] == ["https://aaep-protocol.org/context/v1", contexts["acme"]]
    emitter.start_session(extensions={})
    assert "extensions" not in ear.heard[-1]
    ear.assert_well_told(complete=False)


@pytest.mark.parametrize(
    ("language", "direction"),
    [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("ar-EG", "rtl"),
        ("HE", "rtl"),
        ("arn", "ltr"),
        ("ur-PK", "rtl"),
    ],
)
def test_the_direction_of_a_language_is_told(language: str, direction: str) -> None:
    assert localization_hints(language) == {
        "primary_language": language,
        "text_direction": direction,
    }


def test_words_written_by_hand_are_said_to_be_in_the_producers_language() -> None:
    emitter = new_emitter(language="pt-BR")
    ear = Ear().listen(emitter, language="en")
    session_id = emitter.start_session(summary_normal="Estou começando.")
    assert ear.heard[0]["localization_hints"]["primary_language"] == "pt-BR"
    emitter.complete_session(session_id=session_id)
    assert ear.heard[-1]["localization_hints"]["primary_language"] == "en"


# By method: arguments as long as callers may think of, which are shortened rather than refused (D7).
LONG: list[tuple[str, dict[str, Any]]] = [
    ("state_changed", {"to_state": "thinking"}),
    ("progress_updated", {"percent": 1, "description": WIDE}),
    ("tool_invoked", {"tool": "t", "description": WIDE, "args_summary": WIDE, "spoken_name": WIDE}),
    (
        "request_handoff",
        {
            "reason": WIDE,
            "target_kind": "human",
            "packaged_context": {str(number): WIDE for number in range(40)},
        },
    ),
    ("complete_session", {"output_summary": WIDE}),
    ("error_session", {"error_category": "unknown", "remediation_hint": WIDE}),
    ("cancel_session", {"cancelled_by": "user", "partial_result": WIDE}),
]


@pytest.mark.parametrize(("method", "arguments"), LONG, ids=[method for method, _ in LONG])
@pytest.mark.parametrize("by_hand", [False, True])
def test_long_texts_are_shortened_and_no_event_is_larger_than_64_kib(
    method: str, arguments: dict[str, Any], by_hand: bool
) -> None:
    said: dict[str, Any] = {"summary_normal": WIDE, "summary_terse": WIDE, "summary_detailed": WIDE}
    emitter = new_emitter()
    ears = [Ear(), Ear(verbosity="detailed"), Ear(verbosity="terse")]
    for ear in ears:
        ear.listen(emitter)
    session_id = emitter.start_session(
        request_text=WIDE, requested_by=WIDE, tools_available=[f"tool_{n}" for n in range(999)]
    )
    getattr(emitter, method)(session_id=session_id, **arguments, **(said if by_hand else {}))
    emitter.close()
    for ear in ears:
        ear.assert_well_told()
        assert max(map(size, ear.heard)) <= MAX_EVENT_BYTES
        assert [validate_event(event) for event in ear.heard] == [[]] * len(ear.heard)


def test_a_tools_problem_and_length_are_shortened_too() -> None:
    emitter = new_emitter()
    ear = Ear(verbosity="detailed").listen(emitter)
    session_id = emitter.start_session()
    call_id = emitter.tool_invoked(session_id=session_id, tool="t" * 256)
    emitter.tool_completed(
        session_id=session_id,
        tool="t" * 256,
        tool_call_id=call_id,
        status="error",
        error_message=WIDE,
    )
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


@pytest.mark.parametrize(
    ("method", "arguments", "field"),
    [
        ("start_session", {"extensions": {"acme": {"blob": "x" * 70_000}}}, "/extensions"),
        ("complete_session", {"result_uri": "https://a.example/" + "x" * 70_000}, "/result_uri"),
        (
            "error_session",
            {"error_category": "unknown", "error_uri": "https://a.example/" + "x" * 70_000},
            "/error_uri",
        ),
        (
            "request_handoff",
            {
                "reason": "Too hard.",
                "target_kind": "human",
                "target_uri": "https://a.example/" + "x" * 70_000,
            },
            "/target_uri",
        ),
    ],
)
def test_what_cannot_be_shortened_is_refused_by_its_size(
    method: str, arguments: dict[str, Any], field: str
) -> None:
    """ENV-7: data and addresses say something else when a part is left out."""
    emitter = new_emitter(extension_contexts={"acme": "https://acme.example/context"})
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    more = {} if method == "start_session" else {"session_id": session_id}
    with pytest.raises(EventValidationError, match="bytes") as caught:
        getattr(emitter, method)(**arguments, **more)
    assert [(found.rule, found.path) for found in caught.value.violations] == [("ENV-7", field)]
    assert len(ear.heard) == 1
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


def test_numbers_are_said_so_that_they_can_be_read_aloud() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.progress_updated(session_id=session_id, percent=40)
    emitter.progress_updated(session_id=session_id, percent=33.3)
    emitter.progress_updated(session_id=session_id, step=2, total_steps=5)
    emitter.progress_updated(session_id=session_id, step=2)
    emitter.progress_updated(session_id=session_id, total_steps=5)
    emitter.progress_updated(session_id=session_id, percent=1, description="Reading the letter.")
    assert [event["summary_normal"] for event in ear.heard[1:]] == [
        "40 percent done.",
        "33.3 percent done.",
        "Step 2 of 5.",
        "Step 2.",
        "Steps in all: 5.",
        "Reading the letter.",
    ]
