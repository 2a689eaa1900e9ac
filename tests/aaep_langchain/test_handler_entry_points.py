"""Every kind of agent, every way to run it, live or not: the same story, told once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.prompts import PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind, agent_answer
from tests.aaep_langchain.agents import (
    WAYS,
    Library,
    Way,
    agent,
    asked,
    chain,
    run,
    scripted,
    weather,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict, HostileList

QUESTION = "How is the weather in Oslo?"
ANSWER = "It is sunny in Oslo. Enjoy it!"


def _ask(kind: AgentKind, handler: AAEPCallbackHandler) -> None:
    run(agent(kind), "invoke", asked(kind), with_handlers(handler))


@pytest.mark.parametrize("live", [True, False], ids=["live", "whole"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_every_agent_tells_the_same_story_in_every_way(
    kind: AgentKind, way: Way, live: bool
) -> None:
    story = hear(
        lambda handler: run(agent(kind), way, asked(kind), with_handlers(handler)), live=live
    )

    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert story.said[0] == f"Working on: {QUESTION}"
    assert story.outputs == ["Let me look.", ANSWER]
    assert story.states == [
        *("thinking", "writing_output", "thinking", "calling_tool"),
        *("thinking", "writing_output", "thinking", "idle"),
    ]
    assert story.one("tool.completed")["status"] == "success"
    assert story.one("session.completed")["output_summary"] == ANSWER


@pytest.mark.parametrize("live", [True, False], ids=["live", "whole"])
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_what_was_heard_is_what_the_program_got(kind: AgentKind, way: Way, live: bool) -> None:
    with Hearing(live=live) as scene:
        output = scene.run(
            lambda handler: run(agent(kind), way, asked(kind), with_handlers(handler))
        )
        assert scene.story.outputs[-1] == agent_answer(kind, output)


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "custom", "debug"])
def test_every_stream_mode_tells_the_same_story(mode: str) -> None:
    def stream(handler: AAEPCallbackHandler) -> None:
        for _ in agent("create_agent").stream(
            asked("create_agent"), with_handlers(handler), stream_mode=mode
        ):
            pass

    assert hear(stream).outputs == ["Let me look.", ANSWER]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_astream_events_v2_tells_the_same_story(kind: AgentKind) -> None:
    async def stream(handler: AAEPCallbackHandler) -> None:
        async for _ in agent(kind).astream_events(
            asked(kind), with_handlers(handler), version="v2"
        ):
            pass

    assert hear(lambda handler: asyncio.run(stream(handler))).outputs == ["Let me look.", ANSWER]


@pytest.mark.parametrize("live", [True, False])
def test_the_answer_is_heard_while_it_is_written_only_where_that_is_wanted(live: bool) -> None:
    """Fact 6: LangChain streams the model of an invoke for a live handler and for no other."""
    with Hearing(live=live) as scene:
        heard: list[list[str]] = []
        speaker = agent(
            "create_agent",
            "One two three. Four.",
            tools=[],
            token_size="word",
            on_token=lambda _: heard.append(scene.so_far("word").outputs),
        )
        scene.run(
            lambda handler: run(speaker, "invoke", asked("create_agent"), with_handlers(handler))
        )

    assert heard[-1] == (["One two three. "] if live else [])


@pytest.mark.parametrize("way", WAYS)
def test_an_lcel_chain_is_a_session_and_its_answer_is_said_once(way: Way) -> None:
    story = hear(
        lambda handler: run(chain("Because."), way, {"question": "Why?"}, with_handlers(handler))
    )

    # A sequence that is streamed learns its input from an iterator, after its start.
    streamed = way in ("stream", "astream")
    assert story.kinds == ["session.started", "session.completed"]
    assert story.said[0] == ("The agent has started." if streamed else "Working on: Why?")
    assert story.outputs == ["Because."]


@pytest.mark.parametrize("way", WAYS)
def test_a_bare_model_is_a_session(way: Way) -> None:
    story = hear(lambda handler: run(scripted("Hello."), way, "Hi!", with_handlers(handler)))

    assert story.kinds == ["session.started", "session.completed"]
    assert story.said[0] == "Working on: Hi!"
    assert story.outputs == ["Hello."]


@pytest.mark.parametrize("way", WAYS)
def test_a_bare_tool_is_a_session(way: Way) -> None:
    story = hear(lambda handler: run(weather, way, {"city": "Oslo"}, with_handlers(handler)))

    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert story.said[:2] == ["The agent has started.", "Using weather, with city: Oslo."]
    assert story.one("session.completed")["tool_invocations_count"] == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_bare_retriever_is_a_session(way: Way) -> None:
    story = hear(lambda handler: run(Library(), way, "fish", with_handlers(handler)))

    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert story.said[0] == "Working on: fish"


@pytest.mark.parametrize("way", WAYS)
def test_a_chain_without_a_model_says_its_answer(way: Way) -> None:
    shout: Runnable[str, str] = RunnableLambda(lambda text: f"{text.upper()}!")
    story = hear(lambda handler: run(shout, way, "hello", with_handlers(handler)))

    assert story.outputs == ["HELLO!"]


def test_a_batch_is_one_session_for_each_request() -> None:
    questions = [asked("create_agent", f"Question {number}?") for number in range(5)]
    story = hear(lambda handler: agent("create_agent").batch(questions, with_handlers(handler)))

    requests = {event["request_text"] for event in story.of("session.started")}
    assert requests == {f"Question {number}?" for number in range(5)}
    for session in story.sessions:
        assert story.of_session(session).outputs == ["Let me look.", ANSWER]


def test_an_abatch_is_one_session_for_each_request() -> None:
    questions = [asked("create_agent", f"Question {number}?") for number in range(5)]
    story = hear(
        lambda handler: asyncio.run(agent("create_agent").abatch(questions, with_handlers(handler)))
    )

    assert len(story.sessions) == 5
    for session in story.sessions:
        assert story.of_session(session).outputs == ["Let me look.", ANSWER]


def test_one_handler_hears_one_request_after_the_other() -> None:
    with Hearing() as scene:
        for kind in AGENT_KINDS:
            scene.run(partial(_ask, kind))
        assert len(scene.story.sessions) == 3


def test_a_graph_of_plain_nodes_says_each_models_words_once() -> None:
    def node(text: str) -> Any:
        model = scripted(text)
        return lambda state: {"messages": [model.invoke("go")]}

    graph = StateGraph(MessagesState)
    graph.add_node("plan", node("I will count."))
    graph.add_node("count", node("One, two."))
    graph.add_edge(START, "plan")
    graph.add_edge("plan", "count")

    def heard(way: Way) -> Story:
        return hear(
            lambda handler: run(
                graph.compile(), way, asked("graph", "Count!"), with_handlers(handler)
            )
        )

    assert heard("invoke").outputs == ["I will count.", "One, two."]
    assert heard("stream").outputs == ["I will count.", "One, two."]


def test_a_handler_on_a_model_alone_hears_only_that_model() -> None:
    """Its start has a parent the handler does not know, so it is the root (fact 1)."""

    def ask(handler: AAEPCallbackHandler) -> None:
        prompt = PromptTemplate.from_template("{it}")
        silent: Runnable[Any, str] = RunnableLambda(lambda text: f"{text} and nobody hears this")
        heard = scripted("Only this.").with_config({"callbacks": [handler]})
        (prompt | heard | silent).invoke({"it": "Say it"})

    story = hear(ask)
    assert story.outputs == ["Only this."]
    assert len(story.sessions) == 1


class Form(BaseModel):
    question: str = QUESTION


@pytest.mark.parametrize(
    ("given", "request_text"),
    [
        (QUESTION, QUESTION),
        ({"input": QUESTION}, QUESTION),
        ({"messages": [("user", QUESTION)]}, QUESTION),
        ([HumanMessage(QUESTION)], QUESTION),
        (HumanMessage(QUESTION), QUESTION),
        (("user", QUESTION), QUESTION),
        (Form(), QUESTION),
        ({}, None),
        ([], None),
        (None, None),
        (7, None),
        (b"bytes", None),
        (Hostile(), None),
        (HostileDict(input="x"), None),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_known_failure_12_a_root_starts_a_session_whatever_its_input(
    given: Any, request_text: str | None, way: Way
) -> None:
    anything: Runnable[Any, str] = RunnableLambda(lambda _: "Done with it.")
    story = hear(lambda handler: run(anything, way, given, with_handlers(handler)))

    assert story[0].get("request_text") == request_text
    assert story.said[0] == (
        f"Working on: {request_text}" if request_text else "The agent has started."
    )
    assert story.outputs == ["Done with it."]


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize(
    "output",
    [
        None,
        7,
        b"bytes",
        {},
        [],
        object(),
        Form(),
        Hostile(),
        HostileDict(output="x"),
        HostileList(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_known_failure_07_a_root_ends_its_session_whatever_its_output(
    output: Any, way: Way
) -> None:
    """Known failure 8 as well: what is hostile refuses to be copied, pickled and printed."""
    anything: Runnable[Any, Any] = RunnableLambda(lambda _: output)
    with Hearing() as scene:
        assert scene.run(lambda handler: run(anything, way, "go", with_handlers(handler))) is output

    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.outputs == []
