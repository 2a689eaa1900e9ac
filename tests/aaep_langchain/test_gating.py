"""A gated tool is recognised before it is announced, however it is made and whoever calls it (fact 10)."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest
from langchain_classic.agents import AgentExecutor
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool, Tool, tool

from aaep_helpers.held_calls import HeldCall
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import (
    WAYS,
    Way,
    agent,
    asked,
    calling,
    run,
    weather,
    with_handlers,
)
from tests.aaep_langchain.gate_double import DECLINED, GateDouble
from tests.aaep_langchain.hearing_helpers import Hearing

Gate = Callable[[Callable[..., Any]], Callable[..., Any]]

GATED = ["session.started", "awaiting.confirmation", "tool.invoked", "tool.completed"]


class Till:
    """Where the money goes, and tools of every make that send it there."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, to: str) -> str:
        """Send money. It cannot be had back."""
        self.sent.append(to)
        return f"Sent to {to}."

    def tools(self, gate: Gate) -> dict[str, Callable[[], BaseTool]]:
        """Makers of tools that send money, each through a gate."""

        def send(to: str) -> str:
            """Send money. It cannot be had back."""
            return self.send(to)

        async def asend(to: str) -> str:
            """Send money. It cannot be had back."""
            await asyncio.sleep(0)
            return self.send(to)

        class Sender:
            @gate
            def send(self, to: str) -> str:
                """Send money."""
                return till.send(to)

        class SendTool(BaseTool):
            name: str = "send"
            description: str = "Send money."

            @gate
            def _run(self, to: str) -> str:
                return till.send(to)

        class SendToolBothWays(SendTool):
            async def _arun(self, to: str) -> str:
                return str(self._run(to))

        till = self
        return {
            "@tool": lambda: tool(gate(send)),
            "async @tool": lambda: tool("send")(gate(asend)),
            "structured": lambda: StructuredTool.from_function(gate(send)),
            "both": lambda: StructuredTool.from_function(gate(send), gate(asend)),
            "Tool": lambda: Tool("send", gate(send), "Send money."),
            "renamed": lambda: tool(gate(send)).model_copy(update={"name": "pay_out"}),
            "method": lambda: StructuredTool.from_function(Sender().send),
            "wrapped": lambda: tool(_tried_twice(gate(send))),
            "subclass": SendTool,
            "subclass both ways": SendToolBothWays,
        }


def _tried_twice(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def once_more(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TimeoutError:
            return function(*args, **kwargs)

    return once_more


MAKES = list(Till().tools(lambda function: function))
# An async-only tool does not run in the synchronous ways (fact 11).
ASYNC_WAYS: tuple[Way, ...] = ("ainvoke", "astream", "abatch")


def using(made: BaseTool, kind: AgentKind = "create_agent", to: str = "Ana") -> Runnable[Any, Any]:
    """An agent that sends money once and then answers."""
    argument = "__arg1" if type(made) is Tool else "to"
    return agent(kind, calling(made.name, **{argument: to}), "That is all.", tools=[made])


def make(scene: Hearing, till: Till, name: str, **gate: Any) -> tuple[BaseTool, GateDouble]:
    """One of the till's tools behind a gate that speaks in the scene."""
    double = GateDouble(scene.emitter, **gate)
    return till.tools(double)[name](), double


CASES = [(name, way) for name in MAKES for way in (ASYNC_WAYS if name == "async @tool" else WAYS)]


@pytest.mark.parametrize(("name", "way"), CASES)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_10_a_gated_tool_is_announced_once_and_after_the_accept(
    kind: AgentKind, name: str, way: Way
) -> None:
    till, heard_before = Till(), []
    with Hearing() as scene:
        made, gate = make(
            scene,
            till,
            name,
            at_question=lambda call: heard_before.append(scene.so_far("none").kinds),
        )
        scene.run(lambda handler: run(using(made, kind), way, asked(kind), with_handlers(handler)))
    assert heard_before == [GATED[:2]]
    assert scene.story.kinds == [*GATED, "session.completed"]
    invoked = scene.story.one("tool.invoked")
    assert (invoked["tool"], invoked["irreversible"], invoked["risk_level"]) == (
        made.name,
        True,
        "high",
    )
    assert invoked["tool_call_id"] == gate.calls[0].call_id
    assert "Ana" in invoked["args_summary"]
    assert till.sent == ["Ana"]
    assert scene.story.states.count("calling_tool") == 1


@pytest.mark.parametrize(("name", "way"), CASES)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_refused_call_leaves_no_invocation_and_no_completion(
    kind: AgentKind, name: str, way: Way
) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, name, answer=False)
        scene.run(lambda handler: run(using(made, kind), way, asked(kind), with_handlers(handler)))
    assert scene.story.kinds == [*GATED[:2], "session.completed"]
    assert "calling_tool" not in scene.story.states
    assert not till.sent


@pytest.mark.parametrize(
    ("name", "way"), [case for case in CASES if case[1] in ("invoke", "ainvoke")]
)
def test_a_gated_tool_that_runs_by_itself(name: str, way: Way) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, name)
        scene.run(lambda handler: run(made, way, {"to": "Ana"}, with_handlers(handler)))
    assert scene.story.kinds == [*GATED, "session.completed"]


def test_a_gated_tool_that_is_a_partial() -> None:
    till = Till()
    with Hearing() as scene:

        @GateDouble(scene.emitter)
        def send(reason: str, to: str) -> str:
            """Send money for a reason."""
            return till.send(to)

        made = Tool("send", functools.partial(send, "lunch"), "Send money.")
        scene.run(lambda handler: made.invoke("Ana", with_handlers(handler)))
    assert scene.story.kinds == [*GATED, "session.completed"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("also_in_config", [False, True])
def test_fact_01_the_handler_in_the_constructor_holds_it_too(
    way: Way, also_in_config: bool
) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, "@tool")
        executor = using(made, "executor")
        assert isinstance(executor, AgentExecutor)

        def start(handler: Any) -> Any:
            executor.callbacks = [handler]
            config = with_handlers(handler) if also_in_config else {}
            return run(executor, way, asked("executor"), config)

        scene.run(start)
    assert scene.story.kinds == [*GATED, "session.completed"]


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_tool_beside_it_is_announced_as_ever(kind: AgentKind, way: Way) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, "@tool", answer=False)
        built = agent(
            kind,
            calling("weather", city="Oslo"),
            calling("send", to="Ana"),
            calling("weather", city="Rome"),
            "That is all.",
            tools=[made, weather],
        )
        scene.run(lambda handler: run(built, way, asked(kind), with_handlers(handler)))
    look = ["tool.invoked", "tool.completed"]
    assert scene.story.kinds == [
        "session.started",
        *look,
        "awaiting.confirmation",
        *look,
        "session.completed",
    ]
    assert {event["tool"] for event in scene.story.of("tool.invoked")} == {"weather"}


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_gated_calls_of_one_step_are_each_asked_for(kind: AgentKind, way: Way) -> None:
    till = Till()

    def only_ana(call: HeldCall) -> bool:
        return call.arguments["to"] == "Ana"

    with Hearing() as scene:
        made, gate = make(scene, till, "both", answer=only_ana)
        turn = Turn("", tuple(ToolCall("send", {"to": to}, to) for to in ("Ana", "Bob", "Cem")))
        built = agent(kind, turn, "That is all.", tools=[made, weather])
        scene.run(lambda handler: run(built, way, asked(kind), with_handlers(handler)))
    assert till.sent == ["Ana"]
    assert len({call.call_id for call in gate.calls}) == 3
    assert len(scene.story.of("awaiting.confirmation")) == 3
    assert "Ana" in scene.story.one("tool.invoked")["args_summary"]


@pytest.mark.parametrize("inner", AGENT_KINDS)
@pytest.mark.parametrize("outer", AGENT_KINDS)
def test_a_gated_tool_of_an_agent_that_is_a_tool(outer: AgentKind, inner: AgentKind) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, "@tool")

        @tool
        def treasurer(task: str) -> str:
            """Ask the treasurer."""
            using(made, inner).invoke(asked(inner, task))
            return "It is done."

        built = agent(outer, calling("treasurer", task="Pay Ana."), "Paid.", tools=[treasurer])
        scene.run(lambda handler: built.invoke(asked(outer), with_handlers(handler)))
    invoked = [event["tool"] for event in scene.story.of("tool.invoked")]
    assert invoked == ["treasurer", "send"]
    assert till.sent == ["Ana"]


@pytest.mark.parametrize("way", ["batch", "abatch"])
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_each_run_of_a_batch_has_its_own_question(kind: AgentKind, way: str) -> None:
    till = Till()
    with Hearing() as scene:
        made, gate = make(scene, till, "both")
        built, given = using(made, kind), [asked(kind, f"Pay, number {n}.") for n in range(4)]

        def start(handler: Any) -> Any:
            if way == "batch":
                return built.batch(given, with_handlers(handler))
            return asyncio.run(built.abatch(given, with_handlers(handler)))

        scene.run(start)
    assert len(scene.story.sessions) == 4
    for session_id in scene.story.sessions:
        assert scene.story.of_session(session_id).kinds == [*GATED, "session.completed"]
    assert len({call.session_id for call in gate.calls}) == 4


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_fact_02_bad_arguments_leave_no_word_of_the_call(kind: AgentKind, way: Way) -> None:
    till = Till()
    with Hearing() as scene:
        made, gate = make(scene, till, "both")
        built = agent(kind, calling("send", towards="Ana"), "Sorry.", tools=[made])
        goes_on = kind != "executor"  # ToolNode hands the error to the model.
        scene.run(
            lambda handler: run(built, way, asked(kind), with_handlers(handler)),
            raises=None if goes_on else ValueError,
        )
    assert scene.story.kinds == [
        "session.started",
        "session.completed" if goes_on else "session.errored",
    ]
    assert set(scene.story.states) <= {"thinking", "writing_output", "idle"}
    assert not gate.calls
    assert not till.sent


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_bad_arguments_that_the_tool_answers_itself_leave_no_word_of_the_call(
    kind: AgentKind,
) -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, "both")
        made.handle_validation_error = "Use `to`."
        built = agent(kind, calling("send", towards="Ana"), "Sorry.", tools=[made])
        scene.run(lambda handler: built.invoke(asked(kind), with_handlers(handler)))
    assert scene.story.kinds == ["session.started", "session.completed"]


def test_the_result_of_a_refusal_reaches_the_model() -> None:
    till = Till()
    with Hearing() as scene:
        made, _ = make(scene, till, "@tool", answer=False)
        output = scene.run(
            lambda handler: using(made).invoke(asked("create_agent"), with_handlers(handler))
        )
    assert [message.text for message in output["messages"] if message.type == "tool"] == [DECLINED]
