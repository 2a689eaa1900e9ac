"""The arguments of a call: bound, frozen, and told apart into those the user hears and injected ones.

What is confirmed is what runs (D13): the call gets a copy of its own, made before the question, that
nobody else holds. What a framework injects (its config, callbacks, state, runtime) is no choice of the
agent's: it is passed through untouched and not read out. It is known by its type, never by its
name, so that no argument can hide behind one.

Boundary: signatures and values; knows LangChain's markers by the names of their classes and imports
nothing of it. Failure policy: what cannot be copied or compared is not called: ValueError.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import inspect
import ipaddress
import pathlib
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

_FRAMEWORK: Final = ("langchain_core.", "langgraph.", "langchain.")
_INJECTED: Final = frozenset({"InjectedToolArg", "_DirectlyInjectedToolArg"})
_MANAGERS: Final = frozenset({"BaseCallbackManager", "BaseRunManager"})
_CALLBACK_NAMES: Final = frozenset({"callbacks", "run_manager"})

# Cannot be changed, so a copy that is the thing itself is as good.
_UNCHANGING: Final = (
    type(None),
    str,
    bytes,
    bool,
    int,
    float,
    complex,
    tuple,
    frozenset,
    enum.Enum,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PurePath,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
)
_SPELLED_BY_STR: Final = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PurePath,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
)


@dataclass(frozen=True, slots=True)
class FrozenCall:
    """One call as it will run.

    Attributes:
        args: The positional arguments.
        kwargs: The others.
        shown: What the user hears, by name; the very objects the call gets.
        fingerprint: Tells these arguments from all others.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shown: dict[str, object]
    fingerprint: str

    def is_unchanged(self) -> bool:
        """Whether the arguments are still those of the question."""
        return fingerprint(self.shown) == self.fingerprint


@dataclass(slots=True)
class Parameters:
    """What a callable takes.

    Attributes:
        function: The callable.
        injected: Names known to be injected from elsewhere, such as a tool's schema.
        receiver: Whether the first parameter is the object a method is called on.
    """

    function: Callable[..., Any]
    injected: frozenset[str] = frozenset()
    receiver: bool = False
    signature: inspect.Signature = field(init=False)
    _hints: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.signature = inspect.signature(self.function)

    @property
    def names(self) -> list[str] | None:
        """The names the user may hear; None where any may come."""
        parameters = list(self.signature.parameters.values())[1 if self.receiver else 0 :]
        if any(one.kind is one.VAR_KEYWORD for one in parameters):
            return None
        return [one.name for one in parameters]

    def freeze(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> FrozenCall:
        """The call of the function with these arguments, and a copy of each for it alone.

        Args:
            args: As it was called.
            kwargs: As it was called.

        Raises:
            TypeError: The function does not take them.
            ValueError: One of them cannot be copied.
        """
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        hidden = self._hidden()
        given: dict[tuple[str, str | None], Any] = {}
        for at, (name, value) in enumerate(bound.arguments.items()):
            if (at == 0 and self.receiver) or name in hidden:
                continue
            if self.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                given.update(
                    {
                        (name, key): item
                        for key, item in value.items()
                        if key not in hidden and not _is_callbacks(key, item)
                    }
                )
            elif not _is_callbacks(name, value):
                given[name, None] = value
        copies = _copied(given)
        for (name, key), value in copies.items():
            if key is not None:
                bound.arguments[name] = {**bound.arguments[name], key: value}
            else:
                bound.arguments[name] = value
        shown: dict[str, object] = {}
        for (name, key), value in copies.items():
            is_rest = self.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            if key is None and is_rest and not value:
                continue
            said = name if key is None else key
            # A positional-only parameter and a keyword may share a name; neither hides the other.
            shown[f"{name} {said}" if said in shown else said] = value
        return FrozenCall(bound.args, bound.kwargs, shown, fingerprint(shown))

    def _hidden(self) -> frozenset[str]:
        hints = self._hints
        if hints is None:
            try:
                hints = typing.get_type_hints(_innermost(self.function), include_extras=True)
            except Exception:  # noqa: BLE001 - annotations may be anything; then all is shown.
                return self.injected
            self._hints = hints
        return self.injected | injected_names(hints)


def injected_names(hints: Mapping[str, Any]) -> frozenset[str]:
    """Which of these parameters a framework fills in, by their annotations."""
    return frozenset(name for name, hint in hints.items() if _is_injected(hint))


def fingerprint(arguments: Mapping[str, object]) -> str:
    """Tells arguments from others; cannot be read back.

    Raises:
        ValueError: They are too deep to be compared.
    """
    try:
        return sha256(
            repr(_canonical(dict(arguments))).encode("utf-8", "surrogatepass")
        ).hexdigest()
    except RecursionError:
        raise ValueError("An argument is too deeply nested to be confirmed.") from None


def _copied(
    given: dict[tuple[str, str | None], Any],
) -> dict[tuple[str, str | None], Any]:
    try:
        # All at once, so that what two of them share is shared by the copies.
        copies = copy.deepcopy(given)
    except Exception as error:
        names = ", ".join(key or name for name, key in given)
        raise ValueError(
            f"One of the arguments {names} cannot be copied ({type(error).__name__}), so what is confirmed "
            "would not be what runs. Pass plain data."
        ) from error
    for at, value in given.items():
        if copies[at] is value and not isinstance(value, _UNCHANGING):
            raise ValueError(
                f"The argument {at[1] or at[0]} cannot be frozen, so what is confirmed would not be what "
                "runs. Pass plain data."
            )
    return copies


def _canonical(value: Any) -> object:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if value is None or kind in (bool, int, float, complex, str, bytes, bytearray):
        return (name, repr(value))
    if isinstance(value, enum.Enum):
        return (name, value.name)
    if isinstance(value, _SPELLED_BY_STR):
        return (name, str(value))
    if isinstance(value, dict):
        # Order counts for nothing in keywords and JSON; keys of any type are told apart.
        return (name, sorted((repr(_canonical(k)), repr(_canonical(v))) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return (name, [_canonical(item) for item in value])
    if isinstance(value, (set, frozenset)):
        return (name, sorted(repr(_canonical(item)) for item in value))
    if isinstance(value, (str, int, float, bytes)):
        return (name, repr(value))
    stored = getattr(value, "__dict__", None)
    if dataclasses.is_dataclass(value):
        return (
            name,
            [(one.name, _canonical(getattr(value, one.name))) for one in dataclasses.fields(value)],
        )
    return (name, _canonical(dict(stored)) if isinstance(stored, dict) else "")


def _innermost(function: Any) -> Any:
    for _ in range(32):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    return function if isinstance(function, types.FunctionType) else type(function).__call__


def _is_injected(hint: Any) -> bool:
    if typing.get_origin(hint) is typing.Annotated:
        inner, *marks = typing.get_args(hint)
        return _is_injected(inner) or any(
            _is_framework(mark if isinstance(mark, type) else type(mark), _INJECTED)
            for mark in marks
        )
    kind = typing.get_origin(hint) or hint
    if not isinstance(kind, type):
        return False
    if kind.__name__ == "RunnableConfig" and kind.__module__.startswith(_FRAMEWORK):
        return True
    return _is_framework(kind, _INJECTED)


def _is_callbacks(name: str, value: object) -> bool:
    if value is None:
        return name in _CALLBACK_NAMES
    return _is_framework(type(value), _MANAGERS)


def _is_framework(kind: type, names: frozenset[str]) -> bool:
    return any(
        base.__name__ in names and base.__module__.startswith(_FRAMEWORK) for base in kind.__mro__
    )
