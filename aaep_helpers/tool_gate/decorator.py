"""`@aaep_tool`: a tool that does not run before the user has said yes.

Boundary: wraps callables and keeps what they look like (name, signature, annotations, docstring); the way
of a call is `passage`'s, finished tools of a framework are `finished`'s. Failure policy: what cannot be
gated is a TypeError or ValueError when it is decorated; a gate that cannot ask raises and runs nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.errors import GateClosedError
from aaep_helpers.gate_mark import GateMark, gate_of, mark_gated
from aaep_helpers.tool_gate.arguments import FrozenCall, Parameters
from aaep_helpers.tool_gate.finished import gated_tool, is_finished_tool
from aaep_helpers.tool_gate.options import Action, GateOptions, OnReject
from aaep_helpers.tool_gate.passage import Passage, open_passage
from aaep_helpers.tool_gate.refusal import Refusal
from aaep_helpers.vocabulary import RiskLevel, ToolStatus

ToolT = TypeVar("ToolT")


def aaep_tool(
    emitter: AAEPEmitter,
    *,
    risk_level: RiskLevel | None = None,
    irreversible: bool = False,
    require_confirmation: bool | None = None,
    description: str | None = None,
    action: Action | None = None,
    consequence: str | None = None,
    timeout_seconds: int | None = None,
    on_reject: OnReject | None = None,
    ask_again_after_refusals: int = 1,
) -> Callable[[ToolT], ToolT]:
    """Put a tool behind a gate: it runs after an accept of the user, and in no other case (CNF-16).

    Goes on a function, sync or async, below LangChain's `@tool` or inside `Tool` and `StructuredTool`, on a
    method's function, or on a finished `Tool` or `StructuredTool`, of which a gated copy is made; of other
    classes of tools, on their `_run`. The session is found by itself: that of the agent whose handler hears
    the call, or that of `with emitter.session():` in a hand-written loop. A rejected call is not announced
    and does not run: an agent's model is told so as the tool's result; a hand-written loop gets
    ConfirmationRejected.

    A sync tool blocks its thread while it waits; under `ainvoke` that is a thread of the loop's default
    executor, so prefer async tools where many may wait at once. A sync tool called on the thread of a running
    loop is refused. One in a worker of `create_agent(...).invoke()` that was itself called on a running
    loop's thread cannot be told from any other; where the answer has to come through that loop, the question
    times out and counts as rejected: use `ainvoke` there.

    Args:
        emitter: Whose sessions to ask in.
        risk_level: low, medium or high; high is asked about.
        irreversible: Whether what it does cannot be undone; always asked about (CNF-15).
        require_confirmation: True asks whatever the risk; False does not ask about a high risk that can be
            undone.
        description: What it does, in a sentence; None takes the first of the docstring.
        action: What is asked: a template naming arguments ("Send {amount} dollars to {to}"), whose other
            arguments are read out after it, or a function that gets a copy of all arguments by name and
            says all of it. None makes a sentence of the description and every argument.
        consequence: What follows; None says it by reversibility.
        timeout_seconds: How long an answer is waited for; None goes by the risk (CNF-12).
        on_reject: "raise" raises ConfirmationRejected, which ends an agent's run; "return" returns what an
            agent is told. None returns in an agent and raises in a hand-written loop.
        ask_again_after_refusals: After how many refusals the same call, with the same arguments in the same
            session, is refused without a question.

    Raises:
        ValueError: The arguments contradict each other or the function's.
        TypeError: What is decorated is a generator, a class, gated already, or no function.
    """
    options = GateOptions(
        risk_level=risk_level,
        irreversible=irreversible,
        require_confirmation=require_confirmation,
        description=description,
        action=action,
        consequence=consequence,
        timeout_seconds=timeout_seconds,
        on_reject=on_reject,
        ask_again_after_refusals=ask_again_after_refusals,
    )

    def decorate(tool: ToolT) -> ToolT:
        if is_finished_tool(tool):
            return cast("ToolT", gated_tool(emitter, options, tool, gated_function))
        return cast("ToolT", gated_function(emitter, options, tool))

    return decorate


def gated_function(
    emitter: AAEPEmitter, options: GateOptions, function: Any, name: str | None = None
) -> Callable[..., Any]:
    """A function behind a gate, that looks like the function itself.

    Args:
        emitter: Whose sessions to ask in.
        options: How to ask.
        function: The function, method, partial or callable object.
        name: What its tool is called; None takes its own name.

    Raises:
        ValueError: The action names something else than an argument.
        TypeError: It cannot be gated.
    """
    _require_gateable(function)
    gate = _Gate(emitter, options, function, name)
    gated = gate.wrapper()
    mark_gated(gated, gate.mark)
    return gated


class _Gate:
    """The gate of one function."""

    def __init__(
        self,
        emitter: AAEPEmitter,
        options: GateOptions,
        function: Callable[..., Any],
        name: str | None,
    ) -> None:
        self._emitter = emitter
        self._function = function
        self._parameters = Parameters(function, receiver=_is_method(function))
        options.check_action(self._parameters.names)
        self._name = _name_of(function)
        self._options = _described(options, function)
        self.mark = GateMark(name or self._name, emitter, self._options.policy())

    def wrapper(self) -> Callable[..., Any]:
        """The gated function."""
        if _is_async(self._function):

            async def gated_async(*args: Any, **kwargs: Any) -> Any:
                call = self._freeze(args, kwargs)
                passage = self._open(call, blocks=False)
                refusal = await passage.pass_on_loop()
                if refusal is not None:
                    return self._refused(passage, refusal)
                with _Running(passage) as running:
                    return running.checked(await self._function(*call.args, **call.kwargs))

            made: Callable[..., Any] = gated_async
        else:

            def gated_sync(*args: Any, **kwargs: Any) -> Any:
                call = self._freeze(args, kwargs)
                passage = self._open(call, blocks=True)
                refusal = passage.pass_in_thread()
                if refusal is not None:
                    return self._refused(passage, refusal)
                with _Running(passage) as running:
                    return running.checked(self._function(*call.args, **call.kwargs))

            made = gated_sync
        functools.update_wrapper(made, self._function)
        made.__name__ = self._name
        innermost = self._function
        while isinstance(innermost, functools.partial):
            # A partial's docstring and annotations are those of its class.
            innermost = innermost.func
        if innermost is not self._function:
            functools.update_wrapper(made, innermost)
            made.__wrapped__ = self._function  # type: ignore[attr-defined]  # Its signature counts.
        return made

    def _open(self, call: FrozenCall, *, blocks: bool) -> Passage:
        return open_passage(self._emitter, self.mark, self._options, call, blocks=blocks)

    def _freeze(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> FrozenCall:
        try:
            return self._parameters.freeze(args, kwargs)
        except ValueError as error:
            raise GateClosedError(self._name, str(error)) from error

    def _refused(self, passage: Passage, refusal: Refusal) -> object:
        place = passage.place
        raises = self._options.on_reject == "raise"
        if raises or (self._options.on_reject is None and not place.in_agent):
            raise refusal.error()
        # Fact 11: a tool that answers with an artifact answers so when it is refused.
        return (refusal.told, None) if place.with_artifact else refusal.told


class _Running:
    """The time a tool runs: what comes of it is told, whatever it is."""

    def __init__(self, passage: Passage) -> None:
        self._place = passage.place

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        status: ToolStatus = "success"
        if error is not None:
            unfinished = isinstance(error, TimeoutError) or not isinstance(error, Exception)
            status = "timeout" if unfinished else "error"
        self._place.done(status, error)

    def checked(self, result: object) -> object:
        """A result that is one: what runs later does not run under this accept (fact 11, D13)."""
        if not (
            inspect.iscoroutine(result) or inspect.isgenerator(result) or inspect.isasyncgen(result)
        ):
            return result
        if not inspect.isasyncgen(result):
            result.close()
        raise TypeError(
            f"The tool {self._place.tool} returned something that has yet to run, and it was not run. "
            "Decorate the async function itself with @aaep_tool, and return values instead of generators."
        )


def _require_gateable(function: Any) -> None:
    if isinstance(function, (staticmethod, classmethod)):
        raise TypeError("Put @aaep_tool below @staticmethod or @classmethod.")
    if inspect.isclass(function) or not callable(function):
        raise TypeError(f"@aaep_tool goes on a function, not on {type(function).__name__}.")
    called = _called(function)
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(
            "A generator cannot be put behind a gate: it would run piece by piece, long after the answer. "
            "Gate the function that does what cannot be undone."
        )
    if gate_of(function) is not None:
        raise TypeError("It is behind a gate already: one question a call.")


def _called(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function):
        return function
    return type(function).__call__


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_called(function))


def _is_method(function: Any) -> bool:
    """Whether this function was defined in a class and gets its object first."""
    if not inspect.isfunction(function):
        return False
    inside = function.__qualname__.rpartition(".")[0]
    if not inside or inside.endswith("<locals>"):
        return False
    return next(iter(inspect.signature(function).parameters), "") in ("self", "cls")


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _described(options: GateOptions, function: Any) -> GateOptions:
    if options.description is not None:
        return options
    while isinstance(function, functools.partial):
        function = function.func
    paragraph = (inspect.getdoc(function) or "").strip().split("\n\n", maxsplit=1)[0]
    return replace(options, description=" ".join(paragraph.split())) if paragraph else options
