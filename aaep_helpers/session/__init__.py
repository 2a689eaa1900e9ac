"""One AAEP session as a pure state machine (RULES section 3)."""

from aaep_helpers.session.legality import GUARDS, PHASES, STATE_PRIORITY, derived_state
from aaep_helpers.session.machine import SessionMachine, Step
from aaep_helpers.session.moves import (
    AddText,
    Ask,
    CloseOutput,
    InvokeTool,
    Move,
    Outcome,
    Resolve,
    Revoke,
)
from aaep_helpers.session.state import OpenQuestion, OpenTool, Phase, SessionState

__all__ = [
    "GUARDS",
    "PHASES",
    "STATE_PRIORITY",
    "AddText",
    "Ask",
    "CloseOutput",
    "InvokeTool",
    "Move",
    "OpenQuestion",
    "OpenTool",
    "Outcome",
    "Phase",
    "Resolve",
    "Revoke",
    "SessionMachine",
    "SessionState",
    "Step",
    "derived_state",
]
