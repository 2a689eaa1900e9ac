"""However a run ends, its session ends once, and truly (known failures 13, 32; fact 5)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain_classic.agents import AgentExecutor
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from langgraph.errors import GraphRecursionError

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind, Bank, build_agent
from tests.aaep_langchain.agents import (
    Way,
    agent,
    asked,
    calling,
    chain,
    run,
    scripted,
    weather,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear

STREAMS: tuple[Way, ...] = ("stream", "astream")
SYNC: tuple[Way, ...] = ("invoke", "stream", "batch")
ASYNC: tuple[Way, ...] = ("ainvoke", "astream")


def raising(error: BaseException, at: int = 2) -> Callable[[int], None]:
    """A hook that raises before the piece with this index."""

    def hook(index: int) -> None:
        if index == at:
            raise error

    return hook


def cancelled(story: Story, by: str, reason: str) -> None:
    end = story[-1]
    assert story.outcome == "session.cancelled"
    assert (end["cancelled_by"], end["cancellation_reason"]) == (by, reason)


async def start(speaker: Runnable[Any, Any], way: Way, given: Any, config: Any) -> Any:
    """Run an agent asynchronously inside the test's own loop."""
    if way == "ainvoke":
        return await speaker.ainvoke(given, config)
    return [chunk async for chunk in speaker.astream(given, config)]


async def cancel_when(reached: asyncio.Event, task: asyncio.Task[Any]) -> None:
    """Cancel a task once it is in the middle of something, and see it cancelled."""
    await reached.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


@pytest.mark.parametrize("way", ASYNC)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_32_a_task_cancelled_in_mid_token(kind: AgentKind, way: Way) -> None:
    async def cancel(handler: AAEPCallbackHandler) -> None:
        reached = asyncio.Event()

        async def hook(index: int) -> None:
            if index == 3:
                reached.set()
                await asyncio.Event().wait()

        speaker = agent(kind, "One two three four five.", token_size="word", on_token=hook)
        await cancel_when(
            reached,
            asyncio.create_task(start(speaker, way, asked(kind), with_handlers(handler))),
        )

    story = hear(lambda handler: asyncio.run(cancel(handler)))
    cancelled(story, "producer", "task_cancelled")
    assert story.outputs == ["One two three"]
    assert story.said[-1] == "The agent was stopped before it was done."


@pytest.mark.parametrize("way", ASYNC)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_32_a_task_cancelled_in_mid_tool(kind: AgentKind, way: Way) -> None:
    async def cancel(handler: AAEPCallbackHandler) -> None:
        reached = asyncio.Event()

        @tool
        async def wait(city: str) -> str:
            """Wait."""
            reached.set()
            await asyncio.Event().wait()
            return "never"

        speaker = agent(kind, calling("wait", city="Oslo"), "never", tools=[wait])
        await cancel_when(
            reached,
            asyncio.create_task(start(speaker, way, asked(kind), with_handlers(handler))),
        )

    story = hear(lambda handler: asyncio.run(cancel(handler)))
    cancelled(story, "producer", "task_cancelled")
    assert story.one("tool.completed")["status"] == "timeout"


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_05_a_cancelled_sync_tool_that_goes_on_is_not_heard(kind: AgentKind) -> None:
    """Its end comes after the root's, and so does whatever it starts."""
    reached, go_on, done = asyncio.Event(), threading.Event(), threading.Event()

    async def cancel(handler: AAEPCallbackHandler) -> None:
        loop = asyncio.get_running_loop()

        @tool
        def wait(city: str) -> str:
            """Wait."""
            loop.call_soon_threadsafe(reached.set)
            go_on.wait(10)
            nested: Runnable[Any, Any] = RunnableLambda(lambda text: text) | chain("Too late.")
            nested.invoke({"question": "Is it?"})
            done.set()
            return "Too late."

        speaker = agent(kind, calling("wait", city="Oslo"), "never", tools=[wait])
        await cancel_when(
            reached, asyncio.create_task(speaker.ainvoke(asked(kind), with_handlers(handler)))
        )
        go_on.set()

    story = hear(lambda handler: asyncio.run(cancel(handler)))
    assert done.is_set()
    cancelled(story, "producer", "task_cancelled")
    assert len(story.sessions) == 1
    assert story.one("tool.completed")["status"] == "timeout"


@pytest.mark.parametrize("mode", ["messages", "updates"])
@pytest.mark.parametrize("kind", ["create_agent", "graph"])
def test_known_failure_32_a_stream_closed_in_the_middle(kind: AgentKind, mode: str) -> None:
    def close(handler: AAEPCallbackHandler) -> None:
        stream = agent(kind).stream(asked(kind), with_handlers(handler), stream_mode=mode)
        next(iter(stream))
        stream.close()  # type: ignore[attr-defined]

    story = hear(close)
    cancelled(story, "producer", "stream_closed")
    assert story.said[-1].startswith("The answer was not heard to its end")


def test_known_failure_32_an_executors_stream_closed_in_the_middle() -> None:
    def close(handler: AAEPCallbackHandler) -> None:
        stream = agent("executor").stream(asked("executor"), with_handlers(handler))
        next(iter(stream))
        stream.close()  # type: ignore[attr-defined]
        del stream
        gc.collect()

    cancelled(hear(close), "producer", "stream_closed")


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_32_an_async_stream_closed_in_the_middle(kind: AgentKind) -> None:
    async def close(handler: AAEPCallbackHandler) -> None:
        stream = agent(kind).astream(asked(kind), with_handlers(handler))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        del stream
        gc.collect()

    story = hear(lambda handler: asyncio.run(close(handler)))
    assert story.outcome == "session.cancelled"
    assert story[-1]["cancelled_by"] == "producer"


@pytest.mark.parametrize("chunks", [1, 2, 3])
@pytest.mark.parametrize("what", ["model", "chain"])
def test_known_failure_32_the_stream_of_a_bare_model_or_chain_closed(
    what: str, chunks: int
) -> None:
    """A chain reports a normal end with what came so far; it is none."""
    text = "One two three four five."

    def close(handler: AAEPCallbackHandler) -> None:
        speaker: Runnable[Any, Any] = (
            scripted(text, token_size=5) if what == "model" else chain(text, token_size=5)
        )
        given = "go" if what == "model" else {"question": "How many?"}
        stream = speaker.stream(given, with_handlers(handler))
        for _ in range(chunks):
            next(iter(stream))
        stream.close()  # type: ignore[attr-defined]

    async def aclose(handler: AAEPCallbackHandler) -> None:
        speaker: Runnable[Any, Any] = (
            scripted(text, token_size=5) if what == "model" else chain(text, token_size=5)
        )
        given = "go" if what == "model" else {"question": "How many?"}
        stream = speaker.astream(given, with_handlers(handler))
        for _ in range(chunks):
            await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]

    for story in (hear(close), hear(lambda handler: asyncio.run(aclose(handler)))):
        cancelled(story, "producer", "stream_closed")
        assert text.startswith(story.outputs[0])


def test_a_model_that_was_given_up_for_another_answer_is_no_early_stop() -> None:
    async def choose(text: str) -> str:
        reached = asyncio.Event()

        async def hook(index: int) -> None:
            if index == 2:
                reached.set()
                await asyncio.Event().wait()

        slow = scripted("One two three.", token_size=3, on_token=hook)
        await cancel_when(reached, asyncio.create_task(slow.ainvoke(text)))
        return "Never mind."

    impatient: Runnable[str, str] = RunnableLambda(lambda text: "", choose)
    story = hear(lambda handler: asyncio.run(impatient.ainvoke("go", with_handlers(handler))))
    assert story.outcome == "session.completed"
    assert story.outputs[-1] == "Never mind."


@pytest.mark.parametrize("way", SYNC)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_32_the_keyboard_in_mid_token(kind: AgentKind, way: Way) -> None:
    story = hear(
        lambda handler: run(
            agent(kind, "One two three.", token_size="word", on_token=raising(KeyboardInterrupt())),
            way,
            asked(kind),
            with_handlers(handler),
        ),
        raises=KeyboardInterrupt,
    )
    cancelled(story, "user", "keyboard_interrupt")
    assert story.said[-1] == "Stopped, as you asked."


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_32_the_keyboard_in_mid_tool(kind: AgentKind) -> None:
    @tool
    def stopped(city: str) -> str:
        """Be stopped."""
        raise KeyboardInterrupt

    story = hear(
        lambda handler: agent(kind, calling("stopped", city="Oslo"), tools=[stopped]).invoke(
            asked(kind), with_handlers(handler)
        ),
        raises=KeyboardInterrupt,
    )
    cancelled(story, "user", "keyboard_interrupt")
    assert story.one("tool.completed")["status"] == "timeout"


def test_the_end_of_the_process_is_no_error() -> None:
    story = hear(
        lambda handler: scripted("One two.", on_token=raising(SystemExit(1), 1)).invoke(
            "go", with_handlers(handler)
        ),
        raises=SystemExit,
    )
    cancelled(story, "system", "process_exit")


def test_fact_05_max_iterations_is_a_normal_end_with_an_answer() -> None:
    built = agent("executor", calling("weather", city="Oslo"), repeat_last=True)
    assert isinstance(built, AgentExecutor)
    built.max_iterations = 2
    for way in ("invoke", "ainvoke", "stream", "astream"):
        story = hear(
            lambda handler, way=way: run(built, way, asked("executor"), with_handlers(handler))  # type: ignore[misc]
        )
        assert story.outcome == "session.completed"
        assert story.outputs == ["Agent stopped due to max iterations."]
        assert story[-1]["tool_invocations_count"] == 2


@pytest.mark.parametrize("kind", ["create_agent", "graph"])
@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
def test_fact_05_a_recursion_limit_is_an_error(kind: AgentKind, way: Way) -> None:
    looping = agent(kind, calling("weather", city="Oslo"), repeat_last=True)
    story = hear(
        lambda handler: run(looping, way, asked(kind), with_handlers(handler, recursion_limit=4)),
        raises=GraphRecursionError,
    )
    assert story.outcome == "session.errored"
    assert "recursion" not in story[-1]["summary_normal"].lower()


def test_a_limit_set_by_middleware_is_a_normal_end() -> None:
    limited: Runnable[Any, Any] = create_agent(
        scripted(calling("weather", city="Oslo"), repeat_last=True),
        [weather],
        middleware=[ModelCallLimitMiddleware(run_limit=2, exit_behavior="end")],
    )
    story = hear(lambda handler: limited.invoke(asked("create_agent"), with_handlers(handler)))
    assert story.outcome == "session.completed"
    assert len(story.outputs) == 1


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (TimeoutError("slow"), "transient"),
        (ConnectionError("gone"), "transient"),
        (PermissionError("no"), "requires_user"),
        (ValueError("bad"), "permanent"),
        (RuntimeError(), "unknown"),
    ],
)
def test_an_error_is_what_its_exception_says(error: Exception, category: str) -> None:
    story = hear(
        lambda handler: scripted(error).invoke("go", with_handlers(handler)), raises=type(error)
    )
    assert story[-1]["error_category"] == category


def test_an_error_after_a_few_words_closes_what_was_said() -> None:
    speaker = agent(
        "create_agent", "One two three.", token_size="word", on_token=raising(ConnectionError("x"))
    )
    story = hear(
        lambda handler: run(speaker, "invoke", asked("create_agent"), with_handlers(handler)),
        raises=ConnectionError,
    )
    assert story.outputs == ["One two"]
    assert story.outcome == "session.errored"


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_13_one_request_in_a_batch_fails_and_the_others_do_not(
    kind: AgentKind,
) -> None:
    def answer(messages: Any) -> str:
        if "fail" in str(messages[-1].content):
            raise ConnectionError("gone")
        return "Fine."

    speaker = build_agent(kind, scripted(answer, repeat_last=True), Bank(), tools=[weather])
    given = [asked(kind, text) for text in ("ok", "fail", "ok")]

    def ask(handler: AAEPCallbackHandler) -> None:
        speaker.batch(given, with_handlers(handler), return_exceptions=True)

    with Hearing() as scene:
        scene.run(ask)
        ends = [scene.story.of_session(name).outcome for name in scene.story.sessions]
    assert sorted(ends) == ["session.completed", "session.completed", "session.errored"]
