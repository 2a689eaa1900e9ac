"""What runs and tools are called, wherever LangChain put it (known failure 6)."""

from __future__ import annotations

import pytest

from aaep_langchain.reading import run_name, tool_name


@pytest.mark.parametrize(
    ("serialized", "name", "called"),
    [
        ({"name": "weather"}, None, "weather"),
        (None, "weather", "weather"),
        ({"name": "other"}, "weather", "weather"),
        ({"id": ["langchain", "tools", "Weather"]}, None, "Weather"),
        ({"name": "", "id": []}, "", ""),
        ({"name": 3, "id": "x"}, 3, ""),
        ({}, None, ""),
        (None, None, ""),
    ],
)
def test_known_failure_06_the_name_is_found_or_there_is_none(
    serialized: dict[str, object] | None, name: object, called: str
) -> None:
    assert run_name(serialized, name) == called


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("send_email", "send_email"),
        ("send email!", "send_email_"),
        ("3d-print", "_3d-print"),
        ("größe", "gr__e"),
        ("天気", "__"),
        ("-", "_-"),
        ("x" * 300, "x" * 255),
        (None, "tool"),
    ],
)
def test_a_tools_name_on_the_wire_is_one_the_protocol_allows(name: str | None, wire: str) -> None:
    assert tool_name({"name": name}, None) == wire
