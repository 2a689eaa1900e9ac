"""Anthropic's messages as they come over the wire: server-sent events, or one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.aaep_langchain.providers.answers import Answer
from tests.aaep_langchain.providers.sse import named

# What proves that a thought is the model's own; never for ears.
SIGNATURE = "EqQBCgIYAhIM" + "c2lnbmF0dXJl"


def stream(answer: Answer, request: Mapping[str, Any], number: int) -> Iterator[bytes]:
    """The events of an answer, up to where it breaks off."""
    blocks = _Blocks()
    message = {
        **_head(request, number),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 1},
    }
    yield named({"type": "message_start", "message": message})
    yield named({"type": "ping"})
    if answer.thoughts:
        yield blocks.start({"type": "thinking", "thinking": "", "signature": ""})
        for piece in answer.thoughts:
            yield blocks.delta({"type": "thinking_delta", "thinking": piece})
        yield blocks.delta({"type": "signature_delta", "signature": SIGNATURE})
        yield blocks.stop()
    if answer.text:
        yield blocks.start({"type": "text", "text": ""})
        for piece in answer.text:
            yield blocks.delta({"type": "text_delta", "text": piece})
        if answer.failure is not None:
            yield named({"type": "error", "error": answer.failure})
        if answer.breaks_off:
            return
        yield blocks.stop()
    for index, call in enumerate(answer.calls):
        yield blocks.start(
            {"type": "tool_use", "id": _call_id(number, index), "name": call.name, "input": {}}
        )
        for piece in call.pieces:
            yield blocks.delta({"type": "input_json_delta", "partial_json": piece})
        yield blocks.stop()
    stop = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    usage = {"input_tokens": 12, "output_tokens": 7}
    yield named({"type": "message_delta", "delta": stop, "usage": usage})
    yield named({"type": "message_stop"})


def whole(answer: Answer, request: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An answer as one JSON object."""
    content: list[dict[str, Any]] = []
    if answer.thoughts:
        thought = "".join(answer.thoughts)
        content.append({"type": "thinking", "thinking": thought, "signature": SIGNATURE})
    if answer.text:
        content.append({"type": "text", "text": "".join(answer.text), "citations": None})
    for index, call in enumerate(answer.calls):
        content.append(
            {
                "type": "tool_use",
                "id": _call_id(number, index),
                "name": call.name,
                "input": dict(call.args),
            }
        )
    return {
        **_head(request, number),
        "content": content,
        "stop_reason": _stop_reason(answer),
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 7},
    }


class _Blocks:
    """The content blocks of a message, by index."""

    def __init__(self) -> None:
        self._index = -1

    def start(self, block: Mapping[str, object]) -> bytes:
        self._index += 1
        return named({"type": "content_block_start", "index": self._index, "content_block": block})

    def delta(self, delta: Mapping[str, object]) -> bytes:
        return named({"type": "content_block_delta", "index": self._index, "delta": delta})

    def stop(self) -> bytes:
        return named({"type": "content_block_stop", "index": self._index})


def _head(request: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
    }


def _call_id(number: int, index: int) -> str:
    return f"toolu_{number}_{index}"


def _stop_reason(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"
