"""Whether an answer was heard already (known failure 18)."""

from __future__ import annotations

import pytest

from aaep_langchain.repeats import was_said


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
