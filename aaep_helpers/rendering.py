"""From facts to wire events: one listener's language and verbosity, validated (design D6, D10).

Boundary: knows payloads, the catalogue and validation; not sessions, listeners or order.
Failure policy: an event that does not fit its schema raises EventValidationError and goes nowhere.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Catalogue, Summary
from aaep_helpers.clock import format_timestamp
from aaep_helpers.errors import EventValidationError, Violation
from aaep_helpers.segmentation import shorten
from aaep_helpers.validation import is_valid_event, validate_event

# A field of a payload, and how its value becomes JSON; None where it already is.
_Field = tuple[str, Callable[[Any], Any] | None]

# Below this many characters in the texts that may give way, no event reaches 64 KiB, whatever the
# characters (ENV-7): the two that may not give way are at most 16 KiB each.
_SURELY_SMALL: Final = 7_000


def _progress(progress: e.Progress) -> dict[str, object]:
    values = {
        "percent": progress.percent,
        "step": progress.step,
        "total_steps": progress.total_steps,
        "description": progress.description,
    }
    return {name: value for name, value in values.items() if value is not None}


def _choices(choices: tuple[e.Choice, ...]) -> list[dict[str, object]]:
    return [{"value": choice.value, "label": choice.label} for choice in choices]


_CONVERTERS: Final[dict[str, Callable[[Any], Any]]] = {
    "progress": _progress,
    "choices": _choices,
    "tools_available": lambda names: list(names) if isinstance(names, tuple) else names,
    "allowed_replies": list,
    "accepted_response_kinds": list,
}


def _plan(payload_type: type) -> tuple[_Field, ...]:
    names = [field.name for field in dataclasses.fields(payload_type)]
    return tuple((name, _CONVERTERS.get(name)) for name in names if name != "summary")


_PLANS: Final[dict[type, tuple[_Field, ...]]] = {
    payload_type: _plan(payload_type) for payload_type in e.PAYLOAD_TYPES
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """Who speaks (RULES 1, envelope field `producer`)."""

    agent_id: str
    agent_name: str | None = None
    agent_version: str | None = None
    model: str | None = None
    manifest_uri: str | None = None

    def wire(self) -> dict[str, str]:
        """The producer object; only what is known."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if value is not None}


class Chunk:
    """A piece of an output as one listener gets it; mutable on purpose, made once per spoken sentence.

    Args:
        event_id: Its identity (SUB-13).
        output_id: Which output.
        text: The piece; empty only for the end marker of an output that had text (D8).
        position: Its offset in code points (SEQ-9).
        complete: Whether it is the last.
        hint: What its end is.
        form: What the output is made of.
    """

    __slots__ = ("complete", "event_id", "form", "hint", "output_id", "position", "text")

    def __init__(
        self,
        *,
        event_id: str,
        output_id: str,
        text: str,
        position: int,
        complete: bool,
        hint: v.Boundary,
        form: e.OutputForm,
    ) -> None:
        self.event_id = event_id
        self.output_id = output_id
        self.text = text
        self.position = position
        self.complete = complete
        self.hint = hint
        self.form = form


class Renderer:
    """Makes the wire events of one producer.

    Args:
        producer: Who speaks.
        language: The producer's own language, a BCP 47 tag.
        catalogue: The words of summaries that nobody wrote by hand.
        extension_contexts: Context URI by extension prefix (ENV-5).
    """

    def __init__(
        self,
        producer: Producer,
        language: str,
        catalogue: Catalogue,
        extension_contexts: Mapping[str, str],
    ) -> None:
        self.language = language
        self._producer = producer.wire()
        self._catalogue = catalogue
        self._extension_contexts = dict(extension_contexts)

    def render(self, fact: e.Fact, language: str, verbosity: v.Verbosity) -> e.WireEvent:
        """The wire event of `fact`, without a listener's own sequence number and from_state.

        Args:
            fact: What happened.
            language: The language tag the listener wants.
            verbosity: Besides the normal summary, the one of this verbosity is given too.

        Returns:
            The event; shared between listeners of equal settings, so copy it before changing it.

        Raises:
            EventValidationError: It does not fit its schema (D6).
        """
        key = (language, verbosity)
        event = fact.rendered.get(key)
        if event is None:
            event = fact.rendered[key] = self._render(fact, language, verbosity)
        return event

    def render_chunk(
        self,
        chunk: Chunk,
        *,
        session_id: str,
        at_ms: int,
        sequence_number: int,
        correlation_id: str | None,
    ) -> e.WireEvent:
        """The output.streaming event of `chunk`.

        Args:
            chunk: The text and its place.
            session_id: Which session.
            at_ms: When it was said, in milliseconds since 1970-01-01 UTC.
            sequence_number: This listener's count.
            correlation_id: As of the session.

        Raises:
            EventValidationError: It does not fit its schema (D6).
        """
        form = chunk.form
        event: e.WireEvent = {
            "@context": v.CORE_CONTEXT,
            "type": v.OUTPUT_STREAMING,
            "event_id": chunk.event_id,
            "session_id": session_id,
            "timestamp": format_timestamp(at_ms),
            "sequence_number": sequence_number,
            "producer": self._producer.copy(),
            "urgency": "normal",
            "chunk": chunk.text,
            "position": chunk.position,
            "complete": chunk.complete,
            "coalesce_hint": chunk.hint,
            "output_id": chunk.output_id,
        }
        if form.content_type is not None:
            event["content_type"] = form.content_type
        if form.language is not None:
            event["language"] = form.language
        event["localization_hints"] = localization_hints(form.language or self.language)
        if correlation_id is not None:
            event["correlation_id"] = correlation_id
        event["aaep_version"] = v.AAEP_VERSION
        return _validated(event)

    def _render(self, fact: e.Fact, language: str, verbosity: v.Verbosity) -> e.WireEvent:
        payload = fact.payload
        spoken_in = self._catalogue.language_for(str(language))
        event: e.WireEvent = {
            "@context": v.CORE_CONTEXT,
            "type": payload.TYPE,
            "event_id": fact.event_id,
            "session_id": fact.session_id,
            "timestamp": format_timestamp(fact.at_ms),
            "sequence_number": 0,
            "producer": self._producer.copy(),
            "urgency": fact.urgency,
            "verbosity": verbosity,
        }
        self._say(event, payload.summary, spoken_in, verbosity)
        for name, convert in _PLANS[type(payload)]:
            value = getattr(payload, name)
            if value is None:
                continue
            if convert is not None:
                value = convert(value)
            elif isinstance(value, Summary):
                value = shorten(
                    self._catalogue.render(value, spoken_in, "normal") or "", v.MAX_TERSE_LENGTH
                )
            event[name] = value
        by_hand = not payload.summary.key
        event["localization_hints"] = localization_hints(
            self.language if by_hand else _spoken(language, spoken_in)
        )
        if fact.correlation_id is not None:
            event["correlation_id"] = fact.correlation_id
        event["aaep_version"] = v.AAEP_VERSION
        if fact.extensions is not None:
            self._extend(event, fact.extensions)
        return _validated(_fitted(event))

    def _extend(self, event: e.WireEvent, extensions: Mapping[str, Mapping[str, object]]) -> None:
        if not isinstance(extensions, Mapping):  # For validation to name.
            event["extensions"] = extensions
        elif extensions:
            event["extensions"] = {
                prefix: dict(data) if isinstance(data, Mapping) else data
                for prefix, data in extensions.items()
            }
            contexts = [self._extension_contexts.get(prefix) for prefix in extensions]
            event["@context"] = [v.CORE_CONTEXT, *(uri for uri in contexts if uri is not None)]

    def _say(
        self, event: e.WireEvent, summary: Summary, language: str, verbosity: v.Verbosity
    ) -> None:
        # Words written by hand are all passed on; the catalogue speaks at the listener's verbosity.
        wanted = summary.literal or {"normal": "", verbosity: ""}
        for level in ("normal", "terse", "detailed"):
            if level in wanted:
                words = self._catalogue.render(summary, language, level)
                if words is None:
                    continue
                if isinstance(words, str):  # Anything else is for validation to name.
                    limit = v.MAX_TERSE_LENGTH if level == "terse" else v.MAX_TEXT_LENGTH
                    if len(words) * 4 > v.MAX_STRING_BYTES or len(words) > limit:
                        words = shorten(words, limit, max_bytes=v.MAX_STRING_BYTES)
                event[f"summary_{level}"] = words


def _spoken(wanted: str, spoken_in: str) -> str:
    """The language an event's words are in, as exactly as it was asked for (SUB-7)."""
    served = f"{wanted}-".lower().startswith(f"{spoken_in}-".lower())
    return wanted if served else spoken_in


def own_copy(event: e.WireEvent) -> e.WireEvent:
    """A copy a listener may change without anybody else noticing."""
    copy = event.copy()
    for name, value in event.items():
        if type(value) is dict or type(value) is list:
            copy[name] = _own(value)
    return copy


def _own(value: object) -> object:
    if type(value) is dict:
        return {
            name: _own(inner) if type(inner) is dict or type(inner) is list else inner
            for name, inner in value.items()
        }
    if type(value) is list:
        return [_own(inner) for inner in value]
    return value


def localization_hints(language: str) -> dict[str, str]:
    """The language of an event's text and the direction it is read in (RULES 1)."""
    primary = str(language).partition("-")[0].lower()
    return {
        "primary_language": language,
        "text_direction": "rtl" if primary in v.RTL_LANGUAGES else "ltr",
    }


def _validated(event: e.WireEvent) -> e.WireEvent:
    if not is_valid_event(event):
        violations = validate_event(event)
        raise EventValidationError(str(event.get("type")), tuple(violations))
    return event


def _fitted(event: e.WireEvent) -> e.WireEvent:
    """`event` within 64 KiB (ENV-7): its longest texts give way, and say so with an ellipsis."""
    length = 0
    for name in _SHORTENABLE:
        if name in event:
            value = event[name]
            length += len(value) if type(value) is str else 0
    if length < _SURELY_SMALL and event.keys().isdisjoint(_BULKY):
        return event
    while _size(event) > v.MAX_EVENT_BYTES:
        longest = max(
            (name for name in event if name in _SHORTENABLE and isinstance(event[name], str)),
            key=lambda name: len(event[name]),
            default=None,
        )
        if longest is None or len(event[longest]) < 256:
            # What is left is data, not words: the data gives way whole.
            for name in ("tools_available", "extra_context", "packaged_context"):
                if event.pop(name, None) is not None:
                    break
            else:
                raise _too_large(event)
            continue
        event[longest] = shorten(event[longest], len(event[longest]) // 2)
    return event


def _too_large(event: e.WireEvent) -> EventValidationError:
    """What is left is the caller's own data or address, of which nobody can leave out a part."""
    largest = max(event, key=lambda name: _size({name: event[name]}))
    message = f"The event takes {_size(event)} bytes; at most {v.MAX_EVENT_BYTES} are sent."
    return EventValidationError(
        str(event.get("type")), (Violation("ENV-7", f"/{largest}", message),)
    )


# Fields whose size is not in their own characters, and those that have no limit of their own.
_BULKY: Final = frozenset(
    {
        "tools_available",
        "extra_context",
        "packaged_context",
        "extensions",
        "choices",
        "target_uri",
        "result_uri",
        "error_uri",
    }
)

# Never `action` and `consequence`: what is confirmed is heard in full (D7).
_SHORTENABLE: Final = frozenset(
    {
        "summary_normal",
        "summary_terse",
        "summary_detailed",
        "request_text",
        "output_summary",
        "partial_result",
        "description",
        "args_summary",
        "error_message",
        "remediation_hint",
        "context",
        "reason",
    }
)


def _size(event: e.WireEvent) -> int:
    try:
        return len(json.dumps(event, ensure_ascii=False).encode("utf-8", "replace"))
    except (TypeError, ValueError):
        return 0  # Not JSON at all: validation says so, with the path.
