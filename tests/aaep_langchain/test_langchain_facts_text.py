"""How a model's words come through callbacks: facts 6 to 8.

Purpose: an upgrade that changes what the handler is built on fails here first, by fact number.

Boundary: real runs and a recorder only; our own handler is not imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelFallbackMiddleware,
    SummarizationMiddleware,
    before_model,
    wrap_model_call,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_classic.agents import AgentExecutor, create_react_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.outputs import LLMResult
from langchain_core.prompts import PromptTemplate
from langchain_core.tools import tool
from langchain_core.tracers._streaming import _StreamingCallbackHandler
from pydantic import BaseModel

from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ScriptedChatModel, ToolCall, Turn
from tests.aaep_langchain.agents import (
    WAYS,
    Call,
    RecordingHandler,
    StreamingRecordingHandler,
    Way,
    agent,
    asked,
    calling,
    memory,
    on_thread,
    run,
    scripted,
    weather,
    with_handlers,
)

# The v3 stream is marked beta by langchain-core and experimental by langgraph, and astream_log is
# deprecated; they are used here because users use them.
v3 = pytest.mark.filterwarnings(
    "ignore:.*(in beta|v3 streaming protocol).*:langchain_core._api.LangChainBetaWarning"
)
old_log = pytest.mark.filterwarnings(
    "ignore:astream_log is deprecated:langchain_core._api.LangChainDeprecationWarning"
)

FIRST, LAST = "Let me look.", "It is sunny in Oslo. Enjoy it!"
HELLO: dict[str, Any] = {"messages": [HumanMessage("Hello.")]}


def heard(recorder: RecordingHandler) -> str:
    """All tokens as one text."""
    return "".join(token for token in recorder.seen.tokens if isinstance(token, str))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_06_graphs_call_models_whole_unless_asked(kind: AgentKind, way: Way) -> None:
    plain, asking = RecordingHandler(), StreamingRecordingHandler()
    run(agent(kind), way, asked(kind), with_handlers(plain))
    run(agent(kind), way, asked(kind), with_handlers(asking))
    # AgentExecutor streams its model by itself.
    assert heard(plain) == (FIRST + LAST if kind == "executor" else "")
    assert heard(asking) == FIRST + LAST
    assert plain.seen.lines() == asking.seen.lines()


@pytest.mark.parametrize("mode", ["updates", "values", "custom"])
@pytest.mark.parametrize("kind", ["create_agent", "graph"])
def test_fact_06_only_the_messages_mode_fires_tokens(kind: AgentKind, mode: Any) -> None:
    plain, messages = RecordingHandler(), RecordingHandler()
    list(agent(kind).stream(asked(kind), with_handlers(plain), stream_mode=mode))
    list(agent(kind).stream(asked(kind), with_handlers(messages), stream_mode="messages"))
    assert heard(plain) == ""
    assert heard(messages) == FIRST + LAST


def test_fact_06_two_methods_are_enough_to_ask_for_streaming() -> None:
    assert isinstance(StreamingRecordingHandler(), _StreamingCallbackHandler)
    assert not isinstance(RecordingHandler(), _StreamingCallbackHandler)


def test_fact_06_one_handler_that_asks_makes_tokens_for_all() -> None:
    plain = RecordingHandler()
    agent("create_agent").invoke(
        asked("create_agent"), with_handlers(plain, StreamingRecordingHandler())
    )
    assert heard(plain) == FIRST + LAST


def test_fact_06_a_model_that_cannot_stream_stays_whole() -> None:
    recorder = StreamingRecordingHandler()
    agent("create_agent", streams=False).invoke(asked("create_agent"), with_handlers(recorder))
    assert recorder.seen.tokens == []
    assert len(recorder.seen.of("llm_end")) == 2


def test_fact_06_tool_calls_and_the_end_come_as_empty_tokens() -> None:
    recorder = StreamingRecordingHandler()
    agent("create_agent").invoke(asked("create_agent"), with_handlers(recorder))
    first = recorder.seen.of("chat_model_start")[0].run_id
    tokens = [call for call in recorder.seen.of_run(first) if call.event == "llm_new_token"]
    assert tokens[-1].payload == ""
    assert any(
        call.payload == "" and call.kwargs["chunk"].message.tool_call_chunks for call in tokens
    )


def test_fact_06_content_blocks_come_as_lists_and_may_end_text_and_start_a_call_at_once() -> None:
    recorder = StreamingRecordingHandler()
    turn = Turn("Let me look.", (ToolCall("weather", {"city": "Oslo"}),), reasoning="Weather?")
    built = agent("create_agent", turn, LAST, content_blocks=True, joined=True)
    built.invoke(asked("create_agent"), with_handlers(recorder))
    blocks = [block for token in recorder.seen.tokens for block in token]
    assert {block["type"] for block in blocks} == {
        "thinking",
        "text",
        "tool_use",
        "input_json_delta",
    }
    kinds = [[block["type"] for block in token] for token in recorder.seen.tokens]
    assert ["text", "tool_use"] in kinds
    # The text alone, without the reasoning.
    ends = [call.payload.generations[0][0] for call in recorder.seen.of("llm_end")]
    assert ends[0].text == ends[0].message.text == "Let me look."


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_07_the_final_text_is_in_llm_end(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    agent(kind).invoke(asked(kind), with_handlers(recorder))
    results = [call.payload for call in recorder.seen.of("llm_end")]
    assert all(isinstance(result, LLMResult) for result in results)
    assert [result.generations[0][0].text for result in results] == [FIRST, LAST]
    message = results[0].generations[0][0].message
    assert message.tool_calls[0]["name"] == "weather"
    assert message.id.startswith(f"lc_run--{recorder.seen.of('llm_end')[0].run_id}")


@v3
@pytest.mark.parametrize("announces", [False, True])
@pytest.mark.parametrize("whose", ["model", "agent"])
def test_fact_07_v3_fires_stream_events_and_tokens_only_from_providers_that_announce(
    whose: str, announces: bool
) -> None:
    recorder = RecordingHandler()
    model = scripted("Hello, you.", announces_tokens=announces)
    config = with_handlers(recorder)
    if whose == "model":
        for _ in model.stream_events("q", config, version="v3"):
            pass
    else:
        built: Any = create_agent(model, [])
        for _ in built.stream_events(HELLO, config, version="v3"):
            pass
    assert heard(recorder) == ("Hello, you." if announces else "")
    deltas = [
        call.payload["delta"]["text"]
        for call in recorder.seen.of("stream_event")
        if call.payload["event"] == "content-block-delta"
    ]
    assert "".join(deltas) == "Hello, you."
    if announces:
        # Each piece twice, the token first.
        order = [e for e in recorder.seen.events if e in ("llm_new_token", "stream_event")]
        assert order[0] == "llm_new_token"


@v3
def test_fact_07_v3_is_not_for_agent_executor() -> None:
    with pytest.raises(NotImplementedError):
        agent("executor").stream_events(asked("executor"), version="v3")


@v3
async def test_fact_07_a_bare_models_async_v3_run_ends_after_its_stream() -> None:
    ended = asyncio.Event()

    def note(call: Call) -> None:
        if call.event == "llm_end":
            ended.set()

    recorder = RecordingHandler(note)
    stream = await scripted("Hello.").astream_events("q", with_handlers(recorder), version="v3")
    async for _ in stream:
        pass
    assert not ended.is_set()
    await asyncio.wait_for(ended.wait(), 10)


@v3
def test_fact_07_a_bare_models_sync_v3_run_starts_when_read_and_ends_with_the_last_event() -> None:
    recorder = RecordingHandler()
    stream = scripted("Hello.").stream_events("q", with_handlers(recorder), version="v3")
    assert recorder.seen.calls == []
    latest = [recorder.seen.events[-1] for _ in stream]
    assert latest[-1] == "llm_end"
    assert "llm_end" not in latest[:-1]


@old_log
@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_07_astream_log_fires_tokens_and_ends_the_root_once(kind: AgentKind) -> None:
    # The model's own astream_log as well: with these versions nothing ends twice.
    for target, given in (
        (agent(kind), asked(kind)),
        (scripted(FIRST + LAST), "question"),
    ):
        recorder = RecordingHandler()
        async for _ in target.astream_log(given, with_handlers(recorder)):
            pass
        assert heard(recorder) == FIRST + LAST
        ends = [
            call.event
            for call in recorder.seen.of_run(recorder.seen.root().run_id)
            if call.event.endswith(("_end", "_error"))
        ]
        assert len(ends) == 1


@pytest.mark.parametrize("kind", AGENT_KINDS)
async def test_fact_07_astream_events_v2_fires_tokens(kind: AgentKind) -> None:
    recorder = RecordingHandler()
    async for _ in agent(kind).astream_events(asked(kind), with_handlers(recorder), version="v2"):
        pass
    assert heard(recorder) == FIRST + LAST
    assert len(recorder.seen.roots()) == 1


def run_agent(
    model: ScriptedChatModel,
    *middleware: AgentMiddleware[Any, Any],
    given: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[RecordingHandler, Any]:
    """Run a create_agent agent and return its recorder and output."""
    recorder = StreamingRecordingHandler()
    built: Any = create_agent(model, [], middleware=list(middleware), **options)
    return recorder, built.invoke(given or HELLO, with_handlers(recorder))


def test_fact_08_the_nostream_tag_reaches_starts_and_tokens() -> None:
    recorder = StreamingRecordingHandler()
    quiet = scripted("Quiet.").with_config(tags=["nostream"])
    quiet.invoke("q", with_handlers(recorder))
    assert "nostream" in recorder.seen.one("chat_model_start").kwargs["tags"]
    assert all("nostream" in call.kwargs["tags"] for call in recorder.seen.of("llm_new_token"))
    # The tag stops LangGraph's own stream only: callbacks do get the tokens.
    assert heard(recorder) == "Quiet."


def test_fact_08_a_model_inside_a_tool_has_the_tool_run_above_it() -> None:
    inner = scripted("A thought of the tool's own.")

    @tool
    def think(topic: str) -> str:
        """Think about it."""
        return inner.invoke(topic).text

    recorder = RecordingHandler()
    built = agent("create_agent", calling("think", topic="x"), "Done.", tools=[think])
    built.invoke(asked("create_agent"), with_handlers(recorder))
    start = recorder.seen.of("chat_model_start")[1]
    assert start.parent_run_id == recorder.seen.one("tool_start").run_id


def test_fact_08_middleware_hooks_are_nodes_named_after_them() -> None:
    inner = scripted("A remark.")

    @before_model
    def remark(state: Any, runtime: Any) -> None:
        inner.invoke("q")

    recorder, _ = run_agent(scripted("Hello."), remark)
    nodes = [
        call.kwargs["metadata"]["langgraph_node"] for call in recorder.seen.of("chat_model_start")
    ]
    assert nodes == ["remark.before_model", "model"]


def test_fact_08_a_summariser_is_marked_by_lc_source_and_its_node() -> None:
    told = [HumanMessage("a"), AIMessage("b"), HumanMessage("c"), AIMessage("d"), HumanMessage("e")]
    summariser = SummarizationMiddleware(
        scripted("A summary."), trigger=("messages", 3), keep=("messages", 1)
    )
    recorder, _ = run_agent(scripted("Hello."), summariser, given={"messages": told})
    summary, answer = (call.kwargs["metadata"] for call in recorder.seen.of("chat_model_start"))
    assert summary["lc_source"] == "summarization"
    assert summary["langgraph_node"] == "SummarizationMiddleware.before_model"
    assert "lc_source" not in answer


class Place(BaseModel):
    """A place."""

    city: str


PLACE = Turn("", (ToolCall("Place", {"city": "Oslo"}),))


def test_fact_08_structured_output_is_marked_in_options() -> None:
    recorder = RecordingHandler()
    scripted(PLACE).with_structured_output(Place).invoke("q", with_handlers(recorder))
    assert "ls_structured_output_format" in recorder.seen.one("chat_model_start").kwargs["options"]


def test_fact_08_an_agents_response_format_is_in_the_invocation_params() -> None:
    recorder, output = run_agent(
        scripted('{"city": "Oslo"}'), response_format=ProviderStrategy(Place)
    )
    assert output["structured_response"] == Place(city="Oslo")
    start = recorder.seen.one("chat_model_start")
    assert "response_format" in start.kwargs["invocation_params"]
    assert "ls_structured_output_format" not in start.kwargs["options"]
    # These tokens are JSON, not an answer.
    assert heard(recorder) == '{"city": "Oslo"}'


def test_fact_08_a_tool_strategy_is_a_call_that_no_tool_run_follows() -> None:
    recorder, output = run_agent(scripted(PLACE), response_format=ToolStrategy(Place))
    assert output["structured_response"] == Place(city="Oslo")
    assert recorder.seen.of("tool_start") == []
    assert isinstance(output["messages"][-1], ToolMessage)


def test_fact_08_a_react_agent_binds_a_stop_sequence_and_finishes_with_the_answer() -> None:
    prompt = PromptTemplate.from_template(
        "{tools} {tool_names}\nQuestion: {input}\nThought:{agent_scratchpad}"
    )
    # ReAct keeps its scratchpad in the prompt, so the conversation has no AI message to count.
    model = ScriptedChatModel(
        script=lambda messages: (
            "I know now.\nFinal Answer: Sunny."
            if "Observation" in messages[-1].text
            else "I will look.\nAction: weather\nAction Input: Oslo\nObservation: invented"
        )
    )
    executor = AgentExecutor(agent=create_react_agent(model, [weather], prompt), tools=[weather])
    recorder = RecordingHandler()
    executor.invoke({"input": "weather?"}, with_handlers(recorder))
    start = recorder.seen.of("chat_model_start")[0]
    assert start.kwargs["invocation_params"]["stop"] == ["\nObservation"]
    assert "invented" not in heard(recorder)
    assert "Action Input" in heard(recorder)
    assert recorder.seen.one("agent_finish").payload.return_values == {"output": "Sunny."}


def test_fact_08_a_model_inside_wrap_model_call_looks_just_like_the_agents_own() -> None:
    inner = scripted("A verdict.")

    @wrap_model_call
    def judge(request: Any, handler: Callable[[Any], Any]) -> Any:
        inner.invoke("q")
        return handler(request)

    recorder, _ = run_agent(scripted("Hello."), judge)
    verdict, answer = recorder.seen.of("chat_model_start")
    assert verdict.parent_run_id == answer.parent_run_id
    assert verdict.kwargs["tags"] == answer.kwargs["tags"]
    assert verdict.kwargs["metadata"] == answer.kwargs["metadata"]


HALF = Turn("Half an answer, and no more", error=ConnectionError("gone"), fail_after=2)


def test_fact_08_the_partial_text_of_a_failed_model_was_already_heard() -> None:
    recorder, output = run_agent(scripted(HALF), ModelFallbackMiddleware(scripted("Whole.")))
    first, second = (call.run_id for call in recorder.seen.of("chat_model_start"))
    partial = [c.payload for c in recorder.seen.of_run(first) if c.event == "llm_new_token"]
    assert 0 < len("".join(partial)) < len(HALF.text)
    assert recorder.seen.of_run(first)[-1].event == "llm_error"
    assert recorder.seen.of_run(second)[-1].event == "llm_end"
    # An error of the model closes its own output; the run goes on to a normal end.
    assert recorder.seen.last_of_root().event == "chain_end"
    assert output["messages"][-1].text == "Whole."


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_fact_08_models_under_with_fallbacks_are_siblings_of_the_fallback_run(way: Way) -> None:
    # Known failure 5: called alone, they are roots of their own in the middle of its run.
    recorder = StreamingRecordingHandler()
    model = scripted(HALF).with_fallbacks([scripted("Whole.")])
    run(model, way, "q", with_handlers(recorder))
    assert [(call.event, call.parent_run_id) for call in recorder.seen.of("chat_model_start")] == [
        ("chat_model_start", None)
    ] * 2
    assert recorder.seen.events[0] == "chain_start"
    assert recorder.seen.events[-1] == "chain_end"


def test_fact_08_a_streamed_fallback_does_not_fall_back_after_its_first_chunk() -> None:
    recorder = RecordingHandler()
    model = scripted(HALF).with_fallbacks([scripted("Whole.")])
    with pytest.raises(ConnectionError):
        list(model.stream("q", with_handlers(recorder)))
    assert recorder.seen.one("chat_model_start").parent_run_id == recorder.seen.root().run_id


def test_fact_08_return_direct_answers_are_tool_messages() -> None:
    @tool(return_direct=True)
    def answer(city: str) -> str:
        """Answer at once."""
        return f"Sunny in {city}."

    recorder = RecordingHandler()
    built = agent("create_agent", calling("answer", city="Oslo"), tools=[answer])
    built.invoke(asked("create_agent"), with_handlers(recorder))
    last = recorder.seen.last_of_root().payload["messages"][-1]
    assert isinstance(last, ToolMessage)
    assert last.text == "Sunny in Oslo."


def test_fact_08_root_output_repeats_the_old_messages_under_their_old_ids() -> None:
    built = agent("create_agent", "Hello.", checkpointer=memory())
    ids = []
    for _ in range(2):
        recorder = RecordingHandler()
        built.invoke(asked("create_agent"), on_thread(recorder))
        messages = recorder.seen.last_of_root().payload["messages"]
        ids.append([message.id for message in messages if isinstance(message, AIMessage)])
        # Only the question is in the input: the old messages come from the checkpoint.
        assert len(recorder.seen.root().payload["messages"]) == 1
    assert [len(each) for each in ids] == [1, 2]
    assert ids[1][0] == ids[0][0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_fact_08_what_the_root_is_given_and_returns(kind: AgentKind, way: Way) -> None:
    recorder = RecordingHandler()
    given = asked(kind)
    run(agent(kind), way, given, with_handlers(recorder))
    root, end = recorder.seen.root(), recorder.seen.last_of_root()
    assert root.payload == given
    if kind != "executor":
        assert [message.type for message in end.payload["messages"]] == [
            "human",
            "ai",
            "tool",
            "ai",
        ]
        assert end.payload["messages"][-1].text == LAST
        return
    assert end.payload["output"] == LAST
    assert ("messages" in end.payload) == (way in ("stream", "astream"))


def test_fact_08_tokens_are_heard_by_handlers_that_do_not_know_streaming() -> None:
    class Bare(BaseCallbackHandler):
        """No run_inline, no tap methods, no graph callbacks."""

        text = ""

        def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
            self.text += token

    bare = Bare()
    agent("executor").invoke(asked("executor"), with_handlers(bare))
    assert bare.text == FIRST + LAST
