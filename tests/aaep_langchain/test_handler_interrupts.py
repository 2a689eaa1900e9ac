"""Graphs that pause for an answer: one session from the question to the end (known failures 1 to 3)."""

from __future__ import annotations

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from langgraph.callbacks import GraphCallbackHandler
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import (
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
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, assert_never_said, hear

RUN_WAYS: tuple[Way, ...] = ("invoke", "ainvoke", "stream", "astream")
PAUSABLE: tuple[AgentKind, ...] = ("create_agent", "graph")


def paused(story: Story) -> None:
    """The story stands still: the session waits for an answer, and nothing has failed."""
    assert story.of("state.changed")[-1]["to_state"] == "awaiting_input"
    assert story.of("state.changed")[-1]["urgency"] == "normal"
    assert not story.of("session.errored", "session.cancelled", "session.completed")


def question(story: Story) -> str:
    return str(story.of("state.changed")[-1]["summary_normal"])


@pytest.mark.parametrize("way", RUN_WAYS)
def test_known_failure_01_an_interrupt_is_no_error_and_the_resume_goes_on(way: Way) -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        scene.run(lambda h: run(graph, way, {"trail": []}, on_thread(h)), paused=True)
        paused(scene.story)
        assert question(scene.story) == "The agent is waiting for you. Shall I?"
        assert scene.handler.open_runs == 1

        scene.run(lambda h: run(graph, way, Command(resume="yes"), on_thread(h)))
    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.states == ["awaiting_input", "thinking", "idle"]
    assert "The agent goes on with your answer." in scene.story.said


@pytest.mark.parametrize("way", RUN_WAYS)
@pytest.mark.parametrize("kind", PAUSABLE)
def test_known_failure_01_an_interrupt_in_a_tool_leaves_its_call_open(
    kind: AgentKind, way: Way
) -> None:
    """Facts 12, 13: the tool starts again under a new run id, and it is the same call."""
    asking = agent(
        kind, calling("ask_first", city="Oslo"), "Sunny.", tools=[ask_first], checkpointer=memory()
    )
    with Hearing() as scene:
        scene.run(lambda h: run(asking, way, asked(kind), on_thread(h)), paused=True)
        paused(scene.story)
        assert question(scene.story) == "The agent is waiting for you. May I look at Oslo?"
        assert scene.story.kinds == ["session.started", "tool.invoked"]

        scene.run(lambda h: run(asking, way, Command(resume="yes"), on_thread(h)))
    assert scene.story.kinds == [
        "session.started",
        "tool.invoked",
        "tool.completed",
        "session.completed",
    ]
    invoked, completed = scene.story.of("tool.invoked", "tool.completed")
    assert invoked["tool_call_id"] == completed["tool_call_id"]
    assert completed["status"] == "success"
    assert scene.story[-1]["tool_invocations_count"] == 1
    assert scene.story.outputs == ["Sunny."]


def test_known_failure_02_each_thread_has_its_session() -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        for thread in ("a", "b"):
            scene.run(
                lambda h, thread=thread: graph.invoke(
                    {"trail": []}, on_thread(h, thread_id=thread)
                ),  # type: ignore[misc]
                paused=True,
            )
        assert scene.handler.open_runs == 2
        scene.run(
            lambda h: graph.invoke(Command(resume="y"), on_thread(h, thread_id="b")), paused=True
        )
        first, second = scene.story.sessions
        assert scene.story.of_session(second).outcome == "session.completed"
        paused(scene.story.of_session(first))
        scene.run(lambda h: graph.invoke(Command(resume="y"), on_thread(h, thread_id="a")))
        assert len(scene.story.sessions) == 2


def test_known_failure_03_the_handler_is_a_graph_callback_handler() -> None:
    assert issubclass(AAEPCallbackHandler, GraphCallbackHandler)


@pytest.mark.parametrize("way", RUN_WAYS)
def test_a_break_before_a_node_is_a_pause_without_a_question(way: Way) -> None:
    """Fact 12: interrupt_before gives no interrupts, and invoke(None) goes on."""
    graph = approval_graph(memory(), interrupt_before=["ask"])
    with Hearing() as scene:
        scene.run(lambda h: run(graph, way, {"trail": []}, on_thread(h)), paused=True)
        assert question(scene.story) == "The agent is waiting for you."
        scene.run(lambda h: run(graph, way, None, on_thread(h)), paused=True)
        assert question(scene.story) == "The agent is waiting for you. Shall I?"
        scene.run(lambda h: run(graph, way, Command(resume="yes"), on_thread(h)))
    assert scene.story.kinds == ["session.started", "session.completed"]


@pytest.mark.parametrize("resume", [False, 0, "", [], {"id": None}])
def test_any_answer_resumes(resume: Any) -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        scene.run(lambda h: graph.invoke(Command(resume=resume), on_thread(h)))
    assert len(scene.story.sessions) == 1


def test_fact_13_new_input_on_a_paused_thread_cancels_the_old_session_first() -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        scene.run(lambda h: graph.invoke({"trail": ["new"]}, on_thread(h)), paused=True)
        first, second = scene.story.sessions
        old = scene.story.of_session(first)
        assert old.outcome == "session.cancelled"
        assert old[-1]["cancelled_by"] == "user"
        assert old[-1]["cancellation_reason"] == "superseded"
        assert scene.story.index(old[-1]) < scene.story.index(scene.story.of_session(second)[0])
        scene.run(lambda h: graph.invoke(Command(resume="yes"), on_thread(h)))
        assert scene.story.of_session(second).outcome == "session.completed"


def test_fact_13_a_resume_on_an_unknown_thread_is_a_new_session() -> None:
    """As after a restart of the process: the graph remembers, the handler cannot."""
    graph = approval_graph(memory())
    graph.invoke({"trail": []}, on_thread())
    story = hear(lambda h: graph.invoke(Command(resume="yes"), on_thread(h)))
    assert story.kinds == ["session.started", "session.completed"]


def test_fact_13_without_a_checkpointer_the_session_ends() -> None:
    story = hear(lambda h: approval_graph().invoke({"trail": []}, with_handlers(h)))
    assert story.outcome == "session.cancelled"
    assert story[-1]["cancellation_reason"] == "not_resumable"
    assert story.said[-1].startswith("The agent stopped to ask you something")


def test_a_tool_that_interrupts_without_a_checkpointer_is_completed() -> None:
    asking = agent("create_agent", calling("ask_first", city="Oslo"), "x", tools=[ask_first])
    story = hear(lambda h: asking.invoke(asked("create_agent"), with_handlers(h)))
    assert story.one("tool.completed")["status"] == "timeout"
    assert story.outcome == "session.cancelled"


def test_fact_12_invoke_none_after_a_failure_is_a_session_of_its_own() -> None:
    failures = [ConnectionError("gone")]

    def shaky(state: Trail) -> Trail:
        if failures:
            raise failures.pop()
        return {"trail": ["done"]}

    graph = one_node(shaky)
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), raises=ConnectionError)
        scene.run(lambda h: graph.invoke(None, on_thread(h)))
        ends = [scene.story.of_session(name).outcome for name in scene.story.sessions]
    assert ends == ["session.errored", "session.completed"]


def test_a_resumed_graph_may_fail() -> None:
    def fail(state: Trail) -> Trail:
        interrupt("Shall I?")
        raise ConnectionError("gone")

    graph = one_node(fail)
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        scene.run(
            lambda h: graph.invoke(Command(resume="yes"), on_thread(h)), raises=ConnectionError
        )
    assert scene.story.kinds == ["session.started", "session.errored"]


def test_a_node_that_asks_twice_pauses_twice() -> None:
    def ask_twice(state: Trail) -> Trail:
        return {"trail": [interrupt("First?"), interrupt("Second?")]}

    graph = one_node(ask_twice)
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        assert question(scene.story).endswith("First?")
        scene.run(lambda h: graph.invoke(Command(resume="a"), on_thread(h)), paused=True)
        assert question(scene.story).endswith("Second?")
        scene.run(lambda h: graph.invoke(Command(resume="b"), on_thread(h)))
    assert len(scene.story.sessions) == 1


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_fact_14_several_interrupts_at_once_are_answered_one_by_one(way: Way) -> None:
    def ask(state: Any) -> dict[str, list[str]]:
        return {"trail": [interrupt(f"May I look at {state['city']}?")]}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(Added)
    graph.add_node("ask", ask)
    graph.add_conditional_edges(
        START, lambda _: [Send("ask", {"city": city}) for city in ("Oslo", "Rome")]
    )
    several: Runnable[Any, Any] = graph.compile(checkpointer=memory())
    with Hearing() as scene:
        scene.run(lambda h: run(several, way, {"trail": []}, on_thread(h)), paused=True)
        paused(scene.story)
        assert "Oslo?" in question(scene.story)
        assert "Rome?" in question(scene.story)
        first, _ = several.get_state(on_thread()).interrupts  # type: ignore[attr-defined]
        scene.run(
            lambda h: run(several, way, Command(resume={first.id: "yes"}), on_thread(h)),
            paused=True,
        )
        assert question(scene.story) == "The agent is waiting for you. May I look at Rome?"
        scene.run(lambda h: run(several, way, Command(resume="yes"), on_thread(h)))
    assert len(scene.story.sessions) == 1


@pytest.mark.parametrize("way", RUN_WAYS)
def test_an_interrupt_in_a_subgraph_pauses_the_one_session(way: Way) -> None:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(Trail)
    graph.add_node("inner", approval_graph())
    graph.add_edge(START, "inner")
    outer: Runnable[Any, Any] = graph.compile(checkpointer=memory())
    with Hearing() as scene:
        scene.run(lambda h: run(outer, way, {"trail": []}, on_thread(h)), paused=True)
        paused(scene.story)
        assert question(scene.story).endswith("Shall I?")
        scene.run(lambda h: run(outer, way, Command(resume="yes"), on_thread(h)))
    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.states == ["awaiting_input", "thinking", "idle"]


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_of_two_tools_at_once_one_asks_and_the_other_is_done(way: Way) -> None:
    calls = (ToolCall("ask_first", {"city": "Oslo"}), ToolCall("weather", {"city": "Rome"}))
    both = agent(
        "create_agent",
        Turn("", calls),
        "All done.",
        tools=[ask_first, weather],
        checkpointer=memory(),
    )
    with Hearing() as scene:
        scene.run(lambda h: run(both, way, asked("create_agent"), on_thread(h)), paused=True)
        assert [event["tool"] for event in scene.story.of("tool.completed")] == ["weather"]
        scene.run(lambda h: run(both, way, Command(resume="yes"), on_thread(h)))
    assert sorted(event["tool"] for event in scene.story.of("tool.invoked")) == [
        "ask_first",
        "weather",
    ]
    assert len(scene.story.of("tool.completed")) == 2


def test_two_calls_of_one_tool_that_ask_are_not_mixed_up() -> None:
    calls = tuple(ToolCall("ask_first", {"city": city}) for city in ("Oslo", "Rome"))
    both = agent(
        "create_agent", Turn("", calls), "All done.", tools=[ask_first], checkpointer=memory()
    )
    with Hearing() as scene:
        scene.run(lambda h: both.invoke(asked("create_agent"), on_thread(h)), paused=True)
        waiting = both.get_state(on_thread()).interrupts  # type: ignore[attr-defined]
        answers = {each.id: f"yes-{index}" for index, each in enumerate(waiting)}
        scene.run(lambda h: both.invoke(Command(resume=answers), on_thread(h)))
    heard = scene.heard["detailed"]
    assert len(heard.of("tool.invoked")) == 2
    city_of = {
        event["tool_call_id"]: event["args_summary"].removeprefix("city: ")
        for event in heard.of("tool.invoked")
    }
    for event in heard.of("tool.completed"):
        assert city_of[event["tool_call_id"]] in event["summary_detailed"]


def test_what_was_said_before_the_pause_is_not_said_again_after_it() -> None:
    asking = agent(
        "create_agent",
        calling("ask_first", "Let me ask.", city="Oslo"),
        "Sunny.",
        tools=[ask_first],
        checkpointer=memory(),
    )
    with Hearing() as scene:
        scene.run(lambda h: asking.invoke(asked("create_agent"), on_thread(h)), paused=True)
        scene.run(lambda h: asking.invoke(Command(resume="yes"), on_thread(h)))
    assert scene.story.outputs == ["Let me ask.", "Sunny."]


def test_a_review_by_middleware_is_a_question_in_words() -> None:
    @tool
    def send_money(to: str, password: str) -> str:
        """Send money."""
        return "Sent."

    reviewed: Runnable[Any, Any] = create_agent(
        scripted(calling("send_money", to="Ana", password="hunter2"), "It is sent."),
        [send_money],
        middleware=[HumanInTheLoopMiddleware({"send_money": True})],
        checkpointer=memory(),
    )
    with Hearing() as scene:
        scene.run(lambda h: reviewed.invoke(asked("create_agent"), on_thread(h)), paused=True)
        assert "send money, with to: Ana" in question(scene.story)
        assert "{" not in question(scene.story)
        assert scene.story.kinds == ["session.started"]
        scene.run(
            lambda h: reviewed.invoke(
                Command(resume={"decisions": [{"type": "approve"}]}), on_thread(h)
            )
        )
    assert_never_said(scene, "hunter2")
    assert scene.story.outputs == ["It is sent."]


def test_a_paused_session_ends_when_the_emitter_is_closed() -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        scene.emitter.close()
        scene.judge(paused=True)
        assert scene.story.outcome == "session.cancelled"


def test_a_pause_that_was_ended_by_hand_is_a_new_session_when_resumed() -> None:
    graph = approval_graph(memory())
    with Hearing() as scene:
        scene.run(lambda h: graph.invoke({"trail": []}, on_thread(h)), paused=True)
        scene.emitter.cancel_session(session_id=scene.story.sessions[0], cancelled_by="user")
        scene.run(lambda h: graph.invoke(Command(resume="yes"), on_thread(h)))
    assert len(scene.story.sessions) == 2


def test_a_task_cancelled_in_a_resumed_tool_is_one_cancelled_session() -> None:
    asking = agent(
        "create_agent",
        calling("ask_first", city="Oslo"),
        "Sunny.",
        tools=[ask_first],
        checkpointer=memory(),
    )

    async def cancel(handler: AAEPCallbackHandler) -> None:
        task = asyncio.create_task(asking.ainvoke(Command(resume="yes"), on_thread(handler)))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with Hearing() as scene:
        scene.run(lambda h: asking.invoke(asked("create_agent"), on_thread(h)), paused=True)
        # It never began, so nothing is told; the session waits as before.
        scene.run(lambda h: asyncio.run(cancel(h)), paused=True)
        paused(scene.story)
        scene.run(lambda h: asking.invoke(Command(resume="yes"), on_thread(h)))
    assert len(scene.story.sessions) == 1


class Trail(TypedDict):
    trail: list[str]


class Added(TypedDict):
    trail: Annotated[list[str], add]


def one_node(node: Any) -> Runnable[Any, Any]:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(Trail)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    compiled: Runnable[Any, Any] = graph.compile(checkpointer=memory())
    return compiled
