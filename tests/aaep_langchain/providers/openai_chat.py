"""OpenAI's chat completions as they come over the wire: server-sent events, or one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.aaep_langchain.providers.answers import Answer, FunctionCall
from tests.aaep_langchain.providers.sse import data

_USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 7,
    "total_tokens": 19,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def stream(answer: Answer, request: Mapping[str, Any], number: int) -> Iterator[bytes]:
    """The events of an answer, up to where it breaks off."""
    options = request.get("stream_options") or {}

    def chunk(delta: Mapping[str, object], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return data({**_head("chat.completion.chunk", request, number), "choices": [choice]})

    # The first piece gives the role, and no text.
    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in answer.thoughts:
        # OpenAI keeps its models' reasoning here; compatible servers send it in a field of their own.
        yield chunk({"reasoning_content": piece, "content": None})
    for piece in answer.refusal:
        yield chunk({"refusal": piece})
    for piece in answer.text:
        yield chunk({"content": piece})
    if answer.failure is not None:
        yield data({"error": answer.failure})
    if answer.breaks_off:
        return
    for index, call in enumerate(answer.calls):
        for at, piece in enumerate(call.pieces):
            opening = {"id": _call_id(number, index), "type": "function"} if at == 0 else {}
            named = {"name": call.name} if at == 0 else {}
            yield chunk(
                {
                    "tool_calls": [
                        {"index": index, **opening, "function": {**named, "arguments": piece}}
                    ]
                }
            )
    yield chunk({}, "tool_calls" if answer.calls else "stop")
    if options.get("include_usage"):
        yield data(
            {**_head("chat.completion.chunk", request, number), "choices": [], "usage": _USAGE}
        )
    yield b"data: [DONE]\n\n"


def whole(answer: Answer, request: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An answer as one JSON object."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(answer.text) or None,
        "refusal": "".join(answer.refusal) or None,
        "annotations": [],
    }
    if answer.calls:
        message["tool_calls"] = [
            _call(number, index, call) for index, call in enumerate(answer.calls)
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if answer.calls else "stop",
    }
    return {**_head("chat.completion", request, number), "choices": [choice], "usage": _USAGE}


def _head(kind: str, request: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": 1_760_000_000,
        "model": request["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_0001",
    }


def _call_id(number: int, index: int) -> str:
    return f"call_{number}_{index}"


def _call(number: int, index: int, call: FunctionCall) -> dict[str, Any]:
    return {
        "id": _call_id(number, index),
        "type": "function",
        "function": {"name": call.name, "arguments": "".join(call.pieces)},
    }
