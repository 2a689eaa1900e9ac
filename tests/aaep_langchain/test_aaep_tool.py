"""`@aaep_tool` in real agents: the tool runs after an accept, and the model hears of a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langchain.tools import InjectedToolArg, ToolRuntime
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, Tool, tool
from langgraph.prebuilt import InjectedState

from aaep_helpers import ConfirmationRejected, GateClosedError, aaep_tool
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_helpers.ears import Event
from tests.aaep_helpers.replies.asking import reply_to
from tests.aaep_langchain.agents import WAYS, Way, agent, asked, calling, run, with_handlers
from tests.aaep_langchain.hearing_helpers import Hearing

RISKY: dict[str, Any] = {"risk_level": "high", "irreversible": True}
RAN = [
    "session.started",
    "awaiting.confirmation",
    "tool.invoked",
    "tool.completed",
    "session.completed",
]
ASYNC_WAYS: tuple[Way, ...] = ("ainvoke", "astream", "abatch")


class Desk(Hearing):
    """A hearing with a user who answers at once, and what the tools really did."""

    def __init__(self, answer: str | Callable[[Event], str] = "accept") -> None:
        super().__init__()
        self.answer = answer
        self.sent: list[Any] = []
        self.questions: list[Event] = []
        self.user = self.emitter.subscribe(self._hear, can_reply=True)

    def __enter__(self) -> Desk:
        super().__enter__()
        return self

    def _hear(self, event: Event) -> None:
        if event["type"] == "aaep:agent.awaiting.confirmation":
            self.questions.append(event)
            answer = self.answer if isinstance(self.answer, str) else self.answer(event)
            if answer in ("accept", "reject"):
                assert self.reply(event, answer)

    def reply(self, question: Event, answer: str) -> bool:
        reply = reply_to(question["reply_token"], self.user, self.emitter.clock, decision=answer)
        return self.emitter.submit_reply(reply, sender=self.user)

    def tools(self, **gate: Any) -> dict[str, Callable[[], BaseTool]]:
        """Makers of tools that send money, each through a gate."""
        gated = aaep_tool(self.emitter, **{**RISKY, **gate})

        def send(to: str) -> str:
            """Send money. It cannot be had back."""
            self.sent.append(to)
            return f"Sent to {to}."

        async def asend(to: str) -> str:
            """Send money. It cannot be had back."""
            return send(to)

        return {
            "@tool": lambda: tool(gated(send)),
            "async @tool": lambda: tool("send")(gated(asend)),
            "structured": lambda: StructuredTool.from_function(gated(send)),
            "both": lambda: StructuredTool.from_function(gated(send), gated(asend), name="send"),
            "Tool": lambda: Tool("send", gated(send), "Send money."),
            "finished": lambda: gated(tool(send)),
            "finished both": lambda: gated(StructuredTool.from_function(send, asend, name="send")),
            "finished Tool": lambda: gated(Tool("send", send, "Send money.")),
            "_run": lambda: _sender_class(gated, send)(),
        }

    def use(self, made: BaseTool, kind: AgentKind, way: Way, **more: Any) -> Any:
        argument = "__arg1" if type(made) is Tool else "to"
        built = agent(kind, calling(made.name, **{argument: "Ana"}), "That is all.", tools=[made])
        return self.run(
            lambda handler: run(built, way, asked(kind), with_handlers(handler)), **more
        )


def _sender_class(gated: Any, send: Callable[[str], str]) -> type[BaseTool]:
    class SendTool(BaseTool):
        name: str = "send"
        description: str = "Send money."

        @gated  # type: ignore[untyped-decorator]
        def _run(self, to: str) -> str:
            return send(to)

    return SendTool


CASES = [
    (make, way)
    for make in Desk().tools()
    for way in (ASYNC_WAYS if make == "async @tool" else WAYS)
]


@pytest.mark.parametrize(("make", "way"), CASES)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_it_runs_after_an_accept(kind: AgentKind, make: str, way: Way) -> None:
    with Desk() as desk:
        desk.use(desk.tools()[make](), kind, way)
    assert desk.story.kinds == RAN
    assert desk.sent == ["Ana"]
    assert "Ana" in desk.questions[0]["action"]
    assert desk.story.one("tool.invoked")["irreversible"] is True


@pytest.mark.parametrize(("make", "way"), CASES)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_it_does_not_run_after_a_reject(kind: AgentKind, make: str, way: Way) -> None:
    with Desk("reject") as desk:
        desk.use(desk.tools()[make](), kind, way)
    assert desk.story.kinds == [*RAN[:2], RAN[-1]]
    assert "calling_tool" not in desk.story.states
    assert not desk.sent


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_known_failure_25_the_refusal_is_the_tools_result(way: Way) -> None:
    with Desk("reject") as desk:
        output = desk.use(desk.tools()["both"](), "create_agent", way)
    (told,) = [message.text for message in output["messages"] if message.type == "tool"]
    assert "The user declined" in told
    assert "another way" in told


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_fact_11_content_and_artifact(way: Way, answer: str) -> None:
    with Desk(answer) as desk:

        @tool(response_format="content_and_artifact")
        @aaep_tool(desk.emitter, **RISKY)
        def send(to: str) -> tuple[str, int]:
            """Send money."""
            desk.sent.append(to)
            return f"Sent to {to}.", 7

        output = desk.use(send, "create_agent", way)
    (told,) = [message for message in output["messages"] if message.type == "tool"]
    assert told.artifact == (7 if answer == "accept" else None)
    assert ("declined" in told.text) is (answer == "reject")
    assert desk.sent == (["Ana"] if answer == "accept" else [])


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_on_reject_raise_ends_the_run(kind: AgentKind, way: Way) -> None:
    with Desk("reject") as desk:
        made = desk.tools(on_reject="raise")["both"]()
        error = desk.use(made, kind, way, raises=ConfirmationRejected)
    assert error.reason == "declined"
    assert desk.story.outcome == "session.errored"
    assert not desk.sent


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_known_failure_26_injected_arguments_pass_through_and_are_not_read_out(way: Way) -> None:
    got: list[Any] = []
    with Desk() as desk:

        @tool
        @aaep_tool(desk.emitter, **RISKY)
        def send(
            to: str,
            amount: Annotated[int, "In dollars"],
            state: Annotated[dict[str, Any], InjectedState],
            runtime: ToolRuntime,
            config: RunnableConfig,
            account: Annotated[str, InjectedToolArg] = "hidden-account",
        ) -> str:
            """Send money."""
            got.extend((to, amount, state["messages"], runtime.tool_call_id, config, account))
            return "Sent."

        built: Runnable[Any, Any] = agent(
            "create_agent", calling("send", to="Ana", amount=5), "That is all.", tools=[send]
        )
        desk.run(lambda handler: run(built, way, asked("create_agent"), with_handlers(handler)))
    assert got[:2] == ["Ana", 5]
    assert got[2]
    assert got[3]
    assert got[4]["callbacks"]
    assert got[5] == "hidden-account"
    assert desk.questions[0]["action"] == "Send money, with to: Ana; amount: 5."
    assert desk.questions[0]["extra_context"]["arguments"] == {"to": "Ana", "amount": 5}


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_calls_of_one_step_one_after_the_other_each_get_their_own_answer(way: Way) -> None:
    kind: AgentKind = "executor"
    with Desk(lambda event: "accept" if "Bob" in event["action"] else "reject") as desk:
        made = desk.tools()["both"]()
        turn = Turn("", tuple(ToolCall("send", {"to": to}, to) for to in ("Ana", "Bob", "Cem")))
        built = agent(kind, turn, "That is all.", tools=[made])
        desk.run(lambda handler: run(built, way, asked(kind), with_handlers(handler)))
    assert desk.sent == ["Bob"]
    assert len(desk.questions) == 3


@pytest.mark.parametrize("kind", ["create_agent", "graph"])
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_known_failure_23_parallel_calls_answered_in_any_order(kind: AgentKind, way: Way) -> None:
    answers = {"Ana": "reject", "Bob": "accept", "Cem": "accept"}

    def answer_all_at_the_third(event: Event) -> str:
        if len(desk.questions) == 3:
            for question in reversed(desk.questions):
                (name,) = [name for name in answers if name in question["action"]]
                assert desk.reply(question, answers[name])
        return "nothing"

    with Desk(answer_all_at_the_third) as desk:
        made = desk.tools()["both"]()
        turn = Turn("", tuple(ToolCall("send", {"to": to}, to) for to in answers))
        built = agent(kind, turn, "That is all.", tools=[made])
        desk.run(lambda handler: run(built, way, asked(kind), with_handlers(handler)))
    assert sorted(desk.sent) == ["Bob", "Cem"]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_known_failure_22_a_model_that_tries_again_is_refused_without_a_question(
    kind: AgentKind,
) -> None:
    with Desk("reject") as desk:
        made = desk.tools()["both"]()
        once = calling("send", to="Ana")
        built = agent(kind, once, once, "I am sorry.", tools=[made])
        desk.run(lambda handler: built.invoke(asked(kind), with_handlers(handler)))
    assert len(desk.questions) == 1
    assert not desk.sent


def test_each_run_of_a_batch_has_its_own_question() -> None:
    with Desk() as desk:
        made = desk.tools()["both"]()
        built = agent("create_agent", calling("send", to="Ana"), "That is all.", tools=[made])
        given = [asked("create_agent", f"Pay, number {n}.") for n in range(4)]
        desk.run(lambda handler: asyncio.run(built.abatch(given, with_handlers(handler))))
    assert len({question["session_id"] for question in desk.questions}) == 4
    assert len(desk.sent) == 4


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_without_a_handler_nothing_runs(way: Way) -> None:
    desk = Desk()
    made = desk.tools()["both"]()
    built = agent("create_agent", calling("send", to="Ana"), "That is all.", tools=[made])
    with pytest.raises(GateClosedError, match="AAEPCallbackHandler"):
        run(built, way, asked("create_agent"), {})
    assert not desk.sent
    assert not desk.questions


def test_a_gate_hidden_in_a_lambda_does_not_run() -> None:
    with Desk() as desk:
        made = desk.tools()["@tool"]()
        hidden = Tool("hidden", lambda to: made.func(to), "Send money.")  # type: ignore[attr-defined]
        error = desk.run(
            lambda handler: hidden.invoke("Ana", with_handlers(handler)),
            raises=GateClosedError,
            faults=True,
        )
    assert "announced before its gate" in str(error)
    assert not desk.sent


def test_a_finished_tool_stays_as_it_was_and_its_copy_is_gated() -> None:
    with Desk() as desk:

        @tool
        def send(to: str) -> str:
            """Send money."""
            return to

        gate = aaep_tool(desk.emitter, **RISKY)
        made = gate(send)
        assert send.invoke({"to": "Ana"}) == "Ana"
        with pytest.raises(GateClosedError):
            made.invoke({"to": "Ana"})
        assert (made.name, made.args) == (send.name, send.args)
        assert made.metadata
        with pytest.raises(TypeError, match="already"):
            gate(made)

        class Shifty(StructuredTool):
            def _run(self, *args: Any, **kwargs: Any) -> Any:
                return "sent"

        with pytest.raises(TypeError, match="_run"):
            gate(Shifty.from_function(send.func))  # type: ignore[attr-defined]
