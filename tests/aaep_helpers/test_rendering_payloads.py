"""Each kind of fact as a wire event: valid, in the words wanted, and refused by rule and field."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.errors import EventValidationError
from aaep_helpers.events import OutputForm, WireEvent
from aaep_helpers.rendering import Chunk, Producer, Renderer
from aaep_helpers.validation import validate_event

SAID = Summary.words("So it is.", terse="So.", detailed="So it is, and at length.")
TOOL: dict[str, Any] = {"tool": "look_up", "tool_call_id": "call_1"}
QUESTION: dict[str, Any] = {"reply_token": "rpl_1", "timeout_seconds": 60}
CONFIRMATION: dict[str, Any] = {
    **QUESTION,
    "action": "Delete it",
    "consequence": "It is gone.",
    "default_decision": "reject",
}

# Every kind with the least it may have, and with everything it can have.
PAYLOADS: list[tuple[type[Any], dict[str, Any], dict[str, Any]]] = [
    (
        e.SessionStarted,
        {},
        {
            "request_text": "Help",
            "requested_by": "Ada",
            "tools_available": ("look_up",),
            "expected_duration_ms": 5,
        },
    ),
    (
        e.SessionCompleted,
        {},
        {
            "duration_ms": 5,
            "tool_invocations_count": 1,
            "output_summary": "It rains.",
            "result_uri": "https://example.org/1",
        },
    ),
    (
        e.SessionErrored,
        {"error_category": "transient"},
        {
            "error_code": "TIMED_OUT",
            "error_uri": "https://example.org/1",
            "recoverable": True,
            "remediation_hint": Summary.of("remedy.try_soon"),
        },
    ),
    (
        e.SessionCancelled,
        {"cancelled_by": "user"},
        {"cancellation_reason": "superseded", "partial_result": "Half of it."},
    ),
    (
        e.StateChanged,
        {"from_state": "idle", "to_state": "thinking"},
        {"expected_duration_ms": 5},
    ),
    (
        e.ProgressUpdated,
        {"progress": e.Progress(percent=0)},
        {
            "progress": e.Progress(percent=40.5, step=2, total_steps=5, description="Reading"),
            "eta_ms": 5,
        },
    ),
    (
        e.ToolInvoked,
        TOOL,
        {
            "description": "It looks.",
            "args_summary": "for: rain",
            "expected_duration_ms": 5,
            "risk_level": "low",
            "irreversible": False,
        },
    ),
    (
        e.ToolCompleted,
        {**TOOL, "status": "error"},
        {"duration_ms": 5, "error_message": Summary.of("problem.timed_out")},
    ),
    (
        e.ConfirmationRequested,
        CONFIRMATION,
        {
            "risk_level": "high",
            "irreversible": True,
            "reversibility": "irreversible",
            "allowed_replies": ("accept", "reject"),
            "extra_context": {"letters": [1, 2]},
        },
    ),
    (
        e.ClarificationRequested,
        {**QUESTION, "question": "Which?"},
        {
            "accepted_response_kinds": ("multiple_choice",),
            "choices": (e.Choice(value="a", label="A"), e.Choice(value="b", label="B")),
            "context": "There are two.",
            "default_response": "a",
        },
    ),
    (
        e.HandoffRequested,
        {"reason": "Too hard.", "target_kind": "human"},
        {
            "target_uri": "https://example.org/1",
            "packaged_context": {"so far": "nothing"},
            "urgency_for_handoff": "high",
        },
    ),
]
LEAST = {kind: least for kind, least, _ in PAYLOADS}
KINDS = [kind.__name__ for kind, _, _ in PAYLOADS]


def render(
    payload: e.Payload,
    *,
    language: str = "en-US",
    verbosity: v.Verbosity = "normal",
    extensions: Any = None,
) -> WireEvent:
    renderer = Renderer(
        Producer(agent_id="agent"), "en-US", default_catalogue(), {"acme": "https://acme.example/"}
    )
    urgency = v.URGENCY_OF_TYPE[payload.TYPE]
    fact = e.Fact("evt_1", "sess_1", 0, payload, urgency, extensions, "trace-1")
    return renderer.render(fact, language, verbosity)


def made(kind: type[Any], summary: Summary = SAID, **more: Any) -> e.Payload:
    payload: e.Payload = kind(summary=summary, **{**LEAST[kind], **more})
    return payload


def test_every_kind_of_payload_is_here() -> None:
    assert {kind.TYPE for kind, _, _ in PAYLOADS} == v.CORE_TYPES - {v.OUTPUT_STREAMING}


@pytest.mark.parametrize(("kind", "least", "most"), PAYLOADS, ids=KINDS)
def test_env_1_every_kind_makes_a_valid_event_with_little_and_with_everything(
    kind: type[Any], least: dict[str, Any], most: dict[str, Any]
) -> None:
    given = {field.name for field in dataclasses.fields(kind)}
    assert given == {"summary", *least, *most}
    for more in ({}, most):
        for verbosity in v.VERBOSITIES:
            event = render(made(kind, **more), verbosity=verbosity)
            assert validate_event(event) == []
            assert event["type"] == kind.TYPE
            assert event["verbosity"] == verbosity
            assert event["correlation_id"] == "trace-1"
            assert event["localization_hints"]["text_direction"] == "ltr"
            assert {*least, *more} <= event.keys()
            assert None not in event.values()


@pytest.mark.parametrize("kind", LEAST, ids=KINDS)
def test_words_by_hand_are_passed_on_in_all_verbosities(kind: type[Any]) -> None:
    for verbosity in v.VERBOSITIES:
        event = render(made(kind), verbosity=verbosity)
        assert event["summary_terse"] == "So."
        assert event["summary_normal"] == "So it is."
        assert event["summary_detailed"] == "So it is, and at length."


@pytest.mark.parametrize("kind", LEAST, ids=KINDS)
@pytest.mark.parametrize(
    ("key", "verbosity", "others"),
    [
        ("state.idle", "terse", {}),
        ("state.idle", "detailed", {}),
        ("session.started", "normal", {}),
        ("session.started", "terse", {"summary_terse": "Started."}),
        (
            "session.started",
            "detailed",
            {"summary_detailed": "The agent has started working."},
        ),
    ],
)
def test_the_catalogue_speaks_at_the_listeners_verbosity_where_it_has_words(
    kind: type[Any], key: str, verbosity: v.Verbosity, others: dict[str, str]
) -> None:
    event = render(made(kind, Summary.of(key)), verbosity=verbosity)
    extra = {name: event.get(name) for name in ("summary_terse", "summary_detailed")}
    assert {name: words for name, words in extra.items() if words is not None} == others
    assert event["summary_normal"]


@pytest.mark.parametrize("kind", LEAST, ids=KINDS)
def test_env_5_custom_data_comes_with_the_context_that_declares_it(kind: type[Any]) -> None:
    event = render(made(kind), extensions={"acme": {"ticket": 7}})
    assert event["@context"] == [v.CORE_CONTEXT, "https://acme.example/"]
    assert event["extensions"] == {"acme": {"ticket": 7}}


@pytest.mark.parametrize("prefix", ["unknown", "aaep", "xsd", "@vocab", ""])
def test_env_5_custom_data_nobody_declared_is_refused(prefix: str) -> None:
    with pytest.raises(EventValidationError) as refused:
        render(made(e.SessionStarted), extensions={prefix: {"ticket": 7}})
    assert "ENV-5" in {violation.rule for violation in refused.value.violations}


MALFORMED: list[tuple[type[Any], dict[str, Any], str]] = [
    (e.SessionStarted, {"request_text": 7}, "/request_text"),
    (e.SessionStarted, {"requested_by": ""}, "/requested_by"),
    (e.SessionStarted, {"tools_available": "look_up"}, "/tools_available"),
    (e.SessionStarted, {"tools_available": ("a", 7)}, "/tools_available/1"),
    (e.SessionStarted, {"expected_duration_ms": -1}, "/expected_duration_ms"),
    (e.SessionCompleted, {"duration_ms": 1.5}, "/duration_ms"),
    (e.SessionCompleted, {"duration_ms": v.MAX_DURATION_MS + 1}, "/duration_ms"),
    (e.SessionCompleted, {"tool_invocations_count": -1}, "/tool_invocations_count"),
    (e.SessionCompleted, {"result_uri": "no uri"}, "/result_uri"),
    (e.SessionErrored, {"error_category": "bad luck"}, "/error_category"),
    (e.SessionErrored, {"error_code": "timed out"}, "/error_code"),
    (e.SessionErrored, {"recoverable": "yes"}, "/recoverable"),
    (e.SessionCancelled, {"cancelled_by": "me"}, "/cancelled_by"),
    (e.SessionCancelled, {"cancellation_reason": "No Reason"}, "/cancellation_reason"),
    (e.StateChanged, {"from_state": ""}, "/from_state"),
    (e.StateChanged, {"to_state": "x" * 65}, "/to_state"),
    (e.ProgressUpdated, {"progress": e.Progress()}, "/progress"),
    (e.ProgressUpdated, {"progress": e.Progress(percent=101)}, "/progress/percent"),
    (e.ProgressUpdated, {"progress": e.Progress(step=0)}, "/progress/step"),
    (e.ProgressUpdated, {"eta_ms": True}, "/eta_ms"),
    (e.ToolInvoked, {"tool": "look up"}, "/tool"),
    (e.ToolInvoked, {"tool_call_id": "1"}, "/tool_call_id"),
    (e.ToolInvoked, {"risk_level": "great"}, "/risk_level"),
    (e.ToolInvoked, {"irreversible": "no"}, "/irreversible"),
    (e.ToolCompleted, {"status": "ok"}, "/status"),
    (e.ToolCompleted, {"error_message": 7}, "/error_message"),
    (e.ConfirmationRequested, {"action": ""}, "/action"),
    (e.ConfirmationRequested, {"action": "x" * 16_385}, "/action"),
    (e.ConfirmationRequested, {"consequence": None}, "/consequence"),
    (e.ConfirmationRequested, {"reply_token": "token"}, "/reply_token"),
    (e.ConfirmationRequested, {"timeout_seconds": 0}, "/timeout_seconds"),
    (e.ConfirmationRequested, {"timeout_seconds": 86_401}, "/timeout_seconds"),
    (e.ConfirmationRequested, {"default_decision": "maybe"}, "/default_decision"),
    (e.ConfirmationRequested, {"reversibility": "hardly"}, "/reversibility"),
    (e.ConfirmationRequested, {"extra_context": ["x"]}, "/extra_context"),
    (e.ClarificationRequested, {"question": ""}, "/question"),
    (e.ClarificationRequested, {"choices": (e.Choice(value="a", label="A"),)}, "/choices"),
    (
        e.ClarificationRequested,
        {"accepted_response_kinds": ("dance",)},
        "/accepted_response_kinds/0",
    ),
    (e.HandoffRequested, {"target_kind": "robot"}, "/target_kind"),
    (e.HandoffRequested, {"target_uri": "nowhere"}, "/target_uri"),
    (e.HandoffRequested, {"urgency_for_handoff": "now"}, "/urgency_for_handoff"),
    *((kind, {"summary": Summary.words("")}, "/summary_normal") for kind in LEAST),
]


@pytest.mark.parametrize(
    ("kind", "fields", "path"),
    MALFORMED,
    ids=[f"{kind.__name__}{path}" for kind, _, path in MALFORMED],
)
def test_d6_a_malformed_field_is_refused_by_rule_and_place(
    kind: type[Any], fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(EventValidationError) as refused:
        render(made(kind, **fields))
    error = refused.value
    assert error.event_type == kind.TYPE
    assert path in [violation.path for violation in error.violations]
    assert all(violation.rule and violation.message for violation in error.violations)
    assert f"{kind.TYPE} was not emitted." in str(error)


@pytest.mark.parametrize("filler", ["word ", "語", "👩\u200d👩\u200d👧", '"', "\\", "\n"])
def test_d7_action_and_consequence_are_whole_while_everything_else_gives_way(filler: str) -> None:
    longest = (filler * 4096)[:4096]
    event = render(
        made(
            e.ConfirmationRequested,
            Summary.words(filler * 9_000, terse=filler * 9_000, detailed=filler * 9_000),
            action=longest,
            consequence=longest,
            extra_context={str(number): filler * 900 for number in range(40)},
        )
    )
    assert (event["action"], event["consequence"]) == (longest, longest)
    assert event["summary_normal"].endswith("…")
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= v.MAX_EVENT_BYTES


@pytest.mark.parametrize(
    ("language", "hints"),
    [
        (None, {"primary_language": "en-US", "text_direction": "ltr"}),
        ("ar", {"primary_language": "ar", "text_direction": "rtl"}),
        ("fa-IR", {"primary_language": "fa-IR", "text_direction": "rtl"}),
        ("nb", {"primary_language": "nb", "text_direction": "ltr"}),
    ],
)
def test_text_says_its_language_and_direction(language: str | None, hints: dict[str, str]) -> None:
    chunk = Chunk(
        event_id="evt_1",
        output_id="out_1",
        text="Hello.",
        position=0,
        complete=True,
        hint="completion",
        form=OutputForm(language=language, content_type="text/markdown"),
    )
    renderer = Renderer(Producer(agent_id="agent"), "en-US", default_catalogue(), {})
    event = renderer.render_chunk(
        chunk, session_id="sess_1", at_ms=0, sequence_number=0, correlation_id=None
    )
    assert validate_event(event) == []
    assert event["localization_hints"] == hints
    assert event.get("language") == language
    assert event["content_type"] == "text/markdown"


@pytest.mark.parametrize(
    ("wanted", "named"),
    [("en-GB", "en-GB"), ("EN", "EN"), ("fr", "en"), ("ar", "en"), ("eng", "en"), ("en_US", "en")],
)
def test_sub_7_the_language_that_is_named_is_the_one_that_is_spoken(
    wanted: str, named: str
) -> None:
    event = render(made(e.SessionStarted, Summary.of("session.started")), language=wanted)
    assert event["localization_hints"] == {"primary_language": named, "text_direction": "ltr"}


def test_sub_7_words_by_hand_are_in_the_producers_language_whatever_is_wanted() -> None:
    event = render(made(e.SessionStarted), language="ar")
    assert event["localization_hints"] == {"primary_language": "en-US", "text_direction": "ltr"}
