"""A gate's mark is found through whatever is put around it, and only while the gate is there."""

from __future__ import annotations

import functools
import gc
import itertools
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, ProtocolError
from aaep_helpers.gate_mark import (
    GateMark,
    gate_in_metadata,
    gate_metadata,
    gate_named,
    gate_of,
    mark_gated,
)
from aaep_helpers.held_calls import HeldCall, Standing
from aaep_helpers.tool_policy import ToolPolicy
from aaep_helpers.vocabulary import RISK_LEVELS

FINAL = ToolPolicy(risk_level="high", irreversible=True)


def marked(name: str = "pay") -> tuple[Callable[..., Any], GateMark]:
    def pay(to: str, amount: int = 0) -> str:
        return f"{to} {amount}"

    mark = GateMark(name, None, FINAL)
    mark_gated(pay, mark)
    return pay, mark


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


def hidden(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args, **kwargs)


LAYERS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "partial": lambda function: functools.partial(function, "Ana"),
    "wraps": wrapped,
    "lru_cache": lambda function: functools.lru_cache(function),
    "method": lambda function: type("Till", (), {"pay": function})().pay,
    "classmethod": lambda function: type("Till", (), {"pay": classmethod(function)}).pay,  # type: ignore[attr-defined]
    "staticmethod": lambda function: type("Till", (), {"pay": staticmethod(function)}).pay,  # type: ignore[attr-defined]
    "callable": lambda function: type("Till", (), {"__call__": function})(),
}


@pytest.mark.parametrize("layers", list(itertools.product(LAYERS, repeat=2)), ids="-".join)
def test_it_is_found_through_two_layers_of_anything(layers: tuple[str, str]) -> None:
    function, mark = marked()
    for layer in layers:
        function = LAYERS[layer](function)
    assert gate_of(function) is mark


def test_a_wrapper_that_hides_what_it_calls_is_not_seen_through() -> None:
    function, _ = marked()
    assert gate_of(hidden(function)) is None


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class Endless:
    """Always something more inside."""

    @property
    def __wrapped__(self) -> Endless:
        return Endless()


def circle() -> Callable[..., Any]:
    def function() -> None: ...

    function.__wrapped__ = function  # type: ignore[attr-defined]
    return function


ODD: dict[str, Callable[[], object]] = {
    "none": lambda: None,
    "number": lambda: 0,
    "text": lambda: "pay",
    "built-in": lambda: print,
    "object": object,
    "class": lambda: Hostile,
    "type": lambda: type,
    "hostile": Hostile,
    "endless": Endless,
    "circle": circle,
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_gate_has_no_mark(odd: str) -> None:
    assert gate_of(ODD[odd]()) is None


def test_the_outer_gate_of_two_counts() -> None:
    function, _ = marked()
    outer = wrapped(function)
    mark = GateMark("outer")
    mark_gated(outer, mark)
    assert gate_of(outer) is mark


@pytest.mark.parametrize("odd", [print, 3, "pay", int, [].append, LAYERS["method"](marked()[0])])
def test_what_cannot_carry_a_mark_is_an_error(odd: object) -> None:
    with pytest.raises(TypeError, match="cannot be marked as gated"):
        mark_gated(odd, GateMark("pay"))


def test_names_and_ids_lead_to_the_mark_while_the_gate_is_there() -> None:
    function, mark = marked("pay_here")
    metadata = gate_metadata(mark)
    assert gate_named("pay_here") is gate_in_metadata(metadata) is mark
    gone = weakref.ref(mark)
    del function, mark
    gc.collect()
    assert gone() is None
    assert gate_named("pay_here") is None
    assert gate_in_metadata(metadata) is None


def test_the_newest_gate_of_a_name_counts() -> None:
    (_older, _), (_newer, mark) = marked("pay_again"), marked("pay_again")
    assert gate_named("pay_again") is mark


@pytest.mark.parametrize("metadata", [None, {}, {"aaep_gate": "made up"}, {"aaep_gate": 3}])
def test_metadata_that_names_no_gate_names_none(metadata: dict[str, object] | None) -> None:
    assert gate_in_metadata(metadata) is None


def test_metadata_is_plain_data() -> None:
    assert [type(value) for value in gate_metadata(GateMark("pay")).values()] == [str]


@pytest.mark.parametrize("theirs", [None, *RISK_LEVELS])
@pytest.mark.parametrize("ours", [None, *RISK_LEVELS])
def test_a_policy_never_lowers_what_the_gate_says_of_the_risk(ours: Any, theirs: Any) -> None:
    policy = ToolPolicy(risk_level=ours, irreversible=False, spoken_name="the bank")
    merged = policy.at_least(ToolPolicy(risk_level=theirs, irreversible=True, description="Pays."))
    given = [risk for risk in (ours, theirs) if risk is not None]
    assert merged.risk_level == max(given, key=RISK_LEVELS.index, default=None)
    assert merged.irreversible is True
    assert (merged.spoken_name, merged.description) == ("the bank", "Pays.")


class Book:
    """The call book of one handler."""

    def __init__(self, *calls: HeldCall) -> None:
        self.calls = calls

    def held_call(self, run: object) -> HeldCall | None:
        return next((call for call in self.calls if call.run == run), None)

    def is_announced(self, run: object) -> bool:
        return run == "announced"


def held(mark: GateMark, told: list[str], run: str = "run") -> HeldCall:
    def announcer(call: HeldCall, *, confirmed_by: str | None, asked_here: bool) -> None:
        told.append(f"{confirmed_by} {asked_here}")
        if confirmed_by == "rpl_broken":
            raise ValueError("cannot be told")

    return HeldCall(
        run=run,
        emitter=AAEPEmitter(),
        session_id="sess_1",
        call_id="call_1",
        tool="pay",
        spoken_name="pay",
        arguments={},
        policy=FINAL,
        mark=mark,
        announcer=announcer,
    )


def test_of_many_threads_one_gets_the_call_and_one_announces_it() -> None:
    function, mark = marked()
    told: list[str] = []
    desk = AAEPEmitter().calls
    book = Book(held(mark, told))
    desk.add_book(book)
    at_once = threading.Barrier(8)

    def claim(_: int) -> HeldCall | None:
        at_once.wait()
        return desk.claim("run", mark)

    def announce(_: int) -> bool:
        at_once.wait()
        try:
            call.announce("rpl_1")
        except ProtocolError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        (call,) = [call for call in threads.map(claim, range(8)) if call is not None]
        assert sum(threads.map(announce, range(8))) == 1
    assert told == ["rpl_1 True"]
    assert desk.standing("run") is Standing.ANNOUNCED
    assert gate_of(function) is mark


def test_standing_says_why_there_was_no_call() -> None:
    _function, mark = marked()
    desk = AAEPEmitter().calls
    book = Book(held(mark, []))
    desk.add_book(book)
    assert desk.claim("run", GateMark("another")) is None
    assert desk.standing("run") is Standing.HELD
    assert desk.standing("announced") is Standing.ANNOUNCED
    assert desk.standing("unheard of") is Standing.UNKNOWN
    call = desk.claim("run", mark)
    assert call is not None
    assert desk.standing("run") is Standing.CLAIMED
    call.refuse()
    assert desk.standing("run") is Standing.REFUSED
    del book, call
    gc.collect()
    assert desk.standing("run") is Standing.UNKNOWN


def test_a_call_that_could_not_be_announced_stays_refused() -> None:
    _function, mark = marked()
    desk = AAEPEmitter().calls
    book = Book(held(mark, []))
    desk.add_book(book)
    call = desk.claim("run", mark)
    assert call is not None
    with pytest.raises(ProtocolError):
        call.announce(None)  # SEQ-6: it cannot be undone, and no accept is named.
    with pytest.raises(ValueError, match="cannot be told"):
        call.announce("rpl_broken")
    assert call.standing is Standing.REFUSED
    with pytest.raises(ProtocolError):
        call.announce("rpl_1")
    assert book.calls
