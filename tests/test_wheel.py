"""What a user gets: the wheel in an empty environment, away from the source tree."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    _run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty")
    _run(sys.executable, "-m", "venv", str(home))
    python = home / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "--quiet", str(wheel))
    return python


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_wheel_has_only_our_two_packages_and_the_schemas_in_one_of_them(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"aaep_helpers", "aaep_langchain"}
    # The published aaep-conformance package installs the module aaep_conformance.
    assert not [name for name in names if "aaep_conformance" in name]
    in_source = {
        path.relative_to(ROOT / "schemas").as_posix()
        for path in (ROOT / "schemas").rglob("*.schema.json")
    }
    prefix = "aaep_helpers/schemas/"
    assert {name.removeprefix(prefix) for name in names if name.startswith(prefix)} == in_source
    assert {"aaep_helpers/py.typed", "aaep_langchain/py.typed"} <= set(names)
    assert "aaep_helpers/catalogue/en.toml" in names


def test_installed_wheel_runs_the_demo_from_another_directory(python: Path, tmp_path: Path) -> None:
    heard = _run(str(python.parent / "aaep"), "demo", "--delay", "0", cwd=tmp_path)
    assert "Sending 50 dollars to Ana" in heard
    assert heard.rstrip().endswith("Done.")


def test_installed_wheel_validates_events_from_another_directory(
    python: Path, tmp_path: Path
) -> None:
    events = _run(str(python.parent / "aaep"), "demo", "--delay", "0", "--events", cwd=tmp_path)
    (tmp_path / "events.jsonl").write_text(events, encoding="utf-8")
    script = (
        "import json\n"
        "from aaep_helpers import validate_event\n"
        "events = [json.loads(line) for line in open('events.jsonl', encoding='utf-8')]\n"
        "assert len(events) > 10, len(events)\n"
        "for event in events:\n"
        "    assert validate_event(event) == [], validate_event(event)\n"
        "broken = {**events[0], 'event_id': 'nope'}\n"
        "print(json.dumps([str(violation) for violation in validate_event(broken)]))\n"
    )
    violations = json.loads(_run(str(python), "-c", script, cwd=tmp_path))
    assert len(violations) == 1
    assert "ENV-1" in violations[0]
    assert "event_id" in violations[0]
