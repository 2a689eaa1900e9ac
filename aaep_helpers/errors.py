"""The errors this library raises, by whose fault it is.

    AaepError
    +-- CallerError               the code that calls us asked for something the protocol forbids
    |   +-- EventValidationError  a field is missing, malformed or too much (also a ValueError)
    |   +-- ProtocolError         the order of events would be illegal
    |   |   +-- UnknownSessionError  the session never started here, or is over
    |   +-- SubscriptionError     a listener was described wrongly (also a ValueError)
    |   +-- WaitError             a wait for an answer that cannot come, or not like this
    |   +-- GateClosedError       a gate could not ask, so its tool did not run (also a PermissionError)
    |   +-- UnguardedToolError    a tool cannot be undone and nobody is asked (also a PermissionError)
    +-- ConfirmationRejected      the user did not agree, so the tool did not run (also a PermissionError)
    +-- PeerError                 what came over a wire is wrong
    |   +-- MessageValidationError  a message that fits no schema (also a ValueError)
    +-- InternalError             our own fault: please report it

Each carries its facts as attributes and reads as a sentence a person can act on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an event or message breaks the protocol.

    Attributes:
        rule: The rule id of RULES, such as "ENV-1".
        path: Where, as a JSON pointer: "" is the whole event, "/producer/agent_id" a field.
        message: What is wrong, as a sentence.
    """

    rule: str
    path: str
    message: str

    def __str__(self) -> str:
        where = self.path or "the event"
        return f"{self.rule} at {where}: {self.message}"


class AaepError(Exception):
    """Everything this library raises on purpose."""


class CallerError(AaepError):
    """The calling code asked for something the protocol forbids; nothing was changed or delivered."""


class EventValidationError(CallerError, ValueError):
    """An event that does not fit its schema; it was not delivered (design D6).

    Attributes:
        event_type: The event's type, such as "aaep:agent.tool.invoked".
        violations: What is wrong with it, each with rule and path; at least one.
    """

    def __init__(self, event_type: str, violations: tuple[Violation, ...]) -> None:
        super().__init__(event_type, violations)
        self.event_type = event_type
        self.violations = violations

    def __str__(self) -> str:
        found = "; ".join(str(violation) for violation in self.violations)
        return f"{self.event_type} was not emitted. {found}"


class ProtocolError(CallerError):
    """A step that would put a session's events into an illegal order (RULES section 3).

    Attributes:
        rule: The rule it would break, such as "SEQ-4".
        field: The argument at fault, such as "tool_call_id"; "" where the step itself is.
        session_id: The session it was meant for, where known.
    """

    def __init__(self, rule: str, message: str, *, field: str = "", session_id: str = "") -> None:
        super().__init__(rule, message)
        self.rule = rule
        self.message = message
        self.field = field
        self.session_id = session_id

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        session = f" [{self.session_id}]" if self.session_id else ""
        return f"{self.rule}{where}: {self.message}{session}"


class UnknownSessionError(ProtocolError):
    """The session was never started by this emitter (SEQ-1) or has already ended (SEQ-2)."""


class SubscriptionError(CallerError, ValueError):
    """A listener described in a way that cannot be served; says which argument and what it may be."""


class UnguardedToolError(CallerError, PermissionError):
    """A tool that cannot be undone and has no gate was stopped before it ran, as the handler was told to.

    Attributes:
        tool: The tool's name in the agent.
    """

    def __init__(self, tool: str) -> None:
        super().__init__(tool)
        self.tool = tool

    def __str__(self) -> str:
        return (
            f"The tool {self.tool} was not run: what it does cannot be undone, and nothing asks the user "
            "first. Do not try the same in another way. To whoever builds the agent: decorate the tool "
            "with @aaep_tool, or relax its policy if it can be undone after all."
        )

    def __repr__(self) -> str:
        # LangGraph hands the repr of an error to the model, which needs to know what happened.
        return f"{type(self).__name__}({str(self)!r})"


class WaitError(CallerError):
    """A wait for the end of a question that is unknown, or that waiting here would stop; says which.

    It never means yes: whoever asked has to take it for a no.
    """


class GateClosedError(CallerError, PermissionError):
    """A gate could not ask the user as it must, so its tool did not run (D2).

    Attributes:
        tool: The tool's name.
        why: What stood in the way, as a sentence.
    """

    def __init__(self, tool: str, why: str) -> None:
        super().__init__(tool, why)
        self.tool = tool
        self.why = why

    def __str__(self) -> str:
        return f"The tool {self.tool} was not run, because the user could not be asked. {self.why}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ConfirmationRejected(AaepError, PermissionError):  # noqa: N818 - the public name.
    """The user did not agree to what a tool would have done, so it did not run.

    Attributes:
        tool: The tool's name.
        reason: Why: declined, timed_out, unanswerable, withdrawn or cancelled.
        told: What an agent is told, as sentences.
    """

    def __init__(self, tool: str, reason: str, told: str) -> None:
        super().__init__(tool, reason, told)
        self.tool = tool
        self.reason = reason
        self.told = told

    def __str__(self) -> str:
        return self.told

    def __repr__(self) -> str:
        # LangGraph hands the repr of an error to the model, which needs to know what happened.
        return f"{type(self).__name__}({str(self)!r})"


class PeerError(AaepError):
    """The other end of a wire did something the protocol forbids."""


class MessageValidationError(PeerError, ValueError):
    """A message that does not fit its schema.

    Attributes:
        violations: What is wrong with it, each with rule and path; at least one.
    """

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(violations)
        self.violations = violations

    def __str__(self) -> str:
        found = "; ".join(str(violation) for violation in self.violations)
        return f"The message is not valid. {found}"


class InternalError(AaepError):
    """A fault of this library. Please report it with its text."""
