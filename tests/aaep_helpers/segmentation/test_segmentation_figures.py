"""How well sentences are cut, in figures that may only get better.

Premature: share of the emitted inner boundaries that are not gold. Missed: share of the gold inner
boundaries that are never emitted. Tokens are random slices of 1 to 8 characters, over five seeds.
Boundaries a case lists as `ok` are neither required nor wrong.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aaep_helpers.segmentation import Segmenter, second_vote

HERE = Path(__file__).parent
PROSE = HERE / "data" / "prose.txt"
STORED = HERE / "data" / "figures.json"
CORPUS = HERE.parents[3] / "shared" / "corpus" / "sentences.jsonl"
SEEDS = range(5)

needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason=f"no gold cases at {CORPUS}")


class Case(NamedTuple):
    language: str
    sentences: Sequence[str]
    optional: frozenset[int]
    source: str


class Figures(NamedTuple):
    premature: float
    missed: float


def gold_cases() -> list[Case]:
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [
        Case(row["lang"], row["sentences"], frozenset(row.get("ok_boundaries", ())), row["source"])
        for row in rows
    ]


def prose_cases() -> list[Case]:
    cases = []
    for block in PROSE.read_text(encoding="utf-8").split("%% ")[1:]:
        language, text = block.rstrip("\n").split("\n", 1)
        cases.append(Case(language, text.split("¦"), frozenset(), "prose"))
    return cases


def tokens(text: str, chance: random.Random) -> Iterator[str]:
    at = 0
    while at < len(text):
        size = chance.randint(1, 8)
        yield text[at : at + size]
        at += size


def inner_ends(pieces: Sequence[str]) -> set[int]:
    ends, at = set(), 0
    for piece in pieces[:-1]:
        at += len(piece)
        ends.add(at)
    return ends


def measure(cases: Sequence[Case], *, language_known: bool = True) -> Figures:
    emitted = premature = required = missed = 0
    for seed in SEEDS:
        chance = random.Random(seed)
        for case in cases:
            text = "".join(case.sentences)
            machine = Segmenter("sentence", case.language if language_known else None)
            chunks = [chunk for token in tokens(text, chance) for chunk in machine.feed(token)]
            pieces = [chunk.text for chunk in [*chunks, *machine.finish()]]
            assert "".join(pieces) == text
            found = inner_ends(pieces) - case.optional
            gold = inner_ends(case.sentences) - case.optional
            emitted += len(found)
            premature += len(found - gold)
            required += len(gold)
            missed += len(gold - found)
    return Figures(round(100 * premature / emitted, 2), round(100 * missed / required, 2))


Record = Callable[[str, object], None]


def judge(name: str, cases: Sequence[Case], record_property: Record) -> dict[str, Figures]:
    """Measure with and without the language, print, and hold it to the stored figures."""
    figures = {
        "language known": measure(cases),
        "language unknown": measure(cases, language_known=False),
    }
    stored: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    for variant, now in figures.items():
        key = f"{name}, {variant}"
        print(f"\n{key}: {now.premature} % premature, {now.missed} % missed", end="")  # noqa: T201
        record_property(key, f"{now.premature} % premature, {now.missed} % missed")
        before = stored[key]
        assert now.premature <= before["premature"], f"{key}: more premature than {before}"
        assert now.missed <= before["missed"], f"{key}: more missed than {before}"
    return figures


@pytest.fixture(params=["with sentencex", "own rules alone"])
def votes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the second vote, and without it."""
    votes: str = request.param
    if votes == "own rules alone":
        monkeypatch.setattr(second_vote, "_segment", None)
    elif second_vote._segment is None:
        pytest.skip("sentencex is not installed")
    return votes


@needs_corpus
def test_all_gold_cases(votes: str, record_property: Record) -> None:
    figures = judge(f"all gold cases, {votes}", gold_cases(), record_property)
    assert figures["language known"].premature <= 5
    assert figures["language known"].missed <= 16


@needs_corpus
def test_cases_of_what_models_print(votes: str, record_property: Record) -> None:
    own = [case for case in gold_cases() if case.source.startswith("own-")]
    figures = judge(f"own gold cases, {votes}", own, record_property)
    assert figures["language known"].premature <= 1
    assert figures["language known"].missed <= 2


def test_prose_of_our_own(votes: str, record_property: Record) -> None:
    judge(f"prose, {votes}", prose_cases(), record_property)
