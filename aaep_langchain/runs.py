"""The run trees a handler is attached to: one record per root run, made and dropped in one place.

State is keyed by run_id alone, because context variables are lost between threads (known failure 31).
Boundary: bookkeeping under a lock; emits nothing. Failure policy: an unknown run is None; a run whose
root has ended stays unknown, so that late callbacks start nothing (fact 5).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from langchain_core.messages import BaseMessage

from aaep_helpers.clock import Clock
from aaep_helpers.events import OutputForm
from aaep_helpers.held_calls import HeldCall
from aaep_helpers.ids import make_id
from aaep_langchain.hearing import Verdict

RunKind = Literal["chain", "model", "tool", "retriever"]
TextSource = Literal["tokens", "stream_events"]

# Run ids of ended roots, so that what comes late is told from what is new.
_REMEMBERED: Final = 16_384


@dataclass(slots=True)
class Speech:
    """What a model says to the user in one run.

    Attributes:
        form: What its output is made of.
        output_id: The output its text goes to.
        parts: The text so far, as it came.
        begun: Whether any of it was handed on; white space alone is not.
        source: Which callback its text comes from: some providers fire two for each token (fact 7).
    """

    form: OutputForm
    output_id: str = field(default_factory=lambda: make_id("out"))
    parts: list[str] = field(default_factory=list)
    begun: bool = False
    source: TextSource | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that was announced.

    Attributes:
        call_id: Our own "call_" id.
        tool: The tool's name on the wire.
        spoken: What it is called in a sentence.
        held: The same call as its gate had it; None where it has none.
    """

    call_id: str
    tool: str
    spoken: str
    held: HeldCall | None = None


@dataclass(slots=True)
class RootRun:
    """One root run: one user request, one AAEP session.

    Attributes:
        run_id: LangChain's id of it.
        session_id: The session it is heard as.
        thread_id: LangGraph's thread; None outside LangGraph.
        runs: Ids of every run below it.
        said: What was said to the user so far, output by output.
        said_before_tool: How much of that was said when a tool last returned.
        never: Texts that are not for ears, such as data, though they may come again as an output.
        old_messages: Messages that were there before the run.
        state_seen: Whether a graph's state was looked at for these.
        suspended: Announced calls that a pause left open, by LangChain's tool_call_id.
        question: What the graph asks; None while it is not paused.
        on_drop: Called once when the tree is forgotten.
        touched: When a run of it last started or ended, in monotonic seconds.
    """

    run_id: UUID
    session_id: str
    thread_id: str | None
    runs: list[UUID] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    said_before_tool: int = 0
    never: list[str] = field(default_factory=list)
    old_messages: list[BaseMessage] = field(default_factory=list)
    state_seen: bool = False
    suspended: dict[str, Call] = field(default_factory=dict)
    question: str | None = None
    on_drop: Callable[[], None] | None = None
    touched: float = 0.0


@dataclass(slots=True)
class Run:
    """One run of a tree.

    Attributes:
        run_id: LangChain's id of it.
        root: The root run it belongs to.
        kind: What runs.
        inside_tool: Whether a tool is among its ancestors: what a model says there is not for the user.
        parent: The run around it; None for a root.
        name: What it is called.
        metadata: Of a chain: its metadata.
        given: Of a graph's node: the messages it was given.
        graph: Of a graph that runs: the graph itself.
        sub_agent: Whether it belongs to a graph inside a graph that works for the outer one.
        hushed: Whether a model below it is not heard.
        verdict: Of a model: what becomes of its words.
        speech: Of a model whose words are for the user.
        call: Of a tool that was announced.
        held: Of a tool that is announced by its gate, after an accept (fact 10).
        source: Who told of it: None for LangChain itself, else the fan-out that relayed it (fact 1).
        ended: Whether its end was heard.
        starts: How often its start was heard: a handler that is listed twice hears everything twice.
        repeats: How many callbacks came that have no identity of their own, such as tokens.
    """

    run_id: UUID
    root: RootRun
    kind: RunKind
    inside_tool: bool = False
    parent: Run | None = None
    name: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    given: Sequence[BaseMessage] = ()
    graph: object = None
    sub_agent: bool = False
    hushed: bool = False
    verdict: Verdict = "said"
    speech: Speech | None = None
    call: Call | None = None
    held: HeldCall | None = None
    source: object = None
    ended: bool = False
    starts: int = 1
    repeats: int = 0


class RunBook:
    """Every run a handler knows, by run_id, and the sessions that wait for a resume, by thread.

    Args:
        clock: Whose monotonic seconds tell how long nothing was heard of a tree.
        forget_after: After how many seconds of that it is stale (known failure 11).
    """

    def __init__(self, clock: Clock, forget_after: float) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._forget_after = forget_after
        self._looked_at = clock.monotonic()
        self._roots: dict[str, RootRun] = {}
        self._runs: dict[UUID, Run] = {}
        self._paused: dict[str, RootRun] = {}
        self._gone: OrderedDict[UUID, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._runs) + len(self._paused)

    def get(self, run_id: UUID) -> Run | None:
        """The run of this id, ended or not; None where its root is unknown or over."""
        return self._runs.get(run_id)

    def get_once(self, run_id: UUID) -> Run | None:
        """`get` for callbacks without an identity: where each comes n times, n - 1 of n get None.

        A handler that is listed twice gets every callback twice in a row (known failure 10).
        """
        run = self._runs.get(run_id)
        if run is None or run.starts == 1:
            return run
        run.repeats += 1
        return run if run.repeats % run.starts == 1 else None

    def is_live(self, run_id: UUID) -> bool:
        """Whether a run of this id is under way."""
        run = self._runs.get(run_id)
        return run is not None and not run.ended

    def held_call(self, run: Hashable) -> HeldCall | None:
        """For gates: the held call of a run that is under way; None where there is none."""
        found = self._runs.get(run)  # type: ignore[call-overload]  # a foreign id is not found
        return found.held if found is not None and not found.ended else None

    def get_held(self, call: HeldCall) -> Run | None:
        """The run of a held call that is still under way; None where it is over."""
        found = self._runs.get(call.run)  # type: ignore[call-overload]
        return found if found is not None and found.held is call and not found.ended else None

    def is_announced(self, run: Hashable) -> bool:
        """For gates: whether a run that is under way was told as invoked."""
        found = self._runs.get(run)  # type: ignore[call-overload]
        return found is not None and found.call is not None and not found.ended

    def is_new_root(self, run_id: UUID, parent_run_id: UUID | None) -> bool:
        """Whether a start is that of a root: its parent is not ours (fact 1), nor over."""
        with self._lock:
            if run_id in self._runs or run_id in self._gone:
                return False
            return parent_run_id is None or (
                parent_run_id not in self._runs and parent_run_id not in self._gone
            )

    def add_root(self, root: RootRun, kind: RunKind) -> Run:
        """Begin a tree."""
        with self._lock:
            run = self._runs[root.run_id] = Run(root.run_id, root, kind)
            root.runs.append(root.run_id)
            root.touched = self._clock.monotonic()
            self._roots[root.session_id] = root
            return run

    def add_child(self, run_id: UUID, parent_run_id: UUID | None, kind: RunKind) -> Run | None:
        """Add a run to the tree of its parent.

        Returns:
            The run; None where the parent is over, or the run is known already (known failure 10).
        """
        with self._lock:
            known = self._runs.get(run_id)
            if known is not None:
                known.starts += 1
                return None
            parent = self._runs.get(parent_run_id) if parent_run_id is not None else None
            if parent is None:
                self._forget(run_id)  # So that what it starts in turn is no root either.
                return None
            run = self._runs[run_id] = Run(
                run_id,
                parent.root,
                kind,
                inside_tool=parent.inside_tool or parent.kind == "tool",
                parent=parent,
                sub_agent=parent.sub_agent,
            )
            parent.root.runs.append(run_id)
            parent.root.touched = self._clock.monotonic()
            return run

    def end(self, run_id: UUID) -> Run | None:
        """Take note of a run's end.

        Returns:
            The run, the first time; None afterwards, so that nothing ends twice (known failure 13).
        """
        with self._lock:
            run = self._runs.get(run_id)
            if run is None or run.ended:
                return None
            run.ended = True
            run.root.touched = self._clock.monotonic()
            return run

    def stale(self) -> list[RootRun]:
        """The trees, paused ones too, of which nothing was heard for too long; looks only now and then."""
        now = self._clock.monotonic()
        with self._lock:
            if now - self._looked_at < self._forget_after / 8:
                return []
            self._looked_at = now
            known = (*self._roots.values(), *self._paused.values())
            return [root for root in known if now - root.touched >= self._forget_after]

    def drop(self, root: RootRun) -> None:
        """Forget a tree: the one place where records go."""
        with self._lock:
            for run_id in root.runs:
                self._runs.pop(run_id, None)
                self._forget(run_id)
            root.runs.clear()
            self._roots.pop(root.session_id, None)
            if root.thread_id is not None and self._paused.get(root.thread_id) is root:
                del self._paused[root.thread_id]
            on_drop, root.on_drop = root.on_drop, None
        if on_drop is not None:
            on_drop()

    def refuse(self, run_id: UUID) -> None:
        """Hear nothing of a root that could not be started, nor of what it starts."""
        with self._lock:
            self._forget(run_id)

    def _forget(self, run_id: UUID) -> None:
        self._gone[run_id] = None
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)

    def pause(self, root: RootRun) -> RootRun | None:
        """Forget a tree but keep its session for the resume of its thread (fact 13).

        Returns:
            The tree that waited on this thread until now, and can no longer be resumed; None mostly.
        """
        self.drop(root)
        if root.thread_id is None:
            return None
        with self._lock:
            replaced = self._paused.get(root.thread_id)
            self._paused[root.thread_id] = root
            return replaced

    def take_paused(self, thread_id: str | None) -> RootRun | None:
        """The paused tree of a thread, which is then no longer waiting; None where there is none."""
        with self._lock:
            return self._paused.pop(thread_id, None) if thread_id is not None else None
