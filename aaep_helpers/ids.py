"""Identifiers of the protocol: how they look and how they are made.

Boundary: knows nothing of events. Failure policy: an unknown kind is the caller's mistake (ValueError).
"""

from __future__ import annotations

import re
import secrets
from typing import Final, Literal

IdKind = Literal["evt", "sess", "call", "out", "rpl", "sub"]

ID_KINDS: Final[tuple[IdKind, ...]] = ("evt", "sess", "call", "out", "rpl", "sub")

_PATTERNS: Final[dict[IdKind, re.Pattern[str]]] = {
    kind: re.compile(rf"{kind}_[A-Za-z0-9]{{1,64}}") for kind in ID_KINDS
}


def make_id(kind: IdKind) -> str:
    """A new unguessable id.

    Args:
        kind: What it names: "evt" event, "sess" session, "call" tool call, "out" output,
            "rpl" reply token, "sub" subscription.

    Returns:
        The kind, an underscore, and 32 hexadecimal digits of 128 random bits (RULES 1, CNF-9).

    Raises:
        ValueError: `kind` is none of these.
    """
    if kind not in _PATTERNS:
        raise ValueError(f"There is no id of kind {kind!r}; the kinds are {', '.join(ID_KINDS)}.")
    return f"{kind}_{secrets.token_hex(16)}"


def is_id(value: object, kind: IdKind) -> bool:
    """Whether `value` is a well-formed id of this kind (RULES 1)."""
    return isinstance(value, str) and _PATTERNS[kind].fullmatch(value) is not None
