"""What each package offers: whoever adds a name, or takes one away, says so here."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import aaep_helpers
import aaep_langchain
import conformance

PINNED = {
    "aaep_helpers": """
        AAEPEmitter AaepError CallerError ConfirmationRejected EventValidationError GateClosedError
        InternalError MessageValidationError PeerError ProtocolError StreamCoalescer Subscription
        SubscriptionError Summary UnguardedToolError UnknownSessionError Violation aaep_tool make_id
        validate_event validate_message
    """,
    "aaep_helpers.catalogue": "Catalogue Summary default_catalogue",
    "aaep_helpers.emitting": "AAEPEmitter Said spoken_form",
    "aaep_helpers.failures": "Failure classify error_text",
    "aaep_helpers.redaction": "MASK OMITTED SecretScreen is_secret_name redact_text redact_value",
    "aaep_helpers.replies": """
        RESPONSE_KINDS Audit AuditRecord AuditTrail DeadlineWatch Ignored LongerTimeouts
        OpenRequest QuestionBook ReplyDesk Response Settlement parsed_default wait_in_thread
        wait_on_loop
    """,
    "aaep_helpers.segmentation": "Chunk Segmenter is_safe_boundary safe_cut shorten split_to_limits",
    "aaep_helpers.session": """
        GUARDS PHASES STATE_PRIORITY AddText Ask CloseOutput InvokeTool Move OpenQuestion OpenTool
        Outcome Phase Resolve Revoke SessionMachine SessionState Step derived_state
    """,
    "aaep_helpers.tool_gate": "ConfirmationRejected GateClosedError aaep_tool",
    "aaep_helpers.validation": """
        MESSAGE_TYPES explain is_valid_event normalised_type schema_document schema_name
        schema_names schema_text soft_limit_violations validate_event validate_message
    """,
    "aaep_langchain": "AAEPCallbackHandler OutputPolicy Speaker ToolPolicy",
    "aaep_langchain.demo": "ScriptError ScriptedChatModel ToolCall Turn",
    "aaep_langchain.reading": """
        ToolResult answer_message answer_text handoff_targets interrupt_question is_resume
        messages_in model_text ready_answers request_text run_name stream_event_text text_of
        tool_arguments tool_name tool_result
    """,
    "conformance": "Finding explain judge_trace",
    "conformance.judging": "",
}

# Design: the public API is fixed; more may be added.
FIXED = {
    "aaep_helpers": ("AAEPEmitter", "StreamCoalescer", "aaep_tool", "make_id", "validate_event"),
    "aaep_langchain": ("AAEPCallbackHandler",),
}


def packages() -> list[str]:
    return [
        name
        for top in (aaep_helpers, aaep_langchain, conformance)
        for name in (
            top.__name__,
            *(
                found.name
                for found in pkgutil.walk_packages(top.__path__, f"{top.__name__}.")
                if found.ispkg
            ),
        )
    ]


def test_every_package_is_pinned_here() -> None:
    assert sorted(packages()) == sorted(PINNED)


@pytest.mark.parametrize("package", PINNED)
def test_a_package_offers_what_is_pinned_and_all_of_it_is_there(package: str) -> None:
    module = importlib.import_module(package)
    offered = list(getattr(module, "__all__", ()))
    assert offered == PINNED[package].split()
    assert len(offered) == len(set(offered))
    assert [name for name in offered if not hasattr(module, name)] == []


@pytest.mark.parametrize(("package", "names"), FIXED.items())
def test_the_fixed_names_are_offered(package: str, names: tuple[str, ...]) -> None:
    assert set(names) <= set(importlib.import_module(package).__all__)


@pytest.mark.parametrize("package", PINNED)
def test_an_init_file_does_nothing_but_pass_names_on(package: str) -> None:
    path = importlib.import_module(package).__file__
    assert path is not None
    for node in ast.parse(Path(path).read_text("utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert isinstance(node, (ast.Import, ast.ImportFrom)) or is_docstring or is_all, (
            f"{package}: {ast.unparse(node)}"
        )
