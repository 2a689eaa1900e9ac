"""Virtual environments for the packages we are measured beside, made when `make bench` first needs them.

Each peer has its own, because the module of one has the same name as ours. They lie under build/, which
`make clean` removes. Failure policy: a peer that cannot be installed raises PeerMissingError with the
reason, and the figures of the others are printed all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / "build" / "bench-peers"
_INSTALL_SECONDS = 600


class PeerMissingError(Exception):
    """A peer cannot be measured; says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A published package to be measured beside ours.

    Attributes:
        package: Its name on PyPI.
        besides: What else its environment needs.
    """

    package: str
    besides: tuple[str, ...] = ()


def interpreter(peer: Peer, folder: Path = ENVIRONMENTS) -> Path:
    """The Python of the peer's environment, which is made where it is not there yet.

    Its langchain-core is of our own version, so that all are measured on one workload.

    Raises:
        PeerMissingError: It cannot be installed.
    """
    environment = folder / peer.package
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = "\n".join(
        (peer.package, *peer.besides, f"langchain-core=={version('langchain-core')}")
    )
    stamp = environment / ".installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing {peer.package} in an environment of its own.", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(environment)])
    pip = (str(python), "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run([*pip, "install", "--retries", "1", *wanted.splitlines()])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str]) -> None:
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        lines = [line for line in (error.stderr or error.stdout).splitlines() if line.strip()]
        faults = [line for line in lines if "error" in line.lower()]
        raise PeerMissingError((faults or lines or [str(error)])[-1].strip()) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(str(error)) from error
