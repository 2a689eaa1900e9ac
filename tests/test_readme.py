"""The README tells the truth: its code runs, its commands exist, its transcript is what the demo says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from aaep_helpers import AAEPEmitter, ConfirmationRejected

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    found = re.findall(rf"(<!-- not run: .*? -->\n)?```{language}\n(.*?)```", README, re.DOTALL)
    return [code for skipped, code in found if not skipped]


def test_every_python_block_runs_in_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = _blocks("python")
    assert len(blocks) >= 7
    names: dict[str, object] = {"__name__": "readme"}
    heard: list[str] = []
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
        heard.append(capsys.readouterr().out)
    gated = names["transfer"]
    assert callable(gated)
    emitter = names["emitter"]
    assert isinstance(emitter, AAEPEmitter)
    with (
        emitter.session(summary_normal="Sending money."),
        pytest.raises(ConfirmationRejected, match="declined"),
    ):
        gated("Ana", 50)
    for agent in heard[1:4]:
        lines = agent.splitlines()
        assert lines[0] == "Working on: What time is it?"
        assert "It is noon. " in lines
        assert "Time for lunch!" in lines
        assert lines[-1] == "Done."


def test_snippets_that_attach_are_ten_lines_at_most() -> None:
    for block in _blocks("python")[1:3]:
        assert len([line for line in block.splitlines() if line.strip()]) <= 10


def test_transcript_is_what_the_demo_says() -> None:
    (transcript,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    demo = subprocess.run(
        [sys.executable, "-m", "aaep_langchain.cli", "demo", "--delay", "0"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert _words(transcript) == _words(demo.stdout)
    assert demo.stderr == ""


def _words(transcript: str) -> list[str]:
    return [re.sub(r"^ *\d+\.\d\d s +", "", line) for line in transcript.splitlines()]


def test_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake (demo|test|check|bench)\b", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_opens_with_make_demo_and_make_test() -> None:
    first = README.split("```")[1]
    assert first.index("make demo") < first.index("make test")


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
