"""SEC-1 for values: any object, masked by name and form, never run, copied or spelled out."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import types
import typing
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from aaep_helpers.redaction import MASK, OMITTED, redact_value
from tests.aaep_helpers.secrets import CARD, RANDOM, VENDOR_KEYS


class Colour(enum.Enum):
    RED = "red"


class Login(BaseModel):
    user: str
    password: str
    api: SecretStr
    note: str = Field(default="n", repr=False)


@dataclasses.dataclass
class Account:
    owner: str
    token: str
    notes: str = dataclasses.field(default="x", repr=False)


@dataclasses.dataclass(slots=True)
class Slotted:
    owner: str
    secret: str


class Point(typing.NamedTuple):
    name: str
    password: str


class Hostile:
    """Everything about it raises."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("no class")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise AssertionError("nobody asks for the repr")

    __str__ = __repr__

    def __deepcopy__(self, memo: object) -> object:
        raise AssertionError("nobody copies")

    def __reduce__(self) -> str:
        raise AssertionError("nobody pickles")


class HostileDict(dict[str, object]):
    def items(self) -> typing.Any:
        raise RuntimeError("no items")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no keys")


class HostileMapping(Mapping[str, object]):
    def __getitem__(self, key: str) -> object:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


CASES: list[tuple[object, object]] = [
    (None, None),
    (True, True),
    (5, 5),
    (1.5, 1.5),
    ("plain", "plain"),
    ("use " + VENDOR_KEYS["sk-"], f"use {MASK}"),
    (int(CARD), MASK),
    (10**400, OMITTED),
    ({"password": "x", "user": "bob"}, {"password": MASK, "user": "bob"}),
    ({"a": [{"b": {"apiKey": 12}}]}, {"a": [{"b": {"apiKey": MASK}}]}),
    ({"password": None, "token": True}, {"password": None, "token": True}),
    ({"credentials": {"a": 1}}, {"credentials": MASK}),
    ({"max_tokens": 5}, {"max_tokens": 5}),
    ({1: "x", None: "y", (1, 2): "z"}, {"1": "x", "None": "y", OMITTED: "z"}),
    ([{"name": "Authorization", "value": "abc"}], [{"name": "Authorization", "value": MASK}]),
    ((1, "two", None), [1, "two", None]),
    (frozenset({3}), [3]),
    (b"bytes", OMITTED),
    (object(), OMITTED),
    (Colour.RED, "red"),
    (datetime.date(2024, 1, 2), "2024-01-02"),
    (decimal.Decimal("1.50"), "1.50"),
    (types.MappingProxyType({"pin": 1, "a": 2}), {"pin": MASK, "a": 2}),
    (collections.OrderedDict(a=1), {"a": 1}),
    (SecretStr(RANDOM), MASK),
    (
        Login(user="bob", password="x", api=SecretStr("y")),
        {"user": "bob", "password": MASK, "api": MASK, "note": MASK},
    ),
    (Account("bob", "t"), {"owner": "bob", "token": MASK, "notes": MASK}),
    (Slotted("bob", "s"), {"owner": "bob", "secret": MASK}),
    (Point("n", "p"), {"name": "n", "password": MASK}),
    (Account, OMITTED),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=lambda value: type(value).__name__)
def test_values(value: object, expected: object) -> None:
    assert redact_value(value) == expected


def test_odd_objects_are_left_out_and_their_code_is_not_run() -> None:
    assert redact_value(Hostile()) == OMITTED
    assert redact_value([Hostile(), 1]) == [OMITTED, 1]
    assert redact_value(HostileMapping()) == OMITTED
    assert redact_value(HostileDict(a=1, password="x")) == {"a": 1, "password": MASK}


def test_cycles_depth_and_size_are_cut_off() -> None:
    cycle: list[object] = [1]
    cycle.append(cycle)
    assert redact_value(cycle) == [1, OMITTED]
    deep: object = "bottom"
    for _ in range(200):
        deep = [deep]
    assert OMITTED in json.dumps(redact_value(deep), ensure_ascii=False)
    wide = redact_value(list(range(100_000)))
    assert isinstance(wide, list)
    assert len(wide) < 2000
    assert wide[-1] == OMITTED
    long = redact_value(["a" * 90_000, "b" * 90_000, "c" * 90_000])
    assert len(json.dumps(long)) < 200_000


def test_the_same_object_twice_is_no_cycle() -> None:
    shared = {"a": 1}
    assert redact_value([shared, shared]) == [{"a": 1}, {"a": 1}]


def test_the_value_itself_is_not_changed() -> None:
    value = {"password": "x", "list": [1, {"token": "y"}]}
    redact_value(value)
    assert value == {"password": "x", "list": [1, {"token": "y"}]}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150)
@given(anything)
def test_the_copy_is_json(value: object) -> None:
    json.dumps(redact_value(value))


@settings(deadline=None, max_examples=100)
@given(anything, st.sampled_from(("password", "apiKey", "x-auth-token")))
def test_a_secret_name_masks_at_any_depth(value: object, name: str) -> None:
    marked = {"a": [{"b": ({name: "marker-of-the-secret"}, value)}]}
    assert "marker-of-the-secret" not in json.dumps(redact_value(marked))
