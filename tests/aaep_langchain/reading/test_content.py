"""Text for the user in messages and tokens: text blocks only (known failures 14, 15)."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from aaep_langchain.reading import text_of


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Hi.", "Hi."),
        ("", ""),
        ([], ""),
        (["Hi", "."], "Hi."),
        ([{"type": "text", "text": "Hi."}], "Hi."),
        ([{"type": "output_text", "text": "Hi."}], "Hi."),
        ([{"text": "Hi."}], "Hi."),
        ({"type": "text", "text": "Hi."}, "Hi."),
        ([{"type": "reasoning", "reasoning": "Hm."}, "Hi."], "Hi."),
        ([{"type": "thinking", "thinking": "Hm."}], ""),
        ([{"type": "input_json_delta", "partial_json": '{"a"'}], ""),
        ([{"type": "tool_use", "name": "t", "input": {}}], ""),
        ([{"type": "image_url", "image_url": {"url": "x"}}], ""),
        # A refusal is what OpenAI's models answer instead; LangChain's standard content wraps it.
        ([{"type": "refusal", "refusal": "I can not."}], "I can not."),
        ([{"type": "non_standard", "value": {"type": "refusal", "refusal": "No."}}], "No."),
        ([{"type": "non_standard", "value": {"type": "search", "refusal": "No."}}], ""),
        ([{"type": "non_standard", "value": "No."}], ""),
        ([{"type": "refusal", "refusal": None}], ""),
        ([{"type": "text", "text": None}], ""),
        ([{"type": "text"}], ""),
        ([None, 3, object()], ""),
        (None, ""),
        (3, ""),
    ],
)
def test_known_failure_14_text_blocks_are_text_and_nothing_else_is(
    content: object, text: str
) -> None:
    assert text_of(content) == text


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: [text]])
def test_langchains_own_kind_of_string_is_read_as_a_plain_one(wrap: Any) -> None:
    """`message.text` is a subclass of str, which jsonschema-rs takes for no text (fact 16)."""
    accessor = AIMessage("Hi.").text
    assert type(accessor) is not str
    assert type(text_of(wrap(accessor))) is str
    assert text_of(wrap(accessor)) == "Hi."
