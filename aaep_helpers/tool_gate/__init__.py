"""The gate: a tool behind it runs after an accept of the user, and in no other case."""

from aaep_helpers.errors import ConfirmationRejected, GateClosedError
from aaep_helpers.tool_gate.decorator import aaep_tool

__all__ = ["ConfirmationRejected", "GateClosedError", "aaep_tool"]
