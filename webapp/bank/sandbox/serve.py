"""The sandbox bank over HTTP, offering just what docs/bank-api.yaml describes: to try an adapter, and for tests.

`BANK_TOKEN=... python -m webapp.bank.sandbox.serve sqlite:///bank.db 8099` on 127.0.0.1; written anew if it is empty.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import create_engine
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.errors import AccountNotFound, BankUnavailable, CardNotFound, CustomerNotFound, OrderRefused
from webapp.bank.http.wire import MONEY, written
from webapp.bank.order_desk import OrderDesk
from webapp.bank.orders import Order, order_from
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank import SandboxBank
from webapp.bank.sandbox.order_desk import SandboxOrderDesk
from webapp.bank.sandbox.seeding import roll_forward, seed
from webapp.bank.values import TransactionKind

LARGEST_REQUEST: Final = 64 * 1024
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_OF_CUSTOMER = (
    ("", "customer"), ("/accounts", "accounts"), ("/cards", "cards"), ("/cards/<last_four>", "card"),
    ("/transactions", "transactions"), ("/transfers", "transfers"),
    ("/standing-instructions", "standing_instructions"), ("/fraud-alerts", "fraud_alerts"), ("/disputes", "disputes"),
)  # fmt: skip
URLS: Final = Map(
    [
        Rule("/customers", endpoint="search", methods=["GET"]),
        *(Rule(f"/customers/<number>{path}", endpoint=name, methods=["GET"]) for path, name in _OF_CUSTOMER),
        Rule("/customers/<number>/previews", endpoint="preview", methods=["POST"]),
        Rule("/customers/<number>/orders", endpoint="carry_out", methods=["POST"]),
        Rule("/orders/<key>", endpoint="outcome", methods=["GET"]),
    ]
)
PROBLEMS: Final[dict[type[Exception], tuple[int, str, str]]] = {
    CustomerNotFound: (404, "customer_not_found", "No such customer"),
    AccountNotFound: (404, "account_not_found", "No such account"),
    CardNotFound: (404, "card_not_found", "No such card"),
    OrderRefused: (409, "order_refused", "Refused"),
    BankUnavailable: (503, "unavailable", "Away"),
    ValueError: (400, "invalid_request", "Not understood"),
}


class ServedBank:
    """A bank behind its protocols as a WSGI application. Its callers show a token."""

    def __init__(self, bank: CoreBanking, desk: OrderDesk, token: str) -> None:
        self._bank, self._desk, self._token = bank, desk, token

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self._token.encode()):
            return _problem(401, "not_let_in", "Who is asking?")
        try:
            endpoint, values = URLS.bind_to_environ(request.environ).match()
            return _json(200, getattr(self, f"_{endpoint}")(request, **values))
        except tuple(PROBLEMS) as error:
            status, code, title = next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
            return _problem(status, code, title, str(error))
        except HTTPException as error:
            return _problem(error.code or 404, "no_such_path", error.name)
        except Exception:  # the caller cannot know whether anything was done, and has to ask
            traceback.print_exc()
            return _problem(500, "fault", "A fault")

    def _search(self, request: Request) -> Any:
        return _items(self._bank.search_customers(_needed(request, "text"), _count(request, 8, 100)))

    def _customer(self, _request: Request, number: str) -> Any:
        return written(self._bank.customer(number))

    def _accounts(self, _request: Request, number: str) -> Any:
        return _items(self._bank.accounts(number))

    def _cards(self, _request: Request, number: str) -> Any:
        return _items(self._bank.cards(number))

    def _card(self, _request: Request, number: str, last_four: str) -> Any:
        return written(self._bank.card(number, last_four))

    def _transactions(self, request: Request, number: str) -> Any:
        said = request.args
        query = TransactionQuery(
            account_id=said.get("account_id"),
            since=date.fromisoformat(said["since"]) if "since" in said else None,
            until=date.fromisoformat(said["until"]) if "until" in said else None,
            min_amount=_money(said["min_amount"]) if "min_amount" in said else None,
            max_amount=_money(said["max_amount"]) if "max_amount" in said else None,
            text=said.get("text"),
            kinds=tuple(TransactionKind(kind) for kind in said.getlist("kind")),
            direction=said.get("direction"),
            card_last_four=said.get("card_last_four"),
            limit=_count(request, 50, 1_000),
        )
        return _items(self._bank.transactions(number, query))

    def _transfers(self, request: Request, number: str) -> Any:
        return _items(self._bank.transfers(number, _count(request, 20, 500)))

    def _standing_instructions(self, _request: Request, number: str) -> Any:
        return _items(self._bank.standing_instructions(number))

    def _fraud_alerts(self, _request: Request, number: str) -> Any:
        return _items(self._bank.fraud_alerts(number))

    def _disputes(self, _request: Request, number: str) -> Any:
        return _items(self._bank.disputes(number))

    def _preview(self, request: Request, number: str) -> Any:
        return written(self._desk.preview(number, _order(request)))

    def _carry_out(self, request: Request, number: str) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        return written(self._desk.carry_out(key, number, _order(request)))

    def _outcome(self, _request: Request, key: str) -> Any:
        return written(self._desk.outcome(key))


def _items(found: Iterable[object]) -> dict[str, Any]:
    return {"items": [written(one) for one in found]}


def _needed(request: Request, name: str) -> str:
    value = request.args.get(name)
    if value is None:
        raise ValueError(f"{name} is missing")
    return value


def _count(request: Request, default: int, most: int) -> int:
    count = int(request.args.get("limit", default))
    if not 0 <= count <= most:
        raise ValueError(f"limit is between 0 and {most}")
    return count


def _money(text: str) -> Decimal:
    if not MONEY.fullmatch(text):
        raise ValueError("an amount has two decimal places")
    return Decimal(text)


def _order(request: Request) -> Order:
    request.max_content_length = LARGEST_REQUEST
    said = json.loads(request.get_data())
    if not isinstance(said, dict) or not isinstance(said.get("arguments"), dict):
        raise ValueError("an order has a kind and arguments")
    return order_from(str(said.get("kind")), said["arguments"])


def _json(status: int, said: Any) -> Response:
    return Response(json.dumps(said), status, content_type="application/json")


def _problem(status: int, code: str, title: str, detail: str = "") -> Response:
    said = {"title": title, "status": status, "code": code, **({"detail": detail} if detail else {})}
    return Response(json.dumps(said), status, content_type="application/problem+json")


def main(url: str, port: int, token: str) -> None:
    """Serve the sandbox bank of this database until somebody ends it."""
    engine = create_engine(url)
    tables.METADATA.create_all(engine)
    if not seed(engine, date.today()):
        roll_forward(engine, date.today())
    served = ServedBank(SandboxBank(engine), SandboxOrderDesk(engine), token)
    make_server("127.0.0.1", port, served, threaded=True).serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.environ.get("BANK_TOKEN"):
        sys.exit("BANK_TOKEN=... python -m webapp.bank.sandbox.serve sqlite:///bank.db 8099")
    main(sys.argv[1], int(sys.argv[2]), os.environ["BANK_TOKEN"])
