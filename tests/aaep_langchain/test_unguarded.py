"""Tools that cannot be undone and ask nobody: said in words, or stopped before they run (SEQ-6)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ToolRetryMiddleware
from langchain_classic.agents import AgentExecutor
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from aaep_helpers import AAEPEmitter, CallerError, UnguardedToolError
from aaep_langchain import AAEPCallbackHandler, ToolPolicy
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind, agent_answer
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from aaep_langchain.narrator import Narrator
from aaep_langchain.tool_narrator import ToolNarrator
from tests.aaep_langchain.agents import (
    WAYS,
    RecordingHandler,
    Way,
    agent,
    asked,
    calling,
    run,
    scripted,
    weather,
    with_handlers,
)
from tests.aaep_langchain.gate_double import GateDouble
from tests.aaep_langchain.hearing_helpers import Hearing

FINAL = ToolPolicy(irreversible=True)
REFUSING: dict[str, Any] = {"tools": {"send": FINAL}, "unguarded": "refuse"}
STOPPED = "Send was not used: it cannot be undone, and nothing asks you first."


class Till:
    """Where the money goes, and a tool that sends it there."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.looked: list[str] = []

    def tool(self) -> BaseTool:
        """The tool; it runs in every way."""

        @tool
        def send(to: str) -> str:
            """Send money."""
            self.sent.append(to)
            return "Sent."

        async def asend(to: str) -> str:
            self.sent.append(to)
            return "Sent."

        return send.model_copy(update={"coroutine": asend})


def sending(till: Till, kind: AgentKind) -> Runnable[Any, Any]:
    return agent(kind, calling("send", to="Ana"), "That is all.", tools=[till.tool(), weather])


def forgiving(till: Till) -> Runnable[Any, Any]:
    """An agent whose ToolNode hands every error to the model."""
    tools = [till.tool(), weather]
    model = scripted(calling("send", to="Ana"), "I could not send it.").bind_tools(tools)
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=True))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


# unguarded="refuse"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_refused_tool_never_runs_and_the_run_ends(kind: AgentKind, way: Way) -> None:
    till, recorder = Till(), RecordingHandler()
    with Hearing(**REFUSING) as scene:
        error = scene.run(
            lambda handler: run(
                sending(till, kind), way, asked(kind), with_handlers(handler, recorder)
            ),
            raises=UnguardedToolError,
            faults=True,  # LangChain warns of what a callback raises.
        )
    assert not till.sent
    assert scene.story.kinds == ["session.started", "session.errored"]
    end = scene.story.one("session.errored")
    assert end["error_category"] == "requires_user"
    assert end["error_code"] == "UNGUARDED_TOOL"
    assert end["recoverable"] is True
    assert "nothing asks you first" in end["summary_normal"]
    assert STOPPED in scene.story.said
    assert error.tool == "send"
    assert "@aaep_tool" in str(error)
    # LangChain tells nothing more of the run: neither to us nor to handlers after us.
    assert not recorder.seen.of("tool_start", "tool_end", "tool_error")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [True, False])
def test_it_never_runs_whatever_other_handlers_are_there(way: Way, first: bool) -> None:
    class OffLoop(BaseCallbackHandler):
        """A handler that LangChain calls from another thread."""

    others: list[BaseCallbackHandler] = [RecordingHandler(), OffLoop()]
    for kind in AGENT_KINDS:
        till = Till()
        with Hearing(**REFUSING) as scene:
            built = sending(till, kind)
            scene.run(
                lambda handler, built=built, kind=kind: run(  # type: ignore[misc]
                    built,
                    way,
                    asked(kind),
                    with_handlers(*([handler, *others] if first else [*others, handler])),
                ),
                raises=UnguardedToolError,
                faults=True,
            )
        assert not till.sent
        assert scene.story.outcome == "session.errored"


@pytest.mark.parametrize("way", WAYS)
def test_fact_01_it_never_runs_with_the_handler_in_the_constructor(way: Way) -> None:
    till = Till()
    with Hearing(**REFUSING) as scene:
        executor = sending(till, "executor")
        assert isinstance(executor, AgentExecutor)

        def start(handler: AAEPCallbackHandler) -> Any:
            executor.callbacks = [handler]
            return run(executor, way, asked("executor"), {})

        scene.run(start, raises=UnguardedToolError, faults=True)
    assert not till.sent
    assert scene.story.kinds == ["session.started", "session.errored"]


@pytest.mark.parametrize("way", WAYS)
def test_it_never_runs_by_itself_either(way: Way) -> None:
    """LangChain reports no end of a root whose start was refused; its session ends all the same."""
    till = Till()
    with Hearing(**REFUSING) as scene:
        scene.run(
            lambda handler: run(till.tool(), way, {"to": "Ana"}, with_handlers(handler)),
            raises=UnguardedToolError,
            faults=True,
        )
    assert not till.sent
    assert scene.story.kinds == ["session.started", "session.errored"]


@pytest.mark.parametrize("way", WAYS)
def test_an_agent_that_takes_errors_goes_on_and_its_listener_knows_why(way: Way) -> None:
    till = Till()
    with Hearing(**REFUSING) as scene:
        output = scene.run(
            lambda handler: run(forgiving(till), way, asked("graph"), with_handlers(handler)),
            faults=True,
        )
    assert not till.sent
    assert scene.story.kinds == ["session.started", "session.completed"]
    assert scene.story.said == ["Working on: How is the weather in Oslo?", STOPPED, "Done."]
    assert scene.story.states[:4] == ["thinking", "deciding", "thinking", "writing_output"]
    if way in ("invoke", "ainvoke", "batch", "abatch"):
        (told,) = [message for message in output["messages"] if message.type == "tool"]
        assert told.status == "error"
        assert "cannot be undone" in told.text
        assert "Do not try the same in another way" in told.text


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_an_agent_that_tries_again_is_refused_again(way: Way) -> None:
    till = Till()
    with Hearing(**REFUSING) as scene:
        built = create_agent(
            scripted(calling("send", to="Ana"), "I could not send it."),
            [till.tool()],
            middleware=[ToolRetryMiddleware(max_retries=2, initial_delay=0, jitter=False)],
        )
        scene.run(
            lambda handler: run(built, way, asked("create_agent"), with_handlers(handler)),
            faults=True,
        )
    assert not till.sent
    assert scene.story.kinds == ["session.started", "session.completed"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_the_other_tools_of_the_step_leave_a_legal_trace(kind: AgentKind, way: Way) -> None:
    till = Till()
    both = (ToolCall("weather", {"city": "Oslo"}, "a"), ToolCall("send", {"to": "Ana"}, "b"))
    for calls in (both, both[::-1]):
        with Hearing(**REFUSING) as scene:
            built = agent(kind, Turn("", calls), "That is all.", tools=[till.tool(), weather])
            scene.run(
                lambda handler, built=built: run(  # type: ignore[misc]
                    built, way, asked(kind), with_handlers(handler)
                ),
                raises=UnguardedToolError,
                faults=True,
            )
        assert not till.sent
        assert scene.story.outcome == "session.errored"
        assert "send" not in [event["tool"] for event in scene.story.of("tool.invoked")]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_gated_tool_and_one_that_can_be_undone_are_not_refused(kind: AgentKind) -> None:
    with Hearing(
        tools={"send": FINAL, "weather": ToolPolicy(risk_level="high")}, unguarded="refuse"
    ) as scene:
        gate = GateDouble(scene.emitter)
        sent = []

        @tool
        @gate
        def send(to: str) -> str:
            """Send money."""
            sent.append(to)
            return "Sent."

        built = agent(
            kind,
            calling("send", to="Ana"),
            calling("weather", city="Oslo"),
            "That is all.",
            tools=[send, weather],
        )
        scene.run(lambda handler: built.invoke(asked(kind), with_handlers(handler)))
    assert sent == ["Ana"]
    assert scene.story.outcome == "session.completed"


@pytest.mark.parametrize(
    "metadata", [{"irreversible": True}, {"irreversible": "yes", "surprise": 1}]
)
def test_what_the_tools_own_metadata_says_counts_even_where_it_makes_no_sense(
    metadata: dict[str, Any],
) -> None:
    till = Till()
    made = till.tool().model_copy(update={"metadata": {"aaep": metadata}})
    with Hearing(unguarded="refuse") as scene:
        scene.run(
            lambda handler: made.invoke({"to": "Ana"}, with_handlers(handler)),
            raises=UnguardedToolError,
            faults=True,
        )
    assert not till.sent


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("broken", ["start_root", "refuse_tool", "fail_root", "start_model"])
def test_a_tool_is_refused_even_where_nothing_can_be_told(
    broken: str, kind: AgentKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("our own fault")

    monkeypatch.setattr(ToolNarrator if broken == "refuse_tool" else Narrator, broken, fail)
    till = Till()
    handler = AAEPCallbackHandler(AAEPEmitter(quiet_seconds=None), **REFUSING)
    with pytest.raises(UnguardedToolError):
        sending(till, kind).invoke(asked(kind), with_handlers(handler))
    assert not till.sent


def test_a_tool_is_refused_even_where_the_emitter_is_closed() -> None:
    till = Till()
    handler = AAEPCallbackHandler(AAEPEmitter(), **REFUSING)
    handler.emitter.close()
    for kind in AGENT_KINDS:
        with pytest.raises(UnguardedToolError):
            sending(till, kind).invoke(asked(kind), with_handlers(handler))
    assert not till.sent
    assert handler.open_runs == 0


@pytest.mark.parametrize("callback", ["treatment", "start_tool", "end_tool"])
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize("in_constructor", [True, False])
def test_faults_of_the_handler_stay_in_it_though_it_may_raise(
    in_constructor: bool, way: Way, callback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise PermissionError("our own fault")

    monkeypatch.setattr(ToolNarrator, callback, fail)
    handler = AAEPCallbackHandler(AAEPEmitter(quiet_seconds=None), unguarded="refuse")
    assert handler.raise_error
    executor = agent("executor")
    assert isinstance(executor, AgentExecutor)
    if in_constructor:
        executor.callbacks = [handler]
    output = run(executor, way, asked("executor"), {} if in_constructor else with_handlers(handler))
    assert agent_answer("executor", output) == "It is sunny in Oslo. Enjoy it!"


# unguarded="announce"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_seq_06_by_default_it_runs_and_the_words_say_what_it_is(kind: AgentKind, way: Way) -> None:
    till = Till()
    with Hearing(tools={"send": FINAL}) as scene:
        for _ in range(2):
            scene.run(
                lambda handler: run(sending(till, kind), way, asked(kind), with_handlers(handler))
            )
    assert till.sent == ["Ana", "Ana"]
    said = {
        verbosity: scene.heard[listener].of("tool.invoked")[0][f"summary_{verbosity}"]
        for verbosity, listener in (("terse", "terse"), ("normal", "sentence"))
    }
    assert said == {
        "terse": "Send. Cannot be undone. You were not asked.",
        "normal": "Using send, with to: Ana. This cannot be undone, and you were not asked.",
    }
    assert not [event for event in scene.story if "irreversible" in event]
    warnings = [line for line in scene.log if line.levelno == logging.WARNING]
    assert [line.getMessage() for line in warnings] == [
        "The tool send is declared irreversible but nothing asks the user before it runs."
    ]


# The argument and the error


@pytest.mark.parametrize("unguarded", ["ignore", "", None, True])
def test_the_argument_is_one_of_two_words(unguarded: Any) -> None:
    with pytest.raises(ValueError, match="unguarded is one of announce, refuse"):
        AAEPCallbackHandler(AAEPEmitter(), unguarded=unguarded)


def test_the_error_is_the_callers_and_one_of_permission() -> None:
    error = UnguardedToolError("send")
    assert isinstance(error, CallerError)
    assert isinstance(error, PermissionError)
    assert str(error) in repr(error)


def test_a_refusal_among_cancelled_tools_leaves_nothing_behind() -> None:
    """Async siblings of a refused call run on after their agent is over; nothing of them is heard."""
    till, ended = Till(), asyncio.Event()

    @tool
    async def slow(to: str) -> str:
        """Looks for a while."""
        await asyncio.sleep(0)
        ended.set()
        return "Looked."

    async def start(handler: AAEPCallbackHandler) -> None:
        turn = Turn(
            "", (ToolCall("slow", {"to": "Ana"}, "a"), ToolCall("send", {"to": "Ana"}, "b"))
        )
        built = agent("executor", turn, "That is all.", tools=[till.tool(), slow])
        try:
            await built.ainvoke(asked("executor"), with_handlers(handler))
        finally:
            await ended.wait()

    with Hearing(**REFUSING) as scene:
        scene.run(
            lambda handler: asyncio.run(start(handler)), raises=UnguardedToolError, faults=True
        )
    assert not till.sent
