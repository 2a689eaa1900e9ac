"""Whom a tool hands over to, and what is no handoff (TYP-4)."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langgraph.graph import END
from langgraph.types import Command, Send

from aaep_langchain.reading import handoff_targets
from tests.aaep_langchain.reading.hostile import Hostile, HostileList

PARENT = Command.PARENT


@pytest.mark.parametrize(
    ("output", "targets"),
    [
        (Command(goto="sales", graph=PARENT), ("sales",)),
        (Command(goto=["sales", "support"], graph=PARENT), ("sales", "support")),
        (Command(goto=Send("sales", {}), graph=PARENT), ("sales",)),
        (Command(goto=["sales", Send("sales", {}), END], graph=PARENT), ("sales",)),
        ([Command(goto="sales", graph=PARENT), ToolMessage("Done.", tool_call_id="1")], ("sales",)),
        (Command(goto="sales"), ()),
        (Command(goto="sales", graph="another"), ()),
        (Command(goto=END, graph=PARENT), ()),
        (Command(update={"messages": []}, graph=PARENT), ()),
        (Send("sales", {}), ()),
        ("sales", ()),
        (None, ()),
    ],
)
def test_a_command_to_the_graph_around_hands_over(output: Any, targets: tuple[str, ...]) -> None:
    assert handoff_targets(output) == targets


@pytest.mark.parametrize("output", [Hostile(), HostileList([Command(goto="x", graph=PARENT)])])
def test_what_cannot_be_read_hands_nothing_over(output: Any) -> None:
    assert handoff_targets(output) == ()
