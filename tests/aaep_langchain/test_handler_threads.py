"""One handler from anywhere: threads, event loops, both at once (known failures 31, 33; D4)."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnableParallel
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

from aaep_helpers import AAEPEmitter
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import (
    agent,
    asked,
    calling,
    memory,
    on_thread,
    run,
    scripted,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear

ANSWER = "It is sunny in Oslo. Enjoy it!"
THREADS = 8
EACH = 20
ON_THE_LOOP = 40


def whole(story: Story) -> None:
    """Every session of the story is one whole run of the weather agent."""
    for name in story.sessions:
        own = story.of_session(name)
        assert own.kinds == [
            "session.started",
            "tool.invoked",
            "tool.completed",
            "session.completed",
        ]
        assert own.outputs == ["Let me look.", ANSWER]


def test_known_failure_31_two_hundred_sessions_from_eight_threads_and_one_loop() -> None:
    agents = {kind: agent(kind) for kind in AGENT_KINDS}
    together = threading.Barrier(THREADS + 1)

    def kind_of(number: int) -> AgentKind:
        return AGENT_KINDS[number % len(AGENT_KINDS)]

    def on_a_thread(handler: AAEPCallbackHandler, number: int) -> None:
        together.wait()
        for turn in range(EACH):
            kind = kind_of(number + turn)
            agents[kind].invoke(asked(kind), with_handlers(handler))

    async def on_the_loop(handler: AAEPCallbackHandler) -> None:
        await asyncio.to_thread(together.wait)
        await asyncio.gather(
            *(
                agents[kind_of(number)].ainvoke(asked(kind_of(number)), with_handlers(handler))
                for number in range(ON_THE_LOOP)
            )
        )

    def all_at_once(handler: AAEPCallbackHandler) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            futures = [pool.submit(on_a_thread, handler, number) for number in range(THREADS)]
            asyncio.run(on_the_loop(handler))
            for future in futures:
                future.result()

    story = hear(all_at_once)
    assert len(story.sessions) == THREADS * EACH + ON_THE_LOOP
    whole(story)


def test_known_failure_33_one_handler_on_two_event_loops_at_once() -> None:
    speaker = agent("create_agent")
    together = threading.Barrier(2)

    async def ask(handler: AAEPCallbackHandler) -> None:
        await asyncio.to_thread(together.wait)
        for _ in range(5):
            await speaker.ainvoke(asked("create_agent"), with_handlers(handler))

    def both(handler: AAEPCallbackHandler) -> None:
        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(asyncio.run, ask(handler)) for _ in range(2)]:
                future.result()

    story = hear(both)
    assert len(story.sessions) == 10
    whole(story)


def test_known_failure_33_one_handler_on_one_loop_after_the_other() -> None:
    with Hearing() as scene:
        for kind in AGENT_KINDS:
            scene.run(
                lambda h, kind=kind: run(agent(kind), "ainvoke", asked(kind), with_handlers(h))  # type: ignore[misc]
            )
    whole(scene.story)


def test_known_failure_33_an_emitter_made_inside_a_loop_is_heard_outside_it() -> None:
    async def make() -> tuple[AAEPEmitter, AAEPCallbackHandler, list[Any]]:
        emitter = AAEPEmitter(quiet_seconds=None)
        events: list[Any] = []
        emitter.subscribe(events.append)
        return emitter, AAEPCallbackHandler(emitter), events

    emitter, handler, events = asyncio.run(make())
    agent("create_agent").invoke(asked("create_agent"), with_handlers(handler))
    whole(Story(events))
    emitter.close()


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_31_sync_tools_of_an_async_run_are_heard_from_their_threads(
    kind: AgentKind,
) -> None:
    names: list[str] = []

    @tool
    def where(city: str) -> str:
        """Say where this runs."""
        names.append(threading.current_thread().name)
        return "Here."

    story = hear(
        lambda h: run(
            agent(kind, calling("where", city="Oslo"), "There.", tools=[where]),
            "ainvoke",
            asked(kind),
            with_handlers(h),
        )
    )
    assert names
    assert threading.main_thread().name not in names
    assert story.one("tool.completed")["status"] == "success"


def test_an_agent_run_from_inside_a_running_loop_is_heard() -> None:
    """Fact 4: as in a notebook."""

    async def notebook(handler: AAEPCallbackHandler) -> None:
        agent("create_agent").invoke(asked("create_agent"), with_handlers(handler))

    whole(hear(lambda h: asyncio.run(notebook(h))))


def test_known_failure_31_a_tool_that_spreads_its_work_over_threads() -> None:
    """A config handed on keeps the tree together; without it LangChain knows no callbacks."""

    @tool
    def spread(city: str, config: RunnableConfig) -> str:
        """Spread the work."""
        part: Runnable[str, str] = RunnableLambda(lambda text: f"part {text}")
        with ThreadPoolExecutor(3) as pool:
            return " ".join(pool.map(lambda text: part.invoke(text, config), "abc"))

    story = hear(
        lambda h: agent(
            "create_agent", calling("spread", city="x"), "Done.", tools=[spread]
        ).invoke(asked("create_agent"), with_handlers(h))
    )
    assert len(story.sessions) == 1
    assert story.outputs == ["Done."]


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_tools_that_run_at_once_keep_the_state_until_the_last_is_done(way: Any) -> None:
    together = threading.Barrier(3)

    @tool
    def meet(city: str) -> str:
        """Wait for the others."""
        together.wait(10)
        return city

    calls = tuple(ToolCall("meet", {"city": city}) for city in ("Oslo", "Rome", "Lima"))
    story = hear(
        lambda h: run(
            agent("create_agent", Turn("", calls), "Met.", tools=[meet]),
            way,
            asked("create_agent"),
            with_handlers(h),
        )
    )
    assert story.states.count("calling_tool") == 1
    assert story.kinds[1:7] == ["tool.invoked"] * 3 + ["tool.completed"] * 3


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_branches_that_speak_at_once_are_one_session(way: Any) -> None:
    speakers: Any = {
        name: scripted(f"{name} one. {name} two.", token_size=3) for name in ("a", "b", "c", "d")
    }
    branches: Runnable[Any, Any] = RunnableParallel(speakers)
    for _ in range(5):
        story = hear(lambda h: run(branches, way, "go", with_handlers(h)))
        assert len(story.sessions) == 1
        assert sorted(story.outputs) == [f"{name} one. {name} two." for name in "abcd"]


def test_of_two_runs_that_pause_on_one_thread_at_once_one_session_waits() -> None:
    together = threading.Barrier(2)

    def ask(state: MessagesState) -> dict[str, Any]:
        together.wait(10)
        return {"messages": [("ai", str(interrupt("Shall I?")))]}

    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    asking: Runnable[Any, Any] = graph.compile(checkpointer=memory())

    def twice(handler: AAEPCallbackHandler) -> None:
        with ThreadPoolExecutor(2) as pool:
            for future in [
                pool.submit(asking.invoke, asked("graph"), on_thread(handler)) for _ in range(2)
            ]:
                future.result()

    with Hearing() as scene:
        scene.run(twice, paused=True)
        assert scene.handler.open_runs == 1
        (waiting,) = [name for name in scene.story.sessions if scene.emitter.is_live(name)]
        (other,) = [name for name in scene.story.sessions if name != waiting]
        assert scene.story.of_session(other)[-1]["cancellation_reason"] == "superseded"
