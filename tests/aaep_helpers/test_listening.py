"""What each listener gets of one session: its boundary, its words, its filters, its numbers (D10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from unicodedata import is_normalized

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import AAEPEmitter, listening, rendering
from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.errors import SubscriptionError
from aaep_helpers.listening import ListeningSettings
from aaep_helpers.redaction import MASK, redact_text
from aaep_helpers.text import well_formed
from tests.aaep_helpers.ears import (
    Ear,
    Event,
    assert_same_events,
    every_ear,
    kinds,
    new_emitter,
    texts,
)
from tests.aaep_helpers.secrets import SECRETS, fragments

FAMILY = "👩\u200d👩\u200d👧\u200d👦"

_PIECES = (
    *("One. ", "Two! ", "Three?\n\n", "- item\n", "Dr. Who ", "3.14 ", "word ", "\n", " ", "  "),
    *(
        "```\ncode\n```\n",
        "# Title\n\n",
        "…",
        "。",
        "你好。",
        "مرحبا ",
        "हिन्दी ",
        "e\u0301",
        "\u200d",
    ),
    *(FAMILY, "👍🏽", "🇳🇴", "\r\n", "\ud800", "\x00", "a" * 500),
)


def any_text() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=14).map("".join)


@st.composite
def any_tokens(draw: st.DrawFn, of: st.SearchStrategy[str]) -> list[str]:
    """A text in pieces, cut anywhere."""
    text = draw(of)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[begin:end] for begin, end in pairwise([0, *cuts, len(text)])]


def say(
    emitter: AAEPEmitter, session_id: str, tokens: Sequence[str], output_id: str = "out_1"
) -> None:
    position = 0
    for token in tokens:
        emitter.output_streaming(
            session_id=session_id, output_id=output_id, chunk=token, position=position
        )
        position += len(token)


def assert_counted(events: Sequence[Event], first: int = 0) -> None:
    numbers = [event["sequence_number"] for event in events]
    assert numbers == list(range(first, first + len(numbers)))


def assert_positions(events: Sequence[Event]) -> None:
    position = 0
    for event in events:
        if event["type"] == v.OUTPUT_STREAMING:
            assert event["position"] == position
            position += len(event["chunk"])


@settings(deadline=None, max_examples=80)
@given(any_tokens(any_text() | fragments()), st.booleans())
def test_seq_9_every_boundary_tells_the_same_text_however_it_came(
    tokens: list[str], closed: bool
) -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, tokens)
    if closed:
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="", complete=True)
    emitter.complete_session(session_id=session_id)

    heard = redact_text(well_formed("".join(tokens)))
    for ear in ears:
        assert "".join(texts(ear.heard)) == heard
        assert_positions(ear.heard)
        assert_counted(ear.heard)
        # ENV-6: a model's own text is passed on code point by code point, in NFC or not.
        if is_normalized("NFC", heard):
            ear.assert_well_told()
    assert_same_events(ears)


def test_each_listener_gets_the_text_at_its_own_boundary() -> None:
    emitter = new_emitter()
    ears = {ear.boundary: ear for ear in every_ear(emitter)}
    session_id = emitter.start_session()
    say(emitter, session_id, ["It rai", "ns. It ", "pours.\n", "\nStay in", "."])
    emitter.complete_session(session_id=session_id)
    heard = {
        boundary: [text for text in texts(ear.heard) if text] for boundary, ear in ears.items()
    }
    assert heard == {
        "none": ["It rai", "ns. It ", "pours.\n", "\nStay in", "."],
        "word": ["It ", "rains. ", "It ", "pours.\n\n", "Stay ", "in."],
        "sentence": ["It rains. ", "It pours.\n\n", "Stay in."],
        "paragraph": ["It rains. It pours.\n\n", "Stay in."],
        "completion": ["It rains. It pours.\n\nStay in."],
    }


def test_a_family_is_never_torn_apart_and_counts_as_its_code_points() -> None:
    emitter = new_emitter()
    ears = [Ear(boundary).listen(emitter) for boundary in v.BOUNDARIES if boundary != "none"]
    session_id = emitter.start_session()
    say(emitter, session_id, [*FAMILY, " ", *FAMILY, ". ", "E\u0301", "."])
    emitter.complete_session(session_id=session_id)
    for ear in ears:
        assert all(text.count("\u200d") % 3 == 0 for text in texts(ear.heard))
        assert_positions(ear.heard)


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[object]:
    """The calls of a function from now on, by their first arguments."""
    calls: list[object] = []
    original: Callable[..., object] = getattr(owner, name)

    def call(*args: object, **more: object) -> object:
        calls.append(args)
        return original(*args, **more)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.mark.parametrize("listeners", [1, 7])
def test_equal_listeners_share_the_work(monkeypatch: pytest.MonkeyPatch, listeners: int) -> None:
    emitter = new_emitter()
    ears = [Ear("word", "terse").listen(emitter) for _ in range(listeners)]
    cut = counted(monkeypatch, listening, "Segmenter")
    rendered = counted(monkeypatch, rendering.Renderer, "_render")
    chunks = counted(monkeypatch, rendering.Renderer, "render_chunk")
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    before = len(chunks)
    say(emitter, session_id, ["One ", "two ", "three "])

    assert len(cut) == 1
    # One for the check before anything changes; the state.changed that the text brings needs none.
    assert len(rendered) == 2 + 2 + 1
    assert len(chunks) - before == len(texts(ears[0].heard)) + 1
    assert all(ear.heard == ears[0].heard for ear in ears)


def test_each_listener_gets_events_of_its_own_to_change() -> None:
    emitter = new_emitter()
    heard: list[Event] = []

    def meddle(event: Event) -> None:
        event["producer"]["agent_id"] = "somebody else"
        event.clear()

    emitter.subscribe(meddle)
    emitter.subscribe(heard.append)
    emitter.start_session()
    assert [event["producer"]["agent_id"] for event in heard] == ["agent"]


def test_sub_13_one_event_has_one_id_and_a_rewritten_one_its_own() -> None:
    emitter = new_emitter()
    early = Ear().listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.state_changed(session_id=session_id, to_state="deciding")
    late = Ear(late=frozenset({session_id})).listen(emitter)
    emitter.state_changed(session_id=session_id, to_state="thinking")
    # It heard that the session was deciding, so the next event is the same for both.
    assert late.heard[-1]["event_id"] == early.heard[-1]["event_id"]
    assert (late.heard[0]["from_state"], late.heard[0]["to_state"]) == ("idle", "deciding")
    assert late.heard[0]["event_id"] not in {event["event_id"] for event in early.heard}
    assert_same_events([early, late])


def test_seq_3_from_state_is_the_state_this_listener_heard() -> None:
    """A core that was not told of a state rewrites the next event, under an id of its own."""
    renderer = rendering.Renderer(
        rendering.Producer(agent_id="agent"), "en-US", default_catalogue(), {}
    )
    cores = [
        listening.ListeningCore("sess_1", ListeningSettings(), renderer, b"key") for _ in range(3)
    ]

    def change(event_id: str, from_state: str, to_state: str) -> e.Fact:
        payload = e.StateChanged(
            from_state=from_state, to_state=to_state, summary=Summary.words("So it is.")
        )
        return e.Fact(event_id, "sess_1", 0, payload, "background")

    first = change("evt_1", "idle", "thinking")
    second = change("evt_2", "thinking", "deciding")
    cores[0].feed(first)
    told = [core.feed(second)[0] for core in cores]
    assert [event["from_state"] for event in told] == ["thinking", "idle", "idle"]
    assert told[0]["event_id"] == "evt_2"
    assert told[1]["event_id"] == told[2]["event_id"] != "evt_2"
    assert [event["sequence_number"] for event in told] == [1, 0, 0]
    assert all(
        core.feed(change("evt_3", "deciding", "idle"))[0]["event_id"] == "evt_3" for core in cores
    )


def full_session(emitter: AAEPEmitter) -> str:
    """A session with an event of each type that is no end, and a failure at the end."""
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    emitter.progress_updated(session_id=session_id, percent=40)
    call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
    emitter.tool_completed(
        session_id=session_id, tool="look_up", tool_call_id=call_id, status="success"
    )
    say(emitter, session_id, ["Found. ", "It is he"])
    emitter.await_confirmation(session_id=session_id, action="Delete it", consequence="It is gone")
    emitter.ask_clarification(session_id=session_id, question="Which one?")
    emitter.request_handoff(session_id=session_id, reason="Too hard", target_kind="human")
    emitter.error_session(session_id=session_id, error_category="unknown")
    return session_id


CRITICAL = [
    "awaiting.confirmation",
    "awaiting.clarification",
    "handoff.requested",
    "session.errored",
]


@pytest.mark.parametrize(
    ("event_types", "more"),
    [
        ([], set()),
        (["aaep:agent.session.started"], {"session.started"}),
        (["aaep:agent.session.*"], {"session.started"}),
        (["aaep:agent.tool.*"], {"tool.invoked", "tool.completed"}),
        (["aaep:agent.state.changed", v.OUTPUT_STREAMING], {"state.changed", "output.streaming"}),
        (["aaep:agent.progress.updated", "aaep:agent.progress.updated"], {"progress.updated"}),
        (["aaep:agent.session"], set()),
        (["aaep:agent.unheard.of", "acme:*", ""], set()),
    ],
)
def test_sub_5_filters_are_kept_and_criticals_always_pass(
    event_types: list[str], more: set[str]
) -> None:
    emitter = new_emitter()
    everything, some = Ear().listen(emitter), Ear().listen(emitter, event_types=event_types)
    session_id = full_session(emitter)
    wanted = {*CRITICAL, *more}
    expected = [event for event in everything.heard if kinds([event])[0] in wanted]
    assert kinds(some.heard) == kinds(expected)
    assert [event["event_id"] for event in some.heard] == [event["event_id"] for event in expected]
    assert [kind for kind in kinds(some.heard) if kind in CRITICAL] == CRITICAL
    # ENV-10: it counts what it hears, not what there was.
    assert_counted(some.heard)
    some.assert_well_told(session_id=session_id, filtered=True)
    assert_same_events([everything, some])


@pytest.mark.parametrize(
    "event_types", [["*"], ["aaep:*"], ["aaep:agent.*"], ["aaep:agent.s*", "*"]]
)
def test_sub_5_a_star_stands_for_all_that_follows(event_types: list[str]) -> None:
    emitter = new_emitter()
    everything, as_much = Ear().listen(emitter), Ear().listen(emitter, event_types=event_types)
    full_session(emitter)
    assert as_much.heard == everything.heard


def test_a_type_is_wanted_whole_or_by_its_beginning() -> None:
    wants = ListeningSettings(event_types=("aaep:agent.tool.*", "aaep:agent.state.changed")).wants
    assert wants("aaep:agent.tool.invoked")
    assert wants("aaep:agent.state.changed")
    assert not wants("aaep:agent.state.changed.not")
    assert not wants("aaep:agent.output.streaming")
    assert all(wants(critical) for critical in v.CRITICAL_TYPES)


@pytest.mark.parametrize("boundary", v.BOUNDARIES)
@pytest.mark.parametrize("before", range(0, 9, 2))
def test_sub_12_who_comes_late_counts_like_who_was_there(boundary: v.Boundary, before: int) -> None:
    tokens = ["It ", "rains. It", " pours. ", "Stay ", "in, ", "plea", "se.\n\n", "Tom", "orrow."]
    emitter = new_emitter()
    early = Ear(boundary).listen(emitter)
    session_id = emitter.start_session()
    emitter.state_changed(session_id=session_id, to_state="thinking")
    say(emitter, session_id, tokens[:before])
    so_far = len(early.heard)

    late = Ear(boundary, late=frozenset({session_id})).listen(emitter)
    caught_up = len(late.heard)
    assert caught_up == 1
    state = "writing_output" if before else "thinking"
    assert (late.heard[0]["from_state"], late.heard[0]["to_state"]) == ("idle", state)
    for token in tokens[before:]:
        emitter.output_streaming(session_id=session_id, output_id="out_1", chunk=token)
    emitter.complete_session(session_id=session_id)

    after = early.heard[so_far:]
    for one, other in zip(after, late.heard[caught_up:], strict=True):
        assert other["sequence_number"] == one["sequence_number"] + caught_up
        assert {**other, "sequence_number": 0} == {**one, "sequence_number": 0}
    assert_counted(late.heard, first=so_far)
    late.assert_text(session_id, "out_1", "".join(tokens))
    late.assert_well_told()
    assert_same_events([early, late])


@pytest.mark.parametrize("boundary", v.BOUNDARIES)
@pytest.mark.parametrize(
    "interruption", ["tool", "confirmation", "clarification", "state", "handoff"]
)
def test_sub_3_held_text_is_heard_before_what_interrupts_it(
    boundary: v.Boundary, interruption: str
) -> None:
    emitter = new_emitter()
    ear = Ear(boundary).listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, ["Before, without an end"])
    begun = len(ear.heard)
    match interruption:
        case "tool":
            emitter.tool_invoked(session_id=session_id, tool="look_up")
        case "confirmation":
            emitter.await_confirmation(session_id=session_id, action="Go", consequence="Gone")
        case "clarification":
            emitter.ask_clarification(session_id=session_id, question="Where to?")
        case "state":
            emitter.state_changed(session_id=session_id, to_state="deciding")
        case _:
            emitter.request_handoff(session_id=session_id, reason="Hard", target_kind="human")
    came = begun + next(
        at for at, kind in enumerate(kinds(ear.heard[begun:])) if kind != "output.streaming"
    )
    assert "".join(texts(ear.heard[:came])) == "Before, without an end"

    emitter.output_streaming(
        session_id=session_id, output_id="out_1", chunk=" and after.", complete=True
    )
    emitter.complete_session(session_id=session_id)
    assert "".join(texts(ear.heard)) == "Before, without an end and after."
    assert_positions(ear.heard)
    ear.assert_well_told()


@pytest.mark.parametrize("boundary", v.BOUNDARIES)
@pytest.mark.parametrize("wanted", [["aaep:agent.*"], [v.OUTPUT_STREAMING]])
def test_sub_3_held_text_is_heard_before_the_end(boundary: v.Boundary, wanted: list[str]) -> None:
    for ending in ("complete", "error", "cancel"):
        emitter = new_emitter()
        ear = Ear(boundary).listen(emitter, event_types=wanted)
        session_id = emitter.start_session()
        say(emitter, session_id, ["Half a sen"])
        match ending:
            case "complete":
                emitter.complete_session(session_id=session_id)
            case "error":
                emitter.error_session(session_id=session_id, error_category="unknown")
            case _:
                emitter.cancel_session(session_id=session_id, cancelled_by="user")
        assert "".join(texts(ear.heard)) == "Half a sen"
        told = [event for event in ear.heard if event["type"] == v.OUTPUT_STREAMING]
        assert [event["complete"] for event in told] == [False] * (len(told) - 1) + [True]
        if wanted != [v.OUTPUT_STREAMING]:
            assert kinds(ear.heard)[-1].startswith("session.")


@pytest.mark.parametrize("boundary", v.BOUNDARIES)
@pytest.mark.parametrize(
    "text", ["word " * 8_000, "x" * 40_000, FAMILY * 3_000, "你好。" * 9_000, "\n\n" * 20_000]
)
def test_env_7_long_text_is_split_and_lost_nowhere(boundary: v.Boundary, text: str) -> None:
    emitter = new_emitter()
    ear = Ear(boundary).listen(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, [text])
    emitter.complete_session(session_id=session_id)
    told = texts(ear.heard)
    assert "".join(told) == text
    assert all(len(piece.encode()) <= v.MAX_STRING_BYTES for piece in told)
    assert all(piece.startswith("👩") for piece in told if "👩" in text and piece)
    assert_positions(ear.heard)
    ear.assert_well_told()


@settings(deadline=None, max_examples=60)
@given(any_tokens(st.sampled_from(SECRETS).map(lambda secret: f"Here it is: {secret} and so on.")))
def test_sec_1_a_secret_is_masked_however_the_tokens_cut_it(tokens: list[str]) -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    session_id = emitter.start_session()
    say(emitter, session_id, tokens)
    emitter.complete_session(session_id=session_id)
    for ear in ears:
        heard = "".join(texts(ear.heard))
        assert MASK in heard
        assert heard == redact_text("".join(tokens))
        assert_positions(ear.heard)
        ear.assert_well_told()


@pytest.mark.parametrize("finest", v.BOUNDARIES)
@pytest.mark.parametrize("own", v.BOUNDARIES)
def test_the_coarser_of_a_listeners_boundary_and_the_outputs_governs(
    finest: v.Boundary, own: v.Boundary
) -> None:
    tokens = ["It rains. ", "It po", "urs.\n\n", "Stay in."]
    governing = max(finest, own, key=v.BOUNDARIES.index)

    def heard(listeners: v.Boundary, outputs: v.Boundary) -> list[str]:
        emitter = new_emitter()
        ear = Ear(listeners).listen(emitter)
        session_id = emitter.start_session()
        for token in tokens:
            emitter.output_streaming(
                session_id=session_id, output_id="out_1", chunk=token, boundary=outputs
            )
        emitter.complete_session(session_id=session_id)
        return texts(ear.heard)

    assert heard(own, finest) == heard(governing, "none")


def test_an_output_without_text_leaves_no_trace() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    session_id = emitter.start_session()
    emitter.output_streaming(session_id=session_id, output_id="out_1", chunk="")
    emitter.output_streaming(session_id=session_id, output_id="out_2", chunk="", complete=True)
    emitter.complete_session(session_id=session_id)
    assert all(ear.kinds() == ["session.started", "session.completed"] for ear in ears)


def test_a_listener_without_text_still_hears_the_rest() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter, event_types=["aaep:agent.session.*", "aaep:agent.state.changed"])
    session_id = emitter.start_session()
    say(emitter, session_id, ["It rains. ", "It pours."])
    emitter.flush_quiet_text()
    emitter.complete_session(session_id=session_id)
    assert texts(ear.heard) == []
    assert_counted(ear.heard)


def test_two_outputs_are_counted_apart() -> None:
    emitter = new_emitter()
    ears = every_ear(emitter)
    session_id = emitter.start_session()
    for token in ("One. ", "Two. ", "Thr", "ee."):
        for output_id in ("out_1", "out_2"):
            emitter.output_streaming(session_id=session_id, output_id=output_id, chunk=token)
    emitter.complete_session(session_id=session_id)
    for ear in ears:
        for output_id in ("out_1", "out_2"):
            ear.assert_text(session_id, output_id, "One. Two. Three.")
            assert_positions([one for one in ear.heard if one.get("output_id") == output_id])
        ear.assert_well_told()


@pytest.mark.parametrize("tag", ["en_US", "en-US!!", "english language", "-", 7, ["en"]])
def test_sub_7_a_language_that_is_no_tag_is_refused_before_anything_goes_unheard(tag: Any) -> None:
    with pytest.raises(SubscriptionError, match=re.escape(f"such as en or pt-BR, not {tag!r}.")):
        new_emitter().subscribe(print, language=tag)


@pytest.mark.parametrize("wanted", ["fr", "ar", "he-IL", "zh-Hant-TW"])
def test_sub_7_a_language_nobody_speaks_is_served_in_another_that_is_named(wanted: str) -> None:
    emitter = new_emitter()
    heard: list[Event] = []
    emitter.subscribe(heard.append, language=wanted)
    session_id = full_session(emitter)
    assert all(event["session_id"] == session_id for event in heard)
    named = {event["localization_hints"]["primary_language"].split("-")[0] for event in heard}
    directions = {event["localization_hints"]["text_direction"] for event in heard}
    assert (named, directions) == ({"en"}, {"ltr"})
