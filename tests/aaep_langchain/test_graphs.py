"""What is certain about a graph's nodes: which of them cannot be the last."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langchain.agents import create_agent
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command

from aaep_langchain.graphs import goes_on_after, nodes_around, starting_graph
from tests.aaep_langchain.agents import scripted


def work(state: Any) -> dict[str, Any]:
    return {}


def to_next(state: Any) -> Command[Literal["next"]]:
    return Command(goto="next")


def to_next_or_end(state: Any) -> Command[Literal["next", "__end__"]]:
    return Command(goto="next")


def graph_with(node: Any, **options: Any) -> Any:
    """A graph that starts at `node` and has a node "next" to go on with."""
    graph: Any = StateGraph(MessagesState)
    graph.add_node("node", node, **options)
    graph.add_node("next", work)
    graph.add_edge(START, "node")
    return graph


AGENT: Any = create_agent(scripted("Hello."), [])


@pytest.mark.parametrize(
    ("node", "options", "goes_on"),
    [
        (work, {}, False),
        (to_next, {}, True),
        (to_next_or_end, {}, False),
        (work, {"destinations": ("next",)}, True),
        (AGENT, {}, False),
        (AGENT, {"destinations": ("next",)}, False),
    ],
)
def test_commands_of_functions_are_edges_and_those_of_agents_are_handoffs(
    node: Any, options: dict[str, Any], goes_on: bool
) -> None:
    assert goes_on_after(graph_with(node, **options).compile(), "node") is goes_on


def test_plain_edges_tell() -> None:
    assert goes_on_after(graph_with(AGENT).add_edge("node", "next").compile(), "node")
    assert not goes_on_after(graph_with(AGENT).add_edge("node", END).compile(), "node")
    both = graph_with(AGENT).add_edge("node", END).add_edge("node", "next").compile()
    assert not goes_on_after(both, "node")
    joined = graph_with(AGENT).add_node("other", work).add_edge(START, "other")
    assert goes_on_after(joined.add_edge(["node", "other"], "next").compile(), "node")


@pytest.mark.parametrize(
    ("targets", "goes_on"),
    [(["next"], True), (["next", END], False), ({"yes": "next"}, True), (None, False)],
)
def test_conditional_edges_tell_where_they_name_their_targets(targets: Any, goes_on: bool) -> None:
    graph = graph_with(AGENT).add_conditional_edges("node", lambda state: "next", targets)
    assert goes_on_after(graph.compile(), "node") is goes_on


def test_whatever_an_agent_has_inside_works_for_it() -> None:
    assert goes_on_after(AGENT, "model")


def test_what_cannot_be_read_may_be_the_last() -> None:
    @entrypoint()
    def workflow(given: str) -> str:
        return given

    assert not goes_on_after(workflow, "workflow")
    assert not goes_on_after(object(), "node")
    assert not goes_on_after(graph_with(work).compile(), "no such node")


@pytest.mark.parametrize(
    ("metadata", "nodes"),
    [
        ({}, ()),
        ({"langgraph_node": "model"}, ("model",)),
        ({"langgraph_checkpoint_ns": "model:1-2"}, ("model",)),
        ({"langgraph_checkpoint_ns": "a:1-2|b:3-4"}, ("a", "b")),
        ({"langgraph_checkpoint_ns": "a:1-2|1|b:3-4"}, ("a", "b")),
        ({"langgraph_checkpoint_ns": ""}, ()),
        ({"langgraph_checkpoint_ns": 3, "langgraph_node": None}, ()),
    ],
)
def test_the_nodes_around_a_run(metadata: dict[str, Any], nodes: tuple[str, ...]) -> None:
    assert nodes_around(metadata) == nodes


def test_outside_of_a_graph_no_graph_starts() -> None:
    assert starting_graph() is None
