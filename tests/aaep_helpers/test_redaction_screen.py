"""SEC-1 for streams: nothing lost, nothing let slip, whatever the tokens cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers.redaction import MASK, SecretScreen, redact_text
from aaep_helpers.redaction.screen import HELD, HELD_BLOCK
from tests.aaep_helpers.secrets import PEM, RANDOM, SECRETS, fragments


def screened(tokens: list[str]) -> list[str]:
    screen = SecretScreen()
    return [*(screen.feed(token) for token in tokens), screen.finish()]


def sliced(text: str, sizes: list[int]) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        size = sizes[len(tokens) % len(sizes)]
        tokens.append(text[at : at + size])
        at += size
    return tokens


sizes = st.lists(st.integers(1, 12), min_size=1, max_size=6)


@settings(deadline=None, max_examples=500)
@given(fragments(), sizes)
def test_a_stream_is_masked_as_the_whole_would_be(text: str, cuts: list[int]) -> None:
    assert "".join(screened(sliced(text, cuts))) == redact_text(text)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), sizes)
def test_so_is_any_text_at_all(text: str, cuts: list[int]) -> None:
    assert "".join(screened(sliced(text, cuts))) == redact_text(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.from_regex(r"[A-Za-z,.!?' \n\u4e00-\u4eff]{1,9}", fullmatch=True), max_size=20))
def test_text_without_secrets_loses_nothing(tokens: list[str]) -> None:
    text = "".join(tokens)
    if redact_text(text) == text:
        assert "".join(screened(tokens)) == text


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(SECRETS), sizes, st.sampled_from(("", "the key ", "密", "(", "a: ")))
def test_no_secret_comes_through_whole_or_in_large_part(
    secret: str, cuts: list[int], before: str
) -> None:
    out = "".join(screened(sliced(f"{before}{secret} and so on", cuts)))
    assert secret[:8] not in out
    assert secret.strip()[-6:] not in out
    assert out.endswith(" and so on")


@settings(deadline=None, max_examples=100)
@given(fragments(), sizes)
def test_what_is_released_is_never_taken_back(text: str, cuts: list[int]) -> None:
    released = ""
    whole = redact_text(text)
    for part in screened(sliced(text, cuts)):
        released += part
        assert whole.startswith(released)


def test_ordinary_words_are_released_at_once() -> None:
    screen = SecretScreen()
    words = [
        "Your",
        " balance",
        " was",
        " fine",
        ",",
        " Anna",
        "'ll",
        " too",
        ".",
        "\n\n",
        "你好",
        "。",
    ]
    assert [screen.feed(word) for word in words] == words


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "1 " * 10_000,
        "sk-" * 6_000,
        "eyJ." * 5_000,
        'password: "' + "a" * 20_000,
        "password=" + "a" * 20_000,
        "http://" + "a" * 20_000,
        "-----BEGIN A-----\n" + "A" * 20_000,
        "-----BEGIN A-----\n" * 1_000,
        "Bearer " + "a" * 20_000,
        "token: " + "\n" * 20_000,
    ],
)
def test_what_is_held_is_bounded(text: str) -> None:
    screen = SecretScreen()
    fed = 0
    for at in range(0, len(text), 50):
        screen.feed(text[at : at + 50])
        fed += 50
        assert screen.held <= max(HELD, HELD_BLOCK) + 50


@pytest.mark.parametrize("size", [1, 7, 400])
def test_a_secret_too_long_to_hold_is_masked_and_the_rest_of_it_swallowed(size: int) -> None:
    text = f"password={RANDOM * 300} and on"
    assert "".join(screened(sliced(text, [size]))) == f"password={MASK} and on"
    long_block = PEM.replace("x9==", "A1b2C3d4" * 600)
    out = "".join(screened(sliced(f"{long_block}. Next", [size])))
    assert out == f"{MASK}. Next"


def test_a_screen_is_as_new_after_finish() -> None:
    screen = SecretScreen()
    assert screen.feed("the password is") + screen.finish() == "the password is"
    assert screen.feed(" 1234567") + screen.finish() == " 1234567"
