"""Server-sent events, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping


def data(content: Mapping[str, object]) -> bytes:
    """An event without a name."""
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def named(content: Mapping[str, object]) -> bytes:
    """An event named by the type in its content."""
    return b"event: " + str(content["type"]).encode() + b"\n" + data(content)
