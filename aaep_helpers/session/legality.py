"""What is legal, as data: the phase each move needs, what must hold for it, and which state follows.

This is the one place that says no. Boundary: reads a SessionState and a move, changes neither.
Failure policy: `check` raises ProtocolError with the rule and the field, and nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.errors import ProtocolError, UnknownSessionError
from aaep_helpers.session.moves import (
    AddText,
    Ask,
    CloseOutput,
    InvokeTool,
    Move,
    Resolve,
    Revoke,
)
from aaep_helpers.session.state import Accept, Phase, SessionState


@dataclass(frozen=True, slots=True)
class Guard:
    """One thing that must hold for a move.

    Attributes:
        rule: The rule it keeps.
        field: The argument that is at fault where it does not hold.
        holds: The test. Moves differ in type, so the table is untyped in the move.
        message: What to tell the caller; may name {state...} and {move...}.
    """

    rule: str
    field: str
    holds: Callable[[SessionState, Any], bool]
    message: str


PHASES: Final[Mapping[type, Phase]] = {
    e.SessionStarted: Phase.NEW,
    e.StateChanged: Phase.LIVE,
    e.ProgressUpdated: Phase.LIVE,
    InvokeTool: Phase.LIVE,
    e.ToolCompleted: Phase.LIVE,
    AddText: Phase.LIVE,
    CloseOutput: Phase.LIVE,
    Ask: Phase.LIVE,
    Resolve: Phase.LIVE,
    Revoke: Phase.LIVE,
    e.HandoffRequested: Phase.LIVE,
    e.SessionCompleted: Phase.LIVE,
    e.SessionErrored: Phase.LIVE,
    e.SessionCancelled: Phase.LIVE,
}

# SEQ-11: what is open decides the state, the first of these that has anything; else the session is
# thinking, or whatever the producer says it is doing.
STATE_PRIORITY: Final[tuple[tuple[str, Callable[[SessionState], bool]], ...]] = (
    (v.AWAITING_INPUT, lambda state: bool(state.questions)),
    (v.CALLING_TOOL, lambda state: bool(state.tools)),
    (v.WRITING_OUTPUT, lambda state: bool(state.outputs)),
)

# The states a producer may declare while something is open. Awaiting input is always possible, because
# SEQ-8 wants it said before the question. Open text only flows while nobody says otherwise.
_DECLARABLE: Final[Mapping[str, frozenset[str] | None]] = {
    v.AWAITING_INPUT: frozenset({v.AWAITING_INPUT}),
    v.CALLING_TOOL: frozenset({v.CALLING_TOOL, v.AWAITING_INPUT}),
    v.WRITING_OUTPUT: None,
}


def derived_state(state: SessionState) -> str | None:
    """The state that what is open asks for (SEQ-11); None where nothing is open."""
    for name, is_open in STATE_PRIORITY:
        if is_open(state):
            return name
    return None


def usable_accept(state: SessionState, move: InvokeTool) -> str | None:
    """The reply token of the unused yes that lets an irreversible tool run (SEQ-6); None: there is none."""

    def fits(accept: Accept) -> bool:
        named = accept.tool_call_id
        return accept.irreversible and named in (None, move.payload.tool_call_id)

    if move.confirmed_by is not None:
        accept = state.accepts.get(move.confirmed_by)
        return move.confirmed_by if accept is not None and fits(accept) else None
    return next((token for token, accept in state.accepts.items() if fits(accept)), None)


def _declarable(state: SessionState, move: e.StateChanged) -> bool:
    derived = derived_state(state)
    if derived is None:
        return True
    allowed = _DECLARABLE[derived]
    return move.to_state != v.IDLE if allowed is None else move.to_state in allowed


def _same_words(one: str, other: str) -> bool:
    # A listener hears no difference in spaces and capitals.
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _action_is_open(state: SessionState, move: Ask) -> bool:
    payload = move.payload
    return isinstance(payload, e.ConfirmationRequested) and any(
        isinstance(question.payload, e.ConfirmationRequested)
        and _same_words(question.payload.action, payload.action)
        for question in state.questions.values()
    )


GUARDS: Final[Mapping[type, tuple[Guard, ...]]] = {
    e.StateChanged: (
        Guard(
            "SEQ-3",
            "from_state",
            lambda state, move: move.from_state == state.state,
            "The session is in state {state.state}, not {move.from_state}.",
        ),
        Guard(
            "SEQ-11",
            "to_state",
            _declarable,
            "The session cannot be {move.to_state} while a question, a tool or an output is open; "
            "it is {state.state}.",
        ),
    ),
    InvokeTool: (
        Guard(
            "SEQ-4",
            "tool_call_id",
            lambda state, move: move.payload.tool_call_id not in state.tools,
            "The call {move.payload.tool_call_id} is already running.",
        ),
        Guard(
            "SEQ-4",
            "tool_call_id",
            lambda state, move: move.payload.tool_call_id not in state.closed_calls,
            "The call {move.payload.tool_call_id} has already ended; a new call needs a new id.",
        ),
        Guard(
            "SEQ-7",
            "tool_call_id",
            lambda state, move: move.payload.tool_call_id not in state.refused_calls,
            "The call {move.payload.tool_call_id} was refused and may not run.",
        ),
        Guard(
            "SEQ-6",
            "irreversible",
            lambda state, move: (
                move.payload.irreversible is not True or usable_accept(state, move) is not None
            ),
            "{move.payload.tool} cannot be undone and nobody has accepted it; ask with "
            "await_confirmation(irreversible=True) first.",
        ),
    ),
    e.ToolCompleted: (
        Guard(
            "SEQ-4",
            "tool_call_id",
            lambda state, move: move.tool_call_id in state.tools,
            "No call {move.tool_call_id} is running.",
        ),
        Guard(
            "SEQ-4",
            "tool",
            lambda state, move: state.tools[move.tool_call_id].tool == move.tool,
            "The call {move.tool_call_id} is not of the tool {move.tool}.",
        ),
    ),
    AddText: (
        Guard(
            "SEQ-9",
            "output_id",
            lambda state, move: not move.text or move.output_id not in state.closed_outputs,
            "The output {move.output_id} is complete; new text needs a new output_id.",
        ),
    ),
    CloseOutput: (
        Guard(
            "SEQ-9",
            "output_id",
            lambda state, move: move.output_id not in state.closed_outputs,
            "The output {move.output_id} is already complete.",
        ),
    ),
    Ask: (
        Guard(
            "CNF-4",
            "reply_token",
            lambda state, move: move.payload.reply_token not in state.asked,
            "A reply token is good for one question.",
        ),
        Guard(
            "SEQ-10",
            "action",
            lambda state, move: not _action_is_open(state, move),
            "This action is already waiting for the user's decision.",
        ),
        Guard(
            "SEQ-6",
            "tool_call_id",
            lambda state, move: move.tool_call_id is None or move.tool_call_id not in state.tools,
            "The call {move.tool_call_id} is already running; it is too late to ask.",
        ),
        Guard(
            "SEQ-7",
            "tool_call_id",
            lambda state, move: (
                move.tool_call_id not in state.refused_calls
                and move.tool_call_id not in state.closed_calls
            ),
            "The call {move.tool_call_id} was refused or has ended; there is nothing left to ask.",
        ),
    ),
    Resolve: (
        Guard(
            "CNF-4",
            "reply_token",
            lambda state, move: move.reply_token in state.questions,
            "No question with this token is open.",
        ),
    ),
    Revoke: (
        Guard(
            "CNF-4",
            "reply_token",
            lambda state, move: move.reply_token in state.accepts,
            "No unused accept has this token.",
        ),
    ),
}


def check(state: SessionState, move: Move, session_id: str) -> None:
    """Whether `move` is legal now.

    Args:
        state: The session as it is.
        move: What is asked of it.
        session_id: For the error.

    Raises:
        UnknownSessionError: The session has not started (SEQ-1) or is over (SEQ-2).
        ProtocolError: Another rule forbids it.
    """
    needed = PHASES[type(move)]
    if state.phase is not needed:
        if state.phase is Phase.NEW:
            raise UnknownSessionError(
                "SEQ-1", "The session has not started.", session_id=session_id
            )
        if state.phase is Phase.ENDED:
            raise UnknownSessionError("SEQ-2", "The session is over.", session_id=session_id)
        raise ProtocolError("SEQ-1", "The session has already started.", session_id=session_id)
    for guard in GUARDS.get(type(move), ()):
        if not guard.holds(state, move):
            raise ProtocolError(
                guard.rule,
                guard.message.format(state=state, move=move),
                field=guard.field,
                session_id=session_id,
            )
