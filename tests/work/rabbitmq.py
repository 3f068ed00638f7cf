"""A real RabbitMQ in processes of its own, without a system service; its memory and its files go with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server import free_port

MISSING = "no RabbitMQ: install Debian's `rabbitmq-server` package to try the other kind of broker, too"
START_SECONDS = 60


def rabbitmq_program() -> str | None:
    """Where the server is."""
    return shutil.which("rabbitmq-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/rabbitmq/bin")


@contextmanager
def running_rabbitmq() -> Iterator[str]:
    """A broker on loopback; its AMQP URL."""
    program = rabbitmq_program()
    assert program is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="bankside-rabbitmq-"))
    port, names_port, between_port = free_port(), free_port(), free_port()
    folder.chmod(0o777)  # the Debian package runs it as a user of its own, who may not enter the folders of tests
    variables = {
        **os.environ,
        "RABBITMQ_NODENAME": f"bankside{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(between_port),
        "ERL_EPMD_PORT": str(names_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    process = subprocess.Popen(
        [program],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_it_listens(process, port)
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        if (folder / "pid").exists():
            os.kill(int((folder / "pid").read_text()), signal.SIGKILL)  # the server; `process` is what started it
        process.wait(timeout=20)
        subprocess.run(["epmd", "-port", str(names_port), "-kill"], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"RabbitMQ ended with status {process.returncode}"
        assert time.monotonic() < give_up, f"RabbitMQ did not start in {START_SECONDS} s"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
