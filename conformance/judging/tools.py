"""SEQ-4: every tool call is heard to begin and to end.

Boundary: one session's tool events; the pairing itself is done in replay.py. Confirmation of tools
is judged in questions.py, the state around them in activity.py. Failure policy: total.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging import vocabulary as words
from conformance.judging.replay import Moment, replay
from conformance.judging.trace import Fault, Session
from conformance.judging.values import show

_DURING_CALLS = frozenset({words.CALLING_TOOL, words.AWAITING_INPUT})


def calls_complete(session: Session) -> Iterator[Fault]:
    """SEQ-4: each tool.invoked gets one tool.completed of its tool and id, before the session ends.

    Where no tool_call_id is used, the tool's name pairs them. A completion of the wrong tool or id
    still ends the call it evidently meant. Waived where one half of the pair is unheard: filters,
    and calls that began before a late joiner came.
    """
    if not session.hears(words.INVOKED, words.TOOL_DONE):
        return
    moments = replay(session)
    for moment in moments:
        if moment.problem is not None:
            yield Fault(moment.heard, f"tool.completed {moment.problem}")
    if session.end is not None:
        for call in moments[-1].calls:
            name = f"{show(call.tool)} ({show(call.call_id)})"
            yield Fault(session.end, f"the session ends and {name} was never completed")


def calls_complete_in_state(session: Session) -> Iterator[Fault]:
    """SEQ-4: tool.completed comes before the state.changed that leaves calling_tool.

    A question raised by a parallel call moves the state to awaiting_input and back while others
    run, and a producer that lets text take the state while a tool runs is not forbidden to (the
    order of states is a house rule, SEQ-11). So leaving for awaiting_input is no fault, nor is
    leaving for writing_output if text is heard, or the state returns, before the call completes.
    """
    if not session.hears(words.INVOKED, words.TOOL_DONE):
        return
    moments = replay(session)
    for place, moment in enumerate(moments):
        if moment.heard.kind != words.STATE or moment.state != words.CALLING_TOOL:
            continue
        entered = moment.heard.text("to_state")
        if not moment.calls or entered is None or entered in _DURING_CALLS:
            continue
        if entered == words.WRITING_OUTPUT and _parallel_text(moments[place + 1 :], moment):
            continue
        tools = ", ".join(show(call.tool) for call in moment.calls)
        yield Fault(moment.heard, f"the state leaves calling_tool before {tools} completed")


def _parallel_text(later: tuple[Moment, ...], leaving: Moment) -> bool:
    """Whether text is heard, or the state returns, before one of the running calls completes."""
    for moment in later:
        if moment.closes in leaving.calls:
            return False
        if moment.heard.kind == words.OUTPUT and moment.heard.text("chunk"):
            return True
        if moment.heard.kind == words.STATE and moment.heard.text("to_state") in _DURING_CALLS:
            return True
    return False


def calls_have_ids(session: Session) -> Iterator[Fault]:
    """SEQ-4, house part: every tool event has a tool_call_id, and no two calls share one."""
    seen: set[str] = set()
    for event in session.of(words.INVOKED, words.TOOL_DONE):
        call_id = event.text("tool_call_id")
        if call_id is None:
            yield Fault(event, f"{event.type} has no tool_call_id")
        elif event.kind == words.INVOKED:
            if call_id in seen:
                yield Fault(event, f"the tool_call_id {show(call_id)} was used by another call")
            seen.add(call_id)
