"""How a function that asks the user before it runs is marked, and how the mark is found again.

A gate marks the callable it makes: that is what runs, so that is what is believed. Metadata and names say
the same of a tool whose callable cannot be looked at, and count only there, because a copy of a tool
keeps its metadata whatever function it is given.

Boundary: knows callables, no framework and no session. Marks are found by name and by id only while what
they are on is alive. Failure policy: what cannot be read is not marked; the gate itself still asks.
"""

from __future__ import annotations

import functools
import secrets
import threading
import types
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aaep_helpers.tool_policy import NO_POLICY, ToolPolicy

if TYPE_CHECKING:
    from aaep_helpers.emitting import AAEPEmitter

GATE_KEY: Final = "aaep_gate"

_ATTRIBUTE: Final = "__aaep_gate__"

# Wrappers around wrappers: deeper than anybody stacks decorators, and an end for those that go in circles.
_MAX_DEPTH: Final = 32

# Names known at once; an application that makes more gates than this is found by the mark itself.
_MAX_NAMES: Final = 4096


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class GateMark:
    """That a callable asks before it runs, and what is known of it.

    Attributes:
        name: What the tool is called where nobody renames it.
        emitter: Through whose sessions it asks; None where any will do.
        policy: What its gate was told: risk, whether it can be undone, description.
        gate_id: Tells this mark from every other of this process.
    """

    name: str
    emitter: AAEPEmitter | None = None
    policy: ToolPolicy = NO_POLICY
    gate_id: str = field(default_factory=lambda: secrets.token_hex(16))


_lock = threading.Lock()
_by_name: weakref.WeakValueDictionary[str, GateMark] = weakref.WeakValueDictionary()
_by_id: weakref.WeakValueDictionary[str, GateMark] = weakref.WeakValueDictionary()


def mark_gated(obj: object, mark: GateMark) -> None:
    """Mark a callable that asks before it runs.

    Args:
        obj: The callable that runs the gate: a function, a partial, an object with attributes.
        mark: What is known of it; lives as long as the callable does.

    Raises:
        TypeError: It cannot carry a mark, as a bound method or a built-in cannot; mark its function.
    """
    try:
        object.__setattr__(obj, _ATTRIBUTE, mark)
    except (AttributeError, TypeError):
        raise TypeError(
            f"{obj!r} cannot be marked as gated: mark the function it is made of."
        ) from None
    with _lock:
        if len(_by_name) < _MAX_NAMES or mark.name in _by_name:
            _by_name[mark.name] = mark
        _by_id[mark.gate_id] = mark


def gate_of(obj: object) -> GateMark | None:
    """The mark of the gate that a call of `obj` goes through.

    Partials, bound methods, callable objects and wrappers that name what they wrap are looked through;
    a wrapper that hides what it calls is not, and then the gate finds its call already announced.

    Args:
        obj: Any callable, or None.
    """
    for _ in range(_MAX_DEPTH):
        if obj is None:
            return None
        mark = _read(obj, _ATTRIBUTE)
        if type(mark) is GateMark:
            return mark
        obj = _inside(obj)
    return None


def gate_named(name: str) -> GateMark | None:
    """The newest gate of this name; None where there is none, or it is gone."""
    with _lock:
        return _by_name.get(name)


def gate_metadata(mark: GateMark) -> dict[str, str]:
    """What a gate adds to the metadata of a tool it is put on; plain data, since tracers send it on."""
    return {GATE_KEY: mark.gate_id}


def gate_in_metadata(metadata: Mapping[str, object] | None) -> GateMark | None:
    """The gate that a tool's metadata names; None where it names none of this process."""
    named = (metadata or {}).get(GATE_KEY)
    if not isinstance(named, str):
        return None
    with _lock:
        return _by_id.get(named)


def _inside(obj: object) -> object:
    """What `obj` calls, as far as it says so."""
    # By type: isinstance asks the object itself, which may raise.
    if issubclass(type(obj), functools.partial):
        return _read(obj, "func")
    for name in ("__wrapped__", "__func__"):
        found = _read(obj, name)
        if found is not None:
            return found
    if type(obj) is types.FunctionType:
        return None
    call = _read(
        type(obj), "__call__"
    )  # Of an object that can be called, its class says what runs.
    return call if call is not obj else None


def _read(obj: object, name: str) -> object:
    try:
        return getattr(obj, name, None)
    except Exception:  # noqa: BLE001 - foreign objects; what cannot be read is not there.
        return None
