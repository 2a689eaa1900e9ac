"""Which run a run without a parent is started in (known failure 5).

LangChain gives the models of a bare `with_fallbacks` the caller's own config, and with it no parent; a
node or tool that attaches the handler to what it calls does the same. LangChain's own context variable
still knows the run around them.

Boundary: reads that variable, nothing else. Failure policy: what is not known is None.
"""

from __future__ import annotations

from uuid import UUID

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables.config import var_child_runnable_config


def surrounding_run_id() -> UUID | None:
    """The run in whose body this is called; None outside of any."""
    config = var_child_runnable_config.get()
    callbacks = config.get("callbacks") if config is not None else None
    return callbacks.parent_run_id if isinstance(callbacks, BaseCallbackManager) else None
