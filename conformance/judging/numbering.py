"""ENV-8 to ENV-10 and SUB-13: ids, times and numbers across events.

Boundary: compares envelopes of several events, never looks at what they say. Failure policy: total;
a malformed id, time or number is ENV-1's or ENV-10's finding once and then left out of comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging import vocabulary as words
from conformance.judging.trace import Fault, Heard, Session, Trace
from conformance.judging.values import as_int, instant, show


def unique_event_ids(trace: Trace) -> Iterator[Fault]:
    """ENV-8: an event_id never stands for two different contents of the same producer.

    The same event heard again is a redelivery and legal (TRN-5, SUB-12).
    """
    first: dict[tuple[str, str], Heard] = {}
    for event in trace.heard:
        event_id = event.text("event_id")
        if event_id is None or event.index in trace.copies:
            continue
        earlier = first.setdefault((event.agent_id, event_id), event)
        if earlier is not event:
            where = f"event {earlier.index}"
            yield Fault(event, f"event_id {show(event_id)} was used by {where} for something else")


def monotone_timestamps(session: Session) -> Iterator[Fault]:
    """ENV-9: within a session no timestamp lies before an earlier event's; equal ones are fine."""
    latest: int | None = None
    shown: object = None
    for event in session.events:
        now = instant(event.get("timestamp"))
        if now is None:
            continue
        if latest is not None and now < latest:
            given = show(event.get("timestamp"))
            yield Fault(event, f"timestamp {given} lies before the earlier {show(shown)}")
            continue
        latest, shown = now, event.get("timestamp")


def numbers_all_or_none(session: Session) -> Iterator[Fault]:
    """ENV-10: a sequence number is a whole number, and all events of a session have one or none."""
    numbered = [event for event in session.events if "sequence_number" in event.fields]
    for event in numbered:
        number = as_int(event.get("sequence_number"))
        if number is None or number < 0:
            value = show(event.get("sequence_number"))
            yield Fault(event, f"sequence_number {value} is not an integer from 0 up")
    if numbered:
        for event in session.events:
            if "sequence_number" not in event.fields:
                yield Fault(event, "no sequence_number, where other events of the session have one")


def _counted(session: Session) -> Iterator[tuple[Heard, int]]:
    """The numbered events in order.

    A copy is sent again with the number it had and then counts once, or with the next one and then
    counts as sent (SUB-13 counts what the listener is sent).
    """
    previous: int | None = None
    for event in session.deliveries:
        number = as_int(event.get("sequence_number"))
        if number is None:
            continue
        if event.index in session.trace.copies and previous is not None and number != previous + 1:
            continue
        previous = number
        yield event, number


def numbers_count_up(session: Session) -> Iterator[Fault]:
    """ENV-10: 0 on session.started, then one more with each event.

    A late joiner may start at any number, and a filtered listener of a producer that numbers before
    it filters hears gaps, which the table does not forbid: for it numbers only have to rise (that
    our own are gapless is SUB-13, a house rule). After a fault counting goes on from the number
    heard, so one slip is one finding.
    """
    filtered = session.trace.options.filtered
    previous: int | None = None
    for event, number in _counted(session):
        if event.kind == words.STARTED and number != 0:
            yield Fault(event, f"session.started has sequence_number {show(number)}, not 0")
        elif previous is None:
            if number != 0 and not session.late and not filtered:
                yield Fault(event, f"the first sequence_number is {show(number)}, not 0")
        elif number <= previous or (number != previous + 1 and not filtered):
            yield Fault(event, f"sequence_number {show(number)} follows {show(previous)}")
        previous = number


def filtered_numbers_gapless(session: Session) -> Iterator[Fault]:
    """SUB-13, house: the numbers count what this listener is sent, so filters leave no gaps.

    Only what ENV-10 leaves open is judged here: the filtered listener, who starts at 0 unless it
    joined late, and hears no gap.
    """
    if not session.trace.options.filtered:
        return
    previous: int | None = None
    for event, number in _counted(session):
        if previous is None and number != 0 and not session.late:
            yield Fault(event, f"the first number this listener was sent is {show(number)}, not 0")
        if previous is not None and number > previous + 1:
            yield Fault(event, f"a gap: {show(number)} follows {show(previous)}")
        previous = number
