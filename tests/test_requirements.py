"""tests/README.md names real tests, and every number that a test is named after."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
README = (TESTS / "README.md").read_text(encoding="utf-8")


def _defined() -> set[str]:
    names: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        names.update(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    return names


def _rows(heading: str) -> dict[int, list[str]]:
    section = README.split(heading)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", section, re.MULTILINE)
    return {int(number): re.findall(r"`(\w+)`", tests) for number, tests in rows}


FAILURES = _rows("## What breaks in software like ours")
FACTS = _rows("## How LangChain and LangGraph behave")


def test_every_test_it_names_exists() -> None:
    named = [name for rows in (FAILURES, FACTS) for tests in rows.values() for name in tests]
    assert len(named) >= len(FAILURES) + len(FACTS)
    assert set(named) <= _defined()


def test_every_number_a_test_is_named_after_is_listed() -> None:
    defined = " ".join(_defined())
    failures = {int(number) for number in re.findall(r"_known_failure_(\d+)_", defined)}
    facts = {int(number) for number in re.findall(r"_fact_(\d+)_", defined)}
    assert failures <= FAILURES.keys()
    assert facts <= FACTS.keys()


def test_the_numbers_of_the_handler_are_complete() -> None:
    assert FAILURES.keys() >= {*range(1, 21), *range(30, 34)}
    assert FACTS.keys() >= set(range(1, 15))
