"""The user's words in a root run's input, whatever shape it has (known failure 12)."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langgraph.types import Command
from pydantic import BaseModel

from aaep_langchain.reading import is_resume, request_text
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict, HostileList


class Ask(BaseModel):
    question: str = "How far is it?"
    unit: str = "km"


def kind(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ("How far?", "How far?"),
        ({"input": "How far?", "chat_history": [HumanMessage("Before.")]}, "How far?"),
        ({"question": "How far?"}, "How far?"),
        ({"anything": "How far?"}, "How far?"),
        ({"one": "How far?", "two": "or near?"}, ""),
        ({"trail": []}, ""),
        (
            {"messages": [HumanMessage("Hi."), AIMessage("Yes?"), HumanMessage("How far?")]},
            "How far?",
        ),
        ({"messages": [("user", "How far?")]}, "How far?"),
        ({"messages": [{"role": "user", "content": "How far?"}]}, "How far?"),
        ({"messages": [{"type": "human", "content": "How far?"}]}, "How far?"),
        ({"messages": "How far?"}, "How far?"),
        ({"messages": HumanMessage("How far?")}, "How far?"),
        ({"messages": ("user", "How far?")}, "How far?"),
        ({"messages": [AIMessage("I said it.")]}, ""),
        ({"messages": []}, ""),
        ([SystemMessage("Be kind."), HumanMessage("How far?")], "How far?"),
        (
            [HumanMessage([{"type": "text", "text": "How far?"}, {"type": "image", "url": "x"}])],
            "How far?",
        ),
        (HumanMessage("How far?"), "How far?"),
        (("user", "How far?"), "How far?"),
        (StringPromptValue(text="How far?"), "How far?"),
        (ChatPromptValue(messages=[HumanMessage("How far?")]), "How far?"),
        (Ask(), "How far is it?"),
        (Command(resume="yes"), ""),
        (Command(update={"messages": [("user", "How far?")]}), "How far?"),
        ("  How\n far?  ", "How far?"),
        (None, ""),
        (3, ""),
        (b"How far?", ""),
        (Hostile(), ""),
        ({"input": Hostile()}, ""),
        (HostileDict(input="x"), ""),
        (HostileList(["x"]), ""),
    ],
    ids=kind,
)
def test_known_failure_12_the_users_words_from_any_shape(inputs: object, words: str) -> None:
    assert request_text(inputs) == words


@pytest.mark.parametrize(
    ("inputs", "resumes"),
    [
        (None, True),
        (Command(resume="yes"), True),
        (Command(resume=False), True),
        (Command(resume={"id": 1}), True),
        (Command(update={"a": 1}), False),
        (Command(goto="x"), False),
        ({"messages": []}, False),
        ("yes", False),
        (Hostile(), False),
    ],
    ids=kind,
)
def test_a_resume_is_nothing_or_a_command_that_answers(inputs: Any, resumes: bool) -> None:
    assert is_resume(inputs) is resumes
