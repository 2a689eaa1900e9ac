"""SEQ-6 to SEQ-8, SEQ-10 and CNF-4: questions, their outcomes and what may follow.

Boundary: one listener's events. It hears questions, and hears that they are over by the state, but
it does not hear the answers: those come in as ``accepted``, or are inferred. A confirmation counts
as possibly accepted when it is over and nothing says otherwise. Failure policy: total; a verdict
that would need an unheard event or an unknown answer is not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.judging import vocabulary as words
from conformance.judging.replay import Moment, replay
from conformance.judging.trace import Fault, Heard, Session, Trace
from conformance.judging.values import as_int, as_text, instant, show, walk

# How long after its deadline a default may take to show, before its absence is a finding.
_SLACK_MICROSECONDS = 2_000_000


@dataclass(frozen=True, slots=True)
class Invocation:
    """A tool.invoked and the confirmations that may stand behind it.

    Attributes:
        heard: the tool.invoked.
        settled: how many confirmations can be over by then.
        approved: those of the confirmations heard by then that can have been accepted.
        rejected: those that are over and are known not to have been accepted.
        used: how many irreversible calls came before.
    """

    heard: Heard
    settled: int
    approved: tuple[Heard, ...]
    rejected: tuple[Heard, ...]
    used: int

    @property
    def cover(self) -> int:
        """How many irreversible calls the confirmations so far can have allowed."""
        return min(self.settled, len(self.approved))


def _invocations(session: Session) -> Iterator[Invocation]:
    asked: list[Heard] = []
    used = 0
    for moment in replay(session):
        event = moment.heard
        if event.kind == words.CONFIRM:
            asked.append(event)
        if event.kind != words.INVOKED:
            continue
        pending = [question for question in moment.questions if question.kind == words.CONFIRM]
        over = [question for question in asked if question not in pending]
        yield Invocation(
            heard=event,
            settled=len(over) + min(len(pending), _perhaps_over(moment, session)),
            approved=tuple(one for one in asked if _approvable(session, one, event)),
            rejected=tuple(one for one in over if not _approvable(session, one, event)),
            used=used,
        )
        used += event.get("irreversible") is True


def _perhaps_over(moment: Moment, session: Session) -> int:
    """How many questions can be over although the state is still awaiting_input.

    Those reported over, and, since the last one open keeps the state where it is, all others but
    one. Without state changes to go by, any.
    """
    if not session.hears(words.STATE):
        return len(moment.questions)
    return max(moment.reported, len(moment.questions) - 1)


def _approvable(session: Session, question: Heard, by: Heard) -> bool:
    """Whether the confirmation can have been accepted when ``by`` was heard."""
    accepted = session.trace.options.accepted
    if accepted is None or (question.text("reply_token") or "") in accepted:
        return True
    if question.get("default_decision") != "accept":
        return False
    deadline, now = _deadline(question), instant(by.get("timestamp"))
    return deadline is None or now is None or now >= deadline


def _deadline(question: Heard) -> int | None:
    asked = instant(question.get("timestamp"))
    seconds = as_int(question.get("timeout_seconds"))
    return None if asked is None or seconds is None else asked + seconds * 1_000_000


def irreversible_after_accept(session: Session) -> Iterator[Fault]:
    """SEQ-6: an irreversible tool.invoked comes after a confirmation that was accepted.

    No field ties a confirmation to a call, so any accepted confirmation of the session that was
    over by then may be the one, and one may have been about several calls. Waived for late joiners,
    who may have missed it.
    """
    for call in _irreversible(session):
        if call.cover == 0:
            yield Fault(call.heard, f"{_call(call)} is irreversible and {_why_uncovered(call)}")


def one_accept_one_call(session: Session) -> Iterator[Fault]:
    """SEQ-6, house part: our gate asks for each call, so each uses up one accepted confirmation."""
    for call in _irreversible(session):
        if 0 < call.cover <= call.used:
            asked = f"only {call.cover} confirmation(s) can have been accepted"
            yield Fault(call.heard, f"{_call(call)} is irreversible call {call.used + 1}, {asked}")


def _irreversible(session: Session) -> Iterator[Invocation]:
    if session.late:
        return
    for call in _invocations(session):
        if call.heard.get("irreversible") is True:
            yield call


def _call(call: Invocation) -> str:
    return f"the tool {show(call.heard.get('tool'))}"


def _why_uncovered(call: Invocation) -> str:
    if call.approved:
        return "its confirmation is still open"
    return "no confirmation of it was accepted" if call.rejected else "was never put to the user"


def nothing_invoked_after_reject(session: Session) -> Iterator[Fault]:
    """SEQ-7: after a reject no tool.invoked appears for the action.

    Judged where the answers are known (``accepted``). A call is the rejected action's when the
    confirmation names its tool or call (in the action or extra_context) and more such calls are
    heard than accepted confirmations name it, or when it is irreversible and every accepted
    confirmation is used up, so that a rejected one is all that is left.
    """
    if session.trace.options.accepted is None or session.late:
        return
    calls = list(_invocations(session))
    for place, call in enumerate(calls):
        refused = [question for question in call.rejected if _names(question, call.heard)]
        if refused:
            granted = [question for question in call.approved if _names(question, call.heard)]
            asked = min(question.index for question in (*refused, *granted))
            since = [
                one
                for one in calls[: place + 1]
                if one.heard.index > asked and _same_tool(one.heard, call.heard)
            ]
            if len(since) > len(granted):
                yield Fault(call.heard, f"{_call(call)} is invoked though the user rejected it")
        elif call.rejected and call.heard.get("irreversible") is True and call.cover <= call.used:
            yield Fault(call.heard, f"{_call(call)} is invoked after a reject and no other accept")


def _same_tool(one: Heard, other: Heard) -> bool:
    return one.text("tool") == other.text("tool")


def _names(question: Heard, invoked: Heard) -> bool:
    """Whether a confirmation's action or extra_context names the tool or the call."""
    tool, call_id = invoked.text("tool"), invoked.text("tool_call_id")
    if not tool:
        return False
    values = [value for _, value in walk(question.get("extra_context"))]
    if call_id is not None and call_id in map(as_text, values):
        return True
    action = (question.text("action") or "").casefold()
    spoken = (tool.casefold(), tool.replace("_", " ").casefold())
    return tool in map(as_text, values) or any(name in action for name in spoken)


def default_reject_shows(session: Session) -> Iterator[Fault]:
    """SEQ-7: a reject by default is followed by a state.changed as well.

    A confirmation whose deadline passed, by the producer's own timestamps, before the session ended
    and which no state.changed ended, was defaulted in silence. CNF-8 does not excuse it: the end
    cancels questions that are open, and this one was over. Two seconds are allowed.
    """
    if session.end is None or not session.hears(words.STATE):
        return
    last = replay(session)[-1]
    now = instant(session.end.get("timestamp"))
    if not last.surely_open or now is None:
        return
    overdue = [one for one in last.questions if _overdue(one, now)]
    # Those reported over may be any of the open ones, so only what is left counts.
    for question in overdue[last.reported :]:
        yield Fault(question, "rejected by default at its deadline, and no state.changed says so")


def _overdue(question: Heard, now: int) -> bool:
    deadline = _deadline(question)
    rejects = question.kind == words.CONFIRM and question.get("default_decision") == "reject"
    return rejects and deadline is not None and now > deadline + _SLACK_MICROSECONDS


def each_resolution_shows(session: Session) -> Iterator[Fault]:
    """SEQ-7, house part: each question's end has its own state.changed.

    While others are open it goes from awaiting_input to awaiting_input. So when the state is left,
    one question may be unreported and no more.
    """
    for moment in replay(session):
        entered = moment.heard.text("to_state")
        if moment.heard.kind != words.STATE or entered in (None, words.AWAITING_INPUT):
            continue
        if moment.surely_open > 1:
            count = f"{moment.surely_open} questions end with one state.changed"
            yield Fault(moment.heard, f"{count}; each has one of its own")


def asked_in_awaiting_input(session: Session) -> Iterator[Fault]:
    """SEQ-8, house: the state is awaiting_input before a question is put.

    The other half, leaving it after the last open question is over, is how the listener learns that
    it is over; a state never left shows as SEQ-12 at completion, or as the next rule.
    """
    if not session.hears(words.STATE):
        return
    for moment in replay(session):
        if moment.heard.kind not in words.QUESTIONS:
            continue
        if moment.state not in (None, words.AWAITING_INPUT):
            told = show(moment.state)
            yield Fault(moment.heard, f"a question is put while the state is {told}")


def left_after_last_question(session: Session) -> Iterator[Fault]:
    """SEQ-8, house: the state leaves awaiting_input once every question is reported over.

    Work heard in awaiting_input, with all questions reported over by state changes that stayed
    there, shows that it was not left.
    """
    if not session.hears(words.STATE):
        return
    for moment in replay(session):
        if moment.heard.kind not in (words.INVOKED, words.OUTPUT) or not moment.questions:
            continue
        if moment.state == words.AWAITING_INPUT and not moment.surely_open:
            yield Fault(moment.heard, "the last question is over and the state is awaiting_input")


def asked_once(session: Session) -> Iterator[Fault]:
    """SEQ-10: the same action is not put to confirmation while its first request is open.

    Two requests are for the same action when action and extra_context are equal; a call id in
    extra_context tells apart two calls that read alike. Judged only while the first is certainly
    open.
    """
    if not session.hears(words.STATE):
        return
    for moment in replay(session):
        event = moment.heard
        if event.kind != words.CONFIRM or moment.reported:
            continue
        if any(_same_action(event, question) for question in moment.questions):
            yield Fault(event, "the same action is put to the user while it is still open")


def _same_action(one: Heard, other: Heard) -> bool:
    if other.kind != words.CONFIRM or _spoken(one) != _spoken(other):
        return False
    return _leaves(one.get("extra_context")) == _leaves(other.get("extra_context"))


def _leaves(value: object) -> list[tuple[tuple[str, ...], object]]:
    """The value's scalars with their paths: comparable however deep the value is."""
    inside = walk(value)
    return [(path, leaf) for path, leaf in inside if not isinstance(leaf, Mapping | list | tuple)]


def _spoken(question: Heard) -> str:
    return " ".join((question.text("action") or "").split()).casefold()


def unique_tokens(trace: Trace) -> Iterator[Fault]:
    """CNF-4: a reply token is never used for a second question, in any session."""
    first: dict[tuple[str, str], Heard] = {}
    for event in trace.heard:
        token = event.text("reply_token")
        if event.kind not in words.QUESTIONS or token is None or event.index in trace.copies:
            continue
        earlier = first.setdefault((event.agent_id, token), event)
        if earlier is not event:
            yield Fault(event, f"the reply token of event {earlier.index} is used again")
