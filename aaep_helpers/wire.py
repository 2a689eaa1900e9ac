"""Events as they came over a wire, typed again: the way back from `aaep_helpers.rendering`.

For receivers. It tolerates what it does not know (ENV-3). Boundary: reads; judges nothing.
Failure policy: an event without the fields its type requires raises MessageValidationError.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.errors import MessageValidationError, Violation
from aaep_helpers.validation import normalised_type

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStreaming:
    """A piece of an output, as one listener got it."""

    chunk: str
    position: int
    complete: bool
    coalesce_hint: v.Boundary | None = None
    output_id: str | None = None
    content_type: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """One event with its envelope.

    Attributes:
        type: Its normalised type.
        event_id: Its identity.
        session_id: Which session.
        timestamp: RFC 3339.
        producer: Who speaks.
        payload: What happened; None for a type this version does not know.
        sequence_number: This listener's count, where the producer counts.
        urgency: How soon it should be heard.
        wire: The event as it came.
    """

    type: str
    event_id: str
    session_id: str
    timestamp: str
    producer: Mapping[str, str]
    payload: e.Payload | OutputStreaming | None
    sequence_number: int | None
    urgency: v.Urgency
    wire: Mapping[str, object]


_PAYLOADS: Final[Mapping[str, type[DataclassInstance]]] = {
    payload_type.TYPE: payload_type for payload_type in e.PAYLOAD_TYPES
} | {v.OUTPUT_STREAMING: OutputStreaming}

_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "progress": lambda value: _known(e.Progress, value),
    "choices": lambda value: tuple(_known(e.Choice, choice) for choice in value),
    "tools_available": tuple,
    "allowed_replies": tuple,
    "accepted_response_kinds": tuple,
}

_ENVELOPE: Final = ("event_id", "session_id", "timestamp", "producer")

# Required of our own producer by a house rule only (SEQ-4); others may leave it out.
_OPTIONAL_FROM_OTHERS: Final = frozenset({"tool_call_id"})


def event_from_wire(event: Mapping[str, object]) -> ReceivedEvent:
    """The typed form of an event that came over a wire.

    Args:
        event: Parsed JSON; unknown types, fields and enum values are tolerated (ENV-3).

    Raises:
        MessageValidationError: A field its type requires is missing or cannot be read; says which.
    """
    event_type = str(normalised_type(event.get("type", "")))
    missing = [name for name in ("type", *_ENVELOPE) if name not in event]
    if missing:
        raise MessageValidationError(tuple(_lacks(name) for name in missing))
    payload_type = _PAYLOADS.get(event_type)
    return ReceivedEvent(
        type=event_type,
        event_id=str(event["event_id"]),
        session_id=str(event["session_id"]),
        timestamp=str(event["timestamp"]),
        producer=cast("Mapping[str, str]", event["producer"]),
        payload=None if payload_type is None else _payload(payload_type, event),
        sequence_number=cast("int | None", event.get("sequence_number")),
        urgency=cast("v.Urgency", event.get("urgency", "normal")),
        wire=event,
    )


def _payload(
    payload_type: type[DataclassInstance], event: Mapping[str, object]
) -> e.Payload | OutputStreaming:
    values: dict[str, object] = {}
    for field in dataclasses.fields(payload_type):
        if field.name == "summary":
            values["summary"] = _summary(event)
        elif field.name in event:
            values[field.name] = _read(field.name, event[field.name])
        elif field.name in _OPTIONAL_FROM_OTHERS:
            values[field.name] = ""
        elif field.default is dataclasses.MISSING:
            raise MessageValidationError((_lacks(field.name),))
    return cast("e.Payload | OutputStreaming", payload_type(**values))


def _read(name: str, value: object) -> object:
    read = _READERS.get(name)
    if read is None:
        return value
    try:
        return read(value)
    except (TypeError, AttributeError) as error:
        violation = Violation("ENV-1", f"/{name}", f"{name} cannot be read.")
        raise MessageValidationError((violation,)) from error


def _known(kind: type[DataclassInstance], value: Mapping[str, object]) -> object:
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: inner for name, inner in value.items() if name in names})


def _lacks(name: str) -> Violation:
    return Violation("ENV-1", f"/{name}", f"{name} is required.")


def _summary(event: Mapping[str, object]) -> Summary:
    literal = {
        verbosity: text
        for verbosity in v.VERBOSITIES
        if isinstance(text := event.get(f"summary_{verbosity}"), str)
    }
    return Summary(literal=literal)
