"""OpenAI's responses as they come over the wire: server-sent events, or one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.aaep_langchain.providers.answers import Answer, FunctionCall
from tests.aaep_langchain.providers.sse import named

_USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 19,
}


def stream(answer: Answer, request: Mapping[str, Any], number: int) -> Iterator[bytes]:
    """The events of an answer, up to where it breaks off."""
    for place, event in enumerate(_events(answer, request, number)):
        yield named({**event, "sequence_number": place})


def whole(answer: Answer, request: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An answer as one JSON object."""
    return _response(request, number, "completed", _items(answer, number))


def _events(answer: Answer, request: Mapping[str, Any], number: int) -> Iterator[dict[str, Any]]:
    started = _response(request, number, "in_progress", [])
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    items = _items(answer, number)
    for index, item in enumerate(items):
        if item["type"] == "reasoning":
            yield from _reasoning(answer, item, index)
        elif item["type"] == "message":
            yield from _message(answer, item, index)
            if answer.breaks_off:
                break
        else:
            yield from _function_call(item, index)
    if answer.failure is not None:
        failed = {**_response(request, number, "failed", []), "error": answer.failure}
        yield {"type": "response.failed", "response": failed}
    elif not answer.cut:
        completed = _response(request, number, "completed", items)
        yield {"type": "response.completed", "response": completed}


def _reasoning(answer: Answer, item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    part = item["summary"][0]
    yield _added({**item, "summary": []}, index)
    empty = {"type": "summary_text", "text": ""}
    yield {"type": "response.reasoning_summary_part.added", **place, "part": empty}
    for piece in answer.thoughts:
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}
    yield _done(item, index)


def _message(answer: Answer, item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    (part,) = item["content"]
    yield _added({**item, "status": "in_progress", "content": []}, index)
    if part["type"] == "refusal":
        empty = {"type": "refusal", "refusal": ""}
        yield {"type": "response.content_part.added", **place, "part": empty}
        for piece in answer.refusal:
            yield {"type": "response.refusal.delta", **place, "delta": piece}
        yield {"type": "response.refusal.done", **place, "refusal": part["refusal"]}
    else:
        yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
        for piece in answer.text:
            yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        if answer.breaks_off:
            return
        whole_text = {"text": part["text"], "logprobs": []}
        yield {"type": "response.output_text.done", **place, **whole_text}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield _done(item, index)


def _function_call(item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    yield _added({**item, "status": "in_progress", "arguments": ""}, index)
    arguments = item["arguments"]
    for at in range(0, len(arguments), 3):
        piece = arguments[at : at + 3]
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    finished = {"name": item["name"], "arguments": arguments}
    yield {"type": "response.function_call_arguments.done", **place, **finished}
    yield _done(item, index)


def _added(item: Mapping[str, object], index: int) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(item: Mapping[str, object], index: int) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def _items(answer: Answer, number: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.thoughts:
        summary = [{"type": "summary_text", "text": "".join(answer.thoughts)}]
        items.append({"id": f"rs_{number}", "type": "reasoning", "summary": summary})
    if answer.text or answer.refusal:
        part: dict[str, Any] = (
            {"type": "refusal", "refusal": "".join(answer.refusal)}
            if answer.refusal
            else {
                "type": "output_text",
                "text": "".join(answer.text),
                "annotations": [],
                "logprobs": [],
            }
        )
        items.append(
            {
                "id": f"msg_{number}",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        )
    return items + [_call(number, index, call) for index, call in enumerate(answer.calls)]


def _call(number: int, index: int, call: FunctionCall) -> dict[str, Any]:
    return {
        "id": f"fc_{number}_{index}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"call_{number}_{index}",
        "name": call.name,
        "arguments": "".join(call.pieces),
    }


def _response(
    request: Mapping[str, Any], number: int, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1_760_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": request["model"],
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": request.get("reasoning") or {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": request.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _USAGE if status == "completed" else None,
    }
