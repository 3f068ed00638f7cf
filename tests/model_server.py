"""A stand-in for a language model's endpoint: it speaks the wire protocol and does what it is told, well or badly."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-stand-in-4f1c2a"
Act = Callable[["Caller"], None]


class Caller(BaseHTTPRequestHandler):
    """One request and the means to answer it."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Read the request, and do what comes next in the script."""
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length))
        standing = self.server.standing
        with standing.lock:
            standing.requests.append(body)
            standing.paths.append(self.path)
            standing.keys.append(self.headers.get("Authorization", ""))
            act = standing.script.pop(0) if standing.script else standing.otherwise
        standing.at_once += 1
        standing.most_at_once = max(standing.most_at_once, standing.at_once)
        try:
            act(self)
        except (BrokenPipeError, ConnectionResetError):
            standing.hung_up.set()
        finally:
            standing.at_once -= 1
            self.close_connection = True

    @property
    def body(self) -> dict[str, Any]:
        """What was asked."""
        return self.server.standing.requests[-1]

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Status line and headers."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def send(self, text: str | bytes) -> None:
        """Bytes, at once."""
        self.wfile.write(text.encode() if isinstance(text, str) else text)
        self.wfile.flush()

    def chunk(self, delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> None:
        """One piece of a streamed answer."""
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        piece = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "stand-in", "choices": choices}
        self.send(f"data: {json.dumps({**piece, **more})}\n\n")

    def end(self, finish: str = "stop", tokens: tuple[int, int] | None = (100, 20)) -> None:
        """The last piece, the count and the end mark."""
        self.chunk({}, finish)
        if tokens:
            usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
            self.chunk(None, usage=usage)
        self.send("data: [DONE]\n\n")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    standing: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nothing to report."""


@dataclass
class ModelServer:
    """What the stand-in is to do, and what it was asked."""

    url: str = ""
    script: list[Act] = field(default_factory=list)
    otherwise: Act = field(default_factory=lambda: says("I can help with that."))
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    hung_up: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    most_at_once: int = 0

    def does(self, *acts: Act, otherwise: Act | None = None) -> None:
        """The script of what comes next, forgetting what was before."""
        self.script, self.otherwise = list(acts), otherwise or says("I can help with that.")
        self.requests, self.paths, self.keys = [], [], []
        self.released.set()  # whatever still hangs from before ends
        self.hung_up, self.released = threading.Event(), threading.Event()
        self.most_at_once = 0

    @property
    def heard(self) -> str:
        """Everything that ever left for this endpoint, as one text."""
        return json.dumps(self.requests, ensure_ascii=False)


@contextmanager
def standing(port: int = 0) -> Iterator[ModelServer]:
    """A stand-in on a free port, or on one that a server before had."""
    made = ModelServer()
    server = _Server(("127.0.0.1", port), Caller)
    server.standing = made
    made.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def says(text: str, size: int = 7, finish: str = "stop", tokens: tuple[int, int] | None = (100, 20)) -> Act:
    """An answer in pieces of so many characters; `{name}`, `{iban}` ... are the request's first such placeholders."""

    def act(caller: Caller) -> None:
        caller.begin()
        caller.chunk({"role": "assistant", "content": ""})
        told = with_placeholders(text, caller.body)
        for begin in range(0, len(told), size):
            caller.chunk({"content": told[begin : begin + size]})
        caller.end(finish, tokens)

    return act


def calls(*asked: tuple[str, Any], size: int = 5, ids: Sequence[str | None] = ()) -> Act:
    """Tool calls, their arguments cut into pieces; a text as arguments is sent as it is."""

    def act(caller: Caller) -> None:
        caller.begin()
        for place, (name, arguments) in enumerate(asked):
            key = ids[place] if place < len(ids) else f"call_{place}"
            told = arguments if isinstance(arguments, str) else json.dumps(arguments)
            told = with_placeholders(told, caller.body)
            first = {"index": place, "id": key, "type": "function", "function": {"name": name, "arguments": ""}}
            caller.chunk({"role": "assistant", "content": None, "tool_calls": [first]})
            for begin in range(0, len(told), size):
                part = {"index": place, "function": {"arguments": told[begin : begin + size]}}
                caller.chunk({"tool_calls": [part]})
        caller.end("tool_calls")

    return act


def hands_over(to: str, reason: str = "it is theirs") -> Act:
    """A hand-over."""
    return calls((f"hand_over_to_{to}", {"reason": reason}))


def status(code: int, retry_after: str = "") -> Act:
    """An error, whose text quotes the key as some endpoints do."""

    def act(caller: Caller) -> None:
        told = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "type": "x", "code": "y"}})
        headers = {"Retry_After": retry_after} if retry_after else {}
        caller.begin(code, "application/json", **headers)
        caller.send(told)

    return act


def hangs(after: str = "", keep_alive: bool = False) -> Act:
    """Nothing more comes, or only comments; until the test is over or the client hangs up."""

    def act(caller: Caller) -> None:
        released = caller.server.standing.released
        if not (after or keep_alive):
            released.wait(20)
            return
        caller.begin()
        if after:
            caller.chunk({"role": "assistant", "content": after})
        while not released.wait(0.05):
            caller.send(": still here\n\n" if keep_alive else "")

    return act


def drips(piece: str) -> Act:
    """The same piece again and again, without an end."""

    def act(caller: Caller) -> None:
        caller.begin()
        while not caller.server.standing.released.wait(0.02):
            caller.chunk({"content": piece})

    return act


def endless(piece: str) -> Act:
    """As fast as the line takes it."""

    def act(caller: Caller) -> None:
        caller.begin()
        while not caller.server.standing.released.is_set():
            caller.chunk({"content": piece})

    return act


def raw(body: str | bytes, kind: str = "text/event-stream") -> Act:
    """Whatever it is."""

    def act(caller: Caller) -> None:
        caller.begin(kind=kind)
        caller.send(body)

    return act


def breaks_off(text: str, politely: bool = False) -> Act:
    """Half an answer; then the connection ends, in the middle of a piece or after one."""

    def act(caller: Caller) -> None:
        caller.begin(**({} if politely else {"Content_Length": "100000"}))
        caller.chunk({"role": "assistant", "content": text})
        if not politely:
            caller.send('data: {"id": "c1", "cho')

    return act


def vectors(width: int = 64, like: dict[str, str] | None = None) -> Act:
    """Embeddings: a number for each word by its hash. Words of `like` count as others: they mean the same."""

    def vector(text: str) -> list[float]:
        found = [0.0] * width
        for word in re.findall(r"[a-z]{3,}", text.lower()):
            found[zlib.crc32((like or {}).get(word, word).encode()) % width] += 1.0
        return found if any(found) else [1.0] * width

    def act(caller: Caller) -> None:
        rows = [{"object": "embedding", "index": n, "embedding": vector(t)} for n, t in enumerate(caller.body["input"])]
        caller.begin(kind="application/json")
        caller.send(json.dumps({"object": "list", "data": rows[::-1], "model": "m", "usage": {}}))

    return act


def with_placeholders(text: str, body: dict[str, Any]) -> str:
    """The text with `{name}` and the like replaced by what stands in the request."""

    told = json.dumps(body, ensure_ascii=False)
    for kind in ("NAME", "IBAN", "EMAIL", "PHONE", "ADDRESS", "CUSTOMER", "BIRTHDAY"):
        examples = {"NAME-7K2QX", "IBAN-3M9TD"}
        found = [one for one in re.findall(rf"{kind}-[0-9A-Z]{{5}}", told) if one not in examples]
        if found:
            text = text.replace(f"{{{kind.lower()}}}", found[0])
    return text
