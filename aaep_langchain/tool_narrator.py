"""What the emitter is told of tools and searches: announced, held for their gate, completed, failed.

Boundary: run records and plain values in, emitter calls out; knows nothing of callback signatures.
Failure policy: faults pass to the handler, which swallows and logs them (D3).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from langchain_core.tools import ToolException

from aaep_helpers import AAEPEmitter
from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting import spoken_form
from aaep_helpers.failures import classify, error_text
from aaep_helpers.ids import make_id
from aaep_helpers.spoken_values import spoken_arguments
from aaep_helpers.text import human_text
from aaep_helpers.tool_policy import METADATA_KEY, NO_POLICY, ToolPolicy
from aaep_langchain.endings import cancellation_of, is_control_flow, is_pause
from aaep_langchain.reading import tool_arguments, tool_name, tool_result
from aaep_langchain.runs import Call, Run

logger = logging.getLogger("aaep_langchain")

# For ears: what is repeated of a request or a result; the rest is in the fields beside it.
_HEARD_RESULT = 500


class ToolNarrator:
    """Tells the emitter what tools and searches do.

    Args:
        emitter: Where the events go.
        tools: Policies by tool name.
    """

    def __init__(self, emitter: AAEPEmitter, tools: Mapping[str, ToolPolicy]) -> None:
        self._emitter = emitter
        self._tools = tools
        self._warned: set[str] = set()

    def start_tool(
        self,
        run: Run,
        name: str,
        description: str | None,
        inputs: object,
        metadata: Mapping[str, object] | None,
        tool_call_id: str | None,
    ) -> None:
        """A tool is about to run.

        Args:
            run: Its run.
            name: What it is called in the agent, which the protocol may not allow as it is.
            description: What it does.
            inputs: What it is given.
            metadata: Its run's, with its own merged in.
            tool_call_id: LangChain's id of the call.
        """
        resumed = run.root.suspended.pop(tool_call_id, None) if tool_call_id else None
        if resumed is not None:
            run.call = (
                resumed  # The call that a pause left open goes on; it was announced (fact 13).
            )
            return
        policy = self._policy(name, metadata).over(ToolPolicy(description=description))
        arguments = tool_arguments(inputs, inputs)
        sentence = policy.sentence(name, arguments)
        if policy.irreversible:
            # SEQ-6: without an accept the flag may not be set, so it is said in words.
            self._warn_once(
                f"The tool {name} is declared irreversible but nothing asks the user before it runs."
            )
            sentence = Summary.of("tool.unguarded", sentence=sentence)
        call = Call(make_id("call"), tool_name(None, name), policy.called(name))
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

    def end_tool(self, run: Run, output: object) -> None:
        """A tool has returned."""
        call = run.call
        if call is None:
            return
        run.root.said_before_tool = len(run.root.said)
        result = tool_result(output)
        if result.never_ran:
            logger.error(
                "The tool %s returned a coroutine nobody awaited: it was given an async function as "
                "func; pass it as coroutine instead.",
                call.tool,
            )
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

    def fail_tool(self, run: Run, error: BaseException, tool_call_id: str | None) -> None:
        """A tool or a search raised: failed, timed out, paused, or passed control on."""
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
        except (ValueError, TypeError) as error:
            # The call is announced all the same: silence would be worse than a plain sentence.
            self._warn_once(f"The policy in the metadata of the tool {name} is left out: {error}")
            return by_name

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            logger.warning("%s", warning)


def for_ears(text: str) -> str:
    """A text on one line, cut to what a listener can be expected to sit through."""
    return human_text(" ".join(text.split()), _HEARD_RESULT)
