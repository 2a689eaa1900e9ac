"""The protocol's words: event types, states, enumerations, limits. One place for each (RULES 1, 2, 5).

Boundary: data only. Nothing here decides or raises.
"""

from __future__ import annotations

from typing import Final, Literal

CORE_CONTEXT: Final = "https://aaep-protocol.org/context/v1"
TYPE_IRI_PREFIX: Final = "https://aaep-protocol.org/types/"
AAEP_VERSION: Final = "1.0.0"

Urgency = Literal["background", "normal", "critical"]
Verbosity = Literal["terse", "normal", "detailed"]
RiskLevel = Literal["low", "medium", "high"]
Reversibility = Literal["reversible", "reversible_with_effort", "irreversible"]
Decision = Literal["accept", "reject"]
ErrorCategory = Literal["transient", "permanent", "requires_user", "unknown"]
CancelledBy = Literal["user", "producer", "timeout", "system"]
ToolStatus = Literal["success", "error", "timeout"]
ResponseKind = Literal["freetext", "yes_no", "multiple_choice", "numeric"]
HandoffTarget = Literal["human", "specialist_agent", "escalation_queue"]
Boundary = Literal["none", "word", "sentence", "paragraph", "completion"]
TextDirection = Literal["ltr", "rtl", "auto"]

VERBOSITIES: Final[tuple[Verbosity, ...]] = ("terse", "normal", "detailed")
RISK_LEVELS: Final[tuple[RiskLevel, ...]] = ("low", "medium", "high")

# From the finest to the coarsest: SUB-6 lets the finest boundary of a list govern.
BOUNDARIES: Final[tuple[Boundary, ...]] = ("none", "word", "sentence", "paragraph", "completion")

SESSION_STARTED: Final = "aaep:agent.session.started"
SESSION_COMPLETED: Final = "aaep:agent.session.completed"
SESSION_ERRORED: Final = "aaep:agent.session.errored"
SESSION_CANCELLED: Final = "aaep:agent.session.cancelled"
STATE_CHANGED: Final = "aaep:agent.state.changed"
PROGRESS_UPDATED: Final = "aaep:agent.progress.updated"
TOOL_INVOKED: Final = "aaep:agent.tool.invoked"
TOOL_COMPLETED: Final = "aaep:agent.tool.completed"
OUTPUT_STREAMING: Final = "aaep:agent.output.streaming"
AWAITING_CONFIRMATION: Final = "aaep:agent.awaiting.confirmation"
AWAITING_CLARIFICATION: Final = "aaep:agent.awaiting.clarification"
HANDOFF_REQUESTED: Final = "aaep:agent.handoff.requested"

CORE_TYPES: Final[frozenset[str]] = frozenset(
    {
        SESSION_STARTED,
        SESSION_COMPLETED,
        SESSION_ERRORED,
        SESSION_CANCELLED,
        STATE_CHANGED,
        PROGRESS_UPDATED,
        TOOL_INVOKED,
        TOOL_COMPLETED,
        OUTPUT_STREAMING,
        AWAITING_CONFIRMATION,
        AWAITING_CLARIFICATION,
        HANDOFF_REQUESTED,
    }
)

TERMINAL_TYPES: Final[frozenset[str]] = frozenset(
    {SESSION_COMPLETED, SESSION_ERRORED, SESSION_CANCELLED}
)

# TYP-5: these carry urgency critical; SUB-3: they are never filtered, merged, delayed or dropped.
CRITICAL_TYPES: Final[frozenset[str]] = frozenset(
    {SESSION_ERRORED, AWAITING_CONFIRMATION, AWAITING_CLARIFICATION, HANDOFF_REQUESTED}
)

IDLE: Final = "idle"
THINKING: Final = "thinking"
CALLING_TOOL: Final = "calling_tool"
WRITING_OUTPUT: Final = "writing_output"
AWAITING_INPUT: Final = "awaiting_input"
DECIDING: Final = "deciding"
HANDING_OFF: Final = "handing_off"

# RULES 2 (schemas) and ENV-7. Lengths are in Unicode code points, bytes in UTF-8.
MAX_STRING_BYTES: Final = 16 * 1024
MAX_EVENT_BYTES: Final = 64 * 1024
MAX_TERSE_LENGTH: Final = 4096
MAX_TEXT_LENGTH: Final = 16384
MAX_DURATION_MS: Final = 86_400_000
MAX_STATE_LENGTH: Final = 64
MAX_TOOLS_AVAILABLE: Final = 256
TOOL_NAME_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_.-]{0,255}$"
LANGUAGE_TAG_PATTERN: Final = r"^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$"

# Section 2 recommends these; the four critical ones are TYP-5.
URGENCY_OF_TYPE: Final[dict[str, Urgency]] = {
    SESSION_STARTED: "normal",
    SESSION_COMPLETED: "normal",
    SESSION_ERRORED: "critical",
    SESSION_CANCELLED: "normal",
    STATE_CHANGED: "background",
    PROGRESS_UPDATED: "background",
    TOOL_INVOKED: "normal",
    TOOL_COMPLETED: "normal",
    OUTPUT_STREAMING: "normal",
    AWAITING_CONFIRMATION: "critical",
    AWAITING_CLARIFICATION: "critical",
    HANDOFF_REQUESTED: "critical",
}

# Languages written from right to left, by primary subtag; everything else we render is left to right.
RTL_LANGUAGES: Final[frozenset[str]] = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "syr", "ug", "ur", "yi"}
)
