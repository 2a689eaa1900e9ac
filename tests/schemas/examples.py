"""Valid messages of every kind, minimal and full, for any test to start from.

`minimal(kind)` and `full(kind)` give fresh dicts; a kind is an event or message type as on the
wire, such as "aaep:agent.tool.invoked" or "confirmation.reply". `changed` makes a variant.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from aaep_helpers.vocabulary import AAEP_VERSION, CORE_CONTEXT

Message = dict[str, Any]

DROP: Final = object()
"""As a value for `changed`: the field is taken out."""

EXTENSION_CONTEXT: Final = "https://example.org/aaep/chess/v1"
EXTENSION_TYPE: Final = "chess:move.made"

_ENVELOPE: Final[Message] = {
    "@context": CORE_CONTEXT,
    "event_id": "evt_0123456789abcdef0123456789abcdef",
    "session_id": "sess_fedcba9876543210fedcba9876543210",
    "timestamp": "2026-03-01T09:30:00.250Z",
    "producer": {"agent_id": "bank-helper"},
}

_FULL_ENVELOPE: Final[Message] = {
    **_ENVELOPE,
    "@context": [CORE_CONTEXT, EXTENSION_CONTEXT],
    "aaep_version": AAEP_VERSION,
    "timestamp": "2026-03-01T10:30:00.250000+01:00",
    "producer": {
        "agent_id": "bank-helper",
        "agent_version": "2.1",
        "agent_name": "Bank helper",
        "model": "a model",
        "manifest_uri": "https://bank.example/.well-known/aaep-manifest.json",
    },
    "sequence_number": 3,
    "urgency": "normal",
    "verbosity": "normal",
    "localization_hints": {
        "primary_language": "en-US",
        "text_direction": "ltr",
        "available_languages": ["en-US", "yo"],
        "fallback_chain": ["en-GB", "en"],
        "script": "Latn",
        "calendar": "gregory",
    },
    "correlation_id": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "extensions": {"chess": {"board": [[1, 2.5], ["e4", None, True]], "clock": {"ms": 100}}},
}

_SUMMARIES: Final[Message] = {
    "summary_terse": "Working.",
    "summary_normal": "I am working on it.",
    "summary_detailed": "I am working on your request and will be back soon.",
}

# By type: the required payload, and all of the rest.
_EVENTS: Final[dict[str, tuple[Message, Message]]] = {
    "aaep:agent.session.started": (
        {"summary_normal": "I am working on it."},
        {
            "expected_duration_ms": 5000,
            "requested_by": "Ada",
            "request_text": "What is my balance?",
            "tools_available": ["get_balance", "transfer"],
            "request_text_yo": "Kini iye owo mi?",
        },
    ),
    "aaep:agent.session.completed": (
        {"summary_normal": "Done."},
        {
            "duration_ms": 5120,
            "tool_invocations_count": 2,
            "output_summary": "The balance is 40 euros.",
            "result_uri": "https://bank.example/results/1",
            "output_summary_es": "El saldo es de 40 euros.",
        },
    ),
    "aaep:agent.session.errored": (
        {"error_category": "transient", "summary_normal": "The bank cannot be reached."},
        {
            "error_code": "BANK_503",
            "error_uri": "https://bank.example/errors/503",
            "recoverable": True,
            "remediation_hint": "Try again in a minute.",
            "remediation_hint_pt_BR": "Tente de novo daqui a um minuto.",
        },
    ),
    "aaep:agent.session.cancelled": (
        {"cancelled_by": "user", "summary_normal": "Stopped."},
        {
            "cancellation_reason": "user_request",
            "partial_result": "Two of three accounts were read.",
            "partial_result_zh_Hant_TW": "已讀取三個帳戶中的兩個。",
        },
    ),
    "aaep:agent.state.changed": (
        {"from_state": "idle", "to_state": "thinking"},
        {"expected_duration_ms": 800, "summary_normal_es-419": "Estoy pensando."},
    ),
    "aaep:agent.progress.updated": (
        {"progress": {"percent": 40}},
        {
            "progress": {"percent": 12.5, "step": 1, "total_steps": 8, "description": "Reading."},
            "eta_ms": 3000,
            "summary_detailed_de": "Ein Achtel ist geschafft.",
        },
    ),
    "aaep:agent.tool.invoked": (
        {"tool": "get_balance", "summary_normal": "Looking up your balance."},
        {
            "description": "Reads the balance of one account.",
            "args_summary": "account 123",
            "expected_duration_ms": 700,
            "risk_level": "low",
            "irreversible": False,
            "tool_call_id": "call_00112233445566778899aabbccddeeff",
            "description_fr": "Lit le solde d'un compte.",
            "args_summary_fr": "compte 123",
        },
    ),
    "aaep:agent.tool.completed": (
        {"tool": "get_balance", "status": "success"},
        {
            "status": "error",
            "tool_call_id": "call_00112233445566778899aabbccddeeff",
            "duration_ms": 640,
            "error_message": "The account does not exist.",
            "error_message_ar": "الحساب غير موجود.",
        },
    ),
    "aaep:agent.output.streaming": (
        {"chunk": "Hello. ", "position": 0, "complete": False},
        {
            "chunk": "",
            "position": 7,
            "complete": True,
            "coalesce_hint": "sentence",
            "output_id": "out_00112233445566778899aabbccddeeff",
            "content_type": "text/markdown",
            "language": "en-US",
        },
    ),
    "aaep:agent.awaiting.confirmation": (
        {
            "action": "Transfer 40 euros to Ada.",
            "consequence": "The money is gone.",
            "reply_token": "rpl_00112233445566778899aabbccddeeff",
            "timeout_seconds": 60,
            "default_decision": "reject",
        },
        {
            "risk_level": "high",
            "irreversible": True,
            "reversibility": "irreversible",
            "allowed_replies": ["accept", "reject"],
            "extra_context": {"account": {"number": "123", "cents": 4000}},
            "action_es": "Transferir 40 euros a Ada.",
            "consequence_es": "El dinero se va.",
        },
    ),
    "aaep:agent.awaiting.clarification": (
        {
            "question": "Which account?",
            "reply_token": "rpl_00112233445566778899aabbccddeeff",
            "timeout_seconds": 120,
        },
        {
            "accepted_response_kinds": ["multiple_choice", "freetext"],
            "choices": [
                {"value": "giro", "label": "The current account"},
                {"value": "savings", "label": "The savings account"},
            ],
            "context": "You have two accounts.",
            "default_response": "giro",
            "question_pt_BR": "Qual conta?",
            "context_pt_BR": "Você tem duas contas.",
        },
    ),
    "aaep:agent.handoff.requested": (
        {"reason": "This needs a person.", "target_kind": "human"},
        {
            "target_uri": "https://bank.example/desk",
            "packaged_context": {"request": "What is my balance?", "tries": 2},
            "urgency_for_handoff": "high",
            "reason_de": "Das braucht einen Menschen.",
        },
    ),
}

_CAPABILITIES: Final[Message] = {
    "max_events_per_second": 10,
    "preferred_verbosity": "detailed",
    "languages": ["en-US", "yo"],
    "supports_confirmation_reply": True,
    "supports_clarification_reply": True,
    "coalesce_boundaries": ["sentence", "completion"],
    "event_filters": {"include": ["aaep:agent.*"], "exclude": ["aaep:agent.progress.updated"]},
    "supported_conformance_levels": [1, 2, 3],
    "supported_extensions": [EXTENSION_CONTEXT],
    "cognitive_load": "medium",
    "pace_wpm": 220,
    "accept_signed_manifests_only": False,
    "braille": {"cells": 40},
}

_SUBSCRIPTION: Final = "sub_00112233445566778899aabbccddeeff"
_TOKEN: Final = "rpl_00112233445566778899aabbccddeeff"

_MESSAGES: Final[dict[str, tuple[Message, Message]]] = {
    "subscription.request": (
        {"aaep_version": AAEP_VERSION, "subscriber_id": "reader", "capabilities": {}},
        {
            "subscriber_name": "A screen reader",
            "subscriber_version": "2026.1",
            "subscriber_manifest_uri": "https://reader.example/manifest.json",
            "correlation_id": "c-1",
            "capabilities": _CAPABILITIES,
            "extensions": {"chess": {"level": 3}},
        },
    ),
    "subscription.accepted": (
        {
            "subscription_id": _SUBSCRIPTION,
            "aaep_version": AAEP_VERSION,
            "producer": {"agent_id": "bank-helper"},
            "honored_capabilities": {},
        },
        {
            "honored_capabilities": _CAPABILITIES,
            "manifest_uri": "https://bank.example/.well-known/aaep-manifest.json",
            "signed_manifest": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
            "negotiation_notes": "Yoruba is not available.",
        },
    ),
    "subscription.rejected": (
        {"reason_code": "rate_limit", "reason_message": "Too many subscriptions."},
        {
            "retry_after_seconds": 30,
            "alternative_manifest_uri": "https://other.example/manifest.json",
        },
    ),
    "subscription.renegotiate": (
        {"subscription_id": _SUBSCRIPTION, "capabilities": {"pace_wpm": 300}},
        {"capabilities": _CAPABILITIES, "correlation_id": "c-1", "chess": {"level": 3}},
    ),
    "subscription.close": (
        {"subscription_id": _SUBSCRIPTION},
        {
            "reason_code": "user_request",
            "reason_message": "The reader was closed.",
            "correlation_id": "c-1",
            "chess": {"level": 3},
        },
    ),
    "confirmation.reply": (
        {
            "reply_token": _TOKEN,
            "decision": "accept",
            "subscription_id": _SUBSCRIPTION,
            "timestamp": "2026-03-01T09:30:10Z",
        },
        {
            "timestamp": "2026-03-01T09:30:10.123456789-05:00",
            "decided_by": "user",
            "decision_rationale": "That is what I want.",
            "modified_action": {"cents": 2000},
            "correlation_id": "c-1",
        },
    ),
    "clarification.reply": (
        {
            "reply_token": _TOKEN,
            "response": "giro",
            "subscription_id": _SUBSCRIPTION,
            "timestamp": "2026-03-01T09:30:10.5Z",
        },
        {"response": 3.5, "decided_by": "user", "confidence": 0.9, "correlation_id": "c-1"},
    ),
    "aaep:producer.manifest": (
        {
            "@context": CORE_CONTEXT,
            "agent_id": "bank-helper",
            "aaep_versions_supported": [AAEP_VERSION],
            "conformance_levels_supported": [1],
        },
        {
            "@context": [CORE_CONTEXT, EXTENSION_CONTEXT],
            "agent_version": "2.1",
            "agent_name": "Bank helper",
            "transports_supported": ["sse", "websocket"],
            "languages_supported": ["en-US"],
            "event_types_emitted": sorted(_EVENTS),
            "extensions_supported": [EXTENSION_CONTEXT],
            "default_verbosity": "normal",
            "max_concurrent_subscriptions": 50,
            "contact": "help@bank.example",
            "documentation": {"pages": 3},
        },
    ),
}

_CRITICAL: Final = {
    "aaep:agent.session.errored",
    "aaep:agent.awaiting.confirmation",
    "aaep:agent.awaiting.clarification",
    "aaep:agent.handoff.requested",
}

EVENT_KINDS: Final[tuple[str, ...]] = tuple(_EVENTS)
MESSAGE_KINDS: Final[tuple[str, ...]] = tuple(_MESSAGES)
KINDS: Final[tuple[str, ...]] = (*EVENT_KINDS, EXTENSION_TYPE, *MESSAGE_KINDS)


def minimal(kind: str) -> Message:
    """The smallest valid message of a kind."""
    return _made(kind, full=False)


def full(kind: str) -> Message:
    """A valid message of a kind with every field it can have."""
    return _made(kind, full=True)


def changed(message: Message, changes: dict[str, Any]) -> Message:
    """A copy with fields set or, by DROP, taken out.

    Args:
        message: The message, left as it is.
        changes: New values by JSON pointer, such as "/producer/agent_id" or "/choices/0".
    """
    result = copy.deepcopy(message)
    for where, value in changes.items():
        *parents, last = (
            step.replace("~1", "/").replace("~0", "~") for step in where.split("/")[1:]
        )
        target: Any = result
        for step in parents:
            target = target[int(step) if isinstance(target, list) else step]
        key: Any = int(last) if isinstance(target, list) else last
        if value is DROP:
            del target[key]
        else:
            target[key] = copy.deepcopy(value)
    return result


def _made(kind: str, *, full: bool) -> Message:
    if kind in _MESSAGES:
        required, rest = _MESSAGES[kind]
        made = {"type": kind, **required, **(rest if full else {})}
    elif kind in _EVENTS:
        required, rest = _EVENTS[kind]
        made = {**(_FULL_ENVELOPE if full else _ENVELOPE), "type": kind}
        if kind in _CRITICAL:
            made["urgency"] = "critical"
        if full and kind != "aaep:agent.output.streaming":
            made |= _SUMMARIES
        made |= required
        if full:
            made |= rest
    else:
        made = {**_FULL_ENVELOPE, "type": EXTENSION_TYPE, "move": {"from": "e2", "to": "e4"}}
        if not full:
            made = {**_ENVELOPE, "@context": made["@context"], "type": EXTENSION_TYPE}
    return copy.deepcopy(made)
