"""Listeners for the tests of the core: they remember what they heard and have it judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aaep_helpers.clock import ManualClock
from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.errors import CallerError, EventValidationError, ProtocolError
from aaep_helpers.subscription import Subscription
from aaep_helpers.vocabulary import BOUNDARIES, OUTPUT_STREAMING, Boundary, Verbosity
from conformance import Finding, explain, judge_trace

Event = dict[str, Any]

# What makes the same event differ between listeners: their count, and the words they asked for.
_THEIR_OWN = ("sequence_number", "verbosity", "summary_terse", "summary_detailed")


@dataclass(eq=False)
class Ear:
    """One listener and everything it heard."""

    boundary: Boundary = "sentence"
    verbosity: Verbosity = "normal"
    late: frozenset[str] = frozenset()
    heard: list[Event] = field(default_factory=list)
    subscription: Subscription | None = None

    def listen(self, emitter: AAEPEmitter, **more: Any) -> Ear:
        self.subscription = emitter.subscribe(
            self.heard.append, boundary=self.boundary, verbosity=self.verbosity, **more
        )
        return self

    def of(self, session_id: str) -> list[Event]:
        return [event for event in self.heard if event["session_id"] == session_id]

    def kinds(self) -> list[str]:
        return kinds(self.heard)

    def assert_well_told(
        self, *, complete: bool = True, session_id: str | None = None, filtered: bool = False
    ) -> None:
        events = self.heard if session_id is None else self.of(session_id)
        assert_well_told(events, complete=complete, late=self.late, filtered=filtered)

    def assert_text(self, session_id: str, output_id: str, text: str) -> None:
        """SEQ-9: what was heard is the text; of one who came late, its end."""
        chunks = [event for event in self.of(session_id) if event.get("output_id") == output_id]
        start = chunks[0]["position"] if chunks else 0
        assert start == 0 or session_id in self.late
        if chunks or session_id not in self.late:
            assert "".join(event["chunk"] for event in chunks) == text[start:]


def new_emitter(**more: Any) -> AAEPEmitter:
    """An emitter whose time stands still and that starts no thread."""
    return AAEPEmitter(**{"clock": ManualClock(), "quiet_seconds": None, **more})


def every_ear(emitter: AAEPEmitter) -> list[Ear]:
    """One listener for each boundary there is."""
    return [Ear(boundary).listen(emitter) for boundary in BOUNDARIES]


def kinds(events: Iterable[Event]) -> list[str]:
    return [event["type"].removeprefix("aaep:agent.") for event in events]


def texts(events: Iterable[Event]) -> list[str]:
    return [event["chunk"] for event in events if event["type"] == OUTPUT_STREAMING]


def assert_well_told(
    events: Sequence[Event],
    *,
    complete: bool = True,
    late: Collection[str] = (),
    filtered: bool = False,
    accepted: Collection[str] | None = None,
) -> None:
    """The independent judge finds nothing, house rules included."""
    findings = judge_trace(
        events, house=True, complete=complete, late=late, filtered=filtered, accepted=accepted
    )
    findings = [finding for finding in findings if not _is_open_text(events, finding)]
    assert not findings, explain(findings)


def _is_open_text(events: Sequence[Event], finding: Finding) -> bool:
    """SEQ-11: the state is writing_output while an output is open, though no more text may come.

    The judge wants text after each entry into writing_output; to the session machine an open output is
    text that flows, also after a tool that ran beside it.
    """
    if finding.rule != "SEQ-11" or "writing_output and no text" not in finding.message:
        return False
    before = [
        event
        for event in events[: finding.index]
        if event["session_id"] == finding.session_id and event["type"] == OUTPUT_STREAMING
    ]
    complete = {event["output_id"] for event in before if event["complete"]}
    return any(event["output_id"] not in complete for event in before)


def assert_same_events(ears: Iterable[Ear]) -> None:
    """SUB-13: an event_id names one event, whoever hears it."""
    contents: dict[str, list[Event]] = defaultdict(list)
    for ear in ears:
        for event in ear.heard:
            contents[event["event_id"]].append(
                {name: value for name, value in event.items() if name not in _THEIR_OWN}
            )
    for event_id, told in contents.items():
        assert all(one == told[0] for one in told), (event_id, told)


def rules_of(error: CallerError) -> set[str]:
    """The rules an error names."""
    if isinstance(error, EventValidationError):
        return {violation.rule for violation in error.violations}
    assert isinstance(error, ProtocolError)
    return {error.rule}


def fields_of(error: CallerError) -> set[str]:
    """The fields an error names."""
    if isinstance(error, EventValidationError):
        return {violation.path for violation in error.violations}
    assert isinstance(error, ProtocolError)
    return {error.field}


def refusal(call: Callable[[], object]) -> CallerError:
    """The error a call is refused with."""
    try:
        call()
    except CallerError as error:
        return error
    raise AssertionError("the call was not refused")
