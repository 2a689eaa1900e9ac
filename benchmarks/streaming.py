"""Microseconds a streamed token costs over a run without a handler, ours beside its peers.

Every handler has a process of its own (`benchmarks.streaming_workload`); they take turns, A B C A B C,
so that whatever else the machine does weighs on all of them alike. Within a turn a process runs the
answer without and with its handler, so the cost over a bare run comes from one process and one moment.

Run: python -m benchmarks.streaming
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from benchmarks.peers import ROOT, Peer, PeerMissingError, interpreter
from benchmarks.streaming_workload import TOKENS

ROUNDS: Final = 7
WAYS: Final = ("sync", "async")
WORKLOAD: Final = Path(__file__).with_name("streaming_workload.py")

NO_OP: Final = "no-op"
OURS: Final = "ours"
OURS_FIVE: Final = "ours, five listeners"
OPENINFERENCE: Final = "openinference"
PRODUCER: Final = "aaep-langchain-producer"

PEERS: Final[Mapping[str, Peer]] = {
    OPENINFERENCE: Peer("openinference-instrumentation-langchain", ("opentelemetry-sdk",)),
    PRODUCER: Peer("aaep-langchain-producer"),
}
HANDLERS: Final = (NO_OP, OURS, OURS_FIVE, OPENINFERENCE, PRODUCER)


@dataclass(slots=True)
class Cost:
    """What a token costs under one handler, one way of running.

    Attributes:
        over: Microseconds over the bare run, one a round.
        bare: Microseconds of the bare run itself.
        produced: How many events or spans came of one run.
    """

    over: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    produced: int = 0


@dataclass(slots=True)
class Row:
    """The figures of one handler, or why there are none.

    Attributes:
        costs: By way of running.
        missing: Why it was not measured; empty if it was.
    """

    costs: dict[str, Cost] = field(default_factory=lambda: {way: Cost() for way in WAYS})
    missing: str = ""


class Worker:
    """A process that measures one handler whenever it is asked.

    Args:
        handler: Which.
        tokens: How long the answer is.
    """

    def __init__(self, handler: str, tokens: int) -> None:
        peer = PEERS.get(handler)
        # -I keeps our own modules, of which one has a peer's name, out of a peer's sight.
        command = (
            [sys.executable, "-m", "benchmarks.streaming_workload"]
            if peer is None
            else [str(interpreter(peer)), "-I", str(WORKLOAD)]
        )
        # A file, because a pipe that nobody reads meanwhile may fill up.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._process = subprocess.Popen(
            [*command, handler, str(tokens)],
            cwd=ROOT,
            env=_quiet_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def wait(self) -> None:
        """Wait until it is ready.

        Raises:
            PeerMissingError: It cannot import or run its handler.
        """
        self._answer()

    def measure(self) -> dict[str, dict[str, float]]:
        """One round.

        Raises:
            PeerMissingError: It died.
        """
        commands = _pipe(self._process.stdin)
        try:
            commands.write("measure\n")
            commands.flush()
        except BrokenPipeError:
            pass  # Its last words, or their absence, say why.
        figures: dict[str, dict[str, float]] = self._answer()
        return figures

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, dict[str, float]]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines()
            raise PeerMissingError(lines[-1] if lines else "its process ended without a word")
        answer: dict[str, dict[str, float]] = json.loads(line)
        return answer


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise PeerMissingError("its process has no pipe")
    return pipe


def _quiet_environment() -> dict[str, str]:
    """The environment without anything that would have LangChain trace to somewhere."""
    tracing = ("LANGCHAIN_", "LANGSMITH_", "OTEL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(tracing)}


def measure(
    handlers: Sequence[str] = HANDLERS, *, tokens: int = TOKENS, rounds: int = ROUNDS
) -> dict[str, Row]:
    """The figures of every handler, taken in turns; one that cannot be measured says why."""
    rows = {handler: Row() for handler in handlers}
    workers: dict[str, Worker] = {}

    def attempt(step: Callable[[str], None]) -> None:
        for handler, row in rows.items():
            if not row.missing:
                try:
                    step(handler)
                except PeerMissingError as error:
                    row.missing = str(error)

    def start(handler: str) -> None:
        workers[handler] = Worker(handler, tokens)

    def wait(handler: str) -> None:
        workers[handler].wait()

    def take_turn(handler: str) -> None:
        for way, figures in workers[handler].measure().items():
            cost = rows[handler].costs[way]
            cost.bare.append(figures["bare"])
            cost.over.append(figures["handled"] - figures["bare"])
            cost.produced = int(figures["produced"])

    try:
        attempt(start)
        attempt(wait)
        for _ in range(rounds):
            attempt(take_turn)
    finally:
        for worker in workers.values():
            worker.close()
    return rows


def table(rows: Mapping[str, Row]) -> list[str]:
    """The figures and what was expected of them, as lines to be printed."""
    lines = []
    for way in WAYS:
        bare = [figure for row in rows.values() for figure in row.costs[way].bare]
        lines += [
            "",
            f"{way}: us a token over a bare run of {statistics.median(bare):.1f} us"
            if bare
            else f"{way}: nothing was measured",
            f"  {'handler':<26}{'us':>8}{'/ bare':>8}{'/ ours':>8}{'events or spans':>17}",
        ]
        for handler, row in rows.items():
            if row.missing:
                lines.append(f"  {handler:<26}not measured: {row.missing}")
                continue
            over = _over(row, way)
            to_bare = statistics.median(
                o / b for o, b in zip(row.costs[way].over, row.costs[way].bare, strict=True)
            )
            to_ours = _ratio(row, rows.get(OURS), way)
            lines.append(
                f"  {handler:<26}{over:>8.2f}{to_bare:>8.2f}{to_ours:>8}"
                f"{row.costs[way].produced:>17}"
            )
    return [*lines, "", *expectations(rows)]


def _over(row: Row, way: str) -> float:
    return statistics.median(row.costs[way].over)


def _ratio(row: Row, to: Row | None, way: str) -> str:
    if to is None or to.missing or _over(to, way) <= 0:
        return "-"
    return f"{_over(row, way) / _over(to, way):.2f}"


def expectations(rows: Mapping[str, Row]) -> list[str]:
    """What ours should cost beside its peers, and whether it does."""
    lines = []
    for way, peer, part, words in (
        ("async", OPENINFERENCE, 1 / 8, "at most 1/8 of"),
        ("async", PRODUCER, 1 / 8, "at most 1/8 of"),
        ("sync", OPENINFERENCE, 1.0, "no more than"),
    ):
        expected = f"{way}, ours {words} {peer}"
        ours, theirs = rows.get(OURS), rows.get(peer)
        if ours is None or theirs is None or ours.missing or theirs.missing:
            lines.append(f"  ----  {expected}: not measured")
            continue
        mine, limit = _over(ours, way), _over(theirs, way) * part
        verdict = "PASS" if mine <= limit else "MISS"
        lines.append(f"  {verdict}  {expected}: {mine:.2f} us, at most {limit:.2f}")
    return lines


def main() -> None:
    print(f"an answer of {TOKENS:,} tokens of 1 to 8 characters through a chain, {ROUNDS} rounds")
    for line in table(measure()):
        print(line)


if __name__ == "__main__":
    main()
