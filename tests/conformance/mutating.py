"""How a single defect is made on a conforming trace, and which rule must catch it.

A mutant names the case of the table it is for. ``also`` lists rules that the same defect breaks
too, each with the reason; a rule listed there that does not fire is as wrong as one that is not
listed and does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.traces import EXAMPLES, Event, at

Change = Callable[[list[Event]], None]

START, END, STATE = "session.started", "session.completed", "state.changed"
PROGRESS, INVOKED, FINISHED = "progress.updated", "tool.invoked", "tool.completed"
TEXT, CONFIRM, CLARIFY = "output.streaming", "awaiting.confirmation", "awaiting.clarification"


@dataclass(frozen=True)
class Mutant:
    """One defect.

    Attributes:
        case: the table's case that catches it, such as ``SEQ-9/positions``.
        name: what is wrong, in words.
        base: the conforming trace it is made on.
        change: makes the defect in place.
        tidy: renumber and chain the states afterwards, so that the defect stays alone.
        options: for judge_trace, over the base's own.
        also: other rules the defect breaks, with the reason.
    """

    case: str
    name: str
    base: str
    change: Change
    tidy: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    also: dict[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        return self.case.partition("/")[0]

    def events(self) -> list[Event]:
        events = copy.deepcopy(EXAMPLES[self.base]().events)
        self.change(events)
        if self.tidy:
            tidy(events)
        return events

    def judged_with(self) -> dict[str, Any]:
        return {**EXAMPLES[self.base]().options, **self.options}


def tidy(events: list[Event]) -> None:
    """Lay ids, numbers, times, positions and from_state anew, as if told in this order."""
    numbers: dict[str, int] = {}
    states: dict[str, str] = {}
    for place, event in enumerate(events):
        session = event["session_id"]
        event["event_id"] = f"evt_tidied{place}"
        event["timestamp"] = at(place * 250)
        if "sequence_number" in event:
            event["sequence_number"] = numbers.get(session, -1) + 1
            numbers[session] = event["sequence_number"]
        if event["type"] == "aaep:agent.state.changed":
            event["from_state"] = states.get(session, "idle")
            states[session] = event["to_state"]


def place(events: list[Event], kind: str, nth: int = 0) -> int:
    wanted = f"aaep:agent.{kind}"
    return [index for index, event in enumerate(events) if event["type"] == wanted][nth]


def edit(kind: str, nth: int = 0, /, **fields: Any) -> Change:
    def change(events: list[Event]) -> None:
        events[place(events, kind, nth)].update(fields)

    return change


def lose(kind: str, name: str, nth: int = 0) -> Change:
    def change(events: list[Event]) -> None:
        del events[place(events, kind, nth)][name]

    return change


def drop(kind: str, nth: int = 0) -> Change:
    def change(events: list[Event]) -> None:
        del events[place(events, kind, nth)]

    return change


def move(kind: str, nth: int, by: int) -> Change:
    """Moves an event by so many places."""

    def change(events: list[Event]) -> None:
        index = place(events, kind, nth)
        events.insert(index + by, events.pop(index))

    return change


def again(kind: str, nth: int = 0, *, after: int = 0, **fields: Any) -> Change:
    """Says an event a second time, as a new event, so many places later."""

    def change(events: list[Event]) -> None:
        index = place(events, kind, nth)
        events.insert(index + 1 + after, {**copy.deepcopy(events[index]), **fields})

    return change


def every(kind: str, change_one: Callable[[Event], object]) -> Change:
    def change(events: list[Event]) -> None:
        for event in events:
            if event["type"] == f"aaep:agent.{kind}":
                change_one(event)

    return change


def both(*changes: Change) -> Change:
    def change(events: list[Event]) -> None:
        for one in changes:
            one(events)

    return change


def becomes(state: str, *, before: str, nth: int = 0) -> Change:
    """Inserts a state.changed before an event."""

    def change(events: list[Event]) -> None:
        model = events[place(events, "state.changed")]
        index = place(events, before, nth)
        events.insert(index, {**copy.deepcopy(model), "to_state": state})

    return change


def respell(*chunks: str) -> Change:
    """Gives the text other words, cut like this; what is left over of the chunks is dropped."""

    def change(events: list[Event]) -> None:
        spoken = [event for event in events if event["type"] == f"aaep:agent.{TEXT}"]
        told = 0
        for event, chunk in zip(spoken, chunks, strict=False):
            event.update(chunk=chunk, position=told, complete=chunk is chunks[-1])
            told += len(chunk)
        for event in spoken[len(chunks) :]:
            events.remove(event)
        for number, event in enumerate(events):
            event["sequence_number"] = number

    return change


def all_with(change_one: Callable[[Event], object]) -> Change:
    """Changes every event alike."""

    def change(events: list[Event]) -> None:
        for event in events:
            change_one(event)

    return change


def count_on(event: Event) -> None:
    event["sequence_number"] += 1
