"""Text for the user in messages and tokens: text blocks only (known failures 14, 15)."""

from __future__ import annotations

import pytest

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
