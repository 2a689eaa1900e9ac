"""PAYLOAD, TYP-2, TYP-5 and the parts of section 4 that one event shows (CNF-2, CNF-5, CNF-14).

Boundary: one event at a time; order and state are judged elsewhere. The table restates RULES
section 2 by hand with the lengths and patterns the protocol publishes; it is not generated from any
schema, so that schemas can be checked against it. Failure policy: total.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from conformance.judging import vocabulary as words
from conformance.judging.envelope import variant_base
from conformance.judging.trace import Fault, Heard
from conformance.judging.values import as_int, as_list, as_mapping, as_text, is_language, is_uri
from conformance.judging.values import show as show_value

# A form takes a value and says what is wrong with it, or nothing.
Form = Callable[[object], str | None]

SHORT: Final = 4_096
LONG: Final = 16_384
DAY_MS: Final = 86_400_000


def _text(most: int, least: int = 0) -> Form:
    def form(value: object) -> str | None:
        if not isinstance(value, str):
            return f"is {show_value(value)}, not text"
        if not least <= len(value) <= most:
            return f"is {len(value)} characters long; {least} to {most} are allowed"
        return None

    return form


def _integer(least: int, most: int | None = None) -> Form:
    def form(value: object) -> str | None:
        number = as_int(value)
        if number is None:
            return f"is {show_value(value)}, not an integer"
        if number < least or (most is not None and number > most):
            return f"is {show_value(number)}; {least} to {most or 'any'} is allowed"
        return None

    return form


def _percent(value: object) -> str | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
    return None if good else f"is {show_value(value)}, not a number from 0 to 100"


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else f"is {show_value(value)}, not true or false"


def _one_of(*allowed: str) -> Form:
    def form(value: object) -> str | None:
        if isinstance(value, str) and value in allowed:
            return None
        return f"is {show_value(value)}, not one of {', '.join(allowed)}"

    return form


def _pattern(expression: str) -> Form:
    compiled = re.compile(expression)

    def form(value: object) -> str | None:
        if isinstance(value, str) and compiled.fullmatch(value):
            return None
        return f"{show_value(value)} is not {expression}"

    return form


def _uri(value: object) -> str | None:
    return None if is_uri(value) else f"{show_value(value)} is not a URI"


def _language(value: object) -> str | None:
    return None if is_language(value) else f"{show_value(value)} is not a language tag"


def _object(value: object) -> str | None:
    return None if as_mapping(value) is not None else f"is {show_value(value)}, not an object"


def _array(item: Form, least: int, most: int) -> Form:
    def form(value: object) -> str | None:
        items = as_list(value)
        if items is None:
            return f"is {show_value(value)}, not an array"
        if not least <= len(items) <= most:
            return f"has {len(items)} items; {least} to {most} are allowed"
        problems = (item(entry) for entry in items)
        wrong = next((problem for problem in problems if problem), None)
        if wrong:
            return f"has an item that {wrong}"
        # Items are compared as they are: they may be objects, which have no hash.
        if any(entry in items[:place] for place, entry in enumerate(items)):
            return "has an item twice"
        return None

    return form


def _choice(value: object) -> str | None:
    choice = as_mapping(value)
    if choice is None or set(choice) != {"value", "label"}:
        return "is not {value, label}"
    return _text(256, 1)(choice["value"]) or _text(1_024, 1)(choice["label"])


_PROGRESS_PARTS: Final[dict[str, Form]] = {
    "percent": _percent,
    "step": _integer(1),
    "total_steps": _integer(1),
    "description": _text(SHORT, 1),
}


def _progress(value: object) -> str | None:
    progress = as_mapping(value)
    if progress is None:
        return f"is {show_value(value)}, not an object"
    if not progress:
        return f"is empty; at least one of {', '.join(_PROGRESS_PARTS)} is needed"
    for name, part in progress.items():
        form = _PROGRESS_PARTS.get(name) if isinstance(name, str) else None
        if form is None:
            return f"has the unknown part {show_value(name)}"
        problem = form(part)
        if problem:
            return f"has {name} that {problem}"
    return None


def _id(prefix: str) -> Form:
    return _pattern(rf"{prefix}_[A-Za-z0-9]{{1,64}}")


_SUMMARIES: Final[dict[str, Form]] = {
    "summary_terse": _text(SHORT, 1),
    "summary_normal": _text(LONG, 1),
    "summary_detailed": _text(LONG, 1),
}
_RISK: Final = _one_of("low", "medium", "high")
_TOOL: Final = _pattern(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_MILLISECONDS: Final = _integer(0, DAY_MS)
_ASKING: Final[dict[str, Form]] = {
    "reply_token": _id("rpl"),
    "timeout_seconds": _integer(1, 86_400),
}

FORMS: Final[dict[str, dict[str, Form]]] = {
    words.STARTED: {
        "expected_duration_ms": _MILLISECONDS,
        "requested_by": _text(256, 1),
        "request_text": _text(LONG),
        "tools_available": _array(_text(256, 1), 0, 256),
    },
    words.COMPLETED: {
        "duration_ms": _MILLISECONDS,
        "tool_invocations_count": _integer(0),
        "output_summary": _text(LONG),
        "result_uri": _uri,
    },
    words.ERRORED: {
        "error_category": _one_of("transient", "permanent", "requires_user", "unknown"),
        "error_code": _pattern(r"[A-Z][A-Z0-9_]{1,63}"),
        "error_uri": _uri,
        "recoverable": _boolean,
        "remediation_hint": _text(SHORT, 1),
    },
    words.CANCELLED: {
        "cancelled_by": _one_of("user", "producer", "timeout", "system"),
        "cancellation_reason": _pattern(r"[a-z][a-z0-9_]{1,63}"),
        "partial_result": _text(LONG),
    },
    words.STATE: {
        "from_state": _text(64, 1),
        "to_state": _text(64, 1),
        "expected_duration_ms": _MILLISECONDS,
    },
    words.PROGRESS: {"progress": _progress, "eta_ms": _MILLISECONDS},
    words.INVOKED: {
        "tool": _TOOL,
        "description": _text(SHORT, 1),
        "args_summary": _text(LONG),
        "expected_duration_ms": _MILLISECONDS,
        "risk_level": _RISK,
        "irreversible": _boolean,
        "tool_call_id": _id("call"),
    },
    words.TOOL_DONE: {
        "tool": _TOOL,
        "status": _one_of("success", "error", "timeout"),
        "tool_call_id": _id("call"),
        "duration_ms": _MILLISECONDS,
        "error_message": _text(SHORT, 1),
    },
    words.OUTPUT: {
        "chunk": _text(LONG),
        "position": _integer(0),
        "complete": _boolean,
        "coalesce_hint": _one_of("none", "word", "sentence", "paragraph", "completion"),
        "output_id": _id("out"),
        "content_type": _pattern(r"[a-zA-Z][a-zA-Z0-9.+_-]*/[a-zA-Z][a-zA-Z0-9.+_-]*"),
        "language": _language,
    },
    words.CONFIRM: {
        **_ASKING,
        "action": _text(LONG, 1),
        "consequence": _text(LONG, 1),
        "default_decision": _one_of("accept", "reject"),
        "risk_level": _RISK,
        "irreversible": _boolean,
        "reversibility": _one_of("reversible", "reversible_with_effort", "irreversible"),
        "allowed_replies": _array(_text(LONG), 1, 32),
        "extra_context": _object,
    },
    words.CLARIFY: {
        **_ASKING,
        "question": _text(LONG, 1),
        "accepted_response_kinds": _array(
            _one_of("freetext", "yes_no", "multiple_choice", "numeric"), 1, 4
        ),
        "choices": _array(_choice, 2, 32),
        "context": _text(SHORT, 1),
        "default_response": _text(SHORT),
    },
    words.HANDOFF: {
        "reason": _text(LONG, 1),
        "target_kind": _one_of("human", "specialist_agent", "escalation_queue"),
        "target_uri": _uri,
        "packaged_context": _object,
        "urgency_for_handoff": _RISK,
    },
}

# summary_normal, where section 2 prints it bold, is TYP-2's to ask for.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    words.ERRORED: ("error_category",),
    words.CANCELLED: ("cancelled_by",),
    words.STATE: ("from_state", "to_state"),
    words.PROGRESS: ("progress",),
    words.INVOKED: ("tool",),
    words.TOOL_DONE: ("tool", "status"),
    words.OUTPUT: ("chunk", "position", "complete"),
    words.CONFIRM: ("action", "consequence", "reply_token", "timeout_seconds", "default_decision"),
    words.CLARIFY: ("question", "reply_token", "timeout_seconds"),
    words.HANDOFF: ("reason", "target_kind"),
}

# output.streaming is itself the text, so it is the one core type without summaries.
ALL_FORMS: Final[dict[str, dict[str, Form]]] = {
    kind: forms if kind == words.OUTPUT else {**_SUMMARIES, **forms}
    for kind, forms in FORMS.items()
}
PAYLOAD_FIELDS: Final[dict[str, frozenset[str]]] = {
    kind: frozenset(forms) for kind, forms in ALL_FORMS.items()
}

_SUMMARY_IN_BOLD: Final = words.ENDS | {words.STARTED, words.INVOKED}


def payload_fields(event: Heard) -> Iterator[Fault]:
    """PAYLOAD: the type's required fields are there and all its fields have their forms.

    Section 2's table has no rule id; this is the name under which it is judged. A language variant
    has the form of the field it varies. summary_normal's absence is left to TYP-2.
    """
    forms = ALL_FORMS.get(event.kind)
    if forms is None:
        return
    for needed in REQUIRED.get(event.kind, ()):
        if needed not in event.fields:
            yield Fault(event, f"{event.type} lacks its required field {needed}")
    for name, value in event.fields.items():
        if not isinstance(name, str) or name in words.ENVELOPE:
            continue
        base = name if name in forms else variant_base(name, PAYLOAD_FIELDS[event.kind])
        if base is None:
            # An unknown field is ENV-4's finding.
            continue
        if name == "summary_normal" and event.kind in _SUMMARY_IN_BOLD and _says_nothing(event):
            # An empty one is TYP-2's finding.
            continue
        problem = forms[base](value)
        if problem:
            yield Fault(event, f"{show_value(name)} {problem}")


def announced_summary(event: Heard) -> Iterator[Fault]:
    """TYP-2: starts, tool invocations and the three endings have a summary_normal with words in it.

    These are the announced types in whose rows section 2 makes the field required.
    """
    if event.kind in _SUMMARY_IN_BOLD and _says_nothing(event):
        yield Fault(event, f"{event.type} is announced and has no summary_normal to announce")


def critical_summary(event: Heard) -> Iterator[Fault]:
    """TYP-2, house part: questions and handoffs have a summary_normal as well.

    They are announced at once (RCV-1), so our producer gives them one; section 2 does not require
    it of others, whose question or reason can be read out instead.
    """
    wanted = words.CRITICAL - _SUMMARY_IN_BOLD
    if event.kind in wanted and _says_nothing(event):
        yield Fault(event, f"{event.type} is announced and has no summary_normal to announce")


def _says_nothing(event: Heard) -> bool:
    summary = event.get("summary_normal")
    return summary is None or (isinstance(summary, str) and not summary.strip())


def critical_urgency(event: Heard) -> Iterator[Fault]:
    """TYP-5: errored, both awaiting types and handoff.requested carry urgency critical."""
    if event.kind in words.CRITICAL and event.get("urgency") != "critical":
        yield Fault(event, f"{event.type} has urgency {show_value(event.get('urgency'))}")


def default_must_reject(event: Heard) -> Iterator[Fault]:
    """CNF-2: silence never runs an irreversible action of medium or high risk.

    ``reversibility: irreversible`` counts as irreversible, and no risk_level counts as high there.
    """
    if event.kind != words.CONFIRM or event.get("default_decision") != "accept":
        return
    if _irreversible(event) and event.get("risk_level") != "low":
        yield Fault(event, "an irreversible action of medium or high risk defaults to accept")


def default_should_reject(event: Heard) -> Iterator[Fault]:
    """CNF-2, a should: nor an irreversible one of low risk, nor a reversible one of high risk."""
    if event.kind != words.CONFIRM or event.get("default_decision") != "accept":
        return
    if _irreversible(event) and event.get("risk_level") == "low":
        yield Fault(event, "an irreversible action of low risk defaults to accept")
    if not _irreversible(event) and event.get("risk_level") == "high":
        yield Fault(event, "a reversible action of high risk defaults to accept")


def _irreversible(event: Heard) -> bool:
    return event.get("irreversible") is True or event.get("reversibility") == "irreversible"


def default_response_parses(event: Heard) -> Iterator[Fault]:
    """CNF-5: a clarification's default_response is an answer of one of the accepted kinds.

    Any text is free text, and how yes and no are spelled depends on the language; so it can be seen
    to fail only where numbers and choices are all that is accepted.
    """
    default = as_text(event.get("default_response"))
    kinds = as_list(event.get("accepted_response_kinds"))
    if event.kind != words.CLARIFY or default is None or not kinds:
        return
    if any(kind not in ("numeric", "multiple_choice") for kind in kinds):
        return
    choices = [as_mapping(choice) or {} for choice in as_list(event.get("choices")) or []]
    if "multiple_choice" in kinds and any(choice.get("value") == default for choice in choices):
        return
    if "numeric" in kinds and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", default):
        return
    yield Fault(event, f"default_response {show_value(default)} is of no accepted kind")


def allowed_replies(event: Heard) -> Iterator[Fault]:
    """CNF-14, a should: allowed_replies holds reject, and nothing but accept and reject."""
    replies = as_list(event.get("allowed_replies"))
    if event.kind != words.CONFIRM or replies is None:
        return
    if "reject" not in replies:
        yield Fault(event, "allowed_replies does not let the user reject")
    if any(reply not in ("accept", "reject") for reply in replies):
        yield Fault(event, "allowed_replies has a reply other than accept and reject")
