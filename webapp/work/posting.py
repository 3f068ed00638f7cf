"""Send one webhook delivery: to an address that was looked at, and to no other, signed, within a time limit.

The name is resolved once; every address it has must be one we send to, and the connection goes to one of those very
addresses. So a name that answers differently the second time leads nowhere else. Redirects are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Collection, Iterable
from typing import Any

import httpcore

from webapp.services.webhooks import Network, Parcel, may_reach, refusal_of

CONNECT_SECONDS = 5.0
ALL_SECONDS = 10.0  # from the first packet to the answer's status line and headers
TIMEOUTS = {"connect": CONNECT_SECONDS, "read": ALL_SECONDS, "write": ALL_SECONDS, "pool": CONNECT_SECONDS}


class Refused(Exception):
    """We do not send there; the text says why."""


def signature(secret: str, moment: int, payload: str) -> str:
    """`t=1700000000,v1=<hex>`: HMAC-SHA256 of `<t>.<payload>`; signing the moment lets receivers refuse old ones."""
    signed = f"{moment}.{payload}".encode()
    return f"t={moment},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def post(parcel: Parcel, networks: Collection[Network]) -> tuple[int | None, str | None]:
    """Send it; returns the answer's status, or what went wrong. Never raises for what a receiver does."""
    problem = refusal_of(parcel.url, networks)
    if problem:
        return None, f"The address {problem}"
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "Bankside-Webhook/1"),
        ("Bankside-Event", parcel.event),
        ("Bankside-Delivery", parcel.event_id),
        ("Bankside-Signature", signature(parcel.secret, int(time.time()), parcel.payload)),
    ]
    backend = Checked(networks, time.monotonic() + ALL_SECONDS)
    try:
        with (
            httpcore.ConnectionPool(network_backend=backend, ssl_context=ssl.create_default_context()) as pool,
            pool.stream(
                "POST", parcel.url, headers=headers, content=parcel.payload.encode(), extensions={"timeout": TIMEOUTS}
            ) as response,
        ):
            return response.status, None  # what else it says is not read
    except Refused as refused:
        return None, str(refused)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, ValueError) as error:
        return None, f"No answer ({type(error).__name__})"


class Checked(httpcore.NetworkBackend):
    """Connects to names whose addresses may all be reached, and cuts off whoever takes too long."""

    def __init__(self, networks: Collection[Network], ends: float) -> None:
        self._networks = networks
        self._ends = ends
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, look, and connect to the address that was looked at; raises `Refused`."""
        address = self._address_of(host, port)
        stream = self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
        return Timed(stream, self._ends)

    def connect_unix_socket(self, *_arguments: Any, **_options: Any) -> httpcore.NetworkStream:
        """Never."""
        raise Refused("The address is not a public address")

    def _address_of(self, host: str, port: int) -> str:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not found or not all(may_reach(address, self._networks) for address in found):
            raise Refused("The address is not a public address")
        return found[0]


class Timed(httpcore.NetworkStream):
    """A connection that must be done by a moment: a receiver that sends a byte now and then holds nobody up."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream = stream
        self._ends = ends

    def _left(self, timeout: float | None) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, while there is time."""
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, while there is time."""
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the name is the one in the address, whatever it resolved to."""
        return Timed(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._ends)
