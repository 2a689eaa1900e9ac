"""A copy of any value that may be said: secrets masked, odd objects left out (SEC-1).

Boundary: reads plain data, dataclasses and pydantic models by their stored fields; runs no
property, serializer or repr of anybody's, and never copies or pickles (known-failures 7, 8).
Failure policy: what cannot be read, or is too deep or too much, becomes "…"; nothing raises.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from aaep_helpers.redaction.names import is_secret_name
from aaep_helpers.redaction.scan import MASK, redact_text

OMITTED: Final = "…"
MAX_DEPTH: Final = 8
MAX_ITEMS: Final = 1000
MAX_CHARACTERS: Final = 100_000

_SECRET_TYPES: Final = frozenset({"SecretStr", "SecretBytes", "Secret"})
# Types whose str is short, safe and speakable.
_PRINTABLE: Final = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    pathlib.PurePath,
    uuid.UUID,
)
# Where a list of headers or settings keeps the name of each.
_NAME_KEYS: Final = ("name", "key")


def redact_value(value: object) -> object:
    """A JSON-like copy of `value` without secrets, whatever it is (SEC-1).

    Values under secret names are masked at any depth, strings are screened, and what is no plain
    data becomes "…".

    Args:
        value: Arguments of a tool, a result, anything.
    """
    return _Reader().read(value, 0)


class _Reader:
    """One reading of one value, with what is left of its limits.

    The built-ins' own methods are called on their subclasses: an override may do anything.
    """

    def __init__(self) -> None:
        self._items = MAX_ITEMS
        self._characters = MAX_CHARACTERS
        self._above: set[int] = set()

    def read(self, value: object, depth: int) -> object:
        if value is None or value is True or value is False:
            return value
        if self._items <= 0 or depth > MAX_DEPTH or id(value) in self._above:
            return OMITTED
        self._items -= 1
        self._above.add(id(value))
        try:
            return self._read(value, depth)
        except Exception:  # noqa: BLE001 - foreign objects may raise anything when looked at
            return OMITTED
        finally:
            self._above.discard(id(value))

    def _read(self, value: object, depth: int) -> object:
        # By type(), never isinstance: __class__ may be a property that raises or lies.
        kind = type(value)
        if issubclass(kind, enum.Enum):
            return self.read(object.__getattribute__(value, "_value_"), depth + 1)
        if issubclass(kind, str):
            return self._text(str.__str__(cast(str, value)))
        if issubclass(kind, int):
            return self._number(int.__index__(cast(int, value)))
        if issubclass(kind, float):
            return float.__float__(cast(float, value))
        if _is_secret_type(kind):
            return MASK
        if issubclass(kind, _PRINTABLE):
            return self._text(str(value))
        if issubclass(kind, dict):
            return self._pairs(dict.items(cast(dict[object, object], value)), depth)
        if issubclass(kind, tuple):
            items = tuple.__iter__(cast(tuple[object, ...], value))
            names = getattr(kind, "_fields", None)
            if isinstance(names, tuple):
                return self._pairs(zip(names, items, strict=False), depth)
            return self._list(items, depth)
        if issubclass(kind, list):
            return self._list(list.__iter__(cast(list[object], value)), depth)
        if issubclass(kind, set):
            return self._list(set.__iter__(cast(set[object], value)), depth)
        if issubclass(kind, frozenset):
            return self._list(frozenset.__iter__(cast(frozenset[object], value)), depth)
        fields = _fields(kind)
        if fields is not None:
            return self._object(value, fields, depth)
        if issubclass(kind, Mapping):
            return self._pairs(cast(Mapping[object, object], value).items(), depth)
        return OMITTED

    def _text(self, text: str) -> str:
        if len(text) > self._characters:
            text = text[: self._characters] + OMITTED
        self._characters -= min(len(text), self._characters)
        return redact_text(text)

    def _number(self, number: int) -> object:
        if -(10**12) < number < 10**12:
            return number
        if number.bit_length() > 256:
            return OMITTED
        text = str(number)
        return number if redact_text(text) == text else MASK

    def _list(self, items: Iterable[object], depth: int) -> list[object]:
        found: list[object] = []
        for item in items:
            if self._items <= 0:
                found.append(OMITTED)
                break
            found.append(self.read(item, depth + 1))
        return found

    def _pairs(self, pairs: Iterable[tuple[object, object]], depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        named = ""
        for key, item in pairs:
            if self._items <= 0:
                found[OMITTED] = OMITTED
                break
            name = self._name(key)
            found[redact_text(name)] = self._named(name, item, depth)
            if name.lower() in _NAME_KEYS and type(item) is str:
                named = item
        # {"name": "Authorization", "value": "..."}: the name is a value itself.
        if named and is_secret_name(named):
            for name in found:
                if name.lower() == "value":
                    found[name] = MASK
        return found

    def _name(self, key: object) -> str:
        kind = type(key)
        if issubclass(kind, enum.Enum):
            key = object.__getattribute__(key, "_value_")
            kind = type(key)
        if issubclass(kind, str):
            return str.__str__(cast(str, key))[:256]
        if key is None or kind in (int, float, bool):
            return str(key)[:64]
        return OMITTED

    def _named(self, name: str, item: object, depth: int) -> object:
        if is_secret_name(name) and not (item is None or item is True or item is False):
            self._items -= 1
            return MASK
        return self.read(item, depth + 1)

    def _object(
        self, value: object, fields: Iterator[tuple[str, bool]], depth: int
    ) -> dict[str, object]:
        stored = object.__getattribute__(value, "__dict__") if _has_dict(value) else {}
        found: dict[str, object] = {}
        for name, shown in fields:
            if self._items <= 0:
                found[OMITTED] = OMITTED
                break
            if not shown:
                found[name] = MASK
            elif name in stored:
                found[name] = self._named(name, stored[name], depth)
            else:
                # Slots: object's own lookup, so that no __getattr__ of the class runs.
                found[name] = self._named(name, object.__getattribute__(value, name), depth)
        return found


def _has_dict(value: object) -> bool:
    return any("__dict__" in kind.__dict__ for kind in type(value).__mro__)


def _is_secret_type(kind: type) -> bool:
    return any(
        parent.__name__ in _SECRET_TYPES and parent.__module__.split(".")[0].startswith("pydantic")
        for parent in kind.__mro__
    )


def _fields(kind: type) -> Iterator[tuple[str, bool]] | None:
    """The fields of a dataclass or pydantic class, and whether its author lets them be shown."""
    if dataclasses.is_dataclass(kind):
        return ((field.name, field.repr) for field in dataclasses.fields(kind))
    for name in ("__pydantic_fields__", "__fields__"):
        declared = next(
            (parent.__dict__[name] for parent in kind.__mro__ if name in parent.__dict__), None
        )
        if type(declared) is dict:
            return (
                (str(field), getattr(info, "repr", True) is not False)
                for field, info in declared.items()
            )
    return None
