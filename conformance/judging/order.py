"""SEQ-1 to SEQ-3, SEQ-12 and TYP-3: how a session begins, moves and ends.

Boundary: one session's events; tools, outputs and questions have modules of their own. Failure
policy: total; a malformed state.changed is PAYLOAD's finding and breaks no chain here.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging import vocabulary as words
from conformance.judging.replay import Moment, replay
from conformance.judging.trace import Fault, Heard, Session
from conformance.judging.values import show


def starts_once(session: Session) -> Iterator[Fault]:
    """SEQ-1: the first event is session.started, and there is one only.

    Waived for the first event of a late joiner, and where a filter keeps starts away. A start after
    the end is left to TYP-3 and SEQ-2.
    """
    first = session.events[0]
    if first.kind != words.STARTED and not session.late and session.hears(words.STARTED):
        yield Fault(first, f"the session begins with {show(first.type)}, not session.started")
    starts = session.of(words.STARTED)
    for start in starts:
        if start is not first and start is not starts[0]:
            yield Fault(start, "the session starts a second time")
        elif start is not first and session.late:
            # The others' case is the finding about the first event.
            yield Fault(start, "the session starts after events of it were heard")


def ends_once(session: Session) -> Iterator[Fault]:
    """SEQ-2: the last event is one of completed, errored, cancelled, and nothing follows it.

    That an end is missing is a finding only in a trace said to be complete, and only if the filter
    is known to let every kind of end through.
    """
    if session.end is None:
        if session.trace.options.complete and session.hears(*words.ENDS):
            yield Fault(None, "the session never ends")
        return
    for event in session.events[len(session.body) :]:
        yield Fault(event, f"{show(event.type)} is heard after {session.end.type}")


def never_reopens(session: Session) -> Iterator[Fault]:
    """TYP-3: a session that has ended does not start again; the next request has its own session.

    Whether two requests shared one session cannot be heard otherwise.
    """
    for event in session.events[len(session.body) :]:
        if event.kind == words.STARTED:
            yield Fault(event, "the session was over and starts again")


def states_chain(session: Session) -> Iterator[Fault]:
    """SEQ-3: the first state.changed leaves idle, each later one the state entered before.

    For any producer a from_state that events heard in between account for is legal as well: one
    whose tools, text or questions move the state silently is consistent, if terse.
    """
    for moment, implied in _state_changes(session):
        left = moment.heard.text("from_state")
        if left is not None and left != moment.state and left not in implied:
            yield Fault(moment.heard, _broken_chain(moment, left))


def states_chain_exactly(session: Session) -> Iterator[Fault]:
    """SEQ-3, house part: from_state is the state entered before, with nothing moved silently."""
    for moment, implied in _state_changes(session):
        left = moment.heard.text("from_state")
        if left is not None and left != moment.state and left in implied:
            yield Fault(moment.heard, _broken_chain(moment, left))


def _broken_chain(moment: Moment, left: str) -> str:
    return f"the state leaves {show(left)}, but this listener last heard {show(moment.state)}"


def _state_changes(session: Session) -> Iterator[tuple[Moment, set[str]]]:
    """The state changes whose from_state can be judged, with the states implied in between.

    Nothing can be implied before the first: that one leaves idle by the rule's own words.
    """
    implied: set[str] = set()
    first = not session.late
    for moment in replay(session):
        if moment.heard.kind != words.STATE:
            implied |= _implied_states(moment.heard)
            continue
        if moment.state is not None:
            yield moment, (set() if first else implied)
        implied, first = set(), False


def _implied_states(event: Heard) -> set[str]:
    """States a listener may conclude from an event; whatever ends falls back to thinking."""
    if event.kind == words.INVOKED:
        return {words.CALLING_TOOL}
    if event.kind == words.TOOL_DONE:
        return {words.CALLING_TOOL, words.THINKING}
    if event.kind == words.OUTPUT:
        return {words.WRITING_OUTPUT, words.THINKING}
    if event.kind in words.QUESTIONS:
        return {words.AWAITING_INPUT, words.THINKING}
    return {words.HANDING_OFF} if event.kind == words.HANDOFF else set()


def nothing_open_at_completion(session: Session) -> Iterator[Fault]:
    """SEQ-12, house: session.completed finds no tool call, output or question open.

    SEQ-4 and SEQ-9 ask the same of tools and outputs at any end; this rule is about completing.
    Errored and cancelled sessions may leave a question open (CNF-8).
    """
    moment = _completion(session)
    if moment is None:
        return
    if session.hears(words.TOOL_DONE):
        for call in moment.calls:
            yield Fault(moment.heard, f"completed while the tool {show(call.tool)} runs")
    for name in moment.outputs:
        yield Fault(moment.heard, f"completed while the output {show(name)} is open")
    if moment.surely_open and session.hears(words.STATE):
        yield Fault(moment.heard, f"completed with {moment.surely_open} open question(s)")


def idle_at_completion(session: Session) -> Iterator[Fault]:
    """SEQ-12, house: the state is back to idle before session.completed."""
    moment = _completion(session)
    if moment is None or not session.hears(words.STATE):
        return
    if moment.state not in (None, words.IDLE):
        yield Fault(moment.heard, f"completed in state {show(moment.state)}, not idle")


def _completion(session: Session) -> Moment | None:
    if session.end is None or session.end.kind != words.COMPLETED:
        return None
    return replay(session)[-1]
