"""Tokens that end nothing are only noted (LiveSession): what is heard, and when, is as if they were not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import ManualClock
from aaep_helpers.events import WireEvent
from aaep_helpers.live_session import LiveSession
from aaep_helpers.vocabulary import BOUNDARIES

TEXTS = (
    "The rent is paid. Dr. Smith asked at 3.14 p.m.; shall I answer? ",
    "Use sk-a1B2c3D4a1B2c3D4a1B2c3D4a1B2c3D4a1B2c3D4 or password=hunter2, please.\n\n",
    "words and words and more of them without an end " * 6,
    "# Title\n\n- one\n- two\n\n```\ncode. more\n```\n",
    "他说：你好。我很好！",
    "e\u0301 👩‍👩‍👧 fin. ",
    "",
)
STEPS = st.one_of(
    st.tuples(st.just("text"), st.sampled_from(TEXTS), st.integers(1, 9)),
    st.tuples(st.sampled_from(["quiet", "tool", "join", "leave", "other", "close"])),
)
Heard = list[tuple[int, str, dict[str, object]]]


def heard_of(boundaries: Iterable[str], steps: Iterable[Sequence[object]]) -> list[Heard]:
    """What each listener heard and during which step; without what differs from session to session."""
    emitter = AAEPEmitter(clock=ManualClock(), quiet_seconds=None)
    ears: list[Heard] = []
    at = 0

    def listen(boundary: str) -> None:
        heard: Heard = []
        ears.append(heard)

        def hear(event: WireEvent) -> None:
            told = {name: event[name] for name in event if name not in ("event_id", "session_id")}
            heard.append((at, event["type"], told))

        subscriptions.append(emitter.subscribe(hear, boundary=boundary))  # type: ignore[arg-type]

    subscriptions: list[object] = []
    for boundary in boundaries:
        listen(boundary)
    founders = len(ears)
    session_id = emitter.start_session(summary_normal="Working.")
    outputs = 0

    def say(output: int, text: str, complete: bool = False) -> None:
        emitter.output_streaming(
            session_id=session_id, output_id=f"out_{output}", chunk=text, complete=complete
        )

    for step in steps:
        at += 1
        match step:
            case ("text", str(text), int(size)):
                for start in range(0, len(text), size):
                    say(outputs, text[start : start + size])
            case ("other",):
                say(1000 + outputs, "Something else, and no end of it")
            case ("close",):
                say(outputs, "so ", complete=True)
                outputs += 1
            case ("quiet",):
                emitter.flush_quiet_text()
            case ("tool",):
                call = emitter.tool_invoked(
                    session_id=session_id, tool="look_up", tool_call_id=f"call_{at}"
                )
                emitter.tool_completed(
                    session_id=session_id, tool="look_up", tool_call_id=call, status="success"
                )
            case ("join",):
                listen("none")
            case ("leave",) if len(subscriptions) > founders:
                subscriptions.pop().close()  # type: ignore[attr-defined]
    emitter.complete_session(session_id=session_id, summary_normal="Done.")
    return ears


@settings(deadline=None, max_examples=200)
@given(
    # Who wants every token leaves nothing to note; one of that kind joins later.
    st.sets(st.sampled_from(sorted({*BOUNDARIES} - {"none"}))),
    st.lists(STEPS, max_size=12),
)
def test_noting_text_changes_nothing_anybody_hears(
    boundaries: set[str], steps: list[tuple[object, ...]]
) -> None:
    with patch.object(LiveSession, "_ends_nothing", lambda *args: False):
        expected = heard_of(sorted(boundaries), steps)

    # The numbers of one who joins count tokens as they were passed on, which nobody else has counted.
    assert list(map(without_joiners_numbers, heard_of(sorted(boundaries), steps))) == list(
        map(without_joiners_numbers, expected)
    )


def without_joiners_numbers(heard: Heard) -> Heard:
    first = heard[0][2]["sequence_number"] if heard else 0
    assert isinstance(first, int)
    numbers = [told["sequence_number"] for _, _, told in heard]
    assert numbers == list(range(first, first + len(numbers)))
    return [
        (at, kind, {name: value for name, value in told.items() if name != "sequence_number"})
        for at, kind, told in heard
    ]


def test_ordinary_tokens_are_noted_at_all() -> None:
    emitter = AAEPEmitter(quiet_seconds=None)
    emitter.subscribe(lambda event: None)
    session_id = emitter.start_session()
    for token in ("It ", "is ", "a ", "word"):
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=token)

    assert emitter._live(session_id)._inputs["out_1"].noted == len("is a word")
