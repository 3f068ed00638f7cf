"""What operators run beside the app: a Redis, a receiver of traces, a Celery worker; each gone after the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.server import ROOT, environment, free_port
from tests.starting import started


def wait_until(true: Callable[[], bool], seconds: float = 20, what: str = "it") -> None:
    """Wait for something to happen; it must."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def answers(url: str) -> bool:
    """Whether anybody answers there."""
    try:
        httpx.get(url, timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return True


class Receiver:
    """Takes spans as an OpenTelemetry collector does, over OTLP/HTTP on loopback."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.spans: list[dict[str, object]] = []
        outer = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = ExportTraceServiceRequest()
                request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        outer.spans += [
                            {
                                "name": span.name,
                                "trace": span.trace_id.hex(),
                                "text": str(span),
                                **{
                                    item.key: item.value.string_value or item.value.int_value
                                    for item in span.attributes
                                },
                            }
                            for span in scope.spans
                        ]
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Receive no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver of traces."""
    pytest.importorskip("opentelemetry.proto", reason="pip install -r requirements-otel.txt")
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("no redis-server: install Debian's `redis-server` package")
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        import redis

        with redis.Redis(port=port) as client:

            def is_up() -> bool:
                try:
                    return bool(client.ping())
                except redis.RedisError:
                    return False

            wait_until(is_up, what="Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait(timeout=10)


@contextmanager
def working(instance: Path, folder: Path, **settings: object) -> Iterator[Path]:
    """A Celery worker with its beat; yields the file with its output."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "worker.txt"
    options = ["-A", "webapp.work.celery_app", "worker", "--beat", "--loglevel", "warning"]
    process = started("celery", options, folder, environment(instance, "", 3006, **settings), output)
    try:
        yield output
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


__all__ = ["ROOT", "Receiver", "answers", "wait_until", "working"]
