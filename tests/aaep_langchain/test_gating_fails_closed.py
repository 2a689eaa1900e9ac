"""Where a gate cannot be seen, or is not where it seems to be: nothing runs unasked without a word (D2)."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool, Tool, tool
from langgraph.types import Command, interrupt

from aaep_helpers import AAEPEmitter, ProtocolError
from aaep_helpers.gate_mark import GateMark, gate_metadata, mark_gated
from aaep_helpers.held_calls import Standing, current_run
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.gating import find_gate
from tests.aaep_langchain.agents import agent, asked, calling, memory, on_thread, with_handlers
from tests.aaep_langchain.gate_double import TRANSFER, GateDouble, GateShutError
from tests.aaep_langchain.hearing_helpers import Hearing

ASKED = "awaiting.confirmation"


class Scene(Hearing):
    """A hearing with a gate in it and a function behind the gate."""

    def __init__(self, **handler_kwargs: Any) -> None:
        super().__init__(**handler_kwargs)
        self.sent: list[str] = []
        self.gate = GateDouble(self.emitter)

        def send(to: str) -> str:
            """Send money. It cannot be had back."""
            self.sent.append(to)
            return "Sent."

        self.plain = send
        self.send = self.gate(send)

    def __enter__(self) -> Scene:
        super().__enter__()
        return self

    def use(self, made: BaseTool, *, raises: type[BaseException] | None = None) -> Any:
        """Run a tool by itself and judge what was heard, logged errors apart."""
        argument = {"__arg1": "Ana"} if type(made) is Tool else {"to": "Ana"}
        return self.run(
            lambda handler: made.invoke(argument, with_handlers(handler)),
            raises=raises,
            faults=True,
        )

    @property
    def errors(self) -> list[str]:
        """What was logged as an error."""
        return [line.getMessage() for line in self.log if line.levelno >= logging.ERROR]


def shut(scene: Scene, made: BaseTool) -> Standing:
    """Use a tool whose gate is given no call; nothing may run or be said to be irreversible."""
    error = scene.use(made, raises=GateShutError)
    assert isinstance(error, GateShutError)
    assert not scene.sent
    assert ASKED not in scene.story.kinds
    assert not [event for event in scene.story if event.get("irreversible")]
    return error.standing


def test_fact_10_a_gate_hidden_in_a_lambda_finds_its_call_announced() -> None:
    with Scene() as scene:
        hidden = Tool("hidden", lambda to: scene.send(to), "Send money.")
        assert shut(scene, hidden) is Standing.ANNOUNCED
        assert scene.story.one("tool.completed")["status"] == "error"


def test_a_gate_called_from_another_tools_body_takes_no_call() -> None:
    with Scene() as scene:

        @tool
        def pay_all(to: str) -> str:
            """Pay everybody."""
            return str(scene.send(to))

        assert shut(scene, pay_all) is Standing.ANNOUNCED


def test_a_gate_called_from_another_gated_tools_body_takes_no_call() -> None:
    with Scene() as scene:

        def pay_all(to: str) -> str:
            """Pay everybody."""
            return str(scene.send(to))

        error = scene.use(tool(scene.gate(pay_all)), raises=GateShutError)
        assert isinstance(error, GateShutError)
        assert error.standing is Standing.ANNOUNCED
    assert not scene.sent
    assert scene.story.kinds == [
        "session.started",
        ASKED,
        "tool.invoked",
        "tool.completed",
        "session.errored",
    ]


def test_a_gate_takes_no_call_that_waits_for_another_gate() -> None:
    with Scene() as scene:

        @scene.gate
        def pay_all(to: str) -> str:
            """Pay everybody."""
            return ""

        def first_the_other(to: str) -> str:
            """Pay everybody."""
            scene.send(to)
            return str(pay_all(to))

        first_the_other.__wrapped__ = pay_all  # type: ignore[attr-defined]
        assert shut(scene, tool(first_the_other)) is Standing.HELD


def test_one_call_passes_its_gate_once() -> None:
    with Scene() as scene:

        def twice(to: str) -> str:
            """Send money, and once more."""
            scene.send(to)
            return str(scene.send(to))

        twice.__wrapped__ = scene.send  # type: ignore[attr-defined]
        error = scene.use(tool(twice), raises=GateShutError)
        assert isinstance(error, GateShutError)
        assert error.standing is Standing.ANNOUNCED
    assert scene.sent == ["Ana"]
    assert len(scene.story.of(ASKED)) == 1


def test_fact_09_a_thread_the_tool_starts_itself_gets_no_call() -> None:
    with Scene() as scene:
        errors: list[BaseException] = []

        def try_it(to: str) -> None:
            try:
                scene.send(to)
            except GateShutError as error:
                errors.append(error)

        def in_thread(to: str) -> str:
            """Send money from a thread."""
            thread = threading.Thread(target=try_it, args=(to,))
            thread.start()
            thread.join()
            return "Tried."

        in_thread.__wrapped__ = scene.send  # type: ignore[attr-defined]
        scene.use(tool(in_thread))
        assert [error.standing for error in errors if isinstance(error, GateShutError)] == [
            Standing.UNKNOWN
        ]
    assert not scene.sent
    assert "tool.invoked" not in scene.story.kinds


def test_no_handler_no_call() -> None:
    with Scene() as scene, pytest.raises(GateShutError) as caught:
        tool(scene.send).invoke({"to": "Ana"})
    assert caught.value.standing is Standing.UNKNOWN
    assert current_run() is None


def test_a_handler_with_another_emitter_holds_the_call_and_nothing_runs() -> None:
    with Scene() as scene:
        gate = GateDouble(AAEPEmitter(quiet_seconds=None))
        assert shut(scene, tool(gate(scene.plain))) is Standing.HELD
        assert "tool.invoked" not in scene.story.kinds


def test_listeners_of_another_emitter_hear_the_call_after_the_accept() -> None:
    with Scene() as scene, Hearing() as other:
        scene.run(
            lambda handler: tool(scene.send).invoke(
                {"to": "Ana"}, with_handlers(other.handler, handler)
            )
        )
        other.judge()
    assert scene.story.kinds[1:-1] == [ASKED, "tool.invoked", "tool.completed"]
    assert other.story.kinds[1:-1] == ["tool.invoked", "tool.completed"]
    # Its listeners were asked nothing, so the flag is left out and the words say it (SEQ-6).
    invoked = other.story.one("tool.invoked")
    assert "irreversible" not in invoked
    assert "cannot be undone" in invoked["summary_normal"]


@pytest.mark.parametrize("accepted", [True, False])
def test_two_handlers_of_one_emitter_ask_once(accepted: bool) -> None:
    with Scene() as scene:
        scene.gate._answer = accepted
        second = AAEPCallbackHandler(scene.emitter)
        scene.run(
            lambda handler: tool(scene.send).invoke({"to": "Ana"}, with_handlers(handler, second))
        )
        assert second.open_runs == 0
    assert len(scene.story.sessions) == 2
    assert len(scene.story.of(ASKED)) == 1
    assert len(scene.story.of("tool.invoked")) == (2 if accepted else 0)


def test_a_copy_of_a_gated_tool_with_another_function_is_not_gated() -> None:
    with Scene() as scene:
        mark = GateMark("send", scene.emitter, TRANSFER)
        mark_gated(scene.send, mark)
        gated = tool(scene.send).model_copy(update={"metadata": gate_metadata(mark)})
        copy = gated.model_copy(update={"func": scene.plain})
        scene.use(copy)
    assert scene.story.kinds[1:-1] == ["tool.invoked", "tool.completed"]


def test_a_coroutine_that_is_not_gated_beside_a_func_that_is() -> None:
    async def asend(to: str) -> str:
        """Send money."""
        return "Sent."

    with Scene() as scene:
        made = StructuredTool.from_function(scene.send, asend)
        scene.run(lambda handler: asyncio.run(made.ainvoke({"to": "Ana"}, with_handlers(handler))))
        # What its other way says of the tool is known all the same.
        invoked = scene.story.one("tool.invoked")
        assert invoked["summary_normal"].endswith("This cannot be undone, and you were not asked.")
        assert invoked["risk_level"] == "high"
        scene.use(made)
    assert scene.story.kinds.count(ASKED) == 1


def test_fact_11_a_gated_coroutine_given_as_func_is_an_error_and_never_ran() -> None:
    async def send(to: str) -> str:
        """Send money."""
        scene.sent.append(to)
        return "Sent."

    with Scene() as scene:
        scene.use(StructuredTool.from_function(scene.gate(send)))
        gc.collect()  # A coroutine nobody closed would warn here.
    assert scene.story.kinds == ["session.started", "session.completed"]
    assert "coroutine" in scene.errors[0]
    assert not scene.sent


def test_a_tool_that_goes_round_its_gate_is_said_to_have_run_unasked() -> None:
    with Scene() as scene:

        def around(to: str) -> str:
            """Send money."""
            return scene.plain(to)

        around.__wrapped__ = scene.send  # type: ignore[attr-defined]
        scene.use(tool(around))
    assert scene.story.kinds == ["session.started", "progress.updated", "session.completed"]
    assert scene.story.one("progress.updated")["summary_normal"] == (
        "Around ran, and you were not asked."
    )
    assert "unasked" in scene.errors[0]


def test_where_the_tool_cannot_be_seen_its_metadata_counts_and_then_its_name() -> None:
    def send() -> None:
        """Stands for a gate."""

    mark = GateMark("send_by_name", None, TRANSFER)
    mark_gated(send, mark)
    by_metadata = find_gate("anything", gate_metadata(mark))
    by_name = find_gate("send_by_name", None)
    assert by_metadata is not None
    assert by_name is not None
    assert by_metadata.mark is by_name.mark is mark
    assert find_gate("another", {"aaep_gate": "made up"}) is None
    forgotten = weakref.ref(mark)
    del send, mark, by_metadata, by_name
    gc.collect()
    assert forgotten() is None
    assert find_gate("send_by_name", None) is None


def test_an_outer_tool_is_not_taken_for_one_that_is_told_of_in_its_body() -> None:
    found = []

    def body(to: str) -> str:
        """Tells of a tool of its own."""
        found.append(find_gate("another", None))
        return ""

    with Scene() as scene:
        body.__wrapped__ = scene.send  # type: ignore[attr-defined]
        scene.use(tool(body))
    assert found == [None]


def test_fact_13_a_call_that_pauses_is_asked_for_once() -> None:
    """An accepted call that interrupts its graph goes on under a new run, and is not announced again."""

    def send(to: str) -> str:
        """Send money."""
        scene.sent.append(f"{interrupt('Which account?')} to {to}")
        return "Sent."

    with Scene() as scene:
        made = tool(scene.gate(send))
        built = agent(
            "create_agent", calling("send", to="Ana"), "Done.", tools=[made], checkpointer=memory()
        )
        scene.run(
            lambda handler: built.invoke(asked("create_agent"), on_thread(handler)), paused=True
        )
        assert not scene.sent
        scene.run(lambda handler: built.invoke(Command(resume="checking"), on_thread(handler)))
    assert scene.sent == ["checking to Ana"]
    assert scene.story.kinds == [
        "session.started",
        ASKED,
        "tool.invoked",
        "tool.completed",
        "session.completed",
    ]
    earlier = scene.gate.calls[0]
    assert scene.gate.calls[1].resumed_from is earlier
    assert scene.gate.calls[1].call_id == earlier.call_id


def test_nothing_runs_after_an_accept_in_a_session_that_was_ended() -> None:
    with Scene() as scene:
        scene.gate._at_question = lambda call: scene.emitter.close()
        with pytest.raises(ProtocolError):
            tool(scene.send).invoke({"to": "Ana"}, with_handlers(scene.handler))
    assert not scene.sent
    assert "tool.invoked" not in scene.so_far("none").kinds


def test_nothing_runs_after_an_accept_in_a_run_that_is_over() -> None:
    with Scene() as scene:
        over = RuntimeError("stopped")

        def end_root(call: Any) -> None:
            scene.handler.on_chain_error(over, run_id=roots[0])

        roots: list[Any] = []
        scene.gate._at_question = end_root

        def body(given: str, config: RunnableConfig) -> str:
            callbacks: Any = config["callbacks"]
            roots.append(callbacks.parent_run_id)
            return str(tool(scene.send).invoke({"to": given}, config))

        with pytest.raises(ProtocolError):
            RunnableLambda(body).invoke("Ana", with_handlers(scene.handler))
        scene.judge()
    assert not scene.sent
    assert scene.story.kinds == ["session.started", ASKED, "session.errored"]


def test_a_call_is_announced_only_by_who_claimed_it_and_only_once() -> None:
    with Scene() as scene:
        scene.use(tool(scene.send))
        (call,) = scene.gate.calls
        with pytest.raises(ProtocolError):
            call.announce("rpl_0")
        with pytest.raises(ProtocolError):
            call.refuse()
        assert call.standing is Standing.ANNOUNCED
        assert scene.emitter.calls.standing(call.run) is Standing.UNKNOWN


def test_an_irreversible_call_is_not_announced_without_the_accept_that_allows_it() -> None:
    with Scene() as scene:
        refused: list[Exception] = []

        def try_without(call: Any) -> None:
            for token in (None, "rpl_0"):
                try:
                    call.announce(token)
                except ProtocolError as error:
                    refused.append(error)

        scene.gate._at_question = try_without
        error = scene.use(tool(scene.send), raises=ProtocolError)
    assert len(refused) == 2
    assert isinstance(error, ProtocolError)
    assert not scene.sent
    assert "tool.invoked" not in scene.story.kinds


def test_nothing_of_a_held_call_is_left_in_memory() -> None:
    with Scene() as scene:
        scene.use(tool(scene.send))
        mark = weakref.ref(scene.gate.calls[0].mark)
        assert len(scene.emitter.calls._books) == 1
        emitter, scene.gate, scene.send = scene.emitter, None, None  # type: ignore[assignment]
        del scene.handler
        gc.collect()
        assert mark() is None
        assert not emitter.calls._books
