"""What a token costs in the segmenter: microseconds a token, by boundary and by length of the text.

Run it with `python -m benchmarks.segmentation`. Every figure is the median of several runs.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

from aaep_helpers.segmentation import Segmenter
from aaep_helpers.vocabulary import BOUNDARIES, Boundary

RUNS = 7
LENGTHS = (1_000, 8_000, 64_000)
SENTENCE = "The quick agent looked up the balance, found it, and said so to Dr. Smith at 3.14 p.m. "


def tokens(text: str, count: int) -> list[str]:
    """Cut a text, over and over, into `count` tokens of 1 to 8 characters."""
    chance = random.Random(1)
    text *= 1 + count * 8 // len(text)
    cut, at = [], 0
    for _ in range(count):
        size = chance.randint(1, 8)
        cut.append(text[at : at + size])
        at += size
    return cut


def cost(boundary: Boundary, stream: Sequence[str]) -> float:
    """Microseconds a token, emission included."""
    runs = []
    for _ in range(RUNS):
        feed = Segmenter(boundary, "en").feed
        started = time.perf_counter()
        for token in stream:
            feed(token)
        runs.append((time.perf_counter() - started) / len(stream) * 1e6)
    return statistics.median(runs)


def cost_without_emission(count: int = 80) -> float:
    """Microseconds a token while a sentence grows and nothing comes out."""
    stream = tokens("words and words ", count)
    runs = []
    for _ in range(RUNS * 100):
        feed = Segmenter("sentence", "en").feed
        started = time.perf_counter()
        for token in stream:
            feed(token)
        runs.append((time.perf_counter() - started) / count * 1e6)
    return statistics.median(runs)


def table(title: str, text: str) -> None:
    """Print one row a boundary, one column a length."""
    print(f"\n{title}")
    print(f"{'boundary':<12}" + "".join(f"{length:>10,}" for length in LENGTHS) + "  tokens")
    streams = [tokens(text, length) for length in LENGTHS]
    for boundary in BOUNDARIES:
        row = "".join(f"{cost(boundary, stream):>10.2f}" for stream in streams)
        print(f"{boundary:<12}{row}  us/token")


def main() -> None:
    """Print all figures."""
    print(f"sentence, nothing emitted: {cost_without_emission():.2f} us/token")
    table("prose with full stops", SENTENCE)
    table("no full stop ever comes", "words and words and more of them ")
    table("nothing but full stops", ".")


if __name__ == "__main__":
    main()
