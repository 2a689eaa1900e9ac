"""Callbacks that keep their faults to themselves and hear each run from one source (D3, fact 1).

Boundary: the way into a handler, not what it does there. Failure policy: a fault is logged once with the
run id and swallowed; an UnguardedToolError is no fault and passes, and so do interrupts of the process.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from langgraph.callbacks import GraphCallbackHandler

from aaep_helpers import UnguardedToolError, UnknownSessionError
from aaep_langchain.descendants import RELAYED
from aaep_langchain.runs import RunBook

logger = logging.getLogger("aaep_langchain")

_STARTS: Final = frozenset(name for name in RELAYED if name.endswith("_start"))

CallbackT = TypeVar("CallbackT", bound=Callable[..., None])


def guarded(callback: CallbackT) -> CallbackT:
    """A callback whose faults stay here (D3); interrupts of the process still pass.

    What comes in this way comes from LangChain itself: it is not heard for a run that is relayed (fact 1).
    """

    @functools.wraps(callback)
    def hear(self: GuardedHandler, *args: Any, **kwargs: Any) -> None:
        self._hear(None, callback, args, kwargs)

    return cast("CallbackT", hear)


class GuardedHandler(GraphCallbackHandler):
    """What a handler whose callbacks are `guarded` is built on.

    It runs inline, because LangChain otherwise hops to a thread for every token of an async run (fact 3).

    Args:
        book: The runs it knows.
    """

    run_inline = True
    raise_error = True  # For a tool that is refused; faults stay here all the same.

    def __init__(self, book: RunBook) -> None:
        super().__init__()
        self._book = book
        self._complained = False

    def hear_relayed(
        self, source: object, callback: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """A callback that LangChain gave to a fan-out instead of this handler (fact 1).

        Args:
            source: The fan-out; a run is heard from one source only.
            callback: The callback's name.
            args: Its positional arguments.
            kwargs: Its keywords.
        """
        if callback == "on_llm_new_token":
            # The sync manager names the token, the async one does not.
            self.hear_token(source, args[0] if args else kwargs["token"], kwargs["run_id"])
            return
        if callback in _STARTS:
            # Whatever else runs in that context is none of ours.
            parent_run_id = kwargs.get("parent_run_id")
            if parent_run_id is None or not self._book.is_live(parent_run_id):
                return
        elif self._book.get(kwargs["run_id"]) is None:
            return
        method = getattr(type(self), callback)
        self._hear(source, getattr(method, "__wrapped__", method), args, kwargs)

    def hear_token(self, source: object, token: object, run_id: UUID) -> None:
        """A token of a run that is heard from `source`; the one callback whose own cost is felt."""
        raise NotImplementedError

    def _hear(
        self,
        source: object,
        callback: Callable[..., None],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        run_id = kwargs.get("run_id")
        known = self._book.get(run_id) if run_id is not None else None
        if known is not None and known.source is not source:
            return
        try:
            callback(self, *args, **kwargs)
            if known is None and source is not None and run_id is not None:
                started = self._book.get(run_id)
                if started is not None:
                    started.source = source
        except UnguardedToolError:
            raise  # No fault: what the handler was asked to do.
        except Exception as error:  # noqa: BLE001 - D3: the handler never breaks the agent.
            self._complain(callback.__name__, run_id, error)

    def _complain(self, callback: str, run_id: object, error: Exception) -> None:
        if isinstance(error, UnknownSessionError):
            # The session was ended from outside, by emitter.close() or by hand: nothing to tell any more.
            logger.debug("Run %s goes on after its session has ended: %s", run_id, error)
        elif self._complained:
            logger.debug("%s failed again in run %s: %r", callback, run_id, error)
        else:
            self._complained = True
            logger.error(
                "%s failed in run %s; the agent goes on, but listeners may miss something.",
                callback,
                run_id,
                exc_info=error,
            )
