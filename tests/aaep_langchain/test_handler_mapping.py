"""The mapping from callbacks to events, line by line, each on a real run."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import tenacity
from langchain_core.callbacks import (
    CallbackManagerForChainRun,
    adispatch_custom_event,
    dispatch_custom_event,
)
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool, tool
from langgraph.graph import START, MessagesState, StateGraph

from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from tests.aaep_langchain.agents import (
    Library,
    Way,
    agent,
    asked,
    broken,
    calling,
    chain,
    library_tool,
    run,
    scripted,
    weather,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Run, Story, hear, kind_of


def using(*tools: BaseTool, kind: AgentKind = "create_agent", way: Way = "invoke") -> Run:
    """An agent that calls its first tool for Oslo and then answers."""
    turns = (calling(tools[0].name, city="Oslo"), "That is all.")
    return lambda handler: run(
        agent(kind, *turns, tools=tools), way, asked(kind), with_handlers(handler)
    )


def test_a_roots_start_is_the_sessions_start_with_the_users_words() -> None:
    story = hear(using(weather))
    start = story[0]
    assert kind_of(start) == "session.started"
    assert start["request_text"] == "How is the weather in Oslo?"
    assert start["summary_normal"] == "Working on: How is the weather in Oslo?"


def test_a_model_that_is_asked_is_thinking() -> None:
    story = hear(lambda handler: scripted("Hi.").invoke("Hello", with_handlers(handler)))
    assert [kind_of(event) for event in story[:2]] == ["session.started", "state.changed"]
    assert story.states[0] == "thinking"


def test_tokens_are_an_output_in_the_state_writing() -> None:
    story = hear(lambda handler: scripted("Hi. You!").invoke("Hello", with_handlers(handler)))
    assert story.states == ["thinking", "writing_output", "thinking", "idle"]
    chunks = story.of("output.streaming")
    assert [chunk["chunk"] for chunk in chunks] == ["Hi. ", "You!"]
    assert [chunk["coalesce_hint"] for chunk in chunks] == ["sentence", "completion"]
    assert [chunk["complete"] for chunk in chunks] == [False, True]


@pytest.mark.parametrize("language", [None, "nb-NO"])
def test_outputs_say_what_language_they_are_in(language: str | None) -> None:
    story = hear(
        lambda handler: scripted("Hei.").invoke("Hello", with_handlers(handler)),
        output_language=language,
    )
    hints = story.one("output.streaming")["localization_hints"]
    assert hints["primary_language"] == (language or "en-US")


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_tool_is_announced_before_it_runs_and_completed_after(kind: AgentKind) -> None:
    with Hearing() as scene:
        before: list[list[str]] = []

        @tool
        def look(city: str) -> str:
            """Look at a city."""
            before.append(scene.so_far("sentence").kinds)
            return "Sunny."

        scene.run(using(look, kind=kind))
    assert before == [["session.started", "tool.invoked"]]
    invoked, completed = scene.story.of("tool.invoked", "tool.completed")
    assert invoked["summary_normal"] == "Using look, with city: Oslo."
    assert invoked["args_summary"] == "city: Oslo"
    assert invoked["description"] == "Look at a city."
    assert invoked["tool"] == completed["tool"] == "look"
    assert invoked["tool_call_id"] == completed["tool_call_id"]
    assert completed["status"] == "success"
    assert scene.heard["detailed"].one("tool.completed")["summary_detailed"] == (
        "Look is done. Result: Sunny."
    )


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_tool_that_raises_is_completed_with_an_error(kind: AgentKind) -> None:
    story = hear(using(broken, kind=kind), raises=ConnectionError)
    completed = story.one("tool.completed")
    assert completed["status"] == "error"
    assert completed["error_message"] == "no route to Oslo"
    assert completed["summary_normal"] == "Broken did not work. no route to Oslo"


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_tool_that_takes_too_long_is_completed_with_a_timeout(kind: AgentKind) -> None:
    @tool
    def slow(city: str) -> str:
        """Take for ever."""
        raise TimeoutError

    story = hear(using(slow, kind=kind), raises=TimeoutError)
    completed = story.one("tool.completed")
    assert completed["status"] == "timeout"
    assert completed["summary_normal"] == "Slow did not finish."


def test_a_retriever_is_announced_like_a_tool() -> None:
    story = hear(lambda handler: Library().invoke("fish", with_handlers(handler)))
    invoked, completed = story.of("tool.invoked", "tool.completed")
    assert invoked["tool"] == "Library"
    assert invoked["summary_normal"] == "Searching Library."
    assert invoked["args_summary"] == "query: fish"
    assert invoked["risk_level"] == "low"
    assert completed["summary_normal"] == "Search done. Found: 2."
    assert completed["status"] == "success"


def test_a_retriever_that_fails_is_completed_with_an_error() -> None:
    class Burnt(Library):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
            raise ConnectionError("the library has burnt down")

    story = hear(
        lambda handler: Burnt().invoke("fish", with_handlers(handler)), raises=ConnectionError
    )
    assert story.one("tool.completed")["error_message"] == "the library has burnt down"
    assert story.outcome == "session.errored"


@pytest.mark.parametrize("name", ["Bücher", "two words", "x" * 300, "3"])
def test_a_retriever_of_any_name_is_announced(name: str) -> None:
    story = hear(
        lambda handler: Library(name=name).invoke("fish", with_handlers(handler, run_name=name))
    )
    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]


def test_a_retriever_inside_a_tool_is_heard_inside_it() -> None:
    story = hear(using_query(library_tool()))
    tools = story.of("tool.invoked", "tool.completed")
    assert [event["tool"] for event in tools] == ["library", "Library", "Library", "library"]


def using_query(search: BaseTool) -> Run:
    turns = (calling(search.name, query="fish"), "That is all.")
    return lambda handler: run(
        agent("create_agent", *turns, tools=[search]),
        "invoke",
        asked("create_agent"),
        with_handlers(handler),
    )


def test_a_roots_end_completes_the_session_with_its_figures() -> None:
    end = hear(using(weather))[-1]
    assert kind_of(end) == "session.completed"
    assert end["tool_invocations_count"] == 1
    assert end["output_summary"] == "That is all."
    assert isinstance(end["duration_ms"], int)


def test_a_long_answer_is_said_in_full_and_summed_up_in_short() -> None:
    answer = "This goes on and on. " * 200
    story = hear(lambda handler: scripted(answer).invoke("Hello", with_handlers(handler)))
    assert story.outputs == [answer]
    assert len(story[-1]["output_summary"]) <= 1000
    assert story[-1]["output_summary"].endswith("…")


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_roots_error_is_an_errored_session(kind: AgentKind, way: Way) -> None:
    story = hear(
        lambda handler: run(
            agent(kind, ConnectionError("no network")), way, asked(kind), with_handlers(handler)
        ),
        raises=ConnectionError,
    )
    end = story[-1]
    assert kind_of(end) == "session.errored"
    assert end["urgency"] == "critical"
    assert end["error_category"] == "transient"
    assert end["recoverable"] is True
    assert end["summary_normal"].startswith("It did not work. ")
    assert story.outputs == []


def test_text_that_chains_print_is_said_only_if_asked_for() -> None:
    def talk(text: str, run_manager: CallbackManagerForChainRun) -> None:
        run_manager.on_text(f"I was told: {text}")

    def ask(handler: Any) -> None:
        talking: Runnable[str, None] = RunnableLambda(talk)
        talking.invoke("go", with_handlers(handler))

    assert hear(ask).outputs == []
    assert hear(ask, announce_text=True).outputs == ["I was told: go"]


def test_a_retry_is_a_line_in_the_log() -> None:
    failures = iter([ConnectionError("once"), ConnectionError("twice")])

    def stubborn(text: str, run_manager: CallbackManagerForChainRun) -> str:
        @tenacity.retry(
            wait=tenacity.wait_none(), before_sleep=lambda state: run_manager.on_retry(state)
        )
        def attempt() -> str:
            for failure in failures:
                raise failure
            return "Third time lucky."

        return attempt()

    with Hearing() as scene:
        persistent: Runnable[str, str] = RunnableLambda(stubborn)
        scene.run(lambda handler: persistent.invoke("go", with_handlers(handler)))

    lines = [line.getMessage() for line in scene.log if line.levelno == logging.INFO]
    assert [line.split(" is ")[1] for line in lines] == [
        "tried again (attempt 1).",
        "tried again (attempt 2).",
    ]
    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.outputs == ["Third time lucky."]


PROGRESS = {"percent": 40, "step": 2, "total_steps": 5, "description": "Reading page two."}


def reported(story: Story) -> None:
    event = story.one("progress.updated")
    assert event["progress"] == PROGRESS
    assert event["summary_normal"] == "Reading page two."


def test_progress_in_a_tool() -> None:
    @tool
    def work(city: str) -> str:
        """Work."""
        dispatch_custom_event("aaep.progress", PROGRESS)
        return "Worked."

    for way in ("invoke", "ainvoke"):
        reported(hear(using(work, way=way)))


def test_progress_in_an_async_tool() -> None:
    @tool
    async def work(city: str) -> str:
        """Work."""
        await adispatch_custom_event("aaep.progress", PROGRESS)
        return "Worked."

    reported(hear(using(work, way="ainvoke")))


def test_progress_in_a_node() -> None:
    def work(state: MessagesState) -> dict[str, Any]:
        dispatch_custom_event("aaep.progress", PROGRESS)
        return {}

    async def awork(state: MessagesState) -> dict[str, Any]:
        await adispatch_custom_event("aaep.progress", PROGRESS)
        return {}

    graph = StateGraph(MessagesState)
    graph.add_node("work", RunnableLambda(work, awork))
    graph.add_edge(START, "work")
    compiled: Runnable[Any, Any] = graph.compile()

    reported(hear(lambda handler: compiled.invoke(asked("graph"), with_handlers(handler))))
    reported(
        hear(lambda handler: asyncio.run(compiled.ainvoke(asked("graph"), with_handlers(handler))))
    )


@pytest.mark.parametrize(
    ("data", "progress", "summary"),
    [
        ({"percent": 40}, {"percent": 40}, "40 percent done."),
        ({"step": 1}, {"step": 1}, "Step 1."),
        ({"step": 1, "total_steps": 3}, {"step": 1, "total_steps": 3}, "Step 1 of 3."),
        ({"description": "Nearly."}, {"description": "Nearly."}, "Nearly."),
        ({"percent": 40, "colour": "red"}, {"percent": 40}, "40 percent done."),
    ],
)
def test_progress_says_what_it_knows(data: Any, progress: Any, summary: str) -> None:
    def report(text: str) -> None:
        dispatch_custom_event("aaep.progress", data)

    reporting: Runnable[str, None] = RunnableLambda(report)
    story = hear(lambda handler: reporting.invoke("go", with_handlers(handler)))
    event = story.one("progress.updated")
    assert event["progress"] == progress
    assert event["summary_normal"] == summary


@pytest.mark.parametrize("data", [{}, None, "half", {"percent": 140}, {"percent": "lots"}])
def test_progress_that_makes_no_sense_is_logged_and_not_heard(data: Any) -> None:
    def report(text: str) -> str:
        dispatch_custom_event("aaep.progress", data)
        return "Done with it."

    with Hearing() as scene:
        reporting: Runnable[str, str] = RunnableLambda(report)
        scene.run(lambda handler: reporting.invoke("go", with_handlers(handler)), faults=True)

    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.outputs == ["Done with it."]
    (fault,) = [line for line in scene.log if line.levelno == logging.ERROR]
    assert "on_custom_event failed in run" in fault.getMessage()


def test_other_custom_events_are_the_applications_own() -> None:
    def report(text: str) -> None:
        dispatch_custom_event("billing", {"percent": 40})

    reporting: Runnable[str, None] = RunnableLambda(report)
    story = hear(lambda handler: reporting.invoke("go", with_handlers(handler)))
    assert story.kinds == ["session.started", "session.completed"]


def test_a_chain_inside_a_chain_is_the_same_session() -> None:
    outer: Runnable[Any, Any] = RunnableLambda(lambda given: chain("Because.").invoke(given))
    story = hear(lambda handler: outer.invoke({"question": "Why?"}, with_handlers(handler)))
    assert len(story.sessions) == 1
    assert story.outputs == ["Because."]
