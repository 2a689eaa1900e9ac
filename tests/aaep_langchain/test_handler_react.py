"""Agents that write their steps as text: only the final answer is heard (fact 8).

The agents are langchain-classic's own, from its constructors; their prompts are as short as they may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_classic.agents import (
    AgentExecutor,
    create_json_chat_agent,
    create_react_agent,
    create_self_ask_with_search_agent,
    create_structured_chat_agent,
    create_tool_calling_agent,
    create_xml_agent,
)
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph

from aaep_langchain.demo.scripted_model import ScriptedChatModel
from tests.aaep_langchain.agents import (
    WAYS,
    Way,
    agent,
    asked,
    calling,
    run,
    scripted,
    weather,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, assert_never_said, hear

ANSWER = "It is sunny in Oslo. Enjoy it!"

STEP = "I should look.\nAction: weather\nAction Input: Oslo\nObservation: invented"
LAST = f"I now know the final answer.\nFinal Answer: {ANSWER}"
STEP_MARKS = ("Thought", "Action", "Observation", "I should look", "Final Answer", "invented")

REACT = PromptTemplate.from_template(
    "Answer with {tools}, one of {tool_names}.\nQuestion: {input}\nThought:{agent_scratchpad}"
)


def stepping(first: str, last: str, mark: str = "sunny") -> ScriptedChatModel:
    """A model that takes one step and then answers; such agents keep what happened in their prompts."""

    def script(messages: Sequence[BaseMessage]) -> str:
        return last if any(mark in message.text for message in messages) else first

    return ScriptedChatModel(script=script)


def executor(built: Any, tools: Sequence[Any] = (weather,), **kw: Any) -> AgentExecutor:
    return AgentExecutor(agent=built, tools=list(tools), **kw)


def react(first: str = STEP, last: str = LAST, **kw: Any) -> AgentExecutor:
    return executor(create_react_agent(stepping(first, last), [weather], REACT), **kw)


def structured_chat() -> AgentExecutor:
    call = '```\n{{"action": "{0}", "action_input": {1}}}\n```'
    prompt = ChatPromptTemplate.from_messages(
        [("system", "{tools} {tool_names}"), ("human", "{input} {agent_scratchpad}")]
    )
    model = stepping(
        "Thought: I should look.\nAction:\n" + call.format("weather", '{"city": "Oslo"}'),
        "Thought: done.\nAction:\n" + call.format("Final Answer", f'"{ANSWER}"'),
    )
    return executor(create_structured_chat_agent(model, [weather], prompt))


def json_chat() -> AgentExecutor:
    prompt = ChatPromptTemplate.from_messages(
        [
            ("system", "{tools} {tool_names}"),
            ("human", "{input}"),
            ("placeholder", "{agent_scratchpad}"),
        ]
    )
    model = stepping(
        '```json\n{"action": "weather", "action_input": "Oslo"}\n```',
        f'```json\n{{"action": "Final Answer", "action_input": "{ANSWER}"}}\n```',
    )
    return executor(create_json_chat_agent(model, [weather], prompt))


def xml() -> AgentExecutor:
    prompt = PromptTemplate.from_template("{tools} {input} {agent_scratchpad}")
    model = stepping(
        "<tool>weather</tool><tool_input>Oslo</tool_input>",
        f"<final_answer>{ANSWER}</final_answer>",
    )
    return executor(create_xml_agent(model, [weather], prompt))


@tool("Intermediate Answer")
def search(query: str) -> str:
    """Search."""
    return f"It is sunny: {query}"


def self_ask() -> AgentExecutor:
    prompt = PromptTemplate.from_template("{input} {agent_scratchpad}")
    model = stepping(
        "Yes.\nFollow up: How is the weather in Oslo?",
        f"So the final answer is: {ANSWER}",
    )
    return executor(create_self_ask_with_search_agent(model, [search], prompt), [search])


def without_a_stop_sequence() -> AgentExecutor:
    plain = STEP.partition("\nObservation")[0]
    built = create_react_agent(stepping(plain, LAST), [weather], REACT, stop_sequence=False)
    return executor(built)


def with_a_text_model() -> AgentExecutor:
    model = FakeListLLM(responses=[STEP.partition("\nObservation")[0], LAST])
    return executor(create_react_agent(model, [weather], REACT))


BUILT = (
    react,
    structured_chat,
    json_chat,
    xml,
    self_ask,
    without_a_stop_sequence,
    with_a_text_model,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", BUILT)
def test_agents_that_write_their_steps_say_only_the_final_answer(build: Any, way: Way) -> None:
    with Hearing() as scene:
        scene.run(lambda handler: run(build(), way, asked("executor"), with_handlers(handler)))
        assert scene.story.outputs == [ANSWER]
        assert scene.story.of("tool.invoked")
        assert scene.story[-1]["output_summary"] == ANSWER
        assert_never_said(scene, *STEP_MARKS)


@pytest.mark.parametrize("live", [True, False])
def test_the_handler_in_the_constructor_hears_the_same(live: bool) -> None:
    story = hear(lambda handler: react(callbacks=[handler]).invoke(asked("executor")), live=live)
    assert story.outputs == [ANSWER]


def heard(runnable: Runnable[Any, Any], given: Any, **kw: Any) -> Story:
    return hear(lambda handler: run(runnable, "invoke", given, with_handlers(handler)), **kw)


def test_the_answer_is_said_when_the_agent_has_it_and_not_again_by_the_chain_around_it() -> None:
    chain = react() | RunnableLambda(lambda output: output["output"])
    assert heard(chain, asked("executor")).outputs == [ANSWER]
    shouting = react() | RunnableLambda(lambda output: {"report": [1, 2]})
    assert heard(shouting, asked("executor")).outputs == [ANSWER]


def test_an_agent_that_writes_its_steps_as_a_tool_is_silent() -> None:
    @tool
    def consult(question: str) -> str:
        """Ask the other agent."""
        return str(react().invoke(asked("executor"))["output"])

    outer = agent(
        "create_agent", calling("consult", question="?"), "He says sunny.", tools=[consult]
    )
    assert heard(outer, asked("create_agent")).outputs == ["He says sunny."]


def test_an_agent_that_runs_out_of_steps_says_so() -> None:
    story = heard(react(max_iterations=1), asked("executor"))
    assert story.outputs == ["Agent stopped due to iteration limit or time limit."]
    assert story.outcome == "session.completed"


def test_steps_that_cannot_be_read_are_not_read_out() -> None:
    confused = react(first="I am confused.\nAction weather", last="No idea.")
    story = hear(
        lambda handler: confused.invoke(asked("executor"), with_handlers(handler)),
        raises=ValueError,
    )
    assert story.outputs == []
    assert story.outcome == "session.errored"


def test_an_agent_that_calls_tools_speaks_on_its_way() -> None:
    """It binds them, by which it is told from one that writes its steps."""
    prompt = ChatPromptTemplate.from_messages(
        [("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    )
    built = create_tool_calling_agent(scripted(), [weather], prompt)
    assert heard(executor(built), asked("executor")).outputs == ["Let me look.", ANSWER]
    none = create_tool_calling_agent(scripted("Hello."), [], prompt)
    assert heard(executor(none, []), asked("executor")).outputs == ["Hello."]


def test_a_graph_that_writes_its_steps_says_only_what_it_makes_of_them() -> None:
    model = stepping(STEP, LAST).bind(stop=["\nObservation"])

    def step(state: MessagesState) -> dict[str, list[AIMessage]]:
        text = model.invoke(state["messages"]).text
        if "Final Answer: " not in text:
            return {"messages": [AIMessage(f"{text}\nObservation: sunny", name="steps")]}
        return {"messages": [AIMessage(text.partition("Final Answer: ")[2])]}

    graph = StateGraph(MessagesState)
    graph.add_node("step", step)
    graph.add_edge(START, "step")
    graph.add_conditional_edges(
        "step", lambda state: "step" if state["messages"][-1].name else "__end__"
    )
    assert heard(graph.compile(), asked("create_agent")).outputs == [ANSWER]


def test_a_graph_that_returns_its_last_step_as_it_is_says_the_answer_in_it() -> None:
    model = stepping(STEP, LAST, mark="weather").bind(stop=["\nObservation"])
    graph = StateGraph(MessagesState)
    graph.add_node("step", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_edge(START, "step")
    assert heard(graph.compile(), asked("create_agent")).outputs == [ANSWER]
