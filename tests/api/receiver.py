"""A program that receives webhooks: a small server of its own that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What arrived, and what to answer: the statuses in turn, then 200 for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    drip: bool = False

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies that arrived, in order."""
        return [json.loads(body) for _headers, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.got.append((dict(self.headers), body))
            if receiver.drip:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not receiver.hold.wait(0.1):
                    try:
                        self.wfile.write(b"x")
                    except OSError:
                        return
                return
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
