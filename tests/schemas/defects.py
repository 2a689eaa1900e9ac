"""One example for every single way to break a constraint, with the rule and the place to be named.

Each is a full valid message with one change. Where one change breaks two rules, both are expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aaep_helpers.vocabulary import CORE_CONTEXT
from tests.schemas.examples import (
    DROP,
    EVENT_KINDS,
    EXTENSION_CONTEXT,
    EXTENSION_TYPE,
    Message,
    changed,
    full,
    minimal,
)


@dataclass(frozen=True)
class Defect:
    kind: str
    changes: dict[str, Any]
    expected: frozenset[tuple[str, str]]
    base: str = "full"

    @property
    def message(self) -> Message:
        start = full(self.kind) if self.base == "full" else minimal(self.kind)
        return changed(start, self.changes)

    def __str__(self) -> str:
        told = ",".join(f"{where}={_brief(value)}" for where, value in self.changes.items())
        return f"{self.kind} {told}"


def _brief(value: Any) -> str:
    if value is DROP:
        return "gone"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}...{len(text)}"


# A case is the place, the bad value, the rule, and where the fault is expected if elsewhere.
Case = tuple[str, Any, str] | tuple[str, Any, str, str]

TOO_LARGE: Final = 2.0**53 + 2


def gone(rule: str, *places: str) -> Iterator[Case]:
    for place in places:
        yield place, DROP, rule


def text(rule: str, place: str, longest: int, *, may_be_empty: bool = False) -> Iterator[Case]:
    yield place, 5, rule
    if not may_be_empty:
        yield place, "", rule
    yield place, "x" * (longest + 1), rule


def plain_text(rule: str, *places: str) -> Iterator[Case]:
    for place in places:
        yield place, 5, rule


def wrong(rule: str, place: str, *values: Any) -> Iterator[Case]:
    for value in values:
        yield place, value, rule


def form(rule: str, place: str, good: str, *values: str) -> Iterator[Case]:
    """A text with a pattern or format: another type, bad forms, and a good one plus a line break."""
    yield from wrong(rule, place, 5, "", *values, good + "\n", "\n" + good)


def identifier(rule: str, place: str, prefix: str) -> Iterator[Case]:
    good = f"{prefix}_0a"
    others = (
        f"{prefix}_",
        f"{prefix}-0a",
        good + "-",
        f"{prefix}_" + "a" * 65,
        "ab_0a",
        "é" + good,
    )
    yield from form(rule, place, good, *others)


def uri(rule: str, place: str) -> Iterator[Case]:
    yield from form(rule, place, "https://a.example/b", "b", "//a.example/b", "https://a b")


def tag(rule: str, place: str) -> Iterator[Case]:
    yield from form(rule, place, "en-US", "en_US", "-en", "en-", "toolongtag", "e1")


def whole(rule: str, place: str, low: int, high: int | None = None) -> Iterator[Case]:
    yield from wrong(rule, place, "1", True, low + 0.5, low - 1)
    if high is None:
        yield place, TOO_LARGE, "ENV-6"
    else:
        yield place, high + 1, rule


def flag(rule: str, *places: str) -> Iterator[Case]:
    for place in places:
        yield from wrong(rule, place, "true", 1, None)


def moment(rule: str, place: str) -> Iterator[Case]:
    yield from form(
        rule,
        place,
        "2026-03-01T09:30:00Z",
        "2026-03-01",
        "2026-03-01T09:30:00",
        "2026-03-01 09:30:00Z",
        "2026-03-01t09:30:00Z",
        "2026-03-01T09:30:00z",
        "2026-02-29T09:30:00Z",
        "2026-13-01T09:30:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:59:60Z",
        "2026-03-01T09:60:00Z",
        "2026-03-01T09:30:00+0100",
        "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+01:60",
        "0000-01-01T00:00:00Z",
        "２０２６-03-01T09:30:00Z",
        "2026-03-01T09:30:00.Z",
    )


def version(rule: str, place: str) -> Iterator[Case]:
    yield from form(rule, place, "1.0.0", "1.0", "v1.0.0", "1.0.0-", "1.0.0+b", "1.٠.0")


def producer(place: str) -> Iterator[Case]:
    yield place, [], "ENV-1"
    yield from gone("ENV-1", f"{place}/agent_id")
    yield from wrong("ENV-1", f"{place}/agent_id", "", 5)
    for name in ("agent_version", "agent_name", "model"):
        yield f"{place}/{name}", 5, "ENV-1"
    yield from uri("ENV-1", f"{place}/manifest_uri")
    yield f"{place}/colour", "red", "ENV-1"


def context(place: str) -> Iterator[Case]:
    yield from wrong("ENV-2", place, 5, {}, "https://example.org/v1", CORE_CONTEXT + "\n", [])
    yield place, [5], "ENV-2", f"{place}/0"
    yield place, [EXTENSION_CONTEXT, CORE_CONTEXT], "ENV-2", f"{place}/0"
    yield place, [CORE_CONTEXT, 5], "ENV-2", f"{place}/1"
    yield place, [CORE_CONTEXT, "chess"], "ENV-2", f"{place}/1"


def numbers(place: str) -> Iterator[Case]:
    """Free JSON: whole numbers within plus and minus 2^53 at any depth."""
    yield f"{place}/big", TOO_LARGE, "ENV-6"
    yield f"{place}/small", -TOO_LARGE, "ENV-6"
    yield f"{place}/deep", {"a": [1, [2**53 + 1]]}, "ENV-6", f"{place}/deep/a/1/0"


def language_set(rule: str, place: str, most: int) -> Iterator[Case]:
    yield place, "en", rule
    yield place, [f"a-{number}" for number in range(most + 1)], rule
    yield from ((f"{place}/0", case[1], rule) for case in tag(rule, place))


ENVELOPE: Final[list[Case]] = [
    *gone("ENV-1", "/@context", "/event_id", "/session_id", "/timestamp", "/producer"),
    *identifier("ENV-1", "/event_id", "evt"),
    *identifier("ENV-1", "/session_id", "sess"),
    *moment("ENV-1", "/timestamp"),
    *wrong(
        "ENV-1",
        "/timestamp",
        "2026-03-01T09:30:00.1Z",
        "2026-03-01T09:30:00.12Z",
        "2026-03-01T09:30:00.1234Z",
        "2026-03-01T09:30:00.1234567Z",
    ),
    *producer("/producer"),
    *version("ENV-1", "/aaep_version"),
    *whole("ENV-10", "/sequence_number", 0),
    *wrong("ENV-1", "/verbosity", "loud", 5, "normal\n"),
    *plain_text("ENV-1", "/correlation_id"),
    *wrong("ENV-1", "/localization_hints", []),
    *tag("ENV-1", "/localization_hints/primary_language"),
    *wrong("ENV-1", "/localization_hints/text_direction", "up", 5),
    *language_set("ENV-1", "/localization_hints/available_languages", 32),
    ("/localization_hints/available_languages", ["en", "en"], "ENV-1"),
    *language_set("ENV-1", "/localization_hints/fallback_chain", 16),
    *form("ENV-1", "/localization_hints/script", "Latn", "latn", "LATN", "Lat", "Latin"),
    *plain_text("ENV-1", "/localization_hints/calendar"),
    ("/localization_hints/colour", "red", "ENV-1"),
    *wrong("ENV-5", "/extensions", [], 5),
    *(
        (f"/extensions/{prefix}", {}, "ENV-5")
        for prefix in ("aaep", "xsd", "rdf", "rdfs", "@id", "@", "")
    ),
    ("/extensions/chess", 5, "ENV-5"),
    *numbers("/extensions/chess"),
    ("/type", DROP, "ENV-1"),
    ("/type", None, "ENV-3"),
]

CORE_ONLY: Final[list[Case]] = [
    ("/type", "aaep:agent.session.paused", "ENV-3"),
    ("/type", "https://aaep-protocol.org/types/agent.session.paused", "ENV-3", "/type"),
    ("/type", "aaep:producer.manifest", "ENV-3"),
    *wrong("ENV-5", "/@context", CORE_CONTEXT, [CORE_CONTEXT], [CORE_CONTEXT, CORE_CONTEXT]),
    *(
        (f"/{name}", "x", "ENV-4")
        for name in (
            "colour",
            "aaep_colour",
            "@id",
            "@graph",
            "@base",
            "@vocab",
            "chess:move",
            "",
            "x" * 60,
            "summary_normal_",
            "summary_normal_y",
            "summary_normal_yoruba",
            "summary_normal_ES",
            "summary_normal_pt_br",
            "summary_normal_es\n",
            "event_id_es",
            "x_summary_normal_es",
        )
    ),
]

EXTENSION: Final[list[Case]] = [
    *wrong("ENV-5", "/@context", CORE_CONTEXT, [CORE_CONTEXT], [CORE_CONTEXT, CORE_CONTEXT]),
    *wrong("ENV-3", "/type", "chess", "chess:", ":move", "chess move:made", "chess:move\n"),
    *wrong("ENV-5", "/type", "xsd:int", "rdf:type", "rdfs:label"),
    *((f"/{name}", "x", "ENV-4") for name in ("aaep_colour", "@id", "@graph", "@base", "@vocab")),
    *wrong("ENV-1", "/urgency", "loud", 5),
    *numbers("/move"),
]


def _summaries() -> Iterator[Case]:
    yield from text("ENV-1", "/summary_terse", 4096)
    yield from text("TYP-2", "/summary_normal", 16384)
    yield from text("ENV-1", "/summary_detailed", 16384)
    yield from text("ENV-4", "/summary_terse_de", 4096)
    yield from text("ENV-4", "/summary_normal_yo", 16384)


def _milliseconds(place: str) -> Iterator[Case]:
    yield from whole("ENV-1", place, 0, 86_400_000)


def _tool() -> Iterator[Case]:
    yield from gone("ENV-1", "/tool")
    yield from form("ENV-1", "/tool", "t", "9t", "a b", "a" * 257, "é", "a/b", "t٣")
    yield from identifier("SEQ-4", "/tool_call_id", "call")


def _question() -> Iterator[Case]:
    yield from gone("CNF-9", "/reply_token")
    yield from gone("ENV-1", "/timeout_seconds")
    yield from identifier("CNF-9", "/reply_token", "rpl")
    yield from whole("ENV-1", "/timeout_seconds", 1, 86_400)


RISKS: Final = ("severe", 5, None, "High")

PAYLOADS: Final[dict[str, list[Case]]] = {
    "aaep:agent.session.started": [
        *gone("TYP-2", "/summary_normal"),
        *_summaries(),
        *_milliseconds("/expected_duration_ms"),
        *text("ENV-1", "/requested_by", 256),
        *text("ENV-1", "/request_text", 16384, may_be_empty=True),
        *text("ENV-4", "/request_text_yo", 16384, may_be_empty=True),
        *wrong("ENV-1", "/tools_available", "t", ["t", "t"], [str(n) for n in range(257)]),
        *text("ENV-1", "/tools_available/0", 256),
    ],
    "aaep:agent.session.completed": [
        *gone("TYP-2", "/summary_normal"),
        *_summaries(),
        *_milliseconds("/duration_ms"),
        *whole("ENV-1", "/tool_invocations_count", 0),
        *text("ENV-1", "/output_summary", 16384, may_be_empty=True),
        *text("ENV-4", "/output_summary_es", 16384, may_be_empty=True),
        *uri("ENV-1", "/result_uri"),
    ],
    "aaep:agent.session.errored": [
        *gone("TYP-2", "/summary_normal"),
        *gone("ENV-1", "/error_category"),
        *_summaries(),
        *wrong("ENV-1", "/error_category", "fatal", 5),
        *form("ENV-1", "/error_code", "BANK_503", "B", "bank", "_BANK", "5BANK", "B" * 65),
        *uri("ENV-1", "/error_uri"),
        *flag("ENV-1", "/recoverable"),
        *text("ENV-1", "/remediation_hint", 4096),
        *text("ENV-4", "/remediation_hint_pt_BR", 4096),
    ],
    "aaep:agent.session.cancelled": [
        *gone("TYP-2", "/summary_normal"),
        *gone("ENV-1", "/cancelled_by"),
        *_summaries(),
        *wrong("ENV-1", "/cancelled_by", "nobody", 5),
        *form("ENV-1", "/cancellation_reason", "user_request", "u", "User", "_u", "u" * 65, "u-r"),
        *text("ENV-1", "/partial_result", 16384, may_be_empty=True),
        *text("ENV-4", "/partial_result_zh_Hant_TW", 16384, may_be_empty=True),
    ],
    "aaep:agent.state.changed": [
        *gone("SEQ-3", "/from_state", "/to_state"),
        *text("SEQ-3", "/from_state", 64),
        *text("SEQ-3", "/to_state", 64),
        *_summaries(),
        *text("ENV-4", "/summary_normal_es-419", 16384),
        *_milliseconds("/expected_duration_ms"),
    ],
    "aaep:agent.progress.updated": [
        *gone("ENV-1", "/progress"),
        *wrong("ENV-1", "/progress", {}, [], 40),
        *wrong("ENV-1", "/progress/percent", -0.5, 100.5, "40", None),
        *whole("ENV-1", "/progress/step", 1),
        *whole("ENV-1", "/progress/total_steps", 1),
        *text("ENV-1", "/progress/description", 4096),
        ("/progress/colour", "red", "ENV-1"),
        *_summaries(),
        *_milliseconds("/eta_ms"),
    ],
    "aaep:agent.tool.invoked": [
        *_tool(),
        *gone("TYP-2", "/summary_normal"),
        *_summaries(),
        *text("ENV-1", "/description", 4096),
        *text("ENV-4", "/description_fr", 4096),
        *text("ENV-1", "/args_summary", 16384, may_be_empty=True),
        *text("ENV-4", "/args_summary_fr", 16384, may_be_empty=True),
        *_milliseconds("/expected_duration_ms"),
        *wrong("ENV-1", "/risk_level", *RISKS),
        *flag("SEQ-6", "/irreversible"),
    ],
    "aaep:agent.tool.completed": [
        *_tool(),
        *gone("SEQ-4", "/status"),
        *wrong("SEQ-4", "/status", "ok", 5),
        *_milliseconds("/duration_ms"),
        *_summaries(),
        *text("ENV-1", "/error_message", 4096),
        *text("ENV-4", "/error_message_ar", 4096),
    ],
    "aaep:agent.output.streaming": [
        *gone("ENV-1", "/chunk"),
        *gone("SEQ-9", "/position", "/complete"),
        *text("ENV-1", "/chunk", 16384, may_be_empty=True),
        *whole("SEQ-9", "/position", 0),
        *flag("SEQ-9", "/complete"),
        *wrong("TYP-1", "/coalesce_hint", "line", 5),
        *identifier("SEQ-9", "/output_id", "out"),
        *form("ENV-1", "/content_type", "text/plain", "text", "text/", "/x", "t/p; a=b", "1/a"),
        *tag("ENV-1", "/language"),
        ("/chunk_es", "x", "ENV-4"),
        ("/summary_normal", "x", "ENV-4"),
    ],
    "aaep:agent.awaiting.confirmation": [
        *gone("ENV-1", "/action", "/consequence", "/default_decision"),
        *_question(),
        *text("ENV-1", "/action", 16384),
        *text("ENV-1", "/consequence", 16384),
        *text("ENV-4", "/action_es", 16384),
        *_summaries(),
        *wrong("ENV-1", "/risk_level", *RISKS),
        *flag("ENV-1", "/irreversible"),
        *wrong("ENV-1", "/reversibility", "maybe", 5),
        ("/default_decision", "accept", "CNF-2"),
        *wrong("CNF-14", "/allowed_replies", "reject", [], ["accept"], ["reject", "reject"]),
        ("/allowed_replies", ["reject", "later"], "CNF-14", "/allowed_replies/1"),
        *wrong("ENV-1", "/extra_context", [], "x"),
        *numbers("/extra_context"),
    ],
    "aaep:agent.awaiting.clarification": [
        *gone("ENV-1", "/question"),
        *_question(),
        *text("ENV-1", "/question", 16384),
        *text("ENV-4", "/question_pt_BR", 16384),
        *_summaries(),
        *wrong("CNF-11", "/accepted_response_kinds", "freetext", [], ["numeric", "numeric"]),
        ("/accepted_response_kinds/0", "picture", "CNF-11"),
        ("/choices", DROP, "CNF-11"),
        *wrong("CNF-11", "/choices", "giro", [{"value": "a", "label": "a"}]),
        ("/choices", [{"value": "a", "label": "a"}, {"value": "a", "label": "a"}], "CNF-11"),
        ("/choices", [{"value": str(n), "label": "a"} for n in range(33)], "CNF-11"),
        ("/choices/0", "giro", "CNF-11"),
        *gone("CNF-11", "/choices/0/value", "/choices/1/label"),
        *text("CNF-11", "/choices/0/value", 256),
        *text("CNF-11", "/choices/0/label", 1024),
        ("/choices/0/colour", "red", "CNF-11"),
        *text("ENV-1", "/context", 4096),
        *text("ENV-4", "/context_pt_BR", 4096),
        *text("CNF-5", "/default_response", 4096, may_be_empty=True),
    ],
    "aaep:agent.handoff.requested": [
        *gone("TYP-4", "/reason", "/target_kind"),
        *text("TYP-4", "/reason", 16384),
        *text("ENV-4", "/reason_de", 16384),
        *wrong("TYP-4", "/target_kind", "robot", 5),
        *uri("ENV-1", "/target_uri"),
        *wrong("ENV-1", "/packaged_context", [], "x"),
        *numbers("/packaged_context"),
        *wrong("ENV-1", "/urgency_for_handoff", *RISKS),
        *_summaries(),
    ],
}


def _capabilities(place: str, rule: str) -> Iterator[Case]:
    yield place, [], rule
    yield from whole("SUB-3", f"{place}/max_events_per_second", 1, 100_000)
    yield from wrong("SUB-7", f"{place}/preferred_verbosity", "loud", 5)
    yield from language_set("SUB-7", f"{place}/languages", 32)
    yield from wrong("SUB-7", f"{place}/languages", [], ["en", "en"])
    yield from flag("CNF-7", f"{place}/supports_confirmation_reply")
    yield from flag("CNF-7", f"{place}/supports_clarification_reply")
    boundaries = f"{place}/coalesce_boundaries"
    yield from wrong("SUB-6", boundaries, "word", [], ["word", "word"])
    yield f"{boundaries}/0", "line", "SUB-6"
    yield from wrong("SUB-5", f"{place}/event_filters", [], "aaep:*")
    yield f"{place}/event_filters/only", ["aaep:*"], "SUB-5"
    for name in ("include", "exclude"):
        yield from wrong("SUB-5", f"{place}/event_filters/{name}", "aaep:*", ["a:*", "a:*"])
        yield from text("SUB-5", f"{place}/event_filters/{name}/0", 256)
    levels = f"{place}/supported_conformance_levels"
    yield from wrong("SUB-1", levels, 1, [], [1, 1])
    yield from wrong("SUB-1", f"{levels}/0", 4, "1", True)
    yield from wrong("SUB-1", f"{place}/supported_extensions", 1, [EXTENSION_CONTEXT] * 2)
    many = [f"https://a.example/{n}" for n in range(65)]
    yield f"{place}/supported_extensions", many, "SUB-1"
    yield from uri("SUB-1", f"{place}/supported_extensions/0")
    yield from wrong("SUB-8", f"{place}/cognitive_load", "none", 5)
    yield from whole("SUB-1", f"{place}/pace_wpm", 50, 1000)
    yield from flag("SUB-11", f"{place}/accept_signed_manifests_only")
    yield f"{place}/braille", 40, "SUB-1"
    yield from numbers(f"{place}/braille")


def _reply() -> Iterator[Case]:
    yield from gone("CNF-3", "/reply_token", "/subscription_id", "/timestamp")
    yield from identifier("CNF-3", "/reply_token", "rpl")
    yield from identifier("CNF-3", "/subscription_id", "sub")
    yield from moment("CNF-3", "/timestamp")
    yield from text("RCV-3", "/decided_by", 256)
    yield from plain_text("CNF-3", "/correlation_id")
    yield "/colour", "red", "CNF-3"


ANY_MESSAGE: Final[list[Case]] = [
    *gone("TRN-1", "/type"),
    *wrong("TRN-1", "/type", 5, "subscription.maybe", "aaep:agent.tool.invoked"),
]

MESSAGES: Final[dict[str, list[Case]]] = {
    "subscription.request": [
        *gone("SUB-1", "/aaep_version", "/subscriber_id", "/capabilities"),
        *version("SUB-1", "/aaep_version"),
        *text("SUB-1", "/subscriber_id", 256),
        *text("SUB-1", "/subscriber_name", 256, may_be_empty=True),
        *text("SUB-1", "/subscriber_version", 64, may_be_empty=True),
        *uri("SUB-1", "/subscriber_manifest_uri"),
        *plain_text("SUB-1", "/correlation_id"),
        *_capabilities("/capabilities", "SUB-1"),
        *wrong("SUB-1", "/extensions", [], 5),
        ("/extensions/chess", 5, "SUB-1"),
        ("/colour", "red", "SUB-1"),
    ],
    "subscription.accepted": [
        *gone("SUB-1", "/subscription_id", "/aaep_version", "/producer", "/honored_capabilities"),
        *identifier("SUB-1", "/subscription_id", "sub"),
        *version("SUB-1", "/aaep_version"),
        *producer("/producer"),
        *_capabilities("/honored_capabilities", "SUB-1"),
        *uri("SUB-11", "/manifest_uri"),
        *form("SUB-11", "/signed_manifest", "a.b.c", "a.b", "a..c", "a.b.c.d", "a.b.c="),
        *text("SUB-1", "/negotiation_notes", 4096, may_be_empty=True),
        ("/colour", "red", "SUB-1"),
    ],
    "subscription.rejected": [
        *gone("SUB-1", "/reason_code", "/reason_message"),
        *wrong("SUB-1", "/reason_code", "tired", 5),
        *text("SUB-1", "/reason_message", 4096),
        *whole("SUB-1", "/retry_after_seconds", 0, 86_400),
        *uri("SUB-1", "/alternative_manifest_uri"),
        ("/colour", "red", "SUB-1"),
    ],
    "subscription.renegotiate": [
        *gone("SUB-9", "/subscription_id", "/capabilities"),
        *identifier("SUB-9", "/subscription_id", "sub"),
        *_capabilities("/capabilities", "SUB-1"),
        *plain_text("SUB-9", "/correlation_id"),
        *numbers("/chess"),
    ],
    "subscription.close": [
        *gone("SUB-10", "/subscription_id"),
        *identifier("SUB-10", "/subscription_id", "sub"),
        *form("SUB-10", "/reason_code", "done", "Done", "_done", "d" * 65, "a-b"),
        *text("SUB-10", "/reason_message", 4096, may_be_empty=True),
        *plain_text("SUB-10", "/correlation_id"),
        *numbers("/chess"),
    ],
    "confirmation.reply": [
        *_reply(),
        *gone("CNF-3", "/decision"),
        *wrong("CNF-3", "/decision", "Accept", "yes", True, "accept\n"),
        *text("CNF-3", "/decision_rationale", 4096),
        *wrong("CNF-6", "/modified_action", [], "x"),
        *numbers("/modified_action"),
    ],
    "clarification.reply": [
        *_reply(),
        *gone("CNF-3", "/response"),
        *wrong("CNF-11", "/response", None, [], {}, "", "x" * 16385),
        *wrong("ENV-6", "/response", TOO_LARGE, -TOO_LARGE),
        *wrong("CNF-3", "/confidence", -0.1, 1.1, "1"),
    ],
    "aaep:producer.manifest": [
        *gone("SUB-11", "/@context", "/agent_id"),
        *gone("SUB-11", "/aaep_versions_supported", "/conformance_levels_supported"),
        *context("/@context"),
        *wrong("SUB-11", "/agent_id", "", 5),
        *plain_text("SUB-11", "/agent_version", "/agent_name"),
        *wrong("SUB-11", "/aaep_versions_supported", "1.0.0", [], ["1.0.0", "1.0.0"]),
        *version("SUB-11", "/aaep_versions_supported/0"),
        *wrong("SUB-11", "/conformance_levels_supported", 1, [], [1, 1]),
        *wrong("SUB-11", "/conformance_levels_supported/0", 4, "1"),
        *(
            case
            for name in ("transports_supported", "event_types_emitted")
            for case in (
                *wrong("SUB-11", f"/{name}", "x", ["x", "x"]),
                *text("SUB-11", f"/{name}/0", 256),
            )
        ),
        *wrong("SUB-11", "/languages_supported", "en", ["en", "en"]),
        *tag("SUB-11", "/languages_supported/0"),
        *wrong("SUB-11", "/extensions_supported", "x", [EXTENSION_CONTEXT] * 2),
        *uri("SUB-11", "/extensions_supported/0"),
        *wrong("SUB-11", "/default_verbosity", "loud", 5),
        *whole("SUB-11", "/max_concurrent_subscriptions", 1),
        *wrong("SUB-11", "/contact", 5, []),
        *numbers("/documentation"),
    ],
}

CRITICAL: Final = (
    "aaep:agent.session.errored",
    "aaep:agent.awaiting.confirmation",
    "aaep:agent.awaiting.clarification",
    "aaep:agent.handoff.requested",
)


def _defect(kind: str, case: Case, base: str = "full") -> Defect:
    place, value, rule = case[:3]
    where = case[3] if len(case) == 4 else place
    return Defect(kind, {place: value}, frozenset({(rule, where)}), base)


def _several(kind: str, changes: dict[str, Any], *expected: tuple[str, str]) -> Defect:
    return Defect(kind, changes, frozenset(expected), "minimal")


def _confirmation(outcome: tuple[str, str], **fields: Any) -> Defect:
    changes = {f"/{name}": value for name, value in fields.items()}
    return _several("aaep:agent.awaiting.confirmation", changes, outcome)


def all_defects() -> Iterator[Defect]:
    for kind in EVENT_KINDS:
        yield from (_defect(kind, case) for case in (*CORE_ONLY, *PAYLOADS[kind]))
        if kind in CRITICAL:
            yield from (
                _several(kind, {"/urgency": value}, ("TYP-5", "/urgency"))
                for value in (DROP, "normal", "background")
            )
            yield _several(kind, {"/urgency": 5}, ("TYP-5", "/urgency"), ("ENV-1", "/urgency"))
        else:
            yield from (_defect(kind, ("/urgency", value, "ENV-1")) for value in ("loud", 5))
    # The envelope is the same file for every kind: one core kind and an extension's stand for all.
    for kind in ("aaep:agent.session.started", EXTENSION_TYPE):
        yield from (_defect(kind, case) for case in ENVELOPE)
    yield from (
        _defect("aaep:agent.session.started", case, "minimal") for case in context("/@context")
    )
    yield from (_defect(EXTENSION_TYPE, case) for case in EXTENSION)
    for kind, cases in MESSAGES.items():
        yield from (_defect(kind, case) for case in (*ANY_MESSAGE, *cases))

    for value in ("later", 5, None):
        yield _confirmation(("ENV-1", "/default_decision"), default_decision=value)
    wrong_default = ("CNF-2", "/default_decision")
    accept = {"default_decision": "accept"}
    yield _confirmation(wrong_default, irreversible=True, **accept)
    yield _confirmation(wrong_default, irreversible=True, risk_level="medium", **accept)
    yield _confirmation(wrong_default, irreversible=True, risk_level="high", **accept)
    yield _confirmation(wrong_default, reversibility="irreversible", **accept)
    yield _confirmation(
        wrong_default, reversibility="irreversible", irreversible=False, risk_level="high", **accept
    )


DEFECTS: Final = tuple(all_defects())
