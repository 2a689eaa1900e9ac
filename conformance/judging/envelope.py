"""ENV-1 to ENV-5: the envelope of each single event.

Boundary: one event at a time, whatever its type; payloads are judged in payloads.py, ids and
numbers across events in numbering.py. Failure policy: total; each function yields faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from conformance.judging import vocabulary as words
from conformance.judging.trace import Fault, Heard
from conformance.judging.values import (
    as_list,
    as_mapping,
    as_text,
    fraction_digits,
    instant,
    is_language,
    is_uri,
    show,
)

_EVENT_ID = re.compile(r"evt_[A-Za-z0-9]{1,64}")
_SESSION_ID = re.compile(r"sess_[A-Za-z0-9]{1,64}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.-]+)?")
_SCRIPT = re.compile(r"[A-Z][a-z]{3}")
_VARIANT_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
_ENUMS = {
    "urgency": ("background", "normal", "critical"),
    "verbosity": ("terse", "normal", "detailed"),
}
_PRODUCER_FIELDS = frozenset({"agent_id", "agent_version", "agent_name", "model", "manifest_uri"})
_HINT_LISTS = {"available_languages": 32, "fallback_chain": 16}


def required_fields(event: Heard) -> Iterator[Fault]:
    """ENV-1: an event is a JSON object, and the six required envelope fields are there."""
    if as_mapping(event.raw) is None:
        yield Fault(event, f"an event is a JSON object, this is {show(event.raw)}")
        return
    for name in words.ENVELOPE_REQUIRED:
        if name not in event.fields:
            yield Fault(event, f"the required field {name} is missing")


def identifiers(event: Heard) -> Iterator[Fault]:
    """ENV-1: event_id, session_id and type have their forms.

    A type is ``aaep:`` and a name, or an extension type, which has a prefix of its own or is a URI;
    so a word without a colon is no type at all.
    """
    for name, pattern in (("event_id", _EVENT_ID), ("session_id", _SESSION_ID)):
        if name in event.fields:
            text = event.text(name)
            if text is None or not pattern.fullmatch(text):
                yield Fault(event, f"{name} {show(event.get(name))} is not {pattern.pattern}")
    if "type" in event.fields:
        prefix, colon, name = event.type.partition(":")
        if not (prefix and colon and name) or any(letter.isspace() for letter in event.type):
            yield Fault(event, f"type {show(event.get('type'))} is neither aaep:, prefixed nor URI")


def timestamp_form(event: Heard) -> Iterator[Fault]:
    """ENV-1: the timestamp is RFC 3339 with Z or an offset, and 0, 3 or 6 fraction digits."""
    if "timestamp" not in event.fields:
        return
    value = event.get("timestamp")
    if instant(value) is None:
        yield Fault(event, f"timestamp {show(value)} is not RFC 3339 with Z or an offset")
    elif fraction_digits(str(value)) not in (0, 3, 6):
        digits = fraction_digits(str(value))
        yield Fault(event, f"timestamp has {digits} fraction digits; 0, 3 or 6 are allowed")


def producer_object(event: Heard) -> Iterator[Fault]:
    """ENV-1: producer is {agent_id, agent_version, agent_name, model, manifest_uri}, no more."""
    if "producer" not in event.fields:
        return
    producer = as_mapping(event.get("producer"))
    if producer is None:
        yield Fault(event, f"producer is {show(event.get('producer'))}, not an object")
        return
    if not as_text(producer.get("agent_id")):
        yield Fault(event, "producer has no agent_id")
    for name, value in producer.items():
        if name not in _PRODUCER_FIELDS:
            yield Fault(event, f"producer has the unknown field {show(name)}")
        elif as_text(value) is None:
            yield Fault(event, f"producer.{name} is {show(value)}, not text")
        elif name == "manifest_uri" and not is_uri(value):
            yield Fault(event, f"producer.manifest_uri {show(value)} is not a URI")


def optional_fields(event: Heard) -> Iterator[Fault]:
    """ENV-1: the optional envelope fields have their forms, where present.

    The rule speaks of required fields; a field the table gives a form is read as bound to that form
    whenever it is sent.
    """
    for name, allowed in _ENUMS.items():
        if name in event.fields and event.text(name) not in allowed:
            value = show(event.get(name))
            yield Fault(event, f"{name} {value} is not one of {', '.join(allowed)}")
    if "correlation_id" in event.fields and event.text("correlation_id") is None:
        yield Fault(event, f"correlation_id is {show(event.get('correlation_id'))}, not text")
    if "aaep_version" in event.fields and not _VERSION.fullmatch(event.text("aaep_version") or ""):
        yield Fault(event, f"aaep_version {show(event.get('aaep_version'))} is not semver")
    if "extensions" in event.fields:
        extensions = as_mapping(event.get("extensions"))
        if extensions is None:
            yield Fault(event, f"extensions is {show(event.get('extensions'))}, not an object")
        for prefix, content in (extensions or {}).items():
            if as_mapping(content) is None:
                yield Fault(event, f"extensions.{show(prefix)} is {show(content)}, not an object")


def hints_form(event: Heard) -> Iterator[Fault]:
    """ENV-1: localization_hints has the fields and forms of the table, where present."""
    if "localization_hints" not in event.fields:
        return
    hints = as_mapping(event.get("localization_hints"))
    if hints is None:
        yield Fault(event, "localization_hints is not an object")
        return
    for name, value in hints.items():
        problem = _hint_problem(name, value)
        if problem:
            yield Fault(event, f"localization_hints.{show(name)} {problem}")


def _hint_problem(name: object, value: object) -> str | None:
    if name == "primary_language":
        return None if is_language(value) else f"{show(value)} is not a language tag"
    if name == "text_direction":
        known = value in ("ltr", "rtl", "auto") if isinstance(value, str) else False
        return None if known else f"{show(value)} is not ltr, rtl or auto"
    if name == "script":
        good = isinstance(value, str) and _SCRIPT.fullmatch(value)
        return None if good else f"{show(value)} is not an ISO 15924 code"
    if name == "calendar":
        return None if as_text(value) is not None else f"is {show(value)}, not text"
    if isinstance(name, str) and name in _HINT_LISTS:
        tags = as_list(value)
        if tags is None or not all(is_language(tag) for tag in tags):
            return "is not an array of language tags"
        if len(tags) > _HINT_LISTS[name]:
            return f"has {len(tags)} languages; at most {_HINT_LISTS[name]} are allowed"
        if name == "available_languages" and len(set(map(str, tags))) < len(tags):
            return "names a language twice"
        return None
    return "is not a field of localization_hints"


def hints_with_text(event: Heard) -> Iterator[Fault]:
    """ENV-1, house part: an event with text says in which language it is.

    The table says "we always send it with text". Text is any non-empty human-readable field; hints
    without primary_language would name no language, so that field is what is looked for.
    """
    if not any(event.text(name) for name in words.HUMAN_FIELDS):
        return
    hints = as_mapping(event.get("localization_hints"))
    if not hints or not hints.get("primary_language"):
        yield Fault(event, "the event has text and no localization_hints.primary_language")


def context_form(event: Heard) -> Iterator[Fault]:
    """ENV-2: @context is the core URI, or an array of URIs that begins with it."""
    if "@context" not in event.fields:
        return
    context = event.get("@context")
    if isinstance(context, str):
        if context != words.CORE_CONTEXT:
            yield Fault(event, f"@context is {show(context)}, not {words.CORE_CONTEXT}")
        return
    items = as_list(context)
    if items is None:
        yield Fault(event, f"@context is {show(context)}, neither a string nor an array")
    elif not items or items[0] != words.CORE_CONTEXT:
        yield Fault(event, f"the first @context item is not {words.CORE_CONTEXT}")
    elif not all(is_uri(item) for item in items):
        yield Fault(event, "an item of @context is not a URI")


def known_core_type(event: Heard) -> Iterator[Fault]:
    """ENV-3, producer side: no ``aaep:`` type outside the twelve, in either spelling of the type.

    The receiver side, tolerance, is this judge's own conduct: it never trips over extension types.
    """
    if event.type.startswith(words.TYPE_PREFIX) and not event.kind:
        yield Fault(event, f"{show(event.type)} is not one of the twelve core types")


def top_level_fields(event: Heard, payload_fields: Mapping[str, frozenset[str]]) -> Iterator[Fault]:
    """ENV-4: nothing at the top level but envelope, payload and language variants.

    A language variant is a human-readable field of this type, ``_`` and a language tag, whose own
    subtags may be joined by ``-`` or ``_``; the primary subtag has two or three letters. Extension
    types define their own fields, but the reserved names are not theirs to take. A core type
    outside the twelve has no known payload: ENV-3 says all there is to say.
    """
    own = payload_fields.get(event.kind)
    for name in event.fields:
        if not isinstance(name, str) or name in words.ENVELOPE:
            continue
        if name.startswith("aaep_") or name in words.RESERVED_NAMES:
            yield Fault(event, f"{show(name)} is a reserved name")
        elif own is not None and name not in own and not _is_variant(name, own):
            yield Fault(event, f"{show(name)} is no field of {event.type}")


def _is_variant(name: str, own: frozenset[str]) -> bool:
    return variant_base(name, own) is not None


def variant_base(name: str, own: frozenset[str]) -> str | None:
    """The human-readable field of which ``name`` is a language variant, if it is one."""
    for base in words.HUMAN_FIELDS & own:
        if name.startswith(f"{base}_") and _VARIANT_TAG.fullmatch(name[len(base) + 1 :]):
            return base
    return None


def declared_extensions(event: Heard) -> Iterator[Fault]:
    """ENV-5: what is foreign is declared by a context beyond the core one; no reserved prefixes.

    Which prefixes a context URI declares can be known only by fetching it; what an event shows is
    whether there is any second context at all, and that is required of extension types too, those
    spelled as whole URIs included.
    """
    extensions = as_mapping(event.get("extensions")) or {}
    for prefix in extensions:
        if isinstance(prefix, str) and (
            prefix in words.RESERVED_PREFIXES or prefix.startswith("@")
        ):
            yield Fault(event, f"the extension prefix {show(prefix)} is reserved")
    is_core_type = event.type.startswith(words.TYPE_PREFIX)
    is_extension = ":" in event.type and not is_core_type
    if is_extension and event.type.partition(":")[0] in words.RESERVED_PREFIXES:
        yield Fault(event, f"the prefix of type {show(event.type)} is reserved")
    contexts = as_list(event.get("@context")) or []
    if (extensions or is_extension) and len(contexts) < 2:
        what = "extensions are used" if extensions else "an extension type is used"
        yield Fault(event, f"{what} and no @context beyond the core one declares them")
