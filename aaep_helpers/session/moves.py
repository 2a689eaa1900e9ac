"""What can be asked of a session: the moves. Most are payloads as they are; these need more than that.

Boundary: values only. Failure policy: none; legality judges them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from aaep_helpers import events as e
from aaep_helpers.catalogue.summary import Summary
from aaep_helpers.vocabulary import THINKING, Boundary


class InvokeTool(NamedTuple):
    """A tool begins to run.

    Attributes:
        payload: What listeners are told.
        spoken: What the tool is called in a sentence.
        confirmed_by: The reply token whose accept allows it (SEQ-6); None takes the oldest unused accept
            of an irreversible action.
    """

    payload: e.ToolInvoked
    spoken: str
    confirmed_by: str | None = None


class AddText(NamedTuple):
    """Text for an output, which opens with its first text.

    Attributes:
        output_id: Which output.
        text: The text; empty text opens nothing and changes nothing.
        form: What the output is made of; what counts is the form of its first text.
        ends_at: The boundary the caller knows this text to end at.
    """

    output_id: str
    text: str
    form: e.OutputForm = e.PLAIN_OUTPUT
    ends_at: Boundary | None = None


class CloseOutput(NamedTuple):
    """No more text for this output; one that had none leaves no trace (SEQ-9)."""

    output_id: str


class Ask(NamedTuple):
    """A question for the user.

    Attributes:
        payload: The question.
        tool_call_id: The call it decides on; a refusal bars that call for good (SEQ-7).
    """

    payload: e.QuestionPayload
    tool_call_id: str | None = None


class Outcome(StrEnum):
    """How a question ended.

    CANCELLED is one whose session ended first (CNF-8), FAILED one that something went wrong with.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    UNANSWERABLE = "unanswerable"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Resolve(NamedTuple):
    """A question is over.

    Attributes:
        reply_token: Which question.
        outcome: How it ended.
        summary: What the listeners are told of it (CNF-13).
        then: The state that follows where nothing else is open.
    """

    reply_token: str
    outcome: Outcome
    summary: Summary
    then: str = THINKING


class Revoke(NamedTuple):
    """A yes that no tool has used is taken back, and bars the call it was for.

    Attributes:
        reply_token: Whose accept.
        summary: What the listeners are told of it (CNF-13).
    """

    reply_token: str
    summary: Summary


Move = (
    e.SessionStarted
    | e.StateChanged
    | e.ProgressUpdated
    | InvokeTool
    | e.ToolCompleted
    | AddText
    | CloseOutput
    | Ask
    | Resolve
    | Revoke
    | e.HandoffRequested
    | e.SessionCompleted
    | e.SessionErrored
    | e.SessionCancelled
)
