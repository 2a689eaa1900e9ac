"""Where events go besides listeners: a file with one event a line.

Boundary: a listener like any other (subscribe its `write`). Failure policy: a disk that is full or gone
raises in the listener, which the bus logs once; the agent goes on.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import TracebackType
from typing import IO

from aaep_helpers.events import WireEvent


class JsonlSink:
    """Writes events to a file, one JSON object a line, flushed after each.

    Subscribe it with the boundary the file is to have: `emitter.subscribe(sink, boundary="none")`.

    Args:
        path: The file; it is appended to, and made when it is not there. Folders are not made.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._path = Path(path)
        self._file: IO[str] | None = _open(self._path)

    def __call__(self, event: WireEvent) -> None:
        """Write one event.

        Raises:
            ValueError: The sink is closed.
            OSError: The file cannot be written.
        """
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            if self._file is None:
                raise ValueError(f"The event file {self._path} is closed.")
            self._file.write(f"{line}\n")
            self._file.flush()

    def rotate(self, path: str | Path | None = None) -> None:
        """Go on in another file, between two events; a closed sink is open again.

        Args:
            path: The new file; None opens the same path again, after it was moved away.

        Raises:
            OSError, ValueError: The new file cannot be opened; the old one stays in use.
        """
        with self._lock:
            wanted = self._path if path is None else Path(path)
            opened = _open(wanted)
            if self._file is not None:
                self._file.close()
            self._path, self._file = wanted, opened

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> JsonlSink:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _open(path: Path) -> IO[str]:
    return path.open("a", encoding="utf-8", newline="\n")
