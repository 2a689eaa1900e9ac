"""What goes wrong reads as a sentence, carries its facts, and says whose fault it is."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from aaep_helpers import errors
from aaep_helpers.errors import (
    AaepError,
    CallerError,
    ConfirmationRejected,
    EventValidationError,
    GateClosedError,
    InternalError,
    MessageValidationError,
    PeerError,
    ProtocolError,
    SubscriptionError,
    UnguardedToolError,
    UnknownSessionError,
    Violation,
    WaitError,
)

MISSING = Violation("ENV-1", "/producer/agent_id", "This field is missing.")
TOO_MUCH = Violation("ENV-7", "", "It is larger than 64 KiB.")

EXAMPLES: tuple[tuple[AaepError, str], ...] = (
    (AaepError("Something went wrong."), "Something went wrong."),
    (CallerError("That may not be asked."), "That may not be asked."),
    (
        EventValidationError("aaep:agent.tool.invoked", (MISSING,)),
        (
            "aaep:agent.tool.invoked was not emitted. ENV-1 at /producer/agent_id: "
            "This field is missing."
        ),
    ),
    (
        EventValidationError("aaep:agent.tool.invoked", (MISSING, TOO_MUCH)),
        (
            "aaep:agent.tool.invoked was not emitted. ENV-1 at /producer/agent_id: "
            "This field is missing.; ENV-7 at the event: It is larger than 64 KiB."
        ),
    ),
    (ProtocolError("SEQ-4", "No call is running."), "SEQ-4: No call is running."),
    (
        ProtocolError("SEQ-4", "No call is running.", field="tool_call_id"),
        "SEQ-4 (tool_call_id): No call is running.",
    ),
    (
        ProtocolError("SEQ-4", "No call is running.", session_id="sess_1"),
        "SEQ-4: No call is running. [sess_1]",
    ),
    (
        ProtocolError("SEQ-4", "No call is running.", field="tool", session_id="sess_1"),
        "SEQ-4 (tool): No call is running. [sess_1]",
    ),
    (
        UnknownSessionError("SEQ-2", "The session is over.", session_id="sess_1"),
        "SEQ-2: The session is over. [sess_1]",
    ),
    (SubscriptionError("There is no boundary 'line'."), "There is no boundary 'line'."),
    (
        UnguardedToolError("send_email"),
        (
            "The tool send_email was not run: what it does cannot be undone, and nothing asks the user "
            "first. Do not try the same in another way. To whoever builds the agent: decorate the tool "
            "with @aaep_tool, or relax its policy if it can be undone after all."
        ),
    ),
    (WaitError("No such question was asked here."), "No such question was asked here."),
    (
        GateClosedError("send_email", "There is no session here."),
        (
            "The tool send_email was not run, because the user could not be asked. "
            "There is no session here."
        ),
    ),
    (
        ConfirmationRejected("send_email", "declined", "The user declined this."),
        "The user declined this.",
    ),
    (PeerError("The other end broke off."), "The other end broke off."),
    (
        MessageValidationError((MISSING, TOO_MUCH)),
        (
            "The message is not valid. ENV-1 at /producer/agent_id: This field is missing.; "
            "ENV-7 at the event: It is larger than 64 KiB."
        ),
    ),
    (InternalError("The catalogue has no entry."), "The catalogue has no entry."),
)

# Whose fault it is, and what else it can be caught as.
FAMILY: dict[type[AaepError], tuple[type[Exception], ...]] = {
    AaepError: (Exception,),
    CallerError: (AaepError,),
    EventValidationError: (CallerError, ValueError),
    ProtocolError: (CallerError,),
    UnknownSessionError: (ProtocolError,),
    SubscriptionError: (CallerError, ValueError),
    UnguardedToolError: (CallerError, PermissionError),
    WaitError: (CallerError,),
    GateClosedError: (CallerError, PermissionError),
    ConfirmationRejected: (AaepError, PermissionError),
    PeerError: (AaepError,),
    MessageValidationError: (PeerError, ValueError),
    InternalError: (AaepError,),
}


def every_error_type() -> set[type]:
    return {
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, BaseException)
    }


@pytest.mark.parametrize(("error", "text"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_an_error_reads_as_a_sentence(error: AaepError, text: str) -> None:
    assert str(error) == text


def test_every_error_type_has_its_text_and_its_family_here() -> None:
    assert {type(error) for error, _ in EXAMPLES} == set(FAMILY) == every_error_type()


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_an_error_says_whose_fault_it_is(kind: type[AaepError]) -> None:
    assert kind.__bases__ == FAMILY[kind]
    sides = [side for side in (CallerError, PeerError, InternalError) if issubclass(kind, side)]
    # That a user says no is nobody's fault.
    assert len(sides) == (kind not in (AaepError, ConfirmationRejected))


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_type_stands_in_the_modules_own_picture(kind: type[AaepError]) -> None:
    assert f" {kind.__name__} " in f"{errors.__doc__} ".replace("\n", " \n")


def test_an_error_carries_its_facts() -> None:
    invalid = EventValidationError("aaep:agent.tool.invoked", (MISSING,))
    assert (invalid.event_type, invalid.violations) == ("aaep:agent.tool.invoked", (MISSING,))
    illegal = ProtocolError("SEQ-4", "No.", field="tool", session_id="sess_1")
    assert (illegal.rule, illegal.message) == ("SEQ-4", "No.")
    assert (illegal.field, illegal.session_id) == ("tool", "sess_1")
    assert MessageValidationError((TOO_MUCH,)).violations == (TOO_MUCH,)
    assert UnguardedToolError("send_email").tool == "send_email"


def test_the_repr_of_a_stopped_tool_is_its_sentence() -> None:
    error = UnguardedToolError("send_email")
    assert repr(error) == f"UnguardedToolError({str(error)!r})"


@pytest.mark.parametrize(
    ("violation", "text"),
    [
        (MISSING, "ENV-1 at /producer/agent_id: This field is missing."),
        (TOO_MUCH, "ENV-7 at the event: It is larger than 64 KiB."),
    ],
)
def test_a_violation_says_rule_place_and_fault(violation: Violation, text: str) -> None:
    assert str(violation) == text


@pytest.mark.parametrize(("error", "text"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_an_error_outlives_a_trip_to_another_process(error: AaepError, text: str) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == text
        assert vars(twin) == vars(error)
