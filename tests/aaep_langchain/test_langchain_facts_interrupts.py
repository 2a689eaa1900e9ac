"""How LangGraph pauses and goes on: facts 12 and 13.

Purpose: an upgrade that changes what the handler is built on fails here first, by fact number.

Boundary: real runs and a recorder only; our own handler is not imported.
"""

from __future__ import annotations

from typing import Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage, ToolMessage
from langgraph.callbacks import GraphInterruptEvent, GraphResumeEvent
from langgraph.errors import GraphInterrupt
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from aaep_langchain.demo.bank import AgentKind
from tests.aaep_langchain.agents import (
    WAYS,
    RecordingHandler,
    Trail,
    Way,
    agent,
    approval_graph,
    ask_first,
    asked,
    calling,
    memory,
    on_thread,
    run,
    scripted,
    weather,
)

GRAPH_KINDS: tuple[AgentKind, ...] = ("create_agent", "graph")
NOTHING: Trail = {"trail": []}


def asking(kind: AgentKind) -> Any:
    """An agent whose only tool interrupts, on a checkpointer of its own."""
    return agent(
        kind, calling("ask_first", city="Oslo"), "Done.", tools=[ask_first], checkpointer=memory()
    )


def go(target: Any, given: Any, way: Way = "invoke") -> RecordingHandler:
    """One run on the thread, with a recorder of its own."""
    recorder = RecordingHandler()
    run(target, way, given, on_thread(recorder))
    return recorder


@pytest.mark.parametrize("way", WAYS)
def test_fact_12_nodes_end_in_graph_interrupt_and_the_root_in_a_normal_end(way: Way) -> None:
    graph = approval_graph(memory())
    paused = go(graph, NOTHING, way).seen
    assert paused.lines() == [
        "chain_start LangGraph",
        "  chain_start ask",
        "  chain_error ask",
        "interrupt LangGraph",
        "chain_end LangGraph",
    ]
    assert isinstance(paused.one("chain_error").payload, GraphInterrupt)
    event = paused.one("interrupt").payload
    assert isinstance(event, GraphInterruptEvent)
    assert event.run_id == paused.root().run_id
    assert event.checkpoint_ns == ()
    assert [each.value for each in event.interrupts] == [{"question": "Shall I?"}]
    # The state as it is, without a word of the interrupt.
    assert paused.last_of_root().payload == NOTHING

    resumed = go(graph, Command(resume="yes"), way).seen
    assert resumed.lines() == [
        "chain_start LangGraph",
        "resume LangGraph",
        "  chain_start ask",
        "  chain_end ask",
        "  chain_start act",
        "  chain_end act",
        "chain_end LangGraph",
    ]
    assert isinstance(resumed.root().payload, Command)
    assert resumed.root().run_id != paused.root().run_id
    assert isinstance(resumed.one("resume").payload, GraphResumeEvent)
    assert resumed.one("resume").run_id == resumed.root().run_id


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", GRAPH_KINDS)
def test_fact_12_a_tool_that_interrupts_starts_again_under_a_new_run_id(
    kind: AgentKind, way: Way
) -> None:
    built = asking(kind)
    paused = go(built, asked(kind), way).seen
    assert isinstance(paused.one("tool_error").payload, GraphInterrupt)
    assert paused.of("llm_error") == []
    assert paused.events[-2:] == ["interrupt", "chain_end"]

    resumed = go(built, Command(resume="yes"), way).seen
    before, after = paused.one("tool_start"), resumed.one("tool_start")
    assert before.run_id != after.run_id
    assert before.kwargs["tool_call_id"] == after.kwargs["tool_call_id"] == "call_2_0"
    assert before.kwargs["inputs"] == after.kwargs["inputs"]
    # The model is not called again for the turn that made the call.
    assert resumed.events.index("resume") < resumed.events.index("tool_start")
    assert resumed.events.index("tool_end") < resumed.events.index("chat_model_start")
    assert resumed.one("tool_end").payload.text == "yes: it is sunny in Oslo."


def test_fact_12_human_in_the_loop_middleware_interrupts_before_any_tool_starts() -> None:
    built = create_agent(
        scripted(calling("weather", city="Oslo"), "Done."),
        [weather],
        middleware=[HumanInTheLoopMiddleware(interrupt_on={"weather": True})],
        checkpointer=memory(),
    )
    paused = go(built, asked("create_agent")).seen
    assert paused.of("tool_start") == []
    assert paused.name(paused.one("chain_error").run_id) == "HumanInTheLoopMiddleware.after_model"
    (asked_for,) = paused.one("interrupt").payload.interrupts
    assert asked_for.value["action_requests"][0]["name"] == "weather"

    resumed = go(built, Command(resume={"decisions": [{"type": "approve"}]})).seen
    assert resumed.one("tool_start").kwargs["inputs"] == {"city": "Oslo"}


def test_fact_12_subgraphs_repeat_resume_and_not_interrupt() -> None:
    outer = StateGraph(Trail)
    outer.add_node("sub", approval_graph())
    outer.add_edge(START, "sub")
    graph = outer.compile(checkpointer=memory())

    paused = go(graph, NOTHING).seen
    assert paused.one("interrupt").run_id == paused.root().run_id
    # The subgraph's own run ends in the error, as every run below the root.
    assert [paused.name(call.run_id) for call in paused.of("chain_error")] == [
        "ask",
        "LangGraph",
        "sub",
    ]

    resumed = go(graph, Command(resume="yes")).seen
    first, second = (call.payload for call in resumed.of("resume"))
    assert first.run_id == resumed.root().run_id
    assert first.checkpoint_ns == ()
    assert second.checkpoint_ns[0].startswith("sub:")
    assert second.run_id != first.run_id


def test_fact_12_interrupt_before_names_no_interrupts_and_goes_on_with_none() -> None:
    graph = approval_graph(memory(), interrupt_before=["ask"])
    paused = go(graph, NOTHING).seen
    event = paused.one("interrupt").payload
    assert (event.status, event.interrupts) == ("interrupt_before", ())
    assert paused.of("chain_error") == []
    assert paused.last_of_root().event == "chain_end"

    resumed = go(graph, None).seen
    assert resumed.root().payload is None
    assert len(resumed.of("resume")) == 1
    # It ran on to the interrupt in the node itself.
    assert resumed.one("interrupt").payload.status == "pending"


def test_fact_12_going_on_after_a_failure_is_a_resume() -> None:
    class Tries(TypedDict):
        tries: int

    failing = [True]

    def work(state: Tries) -> Tries:
        if failing.pop():
            raise ConnectionError("try again")
        return {"tries": 1}

    outline = StateGraph(Tries)
    outline.add_node("work", work)
    outline.add_edge(START, "work")
    graph = outline.compile(checkpointer=memory())
    recorder = RecordingHandler()
    with pytest.raises(ConnectionError):
        graph.invoke({"tries": 0}, on_thread(recorder))
    assert recorder.seen.of("interrupt") == []
    assert recorder.seen.last_of_root().event == "chain_error"

    failing.append(False)
    resumed = go(graph, None).seen
    assert len(resumed.of("resume")) == 1
    assert resumed.last_of_root().payload == {"tries": 1}


@pytest.mark.parametrize("kind", GRAPH_KINDS)
def test_fact_12_a_new_message_on_a_paused_thread_is_no_resume(kind: AgentKind) -> None:
    built = asking(kind)
    go(built, asked(kind))
    recorder = go(built, {"messages": [HumanMessage("Never mind.")]})
    assert recorder.seen.of("resume") == []
    assert recorder.seen.root().kwargs["metadata"]["thread_id"] == "thread-1"
    # The paused call is left in the history without a result (known failure 25).
    messages = recorder.seen.last_of_root().payload["messages"]
    assert not [message for message in messages if isinstance(message, ToolMessage)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["create_agent", "graph", "executor"])
def test_fact_12_the_thread_is_in_the_metadata_of_graphs_only(kind: AgentKind, way: Way) -> None:
    recorder = RecordingHandler()
    run(agent(kind), way, asked(kind), on_thread(recorder))
    starts = [call for call in recorder.seen.calls if call.event.endswith("_start")]
    for call in starts:
        assert call.kwargs["metadata"].get("thread_id") == (
            None if kind == "executor" else "thread-1"
        )


def test_fact_12_a_resume_takes_several_answers_by_id_in_any_order_and_in_part() -> None:
    class Parallel(TypedDict, total=False):
        left: str
        right: str

    outline = StateGraph(Parallel)
    outline.add_node("one", lambda state: {"left": interrupt("left?")})
    outline.add_node("two", lambda state: {"right": interrupt("right?")})
    outline.add_edge(START, "one")
    outline.add_edge(START, "two")
    graph = outline.compile(checkpointer=memory())

    paused = go(graph, {}).seen
    ids = {each.value: each.id for each in paused.one("interrupt").payload.interrupts}
    assert set(ids) == {"left?", "right?"}

    partly = go(graph, Command(resume={ids["right?"]: "R"})).seen
    # Both were pending; only the one that is still open asks again.
    assert [each.id for each in partly.one("interrupt").payload.interrupts] == [ids["left?"]]
    done = go(graph, Command(resume={ids["left?"]: "L"})).seen
    assert done.last_of_root().payload == {"left": "L", "right": "R"}
    assert done.of("interrupt") == []


@pytest.mark.parametrize("way", WAYS)
def test_fact_13_without_a_checkpointer_the_callbacks_look_the_same(way: Way) -> None:
    with_saver, without = (
        go(approval_graph(saver), NOTHING, way).seen for saver in (memory(), None)
    )
    assert without.lines() == with_saver.lines()
    # There is even a checkpoint id, though nothing was kept under it.
    assert without.one("interrupt").payload.checkpoint_id
    assert without.root().kwargs["metadata"] == with_saver.root().kwargs["metadata"]


def test_fact_13_a_resume_without_a_checkpointer_is_an_error_of_the_root() -> None:
    recorder = RecordingHandler()
    with pytest.raises(RuntimeError, match="without checkpointer"):
        approval_graph().invoke(Command(resume="yes"), on_thread(recorder))
    assert recorder.seen.events == ["chain_start", "chain_error"]


def test_fact_13_a_resume_of_a_thread_that_never_was_is_a_run_without_resume() -> None:
    recorder = go(approval_graph(memory()), Command(resume="yes"))
    assert isinstance(recorder.seen.root().payload, Command)
    assert recorder.seen.of("resume") == []
    # The answer went nowhere: the node asks anew.
    assert len(recorder.seen.of("interrupt")) == 1


def test_fact_13_a_node_runs_again_from_its_start() -> None:
    ran: list[str] = []

    def ask(state: Trail) -> Trail:
        ran.append("before")
        answer = interrupt("Shall I?")
        ran.append("after")
        return {"trail": [answer]}

    outline = StateGraph(Trail)
    outline.add_node("ask", ask)
    outline.add_edge(START, "ask")
    graph = outline.compile(checkpointer=memory())
    go(graph, NOTHING)
    go(graph, Command(resume="yes"))
    assert ran == ["before", "before", "after"]


def test_fact_13_graph_events_reach_only_subclasses_of_graph_callback_handler() -> None:
    heard: list[object] = []

    class Lookalike(BaseCallbackHandler):
        """Has the method and not the base class (known failure 3)."""

        def on_interrupt(self, event: object) -> None:
            heard.append(event)

    recorder = RecordingHandler()
    # Handlers bound with with_config count as well as those given to invoke.
    graph = approval_graph(memory()).with_config({"callbacks": [recorder]})
    graph.invoke(NOTHING, on_thread(Lookalike()))
    assert len(recorder.seen.of("interrupt")) == 1
    assert heard == []
