"""How tools run, and what can be known of them from outside: facts 9 to 11.

Purpose: an upgrade that changes what the gate is built on fails here first, by fact number.

Boundary: real runs and a recorder only; our own handler and gate are not imported.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any
from uuid import UUID

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool, StructuredTool, Tool, tool

from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import (
    WAYS,
    Call,
    RecordingHandler,
    Way,
    agent,
    asked,
    aweather,
    broken,
    forbidden,
    library_tool,
    run,
    weather,
    with_handlers,
)


def running() -> UUID | None:
    """The run whose children the calls made here would be."""
    callbacks = ensure_config().get("callbacks")
    parent: UUID | None = getattr(callbacks, "parent_run_id", None)
    return parent


def one_call(tool_: BaseTool, **args: object) -> Callable[[AgentKind], Runnable[Any, Any]]:
    """Builds an agent that calls this tool once and is done."""
    turn = Turn("", (ToolCall(tool_.name, args),))
    return lambda kind: agent(kind, turn, "Done.", tools=[tool_])


def noting(seen: list[UUID | None]) -> dict[str, BaseTool]:
    """Tools of every make whose body notes the run it is in."""

    def note(city: str) -> str:
        """Notes its run."""
        seen.append(running())
        return "noted"

    async def anote(city: str) -> str:
        """Notes its run, asynchronously."""
        seen.append(running())
        return "noted"

    async def in_thread(city: str) -> str:
        """Notes its run from asyncio.to_thread."""
        return await asyncio.to_thread(note, city)

    async def in_task(city: str) -> str:
        """Notes its run from a task of its own."""
        return await asyncio.create_task(anote(city))

    return {
        "sync": tool(note),
        "async": tool(anote),
        "structured": StructuredTool.from_function(note),
        "both": StructuredTool.from_function(note, anote),
        "plain": Tool("plain", note, "Notes its run."),
        "to_thread": tool(in_thread),
        "create_task": tool(in_task),
    }


ASYNC_ONLY = {"async", "to_thread", "create_task"}
ASYNC_WAYS: tuple[Way, ...] = ("ainvoke", "astream", "abatch")
# An async-only tool does not run in the synchronous ways (fact 11).
MAKES_AND_WAYS = [
    (make, way) for make in noting([]) for way in (ASYNC_WAYS if make in ASYNC_ONLY else WAYS)
]


@pytest.mark.parametrize(("make", "way"), MAKES_AND_WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_09_the_body_finds_its_run_in_the_config(kind: AgentKind, make: str, way: Way) -> None:
    seen: list[UUID | None] = []
    made = noting(seen)[make]
    recorder = RecordingHandler()
    argument = "__arg1" if make == "plain" else "city"
    built = one_call(made, **{argument: "Oslo"})(kind)
    run(built, way, asked(kind), with_handlers(recorder))
    assert seen == [recorder.seen.one("tool_start").run_id]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_09_threads_the_tool_starts_itself_do_not_know_their_run(kind: AgentKind) -> None:
    seen: list[UUID | None] = []

    @tool
    def spawn(city: str) -> str:
        """Notes its run from a thread of its own."""
        thread = threading.Thread(target=lambda: seen.append(running()))
        thread.start()
        thread.join()
        return "noted"

    one_call(spawn, city="Oslo")(kind).invoke(asked(kind), with_handlers(RecordingHandler()))
    assert seen == [None]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_09_without_any_callback_there_is_a_run_all_the_same(kind: AgentKind) -> None:
    seen: list[UUID | None] = []
    one_call(noting(seen)["sync"], city="Oslo")(kind).invoke(asked(kind))
    assert len(seen) == 1
    assert seen[0] is not None


def calling_tool(frame: FrameType | None) -> BaseTool | None:
    """The tool whose `run` or `arun` is up the stack."""
    while frame is not None:
        owner = frame.f_locals.get("self")
        if frame.f_code.co_name in ("run", "arun") and isinstance(owner, BaseTool):
            return owner
        frame = frame.f_back
    return None


class Walking(RecordingHandler):
    """Looks up the stack when a tool starts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[BaseTool | None] = []

    def on_tool_start(self, serialized: Any, input_str: Any, **kwargs: Any) -> None:
        self.found.append(calling_tool(sys._getframe()))
        super().on_tool_start(serialized, input_str, **kwargs)


class WalkingOffLoop(Walking):
    """The same from another thread, where LangChain takes handlers that are not inline."""

    run_inline = False


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_10_an_inline_handler_finds_the_tool_up_the_stack(kind: AgentKind, way: Way) -> None:
    for made, argument in (
        (weather.model_copy(update={"name": "renamed"}), "city"),
        (Tool("plain", lambda city: city, "Plain."), "__arg1"),
        (
            StructuredTool.from_function(lambda city: city, name="structured", description="S."),
            "city",
        ),
    ):
        walker = Walking()
        built = one_call(made, **{argument: "Oslo"})(kind)
        run(built, way, asked(kind), with_handlers(walker))
        assert [found.name for found in walker.found if found] == [made.name]
        (found,) = walker.found
        assert isinstance(found, Tool | StructuredTool)
        assert isinstance(made, Tool | StructuredTool)
        # A mark on the function inside can be read from here, and only from here.
        assert found.func is made.func


@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_10_an_async_tool_is_found_too_but_not_off_the_loop(kind: AgentKind) -> None:
    inline, other = Walking(), WalkingOffLoop()
    built = one_call(aweather, city="Oslo")(kind)
    await built.ainvoke(asked(kind), with_handlers(inline, other))
    assert [found.name for found in inline.found if found] == ["aweather"]
    assert other.found == [None]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_10_the_callbacks_arguments_do_not_show_the_function(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    agent(kind).invoke(asked(kind), with_handlers(recorder))
    start = recorder.seen.one("tool_start")
    assert set(start.kwargs) == {
        "serialized",
        "inputs",
        "tags",
        "metadata",
        "name",
        "tool_call_id",
        "color",
    }
    assert set(start.kwargs["serialized"]) == {"name", "description"}


@pytest.mark.parametrize("make", [Tool, StructuredTool])
def test_fact_11_a_coroutine_function_as_func_is_a_success_that_never_ran(make: Any) -> None:
    ran = []

    async def act(city: str) -> str:
        """Acts."""
        ran.append(city)
        return "done"

    made = (
        Tool("act", act, "Acts.") if make is Tool else StructuredTool.from_function(act, name="act")
    )
    recorder = RecordingHandler()
    output = made.invoke("Oslo" if make is Tool else {"city": "Oslo"}, with_handlers(recorder))
    assert recorder.seen.events == ["tool_start", "tool_end"]
    payload: Coroutine[Any, Any, str] = recorder.seen.one("tool_end").payload
    assert asyncio.iscoroutine(payload)
    assert output is payload
    payload.close()
    assert ran == []


def test_fact_11_ainvoke_does_not_run_it_either() -> None:
    ran = []

    async def act(city: str) -> str:
        """Acts."""
        ran.append(city)
        return "done"

    recorder = RecordingHandler()
    made = StructuredTool.from_function(act, name="act")
    output = asyncio.run(made.ainvoke({"city": "Oslo"}, with_handlers(recorder)))
    # LangChain awaits only `coroutine=`; `func` is called in a worker and its result passed on.
    assert asyncio.iscoroutine(output)
    output.close()
    assert ran == []


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_11_an_async_only_tool_cannot_be_invoked(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    with pytest.raises(NotImplementedError):
        one_call(aweather, city="Oslo")(kind).invoke(asked(kind), with_handlers(recorder))
    assert isinstance(recorder.seen.one("tool_error").payload, NotImplementedError)
    assert recorder.seen.last_of_root().event == "chain_error"


def test_fact_11_content_and_artifact_wants_a_pair() -> None:
    @tool(response_format="content_and_artifact")
    def pair(good: bool) -> Any:
        """Returns a pair, or not."""
        return ("the text", None) if good else "only the text"

    recorder = RecordingHandler()
    assert pair.invoke({"good": True}, with_handlers(recorder)) == "the text"
    with pytest.raises(ValueError, match="two-tuple"):
        pair.invoke({"good": False}, with_handlers(recorder))
    assert recorder.seen.events == ["tool_start", "tool_end", "tool_start", "tool_error"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("failing", [forbidden, broken], ids=["PermissionError", "ConnectionError"])
def test_fact_11_an_error_raised_in_a_tool_ends_the_run(
    failing: BaseTool, kind: AgentKind, way: Way
) -> None:
    recorder = RecordingHandler()
    with pytest.raises((PermissionError, ConnectionError)) as raised:
        run(one_call(failing, city="Oslo")(kind), way, asked(kind), with_handlers(recorder))
    assert recorder.seen.one("tool_error").payload is raised.value
    assert recorder.seen.last_of_root().event == "chain_error"
    assert recorder.seen.last_of_root().payload is raised.value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_11_what_tool_end_carries(kind: AgentKind, way: Way) -> None:
    recorder = RecordingHandler()
    run(agent(kind), way, asked(kind), with_handlers(recorder))
    end = recorder.seen.one("tool_end")
    assert end.kwargs["name"] == "weather"
    if kind == "executor":
        assert end.payload == "It is sunny in Oslo."
        return
    assert isinstance(end.payload, ToolMessage)
    assert (end.payload.text, end.payload.name) == ("It is sunny in Oslo.", "weather")
    assert end.payload.tool_call_id == recorder.seen.one("tool_start").kwargs["tool_call_id"]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_11_a_retriever_tool_is_a_tool_run_with_a_retriever_run_in_it(
    kind: AgentKind,
) -> None:
    recorder = RecordingHandler()
    one_call(library_tool(), query="fjord")(kind).invoke(asked(kind), with_handlers(recorder))
    calls: list[Call] = recorder.seen.of(
        "tool_start", "retriever_start", "retriever_end", "tool_end"
    )
    assert [call.event for call in calls] == [
        "tool_start",
        "retriever_start",
        "retriever_end",
        "tool_end",
    ]
    assert calls[1].parent_run_id == calls[0].run_id
    assert calls[1].payload == "fjord"
