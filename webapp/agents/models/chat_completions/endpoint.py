"""An OpenAI-compatible chat endpoint, asked through the official client: streamed, bounded in time, bytes and number.

A thread of its own reads what comes, so that whoever waits for it can stop at any moment, however the endpoint behaves.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from webapp.agents.models.chat_completions.breaker import Breaker
from webapp.agents.models.chat_completions.failures import COUNTED, ModelFailed, Reason
from webapp.agents.models.chat_completions.hearing import Hearing
from webapp.agents.models.chat_completions.spending import Prices, Tally
from webapp.agents.transcript import Json

TRIES = 3
PAUSES = ((0.2, 0.6), (0.6, 1.8))  # seconds between tries, drawn anew each time so that many do not ask at once
LONGEST_PAUSE = 4.0  # an endpoint that wants a longer one is not waited for
WAIT_FOR_TURN = 5.0  # seconds a question waits while as many as allowed are being answered
LOOK_SECONDS = 0.2  # how often whoever waits is asked whether it still does
MOST_BYTES = 4 * 1024 * 1024  # of one response
FREE: frozenset[Reason] = frozenset({"unreachable", "refused", "rate_limited", "server_error"})

Message = dict[str, Json]
Hear = Callable[[str], None]  # gets each new piece of text, and "" while there is none; may raise to stop


@dataclass(frozen=True, slots=True)
class Settings:
    """Which endpoint, and how far it may go."""

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    connect_seconds: float = 5.0
    silence_seconds: float = 12.0  # without anything new
    turn_seconds: float = 40.0  # for all requests of a question
    most_tokens: int = 1_200  # of one response
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: float | None = None  # None: the model's own
    most_at_once: int = 4
    prices: Prices = field(default_factory=Prices)


class Endpoint:
    """The endpoint of this process. Safe to use from many threads."""

    def __init__(self, settings: Settings, breaker: Breaker | None = None) -> None:
        self.settings = settings
        self.breaker = breaker or Breaker()
        self._slots = threading.BoundedSemaphore(settings.most_at_once)
        self._making = threading.Lock()
        self._made: Any = None

    def hear(
        self, messages: Sequence[Message], functions: Sequence[Message], until: float, tally: Tally, hear: Hear
    ) -> Hearing:
        """Ask, and listen until the answer is complete; `until` is a moment of the monotonic clock.

        Raises `ModelFailed`, or whatever `hear` raises. Asks again only where nothing of an answer had come.
        """
        request = self._request(messages, functions)
        self._client()  # the first time it is imported, which is nobody's silence
        failed = ModelFailed("resting")
        for attempt in range(TRIES):
            self._take_slot(until, hear)
            if not self.breaker.admit():
                self._slots.release()
                break
            try:
                heard = self._listen(request, until, tally, hear)
            except ModelFailed as failure:
                failed = failure
                (self.breaker.failed if failure.reason in COUNTED else self.breaker.abandoned)()
            except BaseException:
                self.breaker.abandoned()
                raise
            else:
                self.breaker.succeeded()
                return heard
            if attempt + 1 == TRIES or not failed.may_be_tried_again:
                break
            pause = max(secrets.SystemRandom().uniform(*PAUSES[attempt]), failed.after_seconds)
            if pause > LONGEST_PAUSE or time.monotonic() + pause >= until:
                break
            _wait(pause, hear)
        raise failed

    def prepare(self) -> None:
        """Import the client now rather than at the first question."""
        self._client()

    def close(self) -> None:
        """Give up connections that are kept open."""
        with self._making:
            if self._made is not None:
                self._made.close()
                self._made = None

    def _request(self, messages: Sequence[Message], functions: Sequence[Message]) -> dict[str, Any]:
        settings = self.settings
        request: dict[str, Any] = {
            "model": settings.model,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            settings.length_field: settings.most_tokens,
        }
        if functions:
            request["tools"] = [{"type": "function", "function": one} for one in functions]
        if settings.temperature is not None:
            request["temperature"] = settings.temperature
        return request

    def _take_slot(self, until: float, hear: Hear) -> None:
        give_up = min(until, time.monotonic() + WAIT_FOR_TURN)
        while not self._slots.acquire(timeout=LOOK_SECONDS):
            if time.monotonic() >= give_up:
                raise ModelFailed("busy")
            hear("")

    def _listen(self, request: dict[str, Any], until: float, tally: Tally, hear: Hear) -> Hearing:
        """One request, in the slot that was taken; the thread that reads gives the slot back when it has ended."""
        hearing, pieces, gone = Hearing(), queue.SimpleQueue[Any](), threading.Event()
        seconds = until - time.monotonic()
        reader = threading.Thread(
            target=self._read, args=(request, seconds, pieces, gone), name="language-model", daemon=True
        )
        try:
            reader.start()
        except RuntimeError:
            self._slots.release()
            raise ModelFailed("busy") from None
        failed: Reason | None = None
        try:
            for chunk in self._pieces(pieces, until, hear):
                if isinstance(chunk, Exception):
                    raise _failure(chunk, hearing.begun)
                hear(hearing.add(chunk))
                if hearing.full:
                    break
            hearing.finish()
        except ModelFailed as failure:
            failed = failure.reason
            raise
        finally:
            gone.set()
            free = failed in FREE and not hearing.begun
            tally.add((0, 0) if free else hearing.counted, len(json.dumps(request)), hearing.signs)
        return hearing

    def _pieces(self, pieces: queue.SimpleQueue[Any], until: float, hear: Hear) -> Iterator[Any]:
        """What the reading thread hands over, until that was all; raises `ModelFailed` when time is over."""
        silent_since = time.monotonic()
        while True:
            try:
                piece = pieces.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                piece = ""
            moment = time.monotonic()
            if piece is None:
                return
            if piece == "":
                hear("")
                if moment - silent_since > self.settings.silence_seconds:
                    raise ModelFailed("timed_out", said_something=True)
            else:
                silent_since = moment
                yield piece
            if moment >= until:
                raise ModelFailed("timed_out", said_something=True)

    def _read(self, request: dict[str, Any], seconds: float, pieces: queue.SimpleQueue[Any], gone: Any) -> None:
        try:
            client = self._client()
            quiet = max(0.1, min(self.settings.silence_seconds, seconds))
            timeout = _timeout(min(self.settings.connect_seconds, quiet), quiet)
            with client.chat.completions.create(**request, timeout=timeout) as stream:
                for chunk in stream:
                    if gone.is_set():
                        return
                    pieces.put(chunk)
            pieces.put(None)
        except Exception as error:  # whatever the client or the network raises: it is judged by who waits
            pieces.put(error)
        finally:
            self._slots.release()

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = connect(self.settings)
            return self._made


def connect(settings: Settings) -> Any:
    """The official client. It is imported here and not before: it takes 44 MB and a second."""
    import httpx2
    from openai import OpenAI

    for name in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # at DEBUG they write requests, which quote conversations

    class Bounded(httpx2.HTTPTransport):
        """A transport whose responses come to an end, whatever is sent."""

        def handle_request(self, request: Any) -> Any:
            """As usual, with a stream that counts."""
            response = super().handle_request(request)
            response.stream = _Counted(response.stream)
            return response

    class _Counted(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            count = 0
            for part in self._stream:
                count += len(part)
                if count > MOST_BYTES:
                    raise ValueError("more than any answer needs")
                yield part

        def close(self) -> None:
            self._stream.close()

    # Redirects are not followed: a key goes to the address that was configured and to no other.
    transport = Bounded(limits=httpx2.Limits(max_connections=settings.most_at_once + 2))
    http = httpx2.Client(transport=transport, follow_redirects=False)
    return OpenAI(api_key=settings.key or "none", base_url=settings.base_url, max_retries=0, http_client=http)


def _timeout(connect_seconds: float, silence_seconds: float) -> Any:
    import httpx2

    return httpx2.Timeout(silence_seconds, connect=connect_seconds)


def _failure(error: Exception, begun: bool) -> ModelFailed:
    """An error of the client in our terms. Its text may quote keys and addresses and goes nowhere."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ModelFailed("timed_out", said_something=True)
    if isinstance(error, openai.APIConnectionError):
        return ModelFailed("cut" if begun else "unreachable", said_something=begun)
    if isinstance(error, openai.RateLimitError):
        return ModelFailed("rate_limited", after_seconds=_asked_to_wait(error))
    if isinstance(error, openai.APIStatusError):
        again = error.status_code >= 500 or error.status_code in (408, 409)
        return ModelFailed("server_error" if again else "refused", after_seconds=_asked_to_wait(error))
    if isinstance(error, openai.APIError):  # an error in the stream
        return ModelFailed("server_error", said_something=True)
    if isinstance(error, ValueError | TypeError | AttributeError | KeyError | UnicodeError):
        return ModelFailed("nonsense", said_something=True)
    return ModelFailed("defect", said_something=True)


def _asked_to_wait(error: Any) -> float:
    with contextlib.suppress(AttributeError, TypeError, ValueError):
        return max(0.0, float(error.response.headers.get("retry-after", 0)))
    return LONGEST_PAUSE + 1  # a date, or something else: not worth waiting for


def _wait(seconds: float, hear: Hear) -> None:
    over = time.monotonic() + seconds
    while (left := over - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_SECONDS))
        hear("")
