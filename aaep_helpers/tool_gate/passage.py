"""The way of one call through its gate: find its place, ask, wait, then announce it or refuse it.

Written once, as a generator that yields the reply tokens it waits for, with a thin driver for threads
and one for event loops. Boundary: knows options, places, words and the emitter's questions; runs no tool.
Failure policy (D2): fails closed. Only a valid accept of this very question lets a call through; whatever
goes wrong on the way takes the question back and raises GateClosedError, interruptions pass as they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.errors import AaepError, CallerError, GateClosedError, ProtocolError
from aaep_helpers.events import ConfirmationRequested
from aaep_helpers.gate_mark import GateMark
from aaep_helpers.live_session import is_delivering
from aaep_helpers.session import Outcome
from aaep_helpers.text import whole_text
from aaep_helpers.tool_gate.arguments import FrozenCall
from aaep_helpers.tool_gate.options import GateOptions
from aaep_helpers.tool_gate.place import Place, find_place
from aaep_helpers.tool_gate.question import Question, question_about
from aaep_helpers.tool_gate.refusal import Refusal
from aaep_helpers.vocabulary import Decision

logger = logging.getLogger("aaep_helpers.tool_gate")

# Each try finds the question it has to wait for, or asks; a race may cost one more.
_MOST_TRIES: Final = 10_000

_REASONS: Final = {
    Outcome.REJECTED: "declined",
    Outcome.TIMED_OUT: "timed_out",
    Outcome.UNANSWERABLE: "unanswerable",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.CANCELLED: "cancelled",
}
# Those that are an answer, or the lack of one; the others say nothing about the call.
_REMEMBERED: Final = frozenset({"declined", "timed_out", "unanswerable"})

Steps = Generator[str, Decision, Refusal | None]


@dataclass(frozen=True, slots=True)
class Passage:
    """One call on its way.

    Attributes:
        emitter: Through whose sessions is asked.
        mark: The gate's own.
        options: What the gate was told.
        place: Where the call belongs.
        call: Its arguments, frozen.
    """

    emitter: AAEPEmitter
    mark: GateMark
    options: GateOptions
    place: Place
    call: FrozenCall

    def pass_in_thread(self) -> Refusal | None:
        """Go the way, blocking this thread; None means that the tool may run, now and once.

        Raises:
            GateClosedError: It could not be asked, or not be announced.
        """
        steps = self._steps()
        try:
            token = next(steps)
            while True:
                try:
                    decision = self.emitter.wait_for_decision_sync(token)
                except BaseException as error:  # noqa: BLE001 - the steps decide what comes of it.
                    token = steps.throw(error)
                else:
                    token = steps.send(decision)
        except StopIteration as end:
            return _verdict(end)

    async def pass_on_loop(self) -> Refusal | None:
        """`pass_in_thread` for an event loop; costs no thread."""
        steps = self._steps()
        try:
            token = next(steps)
            while True:
                try:
                    decision = await self.emitter.wait_for_decision(token)
                except BaseException as error:  # noqa: BLE001 - the steps decide what comes of it.
                    token = steps.throw(error)
                else:
                    token = steps.send(decision)
        except StopIteration as end:
            return _verdict(end)

    def _steps(self) -> Steps:
        try:
            refusal = yield from self._decide()
        except GateClosedError:
            self._shut()
            raise
        except Exception as error:
            self._shut()
            why = f"{type(error).__name__}: {error}"
            if not isinstance(error, AaepError):
                logger.exception("The gate of %s could not do its work.", self.place.tool)
            raise GateClosedError(self.place.tool, why) from error
        except BaseException:
            self._shut()  # Ctrl-C, or a cancelled task: it passes on, and nothing runs.
            raise
        if refusal is not None:
            self._shut()
        return refusal

    def _decide(self) -> Steps:
        place, options, call = self.place, self.options, self.call
        memory = self.emitter.gates
        asks = options.asks(place.policy)
        if place.resumed:
            # It was asked and announced before the pause, and goes on as what it was then (D13).
            known = memory.confirmed(place.session_id, place.call_id)
            if asks and known != call.fingerprint:
                raise self._closed("After a pause it came back with arguments nobody confirmed.")
            place.announce(None)
            return None
        if not asks:
            place.announce(None)
            return None
        question = question_about(
            options,
            place.policy,
            tool=place.tool,
            spoken=place.spoken,
            shown=call.shown,
            language=self.emitter.language,
        )
        token = ""
        memory.begin(place.session_id, place.call_id, place.tool, call.fingerprint)
        refused_because: str | None = None
        try:
            for _ in range(_MOST_TRIES):
                ahead, times, reason = self._standing(question)
                if times >= options.ask_again_after_refusals:
                    return Refusal(place.tool, reason, repeated=True)
                # SEQ-10: while the same is being asked, this call waits for its turn.
                if ahead is not None:
                    yield ahead
                    continue
                asked = self._ask(question)
                if asked is not None:
                    token = asked
                    break
            if not token:
                raise self._closed("The same question was open all the time.")
            refusal = yield from self._await_answer(token)
            if refusal is not None and refusal.reason in _REMEMBERED:
                refused_because = refusal.reason
            return refusal
        finally:
            memory.end(place.session_id, place.call_id, refused_because)

    def _await_answer(self, token: str) -> Steps:
        """Wait for the end of the question; announce the call where it is an accept."""
        place, call = self.place, self.call
        try:
            decision = yield token
            refusal = self._refusal(token, decision)
            if refusal is not None:
                return refusal
            if not call.is_unchanged():
                raise self._closed("Its arguments were changed while the user was asked.")
            self.emitter.gates.note_confirmation(place.session_id, place.call_id, call.fingerprint)
            place.announce(token)
        except BaseException:
            # A question nobody waits for any more, or a yes that was not used, is no good (CNF-8).
            with suppress(Exception):
                self.emitter.withdraw_question(token)
            raise
        return None

    def _ask(self, question: Question) -> str | None:
        """Ask; None where the same question was asked in the meantime."""
        policy = self.place.policy
        try:
            return self.emitter.await_confirmation(
                session_id=self.place.session_id,
                action=question.action,
                consequence=question.consequence,
                timeout_seconds=self.options.timeout_seconds,
                default_decision="reject",  # CNF-16: there is no other.
                risk_level=policy.risk_level,
                irreversible=bool(policy.irreversible),
                extra_context=question.context,
                tool_call_id=self.place.call_id,
                summary=question.summary,
            )
        except ProtocolError as error:
            if error.rule == "SEQ-10":
                return None
            raise

    def _standing(self, question: Question) -> tuple[str | None, int, str]:
        """The open question with the same action, and how often this call was refused, and why.

        Both are read at one moment: a question that is not open any more has been counted.
        """
        session = self.emitter._live(self.place.session_id)
        wanted = _heard(whole_text(question.action))
        with session.lock:
            state = session.machine.state
            ahead = next(
                (
                    token
                    for token, open_question in state.questions.items()
                    if isinstance(open_question.payload, ConfirmationRequested)
                    and _heard(open_question.payload.action) == wanted
                ),
                None,
            )
            times, reason = self.emitter.gates.refusals(
                self.place.session_id, self.place.tool, self.call.fingerprint, state.refused_calls
            )
        return ahead, times, reason

    def _refusal(self, token: str, decision: Decision) -> Refusal | None:
        """What the end of the question means; None for an accept by a reply and for nothing else."""
        settled = self.emitter.settlement(token)
        if settled is None or settled.session_id != self.place.session_id:
            raise self._closed("What became of the question is not known.")
        if decision == "accept" and settled.outcome is Outcome.ACCEPTED:
            return None
        reason = _REASONS.get(settled.outcome)
        if reason is None:
            raise self._closed(settled.why or "The question ended in a way that is no answer.")
        return Refusal(self.place.tool, reason)

    def _shut(self) -> None:
        with suppress(CallerError):
            self.place.refuse()

    def _closed(self, why: str) -> GateClosedError:
        return GateClosedError(self.place.tool, why)


def open_passage(
    emitter: AAEPEmitter, mark: GateMark, options: GateOptions, call: FrozenCall, *, blocks: bool
) -> Passage:
    """The way of a call that was just made; call it where the tool was called.

    Args:
        emitter: The gate's.
        mark: The gate's own.
        options: What the gate was told.
        call: Its arguments, frozen.
        blocks: Whether waiting will block this thread.

    Raises:
        GateClosedError: It belongs nowhere, or waiting here would stop the answer from coming.
    """
    place = find_place(emitter, mark, options.policy(), call.shown)
    passage = Passage(emitter, mark, options, place, call)
    if blocks and options.asks(place.policy) and not place.resumed:
        why = _why_not_block()
        if why:
            passage._shut()
            raise GateClosedError(place.tool, why)
    return passage


def _why_not_block() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        return (
            "A synchronous tool was called on the thread of a running event loop: waiting for the answer "
            "would stop the loop that may have to bring it. Make the tool async, or run the agent with "
            "ainvoke, or in a thread."
        )
    if is_delivering():
        return "It was called inside a listener's callback, which others wait for."
    return ""


def _heard(action: str) -> str:
    # As the session compares them: a listener hears no difference in spaces and capitals.
    return " ".join(action.split()).casefold()


def _verdict(end: StopIteration) -> Refusal | None:
    verdict = end.value
    if verdict is not None and not isinstance(verdict, Refusal):
        raise AssertionError("A gate ends with a refusal or with none.")
    return verdict
