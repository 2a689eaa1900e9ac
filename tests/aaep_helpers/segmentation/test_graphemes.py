"""Cuts keep grapheme clusters whole; the oracle is the \\X of the package `regex`."""

from __future__ import annotations

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aaep_helpers.segmentation import is_safe_boundary, safe_cut, shorten, split_to_limits
from aaep_helpers.segmentation.graphemes import ends_open

CLUSTER = regex.compile(r"\X")

WHOLE = {
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f466",
    "skin tone": "\U0001f44d\U0001f3fd",
    "flag": "\U0001f1e9\U0001f1ea",
    "tagged flag": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycap": "1\ufe0f\u20e3",
    "variation selector": "\u2764\ufe0f",
    "combining marks": "e\u0301\u0323",
    "jamo": "\u1112\u1161\u11ab",
    "syllable and jamo": "\uac00\u11a8",
    "conjunct": "\u0915\u094d\u0937\u093f",
    "conjunct with joiner": "\u0915\u094d\u200d\u0937",
    "line break": "\r\n",
    "number sign": "\u06001",
    "Thai AM": "\u0e01\u0e33",
}

awkward = st.sampled_from(
    [*"".join(WHOLE.values()), "a", " ", "\n", "\r", "\x00", "\ud800", "\U0001f1eb", "\u1039", "。"]
)
texts = st.one_of(
    st.text(awkward, max_size=40),
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from([*WHOLE.values(), "a ", "b. ", "。"]), max_size=12).map("".join),
)


def cluster_ends(text: str) -> set[int]:
    return {0} | {match.end() for match in CLUSTER.finditer(text)}


@example("\u0c4d\U0001f3fd\u0915")  # virama, skin tone, consonant
@settings(max_examples=1000)
@given(texts)
def test_a_safe_boundary_is_a_cluster_boundary(text: str) -> None:
    ends = cluster_ends(text)
    for position in range(len(text) + 1):
        if is_safe_boundary(text, position):
            assert position in ends


def test_every_code_point_keeps_what_binds_to_it() -> None:
    pairs = (pair for char in map(chr, range(0x110000)) for pair in ("a" + char, char + "a"))
    bound = (pair for pair in pairs if len(CLUSTER.findall(pair)) == 1)
    assert [ascii(pair) for pair in bound if is_safe_boundary(pair, 1)] == []


@pytest.mark.parametrize("text", ["Plain words.", "日本語。", "Привет, мир", "مرحبا بك", "👍 ok"])
def test_ordinary_text_may_be_cut_everywhere(text: str) -> None:
    assert all(is_safe_boundary(text, position) for position in range(len(text)))


@pytest.mark.parametrize("cluster", WHOLE.values(), ids=WHOLE.keys())
def test_no_limit_cuts_into_a_cluster(cluster: str) -> None:
    text = f"a{cluster}b"
    for limit in range(1, len(cluster) + 1):
        assert safe_cut(text, limit) == 1
        assert cluster not in shorten(text + "c" * 9, limit + 1)
    assert safe_cut(text, len(cluster) + 1) == len(cluster) + 1


@given(st.integers(0, 40))
def test_flags_are_paired_from_the_start_of_the_run(flags: int) -> None:
    text = "\U0001f1e9\U0001f1ea" * flags
    assert all(is_safe_boundary(text, i) == (i % 2 == 0) for i in range(len(text)))


@settings(max_examples=300)
@given(texts, st.integers(-2, 50))
def test_safe_cut_is_the_largest_safe_position(text: str, limit: int) -> None:
    cut = safe_cut(text, limit)
    assert cut == max(
        [i for i in range(len(text) + 1) if i <= limit and is_safe_boundary(text, i)], default=0
    )


@settings(max_examples=500)
@given(texts, st.integers(0, 40), st.none() | st.integers(0, 60), st.sampled_from(["…", "...", ""]))
@example("a" * 10, 3, None, "...")
def test_shortened_text_fits(text: str, length: int, size: int | None, ellipsis: str) -> None:
    short = shorten(text, length, max_bytes=size, ellipsis=ellipsis)
    assert len(short) <= length
    assert size is None or len(short.encode("utf-8", "surrogatepass")) <= size
    if short != text:
        kept = short.removesuffix(ellipsis) if ellipsis else short
        assert text.startswith(kept)
        assert len(kept) in cluster_ends(text)


@given(texts)
def test_text_that_fits_is_not_changed(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    assert shorten(text, len(text), max_bytes=size) == text


def test_shortening_prefers_a_word_end() -> None:
    assert shorten("Send an e-mail to Jane", 14) == "Send an…"
    assert shorten("Send an e-mail to Jane", 15) == "Send an e-mail…"
    assert shorten("Donaudampfschifffahrt", 6) == "Donau…"


@pytest.mark.parametrize(("length", "size"), [(-1, None), (1, -1)])
def test_negative_limits_are_refused(length: int, size: int | None) -> None:
    with pytest.raises(ValueError, match="negative"):
        shorten("text", length, max_bytes=size)


@settings(max_examples=500)
@given(texts, st.integers(1, 30), st.none() | st.integers(4, 60))
def test_pieces_are_the_text_and_within_the_limits(
    text: str, length: int, size: int | None
) -> None:
    pieces = split_to_limits(text, length, size)
    assert "".join(pieces) == text
    ends = cluster_ends(text)
    position = 0
    for piece in pieces:
        assert piece
        assert len(piece) <= length
        assert size is None or len(piece.encode("utf-8", "surrogatepass")) <= size
        start, position = position, position + len(piece)
        if position not in ends:
            # Only a cluster that begins where the piece begins may have been too long for it.
            assert not any(start < i < position and is_safe_boundary(text, i) for i in ends)


def test_pieces_prefer_sentence_ends_then_white_space() -> None:
    assert split_to_limits("One two. Three four", 14) == ["One two. ", "Three four"]
    assert split_to_limits("one two three", 9) == ["one two ", "three"]
    assert split_to_limits("", 9) == []


@pytest.mark.parametrize(("length", "size"), [(0, None), (5, 3)])
def test_pieces_need_room_for_a_code_point(length: int, size: int | None) -> None:
    with pytest.raises(ValueError, match="room"):
        split_to_limits("text", length, size)


@pytest.mark.parametrize("text", ["a\u200d", "\U0001f1e9", "\u0915\u094d", "\u1112", "ok\r", "👍"])
def test_an_end_that_asks_for_more_is_open(text: str) -> None:
    assert ends_open(text)


@pytest.mark.parametrize("text", ["", "a", "end.", "end. ", "日", "मैं"])
def test_an_ordinary_end_is_closed(text: str) -> None:
    assert not ends_open(text)
