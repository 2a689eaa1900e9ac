"""What a session remembers: its phase, its state, and everything that is open in it.

Boundary: a record, changed by the machine alone. Failure policy: none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from aaep_helpers.events import OutputForm, QuestionPayload
from aaep_helpers.vocabulary import IDLE


class Phase(StrEnum):
    """Where a session is in its life; it only ever goes forward (TYP-3)."""

    NEW = "new"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class OpenTool:
    """A tool that runs.

    Attributes:
        tool: Its name on the wire.
        spoken: What it is called in a sentence.
        started_ms: Since when, in milliseconds since 1970-01-01 UTC.
    """

    tool: str
    spoken: str
    started_ms: int


@dataclass(slots=True)
class OpenOutput:
    """An output that has text and may get more.

    Attributes:
        form: What it is made of.
        length: Code points so far; the position of the next text (SEQ-9).
    """

    form: OutputForm
    length: int = 0


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question nobody has answered yet.

    Attributes:
        payload: The question.
        tool_call_id: The call it decides on, if any.
    """

    payload: QuestionPayload
    tool_call_id: str | None


@dataclass(frozen=True, slots=True)
class Accept:
    """A yes that no tool has used yet.

    Attributes:
        tool_call_id: The call it is for, where the question named one.
        irreversible: Whether the question said that the action cannot be undone.
    """

    tool_call_id: str | None
    irreversible: bool


@dataclass(slots=True)
class SessionState:
    """Everything one session remembers.

    Attributes:
        phase: Where it is in its life.
        state: What the listeners were last told it is doing.
        tools: Running tools by tool_call_id.
        outputs: Open outputs by output_id.
        questions: Open questions by reply token.
        accepts: Unused yeses by reply token.
        closed_calls: Calls that have ended.
        closed_outputs: Outputs that have ended.
        refused_calls: Calls the user, the clock or nobody said no to (SEQ-7).
        asked: Every reply token there ever was here (CNF-4).
        tool_count: Tools invoked so far.
        has_thought: Whether it was ever said to be thinking (TYP-1).
        started_ms: When it started, in milliseconds since 1970-01-01 UTC.
    """

    phase: Phase = Phase.NEW
    state: str = IDLE
    tools: dict[str, OpenTool] = field(default_factory=dict)
    outputs: dict[str, OpenOutput] = field(default_factory=dict)
    questions: dict[str, OpenQuestion] = field(default_factory=dict)
    accepts: dict[str, Accept] = field(default_factory=dict)
    closed_calls: set[str] = field(default_factory=set)
    closed_outputs: set[str] = field(default_factory=set)
    refused_calls: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    tool_count: int = 0
    has_thought: bool = False
    started_ms: int = 0
