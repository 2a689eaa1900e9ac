"""What a tool is given, in words a person can hear (D8)."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import re
import uuid
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aaep_helpers.redaction import MASK
from aaep_helpers.segmentation import is_safe_boundary
from aaep_helpers.spoken_values import spoken_arguments, spoken_value
from tests.aaep_helpers.secrets import SECRETS

FAMILY = "👩\u200d👩\u200d👧"


class Thing:
    """An object that has nothing to say, and says so loudly."""

    def __repr__(self) -> str:
        return "<Thing at 0x7f>"

    def __str__(self) -> str:
        return "Thing(secret)"


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Address:
    street: str
    number: int


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        ("", ""),
        ("   \n ", ""),
        ("Oslo", "Oslo"),
        (" New \n\t York ", "New York"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (-7, "-7"),
        (3.0, "3"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        # An amount is heard in full: not rounded, and not as 1.23457e+06.
        (1234567.89, "1234567.89"),
        (123456789.0, "123456789"),
        (3.14159265, "3.14159265"),
        (float("nan"), ""),
        (float("inf"), ""),
        (1e-7, "0.0000001"),
        (1e300, "1e+300"),
        (["a", "b"], "a, b"),
        (("a", 1, True, None), "a, 1, yes"),
        ([], ""),
        ({}, ""),
        ({"to": "Ada", "cc": None}, "to: Ada"),
        ({"due_date": "today"}, "due date: today"),
        (["1", "2", "3", "4", "5"], "1, 2, 3, 4, 5"),
        (["1", "2", "3", "4", "5", "6"], "1, 2, 3, 4, 5, 1 more"),
        (list(range(100)), "0, 1, 2, 3, 4, 95 more"),
        ({str(n): n for n in range(7)}, "0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 2 more"),
        ([["deep"]], "deep"),
        ([[["deeper"]]], "deeper"),
        ([[[["too deep"]]]], ""),
        ({"a": {"b": {"c": "d"}}}, "a: b: c: d"),
        ({"a": {"b": {"c": {"d": "e"}}}}, ""),
        (Thing(), ""),
        ([Thing(), "and words"], "and words"),
        (object, ""),
        (len, ""),
        (b"bytes", ""),
        ("…", ""),
    ],
)
def test_values_in_words(value: object, words: str) -> None:
    assert spoken_value(value) == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, ""),
        ({"to": "Ada", "copy_to_me": True}, "to: Ada, copy to me: yes"),
        ({"to": None, "subject": "Hi"}, "subject: Hi"),
        ({"thing": Thing(), "subject": "Hi"}, "subject: Hi"),
        ({"colour": Colour.RED}, "colour: red"),
        ({"where": Address("Main", 3)}, "where: street: Main, number: 3"),
        ({"on": datetime.date(2026, 3, 1)}, "on: 2026-03-01"),
        ({"cost": decimal.Decimal("1.50")}, "cost: 1.50"),
        ({"id": uuid.UUID(int=1)}, "id: 00000000-0000-0000-0000-000000000001"),
        ({"many": list(range(8))}, "many: 0, 1, 2, 3, 4, 3 more"),
    ],
)
def test_arguments_in_words(arguments: dict[str, object], words: str) -> None:
    assert spoken_arguments(arguments) == words


@pytest.mark.parametrize("name", ["password", "api_key", "apiKey", "X-Auth-Token", "pin"])
def test_sec_1_what_has_a_secret_name_is_not_heard(name: str) -> None:
    said = spoken_arguments({name: "swordfish", "to": {"deeper": [{name: "swordfish"}]}})
    assert "swordfish" not in said
    assert MASK in said


@pytest.mark.parametrize("secret", SECRETS)
def test_sec_1_what_looks_like_a_secret_is_not_heard(secret: str) -> None:
    said = spoken_arguments({"note": f"Use {secret} today", "more": [f"{secret}"]})
    assert MASK in said
    assert " ".join(secret.split()) not in said


def test_sec_1_secrets_are_masked_before_anything_is_cut() -> None:
    secret = SECRETS[0]
    for room in range(40):
        said = spoken_arguments({"note": f"Use {secret} today"}, room)
        assert secret[:12] not in said
        assert len(said) <= room


@pytest.mark.parametrize("room", range(1, 60, 7))
def test_d7_long_values_end_in_an_ellipsis_and_keep_letters_whole(room: int) -> None:
    text = f"{FAMILY} e\u0301" * 20
    for said in (spoken_value(text, room), spoken_arguments({"x": text}, room)):
        assert len(said) <= room
        assert said.endswith("…")
    kept = spoken_value(text, room).removesuffix("…")
    assert text.startswith(kept)
    assert is_safe_boundary(text, len(kept), 0)


def test_the_limits_hold_unless_they_are_given() -> None:
    assert len(spoken_value("word " * 100)) <= 120
    assert len(spoken_arguments({"text": "word " * 1000})) <= 400


def test_the_arguments_are_left_as_they_were() -> None:
    arguments: dict[str, Any] = {"password": "swordfish", "list": [1, {"token": "x"}]}
    spoken_arguments(arguments)
    assert arguments == {"password": "swordfish", "list": [1, {"token": "x"}]}


_WORDS = st.text(st.characters(codec="ascii", categories=["Ll"]), max_size=6)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _WORDS,
    st.sampled_from([Thing(), Thing, Colour.RED, Address("a", 1), object(), b"x", len, 1j, ...]),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=7)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_WORDS, inner, max_size=7)
    ),
    max_leaves=25,
)

_PYTHON = re.compile(
    r"[\[\]{}()<>'\"]|0x|\b(?:None|True|False|Thing|Address|object|Ellipsis|Colour)\b"
)


@settings(deadline=None, max_examples=150)
@given(_VALUES)
@example(669_050_656_861_140)  # It could be the number of a card.
def test_d8_no_value_is_heard_as_python_writes_it(value: object) -> None:
    for said in (spoken_value(value), spoken_arguments({"given": value}).replace(MASK, "masked")):
        assert not _PYTHON.search(said), said
        assert said == " ".join(said.split())


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=8), st.integers(0, 90))
def test_any_arguments_can_be_said(arguments: dict[str, object], room: int) -> None:
    assert len(spoken_arguments(arguments, room)) <= room
