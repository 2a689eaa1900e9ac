"""What tools return, in words: never a repr, whatever it is (known failure 7, D8)."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.messages.content import create_text_block
from langchain_core.tools.base import _format_output
from langgraph.types import Command
from pydantic import BaseModel

from aaep_langchain.reading import ToolResult, tool_arguments, tool_result
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict, HostileList


class Page(BaseModel):
    title: str = "Fish"
    number: int = 3


@dataclass
class Place:
    city: str = "Oslo"


class Odd:
    pass


def kind(value: object) -> str:
    return type(value).__name__


def message(content: Any, **more: Any) -> ToolMessage:
    return ToolMessage(content, tool_call_id="1", **more)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("It is sunny.", "It is sunny."),
        (message("It is sunny."), "It is sunny."),
        (message([create_text_block("It is "), create_text_block("sunny.")]), "It is sunny."),
        (message(["Oslo", "Rome"]), "Oslo, Rome"),
        (AIMessage("A sub-agent's answer."), "A sub-agent's answer."),
        (Document("A page."), "A page."),
        ([Document("One page."), Document("Another.")], "One page. Another."),
        (Command(update={"messages": [message("Moved on.")]}), "Moved on."),
        (Command(update=[message("Moved on.")]), "Moved on."),
        ([Command(goto="x"), message("Moved on.")], "Moved on."),
        (Command(goto="somewhere"), ""),
        (("The words.", {"the": "artifact"}), "The words."),
        ({"city": "Oslo", "sunny": True}, "city: Oslo, sunny: yes"),
        (["Oslo", "Rome"], "Oslo, Rome"),
        ([1, 2.5], "1, 2.5"),
        (Page(), "title: Fish, number: 3"),
        (Place(), "city: Oslo"),
        (3, "3"),
        (True, "yes"),
        (None, ""),
        (b"bytes", ""),
        (Odd(), ""),
        (Hostile(), ""),
        (HostileList([1]), ""),
        ({"odd": [Odd()]}, ""),
        ("", ""),
    ],
    ids=kind,
)
def test_known_failure_07_outputs_of_any_type_are_words_or_nothing(
    output: object, words: str
) -> None:
    assert tool_result(output) == ToolResult(text=words)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ({"city": "Oslo", "sunny": True}, "city: Oslo, sunny: yes"),
        ([{"city": "Oslo"}, {"city": "Rome"}], "city: Oslo, city: Rome"),
        ([1, 2], "1, 2"),
        (None, ""),
        (False, "no"),
        (7, "7"),
        (Page(), ""),
        ([Page()], ""),
        (Place(), ""),
        (Document("A page."), ""),
        ([Document("A page.")], ""),
        ({"odd": Odd()}, ""),
        (Odd(), ""),
        (b"bytes", ""),
        ("Let x = 1, then f(x).", "Let x = 1, then f(x)."),
        ("{braces} are fine", "{braces} are fine"),
        ("[1] is a footnote", "[1] is a footnote"),
        ("<b>Bold</b> words", "<b>Bold</b> words"),
    ],
    ids=kind,
)
def test_what_langchain_made_a_message_of_is_never_read_out_as_a_dump(
    returned: object, words: str
) -> None:
    """With a tool_call_id LangChain wraps what is no text as JSON, or else as its repr."""
    wrapped = _format_output(returned, None, "call-1", "tool", "success")
    assert tool_result(wrapped) == ToolResult(text=words)


def test_secrets_are_masked_by_their_names() -> None:
    returned = {"user": "ana", "password": "hunter2"}
    wrapped = _format_output(returned, None, "call-1", "tool", "success")
    for output in (returned, wrapped):
        assert tool_result(output).text.startswith("user: ana, password: ")
        assert "hunter2" not in tool_result(output).text


def test_an_error_in_words_is_a_failure() -> None:
    assert tool_result(message("No such city.", status="error")) == ToolResult(
        "No such city.", failed=True
    )


def test_fact_11_a_coroutine_is_a_tool_that_never_ran_and_is_closed() -> None:
    async def work() -> str:
        return "done"

    coroutine = work()
    assert tool_result(coroutine) == ToolResult(failed=True, never_ran=True)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


def test_fact_11_a_message_made_of_a_coroutine_is_a_tool_that_never_ran() -> None:
    async def work() -> str:
        return "done"

    async def stream() -> AsyncIterator[str]:
        yield "done"

    coroutine = work()
    for returned in (coroutine, stream()):
        wrapped = _format_output(returned, None, "call-1", "tool", "success")
        assert tool_result(wrapped) == ToolResult(failed=True, never_ran=True)
    coroutine.close()


@pytest.mark.parametrize(
    ("inputs", "input_str", "arguments"),
    [
        ({"city": "Oslo", "days": 3}, "{'city': 'Oslo', 'days': 3}", {"city": "Oslo", "days": 3}),
        (None, "Oslo", {"input": "Oslo"}),
        (None, "  ", {}),
        (None, None, {}),
        ({"runtime": Odd(), "city": "Oslo"}, "", {"city": "Oslo"}),
        (HostileDict(a=1), "", {}),
        (Hostile(), Hostile(), {}),
    ],
    ids=kind,
)
def test_arguments_are_plain_values_by_name(
    inputs: object, input_str: object, arguments: dict[str, object]
) -> None:
    assert tool_arguments(inputs, input_str) == arguments
