"""AgentExecutor(callbacks=[handler]) is heard like config={"callbacks": [handler]} (fact 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_classic.agents import AgentExecutor
from langchain_core.language_models import FakeListLLM
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from aaep_helpers import AAEPEmitter
from aaep_helpers.testing import capture_events
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import REQUEST, Bank, bank_model, build_agent
from aaep_langchain.demo.scripted_model import ScriptedChatModel, ToolCall, Turn
from conformance import explain, judge_trace
from tests.aaep_langchain.agents import RecordingHandler
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear, kind_of

_INPUT = {"input": REQUEST}
_TOOLS = ["tool.invoked", "tool.completed"]


def _executor(*handlers: AAEPCallbackHandler) -> AgentExecutor:
    executor = build_agent("executor", bank_model(), Bank())
    assert isinstance(executor, AgentExecutor)
    executor.callbacks = list(handlers)
    return executor


async def _astream(executor: AgentExecutor, config: Any) -> None:
    async for _ in executor.astream(_INPUT, config):
        pass


async def _aevents(executor: AgentExecutor, config: Any) -> None:
    async for _ in executor.astream_events(_INPUT, config, version="v2"):
        pass


WAYS: dict[str, Callable[[AgentExecutor, Any], object]] = {
    "invoke": lambda executor, config: executor.invoke(_INPUT, config),
    "ainvoke": lambda executor, config: asyncio.run(executor.ainvoke(_INPUT, config)),
    "stream": lambda executor, config: list(executor.stream(_INPUT, config)),
    "astream": lambda executor, config: asyncio.run(_astream(executor, config)),
    "astream_events": lambda executor, config: asyncio.run(_aevents(executor, config)),
    "batch": lambda executor, config: executor.batch([_INPUT], config),
    "abatch": lambda executor, config: asyncio.run(executor.abatch([_INPUT], config)),
}


def _told(story: Story) -> list[tuple[str, str]]:
    """A story without what differs from run to run."""
    return [
        (kind_of(event), event.get("chunk") or event.get("summary_normal", "")) for event in story
    ]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_fact_01_constructor_config_and_both_tell_the_same_story(way: str, live: bool) -> None:
    run = WAYS[way]
    from_config = hear(lambda h: run(_executor(), {"callbacks": [h]}), live=live)
    from_constructor = hear(lambda h: run(_executor(h), {}), live=live)
    from_both = hear(lambda h: run(_executor(h), {"callbacks": [h]}), live=live)
    assert from_config.kinds == ["session.started", *_TOOLS, *_TOOLS, "session.completed"]
    assert _told(from_constructor) == _told(from_config)
    assert _told(from_both) == _told(from_config)


@pytest.mark.parametrize("way", WAYS)
def test_fact_01_two_handlers_on_one_executor_are_each_complete(way: str) -> None:
    with Hearing() as second:
        first = hear(lambda h: WAYS[way](_executor(h, second.handler), {}))
        second.judge()
        assert _told(second.story) == _told(first)
        assert first.kinds == ["session.started", *_TOOLS, *_TOOLS, "session.completed"]


def test_fact_01_nested_executors_with_one_handler_are_one_session() -> None:
    def run(handler: AAEPCallbackHandler) -> None:
        inner = _executor(handler)

        @tool
        def ask_the_bank(question: str) -> str:
            """Ask the bank."""
            return str(inner.invoke({"input": question})["output"])

        outer = _executor(handler)
        outer.agent = build_outer(ask_the_bank)
        outer.tools = [ask_the_bank]
        outer.invoke(_INPUT)

    story = hear(run)
    tools = [event["tool"] for event in story.of("tool.invoked")]
    assert tools == ["ask_the_bank", "get_balance", "transfer"]
    assert story.kinds[-1] == "session.completed"
    # What the inner agent says goes to the tool that asked it, not to the user.
    assert story.outputs == ["I will ask the bank.", "The bank has answered."]


def test_fact_01_nested_executors_with_a_handler_each_are_each_complete() -> None:
    with Hearing() as inner_scene:

        def run(handler: AAEPCallbackHandler) -> None:
            inner = _executor(inner_scene.handler)

            @tool
            def ask_the_bank(question: str) -> str:
                """Ask the bank."""
                return str(inner.invoke({"input": question})["output"])

            outer = _executor(handler)
            outer.agent = build_outer(ask_the_bank)
            outer.tools = [ask_the_bank]
            outer.invoke(_INPUT)

        story = hear(run)
        inner_scene.judge()
        assert "ask_the_bank" in [event["tool"] for event in story.of("tool.invoked")]
        inner_story = inner_scene.story
        assert [event["tool"] for event in inner_story.of("tool.invoked")] == [
            "get_balance",
            "transfer",
        ]
        assert len(inner_story.outputs) == 3


def build_outer(bank_tool: Any) -> Any:
    model = ScriptedChatModel(
        script=[
            Turn("I will ask the bank.", (ToolCall("ask_the_bank", {"question": REQUEST}),)),
            "The bank has answered.",
        ]
    )
    outer = build_agent("executor", model, Bank(), tools=[bank_tool])
    assert isinstance(outer, AgentExecutor)
    return outer.agent


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
def test_fact_01_an_executor_inside_a_chain_is_heard(way: str) -> None:
    def run(handler: AAEPCallbackHandler) -> None:
        chain: Any = RunnableLambda(lambda words: {"input": words}) | _executor(handler)

        async def astream() -> None:
            async for _ in chain.astream(REQUEST):
                pass

        if way == "invoke":
            chain.invoke(REQUEST)
        elif way == "stream":
            list(chain.stream(REQUEST))
        else:
            asyncio.run(chain.ainvoke(REQUEST) if way == "ainvoke" else astream())

    assert hear(run).kinds == ["session.started", *_TOOLS, *_TOOLS, "session.completed"]


@pytest.mark.parametrize("live", [True, False])
def test_fact_01_an_unrelated_run_afterwards_in_the_same_task_is_not_heard_nor_streamed(
    live: bool,
) -> None:
    stranger = ScriptedChatModel(script=["Not for you."])
    # LangChain streams a model for any one handler that asks, and then all of them get tokens (fact 6).
    watch = RecordingHandler()

    async def both(handler: AAEPCallbackHandler) -> None:
        await _executor(handler).ainvoke(_INPUT)
        answer = await stranger.ainvoke("Hello?", {"callbacks": [watch]})
        assert answer.content == "Not for you."
        assert watch.seen.events == ["chat_model_start", "llm_end"]

    story = hear(lambda handler: asyncio.run(both(handler)), live=live)
    assert len(story.sessions) == 1
    assert "Not for you." not in "".join(story.outputs)


@pytest.mark.parametrize("sync", [True, False])
def test_fact_01_what_is_left_in_a_context_takes_nothing_from_other_handlers(sync: bool) -> None:
    # An inline handler makes others miss the start of string models (fact 3); what is left is not inline.
    class Other(RecordingHandler):
        run_inline = False

    others = Other()

    async def both(handler: AAEPCallbackHandler) -> None:
        if sync:
            _executor(handler).invoke(_INPUT)
        else:
            await _executor(handler).ainvoke(_INPUT)
        await FakeListLLM(responses=["Hello."]).ainvoke("q", {"callbacks": [others]})
        assert others.seen.events == ["llm_start", "llm_end"]

    hear(lambda handler: asyncio.run(both(handler)))


@pytest.mark.parametrize("sync", [True, False])
def test_fact_01_an_unrelated_run_during_an_open_stream_is_not_heard(sync: bool) -> None:
    stranger = ScriptedChatModel(script=["Not for you."])

    async def during(handler: AAEPCallbackHandler) -> None:
        async for _ in _executor(handler).astream(_INPUT):
            await stranger.ainvoke("Hello?")

    def run(handler: AAEPCallbackHandler) -> None:
        if not sync:
            asyncio.run(during(handler))
            return
        for _ in _executor(handler).stream(_INPUT):
            stranger.invoke("Hello?")

    story = hear(run)
    assert story.kinds == ["session.started", *_TOOLS, *_TOOLS, "session.completed"]
    assert "Not for you." not in "".join(story.outputs)


def test_fact_01_what_is_left_in_a_context_keeps_no_handler_alive() -> None:
    emitter = AAEPEmitter(quiet_seconds=None)
    with capture_events(emitter) as first:
        _executor(AAEPCallbackHandler(emitter)).invoke(_INPUT)
    with capture_events(emitter) as second:
        _executor(AAEPCallbackHandler(emitter)).invoke(_INPUT)
    for events in (first, second):
        findings = judge_trace(events, house=True)
        assert not findings, explain(findings)
        assert len({event["session_id"] for event in events}) == 1
    assert len(first) == len(second)
