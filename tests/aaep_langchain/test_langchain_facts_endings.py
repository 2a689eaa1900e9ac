"""How runs end when they do not end well: fact 5.

Purpose: an upgrade that changes what the handler is built on fails here first, by fact number.

Boundary: real runs and a recorder only; our own handler is not imported.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest
from langchain_classic.agents import AgentExecutor
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from langgraph.errors import GraphRecursionError

from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from tests.aaep_langchain.agents import (
    Call,
    Recording,
    RecordingHandler,
    agent,
    asked,
    calling,
    with_handlers,
)

GRAPH_KINDS: tuple[AgentKind, ...] = ("create_agent", "graph")


def raising(error: BaseException, at: int = 2) -> Any:
    """An on_token hook that raises before one of the pieces."""

    def hook(index: int) -> None:
        if index == at:
            raise error

    return hook


def root_error(seen: Recording) -> BaseException:
    last = seen.last_of_root()
    assert last.event == "chain_error"
    assert isinstance(last.payload, BaseException)
    return last.payload


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_05_keyboard_interrupt_is_an_error_of_every_run_above(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    built = agent(kind, on_token=raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        built.invoke(asked(kind), with_handlers(recorder))
    assert isinstance(root_error(recorder.seen), KeyboardInterrupt)
    assert isinstance(recorder.seen.one("llm_error").payload, KeyboardInterrupt)


class Held:
    """An on_token hook that stops before a piece until it is cancelled."""

    def __init__(self, at: int = 2) -> None:
        self.at = at
        self.reached = asyncio.Event()

    async def __call__(self, index: int) -> None:
        if index == self.at:
            self.reached.set()
            await asyncio.Event().wait()


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_05_cancel_in_the_model(kind: AgentKind) -> None:
    held, recorder = Held(), RecordingHandler()
    built = agent(kind, on_token=held)
    task = asyncio.create_task(built.ainvoke(asked(kind), with_handlers(recorder)))
    await held.reached.wait()
    await cancel(task)
    assert isinstance(root_error(recorder.seen), asyncio.CancelledError)
    # A model called whole is only left; one that streams (the executor's) reports the error.
    assert len(recorder.seen.of("llm_error")) == (1 if kind == "executor" else 0)


@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_05_cancel_in_an_async_tool_fires_no_tool_error(kind: AgentKind) -> None:
    reached = asyncio.Event()

    @tool
    async def wait(city: str) -> str:
        """Waits for good."""
        reached.set()
        await asyncio.Event().wait()
        return "never"

    recorder = RecordingHandler()
    built = agent(kind, calling("wait", city="Oslo"), tools=[wait])
    task = asyncio.create_task(built.ainvoke(asked(kind), with_handlers(recorder)))
    await reached.wait()
    await cancel(task)
    assert isinstance(root_error(recorder.seen), asyncio.CancelledError)
    assert [call.event for call in recorder.seen.of("tool_start", "tool_end", "tool_error")] == [
        "tool_start"
    ]


@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_05_a_cancelled_sync_tool_runs_on_and_reports_late(kind: AgentKind) -> None:
    reached, go_on, ended = asyncio.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    @tool
    def wait(city: str) -> str:
        """Waits until the test lets it go on."""
        loop.call_soon_threadsafe(reached.set)
        go_on.wait(10)
        loop.call_soon_threadsafe(ended.set)
        return "late"

    def note(call: Call) -> None:
        if call.event == "tool_end":
            loop.call_soon_threadsafe(reported.set)

    reported = asyncio.Event()
    recorder = RecordingHandler(note)
    built = agent(kind, calling("wait", city="Oslo"), tools=[wait])
    task = asyncio.create_task(built.ainvoke(asked(kind), with_handlers(recorder)))
    await reached.wait()
    await cancel(task)
    root_error(recorder.seen)
    go_on.set()
    await asyncio.wait_for(ended.wait(), 10)
    if kind == "executor":
        # Its callbacks belong to the cancelled coroutine, so nothing more is heard.
        assert recorder.seen.of("tool_end", "tool_error") == []
        return
    await asyncio.wait_for(reported.wait(), 10)
    assert recorder.seen.events[-1] == "tool_end"
    assert recorder.seen.events.index("chain_error") < recorder.seen.events.index("tool_end")


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_05_a_closed_sync_stream_is_a_generator_exit(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    stream: Any = agent(kind).stream(asked(kind), with_handlers(recorder))
    next(stream)
    stream.close()
    assert isinstance(root_error(recorder.seen), GeneratorExit)


@pytest.mark.parametrize("kind", GRAPH_KINDS)
async def test_fact_05_a_closed_async_stream_of_a_graph_is_an_error_at_once(
    kind: AgentKind,
) -> None:
    recorder = RecordingHandler()
    stream: Any = agent(kind).astream(asked(kind), with_handlers(recorder))
    await anext(stream)
    await stream.aclose()
    assert isinstance(root_error(recorder.seen), GeneratorExit | asyncio.CancelledError)


async def test_fact_05_a_closed_async_stream_of_an_executor_reports_when_it_is_dropped() -> None:
    failed = asyncio.Event()

    def note(call: Call) -> None:
        if call.event == "chain_error" and call.parent_run_id is None:
            failed.set()

    recorder = RecordingHandler(note)
    stream: Any = agent("executor").astream(asked("executor"), with_handlers(recorder))
    await anext(stream)
    await stream.aclose()
    root = recorder.seen.root().run_id
    assert [call.event for call in recorder.seen.of_run(root)][-1] != "chain_error"
    del stream
    gc.collect()
    # The dropped inner generator is closed by the loop's hook, in a task of its own.
    await asyncio.wait_for(failed.wait(), 10)
    assert isinstance(root_error(recorder.seen), GeneratorExit | asyncio.CancelledError)


def test_fact_05_max_iterations_is_a_normal_end() -> None:
    recorder = RecordingHandler()
    built = agent("executor", calling("weather", city="Oslo"), repeat_last=True)
    assert isinstance(built, AgentExecutor)
    built.max_iterations = 2
    output = built.invoke(asked("executor"), with_handlers(recorder))
    assert output["output"] == "Agent stopped due to max iterations."
    assert recorder.seen.last_of_root().event == "chain_end"


@pytest.mark.parametrize("kind", GRAPH_KINDS)
def test_fact_05_the_recursion_limit_is_an_error(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    built: Runnable[Any, Any] = agent(kind, calling("weather", city="Oslo"), repeat_last=True)
    with pytest.raises(GraphRecursionError):
        built.invoke(asked(kind), with_handlers(recorder, recursion_limit=4))
    assert isinstance(root_error(recorder.seen), GraphRecursionError)
