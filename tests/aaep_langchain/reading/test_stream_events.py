"""The words in v3 stream events: text deltas only (fact 7, known failure 14)."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models._compat_bridge import message_to_events
from langchain_core.messages import AIMessage

from aaep_langchain.reading import stream_event_text
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict


def delta(**content: Any) -> dict[str, Any]:
    return {"event": "content-block-delta", "index": 0, "delta": content}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (delta(type="text-delta", text="Hi."), "Hi."),
        (delta(type="text-delta", text=""), ""),
        (delta(type="text-delta", text=None), ""),
        (delta(type="text-delta"), ""),
        (delta(type="reasoning-delta", reasoning="Hm."), ""),
        (delta(type="reasoning-delta", text="Hm."), ""),
        (delta(type="tool-call-delta", args='{"a"'), ""),
        (delta(type="data-delta", data="SGk="), ""),
        (delta(type="block-delta", fields={"type": "text", "text": "Hi."}), ""),
        ({"event": "message-start", "role": "ai", "id": "m"}, ""),
        ({"event": "content-block-start", "index": 0, "content": {"type": "text", "text": ""}}, ""),
        (
            {
                "event": "content-block-finish",
                "index": 0,
                "content": {"type": "text", "text": "Hi again."},
            },
            "",
        ),
        ({"event": "message-finish", "usage": {}}, ""),
        ({"event": "error", "message": "gone"}, ""),
        ({"event": "content-block-delta", "delta": "Hi."}, ""),
        ({}, ""),
        (None, ""),
        ("text", ""),
        (Hostile(), ""),
        (HostileDict(event="content-block-delta"), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fact_07_text_deltas_have_words_and_nothing_else_has(event: object, text: str) -> None:
    assert stream_event_text(event) == text


def test_fact_07_the_events_of_a_message_add_up_to_its_text() -> None:
    message = AIMessage(
        [
            {"type": "reasoning", "reasoning": "Hm."},
            {"type": "text", "text": "Let me "},
            {"type": "tool_call", "name": "weather", "args": {"city": "Oslo"}, "id": "call_1"},
            {"type": "text", "text": "look."},
        ]
    )
    events = list(message_to_events(message))
    assert len(events) > 8
    assert "".join(map(stream_event_text, events)) == message.text == "Let me look."
