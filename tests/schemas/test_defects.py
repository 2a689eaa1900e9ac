"""Every constraint of every schema file: what keeps it is valid, what breaks it is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aaep_helpers.errors import Violation
from aaep_helpers.validation import (
    MESSAGE_TYPES,
    is_valid_event,
    schema_document,
    schema_names,
    validate_event,
    validate_message,
)
from aaep_helpers.vocabulary import CORE_TYPES
from tests.schemas.defects import DEFECTS
from tests.schemas.engines import fast, schema_for
from tests.schemas.examples import EVENT_KINDS, KINDS, MESSAGE_KINDS, Message, full, minimal


def judged(message: Message, kind: str) -> list[Violation]:
    return validate_message(message) if kind in MESSAGE_TYPES else validate_event(message)


def test_there_are_examples_of_every_type() -> None:
    assert set(EVENT_KINDS) == CORE_TYPES
    assert set(MESSAGE_KINDS) == set(MESSAGE_TYPES)


@pytest.mark.parametrize("kind", KINDS)
def test_minimal_and_full_examples_are_valid(kind: str) -> None:
    assert judged(minimal(kind), kind) == []
    assert judged(full(kind), kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_full_examples_have_every_field(kind: str) -> None:
    message = full(kind)
    document = schema_document(schema_for(message))
    assert set(document["properties"]) <= set(message)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_minimal_example_is_needed(kind: str) -> None:
    for name in minimal(kind):
        message = minimal(kind)
        del message[name]
        assert [found.path for found in judged(message, kind)] == [f"/{name}"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_defect_is_named_by_rule_and_place(kind: str) -> None:
    for defect in DEFECTS:
        if defect.kind != kind:
            continue
        message = defect.message
        found = {(violation.rule, violation.path) for violation in judged(message, kind)}
        assert found == set(defect.expected), defect
        if kind in CORE_TYPES:
            assert not is_valid_event(message)


def test_messages_are_short_sentences_that_never_repeat_a_value() -> None:
    for defect in DEFECTS:
        for violation in judged(defect.message, defect.kind):
            assert violation.message.endswith(".")
            assert len(violation.message) < 400
            assert "xxxxxxxx" not in violation.message.replace("x" * 60, "")
            assert "\n" not in violation.message


DOCUMENTS = {document["$id"]: document for document in map(schema_document, schema_names())}

# Applicators only lead to constraints; a condition constrains nothing by itself.
_LEADS = {"properties", "patternProperties", "$defs"}
_LISTS = {"allOf", "prefixItems"}
_DEEPER = {"items", "then", "else"}
_NOTES = {"$schema", "$id", "$ref", "$comment", "title", "description", "if"}


def constraints(node: Any, where: str) -> Iterator[str]:
    """Where each constraint of a schema stands; a closed object counts as one constraint."""
    if not isinstance(node, dict):
        return
    for keyword, value in node.items():
        here = f"{where}/{keyword}"
        if keyword in _LEADS:
            for name, inner in value.items():
                yield from constraints(inner, f"{here}/{name}")
        elif keyword in _LISTS:
            for index, inner in enumerate(value):
                yield from constraints(inner, f"{here}/{index}")
        elif keyword in _DEEPER or (keyword == "additionalProperties" and value is not False):
            yield from constraints(value, here)
        elif keyword not in _NOTES:
            yield here


def broken(instance: Any, name: str) -> Iterator[str]:
    """Where the constraints stand that an instance breaks."""
    for error in fast(name).iter_errors(instance):
        base = schema_document(name)["$id"]
        where = ""
        node: Any = DOCUMENTS[base]
        for step in error.evaluation_path:
            if step == "$ref":
                target, _, where = node["$ref"].partition("#")
                base = target or base
                node = DOCUMENTS[base]
                for part in where.split("/")[1:]:
                    node = node[part]
            else:
                node = node[step]
                where += f"/{step}"
            if step == "propertyNames":
                break
        yield f"{base}#{where}"


def test_every_constraint_has_an_example_that_breaks_it() -> None:
    known = {
        where
        for identifier, document in DOCUMENTS.items()
        for where in constraints(document, identifier + "#")
    }
    seen: set[str] = set()
    for defect in DEFECTS:
        message = defect.message
        seen.update(broken(message, schema_for(message)))
    for kind in KINDS:
        # What is answered before a schema is asked: another type, and no object at all.
        message = full(kind)
        name = schema_for(message)
        seen.update(broken({**message, "type": "aaep:other"}, name))
        seen.update(broken([], name))
    assert sorted(known - seen) == []
