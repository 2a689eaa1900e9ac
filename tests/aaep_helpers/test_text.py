"""What is true of every text before it is said: well-formed, NFC, no secrets, not too long."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers.text import human_data, human_text, well_formed

FAMILY = "👩‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("\ud800", "\ufffd"),
        ("a\udc00b\ud83dc", "a\ufffdb\ufffdc"),
        (FAMILY, FAMILY),
    ],
)
def test_lone_surrogates_are_replaced_one_by_one(text: str, expected: str) -> None:
    """SEQ-9: one code point stands for one, so positions stay true."""
    assert well_formed(text) == expected
    assert len(well_formed(text)) == len(text)


def test_human_text_is_in_nfc() -> None:
    """ENV-6."""
    assert human_text("cafe\u0301") == "caf\u00e9"


@pytest.mark.parametrize("value", [None, 5, 2.5, True, [], {}, b"bytes", object()])
def test_what_is_no_text_is_left_for_validation_to_name(value: Any) -> None:
    assert human_text(value) is value


def test_secrets_are_masked() -> None:
    """SEC-1."""
    said = human_text("the password=hunter2pass is set")
    assert "hunter2pass" not in said
    assert "[hidden]" in said


@pytest.mark.parametrize(
    "text", ["word " * 10_000, "x" * 50_000, "語" * 20_000, FAMILY * 5_000, "e\u0301" * 20_000]
)
@pytest.mark.parametrize("limit", [16, 256, 4096, 16384])
def test_long_text_is_shortened_at_a_grapheme_and_says_so(text: str, limit: int) -> None:
    """D7, ENV-7: at most so many code points, and 16 KiB."""
    said = human_text(text, limit)
    assert len(said) <= limit
    assert len(said.encode()) <= 16 * 1024
    assert said.endswith("…")
    kept = said[:-1]
    whole = unicodedata.normalize("NFC", text)
    assert whole.startswith(kept)
    if text.startswith(FAMILY):
        assert len(kept) % len(FAMILY) == 0
    # Nearly as much is kept as there is room for.
    assert len(kept) > limit // 4 - 16


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200), limit=st.integers(1, 100))
def test_any_text_comes_out_fit_to_be_said(text: str, limit: int) -> None:
    said = human_text(text, limit)
    assert len(said) <= limit
    said.encode("utf-8")


def test_data_keeps_its_shape_without_secrets() -> None:
    data = {"to": "Ana", "password": "hunter2pass", "steps": [1, 2.5, None, True, ("a", "b")]}
    assert human_data(data) == {
        "to": "Ana",
        "password": "[hidden]",
        "steps": [1, 2.5, None, True, ["a", "b"]],
    }


def test_data_has_no_text_longer_and_no_part_deeper_than_advised() -> None:
    """ENV-7: 16 KiB a string, eight levels, of which the event is the first."""
    deep: dict[str, Any] = {"end": "here"}
    for _ in range(20):
        deep = {"in": deep}
    said = human_data({"long": "word " * 10_000, "deep": deep, "list": [["語" * 9_000]]})
    assert len(said["long"].encode()) <= 16 * 1024
    assert said["long"].endswith("…")
    assert len(said["list"][0][0].encode()) <= 16 * 1024
    levels = 1
    inner: Any = said
    while isinstance(inner, dict):
        levels += 1
        inner = inner.get("deep", inner.get("in"))
    assert levels <= 8
    json.dumps(said)


def test_data_that_is_no_data_does_not_raise() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("never to be called")

    loop: list[Any] = []
    loop.append(loop)
    assert human_data({"odd": Odd(), "loop": loop}) == {"odd": "…", "loop": ["…"]}
