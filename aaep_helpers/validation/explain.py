"""From a validator's failures to violations: which rule, where, and what to do about it.

Boundary: works from paths into the schema and the instance, which every JSON Schema engine gives,
so all engines yield the same violations. Failure policy: instances are plain JSON; their values
never get into a message, because they may be long or secret; field names do, cut when long.

The rule of a failure is the one named by the nearest `$comment` on the way from the schema's root
to the failing keyword, through references. A `description` that begins in lower case finishes the
sentence "must be ..."; others stand by themselves.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aaep_helpers.errors import Violation
from aaep_helpers.validation.plain import Step, pointer, readable

Failure = tuple[Sequence[Step], Sequence[Step]]
"""Where in the instance, and the evaluated path in the schema, with or without `$ref` steps."""

_TYPES: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


@dataclass(frozen=True, slots=True)
class _Spot:
    """One failing keyword: its schema, the rule behind it, and the place in the instance."""

    schema: Mapping[str, Any]
    keyword: str
    rule: str
    path: tuple[Step, ...]
    instance: Any

    @property
    def label(self) -> str:
        """The field as one would say it: "producer.agent_id", "choices[1].label"."""
        said = ""
        for step in self.path:
            said += f"[{step}]" if isinstance(step, int) else "." + readable(step)
        return said.removeprefix(".") or "It"

    def violation(self, message: str, *more: Step) -> Violation:
        return Violation(self.rule, pointer((*self.path, *more)), message)


def explain_failures(
    documents: Mapping[str, Mapping[str, Any]],
    root: str,
    instance: object,
    failures: Iterable[Failure],
    allowed: Callable[[Mapping[str, Any], str], bool],
) -> list[Violation]:
    """The violations behind a validator's failures, without repetitions.

    Args:
        documents: All schemas by their `$id`.
        root: The `$id` of the schema that was validated against.
        instance: The plain JSON value that was validated.
        failures: What the validator found.
        allowed: Whether a field's name fits a `propertyNames` schema; engines do not agree on
            telling which name failed.
    """
    found: dict[tuple[str, str], Violation] = {}
    failed = False
    for where, evaluated in failures:
        failed = True
        spot = _spot(documents, root, instance, where, evaluated)
        for violation in _violations(spot, allowed):
            found.setdefault((violation.rule, violation.path), violation)
    if failed and not found:
        # Only where an empty name keeps the place from being found: no failure goes unsaid.
        found["", ""] = Violation("ENV-1", "", "A field with an empty name holds a wrong value.")
    return list(found.values())


def _spot(
    documents: Mapping[str, Mapping[str, Any]],
    root: str,
    instance: Any,
    where: Sequence[Step],
    evaluated: Sequence[Step],
) -> _Spot:
    base = root
    node: Any = documents[root]
    schema: Mapping[str, Any] = node
    rule = ""
    keyword = ""
    for step in evaluated:
        if isinstance(node, Mapping):
            schema = node
            rule = node.get("$comment", rule)
            # jsonschema leaves references out of its paths; jsonschema-rs has them as steps.
            while step != "$ref" and step not in node and "$ref" in node:
                base, node = _resolved(documents, base, node["$ref"])
                schema = node
                rule = node.get("$comment", rule)
        keyword = str(step)
        if step == "propertyNames":
            break
        if step == "$ref":
            base, node = _resolved(documents, base, node["$ref"])
        else:
            node = node[step]
    if keyword == "propertyNames":
        rule = schema[keyword].get("$comment", rule)
    path = _restored(instance, tuple(where))
    for step in path:
        instance = instance[step]
    return _Spot(schema, keyword, rule, path, instance)


def _restored(instance: Any, where: tuple[Step, ...]) -> tuple[Step, ...]:
    """The path as it is: jsonschema-rs leaves out the steps whose name is empty."""
    if not where:
        return where
    step, rest = where[0], where[1:]
    if isinstance(instance, dict):
        if step in instance:
            return (step, *_restored(instance[step], rest))
        return ("", *_restored(instance[""], where)) if "" in instance else ()
    if isinstance(instance, list) and isinstance(step, int) and step < len(instance):
        return (step, *_restored(instance[step], rest))
    return ()


def _resolved(
    documents: Mapping[str, Mapping[str, Any]], base: str, reference: str
) -> tuple[str, Any]:
    name, _, fragment = reference.partition("#")
    base = name or base
    node: Any = documents[base]
    for part in fragment.split("/")[1:]:
        node = node[part]
    return base, node


def _violations(
    spot: _Spot, allowed: Callable[[Mapping[str, Any], str], bool]
) -> Iterable[Violation]:
    description = spot.schema.get("description", "")
    sentence = "" if description[:1].islower() else f" {description}".rstrip()
    match spot.keyword:
        case "required":
            for name in spot.schema["required"]:
                if name not in spot.instance:
                    # The description of a whole object tells nothing about one missing field.
                    hint = "" if "properties" in spot.schema else sentence
                    message = f"{_joined(spot, name)} is missing.{hint}"
                    yield spot.violation(message, name)
        case "additionalProperties":
            known = spot.schema.get("properties", {})
            patterns = spot.schema.get("patternProperties", {})
            for name in spot.instance:
                if name not in known and not any(re.search(p, name) for p in patterns):
                    yield spot.violation(_unknown(spot, name, known), name)
        case "propertyNames":
            rule = spot.schema["propertyNames"]
            for name in spot.instance:
                if not allowed(rule, name):
                    message = f"{readable(name)} is no name for a field here. {rule['description']}"
                    yield spot.violation(message, name)
        case "pattern" | "format" | "not" | "contains":
            if sentence:
                yield spot.violation(f"{spot.label} does not fit.{sentence}")
            else:
                yield spot.violation(f"{spot.label} must be {description}.")
        case "const":
            wanted = json.dumps(spot.schema["const"])
            yield spot.violation(f"{spot.label} must be {wanted}.{sentence}")
        case _:
            yield spot.violation(f"{spot.label} must {_demand(spot)}.")


def _demand(spot: _Spot) -> str:
    limit = spot.schema[spot.keyword]
    match spot.keyword:
        case "type":
            kinds = [limit] if isinstance(limit, str) else limit
            return "be " + " or ".join(_TYPES[kind] for kind in kinds)
        case "enum":
            return "be one of " + ", ".join(json.dumps(value) for value in limit)
        case "minLength":
            return "not be empty" if limit == 1 else f"have at least {limit} characters"
        case "maxLength":
            return f"have at most {limit} characters"
        case "minimum":
            return f"be at least {limit}"
        case "maximum":
            return f"be at most {limit}"
        case "minItems":
            return f"have at least {limit} item{'' if limit == 1 else 's'}"
        case "maxItems":
            return f"have at most {limit} items"
        case "uniqueItems":
            return "not have the same item twice"
        case "minProperties":
            return "have at least one field: " + ", ".join(spot.schema.get("properties", ()))
        case _:
            return f"keep to its schema ({spot.keyword})"


def _joined(spot: _Spot, name: str) -> str:
    return f"{spot.label}.{name}" if spot.path else name


def _unknown(spot: _Spot, name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(readable(name), known, n=1, cutoff=0.8)
    message = f"{_joined(spot, readable(name))} is not a field of this type."
    if near:
        return f"{message} Perhaps {near[0]} is meant."
    if "extensions" in known:
        return f"{message} Custom data goes in extensions."
    return f"{message} The fields are {', '.join(known)}."
