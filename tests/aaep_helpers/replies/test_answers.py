"""CNF-5, CNF-11: which answers count, and what a default in words means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aaep_helpers.errors import EventValidationError
from aaep_helpers.events import Choice
from aaep_helpers.replies import RESPONSE_KINDS, Response, parsed_default
from aaep_helpers.replies.answers import fits
from tests.aaep_helpers.ears import rules_of
from tests.aaep_helpers.replies.asking import Room

CHOICES = ("checking", "savings")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("freetext", ["Anna", "yes", "12", "\u304a\u5143\u6c17"], [True, 12, 1.5, None, [], {}]),
        ("yes_no", [True, False], ["yes", "true", 1, 0, None, 1.0]),
        ("numeric", [12, -1, 0, 2.5], ["12", True, None, [12]]),
        ("multiple_choice", ["checking"], ["Checking", " checking", "current", 0, True, "check"]),
    ],
)
async def test_only_an_answer_of_the_kind_counts_and_the_wait_goes_on(
    kind: str, right: list[Response], wrong: list[object]
) -> None:
    for answer in right:
        room = Room()
        token = room.clarify(
            accepted_response_kinds=[kind],
            choices=list(CHOICES) if kind == "multiple_choice" else None,
        )
        for other in wrong:
            assert not room.emitter.submit_reply(room.answer(token, other)), other
            assert room.outcome(token) is None
        assert room.emitter.submit_reply(room.answer(token, answer))
        heard = await room.emitter.wait_for_response(token)
        assert (heard, type(heard)) == (answer, type(answer))
        assert room.last_words() == "Answered."
        room.emitter.close()
        room.assert_well_told(complete=True)


def test_no_answer_and_no_default_is_no_answer() -> None:
    room = Room()
    token = room.clarify()
    room.clock.advance(60)
    room.emitter.check_deadlines()
    assert room.emitter.wait_for_response_sync(token) is None
    assert room.last_words() == "The question was not answered in time."


@pytest.mark.parametrize(
    ("kinds", "default", "meant"),
    [
        (["yes_no"], "no", False),
        (["yes_no"], "Yes", True),
        (["numeric"], "12", 12),
        (["numeric"], "2.5e1", 25.0),
        (["multiple_choice"], "savings", "savings"),
        (["freetext"], "12", "12"),
        (["freetext", "numeric"], "12", 12),
        (["freetext", "yes_no"], "maybe", "maybe"),
    ],
)
def test_the_default_counts_as_what_its_kind_makes_it(
    kinds: list[str], default: str, meant: Response
) -> None:
    for can_reply in (True, False):
        room = Room(can_reply=can_reply)
        choices = list(CHOICES) if "multiple_choice" in kinds else None
        token = room.clarify(
            accepted_response_kinds=kinds, default_response=default, choices=choices
        )
        room.clock.advance(60)
        room.emitter.check_deadlines()
        heard = room.emitter.wait_for_response_sync(token)
        assert (heard, type(heard)) == (meant, type(meant))
        room.emitter.close()
        room.assert_well_told(complete=True)


@pytest.mark.parametrize(
    ("kinds", "default"),
    [
        (["yes_no"], "maybe"),
        (["numeric"], "twelve"),
        (["numeric"], "nan"),
        (["numeric"], "1e999"),
        (["numeric"], "\u0661\u0662"),
        (["multiple_choice"], "Savings"),
        (["freetext"], ""),
    ],
)
def test_a_default_that_is_no_answer_is_refused(kinds: list[str], default: str) -> None:
    room = Room()
    with pytest.raises(EventValidationError) as caught:
        room.clarify(
            accepted_response_kinds=kinds,
            default_response=default,
            choices=list(CHOICES) if "multiple_choice" in kinds else None,
        )
    assert rules_of(caught.value) == {"CNF-5"}


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"accepted_response_kinds": []}, "CNF-11"),
        ({"accepted_response_kinds": "freetext"}, "CNF-11"),
        ({"accepted_response_kinds": ["anything"]}, "CNF-11"),
        ({"accepted_response_kinds": ["multiple_choice"]}, "CNF-11"),
        ({"accepted_response_kinds": 7}, "CNF-11"),
        ({"choices": ["one", "one"]}, "CNF-11"),
        ({"choices": "one"}, "ENV-1"),
        ({"choices": [1, 2]}, "ENV-1"),
        ({"choices": [{"value": "a", "label": "A", "more": 1}, "b"]}, "ENV-1"),
        ({"choices": ["password=hunter2hunter2", "b"]}, "SEC-1"),
        ({"default_response": 7}, "ENV-1"),
        ({"default_response": "password=hunter2hunter2"}, "SEC-1"),
        ({"question": None}, "ENV-1"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    arguments: dict[str, object], rule: str
) -> None:
    room = Room()
    heard = len(room.ear.heard)
    with pytest.raises(EventValidationError) as caught:
        room.clarify(**{"question": "Which?", **arguments})  # type: ignore[arg-type]
    assert rule in rules_of(caught.value)
    assert len(room.ear.heard) == heard


def test_choices_may_be_given_in_three_ways() -> None:
    room = Room()
    room.clarify(
        choices=["a", {"value": "b", "label": "The letter b"}, Choice(value="c", label="C")]
    )
    event = room.ear.heard[-1]
    assert event["accepted_response_kinds"] == ["multiple_choice"]
    assert event["choices"] == [
        {"value": "a", "label": "a"},
        {"value": "b", "label": "The letter b"},
        {"value": "c", "label": "C"},
    ]
    room.clarify("And why?")
    assert room.ear.heard[-1]["accepted_response_kinds"] == ["freetext"]


@given(
    st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.binary(),
    st.sets(st.sampled_from(RESPONSE_KINDS)),
)
def test_what_fits_is_of_exactly_one_type_its_kinds_allow(
    response: object, kinds: set[str]
) -> None:
    expected = {str: "freetext", bool: "yes_no", int: "numeric", float: "numeric"}
    wanted = expected.get(type(response))
    assert fits(response, kinds, ()) == (wanted in kinds)


@given(st.text(), st.sets(st.sampled_from(RESPONSE_KINDS)), st.lists(st.text(min_size=1)))
def test_a_parsed_default_is_an_answer_that_would_count(
    text: str, kinds: set[str], choices: list[str]
) -> None:
    meant = parsed_default(text, kinds, choices)
    assert meant is None or fits(meant, kinds, choices)
    assert not isinstance(meant, float) or math.isfinite(meant)
