"""Messages near valid ones: every field taken out, replaced, or joined by another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.schemas.examples import DROP, Message, changed, full, minimal

# What a field may be replaced by. Each is right somewhere and wrong elsewhere.
_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2.0,
    2.5,
    10**9,
    2**60,
    "",
    "x",
    "accept",
    "high",
    "critical",
    "normal",
    "word",
    "en-US",
    "evt_1",
    "evt_1\n",
    "1.0.0",
    "https://a.example/b",
    "2026-03-01T09:30:00Z",
    "2026-03-01T09:30:00.1Z",
    "2026-03-01t09:30:00z",
    "2026-02-30T09:30:00Z",
    "x" * 300,
    "x" * 5000,
    "x" * 20000,
    [],
    ["x"],
    ["x", "x"],
    ["reject"],
    ["word"],
    [1],
    {},
    {"x": {}},
    {"x": "x"},
    {"agent_id": "x"},
)

_ADDED: Final = (
    "colour",
    "aaep_colour",
    "@id",
    "summary_normal_yo",
    "summary_normal_loud",
    "action_es",
    "extensions",
    "urgency",
    "risk_level",
    "correlation_id",
)


def places(value: Any, prefix: str = "") -> list[str]:
    """The JSON pointers of everything inside a value."""
    if isinstance(value, dict):
        steps = [(step.replace("~", "~0").replace("/", "~1"), value[step]) for step in value]
    elif isinstance(value, list):
        steps = [(str(index), item) for index, item in enumerate(value)]
    else:
        return []
    found: list[str] = []
    for step, item in steps:
        found.append(f"{prefix}/{step}")
        found += places(item, f"{prefix}/{step}")
    return found


def mutants(kind: str) -> Iterator[Message]:
    """All of them for one kind; its type stays, so that it is held to the same schema."""
    for message in (minimal(kind), full(kind)):
        where = [place for place in places(message) if place != "/type"]
        for place in where:
            yield changed(message, {place: DROP})
            for value in _VALUES:
                yield changed(message, {place: value})
        objects = ["", *(place for place in where if isinstance(_at(message, place), dict))]
        for place in objects:
            for name in _ADDED:
                for value in ("x", {}, 5):
                    yield changed(message, {f"{place}/{name}": value})


def _at(message: Any, place: str) -> Any:
    for step in place.split("/")[1:]:
        message = message[int(step) if isinstance(message, list) else step]
    return message
