"""Text in a subclass of str, as message libraries hand it over, is text like any other (ENV-6)."""

from __future__ import annotations

import pytest

from aaep_helpers import AAEPEmitter, make_id
from aaep_helpers.testing import capture_events
from aaep_helpers.text import well_formed
from aaep_helpers.vocabulary import BOUNDARIES, Boundary


class Words(str):
    """What LangChain's `message.text` is: a string that is also something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


@pytest.mark.parametrize("text", ["", "Hi.", "Käse", "\ud800"])
def test_well_formed_text_is_a_plain_string(text: str) -> None:
    assert type(well_formed(Words(text))) is str
    assert well_formed(Words(text)) == well_formed(text)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_words_of_a_subclass_are_heard_at_every_boundary(boundary: Boundary) -> None:
    emitter = AAEPEmitter("helper", "Helper", quiet_seconds=None)
    with capture_events(emitter, boundary=boundary) as heard:
        session_id = emitter.start_session(summary_normal="Working.")
        output_id, position = make_id("out"), 0
        for piece in ("It", " is", " sunny", " in", " Oslo."):
            emitter.output_streaming(
                session_id=session_id,
                output_id=output_id,
                chunk=Words(piece),
                position=position,
                complete=piece.endswith("."),
            )
            position += len(piece)
        emitter.complete_session(session_id=session_id)
    assert "".join(event.get("chunk", "") for event in heard) == "It is sunny in Oslo."
