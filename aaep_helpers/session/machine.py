"""One session as a pure state machine: moves and the time in, facts out (RULES section 3).

It has no I/O, no clock, no lock and no ids of its own; an illegal order cannot come out of it. It also
closes whatever is open when a session ends, so that no producer has to (SEQ-2, SEQ-4, SEQ-9, SEQ-12).
Failure policy: an illegal move raises ProtocolError and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue.summary import Summary
from aaep_helpers.session import legality
from aaep_helpers.session.moves import (
    AddText,
    Ask,
    CloseOutput,
    InvokeTool,
    Move,
    Outcome,
    Resolve,
    Revoke,
)
from aaep_helpers.session.state import (
    Accept,
    OpenOutput,
    OpenQuestion,
    OpenTool,
    Phase,
    SessionState,
)

Step = e.Payload | e.TextDelta | e.OutputClosed

_NAMED_STATES: Final = frozenset(
    {
        v.IDLE,
        v.THINKING,
        v.CALLING_TOOL,
        v.WRITING_OUTPUT,
        v.AWAITING_INPUT,
        v.DECIDING,
        v.HANDING_OFF,
    }
)


def state_summary(state: str) -> Summary:
    """What a listener is told about a state when the producer brings no words of its own."""
    if state in _NAMED_STATES:
        return Summary.of(f"state.{state}")
    return Summary.of("state.other", state=state.replace("_", " "))


class SessionMachine:
    """The state of one session and what may happen in it.

    Args:
        session_id: Names the session in errors.
    """

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._state = SessionState()
        # Each move has one small method; the table keeps `apply` free of branches.
        self._moves: dict[type, Callable[[Any, int], list[Step]]] = {
            e.SessionStarted: self._start,
            e.StateChanged: self._change_state,
            e.ProgressUpdated: self._report,
            InvokeTool: self._invoke_tool,
            e.ToolCompleted: self._complete_tool,
            AddText: self._add_text,
            CloseOutput: self._close_output,
            Ask: self._ask,
            Resolve: self._resolve,
            Revoke: self._revoke,
            e.HandoffRequested: self._report,
            e.SessionCompleted: self._end,
            e.SessionErrored: self._end,
            e.SessionCancelled: self._end,
        }

    @property
    def state(self) -> SessionState:
        """What the session remembers; read it, never change it."""
        return self._state

    def check(self, move: Move) -> None:
        """Whether `apply` would accept `move`; changes nothing.

        Raises:
            ProtocolError: It would not; says which rule and which argument.
        """
        legality.check(self._state, move, self.session_id)

    def apply(self, move: Move, now_ms: int) -> list[Step]:
        """Make a move.

        Args:
            move: What is asked of the session.
            now_ms: The time, in milliseconds since 1970-01-01 UTC.

        Returns:
            What listeners are to be told, in order; the move's own payload is in it as it was given.

        Raises:
            ProtocolError: The move is illegal now; nothing has changed.
        """
        self.check(move)
        return self._moves[type(move)](move, now_ms)

    def _start(self, move: e.SessionStarted, now_ms: int) -> list[Step]:
        self._state.phase = Phase.LIVE
        self._state.started_ms = now_ms
        return [move]

    def _change_state(self, move: e.StateChanged, now_ms: int) -> list[Step]:
        if move.to_state == self._state.state:
            return []
        self._enter(move.to_state)
        return [move]

    def _report(self, move: e.ProgressUpdated | e.HandoffRequested, now_ms: int) -> list[Step]:
        return [move]

    def _invoke_tool(self, move: InvokeTool, now_ms: int) -> list[Step]:
        payload = move.payload
        # An accept is good for one call (CNF-16): naming it or needing it uses it up.
        token = legality.usable_accept(self._state, move) if payload.irreversible else None
        self._state.accepts.pop(token or move.confirmed_by or "", None)
        self._state.tools[payload.tool_call_id] = OpenTool(payload.tool, move.spoken, now_ms)
        self._state.tool_count += 1
        return [*self._settled(), payload]

    def _complete_tool(self, move: e.ToolCompleted, now_ms: int) -> list[Step]:
        del self._state.tools[move.tool_call_id]
        self._state.closed_calls.add(move.tool_call_id)
        return [move, *self._settled()]

    def _add_text(self, move: AddText, now_ms: int) -> list[Step]:
        if not move.text:
            return []
        output = self._state.outputs.get(move.output_id)
        if output is None:
            output = self._state.outputs[move.output_id] = OpenOutput(move.form)
        delta = e.TextDelta(move.output_id, move.text, output.length, output.form, move.ends_at)
        output.length += len(move.text)
        if self._state.state == v.WRITING_OUTPUT:
            return [delta]
        return [*self._settled(), delta]

    def _close_output(self, move: CloseOutput, now_ms: int) -> list[Step]:
        if self._state.outputs.pop(move.output_id, None) is None:
            return []
        self._state.closed_outputs.add(move.output_id)
        return [e.OutputClosed(move.output_id), *self._settled()]

    def _ask(self, move: Ask, now_ms: int) -> list[Step]:
        token = move.payload.reply_token
        self._state.asked.add(token)
        self._state.questions[token] = OpenQuestion(move.payload, move.tool_call_id)
        return [*self._settled(), move.payload]

    def _resolve(self, move: Resolve, now_ms: int) -> list[Step]:
        question = self._state.questions.pop(move.reply_token)
        payload = question.payload
        if move.outcome is Outcome.ACCEPTED and isinstance(payload, e.ConfirmationRequested):
            # CNF-2: `reversibility: irreversible` says the same as `irreversible: true`.
            irreversible = payload.irreversible is True or payload.reversibility == "irreversible"
            self._state.accepts[move.reply_token] = Accept(question.tool_call_id, irreversible)
        elif question.tool_call_id is not None:
            self._state.refused_calls.add(question.tool_call_id)
        # SEQ-7: a state.changed follows every resolution, even where the state stays as it is.
        return [self._go(legality.derived_state(self._state) or move.then, move.summary)]

    def _revoke(self, move: Revoke, now_ms: int) -> list[Step]:
        accept = self._state.accepts.pop(move.reply_token)
        if accept.tool_call_id is not None:
            self._state.refused_calls.add(accept.tool_call_id)
        return [self._go(legality.derived_state(self._state) or v.THINKING, move.summary)]

    def _end(self, move: e.TerminalPayload, now_ms: int) -> list[Step]:
        state = self._state
        worked = bool(state.tool_count or state.outputs or state.closed_outputs)
        steps: list[Step] = [e.OutputClosed(output_id) for output_id in state.outputs]
        steps += [
            e.ToolCompleted(
                tool=tool.tool,
                status="timeout",
                tool_call_id=call_id,
                duration_ms=max(0, now_ms - tool.started_ms),
                summary=Summary.of("tool.unfinished", tool=tool.spoken),
            )
            for call_id, tool in state.tools.items()
        ]
        # CNF-8: open questions end with the session, and so do their tokens. SEQ-7: each is told by a
        # state.changed of its own; the last by the one that leaves awaiting_input.
        withdrawn = Summary.of("question.withdrawn") if state.questions else None
        steps += [self._go(v.AWAITING_INPUT, withdrawn) for _ in list(state.questions)[1:]]
        for open_things in (state.outputs, state.tools, state.questions, state.accepts):
            open_things.clear()
        if worked and not state.has_thought:
            # TYP-1: it thinks once all of it is closed, as it would have if its producer had closed it.
            steps.append(self._go(v.THINKING, withdrawn))
            withdrawn = None
        if state.state != v.IDLE:
            steps.append(self._go(v.IDLE, withdrawn))
        state.phase = Phase.ENDED
        return [*steps, move]

    def _settled(self) -> list[Step]:
        """The state.changed that SEQ-11 asks for after something opened or closed, if any."""
        wanted = legality.derived_state(self._state) or v.THINKING
        return [] if wanted == self._state.state else [self._go(wanted)]

    def _go(self, to_state: str, summary: Summary | None = None) -> e.StateChanged:
        change = e.StateChanged(
            from_state=self._state.state,
            to_state=to_state,
            summary=summary or state_summary(to_state),
        )
        self._enter(to_state)
        return change

    def _enter(self, to_state: str) -> None:
        self._state.state = to_state
        self._state.has_thought = self._state.has_thought or to_state == v.THINKING
