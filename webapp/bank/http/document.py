"""The interface a bank offers, as an OpenAPI document made from the very descriptions the adapter reads and writes by.

`python -m webapp.bank.http.document > docs/bank-api.yaml`
"""

from __future__ import annotations

import sys
import typing
from dataclasses import fields
from typing import Any

import yaml  # type: ignore[import-untyped]

from webapp.bank.core_banking import TransactionQuery
from webapp.bank.http.wire import MOST_ITEMS, object_schema, schema_of
from webapp.bank.order_desk import Outcome, Receipt
from webapp.bank.orders import ORDERS
from webapp.bank.previews import Change, Preview
from webapp.bank.values import (
    Account,
    Card,
    Customer,
    CustomerMatch,
    Dispute,
    FraudAlert,
    Loan,
    StandingInstruction,
    Transaction,
    TransactionKind,
    Transfer,
)

VALUES = (
    Account, Card, Change, Customer, CustomerMatch, Dispute, FraudAlert, Loan, Outcome, Preview, Receipt,
    StandingInstruction, Transaction, Transfer,
)  # fmt: skip
CODES = (
    "customer_not_found", "account_not_found", "card_not_found", "order_refused", "invalid_request", "not_let_in",
    "no_such_path", "unavailable", "fault",
)  # fmt: skip
ABOUT = """\
What Bankside asks of a bank, and how it has orders carried out.

Money is a text with two decimal places, never a number. Days are ISO 8601 days, times ISO 8601 with an offset.
Errors are `application/problem+json` with a `code`; a 404 without one of the codes below means nothing, and a bank that
is away answers 503. Answers hold at most 4 MB and 1,000 items. Properties nobody knows are ignored.

Questions and previews change nothing and may come again. An order comes with an `Idempotency-Key`: the bank carries
the same key out once, however often it comes, and a repeat gets the first one's receipt or refusal. A refusal (409,
`order_refused`) and `invalid_request`, `not_let_in` and `unavailable` say that nothing was changed; after any other
answer, and after none, Bankside asks `/orders/{key}` what became of it and never sends it anew by itself.
"""


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "A bank for Bankside", "version": "1.0.0", "description": ABOUT},
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{kind.__name__: object_schema(kind) for kind in VALUES},
                "Order": _order_schema(),
                "Problem": _problem_schema(),
            },
        },
    }


def _paths() -> dict[str, Any]:
    number = _parameter("number", "path", {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"})
    ending = _parameter("last_four", "path", {"type": "string", "pattern": "^[0-9]{4}$"})
    return {
        "/customers": _get(
            "search_customers", "Customers whose name, number, account or card ending matches, best first.",
            _items(CustomerMatch),
            [
                _parameter("text", "query", {"type": "string", "minLength": 1, "maxLength": 160}),
                _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100}),
            ],
        ),
        "/customers/{number}": _get("customer", "Who the customer is.", schema_of(Customer), [number]),
        "/customers/{number}/accounts": _get(
            "accounts", "Checking, savings, credit, loan; oldest first within a kind.", _items(Account), [number]
        ),
        "/customers/{number}/cards": _get("cards", "The cards, active ones first.", _items(Card), [number]),
        "/customers/{number}/cards/{last_four}": _get(
            "card", "The card with this ending, the active one if two have it.", schema_of(Card), [number, ending]
        ),
        "/customers/{number}/transactions": _get(
            "transactions", "Movements, newest first. Bounds are inclusive and bound the size, not the sign.",
            _items(Transaction), [number, *_query_parameters()],
        ),
        "/customers/{number}/transfers": _get(
            "transfers", "Transfer orders, newest first.", _items(Transfer),
            [number, _parameter("limit", "query", {"type": "integer", "minimum": 0, "maximum": 500})],
        ),
        "/customers/{number}/standing-instructions": _get(
            "standing_instructions", "Standing orders and direct debits, next due first.",
            _items(StandingInstruction), [number],
        ),
        "/customers/{number}/fraud-alerts": _get(
            "fraud_alerts", "Fraud alerts, open ones first, then newest.", _items(FraudAlert), [number]
        ),
        "/customers/{number}/disputes": _get(
            "disputes", "Disputes, open ones first, then newest.", _items(Dispute), [number]
        ),
        "/customers/{number}/previews": _post(
            "preview", "What an order would do if it were sent now. Changes nothing.", Preview, [number]
        ),
        "/customers/{number}/orders": _post(
            "carry_out", "Carry an order out, once for each key.", Receipt,
            [number, _parameter("Idempotency-Key", "header", _KEY)],
        ),
        "/orders/{key}": _get(
            "outcome", "What became of a key. \"not known\": the bank has never received it.", schema_of(Outcome),
            [_parameter("key", "path", _KEY)],
        ),
    }  # fmt: skip


_BOUNDS: dict[str, dict[str, Any]] = {
    "limit": {"minimum": 0, "maximum": MOST_ITEMS},
    "direction": {"enum": ["in", "out"]},
}
_KEY = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}


def _query_parameters() -> list[dict[str, Any]]:
    """The query's fields; several kinds are said by several `kind`."""
    hints = typing.get_type_hints(TransactionQuery)
    named = []
    for one in fields(TransactionQuery):
        if one.name == "kinds":
            kinds = {"type": "array", "items": schema_of(TransactionKind), "maxItems": len(TransactionKind)}
            named.append(_parameter("kind", "query", kinds, required=False))
            continue
        schema = schema_of(hints[one.name])
        schema = schema["anyOf"][0] if "anyOf" in schema else schema
        schema |= _BOUNDS.get(one.name, {})
        named.append(_parameter(one.name, "query", schema, required=False))
    return named


def _parameter(name: str, place: str, schema: dict[str, Any], required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _items(kind: type) -> dict[str, Any]:
    items = {"type": "array", "items": schema_of(kind), "maxItems": MOST_ITEMS}
    return {"type": "object", "properties": {"items": items}, "required": ["items"]}


def _get(name: str, what: str, schema: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"get": _operation(name, what, schema, parameters)}


def _post(name: str, what: str, kind: type, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    return {"post": {**_operation(name, what, schema_of(kind), parameters), "requestBody": body}}


def _operation(name: str, what: str, schema: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        "operationId": name,
        "summary": what,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer", "content": {"application/json": {"schema": schema}}},
            "default": {"description": "A problem", "content": {"application/problem+json": problem}},
        },
    }


def _order_schema() -> dict[str, Any]:
    """One of the orders: its kind, and all of its arguments. Empty texts stand for what was not said."""
    kinds = []
    for kind, made in ORDERS.items():
        schema = object_schema(made)
        for name, hint in typing.get_type_hints(made).items():
            if name in schema["properties"] and "anyOf" in schema["properties"][name]:
                schema["properties"][name] = {"anyOf": [schema_of(hint)["anyOf"][0], {"const": ""}]}
        schema["required"] = sorted(schema["properties"])
        schema["additionalProperties"] = False
        about = schema.pop("description")
        kinds.append(
            {
                "type": "object",
                "title": made.__name__,
                "description": about,
                "properties": {"kind": {"const": kind}, "arguments": schema},
                "required": ["kind", "arguments"],
            }
        )
    return {"oneOf": kinds}


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": list(CODES)},
            "detail": {"type": "string", "description": "For a refused order: the reason, a sentence for staff."},
        },
        "required": ["title", "status", "code"],
    }


def as_yaml() -> str:
    """The document as it stands in docs/bank-api.yaml."""
    text: str = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)
    return text


if __name__ == "__main__":
    sys.stdout.write(as_yaml())
