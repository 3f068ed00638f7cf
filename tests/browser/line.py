"""The line between a browser and a server, which can be cut, mended, led to another server, and lose answers."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Line:
    """Listens on a port of its own and passes bytes on to `target` and back while it is whole."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.whole = True
        self.answers_get_lost = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection; new ones are broken at once."""
        self.whole = False
        with self._lock:
            broken = list(self._open)
            self._open.clear()
        for connection in broken:
            _close(connection)

    def mend(self) -> None:
        """Let bytes through again."""
        self.whole = True
        self.answers_get_lost = False

    def lose_answers(self) -> None:
        """From now on what is sent arrives, and what is answered does not."""
        self.answers_get_lost = True

    def _accept(self) -> None:
        while True:
            try:
                caller, _address = self._listener.accept()
            except OSError:
                return
            if not self.whole:
                _close(caller)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _close(caller)
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {caller, server}
            threading.Thread(target=self._pass_on, args=(caller, server, False), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, caller, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answering: bool) -> None:
        try:
            while piece := source.recv(65536):
                if answering and self.answers_get_lost:
                    break
                sink.sendall(piece)
        except OSError:
            pass
        with self._lock:
            self._open -= {source, sink}
        _close(source)
        _close(sink)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
