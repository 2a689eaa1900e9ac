"""Whether an answer was heard already (known failure 18)."""

from __future__ import annotations

import pytest

from aaep_langchain.repeats import same_words, unsaid, was_said


@pytest.mark.parametrize(
    ("answer", "said", "since", "known"),
    [
        ("One.", ["One."], 1, True),
        ("One.", [" One.\n"], 1, True),
        ("One. Two.", ["One.", "Two."], 2, True),
        ("Two.\n\nThree.", ["One.", "Two.", "Three.", "Four."], 4, True),
        ("Two.", ["One. Two."], 0, True),
        ("42", ["Final answer: 42."], 0, True),
        ("42", ["Final answer: 142."], 0, False),
        ("42", ["Is it 42?"], 1, False),
        ("Oslo", ["Is it Oslo?"], 1, False),
        ("I", ["I will look."], 1, False),
        ("One. Three.", ["One.", "Two.", "Three."], 0, False),
        ("One.", [], 0, False),
    ],
)
def test_words_that_were_said_are_known(
    answer: str, said: list[str], since: int, known: bool
) -> None:
    assert was_said(answer, said, since=since) is known


@pytest.mark.parametrize(
    ("answer", "said", "since", "rest"),
    [
        ("", ["One."], 0, ""),
        ("One.", ["One."], 0, ""),
        ("ONE.", ["One."], 1, ""),
        ("## One.", ["**One.**"], 1, ""),
        ("One. Two.", ["One."], 0, "Two."),
        ("One\n\nTwo", ["One"], 0, "Two"),
        ("One two", ["One"], 0, "One two"),
        ("One.5", ["One."], 0, "One.5"),
        ("One. Two.", ["One."], 1, "One. Two."),
        ("Two.", [], 0, "Two."),
        ("5 * 3", ["53"], 0, "5 * 3"),
    ],
)
def test_only_what_was_not_heard_is_left(
    answer: str, said: list[str], since: int, rest: str
) -> None:
    assert unsaid(answer, said, since=since) == rest


def test_case_marks_and_white_space_are_no_other_words() -> None:
    assert same_words("**One**\ntwo", "one TWO ")
    assert not same_words("One", "Two")
