"""A voice for the demo: whichever speech program the machine has.

Boundary: hands sentences to another program, one after the other, on a thread of its own.
Failure policy: no program is VoiceMissingError; one that fails in the middle is left to its silence,
because the words are on the screen as well.
"""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
from types import TracebackType
from typing import Final

# Each takes the text on its standard input or as its last argument, and returns when it has been said.
_PROGRAMS: Final[tuple[tuple[str, ...], ...]] = (
    ("espeak-ng", "--stdin"),
    ("spd-say", "--wait", "--pipe-mode"),
)


class VoiceMissingError(RuntimeError):
    """No speech program is installed; says which would do."""


class Voice:
    """Says sentences in order, without holding up who asks for them.

    Args:
        command: The program and its arguments; it reads the text from its standard input.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._sentences: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="aaep-voice", daemon=True)

    @classmethod
    def find(cls) -> Voice:
        """The first speech program this machine has.

        Raises:
            VoiceMissingError: It has none.
        """
        for name, *arguments in _PROGRAMS:
            path = shutil.which(name)
            if path is not None:
                return cls((path, *arguments))
        raise VoiceMissingError("--speak needs espeak-ng or spd-say; install one of them.")

    def say(self, sentence: str) -> None:
        """Say a sentence after those before it."""
        self._sentences.put(sentence)

    def __enter__(self) -> Voice:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sentences.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            subprocess.run(
                self._command,
                input=sentence.encode(),
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
