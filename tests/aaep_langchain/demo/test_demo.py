"""`aaep demo` as a user runs it: in a pipe, without a terminal, with every option."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aaep_helpers import validate_event
from aaep_langchain.demo.run import STREAM_MODES
from conformance import explain, judge_trace

ROOT = Path(__file__).resolve().parents[3]
AAEP = (sys.executable, "-m", "aaep_langchain.cli")

AGENTS = ("create_agent", "executor", "graph")


def _demo(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = path
    return subprocess.run(
        (*AAEP, "demo", "--delay", "0", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _said(output: str) -> list[str]:
    lines = [re.fullmatch(r" *\d+\.\d\d s  (.*)", line) for line in output.splitlines()]
    assert all(lines), output
    return [line[1] for line in lines if line]


@pytest.mark.parametrize("agent", AGENTS)
def test_every_kind_of_agent_says_the_same(agent: str) -> None:
    done = _demo("--agent", agent)
    assert (done.returncode, done.stderr) == (0, "")
    said = _said(done.stdout)
    assert said[0].startswith("Working on: What is in my checking account")
    assert said.index("Looking up your checking account.") < said.index(
        "Sending 50 dollars to Ana."
    )
    assert "Your checking account held $1,234.56 before, and it holds $1,184.56 now." in said
    assert said[-1] == "Done."
    assert len(said) == len(set(said))


@pytest.mark.parametrize("mode", STREAM_MODES)
def test_every_stream_mode_is_heard(mode: str) -> None:
    done = _demo("--stream-mode", mode)
    assert (done.returncode, done.stderr) == (0, "")
    assert _said(done.stdout) == _said(_demo().stdout)


@pytest.mark.parametrize("agent", AGENTS)
def test_events_are_valid_and_in_order(agent: str) -> None:
    done = _demo("--agent", agent, "--events", "--stream-mode", "values")
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(events) > 20
    assert [violation for event in events for violation in validate_event(event)] == []
    findings = judge_trace(events, house=True)
    assert not findings, explain(findings)


def test_verbosity_changes_how_much_is_said() -> None:
    terse, normal, detailed = (
        _said(_demo("--verbosity", verbosity).stdout)
        for verbosity in ("terse", "normal", "detailed")
    )
    assert sum(map(len, terse)) < sum(map(len, normal)) < sum(map(len, detailed))


def test_a_model_that_is_not_installed_is_said_in_one_sentence() -> None:
    done = _demo("--model", "nobody:nothing")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("aaep demo: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--agent", "robot"), ("--delay", "soon"), ("--delay", "-1")]
)
def test_wrong_arguments_exit_with_two(arguments: tuple[str, ...]) -> None:
    done = _demo(*arguments)
    assert done.returncode == 2
    assert "usage: aaep demo" in done.stderr


def test_speak_without_a_speech_program_says_what_to_install(tmp_path: Path) -> None:
    done = _demo("--speak", path=str(tmp_path))
    assert done.returncode == 2
    assert "espeak-ng or spd-say" in done.stderr


def test_speak_hands_every_announcement_to_the_voice_in_order(tmp_path: Path) -> None:
    voice = tmp_path / "espeak-ng"
    voice.write_text(f'#!/bin/sh\n/bin/cat >> "{tmp_path}/spoken"\necho >> "{tmp_path}/spoken"\n')
    voice.chmod(voice.stat().st_mode | stat.S_IXUSR)
    done = _demo("--speak", path=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "spoken").read_text().splitlines() == _said(done.stdout)


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        (*AAEP, "demo", "--delay", "0.001", "--events"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_stopped_from_the_keyboard_it_says_so_and_exits_130() -> None:
    with subprocess.Popen(
        (*AAEP, "demo", "--delay", "0.2"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        heard = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert _said(heard + rest)[-1] == "Stopped, as you asked."
    assert errors == ""
