"""Our schemas judge as the published ones do, but for the stricter rules listed here.

The published files also serve as a source of messages nobody thought of: instances are generated
from them. A disagreement must be explained by a listed rule, and each listed rule must explain one.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from aaep_helpers.errors import Violation
from aaep_helpers.validation import MESSAGE_TYPES, validate_event, validate_message
from tests.schemas.defects import DEFECTS
from tests.schemas.examples import (
    DROP,
    EVENT_KINDS,
    EXTENSION_TYPE,
    Message,
    changed,
    full,
    minimal,
)
from tests.schemas.mutants import mutants
from tests.schemas.places import PUBLISHED, needs_published

pytestmark = needs_published

ENVELOPE: Final = "envelope"


@dataclass(frozen=True)
class Stricter:
    """A rule we keep and the published schemas do not state.

    Attributes:
        where: The pattern of the places at which it may object.
        why: What it asks for.
        example: A message that only this rule refuses.
        applies: Whether it is at work in a message, as the message itself shows it.
    """

    where: str
    why: str
    example: Callable[[], Message]
    applies: Callable[[Message], bool]


def _confirm(**fields: Any) -> Message:
    return {**minimal("aaep:agent.awaiting.confirmation"), **fields}


def _irreversible_unless_low(event: Message) -> bool:
    grave = event.get("irreversible") is True or event.get("reversibility") == "irreversible"
    return grave and event.get("risk_level") != "low" and event["default_decision"] == "accept"


def _has_large_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_large_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_large_number, value))
    return isinstance(value, int | float) and abs(value) > 2**53


_USUAL_TIME = re.compile(
    r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]"
    r"(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _unusual_time(message: Message) -> bool:
    time = message["timestamp"]
    fraction = re.search(r"\.([0-9]+)", time)
    digits = len(fraction[1]) if fraction and "event_id" in message else 0
    return _USUAL_TIME.fullmatch(time) is None or digits not in (0, 3, 6)


def _only_core_context(event: Message) -> bool:
    declared = event["@context"]
    own = [uri for uri in declared if uri != CORE] if isinstance(declared, list) else []
    return not own


CORE: Final = minimal(EVENT_KINDS[0])["@context"]

STRICTER: Final[dict[str, Stricter]] = {
    "ENV-1": Stricter(
        "/timestamp",
        "0, 3 or 6 fraction digits, capital T and Z, no leap second, a year of our era",
        lambda: changed(minimal(EVENT_KINDS[0]), {"/timestamp": "2026-03-01T09:30:00.25Z"}),
        _unusual_time,
    ),
    "CNF-3": Stricter(
        "/timestamp",
        "in replies: capital T and Z, no leap second, a year of our era",
        lambda: changed(minimal("confirmation.reply"), {"/timestamp": "2026-03-01t09:30:00z"}),
        _unusual_time,
    ),
    "ENV-3": Stricter(
        "/type",
        "a type has a prefix or scheme, and aaep: is for the twelve",
        lambda: changed(minimal(EVENT_KINDS[0]), {"/type": "aaep:agent.session.paused"}),
        lambda event: (
            event["type"].startswith("aaep:")
            or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_+.-]*:[^ \t\r\n]+", event["type"])
        ),
    ),
    "ENV-4": Stricter(
        "/[^/]*",
        "nothing at the top level but known fields and their language variants",
        lambda: changed(minimal(EVENT_KINDS[0]), {"/colour": "red"}),
        lambda event: bool(set(event) - _published_fields(event["type"])),
    ),
    "ENV-5": Stricter(
        "/@context|/type|/extensions/[^/]*",
        "extension prefixes are not reserved ones, and a context beyond the core one declares them",
        lambda: changed(full(EVENT_KINDS[0]), {"/@context": CORE}),
        lambda event: (
            event["type"].startswith(("xsd:", "rdf:", "rdfs:"))
            or _only_core_context(event)
            or any(name.startswith("@") for name in event.get("extensions", {}))
            or bool({"", "aaep", "xsd", "rdf", "rdfs"} & set(event.get("extensions", {})))
        ),
    ),
    "ENV-6": Stricter(
        "/.*",
        "whole numbers stay within plus and minus 2^53",
        lambda: changed(minimal(EVENT_KINDS[0]), {"/sequence_number": 2**53 + 1}),
        _has_large_number,
    ),
    "TYP-5": Stricter(
        "/urgency",
        "the four critical types say that they are",
        lambda: _confirm_without("urgency"),
        lambda event: "urgency" not in event,
    ),
    "CNF-2": Stricter(
        "/default_decision",
        "reversibility: irreversible counts, and so does an irreversible action of unstated risk",
        lambda: _confirm(reversibility="irreversible", default_decision="accept"),
        _irreversible_unless_low,
    ),
    "CNF-11": Stricter(
        "/choices",
        "a multiple-choice question lists its choices",
        lambda: changed(
            minimal("aaep:agent.awaiting.clarification"),
            {"/accepted_response_kinds": ["multiple_choice"]},
        ),
        lambda event: (
            "choices" not in event and "multiple_choice" in event["accepted_response_kinds"]
        ),
    ),
    "CNF-14": Stricter(
        "/allowed_replies(/[0-9]+)?",
        "allowed replies are accept and reject, and reject is among them",
        lambda: _confirm(allowed_replies=["accept"]),
        lambda event: (
            "reject" not in event["allowed_replies"]
            or not set(event["allowed_replies"]) <= {"accept", "reject"}
        ),
    ),
}


def _published_fields(kind: str) -> set[str]:
    """The top-level fields the published schemas say anything of."""
    names = {ENVELOPE, published_name(kind)}
    return {field for name in names for field in _published(name)["properties"]}


def _confirm_without(field: str) -> Message:
    return changed(minimal("aaep:agent.awaiting.confirmation"), {f"/{field}": DROP})


def published_name(kind: str) -> str:
    if kind in EVENT_KINDS:
        return f"core/{kind.removeprefix('aaep:')}"
    return MESSAGE_TYPES.get(kind, ENVELOPE)


@functools.cache
def _published(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (PUBLISHED / f"{name}.schema.json").read_text(encoding="utf-8")
    )
    return document


@functools.cache
def _published_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    envelope = _published(ENVELOPE)
    return jsonschema_rs.Draft202012Validator(
        _published(name),
        registry=jsonschema_rs.Registry([(envelope["$id"], envelope)]),
        validate_formats=True,
    )


# Those of our messages that have a published schema; an extension's event has the envelope's.
JUDGED: Final = (
    *EVENT_KINDS,
    EXTENSION_TYPE,
    *(kind for kind, name in MESSAGE_TYPES.items() if (PUBLISHED / f"{name}.schema.json").exists()),
)


def ours(message: Message) -> list[Violation]:
    return (validate_message if message["type"] in MESSAGE_TYPES else validate_event)(message)


def explained(violation: Violation, message: Message) -> bool:
    rule = STRICTER.get(violation.rule)
    return (
        rule is not None
        and re.fullmatch(rule.where, violation.path, re.DOTALL) is not None
        and rule.applies(message)
    )


def assert_parity(kind: str, message: Message) -> None:
    theirs = _published_validator(published_name(kind)).is_valid(message)
    found = ours(message)
    if theirs:
        assert [v for v in found if not explained(v, message)] == [], message
    else:
        assert found, message


@pytest.mark.parametrize("kind", JUDGED)
def test_mutants_are_judged_alike(kind: str) -> None:
    for mutant in mutants(kind):
        assert_parity(kind, mutant)


def test_defects_are_judged_alike() -> None:
    for defect in DEFECTS:
        message = defect.message
        same_schema = message.get("type") == defect.kind
        if defect.kind in JUDGED and same_schema:
            assert_parity(defect.kind, message)


@pytest.mark.parametrize("rule", STRICTER)
def test_every_listed_rule_is_still_stricter(rule: str) -> None:
    message = STRICTER[rule].example()
    kind = message["type"] if message["type"] in JUDGED else EXTENSION_TYPE
    assert _published_validator(published_name(kind)).is_valid(message)
    assert [found.rule for found in ours(message)] == [rule]
    assert all(explained(found, message) for found in ours(message))


def _merged(name: str) -> dict[str, Any]:
    """A published schema in one piece: the generator does not follow references between files."""
    document = copy.deepcopy(_published(name))
    envelope = copy.deepcopy(_published(ENVELOPE))
    if name.startswith("core/"):
        document["allOf"] = [part for part in document["allOf"] if "$ref" not in part]
        document["required"] = sorted({*envelope["required"], *document["required"]})
        document["properties"] = {**envelope["properties"], **document["properties"]}
        document["$defs"] = envelope["$defs"]
    document = dict(_inlined(document, document.get("$defs", {})))
    document.pop("$defs", None)
    document.pop("$id")
    if not document.get("allOf"):
        document.pop("allOf", None)
    return document


def _inlined(node: Any, pieces: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(inner, pieces) for inner in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(pieces[node["$ref"].removeprefix("#/$defs/")], pieces)
    return {name: _inlined(inner, pieces) for name, inner in node.items()}


@functools.cache
def _generated(name: str) -> st.SearchStrategy[Any]:
    return from_schema(_merged(name))


@pytest.mark.parametrize("kind", JUDGED)
@settings(deadline=None, max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_generated_messages_are_judged_alike(kind: str, data: st.DataObject) -> None:
    message = data.draw(_generated(published_name(kind)))
    assert _published_validator(published_name(kind)).is_valid(message)
    assert_parity(kind, message)
    # Without what nobody defined, most of them are valid for us too.
    known = {name: value for name, value in message.items() if name in full(kind)}
    if kind == EXTENSION_TYPE:
        known["type"] = kind
    assert_parity(kind, known)
