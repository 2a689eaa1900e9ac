"""Defects of payloads, of what is said in them, and of questions by themselves."""

from __future__ import annotations

from tests.conformance.mutating import (
    CLARIFY,
    CONFIRM,
    END,
    FINISHED,
    INVOKED,
    PROGRESS,
    START,
    TEXT,
    Mutant,
    both,
    edit,
    lose,
    respell,
)

PAYLOAD_MUTANTS = [
    Mutant("PAYLOAD/payload_fields", "no status", "tool_call", lose(FINISHED, "status")),
    Mutant("PAYLOAD/payload_fields", "an empty progress", "tool_call", edit(PROGRESS, progress={})),
    Mutant(
        "PAYLOAD/payload_fields", "110 %", "tool_call", edit(PROGRESS, progress={"percent": 110})
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "a float of seconds",
        "clarification",
        edit(CLARIFY, timeout_seconds=1.5),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "an unknown category",
        "errored_at_once",
        edit("session.errored", error_category="fatal"),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "a code in small letters",
        "errored_with_open_tool",
        edit("session.errored", error_code="bank_down"),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "a reason in capitals",
        "cancelled",
        edit("session.cancelled", cancellation_reason="USER"),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "one choice",
        "clarification",
        edit(CLARIFY, choices=[{"value": "current", "label": "Current account"}]),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "a token with a hyphen",
        "clarification",
        edit(CLARIFY, reply_token="rpl_a-b"),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "a tool with a space",
        "parallel_tools",
        both(edit(INVOKED, 1, tool="get rate"), edit(FINISHED, 0, tool="get rate")),
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "an empty variant",
        "extensions_and_variants",
        edit(START, summary_normal_es=""),
    ),
    Mutant(
        "PAYLOAD/payload_fields", "a number as an action", "cancelled", edit(CONFIRM, action=50)
    ),
    Mutant(
        "PAYLOAD/payload_fields",
        "an unknown hint",
        "simple_answer",
        edit(TEXT, coalesce_hint="line"),
    ),
    Mutant("TYP-2/announced_summary", "no summary", "simple_answer", lose(START, "summary_normal")),
    Mutant(
        "TYP-2/announced_summary", "an empty one", "tool_call", edit(INVOKED, summary_normal="")
    ),
    Mutant(
        "TYP-2/announced_summary",
        "a blank one",
        "cancelled",
        edit("session.cancelled", summary_normal=" "),
    ),
    Mutant(
        "TYP-2/critical_summary",
        "a question without",
        "clarification",
        lose(CLARIFY, "summary_normal"),
    ),
    Mutant(
        "TYP-2/critical_summary",
        "a handoff without",
        "handoff",
        lose("handoff.requested", "summary_normal"),
    ),
    Mutant("TYP-5/critical_urgency", "no urgency", "clarification", lose(CLARIFY, "urgency")),
    Mutant(
        "TYP-5/critical_urgency",
        "a normal error",
        "errored_at_once",
        edit("session.errored", urgency="normal"),
    ),
    Mutant(
        "CNF-2/default_must_reject",
        "an irreversible action by default",
        "confirmation_accepted",
        edit(CONFIRM, default_decision="accept"),
    ),
    Mutant(
        "CNF-2/default_must_reject",
        "irreversible by reversibility, of unknown risk",
        "confirmation_timed_out",
        both(
            edit(CONFIRM, default_decision="accept", reversibility="irreversible"),
            lose(CONFIRM, "irreversible"),
            lose(CONFIRM, "risk_level"),
        ),
    ),
    Mutant(
        "CNF-2/default_should_reject",
        "an irreversible action of low risk",
        "confirmation_accepted",
        edit(CONFIRM, default_decision="accept", risk_level="low"),
    ),
    Mutant(
        "CNF-2/default_should_reject",
        "a reversible action of high risk",
        "confirmation_timed_out",
        edit(CONFIRM, default_decision="accept", irreversible=False),
    ),
    Mutant(
        "CNF-5/default_response_parses",
        "a default that is no choice",
        "clarification",
        edit(CLARIFY, default_response="the first"),
    ),
    Mutant(
        "CNF-5/default_response_parses",
        "a default that is no number",
        "clarification",
        both(
            edit(CLARIFY, default_response="ten", accepted_response_kinds=["numeric"]),
            lose(CLARIFY, "choices"),
        ),
    ),
    Mutant(
        "CNF-14/allowed_replies",
        "no way to reject",
        "confirmation_accepted",
        edit(CONFIRM, allowed_replies=["accept"]),
    ),
    Mutant(
        "CNF-14/allowed_replies",
        "a third reply",
        "confirmation_accepted",
        edit(CONFIRM, allowed_replies=["accept", "reject", "later"]),
    ),
]

SPEECH_MUTANTS = [
    Mutant(
        "D8/for_people",
        "a message object",
        "simple_answer",
        edit(END, summary_normal="content='Hi' additional_kwargs={}"),
    ),
    Mutant("D8/for_people", "a dict", "simple_answer", edit(START, request_text="{'input': 'Hi'}")),
    Mutant(
        "D8/for_people",
        "a dict inside a sentence",
        "tool_call",
        edit(INVOKED, summary_normal="Looking up {'account': 1}."),
    ),
    Mutant(
        "D8/for_people",
        "an exception's name",
        "errored_at_once",
        edit("session.errored", summary_normal="KeyError while looking."),
    ),
    Mutant(
        "D8/for_people",
        "an object's address",
        "handoff",
        edit("handoff.requested", reason="<bank.Desk object at 0x7f10>"),
    ),
    Mutant(
        "D8/output_for_people",
        "a message cut into tokens",
        "chunked_by_token",
        respell("AIMe", "ssage(cont", "ent='", "Hi"),
    ),
    Mutant(
        "D8/output_for_people",
        "a class in the text",
        "simple_answer",
        respell("I got <cla", "ss 'dict'>."),
    ),
    Mutant(
        "SEC-1/no_secrets",
        "an API key",
        "tool_call",
        edit(INVOKED, args_summary="key sk-" + "a1B2" * 6),
    ),
    Mutant(
        "SEC-1/no_secrets",
        "a password in the text",
        "tool_call",
        edit(INVOKED, args_summary="user=ada password=hunter22"),
    ),
    Mutant(
        "SEC-1/no_secrets",
        "a card number",
        "confirmation_accepted",
        edit(CONFIRM, action="Charge 4111 1111 1111 1111"),
    ),
    Mutant(
        "SEC-1/no_secrets",
        "a secret's name in the context",
        "confirmation_accepted",
        edit(CONFIRM, extra_context={"login": {"api_key": "abc"}}),
    ),
    Mutant(
        "SEC-1/no_secrets",
        "a private key",
        "handoff",
        edit("handoff.requested", reason="-----BEGIN RSA PRIVATE KEY-----"),
    ),
    Mutant(
        "SEC-1/no_secrets_in_output",
        "a token cut in two",
        "simple_answer",
        respell("It is ghp_0123456789", "abcdefghij0123456789."),
    ),
    Mutant(
        "SEC-1/no_secrets_in_output",
        "an access key",
        "chunked_by_completion",
        respell("It is AKIA" + "ABCD" * 4 + "."),
    ),
]
