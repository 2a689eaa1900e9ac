"""AAEPCallbackHandler: every lifecycle callback of LangChain and LangGraph becomes a valid AAEP event.

It only translates: records are in runs, words in the catalogue, order and closing in the session.
Boundary: LangChain in, emitter calls out. Failure policy (D3): its own faults are logged once with the
run id and swallowed; the agent never notices them. One thing is raised on purpose: where the application
asked for it, a tool that cannot be undone and asks nobody is stopped. It runs inline, because LangChain
otherwise hops to a thread for every token of an async run (fact 3).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

from langchain_core.agents import AgentAction, AgentFinish
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult
from langgraph.callbacks import GraphInterruptEvent, GraphResumeEvent

from aaep_helpers import AAEPEmitter, UnguardedToolError
from aaep_helpers.events import OutputForm
from aaep_helpers.tool_policy import ToolPolicy
from aaep_langchain.answering import answer_of_root, place_chain
from aaep_langchain.descendants import (
    hear_descendants,
    is_passed_on,
    pass_through,
    pass_through_async,
)
from aaep_langchain.guarding import GuardedHandler, guarded
from aaep_langchain.hearing import OutputPolicy, OutputRule, output_rule
from aaep_langchain.narrator import Narrator
from aaep_langchain.reading import (
    answer_text,
    handoff_targets,
    interrupt_question,
    model_text,
    run_name,
    stream_event_text,
    text_of,
)
from aaep_langchain.runs import Run, RunBook, RunKind
from aaep_langchain.surroundings import surrounding_run_id
from aaep_langchain.tool_narrator import UNGUARDED, ToolNarrator, Treatment, Unguarded

logger = logging.getLogger("aaep_langchain")


class AAEPCallbackHandler(GuardedHandler):
    """Attach it to an agent, and listeners hear what the agent does.

    One handler serves any number of runs at once, from threads and event loops (D4). Each root run is a
    session of its own; a graph that pauses for an answer keeps its session until the thread is resumed.

    Args:
        emitter: Where the events go.
        live: Ask LangChain to stream the model even under invoke(), so that the answer is heard while it
            is written (fact 6). False leaves model calls as they are.
        tools: How tools are treated and announced, by name; counts before a tool's own metadata.
        unguarded: What happens to a tool that cannot be undone, says its policy, and asks nobody: it is
            announced in words that say so, or its call is refused with an UnguardedToolError.
        announce_text: Whether on_text callbacks are said aloud; most chains print prompts there.
        output_language: Language tag of what the agent says; None means the emitter's.
        forget_after: After how many seconds without a callback a run, or a session that waits for an
            answer, is given up as timed out.
        output: Whose words are the answer: an OutputPolicy, or a function that gets a Speaker and returns
            whether it is heard; None takes the default (docs/output.md).

    Raises:
        ValueError: `output` is neither.
    """

    def __init__(
        self,
        emitter: AAEPEmitter,
        *,
        live: bool = True,
        tools: Mapping[str, ToolPolicy] | None = None,
        unguarded: Unguarded = "announce",
        announce_text: bool = False,
        output_language: str | None = None,
        forget_after: float = 86_400.0,
        output: OutputPolicy | OutputRule | None = None,
    ) -> None:
        super().__init__(RunBook(emitter.clock, forget_after))
        if unguarded not in UNGUARDED:
            raise ValueError(f"unguarded is one of {', '.join(UNGUARDED)}, not {unguarded!r}.")
        self.emitter = emitter
        self._form = OutputForm(language=output_language or emitter.language)
        self._narrator = Narrator(emitter, self._book, self._form, output_rule(output))
        self._tools = ToolNarrator(emitter, self._book, dict(tools or {}), unguarded)
        self._announce_text = announce_text
        self.live = live
        if live:
            # LangChain streams for a handler that has these two methods, and for no other reason; they
            # must not exist where streaming is not wanted, because only their presence is asked for.
            self.tap_output_iter = pass_through
            self.tap_output_aiter = pass_through_async

    @property
    def open_runs(self) -> int:
        """How many runs and paused sessions it keeps in memory; 0 when nothing is under way."""
        return len(self._book)

    def _begin(
        self,
        run_id: UUID,
        parent_run_id: UUID | None,
        kind: RunKind,
        inputs: object,
        metadata: Mapping[str, object] | None,
    ) -> Run | None:
        """The record of a run that starts; None where it is known already or its root is over."""
        if parent_run_id is None:
            around = surrounding_run_id()
            if around is not None and self._book.is_live(around):
                parent_run_id = around
        if not self._book.is_new_root(run_id, parent_run_id):
            return self._book.add_child(run_id, parent_run_id, kind)
        self._narrator.give_up_stale()
        try:
            run = self._narrator.start_root(run_id, kind, inputs, metadata)
        except BaseException:
            self._book.refuse(run_id)  # Or each of its children would be taken for a root.
            raise
        if not is_passed_on(self):
            fan_out = hear_descendants(self)
            run.root.on_drop = lambda: fan_out.end(self)
        return run

    def _end_if_root(self, run: Run, answer: str) -> None:
        if run.root.run_id == run.run_id:
            self._narrator.end_root(run.root, answer)

    def _fail_if_root(self, run: Run, error: BaseException) -> None:
        if run.root.run_id == run.run_id:
            self._narrator.fail_root(run.root, error)

    # Chains

    @guarded
    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A chain or graph begins; one without a parent we know is a session."""
        run = self._begin(run_id, parent_run_id, "chain", inputs, metadata)
        if run is not None:
            place_chain(run, run_name(serialized, kwargs.get("name")), metadata, inputs)

    @guarded
    def on_chain_end(
        self, outputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A chain or graph has ended; a root's end ends its session."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._narrator.end_node(run, outputs)
            finally:
                self._end_if_root(run, answer_of_root(run.root, outputs))

    @guarded
    def on_chain_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A chain or graph failed, was stopped, or paused."""
        run = self._book.end(run_id)
        if run is not None:
            self._fail_if_root(run, error)

    # Models

    @guarded
    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A chat model is asked."""
        request = messages[0] if messages else []
        name = run_name(serialized, kwargs.get("name"))
        self._start_model(run_id, parent_run_id, request, tags, metadata, name, kwargs)

    @guarded
    def on_llm_start(
        self,
        serialized: dict[str, Any] | None,
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A text model is asked."""
        request = prompts[0] if prompts else ""
        name = run_name(serialized, kwargs.get("name"))
        self._start_model(run_id, parent_run_id, request, tags, metadata, name, kwargs)

    def _start_model(
        self,
        run_id: UUID,
        parent_run_id: UUID | None,
        request: object,
        tags: Sequence[str] | None,
        metadata: Mapping[str, object] | None,
        name: str,
        kwargs: Mapping[str, Any],
    ) -> None:
        run = self._begin(run_id, parent_run_id, "model", request, metadata)
        if run is not None:
            run.name = name
            call = {**(kwargs.get("options") or {}), **(kwargs.get("invocation_params") or {})}
            self._narrator.start_model(run, tags, metadata, call)

    # Not @guarded, which costs as much as all the rest of the way of a token; hear_token does the same.
    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A model said a little more."""
        self.hear_token(None, token, run_id)

    def hear_token(self, source: object, token: object, run_id: UUID) -> None:
        """A token, from LangChain itself (None) or from a fan-out."""
        run = self._book.get(run_id)
        if run is None or run.source is not source or run.speech is None or run.ended:
            return
        if run.starts > 1 and self._book.get_once(run_id) is None:
            return
        try:
            text = token if type(token) is str else text_of(token)
            if text:
                self._narrator.add_token(run, run.speech, text)
        except Exception as error:  # noqa: BLE001 - D3: the handler never breaks the agent.
            self._complain("on_llm_new_token", run_id, error)

    @guarded
    def on_stream_event(
        self,
        event: Mapping[str, Any],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A model said a little more, in a run that is streamed as v3 events."""
        run = self._book.get(run_id)
        if run is None or run.speech is None or run.ended:
            return
        text = stream_event_text(event)
        if text:
            self._narrator.add_token(run, run.speech, text, "stream_events")

    @guarded
    def on_llm_end(
        self,
        response: LLMResult,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A model has answered."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._narrator.end_speech(run, model_text(response))
            finally:  # Whatever cannot be told, a session ends with its root.
                self._end_if_root(run, answer_text(response) if run.speech is not None else "")

    @guarded
    def on_llm_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A model failed; its own output ends, the agent may go on with another (fact 8)."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._narrator.end_speech(run, None)
            finally:
                self._fail_if_root(run, error)

    # Tools and retrievers

    @guarded
    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A tool is about to run; announced before anything of it has happened (SEQ-5)."""
        name = run_name(serialized, kwargs.get("name")) or "tool"
        # Of a tool that is a root, arguments by name are no words of the user's, and input_str is their repr.
        request = input_str if inputs is None else ""
        description = (serialized or {}).get("description")
        treatment = self._tools.treatment(
            name, description if isinstance(description, str) else None, metadata
        )
        if treatment.is_refused:
            self._refuse_tool(run_id, parent_run_id, name, treatment, request, metadata)
        run = self._begin(run_id, parent_run_id, "tool", request, metadata)
        if run is not None:
            self._tools.start_tool(
                run,
                name,
                treatment,
                inputs if inputs is not None else input_str,
                kwargs.get("tool_call_id"),
            )

    def _refuse_tool(
        self,
        run_id: UUID,
        parent_run_id: UUID | None,
        name: str,
        treatment: Treatment,
        request: object,
        metadata: Mapping[str, object] | None,
    ) -> NoReturn:
        """Stop a tool before it runs; LangChain tells nothing more of its run, not even an error."""
        refusal = UnguardedToolError(name)
        try:
            run = self._begin(run_id, parent_run_id, "tool", request, metadata)
            if run is not None:
                self._book.end(run_id)
                try:
                    self._tools.refuse_tool(run, name, treatment)
                finally:
                    self._fail_if_root(run, refusal)
        except Exception as error:  # noqa: BLE001 - whatever can be told of it, the tool does not run.
            self._complain("on_tool_start", run_id, error)
        raise refusal

    @guarded
    def on_tool_end(
        self, output: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A tool has returned, or handed back an error in words."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._tools.end_tool(run, output)
                if run.parent is not None:
                    self._narrator.hand_over(run, handoff_targets(output))
            finally:
                self._end_if_root(run, "")

    @guarded
    def on_tool_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A tool raised, was stopped, or paused its graph."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._tools.fail_tool(run, error, kwargs.get("tool_call_id"))
            finally:
                self._fail_if_root(run, error)

    @guarded
    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A search begins; announced like a tool."""
        run = self._begin(run_id, parent_run_id, "retriever", query, metadata)
        if run is not None:
            self._tools.start_retriever(run, run_name(serialized, kwargs.get("name")), query)

    @guarded
    def on_retriever_end(
        self,
        documents: Sequence[Document],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A search has found what it found."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._tools.end_retriever(run, len(documents))
            finally:
                self._end_if_root(run, "")

    @guarded
    def on_retriever_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A search failed."""
        run = self._book.end(run_id)
        if run is not None:
            try:
                self._tools.fail_tool(run, error, None)
            finally:
                self._fail_if_root(run, error)

    # Graphs

    @guarded
    def on_interrupt(self, event: GraphInterruptEvent) -> None:
        """A graph pauses for an answer; its root's end follows and is no end (fact 12)."""
        run = self._book.get(event.run_id) if event.run_id is not None else None
        if run is not None:
            run.root.question = interrupt_question(event.interrupts)

    @guarded
    def on_resume(self, event: GraphResumeEvent) -> None:
        """A graph goes on; its root's start has told us already, and subgraphs repeat it (fact 12)."""

    # What else there is to hear

    @guarded
    def on_text(
        self,
        text: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """A chain prints something; said only if that was asked for."""
        run = self._book.get_once(run_id)
        if self._announce_text and run is not None:
            self._narrator.say(run.root, text)

    @guarded
    def on_agent_action(
        self,
        action: AgentAction,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """An AgentExecutor decided on a tool; the tool's own start announces it."""

    @guarded
    def on_agent_finish(
        self,
        finish: AgentFinish,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """An AgentExecutor has its answer; it never fires under create_agent, so the root's end decides."""
        run = self._book.get(run_id)
        if run is not None:
            self._narrator.finish_agent(run, answer_text(finish))

    @guarded
    def on_retry(
        self,
        retry_state: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Something is tried again; for the log."""
        logger.info("Run %s is tried again (attempt %s).", run_id, retry_state.attempt_number)

    @guarded
    def on_custom_event(
        self,
        name: str,
        data: Any,
        *,
        run_id: UUID,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """An event of the application's own; "aaep.progress" says how far it is."""
        run = self._book.get_once(run_id)
        if run is not None and name == "aaep.progress":
            self._narrator.report_progress(run.root, data)
