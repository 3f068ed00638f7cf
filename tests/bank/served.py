"""The sandbox bank served over HTTP in this process, and a line on which all is held against the document."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
from werkzeug.serving import WSGIRequestHandler, make_server

from webapp.bank.address import BankAddress
from webapp.bank.http.document import document
from webapp.bank.http.line import Line
from webapp.bank.sandbox.serve import WSGI

TOKEN = "a token that only the tests know"


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_args: Any, **_named: Any) -> None:  # type: ignore[override]
        """Say nothing."""


@contextmanager
def serving(app: WSGI) -> Iterator[str]:
    """The URL at which a WSGI application answers, on threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def line_to(url: str, token: str = TOKEN, checked: bool = True, **seconds: float) -> Iterator[Line]:
    """A line to a bank; `checked`: what goes over it has to be what the document says."""
    address = BankAddress(url, token, **{"read_seconds": 20.0, "order_seconds": 20.0, **seconds})
    line = Line(address, Checked() if checked else None)
    try:
        yield line
    finally:
        line.close()


class Checked(httpx.HTTPTransport):
    """Fails a test whose request or answer is not in the document."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(request)
        if request.content:
            wanted = operation["requestBody"]["content"]["application/json"]["schema"]
            _check(wanted, json.loads(request.content))
        response = super().handle_request(request)
        response.request = request
        body = response.read()
        said = operation["responses"].get(str(response.status_code), operation["responses"]["default"])
        kind = response.headers["Content-Type"]
        assert kind in said["content"], f"{request.url}: {response.status_code} {kind}"
        _check(said["content"][kind]["schema"], json.loads(body))
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))


def _operation(request: httpx.Request) -> dict[str, Any]:
    for path, methods in _document()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.url.path) and request.method.lower() in methods:
            operation: dict[str, Any] = methods[request.method.lower()]
            _check_parameters(operation, request)
            return operation
    raise AssertionError(f"{request.method} {request.url.path} is not in the document")


def _check_parameters(operation: dict[str, Any], request: httpx.Request) -> None:
    declared = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    said = request.url.params
    assert set(said.keys()) <= set(declared), f"unknown parameters in {request.url}"
    for name, one in declared.items():
        values: Any = said.get_list(name)
        assert values or not one["required"], f"{name} is missing"
        if values and one["schema"].get("type") != "array":
            values = int(values[0]) if one["schema"].get("type") == "integer" else values[0]
        if values:
            _check(one["schema"], values)


@cache
def _document() -> dict[str, Any]:
    return document()


_validators: dict[str, jsonschema_rs.Validator] = {}


def _check(schema: dict[str, Any], said: object) -> None:
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        whole = {**schema, "components": _document()["components"]}
        _validators[key] = jsonschema_rs.validator_for(whole)  # type: ignore[assignment]
    _validators[key].validate(said)
