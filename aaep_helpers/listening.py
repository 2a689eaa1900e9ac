"""What one listener gets of one session, as a pure core: facts in, wire events out (design D10).

Each set of equal settings has its own core for each session: it cuts text at the listener's boundary,
leaves out what was not asked for, rewrites from_state to what this listener heard (SEQ-3) and counts
without gaps (SUB-13). Boundary: no queues, no threads, no clock; time comes with the facts.
Failure policy: an event that cannot be rendered raises EventValidationError to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.rendering import Chunk, Renderer, own_copy
from aaep_helpers.segmentation import Segmenter, split_to_limits

_CONTROLS = re.compile("[\x00-\x07\x0b\x0e-\x1f]")

_COARSENESS = {boundary: rank for rank, boundary in enumerate(v.BOUNDARIES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningSettings:
    """How a listener wants to hear; listeners with equal settings share the work.

    Attributes:
        event_types: Exact type names, or prefixes ending in "*"; critical types always pass (SUB-5).
        boundary: Where text may be cut (SUB-6).
        verbosity: Which summary it prefers.
        language: The language tag it prefers (SUB-7).
    """

    event_types: tuple[str, ...] = ("aaep:agent.*",)
    boundary: v.Boundary = "sentence"
    verbosity: v.Verbosity = "normal"
    language: str = "en-US"

    def wants(self, event_type: str) -> bool:
        """Whether events of this type are to be sent (SUB-5)."""
        if event_type in v.CRITICAL_TYPES:
            return True
        return any(
            event_type.startswith(wanted[:-1]) if wanted.endswith("*") else event_type == wanted
            for wanted in self.event_types
        )


class _HeardOutput:
    """What this listener got of one output so far."""

    __slots__ = ("form", "position", "segmenter")

    def __init__(self, form: e.OutputForm, boundary: v.Boundary) -> None:
        self.form = form
        self.position = 0
        self.segmenter = Segmenter(boundary, form.language)


class ListeningCore:
    """The stream of one session for listeners of equal settings.

    Args:
        session_id: Which session.
        settings: How they want to hear.
        renderer: Makes the wire events.
        key: Secret of the session, from which the ids of text events are made: equal pieces said at the
            same time are the same event for everybody (SUB-13), and nobody can guess them.
        correlation_id: Carried on the text events, as on all others.
    """

    def __init__(
        self,
        session_id: str,
        settings: ListeningSettings,
        renderer: Renderer,
        key: bytes,
        correlation_id: str | None = None,
    ) -> None:
        self._session_id = session_id
        self._settings = settings
        self._renderer = renderer
        self._key = key
        self._correlation_id = correlation_id
        self._next_number = 0
        self._heard_state = v.IDLE
        self._outputs: dict[str, _HeardOutput] = {}
        self._wants_text = settings.wants(v.OUTPUT_STREAMING)
        self._wants = {event_type: settings.wants(event_type) for event_type in v.CORE_TYPES}

    @property
    def next_number(self) -> int:
        """How many events this listener has been sent: the number of its next one (ENV-10)."""
        return self._next_number

    @property
    def holds_text(self) -> bool:
        """Whether some text waits for its boundary."""
        return any(output.segmenter.held for output in self._outputs.values())

    def feed(self, fact: e.Fact) -> list[e.WireEvent]:
        """What this listener is sent for `fact`: held text that must come first, then the event."""
        payload = fact.payload
        sent: list[e.WireEvent] = []
        if self._outputs and _comes_after_held_text(payload):
            sent.extend(self._flush(fact.at_ms))
        if not self._wants[payload.TYPE]:
            return sent
        if isinstance(payload, e.StateChanged):
            changed = self._state_changed(fact, payload)
            return sent if changed is None else [*sent, changed]
        event = self._renderer.render(fact, self._settings.language, self._settings.verbosity)
        own = own_copy(event)
        own["sequence_number"] = self._number()
        sent.append(own)
        return sent

    def feed_text(self, fact: e.TextFact) -> list[e.WireEvent]:
        """What this listener is sent for text that came, paused or ended."""
        if not self._wants_text:
            return []
        at_ms, what = fact
        output = self._outputs.get(what.output_id)
        if isinstance(what, e.TextDelta):
            if output is None:
                output = self._outputs[what.output_id] = _HeardOutput(
                    what.form, self._boundary_of(what.form)
                )
            cut = output.segmenter.feed(what.text, ends_at=what.ends_at)
            return (
                [
                    event
                    for piece in cut
                    for event in self._pieces(what.output_id, output, piece.text, piece.hint, at_ms)
                ]
                if cut
                else []
            )
        if output is None:
            return []
        if isinstance(what, e.TextQuiet):
            return [
                event
                for piece in output.segmenter.flush_stalled()
                for event in self._pieces(what.output_id, output, piece.text, piece.hint, at_ms)
            ]
        return list(self._close(what.output_id, output, at_ms))

    def only_holds(self, output_id: str, text: str, noted: int) -> bool:
        """Whether this listener would be sent nothing for `text`, nor anything sooner because of it.

        Args:
            output_id: Its output, which is open.
            text: What came.
            noted: How many code points came before it that this listener's core was not fed yet.
        """
        if not self._wants_text:
            return True
        output = self._outputs.get(output_id)
        return output is not None and output.segmenter.only_holds(text, noted)

    def catch_up(self, at_ms: int, questions: Iterable[e.Fact], state: str) -> list[e.WireEvent]:
        """What a listener is sent that joins in mid-session (SUB-12): where it stands, and what is asked.

        Args:
            at_ms: When it joined, in milliseconds since 1970-01-01 UTC.
            questions: The open questions, which are sent again as they were.
            state: The state the session is in.
        """
        self._heard_state = v.IDLE
        open_questions = list(questions)
        # ENV-9: the questions are sent as they were, with their times, and this comes before them. A session
        # that asks has been awaiting input since the first of them.
        at_ms = min((question.at_ms for question in open_questions), default=at_ms)
        joined = e.Fact(
            event_id=self._id(f"joined {at_ms} {state}"),
            session_id=self._session_id,
            at_ms=at_ms,
            payload=e.StateChanged(
                from_state=v.IDLE, to_state=state, summary=Summary.of("session.joined")
            ),
            urgency="normal",
            correlation_id=self._correlation_id,
        )
        sent = [] if state == v.IDLE else self.feed(joined)
        for question in open_questions:
            sent.extend(self.feed(question))
        return sent

    def _state_changed(self, fact: e.Fact, payload: e.StateChanged) -> e.WireEvent | None:
        event = self._renderer.render(fact, self._settings.language, self._settings.verbosity)
        heard = self._heard_state
        self._heard_state = payload.to_state
        own = own_copy(event)
        own["sequence_number"] = self._number()
        if heard != payload.from_state:
            # This listener did not hear how the session came to payload.from_state (SEQ-3): the event
            # differs from the others', so it has an id of its own (SUB-13).
            own["from_state"] = heard
            own["event_id"] = self._id(f"{fact.event_id} from {heard}")
        return own

    def _boundary_of(self, form: e.OutputForm) -> v.Boundary:
        return max(self._settings.boundary, form.boundary, key=_COARSENESS.__getitem__)

    def _flush(self, at_ms: int) -> Iterator[e.WireEvent]:
        """Everything held, so that what follows is heard after it (SUB-3); the outputs stay open."""
        for output_id, output in self._outputs.items():
            if output.segmenter.held:
                for piece in output.segmenter.finish():
                    yield from self._pieces(output_id, output, piece.text, piece.hint, at_ms)
                output.segmenter = Segmenter(self._boundary_of(output.form), output.form.language)

    def _close(self, output_id: str, output: _HeardOutput, at_ms: int) -> Iterator[e.WireEvent]:
        del self._outputs[output_id]
        rest = [
            (text, piece.hint)
            for piece in output.segmenter.finish()
            for text in _within_limits(piece.text)
        ]
        for text, hint in rest[:-1]:
            yield from self._pieces(output_id, output, text, hint, at_ms)
        text, _ = rest[-1] if rest else ("", "completion")
        yield self._chunk(output_id, output, text, "completion", at_ms, complete=True)

    def _pieces(
        self, output_id: str, output: _HeardOutput, text: str, hint: v.Boundary, at_ms: int
    ) -> Iterator[e.WireEvent]:
        if len(text) * 4 <= v.MAX_STRING_BYTES:
            yield self._chunk(output_id, output, text, hint, at_ms)
            return
        parts = _within_limits(text)
        for part in parts[:-1]:
            yield self._chunk(output_id, output, part, "word", at_ms)
        yield self._chunk(output_id, output, parts[-1], hint, at_ms)

    def _chunk(
        self,
        output_id: str,
        output: _HeardOutput,
        text: str,
        hint: v.Boundary,
        at_ms: int,
        complete: bool = False,
    ) -> e.WireEvent:
        position = output.position
        output.position += len(text)
        chunk = Chunk(
            event_id=self._id(f"{output_id} {position} {len(text)} {hint} {complete} {at_ms}"),
            output_id=output_id,
            text=text,
            position=position,
            complete=complete,
            hint=hint,
            form=output.form,
        )
        return self._renderer.render_chunk(
            chunk,
            session_id=self._session_id,
            at_ms=at_ms,
            sequence_number=self._number(),
            correlation_id=self._correlation_id,
        )

    def _number(self) -> int:
        number = self._next_number
        self._next_number += 1
        return number

    def _id(self, what: str) -> str:
        return f"evt_{blake2b(what.encode(), key=self._key, digest_size=16).hexdigest()}"


def _comes_after_held_text(payload: e.Payload) -> bool:
    """Whether everything said so far must be heard before `payload` (SUB-3, known failure 16)."""
    if isinstance(payload, e.StateChanged):
        return payload.from_state == v.WRITING_OUTPUT
    return payload.TYPE in v.CRITICAL_TYPES or payload.TYPE in v.TERMINAL_TYPES


def _within_limits(text: str) -> list[str]:
    """`text` in pieces that events can carry (ENV-7); JSON writes a control character in six bytes."""
    most = v.MAX_TEXT_LENGTH if _CONTROLS.search(text) is None else v.MAX_TEXT_LENGTH // 2
    return split_to_limits(text, most, v.MAX_STRING_BYTES)
