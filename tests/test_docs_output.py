"""docs/output.md tells the truth: its code runs, and it names what there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from aaep_langchain import OutputPolicy, Speaker

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "output.md").read_text(encoding="utf-8")


def test_every_python_block_runs_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "output"}
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "output.md", "exec"), names)
    heard = capsys.readouterr().out
    assert "It is sunny." in heard
    assert "First I look" not in heard


def test_it_names_every_field() -> None:
    for field in (*dataclasses.fields(Speaker), *dataclasses.fields(OutputPolicy)):
        assert re.search(rf"\b{field.name}\b", TEXT), field.name
