"""The line to a bank: pooled, with time limits, answers of bounded size; only questions are asked a second time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from webapp.bank.address import BankAddress
from webapp.bank.errors import AnswerUnreadable, BankUnavailable, OutcomeUnknown

LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes
ATTEMPTS: Final = 3  # of a question
PAUSE: Final = 0.1  # seconds before the second attempt; twice that before the third
AWAY: Final = frozenset({429, 502, 503, 504})  # asking again may help
NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status and its JSON."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The problem's code, "" if it is none of a documented problem."""
        code = self.body.get("code") if isinstance(self.body, Mapping) and self.status >= 400 else None
        return code if isinstance(code, str) else ""


class Line:
    """HTTP to one bank. Safe to share between threads."""

    def __init__(self, address: BankAddress, transport: httpx.BaseTransport | None = None) -> None:
        """Raises ValueError if the address is none."""
        if urlsplit(address.url).scheme not in ("http", "https") or not urlsplit(address.url).hostname:
            raise ValueError("BANK_URL has to be an address: https://core.example/api/v1")
        self._address = address
        headers = {
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",  # nothing is unpacked, so nothing can grow
            "User-Agent": "Bankside",
            **({"Authorization": f"Bearer {address.token}"} if address.token else {}),
        }
        # An order never goes over a connection that was left open: the other side may just have closed it, and then
        # nobody could tell whether the order arrived.
        self._questions = self._client(headers, 16, transport)
        self._orders = self._client(headers, 0, transport)

    def _client(self, headers: dict[str, str], kept: int, transport: httpx.BaseTransport | None) -> httpx.Client:
        return httpx.Client(
            base_url=self._address.url.rstrip("/"),
            headers=headers,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=kept),
            follow_redirects=False,  # a token is not carried anywhere else
            trust_env=False,
            transport=transport,
        )

    def ask(
        self, path: str, params: Mapping[str, str | list[str]] | None = None, content: object | None = None
    ) -> Said:
        """Ask something that changes nothing; POST if there is content. Raises `BankUnavailable`, `AnswerUnreadable`.

        Asked again when the bank could not be reached or was away, for no longer than the time limit in all.
        """
        give_up = time.monotonic() + self._address.read_seconds
        for attempt in range(1, ATTEMPTS + 1):
            pause = PAUSE * attempt * random.uniform(0.5, 1.5)  # noqa: S311  # spreads the load, keeps no secret
            try:
                said = self._once(self._questions, path, params, content, {}, give_up)
            except httpx.HTTPError as failure:
                if _is_last(attempt, pause, give_up):
                    raise BankUnavailable(f"the bank did not answer ({type(failure).__name__})") from failure
            else:
                if said.status not in AWAY:
                    return _let_in(said)
                if _is_last(attempt, pause, give_up):
                    raise BankUnavailable(f"the bank is away ({said.status})")
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def order(self, path: str, content: object, key: str) -> Said:
        """Send an order, once. Raises `BankUnavailable` if it cannot have been taken, `OutcomeUnknown` if it may."""
        give_up = time.monotonic() + self._address.order_seconds
        try:
            said = self._once(self._orders, path, None, content, {"Idempotency-Key": key}, give_up)
        except NOT_REACHED as failure:
            raise BankUnavailable(f"the bank was not reached ({type(failure).__name__})") from failure
        except (httpx.HTTPError, AnswerUnreadable) as failure:
            raise OutcomeUnknown(f"no answer that can be read ({type(failure).__name__})") from failure
        if said.status in (401, 403, 429) or (said.status == 503 and said.code == "unavailable"):
            raise BankUnavailable(f"the bank did not take the order ({said.status})")
        return said

    def _once(
        self,
        client: httpx.Client,
        path: str,
        params: Mapping[str, str | list[str]] | None,
        content: object | None,
        headers: dict[str, str],
        give_up: float,
    ) -> Said:
        """One exchange; raises httpx's errors, and `AnswerUnreadable`."""
        body = None
        if content is not None:
            body = json.dumps(content, separators=(",", ":")).encode()
            headers = {**headers, "Content-Type": "application/json"}
        method = "GET" if body is None else "POST"
        left = max(0.01, give_up - time.monotonic())
        timeout = httpx.Timeout(left, connect=min(left, self._address.connect_seconds))
        with client.stream(method, path, params=params, content=body, headers=headers, timeout=timeout) as response:
            kept = bytearray()
            for piece in response.iter_raw():
                kept += piece
                if len(kept) > LARGEST_ANSWER:
                    raise AnswerUnreadable("the answer is too large")
                if time.monotonic() > give_up:  # each piece came in time, and all of them took too long
                    raise httpx.ReadTimeout("the answer drips", request=response.request)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Said(response.status_code, _json_of(bytes(kept), kind, response))

    def close(self) -> None:
        """Let go of the connections."""
        self._questions.close()
        self._orders.close()


def _is_last(attempt: int, pause: float, give_up: float) -> bool:
    """Whether there is no time, or no attempt, left after this one."""
    return attempt == ATTEMPTS or time.monotonic() + pause >= give_up


def _json_of(body: bytes, kind: str, response: httpx.Response) -> Any:
    """The JSON of an answer. An error without any is an error all the same; anything else has to be JSON."""
    if response.status_code >= 400 and kind not in ("application/json", "application/problem+json"):
        return None
    if kind not in ("application/json", "application/problem+json") or response.headers.get("Content-Encoding"):
        raise AnswerUnreadable("the answer is not JSON")
    try:
        return json.loads(body, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise AnswerUnreadable("the answer is not JSON") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice")
    return made


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _let_in(said: Said) -> Said:
    if said.status in (401, 403):
        raise BankUnavailable(f"the bank does not let us in ({said.status}): is BANK_TOKEN right?")
    if said.status >= 500:
        raise BankUnavailable(f"the bank has a fault ({said.status})")
    return said
