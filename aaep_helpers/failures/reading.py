"""Looking at an exception that may be anybody's, and may itself raise when looked at.

Boundary: the only place that touches foreign exceptions' attributes. Failure policy: what cannot be
read is as good as absent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final, cast

MAX_RELATED: Final = 24
_MAX_MESSAGE: Final = 4000


def read(owner: object, name: str) -> object:
    """The attribute `name` of `owner`; None if there is none or reading it raises."""
    # Properties of foreign exceptions run foreign code, which may raise anything.
    with contextlib.suppress(Exception):
        return getattr(owner, name, None)
    return None


def item(owner: object, key: str) -> object:
    """owner[key] of a mapping; None if it is none, has no such key, or reading it raises."""
    with contextlib.suppress(Exception):
        if issubclass(type(owner), Mapping):
            return owner.get(key)  # type: ignore[attr-defined]
    return None


def text(value: object) -> str:
    """`value` if it is text, bounded; else ""."""
    if not issubclass(type(value), str):
        return ""
    return str.__str__(cast(str, value))[:_MAX_MESSAGE]


def message(error: BaseException) -> str:
    """The exception's own message; "" if it has none or cannot say it."""
    with contextlib.suppress(Exception):
        return text(str(error))
    return ""


def class_names(error: BaseException) -> list[str]:
    """The names of the exception's classes, its own first."""
    return [type.__dict__["__name__"].__get__(kind) for kind in type(error).__mro__]


def is_a(error: BaseException, kind: type[BaseException]) -> bool:
    """isinstance, but never by `__class__`, which may be a property that raises."""
    return issubclass(type(error), kind)


def related(error: BaseException) -> Iterator[BaseException]:
    """The exception, what caused it, a group's members, and last what it came up in; each once."""
    seen: set[int] = set()
    waiting = [error]
    contexts: list[BaseException] = []
    while (waiting or contexts) and len(seen) < MAX_RELATED:
        current = waiting.pop(0) if waiting else contexts.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        cause = BaseException.__dict__["__cause__"].__get__(current)
        if cause is not None:
            waiting.append(cause)
        if is_a(current, BaseExceptionGroup):
            members = BaseExceptionGroup.__dict__["exceptions"].__get__(current)
            waiting.extend(members[:MAX_RELATED])
        context = BaseException.__dict__["__context__"].__get__(current)
        hidden = BaseException.__dict__["__suppress_context__"].__get__(current)
        if context is not None and not hidden:
            contexts.append(context)
