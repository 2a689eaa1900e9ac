"""SEQ-9: the text of each output, whole and in order.

Boundary: one session's output.streaming events. What the text says is judged in speech.py, the
state around it in activity.py. Failure policy: total; a chunk that is no text is PAYLOAD's finding,
and counting goes on from the next position heard.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging import vocabulary as words
from conformance.judging.replay import output_of
from conformance.judging.trace import Fault, Heard, Session
from conformance.judging.values import as_int, show


def by_output(session: Session) -> dict[str, list[Heard]]:
    """A session's chunks by output; those without output_id are one output, named ""."""
    outputs: dict[str, list[Heard]] = {}
    for event in session.of(words.OUTPUT):
        outputs.setdefault(output_of(event), []).append(event)
    return outputs


def positions(session: Session) -> Iterator[Fault]:
    """SEQ-9: position is the offset of the chunk's start in code points of its output.

    A late joiner takes the first position of each output as given, since chunks may have gone
    before. After a wrong position counting goes on from it, so one slip is one finding.
    """
    for name, chunks in by_output(session).items():
        expected: int | None = None if session.late else 0
        for event in chunks:
            chunk, position = event.text("chunk"), as_int(event.get("position"))
            if position is not None and expected is not None and position != expected:
                given = show(position)
                where = f"position {given}, but {show(expected)} code points came before"
                yield Fault(event, f"output {show(name)}: {where}")
            base = position if position is not None else expected
            expected = None if chunk is None or base is None else base + len(chunk)


def completes_once(session: Session) -> Iterator[Fault]:
    """SEQ-9: an output has one ``complete: true``, and it is the last of its chunks."""
    for name, chunks in by_output(session).items():
        complete = False
        for event in chunks:
            if complete:
                yield Fault(event, f"output {show(name)} goes on after its complete: true")
            complete = complete or event.get("complete") is True


def completes_before_completion(session: Session) -> Iterator[Fault]:
    """SEQ-9: a completed session has a ``complete: true`` for each of its outputs."""
    if session.end is not None and session.end.kind == words.COMPLETED:
        yield from _unfinished(session)


def completes_before_any_end(session: Session) -> Iterator[Fault]:
    """SEQ-9, house part: the same before an error or a cancellation ends the session."""
    if session.end is not None and session.end.kind != words.COMPLETED:
        yield from _unfinished(session)


def _unfinished(session: Session) -> Iterator[Fault]:
    for name, chunks in by_output(session).items():
        if not any(event.get("complete") is True for event in chunks):
            yield Fault(session.end, f"output {show(name)} has no complete: true")


def outputs_have_ids(session: Session) -> Iterator[Fault]:
    """SEQ-9, house part: every chunk names its output."""
    for event in session.of(words.OUTPUT):
        if event.text("output_id") is None:
            yield Fault(event, "output.streaming has no output_id")


def outputs_have_text(session: Session) -> Iterator[Fault]:
    """SEQ-9, house part: no output without text, and no empty chunk but the end marker.

    A late joiner may hear the end marker only; its position shows whether there was text.
    """
    for name, chunks in by_output(session).items():
        seen = False
        for event in chunks:
            chunk, complete = event.text("chunk"), event.get("complete") is True
            if chunk == "" and not complete:
                yield Fault(event, f"output {show(name)}: an empty chunk that ends nothing")
            seen = seen or chunk != "" or (session.late and event.get("position") != 0)
            if complete and not seen:
                yield Fault(event, f"output {show(name)} completes without any text")
