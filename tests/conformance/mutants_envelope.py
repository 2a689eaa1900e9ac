"""Defects of single envelopes, and of ids, times and numbers across events."""

from __future__ import annotations

from typing import Any

from tests.conformance.mutating import (
    END,
    FINISHED,
    INVOKED,
    PROGRESS,
    START,
    STATE,
    TEXT,
    Mutant,
    all_with,
    count_on,
    edit,
    lose,
)
from tests.conformance.traces import CORE, at

NESTED: dict[str, Any] = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}
CONTEXTS = [CORE, "https://bank.example/context/v1"]
OVERSIZE = {f"summary_detailed_{tag}": "ab" * 8_000 for tag in ("es", "fr", "de", "it", "pt")}
TAGS = [f"summary_terse_{first}{second}" for first in "abcde" for second in "lmnop"]

ENVELOPE_MUTANTS = [
    Mutant("ENV-1/required_fields", "no timestamp", "simple_answer", lose(PROGRESS, "timestamp")),
    Mutant("ENV-1/required_fields", "no producer", "simple_answer", lose(STATE, "producer")),
    Mutant("ENV-1/required_fields", "no @context", "simple_answer", lose(STATE, "@context")),
    Mutant(
        "ENV-1/identifiers", "event_id with a hyphen", "tool_call", edit(STATE, event_id="evt_a-b")
    ),
    Mutant(
        "ENV-1/identifiers",
        "session_id without its prefix",
        "unnumbered_answer",
        all_with(lambda event: event.update(session_id="one")),
    ),
    Mutant("ENV-1/identifiers", "a type without prefix", "simple_answer", edit(PROGRESS, type="p")),
    Mutant(
        "ENV-1/timestamp_form",
        "local time",
        "simple_answer",
        edit(PROGRESS, timestamp="2026-03-01T09:00:00.750"),
    ),
    Mutant(
        "ENV-1/timestamp_form",
        "nine fraction digits",
        "simple_answer",
        edit(PROGRESS, timestamp="2026-03-01T09:00:00.750000000Z"),
    ),
    Mutant(
        "ENV-1/timestamp_form",
        "the 30th of February",
        "simple_answer",
        edit(PROGRESS, timestamp="2026-02-30T09:00:00Z"),
    ),
    Mutant(
        "ENV-1/producer_object",
        "no agent_id",
        "simple_answer",
        edit(STATE, producer={"model": "m"}),
    ),
    Mutant(
        "ENV-1/producer_object",
        "a field of its own",
        "simple_answer",
        edit(STATE, producer={"agent_id": "bank-helper", "vendor": "x"}),
    ),
    Mutant("ENV-1/optional_fields", "urgency high", "simple_answer", edit(STATE, urgency="high")),
    Mutant("ENV-1/optional_fields", "version 1", "simple_answer", edit(STATE, aaep_version="1")),
    Mutant(
        "ENV-1/optional_fields",
        "an extension that is a string",
        "extensions_and_variants",
        edit(STATE, extensions={"bank": "north"}),
    ),
    Mutant(
        "ENV-1/hints_form",
        "a language name in place of a tag",
        "simple_answer",
        edit(STATE, localization_hints={"primary_language": "US English"}),
    ),
    Mutant(
        "ENV-1/hints_form",
        "an unknown direction",
        "simple_answer",
        edit(STATE, localization_hints={"primary_language": "en", "text_direction": "left"}),
    ),
    Mutant("ENV-1/hints_with_text", "no hints", "simple_answer", lose(START, "localization_hints")),
    Mutant(
        "ENV-1/hints_with_text",
        "hints without a language",
        "simple_answer",
        edit(TEXT, localization_hints={"text_direction": "ltr"}),
    ),
    Mutant(
        "ENV-2/context_form", "another context", "simple_answer", edit(STATE, **{"@context": "x:y"})
    ),
    Mutant(
        "ENV-2/context_form",
        "core context second",
        "extensions_and_variants",
        edit(STATE, **{"@context": CONTEXTS[::-1]}),
    ),
    Mutant(
        "ENV-3/known_core_type",
        "a thirteenth type",
        "simple_answer",
        edit(PROGRESS, type="aaep:agent.mood.changed"),
    ),
    Mutant(
        "ENV-3/known_core_type",
        "a thirteenth type as a URI",
        "simple_answer",
        edit(PROGRESS, type="https://aaep-protocol.org/types/agent.progress"),
    ),
    Mutant(
        "ENV-4/top_level_fields",
        "a field of the run time",
        "simple_answer",
        edit(START, run_id="8d0c"),
    ),
    Mutant("ENV-4/top_level_fields", "a later field", "simple_answer", edit(END, tokens_used=12)),
    Mutant(
        "ENV-4/top_level_fields", "a reserved name", "simple_answer", edit(END, aaep_priority=1)
    ),
    Mutant(
        "ENV-4/top_level_fields",
        "a variant of a field that is not for people",
        "tool_call",
        edit(INVOKED, tool_es="saldo"),
    ),
    Mutant(
        "ENV-5/declared_extensions",
        "an undeclared extension",
        "simple_answer",
        edit(STATE, extensions={"bank": {}}),
    ),
    Mutant(
        "ENV-5/declared_extensions",
        "a reserved prefix",
        "extensions_and_variants",
        edit(STATE, extensions={"rdf": {}}),
    ),
    Mutant(
        "ENV-5/declared_extensions",
        "an undeclared extension type",
        "simple_answer",
        edit(PROGRESS, type="bank:coin.fell"),
    ),
    Mutant(
        "ENV-6/json_values",
        "half a surrogate pair",
        "simple_answer",
        edit(START, request_text="\ud83d"),
    ),
    Mutant(
        "ENV-6/json_values",
        "an integer past 2^53",
        "extensions_and_variants",
        edit(STATE, extensions={"bank": {"account": 2**53 + 1}}),
    ),
    Mutant(
        "ENV-6/json_values",
        "not a number",
        "extensions_and_variants",
        edit(STATE, extensions={"bank": {"rate": float("nan")}}),
    ),
    Mutant(
        "ENV-6/normal_form",
        "a decomposed accent",
        "simple_answer",
        edit(END, summary_normal="Cafe\u0301."),
    ),
    Mutant(
        "ENV-6/normal_form",
        "a decomposed accent in the request",
        "simple_answer",
        edit(START, request_text="Where is Zu\u0308rich?"),
    ),
    Mutant(
        "ENV-7/soft_limits",
        "nine levels",
        "extensions_and_variants",
        edit(STATE, extensions={"bank": NESTED}),
    ),
    Mutant("ENV-7/soft_limits", "80 KiB", "simple_answer", edit(END, **OVERSIZE)),
    Mutant(
        "ENV-7/soft_limits",
        "36 fields",
        "simple_answer",
        edit(END, **dict.fromkeys(TAGS, "Ready.")),
    ),
    Mutant(
        "ENV-7/soft_limits",
        "a string of 24 KiB",
        "simple_answer",
        edit(START, request_text="ж" * 12_000),
    ),
    Mutant(
        "ENV-8/unique_event_ids",
        "one id for two events",
        "simple_answer",
        edit(END, event_id="evt_one1"),
    ),
    Mutant(
        "ENV-8/unique_event_ids",
        "one id in two sessions",
        "interleaved_sessions",
        edit(END, 1, event_id="evt_one0"),
    ),
    Mutant(
        "ENV-9/monotone_timestamps",
        "a time that goes back",
        "simple_answer",
        edit(PROGRESS, timestamp=at(300)),
    ),
    Mutant(
        "ENV-9/monotone_timestamps",
        "a time that goes back by its offset",
        "simple_answer",
        edit(PROGRESS, timestamp="2026-03-01T09:00:00.750+01:00"),
    ),
    Mutant(
        "ENV-10/numbers_all_or_none",
        "one event without",
        "simple_answer",
        lose(END, "sequence_number"),
    ),
    Mutant(
        "ENV-10/numbers_all_or_none",
        "a number as text",
        "simple_answer",
        edit(END, sequence_number="7"),
    ),
    Mutant(
        "ENV-10/numbers_count_up",
        "counting from 1",
        "simple_answer",
        all_with(count_on),
    ),
    Mutant("ENV-10/numbers_count_up", "a gap", "simple_answer", edit(END, sequence_number=9)),
    Mutant(
        "ENV-10/numbers_count_up",
        "a number twice for a filtered listener",
        "filtered_to_tools",
        edit(FINISHED, 0, sequence_number=1),
        also={"SUB-13": "the number after it seems to leave a gap"},
    ),
    Mutant(
        "SUB-13/filtered_numbers_gapless",
        "a gap where a filter dropped an event",
        "filtered_to_tools",
        edit(FINISHED, 1, sequence_number=6),
    ),
    Mutant(
        "SUB-13/filtered_numbers_gapless",
        "counted before the filter",
        "filtered_to_states",
        all_with(count_on),
    ),
]
