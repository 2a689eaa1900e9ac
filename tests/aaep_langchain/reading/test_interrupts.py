"""What a paused graph asks, in words."""

from __future__ import annotations

import pytest
from langgraph.types import Interrupt

from aaep_langchain.reading import interrupt_question
from tests.aaep_langchain.reading.hostile import Hostile, HostileDict

REVIEW = {
    "name": "send_money",
    "args": {"to": "Ana", "amount": 50, "password": "hunter2"},
    "description": "Approval needed\n\nTool: send_money\nArgs: {'to': 'Ana', 'amount': 50}",
}


def kind(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    ("values", "question"),
    [
        (["Shall I?"], "Shall I?"),
        (["  Shall\n I? "], "Shall I?"),
        ([{"question": "Shall I?"}], "Shall I?"),
        ([{"action": "Send it.", "question": "Shall I?"}], "Shall I?"),
        ([{"data": 1}], ""),
        ([[{"type": "text", "text": "Shall I?"}]], "Shall I?"),
        ([{"action_requests": [{"description": "Send it."}]}], "Send it."),
        (
            [{"action_requests": [{"name": "send", "args": {}, "description": "Send it."}]}],
            "Send it.",
        ),
        ([{"action_requests": [{"name": "send_it", "args": {}}]}], "send it."),
        ([{"action_requests": [3, None]}], ""),
        ([{"data": 1}, "Shall I?"], "Shall I?"),
        (["Shall I?", {"question": "And then?"}], "Shall I? And then?"),
        ([None], ""),
        ([Hostile()], ""),
        ([HostileDict(question="x")], ""),
        ([], ""),
    ],
    ids=kind,
)
def test_a_question_in_words_from_any_value(values: list[object], question: str) -> None:
    assert interrupt_question([Interrupt(value=value, id="1") for value in values]) == question


def test_the_review_of_an_action_is_no_dump_of_its_arguments() -> None:
    question = interrupt_question([Interrupt(value={"action_requests": [REVIEW]}, id="1")])
    assert question.startswith("Approval needed: send money, with to: Ana, amount: 50")
    assert "hunter2" not in question
    assert "{" not in question
