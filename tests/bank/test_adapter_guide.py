"""The bank adapter that docs/assistant.md writes keeps the contract, and its worked test is a test."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.bank.served import TOKEN, serving
from webapp.bank.address import BankAddress
from webapp.bank.core_banking import CoreBanking
from webapp.bank.errors import AnswerUnreadable, BankUnavailable
from webapp.bank.sandbox.bank import SandboxBank
from webapp.bank.sandbox.order_desk import SandboxOrderDesk
from webapp.bank.sandbox.serve import ServedBank
from webapp.bank.values import Card, CardKind, CardStatus
from webapp.config import Config

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "assistant.md").read_text("utf-8")
CHAPTER = GUIDE.split("## How to add a bank adapter")[1].split("\n## ")[0]
ADAPTER, WORKED_TEST = re.findall(r"```python\n(.*?)```", CHAPTER, re.DOTALL)
CUSTOMERS = ("10-2041", "10-2121")
COLUMNS = ("card", "customer", "account", "kind", "product", "pan", "state", "why", "expires", "limit", "pin_tries")
STATES = {CardStatus.ACTIVE: "A", CardStatus.BLOCKED: "B", CardStatus.INACTIVE: "N", CardStatus.EXPIRED: "X"}


def made_from(source: str) -> dict[str, Any]:
    """What a piece of the guide defines."""
    namespace: dict[str, Any] = {"__name__": "acme"}
    exec(compile(source, "docs/assistant.md", "exec"), namespace)  # that is what is tested
    return namespace


TestAcmeBank = made_from(WORKED_TEST)["TestAcmeBank"]  # collected here, and run on the fixture `acme`


def line_of(card: Card) -> tuple[object, ...]:
    """A card as the processor writes it."""
    return (
        card.id, card.customer_number, card.account_id, "D" if card.kind is CardKind.DEBIT else "C", card.name,
        f"535599******{card.last_four}", STATES[card.status], card.status_reason or "",
        f"{card.expires_on:%m%y}", int(card.daily_limit * 100), card.wrong_pin_attempts,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cards_file(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The processor's file, with the sandbox bank's cards."""
    path = tmp_path_factory.mktemp("processor") / "cards.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        for number in CUSTOMERS:
            writer.writerows(line_of(card) for card in SandboxBank(engine).cards(number))
    return path


@pytest.fixture(scope="module")
def acme(engine: Engine, cards_file: Path) -> Iterator[CoreBanking]:
    """The guide's bank, made by its own factory."""
    served = ServedBank(SandboxBank(engine), SandboxOrderDesk(engine), TOKEN)
    with serving(served) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACME_CARDS", str(cards_file))
        bank = made_from(ADAPTER)["connect"](engine, BankAddress(url, TOKEN, read_seconds=20))
        yield bank
        bank._line.close()


def test_the_processors_cards_are_the_banks(acme: CoreBanking, engine: Engine) -> None:
    found = [(one.id, one.status, one.expires_on, one.daily_limit) for one in acme.cards("10-2041")]
    assert found == [
        (one.id, one.status, one.expires_on, one.daily_limit) for one in SandboxBank(engine).cards("10-2041")
    ]


def test_a_line_that_cannot_be_read_is_no_card(acme: Any, cards_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "cards.csv"
    kept = acme._cards_file
    try:
        acme._cards_file = broken
        with pytest.raises(BankUnavailable):
            acme.cards("10-2041")
        broken.write_text(cards_file.read_text("utf-8").replace(";A;", ";?;"), "utf-8")
        with pytest.raises(AnswerUnreadable):
            acme.cards("10-2041")
    finally:
        acme._cards_file = kept


def test_the_settings_of_the_guide_are_settings() -> None:
    settings = re.findall(
        r"^([A-Z_]+)=(\S+)", GUIDE.split("## How to add a bank adapter")[1].split("###")[1], re.MULTILINE
    )
    values = {name.lower(): value for name, value in settings}
    assert set(values) <= set(Config.model_fields)
    assert Config.from_env(_env_file=None, **values).bank_url == "https://core.example/api/v1"
