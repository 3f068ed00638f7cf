"""What gunicorn does at the ends of a worker's life, and how long a worker waits for slow clients."""

from __future__ import annotations

import errno
import math
import signal
import socket
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from webapp import figures
from webapp.http.metrics import own_port
from webapp.work.makers import makers_here
from webapp.work.preparing import prepare_behind
from webapp.work.runner import runner_of

AT_ONCE = 1.0  # seconds


def post_worker_init(worker: Any) -> None:
    """End the event streams as soon as the worker is told to stop; gunicorn alone would wait for each to time out."""
    streams = worker.wsgi.extensions["bankside.streams"]
    runner = runner_of(worker.wsgi)
    previous = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        streams.draining.set()  # a plain flag: the streams look at it, nothing is locked inside a signal
        runner.drain()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, stop)
    own_port(worker.wsgi)
    prepare_behind(worker.wsgi)


def worker_exit(_server: Any, worker: Any) -> None:
    """Finish the replies being made, for GRACEFUL_SECONDS since the worker was told to stop (Ctrl+C: one second), and
    give back the rest; those not begun are found by other processes or after the next start."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        runner = runner_of(app)
        runner.stop(None if makers_here(app).closed else AT_ONCE)


def child_exit(_server: Any, worker: Any) -> None:
    """What a worker that ended, or was killed, held open counts no more."""
    figures.worker_died(worker.pid)


class ClientSocket(socket.socket):
    """A client's connection: a request arrives in time or not at all, and whoever takes no answer is let go of.

    gunicorn's threads wait for the rest of a request without limit: with as many half-sent requests as there are
    threads, nobody is served.
    """

    patience = 30.0  # seconds for one read or write
    receive_until = math.inf  # monotonic
    answered = False

    @classmethod
    def over(cls, connection: socket.socket, patience: float) -> ClientSocket:
        """The same connection; the object it was is empty afterwards."""
        taken = cls(fileno=connection.detach())
        taken.patience = patience
        return taken

    def expect_request(self) -> None:
        """A request begins to arrive now."""
        self.answered = False
        self.receive_until = time.monotonic() + self.patience

    def setblocking(self, flag: bool) -> None:
        """To wait means: for so long."""
        self.settimeout(self.patience if flag else 0)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Read what there is; the request has an end in time."""
        allowed = self.gettimeout()
        if allowed == 0:
            return super().recv(bufsize, flags)
        left = self.receive_until - time.monotonic()
        if left > 0:
            self.settimeout(left if allowed is None else min(left, allowed))
            try:
                return super().recv(bufsize, flags)
            except TimeoutError:
                if allowed is not None and allowed < left:
                    raise
            finally:
                self.settimeout(allowed)
        self._cut_off()
        raise ConnectionResetError(errno.ECONNRESET, "the request did not arrive in time")

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it, or raise after a while."""
        self.answered = True
        super().sendall(data, flags)

    def _cut_off(self) -> None:
        with suppress(OSError):
            if not self.answered:
                self.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.shutdown(socket.SHUT_RDWR)  # or gunicorn would wait for the client to close, in its main thread


class Worker(ThreadWorker):
    """gunicorn's threads, which wait for no client longer than REQUEST_SECONDS."""

    def enqueue_req(self, conn: TConn) -> None:
        """Have a thread see to a connection."""
        if not isinstance(conn.sock, ClientSocket):
            conn.sock = ClientSocket.over(conn.sock, self.wsgi.extensions["bankside.config"].request_seconds)
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """See to one request, in a thread."""
        conn.sock.expect_request()
        return super().handle(conn)
