"""One malformed object costs one field, never an event (style: isolate extractors one by one).

Boundary: wraps the readers of this folder and nothing else. Failure policy: what cannot be read is
logged for the curious and read as the default.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

logger = logging.getLogger("aaep_langchain.reading")

P = ParamSpec("P")
T = TypeVar("T")


def careful(default: T) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A reader that answers `default` where the object it reads raises.

    Args:
        default: What an unreadable object is read as.
    """

    def wrap(read: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(read)
        def read_carefully(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return read(*args, **kwargs)
            except Exception:
                logger.debug("%s could not read its object.", read.__name__, exc_info=True)
                return default

        return read_carefully

    return wrap
