"""One event built, validated and delivered, beside json.dumps of the same event; and one token."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Sequence

from aaep_helpers import AAEPEmitter, make_id
from aaep_helpers.events import WireEvent
from aaep_helpers.validation import is_valid_event
from aaep_helpers.vocabulary import BOUNDARIES, Boundary
from benchmarks.measure import microseconds

_LISTENING: tuple[tuple[Boundary, ...], ...] = (("sentence",), BOUNDARIES)


def main() -> None:
    emitter = AAEPEmitter("bank-helper", "Bank helper", quiet_seconds=None)
    heard: list[WireEvent] = []

    def listen(event: WireEvent) -> None:
        heard[:] = [event]

    emitter.subscribe(listen)
    session_id = emitter.start_session(summary_normal="Working on: what is my balance?")

    def emit() -> None:
        emitter.progress_updated(
            session_id=session_id, percent=40, summary_normal="Looking up your checking account."
        )

    # In turns, so that what else the machine does weighs on all of them alike.
    emit()
    event = heard[0]
    rounds = [
        (
            microseconds(emit, repeat=3),
            microseconds(lambda: json.dumps(event), repeat=3),
            microseconds(lambda: is_valid_event(event), repeat=3),
        )
        for _ in range(7)
    ]
    emitted, dumped, validated = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(row[0] / row[1] for row in rounds)
    print("event, one listener                      us     times json.dumps")
    print(f"  built, validated and delivered   {emitted:8.2f}   {ratio:8.2f}  (at most 4.44)")
    print(f"  validated (part of it)           {validated:8.2f}   {validated / dumped:8.2f}")
    print(f"  json.dumps of the same event     {dumped:8.2f}       1.00")

    print("token of 1 to 8 characters               us     times json.dumps")
    for boundaries in _LISTENING:
        per_token = _token(boundaries)
        listeners = f"with {len(boundaries)} listener(s)"
        print(f"  {listeners:32} {per_token:8.2f}   {per_token / dumped:8.2f}")


def _token(boundaries: Sequence[Boundary]) -> float:
    emitter = AAEPEmitter(quiet_seconds=None)
    for boundary in boundaries:
        emitter.subscribe(lambda event: None, boundary=boundary)
    session_id = emitter.start_session(summary_normal="Working.")
    source = random.Random(1)
    text = "The balance of your checking account is one thousand dollars, as of today. " * 100
    tokens: list[str] = []
    at = 0
    while at < len(text):
        size = source.randint(1, 8)
        tokens.append(text[at : at + size])
        at += size

    def answer() -> None:
        output_id = make_id("out")
        for token in tokens:
            emitter.output_streaming(session_id=session_id, output_id=output_id, chunk=token)
        emitter.output_streaming(
            session_id=session_id, output_id=output_id, chunk="", complete=True
        )

    return microseconds(answer, number=3, repeat=5) / len(tokens)


if __name__ == "__main__":
    main()
