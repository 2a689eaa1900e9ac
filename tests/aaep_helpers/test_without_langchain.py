"""The core stands alone: it works where nothing but its own dependencies is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Run in a fresh interpreter in which none of these can be imported.
BLOCK = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    names = {
        "langchain", "langchain_classic", "langchain_core", "langgraph", "langsmith",
        "sentencex", "opentelemetry", "pytest", "hypothesis", "jsonschema", "httpx", "regex",
    }
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, Blocked())
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCK + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_emits_is_heard_and_validates_where_langchain_is_not_installed() -> None:
    said = run(
        """
from aaep_helpers import AAEPEmitter, StreamCoalescer, make_id, validate_event

emitter, seen = AAEPEmitter(), []
emitter.subscribe(seen.append)
session_id = emitter.start_session(request_text="What is my balance?")
emitter.state_changed(session_id=session_id, to_state="thinking")
call_id = emitter.tool_invoked(session_id=session_id, tool="look_up")
emitter.tool_completed(session_id=session_id, tool="look_up", tool_call_id=call_id, status="success")
coalescer = StreamCoalescer(emitter=emitter, session_id=session_id, output_id=make_id("out"))
for token in ("It is ", "twelve euros. ", "Any", "thing else?"):
    coalescer.add_token(token)
coalescer.finish()
emitter.complete_session(session_id=session_id)
assert emitter.close()
assert [validate_event(event) for event in seen] == [[]] * len(seen)
print([event["chunk"] for event in seen if "chunk" in event])
"""
    )
    assert said.strip() == "['It is twelve euros. ', 'Anything else?']"


def test_every_module_of_the_core_is_importable_where_langchain_is_not() -> None:
    said = run(
        """
import importlib, pkgutil
import aaep_helpers

names = [found.name for found in pkgutil.walk_packages(aaep_helpers.__path__, "aaep_helpers.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
    )
    assert int(said) > 30


def test_importing_the_core_starts_no_thread_and_reads_no_data() -> None:
    said = run(
        """
import builtins, io, threading

opened = []
plain = io.open
def noting(file, *more, **named):
    opened.append(str(file))
    return plain(file, *more, **named)
io.open = builtins.open = noting

import aaep_helpers
print(threading.active_count(), sorted(n for n in opened if n.endswith((".json", ".toml", ".jsonl"))))

aaep_helpers.AAEPEmitter()
print(threading.active_count())
"""
    )
    assert said.splitlines() == ["1 []", "1"]


def test_the_core_imports_nothing_of_langchain_even_where_it_is_installed() -> None:
    code = (
        "import sys, aaep_helpers, aaep_helpers.testing, aaep_helpers.tool_policy;"
        "print([n for n in sys.modules if n.startswith(('langchain', 'langgraph', 'pytest'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == "[]"
