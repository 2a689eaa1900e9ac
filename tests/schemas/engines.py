"""Both JSON Schema engines over our files, and what either of them finds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from aaep_helpers.validation import (
    explain,
    normalised_type,
    schema_document,
    schema_name,
    schema_names,
)

FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


@cache
def _documents() -> dict[str, dict[str, Any]]:
    return {name: schema_document(name) for name in schema_names()}


@cache
def fast(name: str) -> jsonschema_rs.Draft202012Validator:
    pairs = [(document["$id"], document) for document in _documents().values()]
    return jsonschema_rs.Draft202012Validator(
        _documents()[name], registry=jsonschema_rs.Registry(pairs), validate_formats=True
    )


@cache
def thorough(name: str) -> Validator:
    resources = [
        (document["$id"], Resource.from_contents(document)) for document in _documents().values()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(
        _documents()[name], registry=registry, format_checker=FORMATS
    )


def schema_for(message: dict[str, Any]) -> str:
    """The schema a message is held to, its type brought into the normalised form in place."""
    kind = normalised_type(message.get("type"))
    if not isinstance(kind, str):
        return "envelope"
    message["type"] = kind
    return schema_name(kind) or ("envelope" if kind.startswith("aaep:") else "extension")


def found_by_fast(name: str, instance: object) -> set[tuple[str, str]]:
    errors = fast(name).iter_errors(instance)
    return _places(name, instance, ((e.instance_path, e.evaluation_path) for e in errors))


def found_by_thorough(name: str, instance: Any) -> set[tuple[str, str]]:
    errors = thorough(name).iter_errors(instance)
    return _places(name, instance, ((e.absolute_path, e.absolute_schema_path) for e in errors))


def _places(name: str, instance: object, failures: Iterable[Any]) -> set[tuple[str, str]]:
    failures = [(list(where), list(evaluated)) for where, evaluated in failures]
    return {(found.rule, found.path) for found in explain(name, instance, failures)}
