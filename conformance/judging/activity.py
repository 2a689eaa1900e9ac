"""TYP-1, TYP-4 and SEQ-11: what goes on is what the state says.

Boundary: compares a session's state, as heard, with the tools, text and questions heard around it.
Entering awaiting_input before a question is SEQ-8, in questions.py. Failure policy: total; waived
wherever an event that would decide may be unheard.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging import vocabulary as words
from conformance.judging.outputs import by_output
from conformance.judging.replay import Moment, replay
from conformance.judging.trace import Fault, Heard, Session
from conformance.judging.values import show

_TOOL_STATES = frozenset({words.CALLING_TOOL, words.AWAITING_INPUT})
_TEXT_STATES = frozenset({words.WRITING_OUTPUT, words.CALLING_TOOL, words.AWAITING_INPUT})
_WORKING = frozenset({words.THINKING, words.CALLING_TOOL, words.WRITING_OUTPUT})
# Any of these after idle shows that the session was not about to end.
_ACTIVITY = frozenset({words.STATE, words.INVOKED, words.TOOL_DONE, words.OUTPUT}) | words.QUESTIONS


def text_has_hint(session: Session) -> Iterator[Fault]:
    """TYP-1: all text is sent with a coalesce_hint; an empty end marker is no text."""
    for event in session.of(words.OUTPUT):
        if event.text("chunk") and "coalesce_hint" not in event.fields:
            yield Fault(event, "text without a coalesce_hint")


def tools_in_state(session: Session) -> Iterator[Fault]:
    """TYP-1: state changes surround tools: a call is heard in calling_tool for some of its time.

    Any producer may announce the call just before the state; what fails is a call that begins and
    ends with the listener told of something else all along. awaiting_input counts: while a
    question is open it hides calling_tool.
    """
    if not session.hears(words.STATE):
        return
    moments = replay(session)
    for moment in moments:
        call = moment.closes
        if call is None:
            continue
        states = _states_between(moments, call.invoked, moment.heard)
        if states.isdisjoint(_TOOL_STATES) and None not in states:
            told = _listed(states)
            yield Fault(call.invoked, f"the tool {show(call.tool)} runs while the state is {told}")


def text_in_state(session: Session) -> Iterator[Fault]:
    """TYP-1: state changes surround text: an output is heard in writing_output for some time.

    calling_tool and awaiting_input count too, since they hide writing_output (SEQ-11). Only what
    is heard between an output's first and last chunk counts.
    """
    if not session.hears(words.STATE):
        return
    moments = replay(session)
    for name, chunks in by_output(session).items():
        states = _states_between(moments, chunks[0], chunks[-1])
        spoken = any(event.text("chunk") for event in chunks)
        if spoken and states.isdisjoint(_TEXT_STATES) and None not in states:
            told = _listed(states)
            yield Fault(chunks[0], f"the output {show(name)} is heard while the state is {told}")


def _states_between(moments: tuple[Moment, ...], first: Heard, last: Heard) -> set[str | None]:
    inside = [moment for moment in moments if first.index <= moment.heard.index <= last.index]
    return {moment.state for moment in inside}


def _listed(states: set[str | None]) -> str:
    return ", ".join(sorted(show(state) for state in states))


def thinking_heard(session: Session) -> Iterator[Fault]:
    """TYP-1: an ended session that shows work, a tool or text, has entered thinking.

    A session that ends before any work, say because it was refused, need not have thought.
    """
    if session.end is None or session.late or not session.hears(words.STATE):
        return
    worked = any(event.kind == words.INVOKED or event.text("chunk") for event in session.body)
    entered = {event.text("to_state") for event in session.of(words.STATE)}
    if worked and words.THINKING not in entered:
        yield Fault(session.end, "tools or text were heard, but never a state thinking")


def states_left(session: Session) -> Iterator[Fault]:
    """TYP-1: a completed session has left thinking, calling_tool and writing_output again.

    An error or a cancellation is itself the way out of the state it cuts short.
    """
    if session.end is None or session.end.kind != words.COMPLETED:
        return
    state = replay(session)[-1].state
    if state in _WORKING and session.hears(words.STATE):
        yield Fault(session.end, f"completed without a state.changed out of {state}")


def handoff_announced(session: Session) -> Iterator[Fault]:
    """TYP-4: a session that enters handing_off requests the handoff, before or after.

    An escalation that shows in no event cannot be heard to be missing. Judged once the session has
    ended; waived for late joiners, who may have missed the request.
    """
    if session.end is None or session.late or session.of(words.HANDOFF):
        return
    for event in session.of(words.STATE):
        if event.text("to_state") == words.HANDING_OFF:
            yield Fault(event, "the state is handing_off and no handoff.requested is ever heard")
            return


def _exact(session: Session) -> bool:
    """Whether everything that decides about the state is heard."""
    kinds = (words.STATE, words.INVOKED, words.TOOL_DONE, words.OUTPUT)
    return not session.late and session.hears(*kinds)


def events_in_priority_state(session: Session) -> Iterator[Fault]:
    """SEQ-11, house: tools and text are heard in the state that has priority then.

    tool.invoked and tool.completed: calling_tool. Text: calling_tool while a tool runs, else
    writing_output. awaiting_input goes before both and is accepted throughout: a question is open
    until that state is left, and a producer may wait for input outside the protocol as well.
    Between state.changed to calling_tool and its tool.invoked text may slip in; after the last
    tool.completed it may not.
    """
    if not session.hears(words.STATE):
        return
    exact = _exact(session)
    called = False
    for moment in replay(session):
        event = moment.heard
        if event.kind == words.STATE:
            called = False
        elif event.kind in (words.INVOKED, words.TOOL_DONE):
            called = True
        wanted = _priority_state(moment, called=called, exact=exact)
        if wanted is None or moment.state is None or moment.questions:
            continue
        if moment.state not in (wanted, words.AWAITING_INPUT):
            name, told = event.type, show(moment.state)
            yield Fault(event, f"{name} is heard in state {told}, where {wanted} has priority")


def _priority_state(moment: Moment, *, called: bool, exact: bool) -> str | None:
    """The state in which the event belongs; None when there is nothing to say."""
    event = moment.heard
    if event.kind == words.INVOKED or moment.closes is not None:
        return words.CALLING_TOOL
    if event.kind != words.OUTPUT or not event.text("chunk"):
        return None
    if moment.state == words.CALLING_TOOL and (not exact or not called):
        return None
    return words.CALLING_TOOL if exact and moment.calls else words.WRITING_OUTPUT


def changes_keep_priority(session: Session) -> Iterator[Fault]:
    """SEQ-11, house: while a tool runs, the state changes to calling_tool or awaiting_input only.

    When nothing is open any state of the producer's own (deciding, handing_off) may stand for
    thinking. An output may stay open through thinking: no text flows then. That a question keeps
    the state at awaiting_input cannot be heard broken, as leaving it is how its end is heard.
    """
    if not session.hears(words.INVOKED, words.TOOL_DONE):
        return
    for moment in replay(session):
        entered = moment.heard.text("to_state")
        if moment.heard.kind != words.STATE or entered is None or not moment.calls:
            continue
        if entered not in _TOOL_STATES:
            tools = ", ".join(show(call.tool) for call in moment.calls)
            yield Fault(moment.heard, f"the state becomes {show(entered)} while {tools} runs")


def states_have_cause(session: Session) -> Iterator[Fault]:
    """SEQ-11, house: calling_tool is left only after a tool was heard in it, writing_output is
    entered only if text is heard from then on.

    Text may be held back to a boundary and be heard in a later state, so for it the rest of the
    session counts. awaiting_input needs no question: a producer may wait for input outside the
    protocol.
    """
    if not _exact(session):
        return
    called, entered = False, None
    for moment in replay(session):
        event = moment.heard
        if event.kind in (words.INVOKED, words.TOOL_DONE) or moment.calls:
            called = True
        if event.kind != words.STATE:
            continue
        if entered is not None and not called:
            yield Fault(entered, "the state was calling_tool and no tool was heard")
        to_state = event.text("to_state")
        entered, called = (event if to_state == words.CALLING_TOOL else None), bool(moment.calls)
        ended = session.end is not None
        if to_state == words.WRITING_OUTPUT and ended and not _text_after(session, event):
            yield Fault(event, "the state is writing_output and no text is heard")


def _text_after(session: Session, event: Heard) -> bool:
    chunks = session.of(words.OUTPUT)
    return any(chunk.index > event.index and chunk.text("chunk") for chunk in chunks)


def idle_only_at_the_edges(session: Session) -> Iterator[Fault]:
    """SEQ-11, house: after the start, idle is entered only just before the end.

    Progress and extension events may come between; whatever shows activity may not.
    """
    if not session.hears(words.STATE):
        return
    idle: Heard | None = None
    for event in session.body:
        if idle is not None and event.kind in _ACTIVITY:
            yield Fault(idle, f"the state is idle, and {event.type} follows")
            idle = None
        if event.kind == words.STATE and event.text("to_state") == words.IDLE:
            idle = event
