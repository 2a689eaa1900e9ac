"""What listeners are told about a question: asked, nearly out of time, and how it ended (CNF-13).

Boundary: picks entries of the catalogue and fills them (D9); decides nothing. Failure policy: none.
"""

from __future__ import annotations

from typing import Final

from aaep_helpers import events as e
from aaep_helpers.announcing_words import spoken_duration
from aaep_helpers.catalogue import Summary
from aaep_helpers.replies.requests import OpenRequest, Settlement
from aaep_helpers.segmentation import shorten
from aaep_helpers.session import Outcome

# A question named again, so that it can be told from others that are open: its beginning is enough.
_NAME_LENGTH: Final = 200

_STOPS: Final = (".", "!", "?", ":", ";", "\u2026", "\u3002", "\u0964")

_CONFIRMATION_ENDS: Final[dict[tuple[Outcome, str], Summary]] = {
    (Outcome.TIMED_OUT, "accept"): Summary.of("question.timed_out_accept"),
    (Outcome.TIMED_OUT, "reject"): Summary.of("question.timed_out_reject"),
    (Outcome.UNANSWERABLE, "accept"): Summary.of("question.unanswerable_accept"),
    (Outcome.UNANSWERABLE, "reject"): Summary.of("question.unanswerable_reject"),
}

_ENDS: Final[dict[Outcome, Summary]] = {
    Outcome.ACCEPTED: Summary.of("question.accepted"),
    Outcome.REJECTED: Summary.of("question.declined"),
    Outcome.ANSWERED: Summary.of("question.answered"),
    Outcome.TIMED_OUT: Summary.of("question.timed_out"),
    Outcome.UNANSWERABLE: Summary.of("question.unanswerable"),
    Outcome.WITHDRAWN: Summary.of("question.withdrawn"),
    Outcome.FAILED: Summary.of("question.failed"),
}


def sentence(text: str) -> str:
    """`text` so that another sentence can follow it."""
    text = text.strip()
    return text if not text or text.endswith(_STOPS) else f"{text}."


def confirmation_asked(action: str, consequence: str) -> Summary:
    """What is said with a confirmation when its asker brings no words."""
    return Summary.of(
        "question.confirmation", action=sentence(action), consequence=sentence(consequence)
    )


def clarification_asked(question: str) -> Summary:
    """What is said with a clarification when its asker brings no words."""
    return Summary.of("question.clarification", question=sentence(question))


def time_left(request: OpenRequest, seconds: float) -> e.ProgressUpdated:
    """How much time there is still to answer (CNF-10).

    Args:
        request: The open question.
        seconds: How many are left.
    """
    total = request.payload.timeout_seconds
    return e.ProgressUpdated(
        progress=e.Progress(percent=round(100 * (1 - seconds / total))),
        summary=Summary.of(
            "question.time_left",
            time=spoken_duration(seconds),
            question=sentence(shorten(request.text, _NAME_LENGTH)),
        ),
        eta_ms=round(seconds * 1000),
    )


def ended(request: OpenRequest, settlement: Settlement, *, others_open: bool) -> Summary:
    """How a question ended (CNF-13); it is named where others are open, and at length always.

    Args:
        request: The question.
        settlement: How it ended.
        others_open: Whether the listener has other questions before them.
    """
    how = _CONFIRMATION_ENDS.get((settlement.outcome, settlement.decision or ""))
    name = sentence(shorten(request.text, _NAME_LENGTH))
    return Summary.of(
        "question.ended_of_several" if others_open else "question.ended",
        how=how or _ENDS[settlement.outcome],
        question=name,
    )


def taken_back() -> Summary:
    """A yes that no tool has used was taken back."""
    return Summary.of("question.taken_back")
