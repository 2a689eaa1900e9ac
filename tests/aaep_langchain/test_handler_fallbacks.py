"""Models that fail over to another, and models that are tried again: what is heard of each.

Purpose: fact 8 and known failure 5. Text of a model that failed is closed and stays said; the next
attempt is an output of its own; nothing is said twice; the session goes on.

Boundary: real runs on scripted models; every trace is judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware, ModelRetryMiddleware
from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import END, START, MessagesState, StateGraph

from aaep_langchain.demo.scripted_model import ScriptedChatModel, ToolCall, Turn
from tests.aaep_langchain.agents import WAYS, Way, asked, run, scripted, weather, with_handlers
from tests.aaep_langchain.hearing_helpers import Hearing, Story, assert_never_said, hear

HEARD_HALF = "Half an"
HALF = Turn("Half an answer, and no more.", error=ConnectionError("gone"), fail_after=2)
GONE = ConnectionError("gone")
WHOLE = "Whole. And well."

# Ways in which the model's own streaming method is used: there LangChain cannot fall back any more once
# the first chunk has come.
WHOLE_CALLS: tuple[Way, ...] = ("invoke", "ainvoke", "batch", "abatch")

Build: TypeAlias = Callable[..., Runnable[Any, Any]]


def half(**options: Any) -> ScriptedChatModel:
    """A model that fails after two words."""
    return scripted(HALF, token_size="word", **options)


def failing(*turns: Any) -> ScriptedChatModel:
    """A model that plays these turns, one for each call, whatever the conversation is."""
    left: Iterator[Any] = iter(turns)
    return ScriptedChatModel(script=lambda messages: next(left), token_size="word")


def bare(first: ScriptedChatModel, *others: ScriptedChatModel) -> Runnable[Any, Any]:
    return first.with_fallbacks(list(others))


def graph(first: ScriptedChatModel, *others: ScriptedChatModel) -> Runnable[Any, Any]:
    model = first.with_fallbacks(list(others))

    async def athink(state: MessagesState) -> Any:
        return {"messages": [await model.ainvoke(state["messages"])]}

    built = StateGraph(MessagesState)
    built.add_node(
        "think",
        RunnableLambda(lambda state: {"messages": [model.invoke(state["messages"])]}, athink),
    )
    built.add_edge(START, "think")
    built.add_edge("think", END)
    return built.compile()


def executor(first: ScriptedChatModel, *others: ScriptedChatModel) -> Runnable[Any, Any]:
    prompt = ChatPromptTemplate.from_messages(
        [("human", "{input}"), MessagesPlaceholder("agent_scratchpad")]
    )
    model: Any = first.with_fallbacks(list(others))
    # AgentExecutor streams its model by itself, unless told not to.
    agent: Any = create_tool_calling_agent(model, [weather], prompt)
    options: dict[str, Any] = {"stream_runnable": False}
    return AgentExecutor(agent=agent, tools=[weather], **options)


def with_middleware(first: ScriptedChatModel, *others: ScriptedChatModel) -> Runnable[Any, Any]:
    built: Any = create_agent(first, [weather], middleware=[ModelFallbackMiddleware(*others)])
    return built  # type: ignore[no-any-return]


BUILDS: dict[str, tuple[Build, Any]] = {
    "bare": (bare, "Well?"),
    "graph": (graph, asked("graph")),
    "executor": (executor, asked("executor")),
    "middleware": (with_middleware, asked("create_agent")),
}


def heard(build: str, way: Way, *models: ScriptedChatModel, **options: Any) -> Story:
    """What is heard of models that stand in for each other, in this kind of agent."""
    make, question = BUILDS[build]
    target = make(*models)
    return hear(lambda handler: run(target, way, question, with_handlers(handler)), **options)


def assert_closed(story: Story) -> None:
    """Every output ended, and in the order in which the outputs began."""
    ends = [event["output_id"] for event in story.of("output.streaming") if event["complete"]]
    starts = dict.fromkeys(event["output_id"] for event in story.of("output.streaming"))
    assert ends == list(starts)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", BUILDS)
def test_a_model_that_fails_before_it_speaks_is_not_heard(build: str, way: Way) -> None:
    story = heard(build, way, scripted(GONE), scripted(WHOLE))

    assert story.outputs == [WHOLE]
    assert story.kinds == ["session.started", "session.completed"]
    assert len(story.sessions) == 1


@pytest.mark.parametrize("way", WHOLE_CALLS)
@pytest.mark.parametrize("build", BUILDS)
def test_a_model_that_fails_while_it_speaks_is_closed_and_not_repeated(
    build: str, way: Way
) -> None:
    story = heard(build, way, half(), scripted(WHOLE))

    assert story.outputs == [HEARD_HALF, WHOLE]
    assert story.kinds == ["session.started", "session.completed"]
    assert len(story.sessions) == 1
    assert_closed(story)


@pytest.mark.parametrize("way", WAYS)
def test_middleware_falls_back_in_every_way(way: Way) -> None:
    story = heard("middleware", way, half(), half(), scripted(WHOLE))

    assert story.outputs == [HEARD_HALF, HEARD_HALF, WHOLE]
    assert story.outcome == "session.completed"
    assert_closed(story)


@pytest.mark.parametrize("way", WHOLE_CALLS)
@pytest.mark.parametrize("build", ["bare", "graph", "middleware"])
def test_without_live_only_the_answer_is_heard(build: str, way: Way) -> None:
    story = heard(build, way, half(), scripted(WHOLE), live=False)

    assert story.outputs == [WHOLE]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", BUILDS)
def test_when_all_models_fail_the_session_does(build: str, way: Way) -> None:
    story = heard(build, way, scripted(GONE), scripted(GONE), raises=ConnectionError)

    assert story.outputs == []
    assert story.outcome == "session.errored"
    assert story.one("session.errored")["error_category"] == "transient"
    assert len(story.sessions) == 1


@pytest.mark.parametrize("way", ["stream", "astream"])
def test_a_stream_that_has_begun_fails_with_its_model(way: Way) -> None:
    """LangChain falls back in a stream only before its first chunk."""
    story = heard("bare", way, half(), scripted(WHOLE), raises=ConnectionError)

    assert story.outputs == [HEARD_HALF]
    assert story.outcome == "session.errored"


def test_the_second_model_may_repeat_the_first_to_the_letter() -> None:
    """What the other model says is its own answer, even where it begins with what was heard."""
    again = f"{HEARD_HALF} answer."
    story = heard("middleware", "invoke", half(), scripted(again))

    assert story.outputs == [HEARD_HALF, again]


def test_a_fallback_that_cannot_stream_says_its_answer_whole() -> None:
    story = heard("middleware", "invoke", half(), scripted(WHOLE, streams=False))

    assert story.outputs == [HEARD_HALF, WHOLE]


def test_white_space_of_a_model_that_failed_is_no_output() -> None:
    blank = Turn("  \n\n hello", error=GONE, fail_after=1)
    story = heard("middleware", "invoke", scripted(blank, token_size=2), scripted(WHOLE))

    assert story.outputs == [WHOLE]


def test_a_fallback_calls_the_tool_that_the_first_model_did_not_get_to() -> None:
    calls = Turn("Let me look.", (ToolCall("weather", {"city": "Oslo"}),))
    cut = Turn("Let me look.", calls.tool_calls, error=GONE, fail_after=4)
    built: Any = create_agent(
        scripted(cut, cut, token_size="word"),
        [weather],
        middleware=[ModelFallbackMiddleware(scripted(calls, WHOLE))],
    )
    story = hear(
        lambda handler: built.invoke(asked("create_agent"), with_handlers(handler)),
    )

    # The arguments that came before the first model failed were never announced.
    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert story.outputs == ["Let me look.", "Let me look.", "Let me look.", WHOLE]
    assert_closed(story)


@pytest.mark.filterwarnings(
    # The v3 stream is marked beta by langchain-core and experimental by langgraph.
    "ignore:.*(in beta|v3 streaming protocol).*:langchain_core._api.LangChainBetaWarning"
)
@pytest.mark.parametrize("announces", [False, True])
def test_under_v3_a_model_falls_back_too(announces: bool) -> None:
    """Each model's run has its own source of text (fact 7)."""
    first, second = half(announces_tokens=announces), scripted(WHOLE)
    built: Any = with_middleware(first, second)

    def go(handler: Any) -> Any:
        return list(
            built.stream_events(asked("create_agent"), with_handlers(handler), version="v3")
        )

    assert hear(go).outputs == [HEARD_HALF, WHOLE]


def test_models_without_a_parent_are_parts_of_the_run_around_them() -> None:
    """Known failure 5: LangChain starts the models of a bare with_fallbacks as if they were roots."""
    both = bare(half(), scripted(WHOLE))

    async def two(handler: Any) -> None:
        config = with_handlers(handler)
        await asyncio.gather(both.ainvoke("One?", config), both.ainvoke("Two?", config))

    story = hear(lambda handler: asyncio.run(two(handler)))
    assert {event["request_text"] for event in story.of("session.started")} == {"One?", "Two?"}
    for session in story.sessions:
        assert story.of_session(session).outputs == [HEARD_HALF, WHOLE]


def test_a_run_beside_another_is_a_session_of_its_own() -> None:
    """Only what is started in the body of a run is part of it."""

    def go(handler: Any) -> None:
        config = with_handlers(handler)
        stream = scripted("First. And more.").stream("One?", config)
        next(stream)
        scripted("Second.").invoke("Two?", config)
        list(stream)

    story = hear(go)
    assert [event["request_text"] for event in story.of("session.started")] == ["One?", "Two?"]
    assert [story.of_session(name).outputs for name in story.sessions] == [
        ["First. And more."],
        ["Second."],
    ]


# Tried again


@pytest.mark.parametrize("way", WHOLE_CALLS)
def test_a_model_with_retry_is_heard_attempt_by_attempt(way: Way) -> None:
    model = failing(GONE, HALF, WHOLE).with_retry(
        stop_after_attempt=3,
        exponential_jitter_params={"max": 0, "jitter": 0},
    )
    story = hear(lambda handler: run(model, way, "Well?", with_handlers(handler)))

    assert story.outputs == [HEARD_HALF, WHOLE]
    assert story.kinds == ["session.started", "session.completed"]
    assert_closed(story)


def retrying(model: ScriptedChatModel, **options: Any) -> Runnable[Any, Any]:
    """An agent that tries its model three times in all, without waiting."""
    middleware = ModelRetryMiddleware(max_retries=2, initial_delay=0, jitter=False, **options)
    built: Any = create_agent(model, [weather], middleware=[middleware])
    return built  # type: ignore[no-any-return]


@pytest.mark.parametrize("way", WAYS)
def test_retry_middleware_is_heard_attempt_by_attempt(way: Way) -> None:
    built = retrying(failing(HALF, HALF, WHOLE))
    story = hear(lambda handler: run(built, way, asked("create_agent"), with_handlers(handler)))

    assert story.outputs == [HEARD_HALF, HEARD_HALF, WHOLE]
    assert story.kinds == ["session.started", "session.completed"]
    assert_closed(story)


@pytest.mark.parametrize("live", [True, False])
def test_spent_retries_are_told_in_words(live: bool) -> None:
    """The middleware makes its exception's class and message the answer; only the words are said."""
    error = ConnectionError("could not reach https://stub.example/v1/private {'a': 1}")
    built = retrying(failing(*[Turn("", error=error)] * 3))
    with Hearing(live=live) as scene:
        scene.run(lambda handler: built.invoke(asked("create_agent"), with_handlers(handler)))
        (output,) = scene.story.outputs
        assert output == "Model call failed after 3 attempts. could not reach stub.example"
        assert scene.story.outcome == "session.completed"
        assert_never_said(scene, "ConnectionError", "private", "{'a'")


def test_spent_retries_that_raise_are_an_error() -> None:
    built = retrying(failing(HALF, HALF, HALF), on_failure="error")
    story = hear(
        lambda handler: built.invoke(asked("create_agent"), with_handlers(handler)),
        raises=ConnectionError,
    )

    assert story.outputs == [HEARD_HALF] * 3
    assert story.outcome == "session.errored"
    assert_closed(story)
