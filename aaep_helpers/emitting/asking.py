"""What must be right about a question before it is asked, as far as no schema says it.

Boundary: arguments in, checked values out. Failure policy: EventValidationError with the rule; what is of the
wrong type altogether is left for validation to name where it can.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import cast

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.emitting.said import wrong_argument
from aaep_helpers.errors import EventValidationError, Violation
from aaep_helpers.ids import is_id
from aaep_helpers.replies import RESPONSE_KINDS, parsed_default
from aaep_helpers.text import human_text, whole_text

logger = logging.getLogger("aaep_helpers.replies")


def require_safe_default(
    default: object,
    irrevocable: bool,
    risk_level: object,
    allowed_replies: tuple[object, ...] | None,
) -> None:
    """Refuse a default that would do what nobody agreed to (CNF-2, CNF-14).

    Args:
        default: The default decision.
        irrevocable: Whether the action cannot be undone.
        risk_level: Its risk; none counts as high where it cannot be undone.
        allowed_replies: The decisions that count.

    Raises:
        EventValidationError: It is unsafe, or is none of the allowed decisions.
    """
    kind = v.AWAITING_CONFIRMATION
    if default != "accept":
        return
    if irrevocable and risk_level != "low":
        raise _broken(
            kind,
            "CNF-2",
            "default_decision",
            "What cannot be undone and is not of low risk is not done when nobody answers: the default "
            "is reject. Without a risk_level the risk counts as high.",
        )
    if allowed_replies is not None and "accept" not in allowed_replies:
        raise _broken(
            kind, "CNF-14", "default_decision", "The default is one of the allowed_replies."
        )
    if irrevocable or risk_level == "high":
        logger.warning("CNF-2 advises reject as the default of what is risky or cannot be undone.")


def checked_replies(allowed: Iterable[v.Decision] | None) -> tuple[v.Decision, ...] | None:
    """The decisions that count, as a tuple; which they may be is for validation to say (CNF-14).

    Raises:
        EventValidationError: It is no list.
    """
    if allowed is None:
        return None
    if isinstance(allowed, str) or not isinstance(allowed, Iterable):
        raise wrong_argument(
            v.AWAITING_CONFIRMATION, "allowed_replies", "allowed_replies is a list."
        )
    return tuple(allowed)


def require_call_id(tool_call_id: object) -> None:
    """Refuse what can be no call's id: the question would decide on nothing.

    Raises:
        EventValidationError: It is given and malformed.
    """
    if tool_call_id is not None and not is_id(tool_call_id, "call"):
        raise wrong_argument(
            v.AWAITING_CONFIRMATION,
            "tool_call_id",
            "A tool_call_id is call_ and 1 to 64 letters and digits.",
        )


def checked_text(event_type: str, name: str, text: str) -> str:
    """What the user decides on, as it may be said: whole, because a part may mislead (D7, SEC-2).

    Args:
        event_type: Of the event.
        name: The argument.
        text: What it says.

    Raises:
        EventValidationError: It is no text, says nothing, or is too long to be sent in full.
    """
    if not isinstance(text, str):
        raise wrong_argument(event_type, name, f"{name} must be text.")
    spoken = whole_text(text)
    if len(spoken) > v.MAX_TEXT_LENGTH or len(spoken.encode()) > v.MAX_STRING_BYTES:
        raise _broken(
            event_type,
            "ENV-7",
            name,
            f"{name} is too long to be told in full ({len(spoken)} characters), and what the user decides "
            "on is never cut. Say it shorter, with what was left out.",
        )
    if not spoken.strip():
        raise wrong_argument(event_type, name, f"{name} says nothing.")
    return spoken


def checked_choices(
    choices: Iterable[e.Choice | Mapping[str, str] | str] | None,
) -> tuple[e.Choice, ...] | None:
    """The choices of a clarification, typed.

    Args:
        choices: Texts, mappings of value and label, or Choice values.

    Raises:
        EventValidationError: One of them is none of these, two have the same value, or a value holds a
            secret, which a reply would have to echo (SEC-1).
    """
    if choices is None:
        return None
    if isinstance(choices, (str, bytes)) or not isinstance(choices, Iterable):
        raise wrong_argument(v.AWAITING_CLARIFICATION, "choices", "choices is a list.")
    typed = tuple(_choice(choice, at) for at, choice in enumerate(choices))
    values = [choice.value for choice in typed]
    if len(set(values)) < len(values):
        raise _broken(
            v.AWAITING_CLARIFICATION, "CNF-11", "choices", "Each choice has a value of its own."
        )
    return typed


def _choice(choice: object, at: int) -> e.Choice:
    value: object = None
    label: object = None
    if isinstance(choice, str):
        value = label = choice
    elif isinstance(choice, e.Choice):
        value, label = choice.value, choice.label
    elif isinstance(choice, Mapping) and choice.keys() <= {"value", "label"}:
        value = choice.get("value")
        label = choice.get("label", value)
    if not isinstance(value, str) or not isinstance(label, str):
        raise wrong_argument(
            v.AWAITING_CLARIFICATION,
            f"choices/{at}",
            "A choice is a text, or a value and a label, both texts.",
        )
    if whole_text(value) != value:
        raise _broken(
            v.AWAITING_CLARIFICATION,
            "SEC-1",
            f"choices/{at}/value",
            "The value holds a secret or is no plain NFC text; a reply has to echo it as it is.",
        )
    return e.Choice(value=value, label=human_text(label, 1024))


def checked_kinds(
    kinds: Iterable[v.ResponseKind] | None, choices: tuple[e.Choice, ...] | None
) -> tuple[v.ResponseKind, ...]:
    """The kinds of answer a clarification accepts; by default what its choices suggest (CNF-11).

    Raises:
        EventValidationError: One of them is no kind, there is none, or choices are missing.
    """
    if kinds is None:
        return ("multiple_choice",) if choices else ("freetext",)
    known = ", ".join(RESPONSE_KINDS)
    if isinstance(kinds, str) or not isinstance(kinds, Iterable):
        raise _kinds_error(f"accepted_response_kinds is a list of some of {known}.")
    given = tuple(kinds)
    if not given or any(kind not in RESPONSE_KINDS for kind in given):
        raise _kinds_error(f"accepted_response_kinds are some of {known}.")
    if "multiple_choice" in given and not choices:
        raise _kinds_error("A multiple-choice question lists its choices.")
    return tuple(dict.fromkeys(given))


def checked_default(
    default: object, kinds: tuple[v.ResponseKind, ...], choices: tuple[e.Choice, ...] | None
) -> None:
    """Refuse a default_response that is no answer to its question (CNF-5).

    Raises:
        EventValidationError: It is of no accepted kind, or holds a secret (SEC-1).
    """
    if default is None:
        return
    kind = v.AWAITING_CLARIFICATION
    if not isinstance(default, str):
        raise wrong_argument(kind, "default_response", "default_response is text.")
    if whole_text(default) != default:
        raise _broken(
            kind, "SEC-1", "default_response", "It holds a secret or is no plain NFC text."
        )
    values = tuple(choice.value for choice in choices or ())
    if parsed_default(default, cast("tuple[str, ...]", kinds), values) is None:
        raise _broken(
            kind, "CNF-5", "default_response", f"It is no answer of a kind in {', '.join(kinds)}."
        )


def _kinds_error(message: str) -> EventValidationError:
    return _broken(v.AWAITING_CLARIFICATION, "CNF-11", "accepted_response_kinds", message)


def _broken(event_type: str, rule: str, name: str, message: str) -> EventValidationError:
    return EventValidationError(event_type, (Violation(rule, f"/{name}", message),))
