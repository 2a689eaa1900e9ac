"""The core alone: it imports and works without LangChain and everything else that is optional."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]

# Everything that is not needed: the other package, and what pyproject.toml lists as an extra.
BLOCKED: Final = (
    "aaep_langchain",
    "conformance",
    "hypothesis",
    "langchain",
    "langchain_classic",
    "langchain_core",
    "langgraph",
    "opentelemetry",
    "pytest",
    "sentencex",
)

BLOCK: Final = f"""
import importlib.abc, json, os, pathlib, sys, threading

class Block(importlib.abc.MetaPathFinder):
    asked = set()

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            self.asked.add(name.partition(".")[0])
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Block())
"""


def run(script: str, cwd: Path) -> Any:
    """Run a script in a fresh interpreter, with what is optional blocked; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCK + script],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_core_emits_is_heard_and_validates_without_langchain(tmp_path: Path) -> None:
    told = run(
        """
from aaep_helpers import AAEPEmitter, StreamCoalescer, make_id, validate_event
from aaep_helpers.sinks import JsonlSink

emitter = AAEPEmitter("bank-helper")
heard = []
emitter.subscribe(heard.append, can_reply=True)
sink = JsonlSink("events.jsonl")
emitter.subscribe(sink, boundary="none")
session_id = emitter.start_session(request_text="Send ten dollars to Ana.")
emitter.state_changed(session_id=session_id, to_state="thinking")
token = emitter.await_confirmation(
    session_id=session_id, action="Send ten dollars to Ana", consequence="It is gone.",
    irreversible=True, risk_level="high",
)
honored = emitter.submit_reply({
    "type": "confirmation.reply", "reply_token": token, "decision": "accept",
    "subscription_id": emitter._subscriptions[0].id, "timestamp": heard[-1]["timestamp"],
})
call_id = emitter.tool_invoked(
    session_id=session_id, tool="send", irreversible=True, confirmed_by=token
)
emitter.tool_completed(session_id=session_id, tool="send", tool_call_id=call_id, status="success")
coalescer = StreamCoalescer(emitter=emitter, session_id=session_id, output_id=make_id("out"))
for piece in ("It is ", "sent. It ", "was Dr. Ana."):
    coalescer.add_token(piece)
coalescer.finish()
emitter.complete_session(session_id=session_id)
emitter.close()
sink.close()
print(json.dumps({
    "honored": honored,
    "last": heard[-1]["type"],
    "text": "".join(event.get("chunk", "") for event in heard),
    "violations": [str(one) for event in heard for one in validate_event(event)],
    "lines": len(pathlib.Path("events.jsonl").read_text(encoding="utf-8").splitlines()),
    "heard": len(heard),
}))
""",
        tmp_path,
    )
    assert told["honored"] is True
    assert told["last"] == "aaep:agent.session.completed"
    assert told["text"] == "It is sent. It was Dr. Ana."
    assert told["violations"] == []
    assert told["lines"] >= told["heard"] > 8


def test_no_module_of_the_core_imports_what_it_may_not_know() -> None:
    tried = {"correlation.py": {"opentelemetry"}, "segmentation/second_vote.py": {"sentencex"}}
    core = ROOT / "aaep_helpers"
    modules = sorted(core.rglob("*.py"))
    assert modules
    for path in modules:
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
        name = path.relative_to(core).as_posix()
        assert imported & set(BLOCKED) <= tried.get(name, set()), name


def test_importing_the_core_starts_no_thread_and_opens_no_file_but_its_own(tmp_path: Path) -> None:
    told = run(
        """
opened, started = [], []

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.path.abspath(os.fsdecode(arguments[0])))
    elif event == "_thread.start_new_thread":
        started.append(event)
    elif event.split(".")[0] in ("socket", "subprocess"):
        started.append(event)

sys.addaudithook(watch)
import aaep_helpers
import aaep_helpers.sinks, aaep_helpers.testing, aaep_helpers.wire

print(json.dumps({"opened": opened, "started": started, "threads": threading.active_count()}))
""",
        tmp_path,
    )
    assert told["threads"] == 1
    assert told["started"] == []
    ours = (ROOT / "aaep_helpers", ROOT / "schemas")
    foreign = [
        name
        for name in told["opened"]
        # What the interpreter reads to import a module is no file that we open.
        if not name.endswith((".py", ".pyc", ".so", ".pyd"))
        and not any(Path(name).is_relative_to(room) for room in ours)
    ]
    assert foreign == []
    assert list(tmp_path.iterdir()) == []


def test_importing_the_core_asks_for_nothing_that_is_optional_but_opentelemetry(
    tmp_path: Path,
) -> None:
    asked = run(
        """
import aaep_helpers
print(json.dumps(sorted(Block.asked)))
""",
        tmp_path,
    )
    assert set(asked) <= {"opentelemetry", "sentencex"}
