"""RULES 7: what is heard of a producer's events, ours or anybody's."""

from __future__ import annotations

import itertools
import types
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import vocabulary as v
from aaep_helpers.announcing import Announcement, Announcer

_ids = itertools.count(1)


def event(kind: str, session: str = "sess_1", **fields: Any) -> dict[str, Any]:
    name = kind if ":" in kind else f"aaep:agent.{kind}"
    return {"type": name, "event_id": f"evt_{next(_ids)}", "session_id": session, **fields}


def heard(*events: dict[str, Any], verbosity: v.Verbosity = "normal") -> list[str]:
    announcer = Announcer(verbosity)
    return [said.text for one in events for said in announcer.feed(one)]


def chunk(
    text: str, hint: str | None = "none", *, complete: bool = False, **fields: Any
) -> dict[str, Any]:
    hints = {} if hint is None else {"coalesce_hint": hint}
    return event("output.streaming", chunk=text, complete=complete, position=0, **hints, **fields)


def test_a_whole_session() -> None:
    assert heard(
        event("session.started", summary_normal="Working on: my balance"),
        event("state.changed", urgency="background", summary_normal="Thinking."),
        event("tool.invoked", tool="get_balance", summary_normal="Looking up the balance."),
        event("tool.completed", tool="get_balance", status="success", summary_normal="Found."),
        chunk("Your **balance**", "none"),
        chunk(" is 40 euros. It", "none"),
        chunk(" is fine.", "none"),
        chunk("", complete=True),
        event("session.completed", summary_normal="Done.", output_summary="You have 40 euros."),
    ) == [
        "Working on: my balance",
        "Looking up the balance.",
        "Your balance is 40 euros.",
        "It is fine.",
        "Done.",
    ]


def test_the_summary_of_the_wanted_verbosity_or_the_normal_one() -> None:
    one = event("session.started", summary_normal="n", summary_terse="t", summary_detailed="d")
    other = event("session.started", summary_normal="n")
    assert [heard({**one}, verbosity=wanted) for wanted in v.VERBOSITIES] == [["t"], ["n"], ["d"]]
    assert [heard({**other}, verbosity=wanted) for wanted in v.VERBOSITIES] == [["n"]] * 3


def test_an_unknown_verbosity_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="terse, normal, detailed"):
        Announcer("loud")  # type: ignore[arg-type]


@pytest.mark.parametrize("hint", ["none", "word", None, "something"])
def test_text_waits_for_a_place_to_pause(hint: str | None) -> None:
    announcer = Announcer()
    assert announcer.feed(chunk("One two", hint)) == []
    assert [said.text for said in announcer.feed(chunk(" three. Four", hint))] == ["One two three."]
    assert [said.text for said in announcer.feed(chunk(".", hint, complete=True))] == ["Four."]


@pytest.mark.parametrize("hint", ["sentence", "paragraph", "completion"])
def test_text_that_ends_at_a_pause_is_said_at_once(hint: str) -> None:
    assert heard(chunk("Half", "none"), chunk(" a thing", hint)) == ["Half a thing"]


def test_two_outputs_do_not_mix() -> None:
    assert heard(
        chunk("One", output_id="out_1"),
        chunk("Two", output_id="out_2"),
        chunk(" more.", output_id="out_1", complete=True),
        chunk(" too.", output_id="out_2", complete=True),
    ) == ["One more.", "Two too."]


def test_held_text_comes_before_what_interrupts_it() -> None:
    confirmation = event("awaiting.confirmation", action="Pay", consequence="Money goes")
    texts = heard(chunk("I will now"), confirmation, chunk(" wait.", complete=True))
    assert texts[0] == "I will now"
    assert texts[-1] == "wait."
    assert heard(chunk("An end"), event("session.completed", summary_normal="Done.")) == [
        "An end",
        "Done.",
    ]


def test_an_answer_nobody_heard_is_said_at_the_end() -> None:
    assert heard(
        event("session.completed", summary_normal="Done.", output_summary="It is 40.")
    ) == [
        "It is 40.",
        "Done.",
    ]


@pytest.mark.parametrize("summary", [{}, {"summary_normal": "That was it."}])
def test_the_endings_are_told_apart(summary: dict[str, str]) -> None:
    endings = [
        heard(event(kind, **summary))[0]
        for kind in ("session.completed", "session.errored", "session.cancelled")
    ]
    assert [ending.split()[0] for ending in endings] == ["Done.", "Failed.", "Stopped."]


def test_an_ending_that_says_so_is_left_as_it_is() -> None:
    assert heard(event("session.errored", summary_normal="It did not work. No answer.")) == [
        "It did not work. No answer."
    ]
    german: dict[str, Any] = {"localization_hints": {"primary_language": "de"}}
    assert heard(event("session.errored", summary_normal="Das ging nicht.", **german)) == [
        "Das ging nicht."
    ]


def test_a_failure_comes_with_its_remedy_once() -> None:
    failed = event(
        "session.errored", summary_normal="Failed. Too slow.", remediation_hint="Try again."
    )
    assert heard(failed) == ["Failed. Too slow. Try again."]
    assert heard({**failed, "summary_normal": "Failed. Try again!"}) == ["Failed. Try again!"]


def test_a_confirmation_says_what_why_and_how_long() -> None:
    (said,) = Announcer().feed(
        event(
            "awaiting.confirmation",
            summary_normal="Send 40 euros to Anna?",
            action="Send 40 euros to Anna",
            consequence="The money leaves *your* account",
            timeout_seconds=60,
            default_decision="reject",
            irreversible=True,
        )
    )
    assert said.urgent
    assert said.text == (
        "Send 40 euros to Anna? The money leaves *your* account. This cannot be undone."
        " Time to answer: 60 seconds. Without an answer it is not done."
    )


def test_a_confirmation_without_a_summary_is_said_by_its_action() -> None:
    asked = event(
        "awaiting.confirmation",
        action="Delete *.txt\nin /tmp",
        timeout_seconds=300,
        default_decision="accept",
    )
    assert heard(asked) == [
        "Delete *.txt in /tmp. Time to answer: 5 minutes. Without an answer it is done."
    ]


def test_a_clarification_offers_its_choices() -> None:
    asked = event(
        "awaiting.clarification",
        question="Which account?",
        choices=[{"value": "a", "label": "Savings"}, {"value": "b", "label": "Current"}],
        timeout_seconds=90,
    )
    assert heard(asked) == ["Which account? Choices: Savings; Current. Time to answer: 90 seconds."]


def test_two_questions_in_the_same_words_are_two_questions() -> None:
    assert len(heard(*(event("awaiting.confirmation", action="Pay") for _ in range(2)))) == 2


def test_the_critical_types_are_urgent_and_others_if_they_say_so() -> None:
    announcer = Announcer()
    for kind in v.CORE_TYPES:
        for said in announcer.feed(
            event(kind, summary_normal=f"about {kind}", chunk="x.", complete=True)
        ):
            assert said.urgent == (kind in v.CRITICAL_TYPES), kind
    (said,) = announcer.feed(event("ext:alarm", summary_normal="Fire.", urgency="critical"))
    assert said.urgent


@pytest.mark.parametrize(
    ("verbosity", "urgency", "is_said"),
    [
        ("normal", "background", False),
        ("normal", "normal", True),
        ("terse", "background", False),
        ("detailed", "background", True),
    ],
)
def test_states_are_said_when_they_matter(
    verbosity: v.Verbosity, urgency: str, is_said: bool
) -> None:
    changed = event(
        "state.changed", urgency=urgency, to_state="thinking", summary_normal="Thinking."
    )
    assert heard(changed, verbosity=verbosity) == (["Thinking."] if is_said else [])


@pytest.mark.parametrize(
    ("status", "is_said"), [("success", False), ("error", True), ("timeout", True)]
)
def test_a_tools_end_is_said_when_it_went_wrong(status: str, is_said: bool) -> None:
    ended = event("tool.completed", tool="send_mail", status=status, summary_normal="It ended.")
    assert bool(heard(ended)) == is_said
    assert heard({**ended}, verbosity="detailed") == ["It ended."]


def test_tools_without_words_are_named() -> None:
    assert heard(event("tool.invoked", tool="send_mail")) == ["Using send mail."]
    ended = event(
        "tool.completed", tool="send_mail", status="error", error_message="No such address"
    )
    assert heard(ended) == ["Send mail failed. No such address"]


def test_progress_is_said_sparsely() -> None:
    steps = [
        event("progress.updated", progress={"percent": percent}) for percent in range(0, 101, 2)
    ]
    assert heard(*steps) == ["26 percent.", "52 percent.", "78 percent.", "100 percent."]
    told = [
        event(
            "progress.updated",
            progress={"description": f"file {number}"},
            timestamp=f"2026-01-01T00:00:{number:02}Z",
        )
        for number in range(30)
    ]
    assert heard(*told) == ["file 0", "file 10", "file 20"]


def test_the_time_running_out_on_a_question_is_said() -> None:
    left = [
        event("progress.updated", progress={"percent": n}, summary_normal=f"{n} left")
        for n in (5, 6)
    ]
    assert heard(*left) == []
    asked = event("awaiting.confirmation", action="Pay")
    assert heard(asked, *({**one, "event_id": ""} for one in left)) == ["Pay", "5 left", "6 left"]


def test_unknown_types_say_their_summary_or_nothing() -> None:
    assert heard(event("shop:cart.changed", summary_normal="The cart is full.")) == [
        "The cart is full."
    ]
    assert heard(event("shop:cart.changed", note="x")) == []


def test_the_two_spellings_of_a_type_are_one() -> None:
    started = event("https://aaep-protocol.org/types/agent.session.started", summary_normal="Go.")
    (said,) = Announcer().feed(started)
    assert said == Announcement("Go.", False, "sess_1", v.SESSION_STARTED)


def test_the_same_event_twice_is_heard_once() -> None:
    announcer = Announcer()
    started = event("session.started", summary_normal="Go.")
    assert len(announcer.feed(started)) == 1
    assert announcer.feed(started) == []


def test_the_same_words_are_not_said_twice_in_a_row() -> None:
    same = [event("tool.invoked", tool="t", summary_normal="Looking.") for _ in range(3)]
    other = event("tool.invoked", tool="t", summary_normal="Writing.")
    again = event("tool.invoked", tool="t", summary_normal="Looking.")
    assert heard(*same, other, again) == ["Looking.", "Writing.", "Looking."]


def test_what_is_said_has_no_marks_and_one_line() -> None:
    assert heard(event("session.started", summary_normal="**Go** to\nhttps://x.org/a")) == [
        "Go to x.org"
    ]


@pytest.mark.parametrize(
    "junk", [None, 5, "text", [], [1], object(), {"type": 5}, {"type": None}, {}, {1: 2}]
)
def test_what_is_no_event_is_not_heard(junk: Any) -> None:
    assert Announcer().feed(junk) == []


def test_any_mapping_will_do() -> None:
    proxy = types.MappingProxyType(event("session.started", summary_normal="Go."))
    assert [said.text for said in Announcer().feed(proxy)] == ["Go."]


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("percent", "label", "value", "primary_language", "description")),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FIELDS = (
    *("session_id", "event_id", "urgency", "summary_normal", "summary_terse", "chunk", "complete"),
    *(
        "coalesce_hint",
        "output_id",
        "language",
        "progress",
        "timestamp",
        "tool",
        "status",
        "choices",
    ),
    *(
        "error_message",
        "action",
        "consequence",
        "timeout_seconds",
        "default_decision",
        "reversibility",
    ),
    *("question", "reason", "to_state", "output_summary", "remediation_hint", "localization_hints"),
)
events = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from((*sorted(v.CORE_TYPES), "x:y", "")),
    st.dictionaries(st.sampled_from(FIELDS), odd, max_size=8),
)


@settings(deadline=None, max_examples=120)
@given(st.lists(events, max_size=8), st.sampled_from(v.VERBOSITIES))
def test_malformed_events_break_nothing(
    stream: list[dict[str, Any]], verbosity: v.Verbosity
) -> None:
    announcer = Announcer(verbosity)
    for one in stream:
        for said in announcer.feed(one):
            assert said.text.strip()
            assert "\n" not in said.text


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(("One ", "two", ". ", "Three", "! ", "\n\n", "4.5 ")), max_size=20),
    st.data(),
)
def test_no_word_of_an_answer_is_lost(tokens: list[str], data: st.DataObject) -> None:
    hints = st.sampled_from(("none", "word", "sentence", "paragraph"))
    stream = [chunk(token, data.draw(hints)) for token in tokens]
    texts = heard(*stream, chunk("", complete=True))
    letters = "".join(filter(str.isalnum, "".join(tokens)))
    assert "".join(filter(str.isalnum, "".join(texts))) == letters
