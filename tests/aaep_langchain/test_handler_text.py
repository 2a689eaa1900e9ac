"""What is said, and what is not: the agent's own words, once, to the letter (known failures 14 to 20)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware, SummarizationMiddleware
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import (
    WAYS,
    WEATHER_TURNS,
    Way,
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


def talk(*turns: Any, way: Way = "invoke", kind: AgentKind = "create_agent", **model: Any) -> Story:
    """What is heard of an agent whose model plays these turns."""
    return hear(
        lambda handler: run(agent(kind, *turns, **model), way, asked(kind), with_handlers(handler))
    )


def say(
    runnable: Runnable[Any, Any], given: Any = "go", *, way: Way = "invoke", **kw: Any
) -> Story:
    """What is heard of any runnable."""
    return hear(lambda handler: run(runnable, way, given, with_handlers(handler)), **kw)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_14_tokens_that_are_content_blocks(kind: AgentKind, way: Way) -> None:
    turns = (
        Turn(
            "Let me look.", (ToolCall("weather", {"city": "Oslo"}),), reasoning="Which city? Oslo."
        ),
        Turn(ANSWER, reasoning="So it is sunny."),
    )
    assert talk(*turns, way=way, kind=kind, content_blocks=True).outputs == ["Let me look.", ANSWER]


@pytest.mark.parametrize("blocks", [True, False])
def test_reasoning_is_never_said(blocks: bool) -> None:
    story = say(scripted(Turn("Yes.", reasoning="I wonder."), content_blocks=blocks))
    assert story.outputs == ["Yes."]


@pytest.mark.parametrize("live", [True, False])
def test_known_failure_15_empty_tokens_open_no_output(live: bool) -> None:
    story = hear(
        lambda handler: run(
            agent("create_agent", calling("weather", city="Oslo"), ANSWER),
            "stream",
            asked("create_agent"),
            with_handlers(handler),
        ),
        live=live,
    )
    assert story.outputs == [ANSWER]
    assert story.states.count("writing_output") == 1


@pytest.mark.parametrize("nothing", ["", " ", "\n\n"])
def test_known_failure_15_white_space_alone_is_no_output(nothing: str) -> None:
    story = talk(calling("weather", nothing, city="Oslo"), ANSWER)
    assert story.outputs == [ANSWER]
    assert say(scripted(nothing)).outputs == []


def test_white_space_before_the_first_word_is_kept_with_it() -> None:
    assert say(scripted("\n\n  Yes. "), way="stream").outputs == ["\n\n  Yes. "]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_16_text_is_said_before_the_tool_it_shares_a_chunk_with(
    kind: AgentKind,
) -> None:
    story = talk(*WEATHER_TURNS, kind=kind, joined=True, way="stream")
    kinds = [event["type"].removeprefix("aaep:agent.") for event in story]
    assert story.outputs[0] == "Let me look."
    first_end = next(i for i, event in enumerate(story) if event.get("complete"))
    assert first_end < kinds.index("tool.invoked")


@pytest.mark.parametrize("tag", ["nostream", "langsmith:nostream"])
def test_known_failure_17_models_tagged_nostream_are_silent(tag: str) -> None:
    quiet = scripted("A note to myself.").with_config(tags=[tag])
    loud: Runnable[Any, Any] = RunnableLambda(lambda note: scripted("Hello.").invoke("Say hello"))
    assert say(quiet | loud).outputs == ["Hello."]


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
def test_known_failure_17_models_inside_tools_are_silent(way: Way) -> None:
    @tool
    def think(city: str) -> str:
        """Think about a city."""
        chain = scripted("Inner words.") | StrOutputParser() | RunnableLambda(lambda text: text)
        return str(chain.invoke(city))

    story = hear(
        lambda handler: run(
            agent("create_agent", calling("think", city="Oslo"), "Outer words.", tools=[think]),
            way,
            asked("create_agent"),
            with_handlers(handler),
        )
    )
    assert story.outputs == ["Outer words."]


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_known_failure_17_sub_agents_in_tools_are_silent_but_their_tools_are_heard(
    way: Way,
) -> None:
    inner = agent("create_agent")

    @tool
    def delegate(task: str) -> str:
        """Let another agent do it."""
        return str(inner.invoke(asked("create_agent"))["messages"][-1].text)

    story = hear(
        lambda handler: run(
            agent("create_agent", calling("delegate", task="Oslo"), "Done.", tools=[delegate]),
            way,
            asked("create_agent"),
            with_handlers(handler),
        )
    )
    assert story.outputs == ["Done."]
    assert [event["tool"] for event in story.of("tool.invoked")] == ["delegate", "weather"]
    assert [event["tool"] for event in story.of("tool.completed")] == ["weather", "delegate"]


def test_known_failure_17_the_model_that_sums_up_old_messages_is_silent() -> None:
    summing = SummarizationMiddleware(
        scripted("They spoke of fish."), trigger=("messages", 3), keep=("messages", 1)
    )
    speaker: Runnable[Any, Any] = create_agent(scripted("Hello."), [], middleware=[summing])
    talked = [HumanMessage("One"), AIMessage("Two"), HumanMessage("Three"), AIMessage("Four")]
    story = say(speaker, {"messages": [*talked, HumanMessage("Five")]})
    assert story.outputs == ["Hello."]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_20_models_that_cannot_stream_are_heard_all_the_same(
    kind: AgentKind, way: Way
) -> None:
    assert talk(*WEATHER_TURNS, kind=kind, way=way, streams=False).outputs == [
        "Let me look.",
        ANSWER,
    ]


def test_known_failure_20_text_models_are_heard() -> None:
    for way in ("invoke", "ainvoke", "stream", "astream"):
        assert say(FakeListLLM(responses=["Hello there."]), way=way).outputs == ["Hello there."]


def test_known_failure_18_the_answer_is_said_once_though_it_comes_three_times() -> None:
    """As tokens, as the model's result, as the parser's and as the chain's output."""
    thrice = scripted("Hello. You!") | StrOutputParser() | RunnableLambda(lambda text: text)
    for way in WAYS:
        assert say(thrice, way=way).outputs == ["Hello. You!"]


def test_known_failure_18_an_answer_put_together_from_outputs_is_not_said_again() -> None:
    first, second = scripted("One."), scripted("Two.")
    joined: Runnable[Any, str] = RunnableLambda(
        lambda _: first.invoke("a").text + "\n" + second.invoke("b").text
    )
    assert say(joined).outputs == ["One.", "Two."]


@pytest.mark.parametrize("short", ["Oslo", "I", "o"])
def test_an_answer_that_only_happens_to_occur_in_what_was_said_is_said(short: str) -> None:
    """Two letters of an earlier sentence are not the answer."""

    @tool(return_direct=True)
    def capital(country: str) -> str:
        """Say which city is the capital."""
        return short

    for kind in ("create_agent", "executor"):
        turns = (calling("capital", "I will look whether Oslo is it.", country="Norway"),)
        story = hear(
            lambda handler, kind=kind, turns=turns: run(  # type: ignore[misc]
                agent(kind, *turns, tools=[capital]), "invoke", asked(kind), with_handlers(handler)
            )
        )
        assert story.outputs == ["I will look whether Oslo is it.", short]


@pytest.mark.parametrize("kind", ["create_agent", "executor"])
def test_the_answer_of_a_tool_that_returns_directly_is_said_once(kind: AgentKind) -> None:
    @tool(return_direct=True)
    def capital(country: str) -> str:
        """Say which city is the capital."""
        return "It is Oslo. Nice city."

    story = hear(
        lambda handler: run(
            agent(kind, calling("capital", "Let me see.", country="Norway"), tools=[capital]),
            "invoke",
            asked(kind),
            with_handlers(handler),
        )
    )
    assert story.outputs == ["Let me see.", "It is Oslo. Nice city."]
    assert story[-1]["output_summary"] == "It is Oslo. Nice city."


class Lagging(BaseCallbackHandler):
    """Makes the result of a model longer than what it streamed, as a late chunk does."""

    run_inline = True

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        generation = response.generations[0][0]
        assert isinstance(generation, ChatGeneration)
        generation.message.content = f"{generation.message.content} And one more thing"


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
def test_known_failure_19_the_tail_is_not_lost(way: Way) -> None:
    assert say(scripted("No full stop at the end"), way=way).outputs == ["No full stop at the end"]
    story = hear(
        lambda handler: run(scripted("First."), way, "go", with_handlers(Lagging(), handler))
    )
    assert story.outputs == ["First. And one more thing"]


@pytest.mark.parametrize("size", [1, 3, 50, (1, 8), "word"])
def test_every_way_to_cut_tokens_says_the_same_text(size: Any) -> None:
    text = "Dr. Okafor paid $3.14 at 10 a.m. Fine! “Really?” 👩‍👩‍👧 said… 天気です。Enough."
    assert say(scripted(text, token_size=size), way="stream").outputs == [text]


def test_an_answer_without_text_is_silence() -> None:
    class Data(BaseModel):
        number: int

    numbers: Runnable[Any, Any] = RunnableLambda(lambda _: Data(number=3))
    trail: Runnable[Any, Any] = RunnableLambda(lambda _: {"trail": [1]})
    nothing: Runnable[Any, Any] = RunnableLambda(lambda _: None)
    for runnable in (numbers, trail, nothing):
        story = say(runnable)
        assert story.outputs == []
        assert "output_summary" not in story[-1]


def test_what_a_model_said_before_it_failed_is_closed_and_the_next_one_speaks() -> None:
    broken = scripted(
        Turn("Let me think about", error=ConnectionError("gone"), fail_after=2), token_size=8
    )
    fallback = broken.with_fallbacks([scripted("Here I am.")])
    for way in ("invoke", "ainvoke"):
        assert say(fallback, way=way).outputs == ["Let me think abo", "Here I am."]
        assert say(fallback, way=way, live=False).outputs == ["Here I am."]


def test_a_fallback_in_an_agent_is_one_answer() -> None:
    spare = ModelFallbackMiddleware(scripted("Here I am."))
    speaker: Runnable[Any, Any] = create_agent(
        scripted(ConnectionError("gone")), [], middleware=[spare]
    )
    story = say(speaker, asked("create_agent"))
    assert story.outputs == ["Here I am."]
    assert story.outcome == "session.completed"


class City(BaseModel):
    """A city."""

    name: str


def test_structured_output_is_not_read_out() -> None:
    data = scripted('{"name": "Oslo"}').bind(
        ls_structured_output_format={"kwargs": {}, "schema": City}
    )
    assert say(data).outputs == []
    assert say(data | RunnableLambda(lambda message: City(name="Oslo"))).outputs == []


@pytest.mark.parametrize("strategy", [ToolStrategy(City), ProviderStrategy(City)])
def test_the_structured_response_of_an_agent_is_not_read_out(strategy: Any) -> None:
    turn = (
        Turn("", (ToolCall("City", {"name": "Oslo"}),))
        if isinstance(strategy, ToolStrategy)
        else Turn('{"name": "Oslo"}')
    )
    speaker: Runnable[Any, Any] = create_agent(scripted(turn), [], response_format=strategy)
    story = say(speaker, asked("create_agent"))
    assert story.outputs == []
    assert "output_summary" not in story[-1]


def test_old_answers_of_a_thread_are_not_said_again() -> None:
    with Hearing() as scene:
        speaker = agent(
            "create_agent", "One.", "Two.", tools=[], counts="all", checkpointer=memory()
        )
        for question in ("First?", "Second?"):
            scene.run(
                lambda handler, question=question: speaker.invoke(  # type: ignore[misc]
                    asked("create_agent", question), on_thread(handler)
                )
            )
        assert scene.story.outputs == ["One.", "Two."]


def test_old_words_that_a_graph_hands_back_are_not_said_again() -> None:
    graph = StateGraph(MessagesState)
    graph.add_node("nothing", lambda state: {})
    graph.add_edge(START, "nothing")
    silent: Runnable[Any, Any] = graph.compile(checkpointer=memory())
    old = {"messages": [HumanMessage("Hello."), AIMessage("Old words.")]}
    with Hearing() as scene:
        inputs: tuple[dict[str, Any], ...] = (old, {"messages": []})
        for given in inputs:
            scene.run(lambda h, given=given: silent.invoke(given, on_thread(h)))  # type: ignore[misc]
    assert scene.story.outputs == []


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_models_that_speak_at_once_each_have_an_output(way: Way) -> None:
    both = RunnableLambda(lambda text: text) | {
        "left": scripted("Left one. Left two.", token_size=3),
        "right": scripted("Right one. Right two.", token_size=3),
    }
    assert sorted(say(both, way=way).outputs) == ["Left one. Left two.", "Right one. Right two."]


def test_tokens_after_the_end_of_a_stream_that_was_closed_are_not_said() -> None:
    """The text that came before is."""

    def close_early(handler: AAEPCallbackHandler) -> None:
        stream = agent("create_agent", "One. Two. Three.", tools=[]).stream(
            asked("create_agent"), with_handlers(handler), stream_mode="messages"
        )
        next(iter(stream))
        stream.close()  # type: ignore[attr-defined]

    (text,) = hear(close_early).outputs or [""]
    assert "One. Two. Three.".startswith(text)


def test_known_failure_30_the_handler_runs_inline() -> None:
    async def thread_of_tokens() -> None:
        speaker = agent("create_agent", "Hello there.", tools=[])
        threads: list[str] = []
        with Hearing() as scene:
            scene.emitter.subscribe(lambda event: threads.append(threading.current_thread().name))
            await speaker.ainvoke(asked("create_agent"), with_handlers(scene.handler))
        assert set(threads) == {threading.main_thread().name}

    assert AAEPCallbackHandler.run_inline
    asyncio.run(thread_of_tokens())
