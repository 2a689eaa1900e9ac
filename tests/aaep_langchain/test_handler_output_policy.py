"""What counts as output: the stated default, and the policy that changes it (fact 8, docs/output.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    SummarizationMiddleware,
    after_agent,
    after_model,
    before_agent,
    before_model,
    wrap_model_call,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel

from aaep_helpers import AAEPEmitter
from aaep_langchain import AAEPCallbackHandler, OutputPolicy, Speaker
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import Way, asked, calling, run, scripted, weather, with_handlers
from tests.aaep_langchain.hearing_helpers import Hearing, Story, assert_never_said, hear

GRAPH_WAYS: tuple[Way, ...] = ("invoke", "ainvoke", "stream", "astream")
ways = pytest.mark.parametrize("way", GRAPH_WAYS)
lives = pytest.mark.parametrize("live", [True, False])


def ask(runnable: Runnable[Any, Any], way: Way = "invoke", **handler: Any) -> Story:
    """What is heard of an agent that is asked something."""
    given = asked("create_agent")
    return hear(lambda heard: run(runnable, way, given, with_handlers(heard)), **handler)


def helper(*turns: Any, **options: Any) -> Any:
    """A create_agent agent on a scripted model."""
    tools = options.pop("tools", [])
    return create_agent(scripted(*turns, repeat_last=True), tools, **options)


# The default


class City(BaseModel):
    """A city."""

    name: str


DATA = '{"name": "Oslo"}'
DATA_TURN = Turn("", (ToolCall("City", {"name": "Oslo"}),))


@lives
@ways
@pytest.mark.parametrize(
    ("strategy", "turn"), [(ToolStrategy(City), DATA_TURN), (ProviderStrategy(City), Turn(DATA))]
)
def test_a_structured_response_is_not_said(strategy: Any, turn: Turn, way: Way, live: bool) -> None:
    turns = (calling("weather", city="Oslo"), turn)
    with Hearing(live=live) as scene:
        built = helper(*turns, tools=[weather], response_format=strategy)
        scene.run(lambda handler: run(built, way, asked("create_agent"), with_handlers(handler)))
        assert scene.story.outputs == []
        assert scene.story.outcome == "session.completed"
        assert_never_said(scene, DATA, '{"name"')


@lives
@ways
def test_structured_planning_is_not_said_and_the_words_after_it_are(way: Way, live: bool) -> None:
    planner = scripted(DATA_TURN).with_structured_output(City)
    speaker = scripted("On to Oslo!")

    def plan(state: MessagesState) -> Any:
        assert planner.invoke(state["messages"]) == City(name="Oslo")
        return {}

    graph = StateGraph(MessagesState).add_node(plan).add_edge(START, "plan")
    graph.add_node("go", lambda state: {"messages": [speaker.invoke(state["messages"])]})
    graph.add_edge("plan", "go")
    assert ask(graph.compile(), way, live=live).outputs == ["On to Oslo!"]


@ways
@pytest.mark.parametrize("blocks", [True, False])
def test_reasoning_and_arguments_are_never_said(blocks: bool, way: Way) -> None:
    turns = (
        Turn("", (ToolCall("weather", {"city": "Bergen"}),), reasoning="A secret thought."),
        Turn("It rains.", reasoning="Another thought."),
    )
    model = scripted(*turns, content_blocks=blocks)
    built: Any = create_agent(model, [weather])
    with Hearing(output=lambda speaker: True) as scene:
        scene.run(lambda handler: run(built, way, asked("create_agent"), with_handlers(handler)))
        assert scene.story.outputs == ["It rains."]
        assert_never_said(scene, "thought")


@ways
@pytest.mark.parametrize("hook", [before_model, after_model, before_agent, after_agent])
def test_models_in_middleware_nodes_are_not_heard(hook: Any, way: Way) -> None:
    inner = scripted("A remark.")

    @hook  # type: ignore[untyped-decorator]
    def remark(state: Any, runtime: Any) -> None:
        inner.invoke("q")

    assert ask(helper("Hello.", middleware=[remark]), way).outputs == ["Hello."]


def test_a_summary_of_old_messages_is_not_heard_under_any_policy_by_nodes() -> None:
    summing = SummarizationMiddleware(
        scripted("They spoke of fish."), trigger=("messages", 2), keep=("messages", 1)
    )
    built = helper("Hello.", middleware=[summing])
    old = [HumanMessage("One"), AIMessage("Two"), HumanMessage("Three")]
    for policy in (None, OutputPolicy(nodes=["model"])):
        story = hear(
            lambda handler: built.invoke({"messages": old}, with_handlers(handler)), output=policy
        )
        assert story.outputs == ["Hello."]


def judged(inner: Runnable[Any, Any]) -> Any:
    """An agent that asks another model inside its model call."""

    @wrap_model_call
    def judge(request: Any, handler: Callable[[Any], Any]) -> Any:
        inner.invoke("q")
        return handler(request)

    return helper("Hello.", middleware=[judge])


@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_a_model_inside_a_model_call_is_heard_unless_it_is_tagged(way: Way) -> None:
    """Fact 8: nothing tells it from the agent's own."""
    verdict = scripted("A verdict.")
    assert ask(judged(verdict), way).outputs == ["A verdict.", "Hello."]
    for tagged, policy in (
        (verdict.with_config(tags=["nostream"]), None),
        (verdict.with_config(tags=["judge"]), OutputPolicy(silent_tags=["judge"])),
        (verdict.with_config(run_name="Judge"), lambda speaker: speaker.name != "Judge"),
    ):
        assert ask(judged(tagged), way, output=policy).outputs == ["Hello."]


# The policy


def planned() -> Any:
    """A graph that plans, researches with an agent, and answers."""
    graph = StateGraph(MessagesState)
    graph.add_node("plan", speaking("First, look."))
    graph.add_node("research", helper("It is 4 degrees."))
    graph.add_node("answer", speaking("It is cold."))
    for one, other in (
        (START, "plan"),
        ("plan", "research"),
        ("research", "answer"),
        ("answer", END),
    ):
        graph.add_edge(one, other)
    return graph.compile()


def speaking(text: str) -> Any:
    """A node whose model says something."""
    model = scripted(text, repeat_last=True)
    return lambda state: {"messages": [model.invoke(state["messages"])]}


POLICIES: list[tuple[Any, list[str]]] = [
    (None, ["First, look.", "It is cold."]),
    (OutputPolicy(nodes=["answer"]), ["It is cold."]),
    (OutputPolicy(silent_nodes=["plan"]), ["It is cold."]),
    (OutputPolicy(nodes=["research", "answer"]), ["It is 4 degrees.", "It is cold."]),
    (lambda speaker: True, ["First, look.", "It is 4 degrees.", "It is cold."]),
    (lambda speaker: speaker.by_default and speaker.node != "plan", ["It is cold."]),
    (lambda speaker: "research" in speaker.nodes, ["It is 4 degrees."]),
    (lambda speaker: False, []),
]


@lives
@ways
@pytest.mark.parametrize(("policy", "outputs"), POLICIES)
def test_a_policy_decides_whose_words_are_the_answer(
    policy: Any, outputs: list[str], way: Way, live: bool
) -> None:
    """It narrows and widens; what it silences is not said as the answer of the run either."""
    assert ask(planned(), way, output=policy, live=live).outputs == outputs


def test_a_policy_can_hear_a_model_inside_a_tool_by_its_tag() -> None:
    loud = scripted("I think aloud.").with_config(tags=["aloud"])

    @tool
    def think(topic: str) -> str:
        """Think."""
        return str(loud.invoke(topic).text)

    built = helper(calling("think", topic="x"), "Done.", tools=[think])
    assert ask(built).outputs == ["Done."]
    assert ask(built, output=OutputPolicy(nodes=["model", "tools"])).outputs == ["Done."]
    both = OutputPolicy(nodes=["model"], tags=["aloud"])
    assert ask(built, output=both).outputs == ["I think aloud.", "Done."]


def test_a_policy_is_asked_of_nodes_that_answer_without_a_model_too() -> None:
    graph = StateGraph(MessagesState)
    graph.add_node("greet", lambda state: {"messages": [AIMessage("Welcome.")]})
    graph.add_node("answer", speaking("It is cold."))
    graph.add_edge(START, "greet")
    graph.add_edge("greet", "answer")
    built = graph.compile()
    assert ask(built).outputs == ["Welcome.", "It is cold."]
    assert ask(built, output=OutputPolicy(silent_nodes=["greet"])).outputs == ["It is cold."]


@ways
def test_what_a_policy_is_told(way: Way) -> None:
    told: list[Speaker] = []

    def listen(speaker: Speaker) -> bool:
        told.append(speaker)
        return speaker.by_default

    named = scripted("Hello.").with_config(run_name="Voice", tags=["v"], metadata={"m": 1})
    inner = scripted("Inside.")

    @tool
    def think(topic: str) -> str:
        """Think."""
        return str(inner.invoke(topic).text)

    graph = StateGraph(MessagesState)
    graph.add_node("helper", helper(calling("think", topic="x"), "Done.", tools=[think], name="h"))
    graph.add_node("answer", lambda state: {"messages": [named.invoke("q")]})
    graph.add_edge(START, "helper")
    graph.add_edge("helper", "answer")
    assert ask(graph.compile(), way, output=listen).outputs == ["Hello."]
    calls, thought, done, answer = told
    assert calls.nodes == done.nodes == ("helper", "model")
    assert calls.sub_agent
    assert not calls.inside_tool
    assert calls.parents[-3:] == ("helper", "h", "model")
    assert thought.inside_tool
    assert thought.nodes[0] == "helper"
    assert (answer.name, answer.node, answer.nodes) == ("Voice", "answer", ("answer",))
    assert "v" in answer.tags
    assert answer.metadata["m"] == 1
    assert [speaker.by_default for speaker in told] == [False, False, False, True]


def test_a_policy_outside_of_graphs_has_names_and_tags() -> None:
    chain = scripted("One.").with_config(tags=["a"]) | RunnableLambda(
        lambda said: scripted("Two.").with_config(tags=["b"]).invoke("q").text
    )
    story = hear(
        lambda handler: chain.invoke("go", with_handlers(handler)),
        output=OutputPolicy(silent_tags=["a"]),
    )
    assert story.outputs == ["Two."]


def test_a_policy_that_fails_is_logged_and_the_default_decides() -> None:
    def fail(speaker: Speaker) -> bool:
        raise RuntimeError("no idea")

    with Hearing(output=fail) as scene:
        given = asked("create_agent")
        scene.run(lambda handler: planned().invoke(given, with_handlers(handler)), faults=True)
        assert scene.story.outputs == ["First, look.", "It is cold."]
        failed = [line for line in scene.log if "policy failed" in line.getMessage()]
        assert len(failed) == 1


@pytest.mark.parametrize("given", ["answer", ["answer"], 3, OutputPolicy])
def test_what_is_no_policy_is_refused_at_once(given: Any) -> None:
    with pytest.raises(ValueError, match="output= takes"):
        AAEPCallbackHandler(AAEPEmitter("helper", "Helper"), output=given)
