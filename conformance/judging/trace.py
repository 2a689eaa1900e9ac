"""A trace as the rules see it: events in order, grouped by session, without redelivered copies.

Boundary: reads what one listener received; decides nothing about right and wrong, except which
events are the same event heard twice. Failure policy: total; what is not an object becomes an
event without fields, and the envelope rules say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from conformance.judging import vocabulary as words
from conformance.judging.values import as_mapping, as_text


def normal_type(value: object) -> str:
    """The event type with the URI form rewritten to the ``aaep:`` form; empty when not text.

    RULES section 1 normalises before anything else.
    """
    text = as_text(value)
    if text is None:
        return ""
    if text.startswith(words.TYPE_URI):
        return words.TYPE_PREFIX + text.removeprefix(words.TYPE_URI)
    return text


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One event as it was heard; equal to itself only.

    Attributes:
        index: its position in the trace.
        raw: what was received, whatever it was.
        fields: the received object; empty when it was none.
        type: the normalised type.
        kind: the core name without ``aaep:``; empty for extension types and malformed ones.
        session_id: as given; empty when missing or not text.
    """

    index: int
    raw: object
    fields: Mapping[object, object]
    type: str
    kind: str
    session_id: str

    def get(self, name: str) -> object:
        """A field's value, None when absent."""
        return self.fields.get(name)

    def text(self, name: str) -> str | None:
        """A field's value when it is a string."""
        return as_text(self.fields.get(name))

    @property
    def agent_id(self) -> str:
        """The producer's id; ids are unique per producer only. Empty when not well-formed."""
        producer = as_mapping(self.get("producer"))
        return (as_text(producer.get("agent_id")) if producer else None) or ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found: the event (None for the end of the session) and a sentence."""

    at: Heard | None
    message: str


@dataclass(frozen=True)
class Options:
    """How the trace came to be heard; see judge_trace."""

    complete: bool = True
    late: Collection[str] = ()
    filtered: bool = False
    accepted: Collection[str] | None = None


@dataclass(frozen=True)
class Session:
    """One session, as heard.

    Attributes:
        session_id: its id.
        events: its events in the order heard, without redelivered copies.
        deliveries: the same with the copies.
        trace: where it was heard.
    """

    session_id: str
    events: tuple[Heard, ...]
    deliveries: tuple[Heard, ...] = field(repr=False)
    trace: Trace = field(repr=False)

    @property
    def late(self) -> bool:
        """Whether the listener joined in mid-session, so that something may be unheard."""
        return self.session_id in self.trace.options.late

    def hears(self, *kinds: str) -> bool:
        """Whether events of all these kinds reach this listener (see Trace.hears)."""
        return all(self.trace.hears(kind) for kind in kinds)

    @cached_property
    def end(self) -> Heard | None:
        """The first of completed, errored, cancelled."""
        return next((event for event in self.events if event.kind in words.ENDS), None)

    @cached_property
    def body(self) -> tuple[Heard, ...]:
        """The events up to the end, which included. What comes after is SEQ-2's business alone."""
        if self.end is None:
            return self.events
        return tuple(event for event in self.events if event.index <= self.end.index)

    def of(self, *kinds: str) -> list[Heard]:
        """The events of these kinds, up to the end."""
        return [event for event in self.body if event.kind in kinds]


@dataclass(frozen=True)
class Trace:
    """Everything one listener heard.

    Attributes:
        heard: every event.
        copies: indexes of redelivered events: same event_id and same content as an earlier one.
            They are legal (TRN-5, SUB-12) and count once.
        options: how the trace came to be heard.
    """

    heard: tuple[Heard, ...]
    copies: frozenset[int]
    options: Options

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions, in the order of their first events."""
        groups: dict[str, list[Heard]] = {}
        for event in self.heard:
            if event.session_id:
                groups.setdefault(event.session_id, []).append(event)
        return tuple(self._session(name, tuple(group)) for name, group in groups.items())

    def _session(self, name: str, heard: tuple[Heard, ...]) -> Session:
        events = tuple(event for event in heard if event.index not in self.copies)
        return Session(name, events, heard, self)

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(event.kind for event in self.heard)

    def hears(self, kind: str) -> bool:
        """Whether events of this kind reach this listener.

        An unfiltered listener hears everything and criticals pass every filter (SUB-5). What else
        a filter let through is known only from having been heard at least once in the trace.
        """
        return not self.options.filtered or kind in words.CRITICAL or kind in self._kinds


def read_trace(events: Iterable[object], options: Options) -> Trace:
    """Read a listener's events into a trace."""
    heard = tuple(_read_event(index, raw) for index, raw in enumerate(events))
    return Trace(heard=heard, copies=_copies(heard), options=options)


def _read_event(index: int, raw: object) -> Heard:
    fields = as_mapping(raw) or {}
    kind = normal_type(fields.get("type"))
    name = kind.removeprefix(words.TYPE_PREFIX)
    is_core = kind.startswith(words.TYPE_PREFIX) and name in words.CORE
    return Heard(
        index=index,
        raw=raw,
        fields=fields,
        type=kind,
        kind=name if is_core else "",
        session_id=as_text(fields.get("session_id")) or "",
    )


def _copies(heard: Iterable[Heard]) -> frozenset[int]:
    first: dict[tuple[str, str], Heard] = {}
    copies = set()
    for event in heard:
        event_id = event.text("event_id")
        if event_id is None:
            continue
        earlier = first.setdefault((event.agent_id, event_id), event)
        if earlier is not event and same_content(earlier, event):
            copies.add(event.index)
    return frozenset(copies)


def same_content(one: Heard, other: Heard) -> bool:
    """Whether two events say the same; their numbers may differ, as they count deliveries."""
    try:
        return _content(one) == _content(other)
    except RecursionError:
        # Too deep to compare: not provably the same, so it is treated as different.
        return False


def _content(event: Heard) -> dict[object, object]:
    return {name: value for name, value in event.fields.items() if name != "sequence_number"}
