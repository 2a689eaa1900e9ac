"""StreamCoalescer: tokens in, chunks that end where a listener can breathe out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import ProtocolError, StreamCoalescer, SubscriptionError, UnknownSessionError
from aaep_helpers.vocabulary import BOUNDARIES, Boundary
from tests.aaep_helpers.ears import Ear, every_ear, new_emitter, texts

TEXT = "Dr. Who paid 3.14 euros. Then e.g. the U.S. sent more!\n\n- one\n- two 👩‍👩‍👧\n\nThe end"


def coalescer(emitter: Any, session_id: str, **more: Any) -> StreamCoalescer:
    return StreamCoalescer(emitter=emitter, session_id=session_id, output_id="out_1", **more)


def test_tokens_are_heard_as_sentences() -> None:
    emitter = new_emitter()
    ear = Ear("none").listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    for token in ("Hel", "lo. ", "How are ", "you?", " Fine"):
        stream.add_token(token)
    stream.finish()
    emitter.complete_session(session_id=session_id)
    assert texts(ear.heard) == ["Hello. ", "How are you? ", "Fine"]
    ear.assert_well_told()


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("width", [1, 3, 8, 1000])
def test_nothing_is_lost_and_nothing_is_cut_finer_than_asked(
    boundary: Boundary, width: int
) -> None:
    emitter = new_emitter()
    ears = {ear.boundary: ear for ear in every_ear(emitter)}
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id, boundary=boundary)
    for at in range(0, len(TEXT), width):
        stream.add_token(TEXT[at : at + width])
    stream.finish()
    emitter.complete_session(session_id=session_id)
    for name, ear in ears.items():
        ear.assert_text(session_id, "out_1", TEXT)
        ear.assert_well_told()
        coarser = max(name, boundary, key=BOUNDARIES.index)
        if BOUNDARIES.index(boundary) > 0:
            assert texts(ear.heard) == texts(ears[coarser].heard)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_slicing_gives_the_same_chunks(data: st.DataObject) -> None:
    emitter = new_emitter()
    ear = Ear("sentence").listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    left = TEXT
    while left:
        width = data.draw(st.integers(1, 8))
        stream.add_token(left[:width])
        left = left[width:]
    stream.finish()
    assert texts(ear.heard) == [
        "Dr. Who paid 3.14 euros. ",
        "Then e.g. the U.S. sent more!\n\n",
        "- one\n",
        "- two 👩‍👩‍👧\n\n",
        "The end",
    ]


def test_finishing_twice_completes_once() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    stream.add_token("Hm. ")
    stream.finish()
    heard = len(ear.heard)
    stream.finish()
    assert len(ear.heard) == heard
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()


@pytest.mark.parametrize("tokens", [[], [""], ["", ""]])
def test_a_stream_without_text_leaves_no_trace(tokens: list[str]) -> None:
    """D8, SEQ-9: no output without text."""
    emitter = new_emitter()
    ear = Ear("none").listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    for token in tokens:
        stream.add_token(token)
    stream.finish()
    assert ear.kinds() == ["session.started"]


@pytest.mark.parametrize("tokens", [[], ["Hm."]])
def test_a_finished_stream_takes_no_more_tokens(tokens: list[str]) -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    for token in tokens:
        stream.add_token(token)
    stream.finish()
    with pytest.raises(ProtocolError, match="new text needs a new output_id") as caught:
        stream.add_token("More.")
    assert (caught.value.rule, caught.value.field) == ("SEQ-9", "output_id")


def test_a_stream_whose_session_is_over_says_so() -> None:
    emitter = new_emitter()
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    stream.add_token("Half a")
    emitter.cancel_session(session_id=session_id, cancelled_by="user")
    with pytest.raises(UnknownSessionError, match="is over"):
        stream.add_token(" sentence.")
    with pytest.raises(UnknownSessionError, match="is over"):
        stream.finish()


def test_a_stream_says_in_which_language_it_is() -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id, language="ar")
    stream.add_token("مرحبا. ")
    stream.finish()
    chunk = ear.heard[-2]
    assert chunk["language"] == "ar"
    assert chunk["localization_hints"] == {"primary_language": "ar", "text_direction": "rtl"}


@pytest.mark.parametrize("boundary", ["line", "", None, 5, []])
def test_there_is_no_other_boundary(boundary: Any) -> None:
    emitter = new_emitter()
    with pytest.raises(SubscriptionError, match="no boundary"):
        coalescer(emitter, emitter.start_session(), boundary=boundary)


@pytest.mark.parametrize("token", [None, 5, b"bytes", ["Hm."]])
def test_a_token_is_text(token: Any) -> None:
    emitter = new_emitter()
    ear = Ear().listen(emitter)
    session_id = emitter.start_session()
    stream = coalescer(emitter, session_id)
    with pytest.raises(ProtocolError) as caught:
        stream.add_token(token)
    assert caught.value.field == "chunk"
    stream.add_token("Hm. ")
    stream.finish()
    emitter.complete_session(session_id=session_id)
    ear.assert_well_told()
