"""What the emitter is told of a run tree: what each happening of a run becomes for listeners.

One method a happening. Boundary: run records and plain values in, emitter calls out; knows nothing of
callback signatures. Failure policy: faults pass to the handler, which swallows and logs them (D3).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from aaep_helpers import AAEPEmitter
from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.emitting import spoken_form
from aaep_helpers.events import OutputForm
from aaep_helpers.failures import classify
from aaep_helpers.ids import make_id
from aaep_helpers.text import human_text
from aaep_helpers.vocabulary import AWAITING_INPUT
from aaep_langchain.answering import answers_of_node, new_words, verdict_on_model
from aaep_langchain.endings import (
    STREAM_CLOSED,
    Cancellation,
    cancellation_of,
    is_pause,
)
from aaep_langchain.hearing import CarefulRule
from aaep_langchain.reading import is_resume, request_text
from aaep_langchain.runs import RootRun, Run, RunBook, RunKind, Speech, TextSource
from aaep_langchain.tool_narrator import for_ears

logger = logging.getLogger("aaep_langchain")

# For ears: what is repeated of a request or an answer; the rest is in the fields beside it.
_HEARD_REQUEST = 200
_HEARD_ANSWER = 1000


class Narrator:
    """Tells the emitter what happens in runs.

    Args:
        emitter: Where the events go.
        book: The runs of the handler.
        form: What outputs are made of.
        rule: The application's own on whose words are heard.
    """

    def __init__(
        self,
        emitter: AAEPEmitter,
        book: RunBook,
        form: OutputForm,
        rule: CarefulRule | None = None,
    ) -> None:
        self._emitter = emitter
        self._book = book
        self._form = form
        self._rule = rule

    # Roots

    def start_root(
        self, run_id: UUID, kind: RunKind, inputs: object, metadata: Mapping[str, object] | None
    ) -> Run:
        """A root run begins: a new session, or the paused one of its thread goes on (fact 13)."""
        thread = (metadata or {}).get("thread_id")
        thread_id = str(thread) if thread is not None else None
        paused = self._book.take_paused(thread_id)
        if paused is not None and self._emitter.is_live(paused.session_id):
            if is_resume(inputs):
                paused.run_id = run_id
                paused.question = None
                run = self._book.add_root(paused, kind)
                self._emitter.settle_state(
                    session_id=paused.session_id,
                    summary=Summary.of("session.resumed"),
                    urgency="normal",
                )
                return run
            self._supersede(paused)
        request = request_text(inputs)
        root = RootRun(run_id, make_id("sess"), thread_id)
        try:
            self._emitter.start_session(
                session_id=root.session_id,
                summary=Summary.of(
                    "session.started_with_request", request=human_text(request, _HEARD_REQUEST)
                )
                if request
                else Summary.of("session.started"),
                request_text=request or None,
            )
        except BaseException as error:
            # Ctrl-C inside a listener: of a run that could not start LangChain tells no end.
            if self._emitter.is_live(root.session_id):
                self.fail_root(root, error)
            raise
        return self._book.add_root(root, kind)

    def end_root(self, root: RootRun, answer: str) -> None:
        """A root run has ended without an error: paused, or done."""
        if root.question is not None:
            self._pause(root, root.question)
            return
        speaking = self._speaking(root)
        if any(_so_far(run).startswith(answer) for run in speaking):
            # A chain whose stream is closed reports a normal end in the middle of its model's words.
            self._cancel(root, STREAM_CLOSED)
            return
        for run in speaking:
            self.end_speech(run, None)  # Given up for another answer, which comes after it.
        try:
            self.say(root, new_words(root, answer))
        finally:
            self._end(
                root,
                self._emitter.complete_session,
                output_summary=human_text(answer, _HEARD_ANSWER) if answer else None,
            )

    def fail_root(self, root: RootRun, error: BaseException) -> None:
        """A root run has ended with an exception: paused, stopped, or failed."""
        if is_pause(error):
            self._pause(root, root.question or "")
            return
        cancellation = cancellation_of(error)
        if cancellation is not None:
            self._cancel(root, cancellation)
            return
        failure = classify(error)
        summary = (
            Summary.of("session.errored", problem=failure.problem)
            if failure.remedy is None
            else Summary.of(
                "session.errored_with_remedy", problem=failure.problem, remedy=failure.remedy
            )
        )
        self._end(
            root,
            partial(self._emitter.error_session, error_category=failure.category),
            error_code=failure.code,
            recoverable=failure.recoverable,
            remediation_hint=failure.remedy,
            summary=summary,
        )

    def _speaking(self, root: RootRun) -> list[Run]:
        """The models of a tree that have begun to speak and not ended."""
        runs = [self._book.get(run_id) for run_id in list(root.runs)]
        return [
            run
            for run in runs
            if run is not None and run.speech is not None and run.speech.begun and not run.ended
        ]

    def _cancel(self, root: RootRun, cancellation: Cancellation) -> None:
        self._end(
            root,
            partial(self._emitter.cancel_session, cancelled_by=cancellation.by),
            cancellation_reason=cancellation.reason,
            summary=cancellation.summary,
        )

    def _end(self, root: RootRun, end: Callable[..., None], **details: object) -> None:
        """End the session of a root and forget it: with fewer words rather than not at all."""
        try:
            end(session_id=root.session_id, **details)
        except Exception:
            if self._emitter.is_live(root.session_id):
                end(session_id=root.session_id)
            raise
        finally:
            self._book.drop(root)

    def give_up_stale(self) -> None:
        """End the sessions of runs whose end was never heard (known failure 11)."""
        for root in self._book.stale():
            if not self._emitter.is_live(root.session_id):
                self._book.drop(root)
                continue
            self._end(
                root,
                partial(self._emitter.cancel_session, cancelled_by="timeout"),
                cancellation_reason="no_end_heard",
                summary=Summary.of("session.given_up"),
            )

    def _supersede(self, paused: RootRun) -> None:
        self._emitter.cancel_session(
            session_id=paused.session_id,
            cancelled_by="user",
            cancellation_reason="superseded",
            summary=Summary.of("session.superseded"),
        )

    def _pause(self, root: RootRun, question: str) -> None:
        if root.thread_id is None:
            # Without a thread there is no checkpointer, and nothing can take an answer (fact 13).
            self._end(
                root,
                partial(self._emitter.cancel_session, cancelled_by="producer"),
                cancellation_reason="not_resumable",
                summary=Summary.of("session.unresumable"),
            )
            return
        try:
            self._emitter.state_changed(
                session_id=root.session_id,
                to_state=AWAITING_INPUT,
                urgency="normal",
                summary=Summary.of("session.paused_with_question", question=for_ears(question))
                if question
                else Summary.of("session.paused"),
            )
        finally:
            replaced = self._book.pause(root)
        if replaced is not None and self._emitter.is_live(replaced.session_id):
            self._supersede(replaced)  # Both ran at once; only the last one can be resumed.

    # Models

    def start_model(
        self,
        run: Run,
        tags: Sequence[str] | None,
        metadata: Mapping[str, object] | None,
        call: Mapping[str, object],
    ) -> None:
        """A model is asked: the agent is thinking, and what it says may be for the user."""
        verdict = verdict_on_model(run, self._rule, tags=tags, metadata=metadata, call=call)
        if verdict == "said":
            run.speech = Speech(self._form)
        self._emitter.settle_state(session_id=run.root.session_id)

    def end_speech(self, run: Run, final: str | None) -> None:
        """A model has said all it will: what was not streamed is said now (known failures 19, 20).

        Args:
            run: The model's run.
            final: The whole text; None where the model failed in the middle of it.
        """
        speech = run.speech
        if speech is None:
            if final and run.verdict == "never":
                run.root.never.append(final)
            return
        streamed = "".join(speech.parts)
        # Where the two disagree, what was heard stands; nothing is said twice.
        rest = final[len(streamed) :] if final is not None and final.startswith(streamed) else ""
        if (streamed + rest).strip():
            run.root.said.append(streamed + rest)
            pending = "" if speech.begun else streamed
            self._emitter.add_text(
                run.root.session_id,
                speech.output_id,
                pending + rest,
                form=speech.form,
                complete=True,
            )

    def add_token(self, run: Run, speech: Speech, text: str, source: TextSource = "tokens") -> None:
        """A model said a little more; white space waits for the first word (known failure 15)."""
        if speech.source is None:
            speech.source = source
        elif speech.source != source:
            return  # The same words again (fact 7).
        speech.parts.append(text)
        if not speech.begun:
            if text.isspace():
                return
            speech.begun = True
            text = "".join(speech.parts)
        self._emitter.add_text(run.root.session_id, speech.output_id, text, form=speech.form)

    def end_node(self, run: Run, outputs: object) -> None:
        """A chain below the root has ended: a graph's node may have brought an answer no model spoke."""
        for answer in answers_of_node(run, self._rule, outputs):
            self.say(run.root, answer)

    def finish_agent(self, run: Run, answer: str) -> None:
        """An AgentExecutor has its answer, which may not have been heard yet (fact 8)."""
        if not run.inside_tool:
            self.say(run.root, new_words(run.root, answer))

    def hand_over(self, run: Run, agents: Sequence[str]) -> None:
        """A tool has handed its agent's request over to others (TYP-4)."""
        words = default_catalogue()
        language = words.language_for(self._emitter.language)
        for agent in agents:
            why = Summary.of("handoff.reason", agent=spoken_form(agent))
            self._emitter.request_handoff(
                session_id=run.root.session_id,
                reason=words.render(why, language, "normal") or agent,
                target_kind="specialist_agent",
                summary=Summary.of("handoff.requested", reason=why),
            )

    def say(self, root: RootRun, text: str) -> None:
        """Say something whole, as an output of its own."""
        if not text.strip():
            return
        self._emitter.add_text(
            root.session_id, make_id("out"), text, form=self._form, complete=True
        )
        root.said.append(text)

    # What else there is to hear

    def report_progress(self, root: RootRun, data: object) -> None:
        """How far the application says it is: percent, step, total_steps, description."""
        values = data if isinstance(data, Mapping) else {}
        self._emitter.progress_updated(
            session_id=root.session_id,
            percent=values.get("percent"),
            step=values.get("step"),
            total_steps=values.get("total_steps"),
            description=values.get("description"),
        )


def _so_far(run: Run) -> str:
    return "".join(run.speech.parts).lstrip() if run.speech is not None else ""
