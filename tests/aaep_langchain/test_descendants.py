"""Where LangChain adds the fan-out (fact 1), and where it would only bring every callback twice."""

from __future__ import annotations

from uuid import uuid4

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManager

from aaep_helpers import AAEPEmitter
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.descendants import FanOut, _heard_here


@pytest.fixture(autouse=True)
def nothing_left_by_other_tests() -> None:
    _heard_here.set(None)


def new_handler() -> AAEPCallbackHandler:
    return AAEPCallbackHandler(AAEPEmitter(quiet_seconds=None))


def managed(
    *inherited: BaseCallbackHandler, local: tuple[BaseCallbackHandler, ...] = ()
) -> CallbackManager:
    return CallbackManager.configure(list(inherited), list(local))


def start_root(handler: AAEPCallbackHandler) -> None:
    handler.on_chain_start({}, {}, run_id=uuid4())


def fan_outs(handlers: list[BaseCallbackHandler]) -> list[FanOut]:
    return [handler for handler in handlers if isinstance(handler, FanOut)]


def test_a_handler_that_is_passed_on_gets_no_callback_twice() -> None:
    handler = new_handler()
    start_root(handler)

    manager = managed(handler)

    assert manager.handlers == manager.inheritable_handlers == [handler]
    assert not fan_outs(manager.handlers)


def test_where_the_handler_is_missing_the_fan_out_stands_for_it() -> None:
    start_root(new_handler())

    manager = managed(BaseCallbackHandler())

    assert len(fan_outs(manager.handlers)) == len(fan_outs(manager.inheritable_handlers)) == 1


def test_a_handler_that_is_not_passed_on_leaves_the_fan_out_to_what_is_below() -> None:
    handler = new_handler()
    start_root(handler)

    manager = managed(local=(handler,))

    assert manager.handlers == [handler]
    assert len(fan_outs(manager.inheritable_handlers)) == 1


def test_a_fan_out_keeps_no_handler_out() -> None:
    handler = new_handler()
    start_root(handler)
    below = managed()
    (fan_out,) = below.handlers

    below.add_handler(handler)

    assert [type(member) for member in below.handlers] == [FanOut, AAEPCallbackHandler]
    assert handler == fan_out
    assert fan_out != handler


def test_a_handler_with_nothing_under_way_is_relayed_nothing_any_more() -> None:
    done, handler = new_handler(), new_handler()
    run_id = uuid4()
    done.on_chain_start({}, {}, run_id=run_id)
    done.on_chain_end({}, run_id=run_id)

    start_root(handler)

    assert not fan_outs(managed(handler).handlers)


def test_a_fan_out_for_two_is_added_where_only_one_of_them_is() -> None:
    one, other = new_handler(), new_handler()
    start_root(one)
    start_root(other)

    assert len(fan_outs(managed(one).handlers)) == 1
    assert one != other
