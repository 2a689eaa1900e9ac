"""The validator: schemas compiled once, on first use, from any thread.

Boundary: decides by the schemas alone; who calls is of no interest. Failure policy: see the
package. What a schema cannot say and is left to others: that a context URI really declares a given
extension prefix (ENV-5; it would have to be fetched), that text is in NFC (ENV-6, a should), and
everything about more than one event.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from aaep_helpers.errors import Violation
from aaep_helpers.validation.explain import Failure, explain_failures
from aaep_helpers.validation.plain import as_plain, readable
from aaep_helpers.validation.schemas import (
    ENVELOPE,
    EXTENSION,
    MESSAGE_TYPES,
    schema_document,
    schema_name,
    schema_names,
)
from aaep_helpers.vocabulary import CORE_TYPES, TYPE_IRI_PREFIX

_MAX_VIOLATIONS: Final = 100

Check = Callable[[object], bool]


class _Engine:
    """All schemas, compiled."""

    def __init__(self) -> None:
        documents = {name: schema_document(name) for name in schema_names()}
        self.ids: Final[dict[str, str]] = {
            name: document["$id"] for name, document in documents.items()
        }
        self.by_id: Final[dict[str, dict[str, Any]]] = {
            document["$id"]: document for document in documents.values()
        }
        registry = jsonschema_rs.Registry(list(self.by_id.items()))
        self._validators = {
            name: jsonschema_rs.Draft202012Validator(
                document, registry=registry, validate_formats=True
            )
            for name, document in documents.items()
        }
        self.core: Final[dict[object, Check]] = {
            kind: self._validators[name].is_valid
            for kind in CORE_TYPES
            if (name := schema_name(kind)) is not None
        }

    def violations(self, name: str, instance: object) -> list[Violation]:
        validator = self._validators[name]
        if validator.is_valid(instance):
            return []
        errors = islice(validator.iter_errors(instance), _MAX_VIOLATIONS)
        failures = ((error.instance_path, error.evaluation_path) for error in errors)
        return self.explain(name, instance, failures)[:_MAX_VIOLATIONS]

    def explain(self, name: str, instance: object, failures: Iterable[Failure]) -> list[Violation]:
        return explain_failures(self.by_id, self.ids[name], instance, failures, _name_allowed)


_engine: _Engine | None = None
_engine_lock = threading.Lock()


def _loaded() -> _Engine:
    global _engine
    if _engine is None:
        with _engine_lock:
            if _engine is None:
                _engine = _Engine()
    return _engine


def _name_allowed(schema: Mapping[str, Any], name: str) -> bool:
    return bool(jsonschema_rs.Draft202012Validator(dict(schema)).is_valid(name))


def normalised_type(given: object) -> object:
    """A type in its `aaep:` form: the IRI under aaep-protocol.org means the same (RULES 1).

    Args:
        given: What stands in the field; anything but such an IRI is returned as it is.
    """
    if type(given) is str and given.startswith(TYPE_IRI_PREFIX):
        return "aaep:" + given.removeprefix(TYPE_IRI_PREFIX)
    return given


def is_valid_event(event: dict[str, object]) -> bool:
    """Whether a core event fits its schema: the fast way, for what is about to be sent.

    Args:
        event: An event of JSON values, its type one of the twelve in the `aaep:` form. Whatever
            else it is, the answer is no: `validate_event` says why, and also takes extension types
            and the IRI form.

    Returns:
        True if and only if it is such an event and `validate_event` finds nothing.
    """
    engine = _engine or _loaded()
    try:
        # Only these hold free JSON: there NaN would pass for null, and endless nesting would
        # overflow the stack of the compiled validator. Elsewhere every value is held to a type.
        if "extensions" in event or "extra_context" in event or "packaged_context" in event:
            return event["type"] in CORE_TYPES and not validate_event(event)
        return engine.core[event["type"]](event)
    except (KeyError, TypeError, ValueError, RecursionError):
        return False


def validate_event(event: object) -> list[Violation]:
    """What is wrong with an event that a producer is about to send.

    Core types are held to their schema. An extension's own type is held to the envelope and may
    have its own top-level fields (ENV-4, ENV-5). An `aaep:` type outside the twelve is ENV-3: a
    receiver tolerates those and should not ask here.

    Args:
        event: The event as a dict; anything at all is taken and judged.

    Returns:
        One violation per fault, with rule, JSON pointer and a sentence; empty when valid. A missing
        field's path is where it should be.
    """
    plain, faults = as_plain(event)
    if faults:
        return faults
    if not isinstance(plain, dict):
        return [Violation("ENV-1", "", "An event is a JSON object.")]
    kind = plain.get("type")
    normal = normalised_type(kind)
    if normal is not kind:
        plain["type"] = normal
    engine = _loaded()
    if not isinstance(normal, str) or not normal.startswith("aaep:"):
        return engine.violations(EXTENSION if isinstance(normal, str) else ENVELOPE, plain)
    if normal in CORE_TYPES:
        return engine.violations(f"core/{normal.removeprefix('aaep:')}", plain)
    unknown = Violation(
        "ENV-3",
        "/type",
        f"{readable(normal)} is not one of the twelve core types, and aaep is their prefix alone.",
    )
    return [unknown, *(v for v in engine.violations(ENVELOPE, plain) if v.path != "/type")]


def validate_message(message: object) -> list[Violation]:
    """What is wrong with a handshake message, a reply or a manifest, judged by its type.

    Args:
        message: The message as a dict, its type one of MESSAGE_TYPES; anything is taken and judged.

    Returns:
        One violation per fault, as from `validate_event`; empty when valid. A message without a
        type of these is malformed (TRN-1).
    """
    plain, faults = as_plain(message)
    if faults:
        return faults
    if not isinstance(plain, dict):
        return [Violation("TRN-1", "", "A message is a JSON object.")]
    kind = plain.get("type")
    normal = normalised_type(kind)
    if normal is not kind:
        plain["type"] = normal
    name = MESSAGE_TYPES.get(normal) if isinstance(normal, str) else None
    if name is None:
        known = ", ".join(MESSAGE_TYPES)
        return [Violation("TRN-1", "/type", f"A message's type must be one of {known}.")]
    return _loaded().violations(name, plain)


def explain(name: str, instance: object, failures: Iterable[Failure]) -> list[Violation]:
    """The violations behind the failures another JSON Schema engine found with our schemas.

    Args:
        name: The schema's name, such as "core/agent.tool.invoked".
        instance: The plain JSON value that was validated.
        failures: For each error its path in the instance and its evaluated path in the schema; with
            jsonschema `(error.absolute_path, error.absolute_schema_path)`.

    Returns:
        The same violations that `validate_event` gives for these failures.
    """
    return _loaded().explain(name, instance, failures)
