"""The same answer is said once, however often it comes, and always (known failure 18; fact 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import after_model, wrap_model_call
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command
from pydantic import BaseModel

from tests.aaep_langchain.agents import (
    WAYS,
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

ways = pytest.mark.parametrize("way", WAYS)
lives = pytest.mark.parametrize("live", [True, False])

ANSWER = "It is sunny. Enjoy it!"
QUESTION = asked("create_agent")


def say(
    runnable: Runnable[Any, Any], given: Any = "go", *, way: Way = "invoke", **handler: Any
) -> Story:
    return hear(lambda heard: run(runnable, way, given, with_handlers(heard)), **handler)


def graph_of(*nodes: Callable[..., Any], state: type = MessagesState) -> Any:
    """Nodes one after the other, named after their functions or by their place."""
    graph: Any = StateGraph(state)
    names = [f"node_{place}" for place in range(len(nodes))]
    for name, node in zip(names, nodes, strict=True):
        graph.add_node(name, node)
    for one, other in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(one, other)
    return graph.compile()


def in_whole_sentences(story: Story) -> bool:
    """Whether each event of text holds one sentence, and positions count it up."""
    texts = [event for event in story.of("output.streaming") if event["chunk"]]
    return [event["chunk"].strip() for event in texts] == ["It is sunny.", "Enjoy it!"]


# Every way an answer comes


def canned(state: Any) -> dict[str, list[BaseMessage]]:
    """A node that answers without a model."""
    return {"messages": [AIMessage(ANSWER)]}


def by_command(state: Any) -> Command[Any]:
    """A node that answers with an update."""
    return Command(update={"messages": [AIMessage(ANSWER)]})


def by_model(state: Any) -> dict[str, list[BaseMessage]]:
    """A node whose model answers."""
    return {"messages": [scripted(ANSWER, repeat_last=True).invoke(state["messages"])]}


def by_rewording(state: Any) -> dict[str, list[BaseMessage]]:
    """A node that makes a message of its own of what its model says."""
    said = scripted(ANSWER, repeat_last=True).invoke(state["messages"]).text
    return {"messages": [AIMessage(said.strip(), name="helper")]}


class Card(BaseModel):
    """The state of a graph as a model."""

    messages: Annotated[list[AnyMessage], add_messages] = []


@dataclass
class Slip:
    """The state of a graph as a dataclass."""

    messages: Annotated[list[AnyMessage], add_messages] = field(default_factory=list)


@lives
@ways
@pytest.mark.parametrize("node", [canned, by_command, by_model, by_rewording])
def test_the_answer_of_a_node_is_said_once(node: Any, way: Way, live: bool) -> None:
    story = say(graph_of(node), QUESTION, way=way, live=live)
    assert story.outputs == [ANSWER]
    assert in_whole_sentences(story)
    assert story[-1]["output_summary"] == ANSWER


@pytest.mark.parametrize("state", [Card, Slip])
def test_the_answer_is_found_in_states_of_any_kind(state: type) -> None:
    def node(state: Any) -> dict[str, list[BaseMessage]]:
        return canned(state)

    assert say(graph_of(node, state=state), QUESTION).outputs == [ANSWER]


@lives
@pytest.mark.parametrize("streams", [True, False])
def test_what_a_later_node_does_not_touch_is_not_said_again(streams: bool, live: bool) -> None:
    def answer(state: Any) -> Any:
        return {"messages": [scripted(ANSWER, streams=streams).invoke(state["messages"])]}

    def everything(state: Any) -> Any:
        return {"messages": state["messages"]}

    assert say(graph_of(answer, everything), QUESTION, live=live).outputs == [ANSWER]
    assert say(graph_of(canned, everything), QUESTION, live=live).outputs == [ANSWER]


def test_answers_of_several_nodes_are_each_an_output_in_their_order() -> None:
    def first(state: Any) -> Any:
        return {"messages": [AIMessage("One moment.")]}

    story = say(graph_of(first, by_model), QUESTION)
    assert story.outputs == ["One moment.", ANSWER]
    assert [event["position"] for event in story.of("output.streaming") if event["complete"]]


def test_an_answer_without_a_model_is_said_when_its_node_ends() -> None:
    with Hearing() as scene:
        early: list[list[str]] = []

        def later(state: Any) -> Any:
            early.append(list(scene.so_far("sentence").outputs))
            return {}

        graph = graph_of(canned, later)
        scene.run(lambda handler: graph.invoke(QUESTION, with_handlers(handler)))
        assert early == [[ANSWER]]


def test_nodes_side_by_side_that_answer_without_a_model_are_each_heard() -> None:
    graph = StateGraph(MessagesState)
    for name in ("left", "right"):
        graph.add_node(name, lambda state, name=name: {"messages": [AIMessage(f"From {name}.")]})
        graph.add_edge(START, name)
    assert sorted(say(graph.compile(), QUESTION).outputs) == ["From left.", "From right."]


def test_a_message_that_calls_tools_is_no_answer() -> None:
    def back(state: Any) -> Any:
        call = {"name": "transfer_back", "args": {}, "id": "1"}
        return {"messages": [AIMessage("Transferring back.", tool_calls=[call])]}

    assert say(graph_of(back, by_model), QUESTION).outputs == [ANSWER]


# Old answers


@ways
def test_an_old_answer_in_the_input_is_not_said_again(way: Way) -> None:
    old = {"messages": [HumanMessage("Hi"), AIMessage("Old words.")]}
    story = say(graph_of(lambda state: {}), old, way=way)
    assert story.outputs == []
    assert "output_summary" not in story[-1]


def test_an_old_answer_of_the_thread_is_not_said_again_where_there_is_no_new_one() -> None:
    class State(MessagesState):
        quiet: bool

    graph: Any = StateGraph(State)
    graph.add_node("node", lambda state: {} if state.get("quiet") else canned(state))
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    built = graph.compile(checkpointer=memory())
    with Hearing() as scene:
        scene.run(lambda handler: built.invoke(QUESTION, on_thread(handler)))
        scene.run(lambda handler: built.invoke({"quiet": True}, on_thread(handler)))
        assert scene.story.outputs == [ANSWER]
        assert scene.story.kinds.count("session.completed") == 2


def test_the_same_words_on_a_new_question_are_a_new_answer() -> None:
    built = agent("create_agent", ANSWER, tools=[], checkpointer=memory())
    with Hearing() as scene:
        for _ in range(2):
            scene.run(lambda handler: built.invoke(asked("create_agent"), on_thread(handler)))
        assert scene.story.outputs == [ANSWER, ANSWER]


# Tools that answer


@lives
@ways
@pytest.mark.parametrize("kind", ["create_agent", "executor"])
def test_the_answer_of_a_tool_that_returns_directly_is_said_once(
    kind: Any, way: Way, live: bool
) -> None:
    @tool(return_direct=True)
    def sky(city: str) -> str:
        """Look at the sky."""
        return ANSWER

    built = agent(kind, calling("sky", city="Oslo"), tools=[sky])
    story = say(built, asked(kind), way=way, live=live)
    assert story.outputs == [ANSWER]
    assert in_whole_sentences(story)


# Chains that do something with their model's words


def shouted(text: str) -> str:
    return text.upper()


@lives
@ways
def test_a_chain_that_only_changes_how_it_is_written_has_said_it(way: Way, live: bool) -> None:
    """White space, case and marks are no other words: what is heard is what the model said."""
    chain = scripted(ANSWER) | StrOutputParser() | RunnableLambda(shouted)
    assert say(chain, way=way, live=live).outputs == [ANSWER]
    marked = scripted(f"**{ANSWER}**") | StrOutputParser() | RunnableLambda(lambda t: t.strip("*"))
    assert say(marked, way=way, live=live).outputs == [f"**{ANSWER}**"]


@lives
def test_a_chain_that_says_something_else_is_heard_after_its_model(live: bool) -> None:
    """It could not be told while the model spoke; a policy silences the model."""
    chain = scripted("42") | StrOutputParser() | RunnableLambda(lambda t: "The answer is yes.")
    assert say(chain, live=live).outputs == ["42", "The answer is yes."]
    silent = say(chain, live=live, output=lambda speaker: False)
    assert silent.outputs == ["The answer is yes."]


def test_what_a_chain_adds_at_the_end_is_said_alone() -> None:
    chain = (
        scripted(ANSWER)
        | StrOutputParser()
        | RunnableLambda(lambda text: f"{text}\n\nSources: the sky.")
    )
    assert say(chain).outputs == [ANSWER, "Sources: the sky."]


def test_a_part_of_the_answer_that_a_parser_takes_is_not_said_again() -> None:
    chain = (
        scripted("The word is: sunny.")
        | StrOutputParser()
        | RunnableLambda(lambda text: text.rpartition(": ")[2])
    )
    assert say(chain).outputs == ["The word is: sunny."]


@ways
def test_a_chain_of_two_models_is_two_outputs(way: Way) -> None:
    first = ChatPromptTemplate.from_template("{topic}") | scripted("A draft.") | StrOutputParser()
    second = ChatPromptTemplate.from_template("{draft}") | scripted(ANSWER) | StrOutputParser()
    chain = RunnablePassthrough.assign(draft=first) | second
    assert say(chain, {"topic": "sky"}, way=way).outputs == ["A draft.", ANSWER]


class Route(TypedDict):
    """The state of the graph with a router."""

    messages: Annotated[list[AnyMessage], add_messages]
    route: str


def routed(router: Any) -> Any:
    """A graph whose first node asks a model where to go, and whose others answer."""
    graph: Any = StateGraph(Route)
    graph.add_node("route", lambda state: {"route": router.invoke(state["messages"]).text})
    graph.add_node("weather", by_model)
    graph.add_node("news", canned)
    graph.add_edge(START, "route")
    graph.add_conditional_edges("route", lambda state: state["route"], ["weather", "news"])
    return graph.compile()


@ways
def test_a_router_is_heard_unless_it_is_told_to_be_silent(way: Way) -> None:
    """Nothing tells its words from an answer (fact 8)."""
    assert say(routed(scripted("weather")), QUESTION, way=way).outputs == ["weather", ANSWER]
    quiet = scripted("weather").with_config(tags=["nostream"])
    assert say(routed(quiet), QUESTION, way=way).outputs == [ANSWER]


# Middleware that changes the answer


def test_an_answer_that_middleware_replaces_is_heard_as_well() -> None:
    """The first was on its way already; what the user is left with must be heard too."""

    @after_model
    def correct(state: Any, runtime: Any) -> Any:
        last = state["messages"][-1]
        return {"messages": [AIMessage("I may not say that.", id=last.id)]}

    built: Any = create_agent(scripted("The code is 1234."), [], middleware=[correct])
    assert say(built, QUESTION).outputs == ["The code is 1234.", "I may not say that."]


def test_an_answer_that_middleware_gives_in_place_of_the_model_is_said_once() -> None:
    @wrap_model_call
    def cached(request: Any, handler: Any) -> Any:
        return AIMessage(ANSWER)

    built: Any = create_agent(scripted("Never asked."), [], middleware=[cached])
    assert say(built, QUESTION).outputs == [ANSWER]


def test_data_that_comes_again_as_a_message_is_not_read_out() -> None:
    data = '{"city": "Oslo"}'
    model = scripted(data).bind(response_format={"type": "json_object"})
    story = say(graph_of(lambda state: {"messages": [model.invoke(state["messages"])]}), QUESTION)
    assert story.outputs == []
    assert "output_summary" not in story[-1]
