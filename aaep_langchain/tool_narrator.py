"""What the emitter is told of tools and searches: announced, held for their gate, completed, failed.

Of a gated tool nothing is announced when it starts: its call is held, and its gate announces it after an
accept or refuses it (SEQ-6, SEQ-7). Boundary: run records and plain values in, emitter calls out; knows
nothing of callback signatures. Failure policy: faults pass to the handler, which swallows and logs them
(D3), but for a held call: there they pass to the gate, which then does not run the tool (D2).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from langchain_core.tools import ToolException

from aaep_helpers import AAEPEmitter, ProtocolError
from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting import spoken_form
from aaep_helpers.failures import classify, error_text
from aaep_helpers.held_calls import HeldCall, Standing
from aaep_helpers.ids import make_id
from aaep_helpers.spoken_values import spoken_arguments
from aaep_helpers.text import human_text
from aaep_helpers.tool_policy import METADATA_KEY, NO_POLICY, ToolPolicy
from aaep_helpers.vocabulary import DECIDING
from aaep_langchain.endings import cancellation_of, is_control_flow, is_pause
from aaep_langchain.gating import Gate, find_gate
from aaep_langchain.reading import tool_arguments, tool_name, tool_result
from aaep_langchain.runs import Call, Run, RunBook

logger = logging.getLogger("aaep_langchain")

# For ears: what is repeated of a request or a result; the rest is in the fields beside it.
_HEARD_RESULT = 500

Unguarded = Literal["announce", "refuse"]

UNGUARDED: Final[tuple[Unguarded, ...]] = ("announce", "refuse")


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a call of a tool is treated.

    Attributes:
        policy: What is known of the tool.
        gate: The gate the call goes through; None where it has none.
        is_refused: Whether the call is stopped, because it cannot be undone and nobody is asked.
    """

    policy: ToolPolicy
    gate: Gate | None
    is_refused: bool


# What AgentExecutor runs in place of a tool when the model asks for none it has, or for none at all: it
# tells the model so, and there is nothing in it for the user.
_NO_TOOLS: Final = frozenset(
    {
        ("invalid_tool", "Called when tool name is invalid. Suggests valid tool names."),
        ("_Exception", "Exception tool"),
    }
)


class ToolNarrator:
    """Tells the emitter what tools and searches do.

    Args:
        emitter: Where the events go.
        book: The runs of the handler.
        tools: Policies by tool name.
        unguarded: What happens to a tool that cannot be undone and has no gate.
    """

    def __init__(
        self,
        emitter: AAEPEmitter,
        book: RunBook,
        tools: Mapping[str, ToolPolicy],
        unguarded: Unguarded,
    ) -> None:
        self._emitter = emitter
        self._book = book
        self._tools = tools
        self._unguarded = unguarded
        self._warned: set[str] = set()
        emitter.calls.add_book(book)

    def treatment(
        self, name: str, description: str | None, metadata: Mapping[str, object] | None
    ) -> Treatment:
        """How the tool whose start is being told is treated; call it on the stack of the callback.

        Args:
            name: What it is called in the agent.
            description: What it does.
            metadata: Its run's, with its own merged in.
        """
        gate = find_gate(name, metadata)
        policy = self._policy(name, metadata).over(ToolPolicy(description=description))
        if gate is not None:
            policy = policy.at_least(gate.mark.policy)
        is_gated = gate is not None and gate.reached
        return Treatment(
            policy,
            gate if is_gated else None,
            bool(policy.irreversible) and not is_gated and self._unguarded == "refuse",
        )

    def start_tool(
        self,
        run: Run,
        name: str,
        treatment: Treatment,
        inputs: object,
        tool_call_id: str | None,
    ) -> None:
        """A tool is about to run.

        Args:
            run: Its run.
            name: What it is called in the agent, which the protocol may not allow as it is.
            treatment: How it is treated.
            inputs: What it is given.
            tool_call_id: LangChain's id of the call.
        """
        if (name, treatment.policy.description) in _NO_TOOLS:
            return
        resumed = run.root.suspended.pop(tool_call_id, None) if tool_call_id else None
        policy, gate = treatment.policy, treatment.gate
        if resumed is not None:
            run.call = resumed  # The call that a pause left open goes on (fact 13).
            if gate is None or resumed.held is None:
                return
        arguments = tool_arguments(inputs, inputs)
        sentence = policy.sentence(name, arguments)
        call = resumed or Call(make_id("call"), tool_name(None, name), policy.called(name))
        if gate is not None:
            self._hold(run, call, gate, policy, arguments, sentence)
            return
        if policy.irreversible:
            # SEQ-6: without an accept the flag may not be set, so it is said in words.
            self._warn_once(
                f"The tool {name} is declared irreversible but nothing asks the user before it runs."
            )
            sentence = Summary.of("tool.unguarded", sentence=sentence)
        self._emitter.tool_invoked(
            session_id=run.root.session_id,
            tool=call.tool,
            tool_call_id=call.call_id,
            spoken_name=call.spoken,
            description=policy.description,
            args_summary=spoken_arguments(arguments) or None,
            risk_level=policy.risk_level,
            summary=sentence,
        )
        run.call = call  # Only what was announced is completed.

    def refuse_tool(self, run: Run, name: str, treatment: Treatment) -> None:
        """A tool is stopped before it runs, because it cannot be undone and nobody is asked.

        Args:
            run: Its run.
            name: What it is called in the agent.
            treatment: How it is treated.
        """
        self._emitter.settle_state(
            session_id=run.root.session_id,
            otherwise=DECIDING,  # The agent may go on without it.
            summary=Summary.of("tool.stopped_unguarded", tool=treatment.policy.called(name)),
            urgency="normal",
        )

    def _hold(
        self,
        run: Run,
        call: Call,
        gate: Gate,
        policy: ToolPolicy,
        arguments: Mapping[str, object],
        sentence: Summary,
    ) -> None:
        """Keep a call for its gate; nothing is heard of it, and the state stays as it is."""
        run.held = HeldCall(
            run=run.run_id,
            emitter=self._emitter,
            session_id=run.root.session_id,
            call_id=call.call_id,
            tool=call.tool,
            spoken_name=call.spoken,
            arguments=arguments,
            policy=policy,
            mark=gate.mark,
            announcer=partial(self._announce, sentence=sentence),
            resumed_from=call.held,
            returns_when_run=gate.returns_when_run,
            with_artifact=gate.with_artifact,
        )
        if gate.mark.emitter is not None:
            # The gate looks for it at its own emitter's, whichever that is.
            gate.mark.emitter.calls.add_book(self._book)

    def _announce(
        self, call: HeldCall, *, confirmed_by: str | None, asked_here: bool, sentence: Summary
    ) -> None:
        """A held call runs, says its gate (see Announcer)."""
        run = self._book.get_held(call)
        if run is None:
            raise ProtocolError(
                "SEQ-2", f"The call of {call.tool} is over; it may not run.", field="tool_call_id"
            )
        if call.resumed_from is not None:
            return  # Announced before the pause.
        irreversible = call.policy.irreversible or None
        if irreversible and not asked_here:
            # SEQ-6: nobody was asked in this session, so the flag may not be set here.
            sentence = Summary.of("tool.confirmed_elsewhere", sentence=sentence)
            irreversible = None
        self._emitter.tool_invoked(
            session_id=call.session_id,
            tool=call.tool,
            tool_call_id=call.call_id,
            spoken_name=call.spoken_name,
            description=call.policy.description,
            args_summary=spoken_arguments(call.arguments) or None,
            risk_level=call.policy.risk_level,
            irreversible=irreversible,
            confirmed_by=confirmed_by if asked_here else None,
            summary=sentence,
        )
        run.call = Call(call.call_id, call.tool, call.spoken_name, call)

    def end_tool(self, run: Run, output: object) -> None:
        """A tool has returned."""
        call = run.call
        known = call or run.held
        if known is None:
            return
        run.root.said_before_tool = len(run.root.said)
        result = tool_result(output)
        if result.never_ran:
            logger.error(
                "The tool %s returned a coroutine nobody awaited: it was given an async function as "
                "func; pass it as coroutine instead.",
                known.tool,
            )
        if call is None:
            if run.held is not None and not result.failed:
                self._end_unannounced(run.held)
            return
        if result.failed:
            problem: str | Summary | None = (
                Summary.of("tool.never_ran", tool=call.spoken)
                if result.never_ran
                else error_text(ToolException(result.text))  # As if it had been raised.
            )
            self._complete(run, call, "error", problem)
            return
        heard = for_ears(result.text)
        self._emitter.tool_completed(
            session_id=run.root.session_id,
            tool=call.tool,
            tool_call_id=call.call_id,
            status="success",
            summary=Summary.of("tool.completed_with_result", tool=call.spoken, result=heard)
            if heard
            else None,
        )

    def _end_unannounced(self, held: HeldCall) -> None:
        """A gated tool has returned without having been announced: refused, or not run at all, or worse."""
        if held.standing is Standing.REFUSED:
            return
        if held.standing is Standing.HELD and not held.returns_when_run:
            logger.info("The tool %s has ended without reaching its gate.", held.tool)
            return
        logger.error(
            "The tool %s has returned without its gate having decided; it may have run unasked.",
            held.tool,
        )
        if held.standing is Standing.HELD:
            self._emitter.progress_updated(
                session_id=held.session_id,
                description=held.spoken_name,
                summary=Summary.of("tool.gate_missed", tool=held.spoken_name),
                urgency="normal",
            )

    def fail_tool(self, run: Run, error: BaseException, tool_call_id: str | None) -> None:
        """A tool or a search raised: failed, timed out, paused, or passed control on.

        Of a held call that never ran, because its arguments were bad or its gate refused it, there is
        nothing to say; the state stays as it is.
        """
        call = run.call
        if call is None:
            return
        if is_pause(error):
            # Its graph waits for an answer; the same call goes on after it (known failure 1).
            run.root.suspended[tool_call_id or str(run.run_id)] = call
            return
        if is_control_flow(error):
            self._complete(run, call, "success", None)
            return
        if cancellation_of(error) is not None:
            return  # The root's end follows and closes what is open.
        if isinstance(error, TimeoutError):
            self._complete(run, call, "timeout", None)
            return
        self._complete(run, call, "error", error_text(error) or classify(error).problem)

    def start_retriever(self, run: Run, name: str, query: str) -> None:
        """A search begins; it has no effects, so it is low risk."""
        call = Call(
            make_id("call"), tool_name(None, name or "retriever"), spoken_form(name or "documents")
        )
        self._emitter.tool_invoked(
            session_id=run.root.session_id,
            tool=call.tool,
            tool_call_id=call.call_id,
            spoken_name=call.spoken,
            args_summary=spoken_arguments({"query": query}) or None,
            risk_level="low",
            summary=Summary.of("retriever.invoked", source=call.spoken, query=for_ears(query)),
        )
        run.call = call

    def end_retriever(self, run: Run, count: int) -> None:
        """A search has found something, or nothing."""
        if run.call is not None:
            self._emitter.tool_completed(
                session_id=run.root.session_id,
                tool=run.call.tool,
                tool_call_id=run.call.call_id,
                status="success",
                summary=Summary.of("retriever.completed", count=count),
            )

    def _complete(self, run: Run, call: Call, status: str, problem: str | Summary | None) -> None:
        self._emitter.tool_completed(
            session_id=run.root.session_id,
            tool=call.tool,
            tool_call_id=call.call_id,
            status=status,  # type: ignore[arg-type]
            error_message=problem,
        )

    def _policy(self, name: str, metadata: Mapping[str, object] | None) -> ToolPolicy:
        by_name = self._tools.get(name, NO_POLICY)
        own = (metadata or {}).get(METADATA_KEY)
        if own is None:
            return by_name
        try:
            return by_name.over(ToolPolicy.from_metadata(own))
        except Exception as error:  # noqa: BLE001 - metadata may be anything.
            # The call is announced all the same: silence would be worse than a plain sentence.
            self._warn_once(f"The policy in the metadata of the tool {name} is left out: {error}")
            return by_name.over(ToolPolicy(irreversible=_says_irreversible(own)))

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            logger.warning("%s", warning)


def _says_irreversible(policy: object) -> bool | None:
    """Whether a policy that makes no sense as a whole still says that the tool cannot be undone."""
    try:
        return True if isinstance(policy, Mapping) and policy.get("irreversible") else None
    except Exception:  # noqa: BLE001 - foreign object
        return None


def for_ears(text: str) -> str:
    """A text on one line, cut to what a listener can be expected to sit through."""
    return human_text(" ".join(text.split()), _HEARD_RESULT)
