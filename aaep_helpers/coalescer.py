"""StreamCoalescer: tokens in, events that end where a listener can breathe out.

Its public face only: the cutting is in aaep_helpers.segmentation, and each listener has its own
(design D10). Boundary: one output of one session. Failure policy: that of emitter.output_streaming.
"""

from __future__ import annotations

from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.errors import ProtocolError, SubscriptionError
from aaep_helpers.events import OutputForm
from aaep_helpers.vocabulary import BOUNDARIES, Boundary


class StreamCoalescer:
    """Turns the tokens of one answer into output events.

    Concatenated, the chunks equal the tokens; no listener gets them cut finer than at `boundary`, and
    none cut inside a grapheme cluster. A listener that asked for a coarser boundary keeps its own.

    Args:
        emitter: Whose session it is.
        session_id: Which session.
        output_id: Which output, as make_id("out") makes it.
        boundary: none, word, sentence, paragraph or completion.
        language: Language tag of the text; None means the emitter's.

    Raises:
        SubscriptionError: There is no such boundary.
    """

    def __init__(
        self,
        *,
        emitter: AAEPEmitter,
        session_id: str,
        output_id: str,
        boundary: Boundary = "sentence",
        language: str | None = None,
    ) -> None:
        if boundary not in BOUNDARIES:
            raise SubscriptionError(
                f"There is no boundary {boundary!r}; it is one of {', '.join(BOUNDARIES)}."
            )
        self._emitter = emitter
        self._session_id = session_id
        self._output_id = output_id
        self._form = OutputForm(language=language or emitter.language, boundary=boundary)
        self._finished = False

    def add_token(self, text: str) -> None:
        """Take the next piece of text, however it is cut.

        Raises:
            CallerError: The session or the output is over.
        """
        if self._finished and text != "":
            raise ProtocolError(
                "SEQ-9",
                f"The output {self._output_id} is complete; new text needs a new output_id.",
                field="output_id",
                session_id=self._session_id,
            )
        self._emitter.add_text(self._session_id, self._output_id, text, form=self._form)

    def finish(self) -> None:
        """Say the rest and complete the output; a second call does nothing.

        Raises:
            CallerError: The session is over.
        """
        if not self._finished:
            self._emitter.add_text(
                self._session_id, self._output_id, "", form=self._form, complete=True
            )
            self._finished = True
