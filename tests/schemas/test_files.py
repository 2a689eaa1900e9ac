"""The schema files themselves: valid, complete, named, and in step with the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import jsonschema_rs
import pytest

from aaep_helpers import vocabulary
from aaep_helpers.errors import InternalError
from aaep_helpers.validation import (
    MESSAGE_TYPES,
    schema_document,
    schema_name,
    schema_names,
    schema_text,
)
from tests.schemas.places import RULES, needs_rules

ROOT = Path(__file__).parents[2] / "schemas"
NAMESPACE = "urn:aaep-langchain:schemas:1.0:"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def nodes(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
        for step, inner in node.items():
            yield from nodes(inner, f"{where}/{step}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from nodes(inner, f"{where}/{index}")


def test_every_file_is_known_and_every_name_has_a_file() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.json")}
    assert files == {f"{name}.schema.json" for name in schema_names()}


@pytest.mark.parametrize("name", schema_names())
def test_a_file_is_a_valid_schema_with_a_name_of_our_own(name: str) -> None:
    document = schema_document(name)
    jsonschema.Draft202012Validator.check_schema(document)
    assert jsonschema_rs.meta.is_valid(document)
    assert document["$schema"] == DIALECT
    assert document["$id"] == NAMESPACE + name.replace("/", ":")
    assert document["title"]
    assert document["description"].endswith(".")


@pytest.mark.parametrize("name", schema_names())
def test_references_lead_somewhere(name: str) -> None:
    documents = {document["$id"]: document for document in map(schema_document, schema_names())}
    for _, node in nodes(schema_document(name)):
        if isinstance(reference := node.get("$ref"), str):
            base, _, fragment = reference.partition("#")
            target = documents[base or NAMESPACE + name.replace("/", ":")]
            for part in fragment.split("/")[1:]:
                target = target[part]
            assert isinstance(target, dict)


@pytest.mark.parametrize("name", schema_names())
def test_comments_are_single_rule_ids(name: str) -> None:
    for where, node in nodes(schema_document(name)):
        comment = node.get("$comment")
        if isinstance(comment, str):
            assert re.fullmatch(r"(ENV|TYP|SEQ|CNF|SUB|TRN|RCV|SEC)-[0-9]+a?", comment), where


@needs_rules
def test_comments_name_rules_that_exist() -> None:
    known = set(re.findall(r"\b[A-Z]{3}-[0-9]+\b", RULES.read_text(encoding="utf-8")))
    named = {
        node["$comment"]
        for name in schema_names()
        for _, node in nodes(schema_document(name))
        if isinstance(node.get("$comment"), str)
    }
    assert named <= known


@pytest.mark.parametrize("name", schema_names())
def test_patterns_mean_the_same_to_every_engine(name: str) -> None:
    for where, node in nodes(schema_document(name)):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            assert not re.search(r"\\[dDwWsSbB]", pattern), where
            if pattern.endswith("$"):
                assert node["not"] == {"pattern": "\\n"}, where
        for key in node.get("patternProperties", {}):
            assert not re.search(r"\\[dDwWsSbB]", key), where
            assert key.endswith("$(?!\\n)"), where


def test_no_file_claims_an_address_of_the_specification() -> None:
    for name in schema_names():
        for found in re.findall(r"https://aaep-protocol\.org[^\"]*", schema_text(name)):
            assert found == vocabulary.CORE_CONTEXT


def _enums(name: str, field: str) -> list[Any]:
    documents = schema_document(name), schema_document("common")
    found = [
        node["enum"]
        for document in documents
        for where, node in nodes(document)
        if where.endswith(f"/{field}") and "enum" in node
    ]
    assert found, (name, field)
    return found


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("envelope", "urgency", vocabulary.Urgency),
        ("envelope", "verbosity", vocabulary.Verbosity),
        ("envelope", "text_direction", vocabulary.TextDirection),
        ("core/agent.session.errored", "error_category", vocabulary.ErrorCategory),
        ("core/agent.session.cancelled", "cancelled_by", vocabulary.CancelledBy),
        ("core/agent.tool.completed", "status", vocabulary.ToolStatus),
        ("core/agent.tool.invoked", "riskLevel", vocabulary.RiskLevel),
        ("core/agent.output.streaming", "coalesce_hint", vocabulary.Boundary),
        ("core/agent.awaiting.confirmation", "default_decision", vocabulary.Decision),
        ("core/agent.awaiting.confirmation", "reversibility", vocabulary.Reversibility),
        (
            "core/agent.awaiting.clarification",
            "accepted_response_kinds/items",
            vocabulary.ResponseKind,
        ),
        ("core/agent.handoff.requested", "target_kind", vocabulary.HandoffTarget),
        ("core/agent.handoff.requested", "urgency_for_handoff", vocabulary.RiskLevel),
        ("handshake/confirmation.reply", "decision", vocabulary.Decision),
        ("common", "coalesce_boundaries/items", vocabulary.Boundary),
    ],
)
def test_enumerations_are_those_of_the_vocabulary(name: str, field: str, words: Any) -> None:
    for listed in _enums(name, field):
        assert listed == list(get_args(words))


def test_limits_and_patterns_are_those_of_the_vocabulary() -> None:
    pieces = schema_document("common")["$defs"]
    assert pieces["terseText"]["maxLength"] == vocabulary.MAX_TERSE_LENGTH
    assert pieces["fullText"]["maxLength"] == vocabulary.MAX_TEXT_LENGTH
    assert pieces["milliseconds"]["maximum"] == vocabulary.MAX_DURATION_MS
    assert pieces["toolName"]["pattern"] == vocabulary.TOOL_NAME_PATTERN
    tag = pieces["languageTag"]["pattern"].replace("(?:", "(")
    assert tag == vocabulary.LANGUAGE_TAG_PATTERN
    state = schema_document("core/agent.state.changed")["properties"]["to_state"]
    assert state["maxLength"] == vocabulary.MAX_STATE_LENGTH
    tools = schema_document("core/agent.session.started")["properties"]["tools_available"]
    assert tools["maxItems"] == vocabulary.MAX_TOOLS_AVAILABLE


def test_schemas_are_found_by_type() -> None:
    for kind in vocabulary.CORE_TYPES:
        assert schema_name(kind) == f"core/{kind.removeprefix('aaep:')}"
    for kind, name in MESSAGE_TYPES.items():
        assert schema_name(kind) == name
    assert schema_name("chess:move.made") is None


def test_documents_are_fresh_and_a_missing_one_is_said_to_be() -> None:
    schema_document("envelope")["title"] = "spoilt"
    assert schema_document("envelope")["title"] != "spoilt"
    with pytest.raises(InternalError, match="no/such"):
        schema_document("no/such")
