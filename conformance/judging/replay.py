"""What a listener believes is going on, event by event: state, tools, questions and outputs.

Boundary: derives from what was heard and nothing else; judges nothing, except that it pairs
tool.completed with tool.invoked and keeps the pairing's problem for SEQ-4. Failure policy: total;
malformed events change nothing.

How it reads the events:

- The state is the last state.changed's to_state, ``idle`` before the first, unknown to a late
  joiner until its first.
- A tool runs from its tool.invoked to the tool.completed with its tool_call_id or, where no id is
  used, of its name.
- A question is open from its awaiting event until a state.changed whose to_state is not
  awaiting_input. While it stays there, a state.changed from awaiting_input to awaiting_input
  reports the end of one open question (SEQ-7) without saying of which: ``reported`` counts these.
- An output is open from its first chunk to its ``complete: true``; without output_id the whole
  session is one output (SEQ-9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judging import vocabulary as words
from conformance.judging.trace import Heard, Session
from conformance.judging.values import show


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A running tool call; equal to itself only."""

    tool: str
    call_id: str | None
    invoked: Heard


@dataclass(frozen=True, slots=True)
class Moment:
    """What the listener believes just before an event.

    Attributes:
        heard: the event about to be heard.
        state: the state; None when unknown.
        calls: the running tool calls.
        questions: the awaiting events not yet known to be over.
        reported: how many of those have been reported over without being named.
        outputs: ids of the open outputs; "" for the one without an id.
        closes: for a tool.completed, the call it ends.
        problem: for a tool.completed, what is wrong with the pairing.
    """

    heard: Heard
    state: str | None
    calls: tuple[Call, ...]
    questions: tuple[Heard, ...]
    reported: int
    outputs: tuple[str, ...]
    closes: Call | None = None
    problem: str | None = None

    @property
    def surely_open(self) -> int:
        """How many questions are certainly open."""
        return max(0, len(self.questions) - self.reported)


def replay(session: Session) -> tuple[Moment, ...]:
    """One moment for each event of the session up to and with its end."""
    return tuple(_moments(session))


def _moments(session: Session) -> Iterator[Moment]:
    state = None if session.late else words.IDLE
    calls: tuple[Call, ...] = ()
    questions: tuple[Heard, ...] = ()
    reported = 0
    outputs: tuple[str, ...] = ()
    finished: set[str] = set()
    for event in session.body:
        closes, problem = None, None
        if event.kind == words.TOOL_DONE:
            closes, problem = _pair(event, calls, finished, late=session.late)
        yield Moment(event, state, calls, questions, reported, outputs, closes, problem)
        if event.kind == words.INVOKED:
            calls = (*calls, Call(event.text("tool") or "", event.text("tool_call_id"), event))
        elif closes is not None:
            calls = tuple(call for call in calls if call is not closes)
            if closes.call_id is not None:
                finished.add(closes.call_id)
        elif event.kind in words.QUESTIONS:
            questions = (*questions, event)
        elif event.kind == words.OUTPUT:
            outputs = _outputs_after(event, outputs)
        elif event.kind == words.STATE:
            entered = event.text("to_state")
            if entered == state == words.AWAITING_INPUT:
                reported = min(reported + 1, len(questions))
            elif entered is not None and entered != words.AWAITING_INPUT:
                questions, reported = (), 0
            state = entered if entered is not None else state


def _pair(
    event: Heard, calls: tuple[Call, ...], finished: set[str], *, late: bool
) -> tuple[Call | None, str | None]:
    """The call a tool.completed ends, and what is wrong with the pair.

    A completion that is off in one point still ends the call it evidently meant, so that one slip
    is one finding. For a late joiner, what matches no known call may end one begun before.
    """
    tool, call_id = event.text("tool") or "", event.text("tool_call_id")
    same_tool = [call for call in calls if call.tool == tool]
    exact = [call for call in same_tool if call.call_id == call_id]
    if exact:
        return exact[0], None
    same_id = [call for call in calls if call_id is not None and call.call_id == call_id]
    if same_id:
        return same_id[0], f"completes {show(tool)}, but the call is of {show(same_id[0].tool)}"
    if call_id is not None and call_id in finished:
        return None, f"completes the call {show(call_id)} a second time"
    if late:
        return None, None
    if same_tool:
        used = show(same_tool[0].call_id)
        return same_tool[0], f"has tool_call_id {show(call_id)}, its tool.invoked has {used}"
    return None, f"completes {show(tool)} ({show(call_id)}), which is not running"


def _outputs_after(event: Heard, outputs: tuple[str, ...]) -> tuple[str, ...]:
    output_id = output_of(event)
    if event.get("complete") is True:
        return tuple(name for name in outputs if name != output_id)
    return outputs if output_id in outputs else (*outputs, output_id)


def output_of(event: Heard) -> str:
    """The output a chunk belongs to; "" when it names none."""
    return event.text("output_id") or ""
