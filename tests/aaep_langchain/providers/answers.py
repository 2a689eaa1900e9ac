"""What a provider's model answers, before it is put into any wire format.

Purpose: one script for three wires, so that one test says for all of them what is heard.

Boundary: plain data; the wires render it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Wire: TypeAlias = Literal["openai_chat", "openai_responses", "anthropic"]
WIRES: tuple[Wire, ...] = ("openai_chat", "openai_responses", "anthropic")


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a tool, its arguments in the pieces they are streamed in."""

    name: str
    args: Mapping[str, object]

    @property
    def pieces(self) -> list[str]:
        """The arguments as JSON, three characters at a time, the empty piece first."""
        whole = json.dumps(dict(self.args))
        return ["", *(whole[at : at + 3] for at in range(0, len(whole), 3))]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model.

    Attributes:
        text: What it says, in the pieces it is streamed in.
        thoughts: Its reasoning or its summary, in pieces; it comes first.
        calls: The tools it calls, after the text.
        refusal: What it says instead of an answer, in pieces (OpenAI).
        cut: The line is cut after the text, before anything that ends the answer.
        failure: Told in the stream after the text instead of the rest, as an error event's content.
    """

    text: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    refusal: tuple[str, ...] = ()
    cut: bool = False
    failure: Mapping[str, object] | None = None

    @property
    def breaks_off(self) -> bool:
        """Whether nothing comes after the text."""
        return self.cut or self.failure is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """A request that is turned down with an HTTP status.

    Attributes:
        status: The status.
        body: The JSON body, as the provider documents it.
        headers: Further headers.
    """

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


Reply: TypeAlias = Answer | Problem


def said(*pieces: str, **more: Any) -> Answer:
    """An answer of text, in pieces with an empty one among them."""
    return Answer(text=(*pieces[:1], "", *pieces[1:]), **more)


def calls(name: str, *text: str, thoughts: tuple[str, ...] = (), **args: object) -> Answer:
    """An answer that says something, if anything, and calls one tool."""
    return Answer(text=text, thoughts=thoughts, calls=(FunctionCall(name, args),))
