"""What the packages offer by name, pinned: names and keywords that programs out there may rely on."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import pytest

import aaep_helpers
import aaep_langchain
from aaep_helpers import (
    AAEPEmitter,
    StreamCoalescer,
    Subscription,
    aaep_tool,
    make_id,
    validate_event,
)
from aaep_helpers.emitting import Said
from aaep_langchain import AAEPCallbackHandler

EXPORTED: Final[dict[str, set[str]]] = {
    "aaep_helpers": {
        "AAEPEmitter",
        "AaepError",
        "CallerError",
        "ConfirmationRejected",
        "EventValidationError",
        "GateClosedError",
        "InternalError",
        "MessageValidationError",
        "PeerError",
        "ProtocolError",
        "StreamCoalescer",
        "Subscription",
        "SubscriptionError",
        "Summary",
        "UnguardedToolError",
        "UnknownSessionError",
        "Violation",
        "aaep_tool",
        "make_id",
        "validate_event",
        "validate_message",
    },
    "aaep_langchain": {"AAEPCallbackHandler", "OutputPolicy", "Speaker", "ToolPolicy"},
}

SAID: Final = ("summary_normal", "summary_terse", "summary_detailed", "extensions")

# By name of the method: the keywords that the public API fixes. More may be added.
KEYWORDS: Final[dict[str, tuple[str, ...]]] = {
    "start_session": ("request_text", *SAID),
    "state_changed": ("session_id", "from_state", "to_state", *SAID),
    "progress_updated": ("session_id", "percent", *SAID),
    "tool_invoked": (
        "session_id",
        "tool",
        "tool_call_id",
        "args_summary",
        "risk_level",
        "irreversible",
        *SAID,
    ),
    "tool_completed": ("session_id", "tool", "tool_call_id", "status", *SAID),
    "output_streaming": ("session_id", "output_id", "chunk", "position", "complete"),
    "await_confirmation": (
        "session_id",
        "action",
        "consequence",
        "timeout_seconds",
        "default_decision",
        "risk_level",
        "irreversible",
        *SAID,
    ),
    "ask_clarification": (
        "session_id",
        "question",
        "timeout_seconds",
        "accepted_response_kinds",
        "choices",
        *SAID,
    ),
    "request_handoff": ("session_id", "reason", "target_kind", *SAID),
    "complete_session": ("session_id", "output_summary", *SAID),
    "error_session": ("session_id", "error_category", "recoverable", *SAID),
    "cancel_session": ("session_id", "cancelled_by", *SAID),
    "subscribe": ("event_types", "can_reply", "boundary", "verbosity", "language", "background"),
}

# What takes its arguments by position, with their names in order; keywords may follow.
POSITIONAL: Final[dict[Callable[..., Any], tuple[str, ...]]] = {
    AAEPEmitter.subscribe: ("callback",),
    AAEPEmitter.submit_reply: ("message",),
    AAEPEmitter.wait_for_decision: ("reply_token",),
    AAEPEmitter.wait_for_decision_sync: ("reply_token",),
    AAEPEmitter.wait_for_response: ("reply_token",),
    AAEPEmitter.wait_for_response_sync: ("reply_token",),
    AAEPEmitter.close: (),
    StreamCoalescer.add_token: ("text",),
    StreamCoalescer.finish: (),
    Subscription.close: (),
    make_id: ("kind",),
    validate_event: ("event",),
}


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    }


def keywords_of(function: Callable[..., Any]) -> set[str]:
    """What may be given by name; `**said` stands for what Said lists."""
    known: set[str] = set()
    for name, parameter in parameters_of(function).items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            assert name == "said", function
            known |= set(Said.__annotations__)
        elif parameter.kind is not inspect.Parameter.POSITIONAL_ONLY:
            known.add(name)
    return known


@pytest.mark.parametrize("package", [aaep_helpers, aaep_langchain])
def test_a_package_exports_these_names_and_no_others(package: ModuleType) -> None:
    assert set(package.__all__) == EXPORTED[package.__name__]
    assert len(package.__all__) == len(set(package.__all__))
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_")
        and not (isinstance(value, ModuleType) and value.__name__ == f"{package.__name__}.{name}")
    }
    assert public == EXPORTED[package.__name__]


@pytest.mark.parametrize("package", sorted(EXPORTED))
def test_each_exported_name_can_be_imported_and_says_what_it_is(package: str) -> None:
    for name in EXPORTED[package]:
        exported = getattr(importlib.import_module(package), name)
        assert not isinstance(exported, ModuleType)
        if isinstance(exported, type) or inspect.isfunction(exported):
            assert inspect.getdoc(exported), name


@pytest.mark.parametrize("method", sorted(KEYWORDS))
def test_the_emitters_methods_take_the_keywords_of_the_public_api(method: str) -> None:
    missing = set(KEYWORDS[method]) - keywords_of(getattr(AAEPEmitter, method))
    assert not missing


@pytest.mark.parametrize("method", sorted(set(KEYWORDS) - {"subscribe"}))
def test_what_is_told_is_told_by_keyword_alone(method: str) -> None:
    kinds = {parameter.kind for parameter in parameters_of(getattr(AAEPEmitter, method)).values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


@pytest.mark.parametrize("function", POSITIONAL, ids=lambda function: str(function.__qualname__))
def test_what_comes_first_can_be_given_by_position(function: Callable[..., Any]) -> None:
    parameters = parameters_of(function)
    wanted = POSITIONAL[function]
    assert tuple(parameters)[: len(wanted)] == wanted
    for name in wanted:
        assert parameters[name].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    # Nothing else has to be given.
    for name in set(parameters) - set(wanted):
        assert parameters[name].default is not inspect.Parameter.empty


@pytest.mark.parametrize(
    ("made", "keywords"),
    [
        (AAEPEmitter, {"agent_id", "agent_name"}),
        (StreamCoalescer, {"emitter", "session_id", "output_id"}),
        (AAEPCallbackHandler, {"emitter", "live", "output"}),
        (
            aaep_tool,
            {"emitter", "risk_level", "irreversible", "require_confirmation", "on_reject"},
        ),
    ],
)
def test_what_is_made_takes_the_keywords_of_the_public_api(
    made: Callable[..., Any], keywords: set[str]
) -> None:
    parameters = parameters_of(made)
    assert keywords <= set(parameters)
    required = {
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    assert required <= keywords


def test_an_emitter_needs_no_arguments_and_a_handler_no_more_than_an_emitter() -> None:
    with AAEPEmitter() as emitter:
        AAEPCallbackHandler(emitter)
        assert isinstance(emitter.subscribe(print), Subscription)


def test_the_gate_has_no_default_that_could_be_set_to_accept() -> None:
    """CNF-16."""
    assert "default_decision" not in parameters_of(aaep_tool)


def test_a_question_is_waited_for_on_a_loop_or_in_a_thread() -> None:
    for kind in ("decision", "response"):
        assert inspect.iscoroutinefunction(getattr(AAEPEmitter, f"wait_for_{kind}"))
        assert not inspect.iscoroutinefunction(getattr(AAEPEmitter, f"wait_for_{kind}_sync"))
