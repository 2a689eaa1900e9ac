"""Where the schema files are and which one is for which type.

Boundary: reads files, knows no validator. A wheel carries them inside this package, a checkout has
them beside it. Failure policy: a missing or broken file is a broken installation (InternalError).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from aaep_helpers.errors import InternalError
from aaep_helpers.vocabulary import CORE_TYPES

ENVELOPE: Final = "envelope"
EXTENSION: Final = "extension"
COMMON: Final = "common"

# The type on the wire, and the schema it has; only the manifest's type carries the prefix.
MESSAGE_TYPES: Final[dict[str, str]] = {
    "subscription.request": "handshake/subscription.request",
    "subscription.accepted": "handshake/subscription.accepted",
    "subscription.rejected": "handshake/subscription.rejected",
    "subscription.renegotiate": "handshake/subscription.renegotiate",
    "subscription.close": "handshake/subscription.close",
    "confirmation.reply": "handshake/confirmation.reply",
    "clarification.reply": "handshake/clarification.reply",
    "aaep:producer.manifest": "handshake/producer.manifest",
}

_NAMES: Final[dict[str, str]] = {
    **{kind: "core/" + kind.removeprefix("aaep:") for kind in sorted(CORE_TYPES)},
    **MESSAGE_TYPES,
}


@cache
def _folder() -> Traversable:
    installed = files("aaep_helpers") / "schemas"
    if installed.is_dir():
        return installed
    return Path(__file__).parents[2] / "schemas"


def schema_names() -> tuple[str, ...]:
    """The names of all schema files, such as "envelope" and "core/agent.tool.invoked"."""
    return (COMMON, ENVELOPE, EXTENSION, *_NAMES.values())


def schema_name(message_type: str) -> str | None:
    """The schema for a type in its normalised form.

    Args:
        message_type: One of the twelve core types or of MESSAGE_TYPES.

    Returns:
        Its name, such as "core/agent.tool.invoked"; None for any other type.
    """
    return _NAMES.get(message_type)


def schema_text(name: str) -> str:
    """The text of a schema file.

    Args:
        name: One of `schema_names()`.

    Raises:
        InternalError: There is no such file; the installation lacks it.
    """
    try:
        return _folder().joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    except OSError as error:
        raise InternalError(f"The schema {name} cannot be read: {error}") from error


def schema_document(name: str) -> dict[str, Any]:
    """A schema as a fresh dict, for use with any validator.

    Args:
        name: One of `schema_names()`.

    Raises:
        InternalError: There is no such file, or it is not a JSON object.
    """
    try:
        document = json.loads(schema_text(name))
    except ValueError as error:
        raise InternalError(f"The schema {name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InternalError(f"The schema {name} is not a JSON object.")
    return document
