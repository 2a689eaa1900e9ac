"""Whose words a model's are, told by the facts of its run (fact 8)."""

from __future__ import annotations

from typing import Any

import pytest

from aaep_langchain.hearing import is_for_the_user


def is_heard(**facts: Any) -> bool:
    nothing = {"inside_tool": False, "tags": None, "metadata": None, "invocation_params": None}
    return is_for_the_user(**{**nothing, **facts})


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"tags": ["seq:step:1"]},
        {"metadata": {"langgraph_node": "model"}},
        {"metadata": {"langgraph_node": 3}},
        {"metadata": {"lc_source": None}},
        {"invocation_params": {"model": "x", "response_format": None}},
    ],
)
def test_the_agents_own_words_are_for_the_user(facts: dict[str, Any]) -> None:
    assert is_heard(**facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"inside_tool": True},
        {"tags": ["nostream"]},
        {"tags": ["seq:step:1", "langsmith:nostream"]},
        {"metadata": {"lc_source": "summarization"}},
        {"metadata": {"langgraph_node": "Guard.before_model"}},
        {"metadata": {"langgraph_node": "Guard.after_agent"}},
        {"invocation_params": {"response_format": {"type": "json_schema"}}},
        {"invocation_params": {"ls_structured_output_format": {"schema": {}}}},
    ],
)
def test_known_failure_17_the_words_of_others_are_not(facts: dict[str, Any]) -> None:
    assert not is_heard(**facts)
