"""A provider on this machine: one HTTP server that answers a script of replies, in order.

Purpose: the real clients are tested over a real connection, without keys and without a network.

Boundary: HTTP only; what an answer looks like is the wires' business.

Failure policy: a request beyond the script, or to an unknown path, is answered 418 with the reason,
which no client takes for one of its provider's errors, and the test fails on leaving the server.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any, Final, TypeAlias

from tests.aaep_langchain.providers import anthropic_messages, openai_chat, openai_responses
from tests.aaep_langchain.providers.answers import Answer, Problem, Reply

# Called with each streamed event before it is sent.
Hook: TypeAlias = Callable[[bytes], object]

_WIRES: Final[Mapping[str, ModuleType]] = {
    "/v1/chat/completions": openai_chat,
    "/v1/responses": openai_responses,
    "/v1/messages": anthropic_messages,
}


class StubProvider:
    """A server that is a provider for as long as the `with` lasts.

    Attributes:
        requests: The bodies of the requests so far.
        hook: Called before each streamed event is sent; may wait.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.hook: Hook | None = None
        self.faults: list[str] = []
        self._replies: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will_reply(self, *replies: Reply) -> None:
        """Add to the script."""
        self._replies.extend(replies)

    @property
    def left(self) -> int:
        """How many replies nobody has asked for."""
        return len(self._replies)

    def __enter__(self) -> StubProvider:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()  # Joins the threads of open connections.
        self._thread.join(10)
        assert not self._thread.is_alive()
        assert not self.faults, self.faults

    def take(self, body: dict[str, Any]) -> tuple[int, Reply | None]:
        """The number of a request and the reply to it."""
        with self._lock:
            self.requests.append(body)
            return len(self.requests) - 1, self._replies.popleft() if self._replies else None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    provider: StubProvider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.partition("?")[0]
        wire = _WIRES.get(path)
        number, reply = self.server.provider.take(body)
        self.close_connection = True
        if wire is None or reply is None:
            fault = f"request {number} to {path} is not in the script"
            self.server.provider.faults.append(fault)
            self._send_json(418, {"error": {"message": fault}}, {})
        elif isinstance(reply, Problem):
            self._send_json(reply.status, reply.body, reply.headers)
        elif body.get("stream"):
            self._send_stream(reply, wire.stream(reply, body, number))
        else:
            self._send_json(200, wire.whole(reply, body, number), {})

    def _send_json(
        self, status: int, body: Mapping[str, object], headers: Mapping[str, str]
    ) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Connection": "close",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _send_stream(self, answer: Answer, events: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        hook = self.server.provider.hook
        try:
            for event in events:
                if hook is not None:
                    hook(event)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            if not answer.cut:
                # Without this last chunk the client knows that the line was cut.
                self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            pass  # The client has heard enough.

    def log_message(self, format: str, *args: object) -> None:
        pass
