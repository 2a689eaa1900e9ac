"""The protocol's words: core types, envelope fields, states, human-readable fields.

Boundary: data only. Everything here restates RULES sections 1 and 2; rules that use the words live
in the modules beside this one.
"""

from __future__ import annotations

from typing import Final

CORE_CONTEXT: Final = "https://aaep-protocol.org/context/v1"
TYPE_PREFIX: Final = "aaep:"
TYPE_URI: Final = "https://aaep-protocol.org/types/"

STARTED: Final = "agent.session.started"
COMPLETED: Final = "agent.session.completed"
ERRORED: Final = "agent.session.errored"
CANCELLED: Final = "agent.session.cancelled"
STATE: Final = "agent.state.changed"
PROGRESS: Final = "agent.progress.updated"
INVOKED: Final = "agent.tool.invoked"
TOOL_DONE: Final = "agent.tool.completed"
OUTPUT: Final = "agent.output.streaming"
CONFIRM: Final = "agent.awaiting.confirmation"
CLARIFY: Final = "agent.awaiting.clarification"
HANDOFF: Final = "agent.handoff.requested"

ENDS: Final = frozenset({COMPLETED, ERRORED, CANCELLED})
QUESTIONS: Final = frozenset({CONFIRM, CLARIFY})
CRITICAL: Final = frozenset({ERRORED, CONFIRM, CLARIFY, HANDOFF})
CORE: Final = frozenset({STARTED, STATE, PROGRESS, INVOKED, TOOL_DONE, OUTPUT}) | ENDS | CRITICAL

IDLE: Final = "idle"
THINKING: Final = "thinking"
CALLING_TOOL: Final = "calling_tool"
WRITING_OUTPUT: Final = "writing_output"
AWAITING_INPUT: Final = "awaiting_input"
HANDING_OFF: Final = "handing_off"

ENVELOPE_REQUIRED: Final = (
    "@context",
    "type",
    "event_id",
    "session_id",
    "timestamp",
    "producer",
)
ENVELOPE: Final = frozenset(ENVELOPE_REQUIRED) | {
    "sequence_number",
    "urgency",
    "verbosity",
    "localization_hints",
    "correlation_id",
    "aaep_version",
    "extensions",
}
# ENV-4: JSON-LD keywords nobody may put at the top level of an event.
RESERVED_NAMES: Final = frozenset({"@id", "@graph", "@base", "@vocab"})
# ENV-5: prefixes no extension may take; names beginning with @ are reserved too.
RESERVED_PREFIXES: Final = frozenset({"aaep", "xsd", "rdf", "rdfs"})

SUMMARIES: Final = ("summary_terse", "summary_normal", "summary_detailed")

# Fields whose wording is the producer's own, and fields in which it repeats somebody's text (the
# user's, the model's, a tool's). D8 asks more of the first kind.
OWN_WORDS: Final = frozenset(SUMMARIES) | {
    "action",
    "consequence",
    "question",
    "reason",
    "description",
    "args_summary",
    "remediation_hint",
}
QUOTED_WORDS: Final = frozenset(
    {"chunk", "request_text", "output_summary", "partial_result", "error_message", "context"}
)
HUMAN_FIELDS: Final = OWN_WORDS | QUOTED_WORDS
