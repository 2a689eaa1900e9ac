"""Agents with others in them: as tools, as nodes, side by side, and one handing over to the next."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypedDict

import pytest
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import before_model, wrap_model_call
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, tool
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, Send

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.scripted_model import ScriptedChatModel
from tests.aaep_langchain.agents import (
    Way,
    asked,
    calling,
    memory,
    on_thread,
    run,
    scripted,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear, kind_of

GRAPH_WAYS: tuple[Way, ...] = ("invoke", "ainvoke", "stream", "astream")
ways = pytest.mark.parametrize("way", GRAPH_WAYS)

QUESTION = asked("create_agent")


def ask(graph: Runnable[Any, Any], way: Way = "invoke", **handler: Any) -> Story:
    """What is heard of a graph that is asked something."""
    return hear(lambda heard: run(graph, way, QUESTION, with_handlers(heard)), **handler)


def speaker(*turns: Any, tools: Sequence[BaseTool] = (), name: str | None = None, **kw: Any) -> Any:
    """An agent that plays these turns, whatever it was told before."""
    kw = {"repeat_last": True, **kw}
    return create_agent(scripted(*turns, **kw), list(tools), name=name)


def line(*nodes: tuple[str, Any]) -> Any:
    """A graph of nodes one after the other."""
    graph = StateGraph(MessagesState)
    for name, node in nodes:
        graph.add_node(name, node)
    for (one, _), (other, _) in zip([(START, None), *nodes], [*nodes, (END, None)], strict=True):
        graph.add_edge(one, other)
    return graph.compile()


def saying(text: str, **kw: Any) -> Any:
    """A node whose model says something."""
    model = scripted(text, repeat_last=True, **kw)
    return lambda state: {"messages": [model.invoke(state["messages"])]}


def is_live(scene: Hearing, graph: Runnable[Any, Any], way: Way) -> bool:
    """Whether the words of the last model of a graph were heard while it spoke."""
    heard: list[str] = []

    class Watching(AAEPCallbackHandler):
        """Notes what was heard when the graph's last model ended."""

        def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
            heard[:] = [scene.so_far("none").outputs[-1]] if scene.so_far("none").outputs else []
            super().on_llm_end(*args, **kwargs)

    scene.handler = Watching(scene.emitter)
    scene.run(lambda handler: run(graph, way, QUESTION, with_handlers(handler)))
    return heard == scene.story.outputs[-1:]


# An agent that is a node of a graph


@ways
def test_an_agent_after_whom_the_graph_ends_is_heard_live(way: Way) -> None:
    graph = line(("helper", speaker("Hello. How are you?")))
    with Hearing() as scene:
        assert is_live(scene, graph, way)
        assert scene.story.outputs == ["Hello. How are you?"]


@ways
def test_an_agent_that_works_for_the_next_node_is_not_heard(way: Way) -> None:
    graph = line(
        ("research", speaker("A long report.")),
        ("write", speaker("A short answer.")),
    )
    assert ask(graph, way).outputs == ["A short answer."]


@ways
def test_the_answer_of_a_sub_agent_is_said_once_where_it_is_the_graphs_own(way: Way) -> None:
    """It could not be told while it was written that nobody would add to it."""
    graph = line(("research", speaker("A report. It is short.")), ("save", lambda state: {}))
    story = ask(graph, way)
    assert story.outputs == ["A report. It is short."]
    assert story[-1]["output_summary"] == "A report. It is short."


def test_every_agent_of_a_line_but_the_last_is_a_sub_agent_at_any_depth() -> None:
    team = line(("plan", speaker("A plan.")), ("draft", speaker("A draft.")))
    assert ask(line(("team", team), ("answer", saying("Here it is.")))).outputs == ["Here it is."]
    graph = line(("team", team))
    assert ask(graph).outputs == ["A draft."]


def test_an_agent_that_a_node_calls_counts_like_one_that_is_a_node() -> None:
    inner = speaker("A report.")
    node = lambda state: {"messages": inner.invoke(state)["messages"][-1:]}  # noqa: E731
    assert ask(line(("research", node))).outputs == ["A report."]
    assert ask(line(("research", node), ("answer", saying("Done.")))).outputs == ["Done."]


def test_a_router_leads_to_the_agent_that_answers() -> None:
    graph = StateGraph(MessagesState)
    graph.add_node("sales", speaker("Buy it!"))
    graph.add_node("support", speaker("Turn it off and on."))
    graph.add_conditional_edges(START, lambda state: "support", ["sales", "support"])
    with Hearing() as scene:
        assert is_live(scene, graph.compile(), "invoke")
        assert scene.story.outputs == ["Turn it off and on."]


@pytest.mark.parametrize("annotated", [True, False])
def test_workers_that_report_to_a_supervisor_are_not_heard(annotated: bool) -> None:
    """By a Command or by an edge, whichever leads back."""
    worker = speaker("My findings.")
    boss = speaker(calling("ask_worker", "Let me ask."), "All is well.", tools=[ask_worker])

    def by_command(state: MessagesState) -> Command[Literal["boss"]]:
        found = worker.invoke(state)["messages"][-1].text
        return Command(goto="boss", update={"messages": [AIMessage(found, name="worker")]})

    graph = StateGraph(MessagesState).add_edge(START, "boss")
    graph.add_node("boss", boss, destinations=("worker", END))
    if annotated:
        graph.add_node("worker", by_command)
    else:
        graph.add_node("worker", worker)
        graph.add_edge("worker", "boss")
    story = ask(graph.compile())
    assert story.outputs == ["Let me ask.", "All is well."]


@tool
def ask_worker(runtime: ToolRuntime) -> Command[Any]:
    """Ask the worker."""
    return handing_over("worker", runtime)


def handing_over(goto: Any, runtime: ToolRuntime) -> Command[Any]:
    """What a transfer tool returns, as LangChain's documentation has it."""
    asked = [message for message in runtime.state["messages"] if isinstance(message, AIMessage)]
    done = ToolMessage("Transferred.", tool_call_id=runtime.tool_call_id)
    return Command(goto=goto, graph=Command.PARENT, update={"messages": [asked[-1], done]})


def test_an_agent_inside_an_agents_hook_or_model_call_is_a_sub_agent() -> None:
    inner = speaker("A remark.")

    @before_model
    def remark(state: Any, runtime: Any) -> None:
        inner.invoke(QUESTION)

    @wrap_model_call
    def judge(request: Any, handler: Callable[[Any], Any]) -> Any:
        inner.invoke(QUESTION)
        return handler(request)

    for middleware in (remark, judge):
        outer: Any = create_agent(scripted("Hello."), [], middleware=[middleware])
        assert ask(outer).outputs == ["Hello."]


def test_agents_in_a_workflow_of_functions_are_heard() -> None:
    """Nothing tells which of them speaks for the workflow; a policy can."""
    first, second = speaker("One."), speaker("Two.")

    @entrypoint()
    def workflow(given: Any) -> str:
        first.invoke(given)
        return str(second.invoke(given)["messages"][-1].text)

    assert ask(workflow).outputs == ["One.", "Two."]


# Agents as tools


@ways
def test_an_agent_as_a_tool_is_a_tool_and_its_tools_are_tools(way: Way) -> None:
    @tool
    def weather_there(city: str) -> str:
        """The weather."""
        return "Sunny."

    expert = speaker(
        calling("weather_there", "I look.", city="Oslo"), "Sunny!", tools=[weather_there]
    )

    @tool
    def consult(question: str) -> str:
        """Ask the expert."""
        return str(expert.invoke(asked("create_agent", question))["messages"][-1].text)

    outer = speaker(
        calling("consult", "Let me ask.", question="Oslo?"), "It is sunny.", tools=[consult]
    )
    story = ask(outer, way)
    assert story.outputs == ["Let me ask.", "It is sunny."]
    assert [event["tool"] for event in story.of("tool.invoked")] == ["consult", "weather_there"]
    assert story.kinds.count("session.started") == 1


# Nodes side by side


class Fan(TypedDict):
    """The state of a fan-out."""

    topics: list[str]
    messages: Annotated[list[BaseMessage], operator.add]


def fan_out(node: Any, *, joined: bool) -> Any:
    """A graph that sends each topic to a node of its own, and may join them."""
    graph = StateGraph(Fan)
    graph.add_node("each", node)
    graph.add_conditional_edges(
        START,
        lambda state: [Send("each", {"messages": [HumanMessage(t)]}) for t in state["topics"]],
        ["each"],
    )
    if joined:
        graph.add_node("join", saying("All told."))
        graph.add_edge("each", "join")
        graph.add_edge("join", END)
    else:
        graph.add_edge("each", END)
    return graph.compile()


def echoing(size: int = 2) -> ScriptedChatModel:
    """A model that speaks about what it was asked, in small pieces."""
    return ScriptedChatModel(
        script=lambda messages: f"First of {messages[-1].text}. Last of {messages[-1].text}.",
        token_size=size,
    )


TOPICS = ["fish", "birds", "trees"]
SAID = [f"First of {topic}. Last of {topic}." for topic in TOPICS]


@ways
@pytest.mark.parametrize("live", [True, False])
def test_nodes_that_speak_at_once_have_an_output_each(way: Way, live: bool) -> None:
    model = echoing()

    def each(state: Any) -> Any:
        return {"messages": [model.invoke(state["messages"])]}

    story = hear(
        lambda handler: run(
            fan_out(each, joined=False),
            way,
            {"topics": TOPICS, "messages": []},
            with_handlers(handler),
        ),
        live=live,
    )
    assert sorted(story.outputs) == sorted(SAID)


@ways
def test_agents_that_work_at_once_for_one_answer_are_not_heard(way: Way) -> None:
    agent: Any = create_agent(echoing(), [])
    graph = fan_out(agent, joined=True)
    story = hear(
        lambda handler: run(graph, way, {"topics": TOPICS, "messages": []}, with_handlers(handler))
    )
    assert story.outputs == ["All told."]


@ways
def test_agents_that_answer_at_once_are_each_heard(way: Way) -> None:
    agent: Any = create_agent(echoing(), [])
    graph = fan_out(agent, joined=False)
    story = hear(
        lambda handler: run(graph, way, {"topics": TOPICS, "messages": []}, with_handlers(handler))
    )
    assert sorted(story.outputs) == sorted(SAID)


# Handing over


@tool
def transfer_to_billing(runtime: ToolRuntime) -> Command[Any]:
    """Hand over to billing."""
    return handing_over("billing_desk", runtime)


def desks(
    checkpointer: Any = None,
    transfer: BaseTool = transfer_to_billing,
    billing: str = "I am billing.",
) -> Any:
    """Two agents, the first of which hands over to the second."""
    graph = StateGraph(AgentState)
    first = speaker(calling(transfer.name, "I hand you over."), tools=[transfer], name="front")
    graph.add_node("front", first, destinations=("billing_desk",))
    graph.add_node("billing_desk", speaker(billing), destinations=("front",))
    graph.add_edge(START, "front")
    return graph.compile(checkpointer=checkpointer)


@ways
def test_typ_4_a_handoff_is_announced_and_both_agents_are_heard(way: Way) -> None:
    story = ask(desks(), way)
    assert story.outputs == ["I hand you over.", "I am billing."]
    assert story.kinds == [
        "session.started",
        "tool.invoked",
        "tool.completed",
        "handoff.requested",
        "session.completed",
    ]
    handoff = story.one("handoff.requested")
    assert handoff["target_kind"] == "specialist_agent"
    assert handoff["reason"] == "Another agent goes on with your request: billing desk."
    assert handoff["summary_normal"] == f"Handing over. {handoff['reason']}"
    assert handoff["urgency"] == "critical"
    assert story.one("tool.completed")["status"] == "success"


@ways
def test_known_failure_01_a_handoff_is_no_error(way: Way) -> None:
    story = ask(desks(checkpointer=None), way)
    assert story.outcome == "session.completed"
    assert "session.errored" not in story.kinds


@ways
def test_the_agent_who_takes_over_is_heard_live(way: Way) -> None:
    with Hearing() as scene:
        assert is_live(scene, desks(billing="Your bill is paid. Fine!"), way)


def test_a_handoff_under_a_checkpointer_is_said_once_a_request() -> None:
    with Hearing() as scene:
        graph = desks(memory())
        for _ in range(2):
            scene.run(lambda handler: graph.invoke(QUESTION, on_thread(handler)))
        assert [kind_of(event) for event in scene.story].count("handoff.requested") == 2


def test_a_handoff_to_several_at_once_is_said_of_each() -> None:
    @tool
    def transfer_to_all(runtime: ToolRuntime) -> Command[Any]:
        """Hand over to everybody."""
        return handing_over(
            [Send("billing_desk", {"messages": [HumanMessage("a")]}), "front_desk"], runtime
        )

    graph = StateGraph(AgentState)
    graph.add_node("start", speaker(calling("transfer_to_all"), tools=[transfer_to_all]))
    graph.add_node("billing_desk", speaker("Billing."))
    graph.add_node("front_desk", speaker("Front."))
    graph.add_edge(START, "start")
    story = ask(graph.compile())
    assert [event["reason"].rpartition(": ")[2] for event in story.of("handoff.requested")] == [
        "billing desk.",
        "front desk.",
    ]
    assert sorted(story.outputs) == ["Billing.", "Front."]


@pytest.mark.parametrize("goto", [END, (), None])
def test_a_tool_that_only_updates_its_graph_or_ends_hands_nothing_over(goto: Any) -> None:
    @tool
    def note(runtime: ToolRuntime) -> Command[Any]:
        """Take a note."""
        done = ToolMessage("Noted.", tool_call_id=runtime.tool_call_id)
        if goto is None:
            return Command(update={"messages": [done]})
        return Command(goto=goto, update={"messages": [done]})

    story = ask(speaker(calling("note"), "Noted.", tools=[note]))
    assert story.of("handoff.requested") == []
    assert story.outcome == "session.completed"


def test_a_node_that_goes_elsewhere_hands_nothing_over() -> None:
    """Inside its graph or in the one around it: that is how a graph is drawn, no decision of an agent."""

    def leave(state: Any) -> Command[Any]:
        return Command(goto="answer", graph=Command.PARENT)

    def go(state: Any) -> Command[Literal["inner"]]:
        return Command(goto="inner")

    inner = StateGraph(MessagesState).add_node(leave).add_edge(START, "leave").compile()
    graph = StateGraph(MessagesState).add_edge(START, "go").add_node(go)
    graph.add_node("inner", inner)
    graph.add_node("answer", saying("Here."))
    story = ask(graph.compile())
    assert story.outputs == ["Here."]
    assert story.of("handoff.requested") == []
