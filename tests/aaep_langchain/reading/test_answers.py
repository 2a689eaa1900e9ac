"""The answer in a root run's output, whatever shape it has."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.agents import AgentFinish
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, Generation, LLMResult

from aaep_langchain.reading import answer_text, model_text
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict, HostileList

BLOCKS: list[str | dict[str, Any]] = [
    {"type": "thinking", "thinking": "I wonder."},
    {"type": "text", "text": "Two"},
    {"type": "tool_use", "id": "1", "name": "t", "input": {}},
    {"type": "text", "text": " miles."},
]


def kind(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ("Two miles.", "Two miles."),
        ({"output": "Two miles."}, "Two miles."),
        ({"answer": "Two miles.", "context": ["x"]}, "Two miles."),
        ({"messages": [HumanMessage("How far?"), AIMessage("Two miles.")]}, "Two miles."),
        ({"messages": [HumanMessage("How far?"), AIMessage(BLOCKS)]}, "Two miles."),
        ({"messages": [AIMessage("Two miles."), HumanMessage("How far?")]}, ""),
        ({"messages": [AIMessage("x"), ToolMessage("Two miles.", tool_call_id="1")]}, "Two miles."),
        ({"messages": [SystemMessage("Be kind.")]}, ""),
        ({"messages": []}, ""),
        (AIMessage("Two miles."), "Two miles."),
        (AIMessageChunk(content="Two miles."), "Two miles."),
        (AgentFinish({"output": "Two miles."}, "log"), "Two miles."),
        (ChatGeneration(message=AIMessage("Two miles.")), "Two miles."),
        (Generation(text="Two miles."), "Two miles."),
        (LLMResult(generations=[[Generation(text="Two miles.")]]), "Two miles."),
        (LLMResult(generations=[]), ""),
        ({"trail": ["x"]}, ""),
        (None, ""),
        (3, ""),
        (b"x", ""),
        (Hostile(), ""),
        (HostileDict(output="x"), ""),
        (HostileList(["x"]), ""),
    ],
    ids=kind,
)
def test_known_failure_07_the_answer_from_any_shape(outputs: object, words: str) -> None:
    assert answer_text(outputs) == words


def test_a_models_text_is_its_words_to_the_letter() -> None:
    said = LLMResult(generations=[[ChatGeneration(message=AIMessage(" Two miles. "))]])
    assert model_text(said) == " Two miles. "
    assert answer_text(said) == "Two miles."
