"""Wrong arguments of every kind: the error names rule and field, nobody hears, the session lives on."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from aaep_helpers import AAEPEmitter, UnknownSessionError, make_id
from aaep_helpers.errors import CallerError, EventValidationError
from tests.aaep_helpers.ears import Ear, fields_of, new_emitter, refusal, rules_of

# What no text, number, flag, list or mapping may be.
NO_TEXT: Final[tuple[Any, ...]] = (5, math.nan, True, [], ["x"], {}, {"a": 1}, b"bytes", object())
NO_WORD: Final[tuple[Any, ...]] = (*NO_TEXT, "", "no such word", "x" * 100_000, "\ud800")
NO_NUMBER: Final[tuple[Any, ...]] = (
    "40",
    "",
    [],
    [1],
    {},
    math.nan,
    math.inf,
    -1,
    10**18,
    True,
    False,
    object(),
)
NO_FLAG: Final[tuple[Any, ...]] = ("yes", "", 1, 0, 2.5, [], ["x"], {}, object())
NO_TEXTS: Final[tuple[Any, ...]] = (5, "look_up", [5], [["x"]], [None], object(), math.nan)
NO_MAPPING: Final[tuple[Any, ...]] = (5, "text", ["x"], [], math.nan, True, object())
NO_ID: Final[tuple[Any, ...]] = (
    5,
    True,
    math.nan,
    [],
    ["x"],
    {},
    b"call_1",
    object(),
    "",
    "x",
    "call-1",
    "call_ä",
)
NO_URI: Final[tuple[Any, ...]] = (*NO_TEXT, "", "no uri", "\ud800")

SAID: Final[dict[str, tuple[Any, ...]]] = {
    "summary_normal": (*NO_TEXT, ""),
    "summary": NO_TEXT,
    "extensions": (
        *NO_MAPPING,
        {"x": 5},
        {5: {}},
        {"undeclared": {"a": 1}},
        {"x": {"a": object()}},
    ),
}
URGENCY: Final[tuple[Any, ...]] = ("", "loud", 5, [], ["x"], {}, True, math.nan)

# By method: arguments that are right, and for each argument what is wrong for it.
TABLE: Final[dict[str, tuple[dict[str, Any], dict[str, tuple[Any, ...]]]]] = {
    "start_session": (
        {},
        {
            "request_text": NO_TEXT,
            "requested_by": (*NO_TEXT, ""),
            "tools_available": NO_TEXTS,
            "expected_duration_ms": (*NO_NUMBER, 1.5),
            "session_id": (*NO_ID, "sess_", "sess_" + "x" * 65, "sess_1\n", "\ud800"),
            **SAID,
        },
    ),
    "state_changed": (
        {"to_state": "thinking"},
        {
            "to_state": (*NO_TEXT, "", "x" * 65, None),
            "from_state": (*NO_TEXT, "", "elsewhere"),
            "expected_duration_ms": NO_NUMBER,
            "urgency": URGENCY,
            **SAID,
        },
    ),
    "settle_state": (
        {"otherwise": "deciding"},
        {"otherwise": (*NO_TEXT, "", "x" * 65, None), "urgency": URGENCY, "summary": NO_TEXT},
    ),
    "progress_updated": (
        {"percent": 40},
        {
            "percent": (*NO_NUMBER, 100.1, "forty"),
            "step": (*NO_NUMBER, 0, 1.5),
            "total_steps": (*NO_NUMBER, 0),
            "description": (*NO_TEXT, ""),
            "eta_ms": NO_NUMBER,
            "urgency": URGENCY,
            **SAID,
        },
    ),
    "tool_invoked": (
        {"tool": "look_up"},
        {
            "tool": (*NO_WORD, None, "9lives", "x" * 257),
            "tool_call_id": NO_ID,
            "description": NO_TEXT,
            "args_summary": NO_TEXT,
            "expected_duration_ms": NO_NUMBER,
            "risk_level": NO_WORD,
            "irreversible": (*NO_FLAG, True),
            "confirmed_by": NO_TEXT,
            "spoken_name": NO_TEXT,
            **SAID,
        },
    ),
    "tool_completed": (
        {"tool": "running", "tool_call_id": "call_running", "status": "success"},
        {
            "tool": (*NO_WORD, None, "other"),
            "tool_call_id": (*NO_ID, "call_unknown"),
            "status": (*NO_WORD, None),
            "duration_ms": NO_NUMBER,
            "error_message": NO_TEXT,
            **SAID,
        },
    ),
    "output_streaming": (
        {"output_id": "out_1", "chunk": "Hm."},
        {
            "output_id": (*NO_ID, None, "out_", "out_" + "x" * 65),
            "chunk": (*NO_TEXT, None),
            "position": ("0", [], {}, math.nan, -1, 1, object()),
            "complete": (*NO_FLAG, None),
            "coalesce_hint": NO_WORD,
            "content_type": NO_WORD,
            "language": (*NO_WORD,),
            "boundary": (*NO_WORD, None),
        },
    ),
    "request_handoff": (
        {"reason": "Too hard.", "target_kind": "human"},
        {
            "reason": (*NO_TEXT, "", None),
            "target_kind": (*NO_WORD, None),
            "target_uri": NO_URI,
            "packaged_context": NO_MAPPING,
            "urgency_for_handoff": NO_WORD,
            **SAID,
        },
    ),
    "complete_session": ({}, {"output_summary": NO_TEXT, "result_uri": NO_URI, **SAID}),
    "error_session": (
        {"error_category": "unknown"},
        {
            "error_category": (*NO_WORD, None),
            "error_code": (*NO_WORD, "lower_case"),
            "error_uri": NO_URI,
            "recoverable": NO_FLAG,
            "remediation_hint": NO_TEXT,
            **SAID,
        },
    ),
    "cancel_session": (
        {"cancelled_by": "user"},
        {
            "cancelled_by": (*NO_WORD, None),
            "cancellation_reason": (*NO_WORD, "UPPER"),
            "partial_result": NO_TEXT,
            **SAID,
        },
    ),
}
METHODS: Final = [method for method in TABLE if method != "start_session"]


def wrong_arguments() -> Iterator[Any]:
    for method, (_, arguments) in TABLE.items():
        for name, values in arguments.items():
            yield pytest.param(method, name, values, id=f"{method}-{name}")


@pytest.mark.parametrize(("method", "name", "values"), list(wrong_arguments()))
def test_a_wrong_argument_is_named_and_changes_nothing(
    method: str, name: str, values: tuple[Any, ...]
) -> None:
    emitter = new_emitter()
    ear = Ear("none").listen(emitter)
    session_id = emitter.start_session()
    emitter.tool_invoked(session_id=session_id, tool="running", tool_call_id="call_running")
    right, _ = TABLE[method]
    for value in values:
        arguments = {**right, name: value}
        if method != "start_session":
            arguments["session_id"] = session_id
        if method in ("state_changed", "settle_state"):
            emitter.tool_completed(session_id=session_id, tool="running", status="success")
        heard = len(ear.heard)
        before = copy.deepcopy(emitter._live(session_id).machine.state)

        error = refusal(lambda: getattr(emitter, method)(**arguments))  # noqa: B023 - called at once.

        assert all(rules_of(error)), (value, str(error))
        said = f"{fields_of(error)} {error}"
        expected = {"summary": "summary_normal", "otherwise": "to_state"}.get(name, name)
        assert expected in said.lower(), (value, str(error))
        assert len(ear.heard) == heard
        assert emitter._live(session_id).machine.state == before
        if method in ("state_changed", "settle_state"):
            emitter.tool_invoked(session_id=session_id, tool="running")
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("session_id", [None, 5, math.nan, [], ["sess_1"], "", "1", "sess_1\n", {}])
def test_what_is_no_session_id_is_named_as_such(method: str, session_id: Any) -> None:
    emitter = new_emitter()
    right, _ = TABLE[method]
    with pytest.raises(UnknownSessionError) as caught:
        getattr(emitter, method)(session_id=session_id, **right)
    assert (caught.value.rule, caught.value.field) == ("ENV-1", "session_id")


@pytest.mark.parametrize("method", METHODS)
def test_a_session_that_never_started_or_is_over_is_told_apart(method: str) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    right, _ = TABLE[method]
    call: Callable[..., object] = getattr(emitter, method)
    with pytest.raises(UnknownSessionError, match="has not started") as unknown:
        call(session_id="sess_1", **right)
    assert unknown.value.rule == "SEQ-1"
    assert unknown.value.session_id == "sess_1"
    emitter.start_session(session_id="sess_1")
    emitter.complete_session(session_id="sess_1")
    heard = len(ear.heard)
    with pytest.raises(UnknownSessionError, match="is over") as over:
        call(session_id="sess_1", **right)
    assert over.value.rule == "SEQ-2"
    assert len(ear.heard) == heard


@pytest.mark.parametrize("method", TABLE)
def test_a_keyword_nobody_knows_is_a_type_error(method: str) -> None:
    emitter = new_emitter()
    right, _ = TABLE[method]
    more = {} if method == "start_session" else {"session_id": emitter.start_session()}
    with pytest.raises(TypeError, match="summry_normal"):
        getattr(emitter, method)(**right, **more, summry_normal="Hm.")


def test_a_session_that_could_not_start_leaves_its_id_free() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = make_id("sess")
    with pytest.raises(EventValidationError):
        emitter.start_session(session_id=session_id, expected_duration_ms=-1)
    assert not emitter.is_live(session_id)
    assert emitter.start_session(session_id=session_id) == session_id
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


def test_a_producer_described_wrongly_is_named_at_its_first_event() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"agent_id": ""}, "/producer/agent_id"),
        ({"agent_id": 5}, "/producer/agent_id"),
        ({"agent_name": 5}, "/producer/agent_name"),
        ({"manifest_uri": "no uri"}, "/producer/manifest_uri"),
    ]
    for arguments, field in wrong:
        emitter: AAEPEmitter = new_emitter(**arguments)
        error = refusal(emitter.start_session)
        assert field in fields_of(error), (arguments, str(error))
        assert isinstance(error, CallerError)


@pytest.mark.parametrize("language", ["no tag", "", 5, None, ["en"]])
def test_an_emitter_speaks_a_language_that_has_a_tag(language: Any) -> None:
    with pytest.raises(ValueError, match="BCP 47 tag"):
        new_emitter(language=language)


@pytest.mark.parametrize("alone", ["summary_terse", "summary_detailed"])
def test_typ_2_a_summary_in_short_or_at_length_needs_the_normal_one(alone: str) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    words: dict[str, Any] = {alone: "Working."}
    with pytest.raises(TypeError, match=f"{alone} need summary_normal"):
        emitter.start_session(**words)
    session_id = emitter.start_session(summary_normal="Working on it.", **words)
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()
