"""What is heard of answers that come through the real clients of OpenAI and Anthropic.

Purpose: known failures 14 to 16 and 18 to 20, and fact 7, on the shapes providers really send.

Boundary: real clients, a stub provider on this machine, real agents; every trace is judged.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import pytest
from langchain.agents import create_agent
from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable

from aaep_langchain import AAEPCallbackHandler
from tests.aaep_langchain.agents import RecordingHandler, run, weather, with_handlers
from tests.aaep_langchain.hearing_helpers import Hearing, assert_never_said
from tests.aaep_langchain.providers.answers import WIRES, Answer, FunctionCall, Wire, calls, said
from tests.aaep_langchain.providers.anthropic_messages import SIGNATURE
from tests.aaep_langchain.providers.clients import client, thinking
from tests.aaep_langchain.providers.problems import KEY
from tests.aaep_langchain.providers.server import StubProvider

# The v3 stream is marked beta by langchain-core and experimental by langgraph.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(in beta|v3 streaming protocol).*:langchain_core._api.LangChainBetaWarning"
)

Kind: TypeAlias = Literal["create_agent", "executor", "model"]
How: TypeAlias = Literal[
    "invoke", "ainvoke", "stream", "astream", "astream_events_v2", "stream_v3", "astream_v3"
]
HOWS: tuple[How, ...] = (
    "invoke",
    "ainvoke",
    "stream",
    "astream",
    "astream_events_v2",
    "stream_v3",
    "astream_v3",
)
# Where a listener does not ask for streaming, what its application asks for is heard.
LIVELY: list[tuple[How, bool]] = [
    *((how, True) for how in HOWS),
    *((how, False) for how in ("invoke", "ainvoke", "stream_v3")),
]

FIRST = ("Let me ", "look", ".")
LAST = ("It is ", "sunny. ", "Enjoy", " it!")
THOUGHTS = ("They want ", "the weather; ", "hushed.")
SAID = ["".join(FIRST), "".join(LAST)]
NEVER = ("They want", "hushed", "reasoning", "thinking_delta", SIGNATURE, '{"city', KEY)


def build(kind: Kind, model: Any) -> Runnable[Any, Any]:
    """An agent of this kind with one tool, or the model with it."""
    if kind == "model":
        bound: Runnable[Any, Any] = model.bind_tools([weather])
        return bound
    if kind == "create_agent":
        agent: Runnable[Any, Any] = create_agent(model, [weather])
        return agent
    prompt = ChatPromptTemplate.from_messages(
        [("human", "{input}"), MessagesPlaceholder("agent_scratchpad")]
    )
    executor: Runnable[Any, Any] = AgentExecutor(
        agent=create_tool_calling_agent(model, [weather], prompt), tools=[weather]
    )
    return executor


def given(kind: Kind) -> Any:
    """A question, in the form this kind takes."""
    text = "How is the weather in Oslo?"
    if kind == "model":
        return text
    return {"input": text} if kind == "executor" else {"messages": [("user", text)]}


def go(how: How, target: Any, question: Any, handler: Any, *more: Any) -> Any:
    """Run something in one of the ways and read it to its end."""
    config = with_handlers(handler, *more)

    async def events_v2() -> None:
        async for _ in target.astream_events(question, config, version="v2"):
            pass

    async def events_v3() -> None:
        async for _ in await target.astream_events(question, config, version="v3"):
            pass
        # A bare model's run ends after its stream, in a task of its own (fact 7).
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    match how:
        case "astream_events_v2":
            return asyncio.run(events_v2())
        case "stream_v3":
            return list(target.stream_events(question, config, version="v3"))
        case "astream_v3":
            return asyncio.run(events_v3())
        case _:
            return run(target, how, question, config)


def hearing(
    run: Callable[[AAEPCallbackHandler], Any], never: Sequence[str] = NEVER, **options: Any
) -> Hearing:
    """Everything that was heard of a run; it was judged, and none of `never` was said."""
    with Hearing(**options) as scene:
        scene.run(run)
        assert_never_said(scene, *never)
        for story in scene.heard.values():
            for event in story.of("output.streaming"):
                # Nothing empty but the end of an output that had text.
                assert event["chunk"].strip() or event["complete"]
        return scene


@pytest.mark.parametrize(("how", "live"), LIVELY)
@pytest.mark.parametrize("wire", WIRES)
def test_an_agents_words_are_heard_once_and_nothing_else(
    wire: Wire, how: How, live: bool, provider: StubProvider
) -> None:
    model = client(wire, provider, **thinking(wire))
    provider.will_reply(
        calls("weather", *FIRST, thoughts=THOUGHTS, city="Oslo"), said(*LAST, thoughts=THOUGHTS)
    )
    agent = build("create_agent", model)
    scene = hearing(lambda handler: go(how, agent, given("create_agent"), handler), live=live)

    story = scene.story
    assert story.outputs == SAID
    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert "Using weather, with city: Oslo." in story.said
    # Known failure 16: the text before a call is over before the call is announced.
    spoken = [event["type"].rpartition(".")[2] for event in story]
    assert spoken.index("streaming") < spoken.index("invoked")
    streamed = live or how in ("astream_events_v2", "stream_v3", "astream_v3")
    assert [bool(request.get("stream")) for request in provider.requests] == [streamed] * 2


@pytest.mark.parametrize("how", [how for how in HOWS if not how.endswith("v3")])
@pytest.mark.parametrize("wire", WIRES)
def test_an_executors_words_are_heard_once(wire: Wire, how: How, provider: StubProvider) -> None:
    model = client(wire, provider, **thinking(wire))
    provider.will_reply(
        calls("weather", *FIRST, thoughts=THOUGHTS, city="Oslo"), said(*LAST, thoughts=THOUGHTS)
    )
    executor = build("executor", model)
    scene = hearing(lambda handler: go(how, executor, given("executor"), handler))

    assert scene.story.outputs == SAID
    assert scene.story.one("tool.invoked")["tool"] == "weather"


@pytest.mark.parametrize("how", ["stream_v3", "astream_v3"])
@pytest.mark.parametrize("wire", WIRES)
def test_v3_on_an_executor_is_told_for_what_it_is(
    wire: Wire, how: How, provider: StubProvider
) -> None:
    executor = build("executor", client(wire, provider))
    with Hearing() as scene:
        with pytest.raises(NotImplementedError):
            go(how, executor, given("executor"), scene.handler)
        # It is refused before anything runs, so there is nothing to hear.
        assert not any(scene.so_far(name) for name in ("sentence", "detailed"))
        assert scene.handler.open_runs == 0


@pytest.mark.parametrize(("how", "live"), LIVELY)
@pytest.mark.parametrize("wire", WIRES)
def test_a_bare_models_words_are_heard_once(
    wire: Wire, how: How, live: bool, provider: StubProvider
) -> None:
    provider.will_reply(said(*LAST))
    model = client(wire, provider)
    scene = hearing(lambda handler: go(how, model, given("model"), handler), live=live)

    assert scene.story.outputs == SAID[1:]
    assert scene.story.kinds == ["session.started", "session.completed"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("wire", WIRES)
def test_a_turn_of_thoughts_and_calls_alone_says_nothing(
    wire: Wire, how: How, provider: StubProvider
) -> None:
    """Known failures 14 and 15: neither thoughts nor arguments nor empty tokens are an output."""
    provider.will_reply(calls("weather", thoughts=THOUGHTS, city="Oslo"))
    model = build("model", client(wire, provider, **thinking(wire)))
    scene = hearing(lambda handler: go(how, model, given("model"), handler))

    assert scene.story.outputs == []
    assert "writing_output" not in scene.story.states


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("wire", WIRES)
def test_parallel_calls_are_each_announced(wire: Wire, how: How, provider: StubProvider) -> None:
    both = tuple(FunctionCall("weather", {"city": city}) for city in ("Oslo", "Turku"))
    provider.will_reply(Answer(text=FIRST, calls=both), said(*LAST))
    agent = build("create_agent", client(wire, provider))
    scene = hearing(lambda handler: go(how, agent, given("create_agent"), handler))

    assert scene.story.outputs == SAID
    announced = [event["summary_normal"] for event in scene.story.of("tool.invoked")]
    assert sorted(announced) == [
        "Using weather, with city: Oslo.",
        "Using weather, with city: Turku.",
    ]
    assert len(scene.story.of("tool.completed")) == 2


@pytest.mark.parametrize(("how", "live"), LIVELY)
def test_a_refusal_of_the_responses_api_is_heard(
    live: bool, how: How, provider: StubProvider
) -> None:
    provider.will_reply(Answer(refusal=("I can not ", "help with ", "that.")))
    model = client("openai_responses", provider)
    scene = hearing(lambda handler: go(how, model, given("model"), handler), live=live)

    assert scene.story.outputs == ["I can not help with that."]


@pytest.mark.parametrize("live", [True, False])
def test_a_refusal_of_a_chat_completion_is_heard_where_its_client_keeps_it(
    live: bool, provider: StubProvider
) -> None:
    """langchain-openai drops the words of a refusal that is streamed; nothing can bring them back."""
    provider.will_reply(Answer(refusal=("I can not ", "help with ", "that.")))
    model = client("openai_chat", provider)
    scene = hearing(lambda handler: go("invoke", model, given("model"), handler), live=live)

    assert scene.story.outputs == ([] if live else ["I can not help with that."])
    assert scene.story.outcome == "session.completed"


@pytest.mark.parametrize("how", ["stream", "astream", "stream_v3", "astream_v3"])
def test_a_usage_chunk_after_the_answer_is_no_output(how: How, provider: StubProvider) -> None:
    provider.will_reply(said(*LAST))
    model = client("openai_chat", provider, stream_usage=True)
    scene = hearing(lambda handler: go(how, model, given("model"), handler))

    assert provider.requests[0]["stream_options"] == {"include_usage": True}
    assert scene.story.outputs == SAID[1:]


@pytest.mark.parametrize("version", ["v0", "responses/v1", "v1"])
@pytest.mark.parametrize("how", HOWS)
def test_every_output_version_of_the_responses_api_sounds_the_same(
    version: str, how: How, provider: StubProvider
) -> None:
    provider.will_reply(
        calls("weather", *FIRST, thoughts=THOUGHTS, city="Oslo"), said(*LAST, thoughts=THOUGHTS)
    )
    options = thinking("openai_responses")
    agent = build(
        "create_agent", client("openai_responses", provider, output_version=version, **options)
    )
    scene = hearing(lambda handler: go(how, agent, given("create_agent"), handler))

    assert scene.story.outputs == SAID


@pytest.mark.parametrize("how", ["invoke", "stream_v3", "astream_v3"])
@pytest.mark.parametrize("wire", ["openai_chat", "anthropic"])
def test_standard_content_blocks_sound_the_same(
    wire: Wire, how: How, provider: StubProvider
) -> None:
    provider.will_reply(calls("weather", *FIRST, thoughts=THOUGHTS, city="Oslo"), said(*LAST))
    agent = build("create_agent", client(wire, provider, output_version="v1", **thinking(wire)))
    scene = hearing(lambda handler: go(how, agent, given("create_agent"), handler))

    assert scene.story.outputs == SAID


@pytest.mark.parametrize(
    ("wire", "with_tools", "sources"),
    [
        ("openai_chat", False, {"llm_new_token", "stream_event"}),
        ("openai_chat", True, {"llm_new_token", "stream_event"}),
        ("openai_responses", True, {"llm_new_token", "stream_event"}),
        ("anthropic", False, {"llm_new_token", "stream_event"}),
        ("anthropic", True, {"stream_event"}),
    ],
)
def test_fact_07_which_callbacks_bring_text_under_v3(
    wire: Wire, with_tools: bool, sources: set[str], provider: StubProvider
) -> None:
    """langchain-anthropic fires tokens as well where content is a string, which is without tools."""
    provider.will_reply(said(*LAST))
    model = client(wire, provider)
    recorder = RecordingHandler()
    target = build("model", model) if with_tools else model
    scene = hearing(lambda handler: go("stream_v3", target, given("model"), handler, recorder))

    brought = {
        call.event
        for call in recorder.seen.of("llm_new_token", "stream_event")
        if (call.payload["delta"]["text"] if "delta" in call.payload else call.payload)
        and (call.event == "llm_new_token" or "delta" in call.payload)
    }
    assert brought == sources
    assert scene.story.outputs == SAID[1:]


@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream_v3", "astream_v3"])
@pytest.mark.parametrize("wire", WIRES)
def test_text_is_heard_before_the_answer_is_over(
    wire: Wire, how: How, provider: StubProvider
) -> None:
    """The provider says its last words only when the first were heard."""
    model = client(wire, provider)
    provider.will_reply(Answer(text=("One. ", "Two. ", "Three.")))
    first_heard = threading.Event()
    in_time: list[bool] = []

    def wait(event: bytes) -> None:
        if b"Three." in event and not in_time:
            in_time.append(first_heard.wait(10))

    def listen(event: dict[str, Any]) -> None:
        if event.get("chunk", "").startswith("One."):
            first_heard.set()

    provider.hook = wait
    with Hearing() as scene:
        scene.emitter.subscribe(listen)
        scene.run(lambda handler: go(how, model, given("model"), handler))
        assert scene.story.outputs == ["One. Two. Three."]
    assert in_time == [True]
