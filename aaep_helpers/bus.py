"""Delivery of finished events to listeners, in order; what a listener does never harms anything else.

Three ways (design D12): inline, on the thread that emits, before the emitting call returns; in the
background, on a thread of the listener's own with a bounded queue; and for coroutine functions, on the
event loop they were subscribed from. Boundary: knows nothing of what events mean.
Failure policy: a callback that raises is logged once and goes on being called; a listener whose queue
is full or whose loop is closed is dropped, alone, with a logged reason.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import queue
import threading
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any, Final, Protocol, cast

from aaep_helpers.errors import SubscriptionError
from aaep_helpers.events import WireEvent

logger = logging.getLogger("aaep_helpers.bus")

SyncCallback = Callable[[WireEvent], object]
AsyncCallback = Callable[[WireEvent], Coroutine[Any, Any, object]]
Callback = SyncCallback | AsyncCallback

QUEUE_SIZE: Final = 10_000


class Delivery(Protocol):
    """One listener's way of getting events."""

    def deliver(self, event: WireEvent) -> bool:
        """Hand over one event; False when this listener can get no more and must be dropped."""
        ...

    def close(self, timeout: float) -> bool:
        """Take no more events and let those handed over be heard.

        Args:
            timeout: How many seconds that may take.

        Returns:
            Whether all of them were heard.
        """
        ...


class _Caller:
    """Calls a callback and keeps its faults to itself."""

    def __init__(self, callback: Callback, name: str) -> None:
        self.callback = callback
        self.name = name
        self._complained = False

    def complain(self, error: BaseException) -> None:
        """Log a callback's fault, the first time in full."""
        if self._complained:
            logger.debug("The listener %s raised again: %r", self.name, error)
            return
        self._complained = True
        logger.error(
            "The listener %s raised; the agent and the other listeners go on.",
            self.name,
            exc_info=error,
        )

    def call(self, event: WireEvent) -> None:
        try:
            result = self.callback(event)
        except Exception as error:  # noqa: BLE001 - design D12: a listener's fault stays its own.
            self.complain(error)
            return
        if isinstance(result, CoroutineType):
            result.close()
            self.complain(
                TypeError(
                    "It returned a coroutine, which nobody awaits: subscribe an async function."
                )
            )


class InlineDelivery:
    """Calls the listener on the emitting thread, like a logging handler.

    Args:
        callback: A plain function; it may emit and reply itself.
        name: For the log.
    """

    def __init__(self, callback: SyncCallback, name: str) -> None:
        self._caller = _Caller(callback, name)

    def deliver(self, event: WireEvent) -> bool:
        """Call the listener now."""
        self._caller.call(event)
        return True

    def close(self, timeout: float) -> bool:
        """Nothing is ever under way."""
        return True


class BackgroundDelivery:
    """Calls the listener on a thread of its own, from a bounded queue.

    Args:
        callback: A plain function that may be slow.
        name: For the log and the thread.
        size: How many events may wait.
    """

    def __init__(self, callback: SyncCallback, name: str, size: int = QUEUE_SIZE) -> None:
        self._caller = _Caller(callback, name)
        self._queue: queue.Queue[WireEvent | None] = queue.Queue()
        self._size = size
        self._thread = threading.Thread(target=self._run, name=f"aaep-{name}", daemon=True)
        self._thread.start()

    def deliver(self, event: WireEvent) -> bool:
        """Queue the event; a full queue drops the listener."""
        if self._queue.qsize() >= self._size:
            logger.error(
                "The listener %s has left %d events unheard and is dropped.",
                self._caller.name,
                self._size,
            )
            self._queue.put(None)
            return False
        self._queue.put(event)
        return True

    def close(self, timeout: float) -> bool:
        """Let the thread finish what is queued, then end it."""
        self._queue.put(None)
        if threading.current_thread() is self._thread:
            return self._queue.qsize() <= 1
        self._thread.join(timeout)
        if self._thread.is_alive():
            logger.error(
                "The listener %s was still busy after %g seconds; %d events were not heard.",
                self._caller.name,
                timeout,
                self._queue.qsize(),
            )
            return False
        return True

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._caller.call(event)
            except BaseException as error:  # noqa: BLE001 - sys.exit() here ends neither agent nor listener.
                self._caller.complain(error)


class LoopDelivery:
    """Awaits the listener on the loop it was subscribed from, one event at a time, in order.

    Args:
        callback: A coroutine function.
        name: For the log.
        loop: Where it runs.
        size: How many events may wait.
    """

    def __init__(
        self,
        callback: AsyncCallback,
        name: str,
        loop: asyncio.AbstractEventLoop,
        size: int = QUEUE_SIZE,
    ) -> None:
        self._callback = callback
        self._caller = _Caller(callback, name)
        self._loop = loop
        self._size = size
        self._waiting = 0
        self._lock = threading.Lock()
        self._all_heard = threading.Condition(self._lock)
        self._events: asyncio.Queue[WireEvent | None] = asyncio.Queue()
        self._task = loop.create_task(self._run(), name=f"aaep-{name}")

    def deliver(self, event: WireEvent) -> bool:
        """Schedule the event on the loop, from any thread."""
        if self._task.done() and not self._loop.is_closed():
            logger.error(
                "The listener %s is dropped: the task that called it was cancelled.",
                self._caller.name,
            )
            return False
        with self._lock:
            if self._waiting >= self._size:
                logger.error(
                    "The listener %s has left %d events unheard and is dropped.",
                    self._caller.name,
                    self._size,
                )
                self._schedule(None)
                return False
            self._waiting += 1
        if self._schedule(event):
            return True
        logger.error(
            "The listener %s is dropped: the event loop it was subscribed from is closed.",
            self._caller.name,
        )
        return False

    def close(self, timeout: float) -> bool:
        """End the task after what is scheduled; waits for it unless called on the loop itself."""
        if not self._schedule(None):
            return self._waiting == 0
        if _running_loop() is self._loop or not self._loop.is_running():
            # Waiting here would stop the loop that has to do the work; it hears them as it goes on.
            return self._waiting == 0
        with self._all_heard:
            return self._all_heard.wait_for(lambda: self._waiting == 0, timeout)

    def _schedule(self, event: WireEvent | None) -> bool:
        """Put an event, or the end, into the task's queue; False when its loop is closed."""
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        except RuntimeError:
            return False
        return True

    async def _run(self) -> None:
        while (event := await self._events.get()) is not None:
            try:
                await self._callback(event)
            except asyncio.CancelledError as error:
                # Of something the listener awaited, it is the listener's fault; of this task, its end.
                if self._task.cancelling():
                    raise
                self._caller.complain(error)
            except Exception as error:  # noqa: BLE001 - design D12: a listener's fault stays its own.
                self._caller.complain(error)
            finally:
                with self._all_heard:
                    self._waiting -= 1
                    self._all_heard.notify_all()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def delivery_for(callback: Callback, name: str, *, background: bool) -> Delivery:
    """The way of delivery that fits a callback (design D12).

    Args:
        callback: A function or coroutine function of one argument, the event as a plain dict.
        name: For the log.
        background: Whether a plain function gets a thread and a queue of its own.

    Raises:
        SubscriptionError: It cannot be called, or it is a coroutine function and no loop runs here.
    """
    if not callable(callback):
        raise SubscriptionError(
            f"A listener is a function of one argument, not {type(callback).__name__}."
        )
    # A callable object may have an async __call__.
    is_async = inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "__call__", None)  # noqa: B004 - asked for its kind, not its presence.
    )
    if is_async:
        loop = _running_loop()
        if loop is None:
            raise SubscriptionError(
                "A coroutine function must be subscribed from inside the event loop that is to run it; "
                "pass a plain function, or call subscribe() from a coroutine."
            )
        return LoopDelivery(cast("AsyncCallback", callback), name, loop)
    return BackgroundDelivery(callback, name) if background else InlineDelivery(callback, name)
